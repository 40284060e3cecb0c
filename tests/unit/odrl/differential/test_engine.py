"""The engine and the reference evaluator answer alike, for policies, requests and worlds that nobody thought of (odrl.compile)."""

from __future__ import annotations

import re

import pytest
from hypothesis import Phase, given, settings
from msgspec.structs import replace

from hanse.odrl.deciding.compile import DEFAULT, compile_terms
from hanse.odrl.model import Rule, Terms
from tests.thorough import thorough
from tests.unit.odrl.differential import reference
from tests.unit.odrl.differential.spelling import each_constraint, each_logical, each_rule
from tests.unit.odrl.differential.worlds import facts, rules, terms, ways


@thorough
@given(terms, facts, ways)
def test_decisions(policy, world, way):
    compiled = compile_terms(policy, way)
    expected = reference.permitted(policy, world, way)
    assert compiled.decide(world) is expected
    assert compiled.report(world).permitted is expected


@thorough
@given(terms, facts, ways)
def test_every_part_of_every_rule(policy, world, way):
    assert found(policy, world, way) == expected(policy, world, way)


def found(policy, world, way):
    """Return what the engine says of every rule, and of every part by its path; what says when a duty is owed stands in the duty's."""
    report = compile_terms(policy, way).report(world)
    whole = tuple([rule.truth for rule in report.rules if rule.kind == kind] for kind in ("permission", "prohibition", "obligation"))
    part_by_path = {finding.path: finding.truth for rule in report.rules for finding in rule.findings}
    return whole, {path: truth for path, truth in part_by_path.items() if not re.search(r"(duty|obligation)\[\d+\]\.", path)}


def expected(policy, world, way):
    return reference.truths(policy, world, way), reference.findings(policy, world, way)


@thorough
@given(rules(), facts, ways)
def test_one_permission_and_one_prohibition(one, world, way):
    for policy in (Terms(permissions=(one,)), Terms(permissions=(Rule(world.action),), prohibitions=(one,))):
        assert compile_terms(policy, way).decide(world) is reference.permitted(policy, world, way)


@pytest.fixture(scope="module")
def seen():
    """Return 500 policies with worlds, always the same."""
    drawn = []

    @settings(thorough, max_examples=500, phases=[Phase.generate], database=None, derandomize=True)
    @given(terms, facts)
    def collect(policy, world):
        drawn.append((policy, world))

    collect()
    return drawn


def operator(wrong, right):
    """Return a fault: one operator does another one's work."""
    return lambda policy: each_constraint(policy, lambda one: replace(one, operator=wrong if one.operator == right else one.operator))


def logical(wrong, right):
    return lambda policy: each_logical(policy, lambda one: replace(one, operator=wrong if one.operator == right else one.operator))


def rule(**changes):
    """Return a fault: parts of each rule are taken for others."""
    return lambda policy: each_rule(policy, lambda one: replace(one, **{name: change(one) for name, change in changes.items()}))


FAULTS = {
    "xone is or": logical("or", "xone"),
    "and is or": logical("or", "and"),
    "or is and": logical("and", "or"),
    "lteq is lt": operator("lt", "lteq"),
    "gteq is gt": operator("gt", "gteq"),
    "neq is eq": operator("eq", "neq"),
    "isNoneOf is isAnyOf": operator("isAnyOf", "isNoneOf"),
    "isPartOf is hasPart": operator("hasPart", "isPartOf"),
    "units are left out": lambda policy: each_constraint(policy, lambda one: replace(one, unit=None)),
    "use is playing": rule(action=lambda one: "play" if one.action == "use" else one.action),
    "the assignee is the assigner": rule(assignee=lambda one: one.assigner, assigner=lambda one: one.assignee),
    "any party may": rule(assignee=lambda one: None),
    "refinements are left out": rule(refinements=lambda one: ()),
    "constraints are left out": rule(constraints=lambda one: ()),
    "duties are left out": rule(duties=lambda one: ()),
    "consequences are left out": rule(duties=lambda one: tuple(replace(duty, consequences=()) for duty in one.duties)),
    "prohibitions are permissions": lambda policy: replace(policy, permissions=policy.prohibitions, prohibitions=policy.permissions),
    "obligations are left out": lambda policy: replace(policy, obligations=()),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_engine_with_a_fault_is_noticed(seen, fault):
    """Were the comparisons above blind, they would be blind to these faults too: the engine sees other terms than the reference."""
    assert not any(differ(policy, policy, world) for policy, world in seen)
    assert any(differ(FAULTS[fault](policy), policy, world) for policy, world in seen)


def differ(policy, original, world):
    whole, by_path = found(policy, world, DEFAULT)
    whole_expected, by_path_expected = expected(original, world, DEFAULT)
    return whole != whole_expected or any(by_path[path] != by_path_expected[path] for path in by_path.keys() & by_path_expected.keys())
