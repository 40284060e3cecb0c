"""Every operator over every kind of value, by hand; and a check that these cases notice when one operator does another one's work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest
from msgspec import Struct
from msgspec.structs import replace

from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.deciding.compile import compile_terms
from hanse.odrl.facts import Fact, Facts
from hanse.odrl.model import Atomic, Logical, Rule, Terms
from hanse.odrl.vocabulary import OPERATORS
from tests.unit.odrl.differential import reference

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = "2026-06-15"
HANSE = "urn:hanse:odrl:"
EUR, USD = (f"{HANSE}unit:{unit}" for unit in ("EUR", "USD"))
DID, OTHER_DID = "did:web:a.example", "did:web:b.example"
YES, NO, UNKNOWN = True, False, None


class Case(Struct):
    """The left operand has the value `fact`; the constraint with `right` comes out as `truth`."""

    left: str
    operator: str
    fact: object
    right: object
    truth: bool | None


def money(amount, unit=EUR):
    return {"@value": amount, "@type": unit}


COMPARED = {
    "eq": (NO, YES, NO),
    "neq": (YES, NO, YES),
    "lt": (NO, NO, YES),
    "lteq": (NO, YES, YES),
    "gt": (YES, NO, NO),
    "gteq": (YES, YES, NO),
}
"""What a value that has an order is to one below it, to itself, and to one above it."""


def ordered(left, fact, low, same, high):
    """Return the cases of a value with an order, given right operands below it, the same, and above it."""
    for op, truths in COMPARED.items():
        yield from (Case(left, op, fact, right, truth) for right, truth in zip((low, same, high), truths, strict=True))
    yield from (
        Case(left, op, fact, right, truth)
        for op, right, truth in (
            ("isAnyOf", [low, same], YES),
            ("isAnyOf", [low, high], NO),
            ("isAnyOf", same, YES),
            ("isNoneOf", [low, same], NO),
            ("isNoneOf", [low, high], YES),
            ("isAllOf", [same, same], YES),
            ("isAllOf", [low, same], NO),
            # What compares one value has no meaning for several; what compares names or parts has none for what has an order.
            *((op, [same, same], UNKNOWN) for op in COMPARED),
            *((op, same, UNKNOWN) for op in ("isA", "isPartOf", "hasPart", "term-lteq")),
        )
    )


CASES = [
    *ordered("count", 2, "1", "2", "3"),
    *ordered("percentage", 2, "1.9", "2.0", "2.1"),
    *ordered("payAmount", (2, "EUR"), money("1.99"), money("2.00"), money("2.01")),
    *ordered(f"{HANSE}securityLevel", "trust", "base", "trust", "trust+"),
    *ordered("meteredTime", timedelta(days=1), "PT1H", "P1D", "P2D"),
    *ordered("version", "2.0", "1.9.9", "2.0.0", "2.10"),
    *ordered("dateTime", None, "2026-06-15T11:59:59Z", "2026-06-15T14:00:00+02:00", "2026-06-15T12:00:01Z"),
    *ordered("dateTime", None, "2026-06-14", DAY, "2026-06-16"),
    Case("payAmount", "lteq", (2, "EUR"), money("3", USD), UNKNOWN),
    Case("payAmount", "neq", (2, "EUR"), money("2", USD), UNKNOWN),
    Case("count", "eq", None, "0", UNKNOWN),
    Case("count", "neq", None, "0", UNKNOWN),
    Case("count", "isNoneOf", None, ["0"], UNKNOWN),
]
CASES += [
    # A time that passes.
    Case("elapsedTime", operator, NOW - timedelta(days=1), right, truth)
    for operator, truths in COMPARED.items()
    for right, truth in zip(("PT1H", "PT24H", "P1M"), truths, strict=True)
]
CASES += [
    # A use for one purpose, in a hierarchy.
    *(
        Case("purpose", operator, "dpv:Marketing", right, truth)
        for operator, right, truth in (
            ("eq", "dpv:Marketing", YES),
            ("eq", "dpv:ResearchAndDevelopment", NO),
            ("eq", "dpv:DirectMarketing", UNKNOWN),
            ("eq", ["dpv:Marketing", "dpv:Marketing"], UNKNOWN),
            ("neq", "dpv:Marketing", NO),
            ("neq", "dpv:ResearchAndDevelopment", YES),
            ("neq", "dpv:DirectMarketing", UNKNOWN),
            ("neq", ["dpv:Marketing", "dpv:Marketing"], UNKNOWN),
            ("isAnyOf", ["dpv:Marketing", "dpv:ResearchAndDevelopment"], YES),
            ("isAnyOf", ["dpv:Purpose"], UNKNOWN),
            ("isAnyOf", ["dpv:ResearchAndDevelopment"], NO),
            ("isNoneOf", ["dpv:ResearchAndDevelopment", "dpv:Marketing"], NO),
            ("isNoneOf", ["dpv:ResearchAndDevelopment", "dpv:EnforceSecurity"], YES),
            ("isAllOf", ["dpv:Marketing"], YES),
            ("isAllOf", ["dpv:Marketing", "dpv:ResearchAndDevelopment"], NO),
            ("isAllOf", ["dpv:DirectMarketing"], NO),
            ("isA", "dpv:Purpose", YES),
            ("isA", ["dpv:ResearchAndDevelopment", "dpv:Purpose"], YES),
            ("isA", "dpv:ResearchAndDevelopment", NO),
            ("isA", "dpv:DirectMarketing", UNKNOWN),
            ("isPartOf", "dpv:Purpose", YES),
            ("isPartOf", "dpv:ResearchAndDevelopment", NO),
            ("isPartOf", "dpv:DirectMarketing", UNKNOWN),
            ("hasPart", "dpv:DirectMarketing", YES),
            ("hasPart", "dpv:ResearchAndDevelopment", NO),
            ("hasPart", "dpv:Purpose", UNKNOWN),
            *((operator, "dpv:Marketing", UNKNOWN) for operator in ("lt", "lteq", "gt", "gteq", "term-lteq")),
        )
    ),
    # A use in several places at once.
    *(
        Case("spatial", operator, frozenset({"DE", "FR"}), right, truth)
        for operator, right, truth in (
            ("isPartOf", "EU", YES),
            ("isPartOf", "DE", UNKNOWN),
            ("isPartOf", ["DE", "FR"], YES),
            ("isPartOf", "US", NO),
            ("isA", "EU", YES),
            ("isA", "US", NO),
            ("isAnyOf", ["DE", "FR"], YES),
            ("isAnyOf", ["DE"], UNKNOWN),
            ("isAnyOf", ["US"], NO),
            ("isNoneOf", ["US", "CH"], YES),
            ("isNoneOf", ["DE"], UNKNOWN),
            ("isNoneOf", ["EU"], UNKNOWN),
            ("isAllOf", ["FR", "DE"], YES),
            ("isAllOf", ["DE", "FR", "US"], NO),
            ("isAllOf", ["DE"], UNKNOWN),
            ("hasPart", ["DE"], YES),
            ("hasPart", ["US"], NO),
            ("isAnyOf", ["DE", "FR", "US"], YES),
            ("isAnyOf", ["EU"], UNKNOWN),
            ("eq", "DE", UNKNOWN),
            ("eq", "EU", UNKNOWN),
            ("eq", "US", NO),
            ("eq", ["DE", "FR"], UNKNOWN),
            ("neq", "US", YES),
            ("neq", ["US", "CH"], UNKNOWN),
        )
    ),
    # Who asks has several roles.
    *(
        Case(f"{HANSE}{left}", operator, frozenset({"a", "b"}), right, truth)
        for left in ("role", "environment")
        for operator, right, truth in (
            ("eq", "a", YES),
            ("eq", "c", NO),
            ("eq", ["a", "c"], UNKNOWN),
            ("isAnyOf", ["a", "c"], YES),
            ("isAnyOf", ["c", "d"], NO),
            ("isAllOf", ["a", "b"], YES),
            ("isAllOf", ["a", "c"], NO),
            ("hasPart", ["a"], YES),
            ("hasPart", ["a", "c"], NO),
            ("isA", "a", YES),
            ("isPartOf", "a", YES),
            ("isA", "c", UNKNOWN),
            ("isPartOf", "c", UNKNOWN),
            *((operator, "a", UNKNOWN) for operator in ("lt", "lteq", "gt", "gteq", "term-lteq")),
        )
    ),
    # That somebody has no such role nobody can prove; of an environment it is known.
    Case(f"{HANSE}role", "neq", frozenset({"a"}), "c", UNKNOWN),
    Case(f"{HANSE}role", "isNoneOf", frozenset({"a"}), ["c"], UNKNOWN),
    Case(f"{HANSE}environment", "neq", frozenset({"a"}), "c", YES),
    Case(f"{HANSE}environment", "neq", frozenset({"a"}), "a", NO),
    Case(f"{HANSE}environment", "neq", frozenset({"a"}), ["b", "c"], UNKNOWN),
    Case(f"{HANSE}environment", "isNoneOf", frozenset({"a"}), ["b", "c"], YES),
    Case(f"{HANSE}environment", "isNoneOf", frozenset({"a"}), ["b", "a"], NO),
    # The party that asks.
    *(
        Case(f"{HANSE}participant", operator, None, right, truth)
        for operator, right, truth in (
            ("eq", DID, YES),
            ("eq", "did:web:A.example", YES),
            ("eq", OTHER_DID, NO),
            ("eq", [DID, DID], UNKNOWN),
            ("neq", DID, NO),
            ("neq", OTHER_DID, YES),
            ("neq", [OTHER_DID, OTHER_DID], UNKNOWN),
            ("isAnyOf", [DID, OTHER_DID], YES),
            ("isAnyOf", [OTHER_DID], NO),
            ("isAnyOf", ["urn:club"], UNKNOWN),
            ("isNoneOf", [DID, OTHER_DID], NO),
            ("isNoneOf", [OTHER_DID], YES),
            ("isAllOf", [DID], YES),
            ("isAllOf", [DID, OTHER_DID], NO),
            ("isPartOf", "urn:club", YES),
            ("isPartOf", "urn:other-club", NO),
            *((operator, DID, UNKNOWN) for operator in ("lt", "lteq", "gt", "gteq", "isA", "hasPart", "term-lteq")),
        )
    ),
]

EQUIVALENT = {
    # Both ask what a name stands below.
    *(
        (left, *pair)
        for left in ("purpose", "spatial", f"{HANSE}role", f"{HANSE}environment")
        for pair in permutations(("isA", "isPartOf"))
    ),
    # Both ask for all of what somebody has.
    *((left, *pair) for left in (f"{HANSE}role", f"{HANSE}environment") for pair in permutations(("isAllOf", "hasPart"))),
}
"""(left operand, operator, instead) where the two operators mean the same, so that nothing can tell them apart."""
LEFTS = sorted({case.left for case in CASES})


class Mutant:
    """A left operand whose constraints with one operator are decided as if they had another one."""

    def __init__(self, operand, operator, instead):
        self._operand = operand
        self._swap = {operator: instead}
        self.name, self.needs, self.badge, self.sentences = operand.name, operand.needs, operand.badge, operand.sentences

    def _other(self, atomic):
        return replace(atomic, operator=self._swap.get(atomic.operator, atomic.operator))

    def problem(self, atomic):
        return self._operand.problem(self._other(atomic))

    def compile(self, atomic):
        return self._operand.compile(self._other(atomic))

    def boundaries(self, atomic, facts):
        return self._operand.boundaries(self._other(atomic), facts)

    def region(self, atomic):
        return self._operand.region(self._other(atomic))


def world(case):
    known = {} if case.fact is None else {case.left: Fact(case.fact, "test")}
    return Facts(now=NOW, assignee=DID, known=known, parts={DID: frozenset({"urn:club"})})


def truth(case, operands=BUILT_IN):
    terms = Terms(permissions=(Rule("use", (Atomic(case.left, case.operator, case.right),)),))
    (rule,) = compile_terms(terms, operands=operands).report(world(case)).rules
    return rule.truth


def survivors(cases, operators=OPERATORS):
    """Return (left operand, operator, instead) for each operator that could do another one's work without any case noticing."""
    found = []
    for left in LEFTS:
        mine = [case for case in cases if case.left == left]
        for operator, instead in product(operators, OPERATORS):
            if operator == instead or not usable(left, operator):
                continue
            operands = Operands([Mutant(BUILT_IN.find(left), operator, instead)])
            if all(truth(case, operands) is case.truth for case in mine):
                found.append((left, operator, instead))
    return set(found)


