"""Z3 as a third opinion: it is told the policies themselves, and knows nothing of boxes."""

from __future__ import annotations

import z3
from hypothesis import given

from hanse.odrl.match.coverage import beyond, equivalent, match, satisfiable, subsumes
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Atomic
from hanse.odrl.names import ROLE
from hanse.odrl.vocabulary import CONTAINS
from tests.thorough import thorough
from tests.unit.odrl.match import toy

_NUMBERS = {toy.X: z3.Real("x"), toy.Y: z3.Real("y")}
_COLOUR, _ACTION = z3.Int("colour"), z3.Int("action")
_ROLES = {name: z3.Bool(f"role {name}") for name in toy.ROLES}
_ACTIONS = sorted(CONTAINS["use"])
_COMPARE = {
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "lteq": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "gteq": lambda a, b: a >= b,
}


def permitted(terms):
    """The policy as a formula, rule by rule as the standard says it."""
    return z3.And(z3.Or([_applies(rule) for rule in terms.permissions]), z3.Not(z3.Or([_applies(rule) for rule in terms.prohibitions])))


def _applies(rule):
    action = z3.Or([_ACTIONS.index(name) == _ACTION for name in CONTAINS[rule.action]])
    return z3.And(action, *[_holds(one) for one in rule.constraints])


def _holds(constraint):
    if isinstance(constraint, Atomic):
        return _atomic(constraint)
    truths = [_holds(one) for one in constraint.operands]
    if constraint.operator == "xone":
        return z3.PbEq([(truth, 1) for truth in truths], 1)
    return z3.Or(truths) if constraint.operator == "or" else z3.And(truths)


def _atomic(atomic):
    if atomic.left in _NUMBERS:
        return _COMPARE[atomic.operator](_NUMBERS[atomic.left], z3.RealVal(atomic.right))
    if atomic.left == ROLE:
        found = z3.Or([_ROLES[name] for name in atomic.right])
    else:
        found = z3.Or([toy.COLOURS.index(name) == _COLOUR for name in atomic.right])
    return found if atomic.operator == "isAnyOf" else z3.Not(found)


def possible(*claims):
    solver = z3.Solver()
    solver.add(_ACTION >= 0, len(_ACTIONS) > _ACTION, *claims)
    return solver.check() == z3.sat


@thorough
@given(toy.terms, toy.terms)
def test_covered_and_conflict_are_just_what_z3_says(wanted, offered):
    uses, offers = permitted(wanted), permitted(offered)
    some, more = possible(uses, offers), possible(uses, z3.Not(offers))
    found = match(wanted, offered, toy.OPERANDS)
    assert (found.verdict is Verdict.CONFLICT) == (not some)
    assert (found.verdict is Verdict.COVERED) == (some and not more)
    assert (found.allowed is not None) == some
    assert (found.refused is not None) == more


@thorough
@given(toy.terms, toy.terms)
def test_subsumed_equivalent_and_satisfiable_are_just_what_z3_says(first, second):
    a, b = permitted(first), permitted(second)
    outside, inside = possible(a, z3.Not(b)), possible(b, z3.Not(a))
    assert subsumes(first, second, toy.OPERANDS) is not outside
    assert equivalent(first, second, toy.OPERANDS) is not (outside or inside)
    assert (beyond(first, second, toy.OPERANDS) is not None) == outside
    assert satisfiable(first, toy.OPERANDS)[0] is possible(a)


@thorough
@given(toy.terms, toy.terms)
def test_the_counter_offer_is_the_intersection(wanted, offered):
    counter = match(wanted, offered, toy.OPERANDS).counter
    if counter is not None:
        assert not possible(permitted(counter) != z3.And(permitted(wanted), permitted(offered)))
    else:
        assert not possible(permitted(wanted), permitted(offered))
