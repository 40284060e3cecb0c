"""What a token budget is made of. Tokens are counted where data was prepared, and estimated from bytes where it was not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

TOKENS_PER_PARAMETER: Final = 20.0
"""Tokens for each parameter of a model whose training spends its compute best (Hoffmann et al., 2022)."""
OTHER: Final = "und"
"""The language of what does not say any (BCP 47: undetermined)."""
UNSAID: Final = "not said"
"""The domain or licence of what does not say any."""


class Wish(Struct, frozen=True, kw_only=True):
    """The model that is planned: its parameters, tokens for each, and the share of each language (they sum to 1)."""

    parameters: float
    languages: Mapping[str, float]
    ratio: float = TOKENS_PER_PARAMETER

    @property
    def tokens(self) -> int:
        """Tokens that are wanted in all."""
        return round(self.parameters * self.ratio)


class Held(Struct, frozen=True, kw_only=True):
    """A version in the facility: its size in bytes, the languages that it says it has, and where it was prepared its tokens by language.

    `sources` are the versions that it was made of; their bytes are not counted a second time.
    """

    version: str
    size: int
    languages: tuple[str, ...] = ()
    tokens: Mapping[str, int] | None = None
    sources: tuple[str, ...] = ()
    domain: str = UNSAID
    licence: str = UNSAID


class Price(Struct, frozen=True):
    """What an entry costs, as it is written; `amount` and `currency` are absent where nobody can know it before asking."""

    text: str
    amount: float | None = None
    currency: str = ""


class Entry(Struct, frozen=True, kw_only=True):
    """An entry of a catalogue that could be acquired: of these languages, of that size (absent: not said), at that price."""

    dataset: str
    title: str
    provider: str
    languages: tuple[str, ...]
    size: int | None
    price: Price
    domain: str = UNSAID
    licence: str = UNSAID


class Yield(Struct, frozen=True, kw_only=True):
    """Tokens that a byte becomes. `of` names what it was measured on (`weather@1, ...`); empty: it is the default, measured on nothing."""

    tokens_per_byte: float
    of: tuple[str, ...] = ()


DEFAULT_YIELD: Final = Yield(tokens_per_byte=0.125)
"""Four bytes a token, and half of the text kept: what plain text becomes, roughly. Anything measured is better."""


class Line(Struct, frozen=True, kw_only=True):
    """One language, domain or licence: tokens that are wanted (absent: nothing was said), counted, estimated, and missing."""

    name: str
    wanted: int | None
    counted: int
    estimated: int
    missing: int | None


class Fill(Struct, frozen=True, kw_only=True):
    """An entry that fills some of what is missing of a language: tokens that are expected of it, and its price."""

    language: str
    entry: Entry
    tokens: int | None
    per_million: float | None = None


class Total(Struct, frozen=True):
    """What all that fills costs in one currency."""

    currency: str
    amount: float


class Plan(Struct, frozen=True, kw_only=True):
    """The budget: by language what is wanted, there and missing; by domain and licence what is there; what would fill it, and its cost.

    `unfilled` are tokens by language that nothing on offer brings. `unpriced` counts fills whose price has to be asked for, `unsized`
    entries of which nobody knows how much they bring. `said` are sentences about what the figures rest on.
    """

    parameters: float
    ratio: float
    wanted: int
    counted: int
    estimated: int
    languages: tuple[Line, ...]
    domains: tuple[Line, ...]
    licences: tuple[Line, ...]
    fills: tuple[Fill, ...]
    unfilled: Mapping[str, int]
    costs: tuple[Total, ...]
    unpriced: int
    unsized: int
    measured: Yield
    said: tuple[str, ...]
