"""The region of an operator that compares: what lies before, after, in or outside the spans that its right operands are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from hanse.odrl.constraints.regions import Ordered, Span


def point(value: Fraction) -> Span:
    """Return the span that is one value."""
    return Span(value, value)


def compared(sort: str, operator: str, spans: Sequence[Span]) -> Ordered:
    """Return the values that stand in the relation `operator` to `spans`, each of which has both ends.

    `eq` a span means within it; `lt` and its like are given one span, the operators of sets any number.
    """
    span = spans[0]
    one = {
        "lt": Span(None, span.low, True, not span.low_in),
        "lteq": Span(None, span.high, True, span.high_in),
        "gt": Span(span.high, None, not span.high_in, True),
        "gteq": Span(span.low, None, span.low_in, True),
    }.get(operator)
    if one is not None:
        return Ordered(sort, (one,))
    if operator == "isAllOf":
        return Ordered(sort, _all(spans))
    union = _union(spans)
    return Ordered(sort, union if operator in ("eq", "isAnyOf") else _outside(union))


def _low(span: Span) -> tuple[Fraction, bool]:
    """Return a key by which spans begin in order; every span here has a lower end."""
    return span.low or Fraction(0), not span.low_in


def _union(spans: Sequence[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for span in sorted(spans, key=_low):
        last = found[-1] if found else None
        if last is None or _apart(last, span):
            found.append(span)
        else:
            high, high_in = max((last.high or Fraction(0), last.high_in), (span.high or Fraction(0), span.high_in))
            found[-1] = Span(last.low, high, last.low_in, high_in)
    return tuple(found)


def _apart(left: Span, right: Span) -> bool:
    """Tell whether a value lies between two spans of which `left` begins first."""
    ends, begins = left.high or Fraction(0), right.low or Fraction(0)
    return ends < begins or (ends == begins and not (left.high_in or right.low_in))


def _all(spans: Sequence[Span]) -> tuple[Span, ...]:
    low, outside = max(map(_low, spans))
    high, high_in = min((span.high or Fraction(0), span.high_in) for span in spans)
    empty = low > high or (low == high and (outside or not high_in))
    return () if empty else (Span(low, high, not outside, high_in),)


def _outside(union: tuple[Span, ...]) -> tuple[Span, ...]:
    found, low, low_in = [], None, True
    for span in union:
        found.append(Span(low, span.low, low_in, not span.low_in))
        low, low_in = span.high, not span.high_in
    return (*found, Span(low, None, low_in, True))