def usable(left, operator):
    """Tell whether an operator has a meaning for a left operand: some constraint with it can be decided."""
    return any(case.truth is not None for case in CASES if (case.left, case.operator) == (left, operator))


def _named(case: Case) -> str:
    """Return a name that is the same in every run: sets are not printed in the same order, and tests run side by side compare names."""
    return f"{case.left.removeprefix(HANSE)} {case.operator} {case.right}"


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_each_case(case):
    assert truth(case) is case.truth


def reference_knows(case):
    """Tell whether the reference has the values of a case; it has no whole calendar, map or tree of purposes."""
    beyond = ("dpv:Purpose", "dpv:EnforceSecurity", "did:web:A.example", "P2D", "CH")
    return case.left in reference.DECIDED and not any(value in str(case.right) for value in beyond)


@pytest.mark.parametrize("case", list(filter(reference_knows, CASES)), ids=_named)
def test_the_reference_says_the_same(case):
    assert reference.holds(Atomic(case.left, case.operator, case.right), world(case)) is case.truth


def test_no_operator_does_another_one_s_work_unnoticed():
    assert survivors(CASES) == EQUIVALENT


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_without_the_cases_of_an_operator_its_mutants_are_not_noticed(operator):
    """The check above sees a weaker set of cases: were it to say yes to anything, it would say so here."""
    weaker = [case for case in CASES if case.operator != operator]
    assert len(survivors(weaker, [operator])) > 20


