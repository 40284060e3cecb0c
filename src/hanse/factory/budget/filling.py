"""Which entries of catalogues fill what is missing: those whose tokens cost least, as far as the budget reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

import msgspec
from msgspec import Struct

from hanse.factory.budget.portions import Cell, Portion, accepted, by_cell, domains_of, languages_of, licence_of, spread
from hanse.factory.budget.records import Entry, Fill, Wish, Yield
from hanse.odrl.price import Price

_MILLION: Final = 1_000_000
_PLACES: Final = Context(prec=12)


class Offer(Struct, frozen=True, kw_only=True):
    """An entry with what it would bring: portions in the languages that are asked for, and cells that it has data for."""

    entry: Entry
    portions: tuple[Portion, ...]
    brings: Mapping[Cell, int]
    cells: frozenset[Cell]

    @property
    def tokens(self) -> int:
        """All tokens that are asked for."""
        return sum(self.brings.values())

    @property
    def price(self) -> Price | None:
        """What it costs, if that is known and not nothing."""
        return self.entry.cost.price

    @property
    def dearness(self) -> tuple[bool, bool, str, Fraction, int, bytes]:
        """What it is ordered by: known sizes first, known prices first, free ones first, then the price of a token in each currency."""
        price, tokens = self.price, self.tokens
        rate = Fraction(price.amount) / tokens if price is not None and tokens else Fraction(0)
        currency = "" if price is None else price.currency
        return not tokens, bool(self.entry.cost.unknown), currency, rate, -tokens, msgspec.json.encode(self.entry)


class Filled(Struct, frozen=True, kw_only=True):
    """The entries that were chosen, what still is missing, and how many were dearer than the budget allows."""

    fills: tuple[Fill, ...]
    left: Mapping[Cell, int]
    beyond: int


def offers(wish: Wish, entries: Sequence[Entry], rate: Yield) -> list[Offer]:
    """Return the entries that would help, each dataset once, the cheapest first."""
    found = sorted((one for one in (_offer(entry, wish, rate) for entry in entries) if one.cells), key=lambda one: one.dearness)
    once = {(one.entry.provider, one.entry.dataset): one for one in reversed(found)}
    return [one for one in found if once[one.entry.provider, one.entry.dataset] is one]


def fill(wish: Wish, missing: Mapping[Cell, int], offers: Sequence[Offer]) -> Filled:
    """Choose among offers, the cheapest first, until nothing is missing; take back what later ones made needless."""
    left, taken, purse, beyond = dict(missing), list[Offer](), _Purse(wish.budget), 0
    for one in offers:
        if not _helps(one, left):
            continue
        if not purse.pays(one.price):
            beyond += 1
            continue
        taken.append(one)
        _move(left, one, -1)
    kept = _needed(taken, left)
    fills, spent = list[Fill](), dict[str, Decimal]()
    for one in kept:
        price = one.price
        if price is not None:
            spent[price.currency] = spent.get(price.currency, Decimal(0)) + price.amount
        fills.append(_fill(one, None if price is None else Price(spent[price.currency], price.currency)))
    return Filled(fills=tuple(fills), left=left, beyond=beyond)


class _Purse:
    """What is left of the budget; without one there is always enough."""

    def __init__(self, budget: Price | None) -> None:
        self._budget = budget
        self._left = Decimal(0) if budget is None else budget.amount

    def pays(self, price: Price | None) -> bool:
        """Take the price out, if there is enough. Nothing is converted: another currency is not in it."""
        if self._budget is None or price is None:
            return True
        if price.currency != self._budget.currency or price.amount > self._left:
            return False
        self._left -= price.amount
        return True


def _offer(entry: Entry, wish: Wish, rate: Yield) -> Offer:
    licences, domains = [entry.licence], domains_of(entry.topics, wish)
    languages = languages_of(entry.languages, wish)
    if not domains or not accepted(licences, wish):
        return Offer(entry=entry, portions=(), brings={}, cells=frozenset())
    total = 0 if entry.size is None else round(entry.size * rate.tokens_per_byte)
    portions = tuple(
        Portion(language, domain, licence_of(licences), part, "offered")
        for language, tokens in spread(total, languages).items()
        for domain, part in spread(tokens, domains).items()
        if language in wish.languages
    )
    brings = {cell: tokens for cell, tokens in by_cell(portions, wish).items() if tokens}
    return Offer(entry=entry, portions=portions, brings=brings, cells=frozenset(by_cell(portions, wish)))


def _helps(one: Offer, left: Mapping[Cell, int]) -> bool:
    if one.entry.size is not None:
        return any(left.get(cell, 0) > 0 for cell in one.brings)
    return any(left.get(cell, 0) > 0 for cell in one.cells)


def _move(left: dict[Cell, int], one: Offer, sign: int) -> None:
    for cell, tokens in one.brings.items():
        left[cell] = left.get(cell, 0) + sign * tokens


def _needed(taken: Sequence[Offer], left: dict[Cell, int]) -> list[Offer]:
    """Return those without which something would be missing, or that cost nothing; the dearest goes first."""
    dropped: set[int] = set()
    for number in reversed(range(len(taken))):
        one = taken[number]
        needless = one.brings and all(left[cell] + tokens <= 0 for cell, tokens in one.brings.items())
        if needless and not one.entry.cost.free:
            dropped.add(number)
            _move(left, one, +1)
    return [one for number, one in enumerate(taken) if number not in dropped]


def _fill(one: Offer, spent: Price | None) -> Fill:
    price, tokens = one.price, one.tokens
    languages: dict[str, int] = {}
    for portion in one.portions:
        languages[portion.language] = languages.get(portion.language, 0) + portion.tokens
    if one.entry.cost.free:
        dear: Decimal | None = Decimal(0)
    else:
        dear = _PLACES.divide(price.amount * _MILLION, Decimal(tokens)) if price is not None and tokens else None
    return Fill(entry=one.entry, tokens=None if one.entry.size is None else languages, per_million=dear, spent=spent)


def offered(offers: Iterable[Offer]) -> list[Portion]:
    """Return all that is on offer."""
    return [portion for one in offers for portion in one.portions]
