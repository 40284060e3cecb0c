"""Matching and deciding say the same: every witness is put to the evaluator, over the left operands of this engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.odrl import names
from hanse.odrl.check import check_terms
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.deciding.compile import Settings, compile_terms
from hanse.odrl.facts import Fact, Facts
from hanse.odrl.match.coverage import beyond, match, satisfiable, subsumes
from hanse.odrl.match.expand import atomics
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Atomic, Logical, Rule, Terms
from hanse.odrl.names import plain
from hanse.odrl.values import EPOCH
from tests.thorough import thorough

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
_LEVELS = {
    names.CLASSIFICATION: ("public", "internal", "confidential", "secret"),
    names.SECURITY_LEVEL: ("base", "trust", "trust+"),
}
_LENGTHS = (names.ELAPSED_TIME, names.METERED_TIME)


def facts_of(request):
    """The facts of a request, in the form that each left operand wants."""
    known, now, assignee = {}, NOW, None
    for value in request.values:
        if value.left == names.DATE_TIME:
            now = EPOCH + timedelta(microseconds=int(value.value * 1_000_000))
        elif value.left == names.PARTICIPANT:
            assignee = value.value
        else:
            known[value.left] = Fact(_fact(value), "a test")
    return Facts(now=now, action=request.action, assignee=assignee, known=known)


def _fact(value):
    if value.left in _LEVELS:
        return _LEVELS[value.left][int(value.value)]
    if value.left in _LENGTHS:
        return timedelta(microseconds=int(value.value * 1_000_000))
    if isinstance(value.value, tuple):
        return frozenset(value.value)
    if isinstance(value.value, Fraction):
        return (value.value, value.sort) if value.left == names.PAY_AMOUNT else value.value
    return value.value


PURPOSES = ["dpv:Marketing", "dpv:DirectMarketing", "dpv:ResearchAndDevelopment", "dpv:AcademicResearch", "dpv:Purpose", "urn:strange"]
PLACES = ["DE", "FR", "US", "EU", "EEA"]
DIDS = ["did:web:a.example", "did:web:b.example"]
NAMED = ["eq", "neq", "isAnyOf", "isNoneOf", "isA", "isPartOf"]
ORDER = ["eq", "neq", "lt", "lteq", "gt", "gteq"]


def _one_or_list(operator, values):
    return values if operator.startswith("is") else values[0]


def named(left, values, operators=tuple(NAMED)):
    return st.builds(
        lambda operator, some: Atomic(left, operator, _one_or_list(operator, some)),
        st.sampled_from(operators),
        st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True),
    )


def ordered(left, values):
    return st.builds(Atomic, st.just(left), st.sampled_from(ORDER), st.sampled_from(values))


leaves = st.one_of(
    named(names.PURPOSE, PURPOSES),
    named(names.SPATIAL, PLACES),
    named(names.ROLE, ["a", "b"], ("eq", "isAnyOf")),
    named(names.EVENT, ["urn:e1", "urn:e2"], ("eq", "neq", "isAnyOf", "isNoneOf")),
    named(names.PARTICIPANT, DIDS, ("isAnyOf", "isNoneOf")),
    ordered(names.COUNT, ["1", "2", "3"]),
    ordered(names.ELAPSED_TIME, ["P1D", "P30D"]),
    ordered(names.DATE_TIME, ["2026-06-01T00:00:00Z", "2026-06-15Z", "2027-01-01T00:00:00Z"]),
    ordered(names.CLASSIFICATION, ["public", "internal", "secret"]),
    st.just(Atomic(names.MEMBERSHIP, "eq", "active")),
)
constraints = st.recursive(
    leaves,
    lambda inner: st.builds(
        Logical, st.sampled_from(["and", "andSequence", "or", "xone"]), st.lists(inner, min_size=1, max_size=2).map(tuple)
    ),
    max_leaves=3,
)
ACTIONS = ["use", names.TRAIN, names.MINE, "read", "sell"]
rules = st.builds(Rule, st.sampled_from(ACTIONS), st.lists(constraints, max_size=3).map(tuple))
terms = st.builds(
    Terms, permissions=st.lists(rules, min_size=1, max_size=2).map(tuple), prohibitions=st.lists(rules, max_size=1).map(tuple)
)


def permits(terms, request):
    return compile_terms(terms, Settings(), BUILT_IN).decide(facts_of(request))


def test_a_prohibition_that_can_never_apply_is_warned_of():
    both = (Atomic("event", "eq", "urn:e1"), Atomic("event", "neq", "urn:e1"))
    said = Terms(permissions=(Rule("use"),), prohibitions=(Rule("use", both),))
    assert "prohibition[0]" in {one.path for one in check_terms(said, BUILT_IN, NOW)}


def asked_about(terms):
    """The left operands that terms ask about: matching takes them as known, the engine refuses for want of their facts."""
    rules = (*terms.permissions, *terms.prohibitions)
    return {plain(one.left) for rule in rules for one in atomics(rule.constraints)} - {names.DATE_TIME, names.PARTICIPANT}


@thorough
@given(terms, terms)
def test_the_evaluator_confirms_every_witness(wanted, offered):
    found = match(wanted, offered, BUILT_IN)
    if found.refused is not None:
        assert permits(wanted, found.refused)
        assert not permits(offered, found.refused)
    if found.allowed is not None:
        assert permits(wanted, found.allowed)
        assert permits(offered, found.allowed)
        assert found.verdict is not Verdict.CONFLICT


@thorough
@given(terms, terms, terms)
def test_no_request_of_other_policies_contradicts_the_verdict(wanted, offered, other):
    """Witnesses of a third policy are requests that nobody chose with these two in mind.

    One that leaves open what either of the two asks about, even if any value would do, shows nothing.
    """
    found = match(wanted, offered, BUILT_IN)
    inside = subsumes(wanted, offered, BUILT_IN)
    strangers = (match(wanted, other, BUILT_IN), match(other, offered, BUILT_IN), match(other, wanted, BUILT_IN))
    for request in [one for each in strangers for one in (each.refused, each.allowed) if one is not None]:
        if not asked_about(wanted) | asked_about(offered) <= {value.left for value in request.values}:
            continue
        if found.verdict is Verdict.COVERED or inside:
            assert not permits(wanted, request) or permits(offered, request)
        if found.verdict is Verdict.CONFLICT:
            assert not (permits(wanted, request) and permits(offered, request))


@thorough
@given(terms, terms)
def test_the_counter_offer_permits_what_both_permit(wanted, offered):
    counter = match(wanted, offered, BUILT_IN).counter
    if counter is not None:
        assert subsumes(counter, wanted, BUILT_IN) is True
        assert subsumes(counter, offered, BUILT_IN) is True
        seen = match(counter, Terms(permissions=(Rule("use"),)), BUILT_IN)
        for request in (seen.allowed, seen.refused):
            if request is not None:
                assert permits(counter, request) <= (permits(wanted, request) and permits(offered, request))


@thorough
@given(terms, terms)
def test_what_differs_can_be_shown(first, second):
    request = beyond(first, second, BUILT_IN)
    if request is not None:
        assert permits(first, request)
        assert not permits(second, request)
    possible, _ = satisfiable(first, BUILT_IN)
    found = match(first, Terms(permissions=(Rule("use"), Rule("transfer"))), BUILT_IN)
    assert (found.allowed is not None) == possible
    assert match(first, first, BUILT_IN).verdict is (Verdict.COVERED if possible else Verdict.CONFLICT)


def _for(operator, *purposes):
    return Atomic(names.PURPOSE, operator, list(purposes) if operator.startswith("is") else purposes[0])


DIRECT, MARKETING, RESEARCH, WIDE = "dpv:DirectMarketing", "dpv:Marketing", "dpv:ResearchAndDevelopment", "dpv:Purpose"


@pytest.mark.parametrize(
    ("wanted", "permission", "prohibition", "verdict"),
    [
        (_for("eq", DIRECT), _for("isA", MARKETING), None, Verdict.COVERED),
        (_for("isA", MARKETING), _for("isA", MARKETING), None, Verdict.COVERED),
        (_for("eq", DIRECT), _for("isAnyOf", MARKETING), None, Verdict.UNKNOWN),
        (_for("eq", RESEARCH), _for("isAnyOf", MARKETING), None, Verdict.CONFLICT),
        (_for("eq", RESEARCH), _for("isA", MARKETING), None, Verdict.CONFLICT),
        (_for("eq", WIDE), _for("isA", MARKETING), None, Verdict.UNKNOWN),
        (_for("eq", "urn:mine"), _for("isA", MARKETING), None, Verdict.UNKNOWN),
        (_for("eq", "urn:mine"), _for("isAnyOf", MARKETING), None, Verdict.CONFLICT),
        (_for("eq", DIRECT), _for("isNoneOf", MARKETING), None, Verdict.UNKNOWN),
        (_for("eq", RESEARCH), _for("isNoneOf", MARKETING), None, Verdict.COVERED),
        (_for("eq", DIRECT), None, _for("isAnyOf", MARKETING), Verdict.UNKNOWN),
        (_for("eq", DIRECT), None, _for("isA", MARKETING), Verdict.CONFLICT),
        (_for("eq", "urn:mine"), None, _for("isA", MARKETING), Verdict.UNKNOWN),
        (_for("eq", DIRECT), None, _for("isNoneOf", MARKETING), Verdict.UNKNOWN),
        (_for("eq", MARKETING), None, _for("isNoneOf", MARKETING), Verdict.COVERED),
        (_for("eq", RESEARCH), None, _for("isNoneOf", MARKETING), Verdict.CONFLICT),
    ],
)
def test_what_a_hierarchy_leaves_in_doubt_is_neither_covered_nor_in_conflict(wanted, permission, prohibition, verdict):
    offered = Terms(
        permissions=(Rule("use", () if permission is None else (permission,)),),
        prohibitions=() if prohibition is None else (Rule("use", (prohibition,)),),
    )
    use = Terms(permissions=(Rule("use", (wanted,)),))
    assert match(use, offered, BUILT_IN).verdict is verdict
    if wanted.operator == "eq":
        canonical = "https://w3id.org/dpv#" + wanted.right[4:] if wanted.right.startswith("dpv:") else wanted.right
        told = Facts(now=NOW, known={names.PURPOSE: Fact(canonical, "a test")})
        assert compile_terms(offered, Settings(), BUILT_IN).decide(told) is (verdict is Verdict.COVERED)
