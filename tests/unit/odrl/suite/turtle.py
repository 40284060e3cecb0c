"""The 68 cases of the ODRL Test Suite (SolidLab, `shared/data/odrl-test-suite`) from Turtle: policies, requests, worlds, reports."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from msgspec import Struct
from rdflib import RDF, Graph, Namespace, URIRef

from hanse.odrl.facts import Done, Duty, Facts
from hanse.odrl.model import Atomic, Logical, Rule, Scope, Terms

ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
REPORT = Namespace("https://w3id.org/force/compliance-report#")
EX = Namespace("http://example.org/")
TEMP = Namespace("http://example.com/request/")
DCT = Namespace("http://purl.org/dc/terms/")

LOGICAL = ("and", "or", "xone", "andSequence")
DONE = {REPORT.NonSet: Done.PENDING, REPORT.Fulfilled: Done.FULFILLED, REPORT.Violated: Done.VIOLATED}
EVERYTHING = ("use", "transfer")
"""A rule without an action, which the suite has and the standard has not, means all actions: each is within one of these two."""

Satisfied = dict[str, bool]


class Expected(Struct):
    """The report that a case expects: whether the rule is active, and which parts of it are satisfied."""

    rule: str
    active: bool
    parts: list[tuple[str, bool]]
    constraints: Satisfied
    dangling: int


class Case(Struct):
    """One case. `places` maps the path of each constraint in the terms to its IRI."""

    number: str
    title: str
    terms: Terms
    places: dict[str, str]
    facts: Facts
    expected: Expected


def read_cases(folder):
    """Return all cases, by number."""
    cases = [_case(path, folder) for path in sorted((folder / "test_cases").glob("*.ttl"))]
    return {case.number: case for case in cases}


@cache
def _graph(path):
    return Graph().parse(path, format="turtle")


@cache
def _files(folder):
    """Return the file in which each policy, request or world is the subject."""
    return {subject: path for path in sorted(folder.glob("*.ttl")) for subject in _graph(path).subjects(RDF.type, None)}


def _case(path, folder):
    graph = _graph(path)
    case = graph.value(None, RDF.type, EX.TestCase)
    policy, request, world, report = (graph.value(case, EX[name]) for name in ("policy", "request", "sotw", "expectedReport"))
    terms, places = _policy(policy, _graph(_files(folder / "policies")[policy]))
    facts = _facts(request, _graph(_files(folder / "requests")[request]), _graph(_files(folder / "sotw")[world]))
    number = path.name.split("-")[1]
    return Case(number, str(graph.value(case, DCT.title)), terms, places, facts, _expected(report, graph))


def _policy(policy, graph):
    places = {}
    rules = {}
    for kind in ("permission", "prohibition"):
        found = [rule for subject in sorted(graph.objects(policy, ODRL[kind])) for rule in _rules(subject, graph, kind, places)]
        rules[kind] = tuple(found)
    return Terms(permissions=rules["permission"], prohibitions=rules["prohibition"]), places


def _rules(subject, graph, kind, places):
    actions = [str(action) for action in graph.objects(subject, ODRL.action)] or EVERYTHING
    constraints = _constraints(sorted(graph.objects(subject, ODRL.constraint)), graph, f"{kind}[0].constraint", places)
    for action in actions:
        yield Rule(
            action,
            constraints,
            tuple(Rule(str(graph.value(duty, ODRL.action)), uid=str(duty)) for duty in sorted(graph.objects(subject, ODRL.duty))),
            uid=str(subject),
            target=_scope(graph.value(subject, ODRL.target), graph, ODRL.AssetCollection),
            assignee=_scope(graph.value(subject, ODRL.assignee), graph, ODRL.PartyCollection),
        )


def _scope(node, graph, collection):
    if node is None:
        return None
    # The suite's worlds tell members by the collection's own IRI and not by its odrl:source.
    return Scope(collection=str(node)) if (node, RDF.type, collection) in graph else Scope(str(node))


def _constraints(nodes, graph, path, places):
    found = []
    for index, node in enumerate(nodes):
        where = f"{path}[{index}]"
        places[where] = str(node)
        found.append(_constraint(node, graph, where, places))
    return tuple(found)


def _constraint(node, graph, where, places):
    for operator in LOGICAL:
        operands = sorted(graph.objects(node, ODRL[operator]))
        if operands:
            return Logical(operator, _constraints(operands, graph, f"{where}.{operator}", places))
    right = graph.value(node, ODRL.rightOperand)
    value = {"@id": str(right)} if isinstance(right, URIRef) else {"@value": str(right), "@type": str(right.datatype)}
    return Atomic(str(graph.value(node, ODRL.leftOperand)), str(graph.value(node, ODRL.operator)).removeprefix(str(ODRL)), value)


def _facts(request, graph, world):
    (rule,) = graph.objects(request, ODRL.permission)
    target, assignee = (str(graph.value(rule, ODRL[name])) for name in ("target", "assignee"))
    parts = {name: frozenset(str(whole) for whole in world.objects(URIRef(name), ODRL.partOf)) for name in (target, assignee)}
    return Facts(
        now=datetime.fromisoformat(str(world.value(TEMP.currentTime, DCT.issued))),
        action=str(graph.value(rule, ODRL.action)).removeprefix(str(ODRL)),
        target=target,
        assignee=assignee,
        parts=parts,
        duties={
            str(world.value(report, REPORT.rule)): Duty(DONE[world.value(report, REPORT.deonticState)], "report")
            for report in world.subjects(RDF.type, REPORT.DutyReport)
        },
    )


def _expected(report, graph):
    (rule,) = graph.objects(report, REPORT.ruleReport)
    parts, constraints, dangling = [], {}, 0
    waiting = list(graph.objects(rule, REPORT.premiseReport))
    while waiting:
        premise = waiting.pop()
        kind = graph.value(premise, RDF.type)
        satisfied = graph.value(premise, REPORT.satisfactionState) == REPORT.Satisfied
        waiting += graph.objects(premise, REPORT.premiseReport)
        if kind is None:
            dangling += 1
        elif kind == REPORT.ConstraintReport:
            constraints[str(graph.value(premise, REPORT.constraint))] = satisfied
        else:
            parts.append((str(kind).removeprefix(str(REPORT)), satisfied))
    active = graph.value(rule, REPORT.activationState) == REPORT.Active
    return Expected(str(graph.value(rule, REPORT.rule)), active, sorted(parts), constraints, dangling)
