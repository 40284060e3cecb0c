"""Coverage against a slow evaluator over every request that the operands can tell apart, and by example."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from hanse.odrl.match.coverage import equivalent, match, satisfiable, subsumes
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Atomic, Logical, Rule, Terms
from hanse.odrl.names import ROLE, TRAIN
from tests.unit.odrl.match import toy
from tests.unit.odrl.match.toy import COLOUR, OPERANDS, STRANGE, X, Y, permits, worlds

RED = Atomic(COLOUR, "isAnyOf", ["red"])
ANY_TWO = Atomic(COLOUR, "isAnyOf", ["red", "green"])
BLUE = Atomic(COLOUR, "isAnyOf", ["blue"])


def use(*constraints, duties=(), action="use"):
    return Terms(permissions=(Rule(action, constraints, duties),))


WORLDS = list(worlds())[::11]


@settings(max_examples=150, deadline=None)
@given(toy.terms, toy.terms)
def test_the_verdict_agrees_with_every_single_request(wanted, offered):
    asked = [one for one in WORLDS if permits(wanted, one)]
    refused = [one for one in asked if not permits(offered, one)]
    found = match(wanted, offered, OPERANDS)
    if found.verdict is Verdict.COVERED:
        assert not refused
    if found.verdict is Verdict.CONFLICT:
        assert len(refused) == len(asked)
    if found.verdict is Verdict.PARTLY:
        assert found.refused is not None


@settings(max_examples=150, deadline=None)
@given(toy.terms, toy.terms)
def test_witnesses_are_what_they_are_said_to_be(wanted, offered):
    found = match(wanted, offered, OPERANDS)
    if found.refused is not None:
        assert permits(wanted, found.refused) is True
        assert permits(offered, found.refused) is False
    if found.allowed is not None:
        assert permits(wanted, found.allowed) is True
        assert permits(offered, found.allowed) is True
    assert (found.verdict is Verdict.COVERED) <= (found.refused is None)


@settings(max_examples=100, deadline=None)
@given(toy.terms, toy.terms)
def test_what_both_would_do_with_is_covered_by_both(wanted, offered):
    counter = match(wanted, offered, OPERANDS).counter
    if counter is not None:
        assert subsumes(counter, wanted, OPERANDS) is True
        assert subsumes(counter, offered, OPERANDS) is True
        for one in WORLDS[::3]:
            assert permits(counter, one) == (permits(wanted, one) and permits(offered, one))


@settings(max_examples=100, deadline=None)
@given(toy.terms, toy.terms)
def test_subsumption_and_satisfiability_agree_with_every_single_request(narrow, wide):
    inside = subsumes(narrow, wide, OPERANDS)
    assert inside is not None
    if inside:
        assert all(permits(wide, one) for one in WORLDS if permits(narrow, one))
    possible, _ = satisfiable(narrow, OPERANDS)
    assert possible is not None
    if not possible:
        assert not any(permits(narrow, one) for one in WORLDS)


@settings(max_examples=100, deadline=None)
@given(toy.mixed, toy.mixed, toy.leaves)
def test_a_further_constraint_never_makes_a_conflict_covered(wanted, offered, more):
    if match(wanted, offered, OPERANDS).verdict is Verdict.CONFLICT:
        narrower = Terms(
            permissions=tuple(Rule(rule.action, (*rule.constraints, more)) for rule in wanted.permissions), prohibitions=wanted.prohibitions
        )
        assert match(narrower, offered, OPERANDS).verdict is Verdict.CONFLICT
        assert match(wanted, offered, OPERANDS, given=[more]).verdict is Verdict.CONFLICT


@settings(max_examples=100, deadline=None)
@given(toy.mixed, toy.mixed)
def test_what_is_not_known_is_never_covered(wanted, offered):
    found = match(wanted, offered, OPERANDS)
    if found.verdict is Verdict.COVERED:
        assert all(permits(offered, one) for one in WORLDS[::5] if permits(wanted, one) is not False)
    if found.verdict is Verdict.CONFLICT:
        assert not any(permits(wanted, one) is not False and permits(offered, one) is True for one in WORLDS[::5])


@pytest.mark.parametrize(
    ("wanted", "offered", "verdict"),
    [
        (use(RED), use(), Verdict.COVERED),
        (use(RED), use(ANY_TWO), Verdict.COVERED),
        (use(ANY_TWO), use(RED), Verdict.PARTLY),
        (use(BLUE), use(RED), Verdict.CONFLICT),
        (use(), use(RED), Verdict.UNKNOWN),
        (use(RED), use(ANY_TWO, Atomic(X, "lteq", "3")), Verdict.UNKNOWN),
        (use(BLUE), use(RED, Atomic(X, "lteq", "3")), Verdict.CONFLICT),
        (use(ANY_TWO), use(RED, Atomic(X, "lteq", "3")), Verdict.PARTLY),
        (use(RED, Atomic(X, "lteq", "3")), use(Atomic(X, "lteq", "5")), Verdict.COVERED),
        (use(RED), use(Atomic(STRANGE, "eq", "1")), Verdict.UNKNOWN),
        (use(RED, Atomic(STRANGE, "eq", "1")), use(), Verdict.UNKNOWN),
        (use(BLUE, Atomic(STRANGE, "eq", "1")), use(RED), Verdict.CONFLICT),
        (use(action="sell"), use(), Verdict.CONFLICT),
        (use(action=TRAIN), use(), Verdict.COVERED),
        (use(), use(action=TRAIN), Verdict.PARTLY),
        (use(Atomic(X, "gt", "3"), Atomic(X, "lt", "1")), use(), Verdict.CONFLICT),
        (Terms(), use(), Verdict.CONFLICT),
        (use(), Terms(), Verdict.CONFLICT),
        (use(), Terms(permissions=(Rule("use"),), profile=("urn:unknown:profile",)), Verdict.UNKNOWN),
        (use(), Terms(permissions=(Rule("use"),), inherits=("urn:parent",)), Verdict.UNKNOWN),
    ],
)
def test_verdicts(wanted, offered, verdict):
    assert match(wanted, offered, OPERANDS).verdict is verdict


def test_what_is_not_exactly_one_may_be_several():
    inner = Logical("xone", (RED, Atomic(X, "lteq", "3")))
    offered = use(Logical("xone", (inner, Atomic(Y, "lteq", "2"))))
    three, two = (Atomic(X, "eq", "1"), RED, Atomic(Y, "eq", "1")), (Atomic(X, "eq", "1"), BLUE, Atomic(Y, "eq", "1"))
    assert match(use(*three), offered, OPERANDS).verdict is Verdict.COVERED
    assert match(use(*two), offered, OPERANDS).verdict is Verdict.CONFLICT


def test_who_has_one_role_may_have_another_one_too():
    has, lacks = Atomic(ROLE, "isAnyOf", ["b"]), Atomic(ROLE, "isNoneOf", ["a"])
    found = match(use(has), use(lacks), OPERANDS)
    assert found.verdict is Verdict.PARTLY
    assert set(map(repr, found.counter.permissions[0].constraints)) == set(map(repr, (has, lacks)))


def test_two_permissions_cover_together_what_neither_covers_alone():
    offered = Terms(permissions=(Rule("use", (RED,)), Rule("use", (Atomic(COLOUR, "isNoneOf", ["red"]),))))
    assert match(use(ANY_TWO), offered, OPERANDS).verdict is Verdict.COVERED
    assert match(use(), offered, OPERANDS).verdict is Verdict.COVERED


def test_a_prohibition_takes_away_and_names_what_is_refused():
    offered = Terms(permissions=(Rule("use"),), prohibitions=(Rule(TRAIN),))
    found = match(use(), offered, OPERANDS)
    assert (found.verdict, found.refused.action) == (Verdict.PARTLY, TRAIN)
    assert match(use(action=TRAIN), offered, OPERANDS).verdict is Verdict.CONFLICT


def test_the_rows_say_who_can_change_what():
    found = match(use(BLUE), use(RED, Atomic(X, "lteq", "3")), OPERANDS)
    rows = {row.about: (row.verdict, row.who) for row in found.rows}
    assert rows == {
        "action": (Verdict.COVERED, "nobody"),
        COLOUR: (Verdict.CONFLICT, "either"),
        X: (Verdict.UNKNOWN, "consumer"),
    }


def test_too_many_boxes_are_unknown_soon():
    pairs = tuple(Atomic(ROLE, "isAnyOf", [f"a{n}", f"b{n}"]) for n in range(40))
    for offered in (use(*pairs), Terms(permissions=(Rule("use"),), prohibitions=(Rule("use", pairs),))):
        assert match(use(RED), offered, OPERANDS).verdict is Verdict.UNKNOWN
        assert satisfiable(offered, OPERANDS)[0] is None
        assert subsumes(use(RED), offered, OPERANDS) is None


def test_equivalent_is_about_meaning_and_not_about_words():
    split = Terms(permissions=(Rule("use", (RED,)), Rule("use", (Atomic(COLOUR, "isAnyOf", ["green"]),))))
    assert equivalent(use(ANY_TWO), split, OPERANDS) is True
    assert equivalent(use(ANY_TWO), use(RED), OPERANDS) is False
    assert equivalent(use(Atomic(STRANGE, "eq", "1")), use(Atomic(STRANGE, "eq", "1")), OPERANDS) is None
