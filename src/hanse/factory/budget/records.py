"""What a token budget is made of. Tokens are counted where data was prepared, and estimated from bytes where it was not."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from hanse.odrl.price import FREE, Cost, Price

TOKENS_PER_PARAMETER: Final = 20.0
"""Tokens for each parameter of a model whose training spends its compute best (Hoffmann et al., 2022)."""
OTHER: Final = "und"
"""The language of what does not say any (BCP 47: undetermined)."""
UNSAID: Final = "not said"
"""The domain or licence of what does not say any."""


class Wish(Struct, frozen=True, kw_only=True):
    """The model that is planned: its parameters, tokens for each, the share of each language and of each domain (they sum to 1).

    Without `domains` any will do; with them, data of others does not count. Without `licences` any will do, too. `budget` is the most
    that filling may cost.
    """

    parameters: float
    languages: Mapping[str, float]
    ratio: float = TOKENS_PER_PARAMETER
    domains: Mapping[str, float] = {}
    licences: tuple[str, ...] = ()
    budget: Price | None = None

    @property
    def tokens(self) -> int:
        """Tokens that are wanted in all."""
        return round(self.parameters * self.ratio)


class Held(Struct, frozen=True, kw_only=True):
    """A version of the facility, `name@number`: its size in bytes, and what it says of its languages, licences and topics.

    `sources` are the versions that it was made of. Where it holds tokens, `tokens` counts them in all, and `by_language` those of each
    language, as far as the preparation told them apart. A version that is `gone` is not counted, but still tells how large it was.
    """

    version: str
    size: int
    root: str = ""
    languages: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tokens: int | None = None
    by_language: Mapping[str, int] = {}
    gone: bool = False


class Entry(Struct, frozen=True, kw_only=True):
    """An entry of a catalogue that could be acquired: of these languages, of that size in bytes (absent: not said), at that cost."""

    dataset: str
    title: str
    provider: str
    languages: tuple[str, ...]
    size: int | None
    cost: Cost = FREE
    licence: str = ""
    topics: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()


class Yield(Struct, frozen=True, kw_only=True):
    """Tokens that a byte becomes. `of` names the products that it was measured on; empty: it is the default, measured on nothing."""

    tokens_per_byte: float
    of: tuple[str, ...] = ()


DEFAULT_YIELD: Final = Yield(tokens_per_byte=0.125)
"""Four bytes a token, and half of the text kept: what plain text becomes, roughly. Anything measured is better."""


class Line(Struct, frozen=True, kw_only=True):
    """One language, domain or licence: tokens that are wanted (absent: nothing was said), counted, estimated, on offer, and missing.

    `missing` is what neither is here nor is estimated to be; `offered` what all entries that fit would bring.
    """

    name: str
    wanted: int | None = None
    counted: int = 0
    estimated: int = 0
    offered: int = 0
    missing: int | None = None


class Fill(Struct, frozen=True, kw_only=True):
    """An entry that fills some of what is missing: tokens that are expected of it by language, its price for a million of them.

    `spent` is what it and all fills before it cost in its currency.
    """

    entry: Entry
    tokens: Mapping[str, int] | None
    per_million: Decimal | None = None
    spent: Price | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """The budget: what is wanted, there, on offer and missing; what would fill it, and its cost.

    `unfilled` are tokens by language that nothing on offer brings (within the budget). `aside` are tokens that are there and do not
    count, by reason. `beyond` counts entries that the budget does not reach, `unpriced` fills whose price has to be asked for,
    `unsized` those of which nobody knows how much they bring. `again` are versions that hold the same data as one that is counted.
    `said` are sentences about what the figures rest on.
    """

    wish: Wish
    wanted: int
    counted: int
    estimated: int
    languages: tuple[Line, ...]
    domains: tuple[Line, ...]
    licences: tuple[Line, ...]
    fills: tuple[Fill, ...]
    unfilled: Mapping[str, int]
    costs: tuple[Price, ...]
    aside: Mapping[str, int]
    beyond: int
    unpriced: int
    unsized: int
    again: tuple[str, ...]
    measured: Yield
    said: tuple[str, ...]
