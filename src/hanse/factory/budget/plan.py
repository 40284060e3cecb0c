"""Makes the plan: pure arithmetic over what is held and what is on offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from hanse.factory.budget.records import (
    DEFAULT_YIELD,
    OTHER,
    Entry,
    Fill,
    Held,
    Line,
    Plan,
    Total,
    Wish,
    Yield,
)


def plan_of(wish: Wish, held: Sequence[Held], entries: Sequence[Entry]) -> Plan:
    """Return the plan. Entries fill what is missing by price for each token, free ones first, those of unknown price last."""
    rate = measured_yield(held)
    counted, estimated = _by_language(held, rate)
    lines = [_line(name, round(wish.tokens * share), counted, estimated) for name, share in wish.languages.items()]
    fills, unfilled = _fill({line.name: line.missing or 0 for line in lines}, entries, rate)
    known = [one for one in fills if one.tokens is not None]
    return Plan(
        parameters=wish.parameters,
        ratio=wish.ratio,
        wanted=wish.tokens,
        counted=sum(line.counted for line in lines),
        estimated=sum(line.estimated for line in lines),
        languages=(*lines, *_others(wish, counted, estimated)),
        domains=_grouped(held, rate, wish, lambda one: one.domain),
        licences=_grouped(held, rate, wish, lambda one: one.licence),
        fills=tuple(fills),
        unfilled=unfilled,
        costs=_costs(known),
        unpriced=sum(one.entry.price.amount is None for one in known),
        unsized=len(fills) - len(known),
        measured=rate,
        said=tuple(_said(held, rate)),
    )


def measured_yield(held: Sequence[Held]) -> Yield:
    """Return what a byte became in all that was prepared of what is known here; the default where nothing was."""
    sizes = {one.version: one.size for one in held}
    made = [one for one in held if one.tokens is not None and one.sources and all(source in sizes for source in one.sources)]
    size = sum(sizes[source] for one in made for source in one.sources)
    if not size:
        return DEFAULT_YIELD
    tokens = sum(sum((one.tokens or {}).values()) for one in made)
    return Yield(tokens_per_byte=tokens / size, of=tuple(one.version for one in made))


def _by_language(held: Sequence[Held], rate: Yield) -> tuple[dict[str, int], dict[str, int]]:
    """Return tokens by language: counted in what was prepared, estimated of the rest. What went into a prepared version counts there."""
    counted: dict[str, int] = {}
    estimated: dict[str, int] = {}
    for one, tokens, exact in _tokens_of(held, rate):
        del one
        for language, count in tokens.items():
            into = counted if exact else estimated
            into[language] = into.get(language, 0) + count
    return counted, estimated


def _tokens_of(held: Sequence[Held], rate: Yield) -> Iterable[tuple[Held, Mapping[str, int], bool]]:
    used = {source for one in held if one.tokens is not None for source in one.sources}
    for one in held:
        if one.tokens is not None:
            yield one, {base(name): count for name, count in one.tokens.items()}, True
        elif one.version not in used:
            # A version in several languages does not say how much of it is in which: each gets the same share.
            names = list(dict.fromkeys(map(base, one.languages))) or [OTHER]
            yield one, dict.fromkeys(names, round(one.size * rate.tokens_per_byte / len(names))), False


def base(tag: str) -> str:
    """Return the language of a tag without region and script: `pt` of `pt-BR` (BCP 47)."""
    return tag.lower().partition("-")[0]


def _line(name: str, wanted: int, counted: Mapping[str, int], estimated: Mapping[str, int]) -> Line:
    there, perhaps = counted.get(base(name), 0), estimated.get(base(name), 0)
    return Line(name=name, wanted=wanted, counted=there, estimated=perhaps, missing=max(0, wanted - there - perhaps))


def _others(wish: Wish, counted: Mapping[str, int], estimated: Mapping[str, int]) -> list[Line]:
    """Return the languages that are there and not asked for."""
    asked = set(map(base, wish.languages))
    names = sorted({*counted, *estimated} - asked, key=lambda name: (-counted.get(name, 0) - estimated.get(name, 0), name))
    return [Line(name=one, wanted=None, counted=counted.get(one, 0), estimated=estimated.get(one, 0), missing=None) for one in names]


def _grouped(held: Sequence[Held], rate: Yield, wish: Wish, key: Callable[[Held], str]) -> tuple[Line, ...]:
    """Return tokens of the languages that are asked for, by domain or licence, the most first."""
    asked, groups = set(map(base, wish.languages)), dict[str, list[int]]()
    for one, tokens, exact in _tokens_of(held, rate):
        count = sum(number for language, number in tokens.items() if language in asked)
        if count:
            groups.setdefault(key(one), [0, 0])[0 if exact else 1] += count
    ordered = sorted(groups.items(), key=lambda item: (-sum(item[1]), item[0]))
    return tuple(Line(name=name, wanted=None, counted=there, estimated=perhaps, missing=None) for name, (there, perhaps) in ordered)


def _fill(missing: Mapping[str, int], entries: Sequence[Entry], rate: Yield) -> tuple[list[Fill], dict[str, int]]:
    """Choose entries until nothing is missing; an entry is bought once, whatever languages it has."""
    left, fills, taken = dict(missing), list[Fill](), set[str]()
    for language in left:
        for one in sorted(_offers(language, entries, rate), key=_dearness):
            if left[language] <= 0:
                break
            if one.entry.dataset in taken:
                continue
            taken.add(one.entry.dataset)
            fills.append(one)
            for name in left:
                if base(name) in map(base, one.entry.languages):
                    left[name] -= _expected(one.entry, rate) or 0
    return fills, {name: count for name, count in left.items() if count > 0}


def _offers(language: str, entries: Sequence[Entry], rate: Yield) -> Iterable[Fill]:
    for entry in entries:
        if base(language) in map(base, entry.languages):
            tokens = _expected(entry, rate)
            amount = entry.price.amount
            dear = amount / tokens * 1e6 if amount is not None and tokens else None
            yield Fill(language=language, entry=entry, tokens=tokens, per_million=dear)


def _expected(entry: Entry, rate: Yield) -> int | None:
    """Return the tokens that an entry brings to each of its languages."""
    return None if entry.size is None else round(entry.size * rate.tokens_per_byte / max(1, len(set(map(base, entry.languages)))))


def _dearness(one: Fill) -> tuple[bool, bool, float, int, str]:
    tokens = one.tokens or 0
    return (not tokens, one.per_million is None, one.per_million or 0.0, -tokens, one.entry.dataset)


def _costs(fills: Sequence[Fill]) -> tuple[Total, ...]:
    sums: dict[str, float] = {}
    for one in fills:
        price = one.entry.price
        if price.amount:
            sums[price.currency] = sums.get(price.currency, 0.0) + price.amount
    return tuple(Total(currency, amount) for currency, amount in sorted(sums.items()))


def _said(held: Sequence[Held], rate: Yield) -> Iterable[str]:
    if rate.of:
        yield f"A byte becomes {rate.tokens_per_byte:.3f} tokens: measured on {', '.join(rate.of[:5])}."
    else:
        yield f"A byte becomes {rate.tokens_per_byte:.3f} tokens: nothing was prepared here yet, so this is a guess, not a measurement."
    if any(len(set(map(base, one.languages))) > 1 and one.tokens is None for one in held):
        yield "Data in several languages that was not prepared counts in the same share for each."
    if any(not one.languages and one.tokens is None for one in held):
        yield f"Data that does not say its language counts as {OTHER}, and for no language that is asked for."
