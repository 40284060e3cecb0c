"""The algebra of regions and boxes, point by point, and against Z3."""

from __future__ import annotations

from fractions import Fraction

import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.odrl.constraints.regions import Named, Ordered, Span
from hanse.odrl.match.boxes import Budget, Dim, is_void, meet, meet_all, other, subtract, tidy, within

ENDS = st.none() | st.integers(0, 5).map(Fraction)
spans = st.builds(Span, ENDS, ENDS, st.booleans(), st.booleans())
lines = st.builds(lambda some: tidy(Ordered("n", tuple(some))), st.lists(spans, max_size=4))
names = st.builds(Named, st.just("s"), st.frozensets(st.sampled_from("abc")), st.booleans())
POINTS = [Fraction(n, 2) for n in range(-2, 13)]
NAMES = ("a", "b", "c", "d")


def has(region, value):
    if isinstance(region, Named):
        return (value in region.names) is not region.others
    return any(_in(span, value) for span in region.spans)


def _in(span, at):
    low = span.low is None or span.low < at or (span.low_in and span.low == at)
    return low and (span.high is None or at < span.high or (span.high_in and span.high == at))


def points(region):
    return [one for one in (NAMES if isinstance(region, Named) else POINTS) if has(region, one)]


@settings(max_examples=300)
@given(st.tuples(lines, lines) | st.tuples(names, names))
def test_meeting_taking_and_containing_are_as_for_sets(pair):
    a, b = pair
    inside, outside = points(a), points(other(a))
    assert not set(inside) & set(outside)
    assert len(inside) + len(outside) == len(NAMES if isinstance(a, Named) else POINTS)
    assert points(meet(a, b)) == [one for one in inside if has(b, one)]
    assert within(a, b) == (set(inside) <= set(points(b)))
    assert is_void(a) == (not inside)
    assert other(other(a)) == a


@given(st.lists(spans, max_size=4))
def test_tidy_changes_no_value_and_leaves_one_form(some):
    region = Ordered("n", tuple(some))
    assert [has(region, at) for at in POINTS] == [has(tidy(region), at) for at in POINTS]
    assert tidy(region) == tidy(Ordered("n", tuple(reversed(some)))) == tidy(tidy(region))


DIMS = [Dim("x", "n"), Dim("y", "n"), Dim("s", "s")]
boxes = st.fixed_dictionaries({}, optional={DIMS[0]: lines, DIMS[1]: lines, DIMS[2]: names}).filter(
    lambda box: not any(is_void(region) for region in box.values())
)
unions = st.lists(boxes, max_size=3)

_X, _Y, _S = z3.Real("x"), z3.Real("y"), z3.Int("s")
_VARIABLES = dict(zip(DIMS, (_X, _Y, _S), strict=True))


def formula(union):
    """Say a union of boxes to Z3: names are numbers, of which there are more than names."""
    return z3.Or([z3.And([_region(_VARIABLES[dim], region) for dim, region in box.items()] + [z3.BoolVal(True)]) for box in union])


def _region(variable, region):
    if isinstance(region, Named):
        among = z3.Or([variable == NAMES.index(name) for name in region.names])
        return z3.Not(among) if region.others else among
    return z3.Or([z3.And(_low(variable, span), _high(variable, span)) for span in region.spans])


def _low(variable, span):
    if span.low is None:
        return z3.BoolVal(True)
    at = z3.RealVal(str(span.low))
    return variable >= at if span.low_in else variable > at


def _high(variable, span):
    if span.high is None:
        return z3.BoolVal(True)
    at = z3.RealVal(str(span.high))
    return variable <= at if span.high_in else variable < at


def possible(claim):
    solver = z3.Solver()
    solver.add(claim)
    return solver.check() == z3.sat


@settings(max_examples=150, deadline=None)
@given(unions, unions)
def test_z3_finds_no_request_that_the_algebra_lost_or_made_up(a, b):
    met = meet_all(a, b, Budget())
    left = subtract(a, b, Budget())
    assert not possible(formula(met) != z3.And(formula(a), formula(b)))
    assert not possible(formula(left) != z3.And(formula(a), z3.Not(formula(b))))
    assert bool(met) == possible(z3.And(formula(a), formula(b)))
    assert bool(left) == possible(z3.And(formula(a), z3.Not(formula(b))))
