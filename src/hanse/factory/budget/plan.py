"""Makes the plan: pure arithmetic over what is held and what is on offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from hanse.factory.budget.filling import Filled, Offer, fill, offered, offers
from hanse.factory.budget.holding import There, there
from hanse.factory.budget.portions import Cell, Portion, by_cell, wanted
from hanse.factory.budget.records import OTHER, Entry, Held, Line, Plan, Wish
from hanse.odrl.price import Price, total

_SHOWN: Final = 5


def plan_of(wish: Wish, held: Sequence[Held], entries: Sequence[Entry]) -> Plan:
    """Return the plan. Entries fill what is missing by price for each token, free ones first, those of unknown price last."""
    want, here = wanted(wish), there(wish, held)
    have = by_cell(here.portions, wish)
    missing = {cell: max(0, tokens - have.get(cell, 0)) for cell, tokens in want.items()}
    found = offers(wish, entries, here.measured)
    filled = fill(wish, missing, found)
    portions = [*here.portions, *offered(found)]
    asked = [one for one in portions if one.language in wish.languages]
    prices = [one.entry.cost.price for one in filled.fills if one.entry.cost.price is not None]
    return Plan(
        wish=wish,
        wanted=wish.tokens,
        counted=sum(one.tokens for one in asked if one.kind == "counted"),
        estimated=sum(one.tokens for one in asked if one.kind == "estimated"),
        languages=(*_wanted(wish.languages, 0, want, missing, asked), *_others(wish, here.portions)),
        domains=tuple(_wanted(wish.domains, 1, want, missing, asked)) if wish.domains else _grouped(asked, lambda one: one.domain),
        licences=_grouped(asked, lambda one: one.licence),
        fills=filled.fills,
        unfilled=_unfilled(wish, filled.left),
        costs=tuple(Price(amount, currency) for currency, amount in total(prices).items()),
        aside=here.aside,
        beyond=filled.beyond,
        unpriced=sum(bool(one.entry.cost.unknown) for one in filled.fills),
        unsized=sum(one.tokens is None for one in filled.fills),
        again=here.again,
        measured=here.measured,
        said=tuple(_said(wish, here, found, filled)),
    )


def _wanted(
    names: Iterable[str], part: int, want: Mapping[Cell, int], missing: Mapping[Cell, int], portions: Sequence[Portion]
) -> list[Line]:
    """Return the line of each language (`part` 0) or domain (1) that is asked for."""
    sums = _sums(portions, (lambda one: one.domain) if part else (lambda one: one.language))
    return [
        Line(
            name=name,
            wanted=sum(tokens for cell, tokens in want.items() if cell[part] == name),
            missing=sum(tokens for cell, tokens in missing.items() if cell[part] == name),
            **sums.get(name, {}),
        )
        for name in names
    ]


def _others(wish: Wish, portions: Sequence[Portion]) -> tuple[Line, ...]:
    """Return the languages that are there and not asked for."""
    return _grouped([one for one in portions if one.language not in wish.languages], lambda one: one.language)


def _grouped(portions: Sequence[Portion], key: Callable[[Portion], str]) -> tuple[Line, ...]:
    """Return what there is by name: the most first."""
    lines = [Line(name=name, **sums) for name, sums in _sums(portions, key).items()]
    return tuple(sorted(lines, key=lambda one: (-one.counted - one.estimated, -one.offered, one.name)))


def _sums(portions: Sequence[Portion], key: Callable[[Portion], str]) -> dict[str, dict[str, int]]:
    """Return tokens by name and kind."""
    found: dict[str, dict[str, int]] = {}
    for one in portions:
        if one.tokens:
            sums = found.setdefault(key(one), {})
            sums[one.kind] = sums.get(one.kind, 0) + one.tokens
    return found


def _unfilled(wish: Wish, left: Mapping[Cell, int]) -> dict[str, int]:
    sums = {name: sum(max(0, tokens) for cell, tokens in left.items() if cell[0] == name) for name in wish.languages}
    return {name: tokens for name, tokens in sums.items() if tokens}


def _said(wish: Wish, here: There, found: Sequence[Offer], filled: Filled) -> Iterable[str]:
    rate = here.measured
    if rate.of:
        yield f"A byte becomes {rate.tokens_per_byte:.3f} tokens: measured on {_few(rate.of)}."
    else:
        yield f"A byte becomes {rate.tokens_per_byte:.3f} tokens: nothing was prepared here yet, so this is a guess, not a measurement."
    if here.guessed or any(len(set(one.entry.languages)) > 1 for one in found):
        yield "Data in several languages or domains that were not counted apart is estimated as if each had the same share of it."
    if any(one.language == OTHER and one.tokens for one in here.portions):
        yield f"Data that does not say its language counts as {OTHER}, and for no language that is asked for."
    for reason, tokens in here.aside.items():
        yield f"{tokens:,} tokens of {reason} than asked for are held, and do not count."
    if here.again:
        yield f"Not counted again, since what is counted holds the same data: {_few(here.again)}."
    currencies = sorted({one.entry.cost.price.currency for one in filled.fills if one.entry.cost.price is not None})
    if len(currencies) > 1:
        yield f"Prices in {', '.join(currencies)} are not converted: the first goes first."
    if filled.beyond:
        yield f"{filled.beyond:,} more on offer would help, and cost more than is left of {wish.budget}, or another currency."


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")
