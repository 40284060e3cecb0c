"""The algebra under matching: regions met and taken away, and boxes, which are one region per dimension.

A box stands for every request whose values lie in its regions; a dimension that it does not name is open. All sets are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from hanse.odrl.constraints.regions import Named, Ordered, Region, Span
from hanse.odrl.names import (
    CLASSIFICATION,
    COUNT,
    DELAY_PERIOD,
    ELAPSED_TIME,
    GROUP_SIZE,
    METERED_TIME,
    PAY_AMOUNT,
    SECURITY_LEVEL,
    VOLUME,
)

MAX_BOXES = 4_096
"""No policy is expanded into more boxes than this; beyond it the answer is unknown."""
MAX_WORK = 50_000
"""Bounds the time of one comparison, in steps of about 10 µs."""

_NAMES_PER_STEP = 32
_SPANS_PER_STEP = 2


class Exhausted(Exception):
    """The policies are too large to be compared; caught by whoever answers, who then says unknown."""


class Budget:
    """What one comparison may still cost."""

    def __init__(self, work: int = MAX_WORK) -> None:
        self._left = work

    def spend(self, region: Region) -> None:
        """Pay for one step on `region`. Raises `Exhausted`."""
        self._left -= 1 + (len(region.spans) // _SPANS_PER_STEP if isinstance(region, Ordered) else len(region.names) // _NAMES_PER_STEP)
        if self._left < 0:
            raise Exhausted

    def bound(self, boxes: list[Box]) -> list[Box]:
        """Return `boxes` if they are not too many. Raises `Exhausted`."""
        if len(boxes) > MAX_BOXES:
            raise Exhausted
        return boxes


class Dim(NamedTuple):
    """One dimension: the left operand's plain name, the sort of its values, and the one name that a yes-or-no dimension is about."""

    left: str
    sort: str
    name: str = ""


Box = Mapping[Dim, Region]

_DOMAINS = {
    **dict.fromkeys((ELAPSED_TIME, METERED_TIME, VOLUME, PAY_AMOUNT, DELAY_PERIOD), Span(Fraction(0), None)),
    **dict.fromkeys((COUNT, GROUP_SIZE), Span(Fraction(1), None)),
    SECURITY_LEVEL: Span(Fraction(0), Fraction(2)),
    CLASSIFICATION: Span(Fraction(0), Fraction(3)),
}
"""The values that can occur at all: no use is the zeroth one, no period is shorter than nothing, and levels are few."""

_WHOLE_NUMBERS = frozenset({COUNT, GROUP_SIZE, SECURITY_LEVEL, CLASSIFICATION})

# A cut lies just before (side 0) or just after (side 1) a point, or at one end of the line (-1, 1). A span runs from cut to cut.
_Cut = tuple[int, Fraction, int]
_ZERO = Fraction(0)
_FIRST: _Cut = (-1, _ZERO, 0)
_LAST: _Cut = (1, _ZERO, 0)


def tidy(region: Region) -> Region:
    """Return the same values with spans in order, joined where they touch, and none that is empty."""
    return region if isinstance(region, Named) else _ordered(region.sort, map(_cuts, region.spans))


def meet(a: Region, b: Region) -> Region:
    """Return the values that are in both, which are of one sort. Both are tidy, and so is the answer."""
    if isinstance(a, Ordered) and isinstance(b, Ordered):
        return _ordered(a.sort, _meet_cuts(list(map(_cuts, a.spans)), list(map(_cuts, b.spans))))
    if isinstance(a, Named) and isinstance(b, Named):
        return _meet_names(a, b)
    raise TypeError("regions of two sorts do not meet")


def other(region: Region) -> Region:
    """Return every value of the sort that is not in `region`."""
    if isinstance(region, Named):
        return Named(region.sort, region.names, not region.others)
    cuts = [_FIRST, *(cut for span in region.spans for cut in _cuts(span)), _LAST]
    return _ordered(region.sort, zip(cuts[::2], cuts[1::2], strict=True))


def in_domain(left: str, region: Region) -> Region:
    """Return the values of `region` that a left operand can have at all."""
    span = _DOMAINS.get(left)
    if span is None or not isinstance(region, Ordered):
        return region
    inside = _ordered(region.sort, _meet_cuts(list(map(_cuts, region.spans)), [_cuts(span)]))
    return tidy(Ordered(region.sort, tuple(map(_whole, inside.spans)))) if left in _WHOLE_NUMBERS else inside


