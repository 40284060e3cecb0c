"""A concrete request out of a box: something that anybody can try against both policies."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from msgspec import Struct

from hanse.odrl.constraints.regions import Named, Ordered, Region, Span
from hanse.odrl.match.bounds import is_many
from hanse.odrl.match.boxes import Box
from hanse.odrl.match.expand import ACTION, YES
from hanse.odrl.names import USE
from hanse.odrl.vocabulary import CONTAINS

ANOTHER = "urn:hanse:another"
"""Stands for a name that neither policy names."""


class Value(Struct, frozen=True):
    """What a left operand is in the request: a point of an ordered sort, a name, or all the names that its fact has."""

    left: str
    sort: str
    value: Fraction | str | tuple[str, ...]


class Request(Struct, frozen=True):
    """A request with its circumstances: an action, and one value per left operand that either policy asks about."""

    action: str
    values: tuple[Value, ...] = ()


def request_in(box: Box, dims: Box) -> Request:
    """Return a request that lies in `box`, with a value in every dimension of `dims` too."""
    asked = {**dims, **box}
    values: dict[tuple[str, str], Value] = {}
    for dim in sorted(asked.keys() - {ACTION}):
        key, region = (dim.left, dim.sort), asked[dim]
        if dim.name or is_many(*key):
            before = values.get(key)
            names = before.value if before is not None and isinstance(before.value, tuple) else ()
            values[key] = Value(*key, (*names, dim.name) if box.get(dim) == YES else names)
        else:
            values[key] = Value(*key, _pick(region))
    return Request(action=_action(box.get(ACTION)), values=tuple(values.values()))


def _action(region: Region | None) -> str:
    """Return the widest action of the region."""
    if not isinstance(region, Named) or region.others:
        return USE
    return min(region.names, key=lambda name: (-len(CONTAINS.get(name, ())), name))


def _pick(region: Region) -> Fraction | str:
    if isinstance(region, Ordered):
        return _point(region.spans[0])
    return ANOTHER if region.others else min(region.names)


def _point(span: Span) -> Fraction:
    """Return a point of a span, a whole number if there is one."""
    if span.low is None and span.high is None:
        return Fraction(1)
    if span.low is None and span.high is not None:
        return Fraction(ceil(span.high) - 1) if not span.high_in else Fraction(floor(span.high))
    if span.low is not None and span.high is None:
        return Fraction(floor(span.low) + 1) if not span.low_in else Fraction(ceil(span.low))
    return _between(span, span.low or Fraction(0), span.high or Fraction(0))


def _between(span: Span, low: Fraction, high: Fraction) -> Fraction:
    whole = Fraction(ceil(low)) if span.low_in else Fraction(floor(low) + 1)
    if whole < high or (whole == high and span.high_in):
        return whole
    return (low + high) / 2
