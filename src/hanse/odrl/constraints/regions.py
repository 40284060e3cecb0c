"""The values for which a constraint holds, as sets that can be met, joined and compared: intervals, and finite or co-finite sets."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct


class Span(Struct, frozen=True, order=True):
    """One interval. `None` means without an end; `low_in` and `high_in` tell whether the ends belong to it."""

    low: Fraction | None
    high: Fraction | None
    low_in: bool = True
    high_in: bool = True


class Ordered(Struct, frozen=True, tag="ordered"):
    """A union of disjoint intervals, lowest first, of one sort (`moment`, `number`, `seconds`, `bytes`, `EUR`, `level:...`)."""

    sort: str
    spans: tuple[Span, ...]


class Named(Struct, frozen=True, tag="named"):
    """The names in `names`, or with `others` every name but these. Names below others in a hierarchy are spelled out by the operand."""

    sort: str
    names: frozenset[str]
    others: bool = False


Region = Ordered | Named