def is_void(region: Region) -> bool:
    """Tell whether no value is in it."""
    return not region.spans if isinstance(region, Ordered) else not region.names and not region.others


def within(a: Region, b: Region) -> bool:
    """Tell whether every value in `a` is in `b`."""
    return is_void(meet(a, other(b)))


def meet_boxes(a: Box, b: Box, budget: Budget) -> Box | None:
    """Return what is in both, nothing if that is empty."""
    met = dict(a)
    for dim, region in b.items():
        budget.spend(region)
        mine = met.get(dim)
        if mine is not None:
            budget.spend(mine)
        both = region if mine is None else meet(mine, region)
        if is_void(both):
            return None
        met[dim] = both
    return met


def meet_all(a: Sequence[Box], b: Sequence[Box], budget: Budget) -> list[Box]:
    """Return the boxes that make up what is in both unions."""
    return budget.bound([box for one in a for two in b if (box := meet_boxes(one, two, budget)) is not None])


def first_met(a: Iterable[Box], b: Sequence[Box], budget: Budget) -> Box | None:
    """Return some box that is in both unions, nothing if none is."""
    return next((box for one in a for two in b if (box := meet_boxes(one, two, budget)) is not None), None)


def subtract(boxes: Sequence[Box], holes: Iterable[Box], budget: Budget) -> list[Box]:
    """Return boxes for what is in `boxes` and in none of `holes`."""
    left = list(boxes)
    for hole in holes:
        left = budget.bound([piece for box in left for piece in _around(box, hole, budget)])
        if not left:
            break
    return left


def without(box: Box, lefts: frozenset[str]) -> Box:
    """Return the box with the dimensions of these left operands open."""
    return {dim: region for dim, region in box.items() if dim.left not in lefts}


def _around(box: Box, hole: Box, budget: Budget) -> Iterator[Box]:
    """Return what is left of a box, in pieces that do not overlap: for each dimension what lies beside the hole."""
    if meet_boxes(box, hole, budget) is None:
        yield box
        return
    rest = dict(box)
    for dim, region in hole.items():
        budget.spend(region)
        mine = rest.get(dim)
        beside = in_domain(dim.left, other(region) if mine is None else meet(mine, other(region)))
        if not is_void(beside):
            yield {**rest, dim: beside}
        rest[dim] = region if mine is None else meet(mine, region)


def _meet_cuts(a: list[tuple[_Cut, _Cut]], b: list[tuple[_Cut, _Cut]]) -> Iterator[tuple[_Cut, _Cut]]:
    """Go along both lines at once; whichever span ends first is done with."""
    i = j = 0
    while i < len(a) and j < len(b):
        yield max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1


def _meet_names(a: Named, b: Named) -> Named:
    if a.others and b.others:
        return Named(a.sort, a.names | b.names, True)
    if a.others:
        return Named(a.sort, b.names - a.names)
    return Named(a.sort, a.names - b.names if b.others else a.names & b.names)


def _cuts(span: Span) -> tuple[_Cut, _Cut]:
    low = _FIRST if span.low is None else (0, span.low, 0 if span.low_in else 1)
    high = _LAST if span.high is None else (0, span.high, 1 if span.high_in else 0)
    return low, high


def _ordered(sort: str, pieces: Iterable[tuple[_Cut, _Cut]]) -> Ordered:
    joined: list[tuple[_Cut, _Cut]] = []
    for low, high in sorted(piece for piece in pieces if piece[0] < piece[1]):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return Ordered(sort, tuple(_span(low, high) for low, high in joined))


def _span(low: _Cut, high: _Cut) -> Span:
    return Span(
        None if low == _FIRST else low[1],
        None if high == _LAST else high[1],
        low == _FIRST or low[2] == 0,
        high == _LAST or high[2] == 1,
    )


def _whole(span: Span) -> Span:
    """Return the whole numbers of a span, as one from the least to the greatest of them."""
    low = None if span.low is None else Fraction(ceil(span.low) if span.low_in else floor(span.low) + 1)
    high = None if span.high is None else Fraction(floor(span.high) if span.high_in else ceil(span.high) - 1)
    return Span(low, high)