def test_without_the_cases_at_the_boundary_mutants_are_not_noticed():
    weaker = [case for case in CASES if not (case.left == "count" and case.right == "2")]
    assert {("count", "lteq", "lt"), ("count", "gt", "gteq")} <= survivors(weaker, ["lteq", "gt"])


TRUTHS = {YES: Atomic("count", "eq", "1"), NO: Atomic("count", "eq", "2"), UNKNOWN: Atomic("percentage", "eq", "1")}
"""A constraint that holds, one that does not, and one that is unknown, in a world in which only the count is known: 1."""
JOINED = {
    "and": {(YES, YES): YES, (YES, NO): NO, (NO, NO): NO, (YES, UNKNOWN): UNKNOWN, (NO, UNKNOWN): NO, (UNKNOWN, UNKNOWN): UNKNOWN},
    "or": {(YES, YES): YES, (YES, NO): YES, (NO, NO): NO, (YES, UNKNOWN): YES, (NO, UNKNOWN): UNKNOWN, (UNKNOWN, UNKNOWN): UNKNOWN},
    "xone": {(YES, YES): NO, (YES, NO): YES, (NO, NO): NO, (YES, UNKNOWN): UNKNOWN, (NO, UNKNOWN): UNKNOWN, (YES, UNKNOWN, YES): NO},
}
JOINED["andSequence"] = JOINED["and"]


def joined(operator, truths):
    constraint = Logical(operator, tuple(TRUTHS[truth] for truth in truths))
    facts = Facts(now=NOW, known={"count": Fact(1, "test")})
    assert reference.holds(constraint, facts) == compile_truth(constraint, facts)
    return compile_truth(constraint, facts)


def compile_truth(constraint, facts):
    (rule,) = compile_terms(Terms(permissions=(Rule("use", (constraint,)),))).report(facts).rules
    return rule.truth


@pytest.mark.parametrize("operator", JOINED)
def test_joined_constraints(operator):
    assert {truths: joined(operator, truths) for truths in JOINED[operator]} == JOINED[operator]
    for truths, truth in JOINED[operator].items():
        assert joined(operator, truths[::-1]) is truth


def test_no_logical_operator_does_another_one_s_work_unnoticed():
    noticed = {
        (operator, instead)
        for operator, instead in permutations(JOINED, 2)
        if any(joined(instead, truths) is not truth for truths, truth in JOINED[operator].items())
    }
    assert set(permutations(JOINED, 2)) - noticed == set(permutations(("and", "andSequence")))
