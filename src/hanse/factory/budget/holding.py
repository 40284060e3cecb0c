"""What the facility holds, in tokens: each piece of data once, however many versions and products there are of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from hanse.factory.budget.portions import Portion, accepted, domains_of, language_of, languages_of, licence_of, spread
from hanse.factory.budget.records import DEFAULT_YIELD, UNSAID, Held, Wish, Yield


class Lineage:
    """What was made of what, among versions that are there or were."""

    def __init__(self, held: Sequence[Held]) -> None:
        self._known = {one.version: one for one in held}

    def origins(self, one: Held) -> list[str]:
        """Return the ids of the versions that it was made of in the end, sorted; of what was made of nothing, its own."""
        found, seen, open_ = set[str](), set[str](), [one.version]
        while open_:
            id = open_.pop()
            if id in seen:
                continue
            seen.add(id)
            known = self._known.get(id)
            if known is None or not known.sources:
                found.add(id)
            else:
                open_ += known.sources
        return sorted(found)

    def known(self, ids: Iterable[str]) -> list[Held]:
        """Return those of which anything is known."""
        return [self._known[id] for id in ids if id in self._known]

    def grounds(self, one: Held) -> frozenset[str]:
        """Return names of the data that it rests on: two versions that share one hold, or may hold, the same bytes."""
        ids = self.origins(one)
        return frozenset([*map(name_of, ids), *(known.root for known in self.known(ids) if known.root)])


class There(Struct, frozen=True, kw_only=True):
    """What is there: portions that count, tokens set aside by reason, the yield, and what holds the same data once more."""

    portions: tuple[Portion, ...]
    aside: Mapping[str, int]
    measured: Yield
    again: tuple[str, ...]
    guessed: bool
    """Whether tokens were spread evenly over several languages or domains."""


def there(wish: Wish, held: Sequence[Held]) -> There:
    """Return what is held, in tokens."""
    lineage = Lineage(held)
    taken = once(held, lineage)
    rate = measured_yield(taken, lineage)
    portions, aside, guessed = list[Portion](), dict[str, int](), False
    for one in taken:
        reason, cut, evenly = _portions(one, lineage, rate, wish)
        guessed = guessed or evenly
        if reason:
            asked = sum(part.tokens for part in cut if part.language in wish.languages)
            aside[reason] = aside.get(reason, 0) + asked
        else:
            portions += cut
    used = {id for one in taken for id in (one.version, *lineage.origins(one), *one.sources)}
    again = sorted(one.version for one in held if not one.gone and one.version not in used)
    aside = {name: tokens for name, tokens in sorted(aside.items()) if tokens}
    return There(portions=tuple(portions), aside=aside, measured=rate, again=tuple(again), guessed=guessed)


def once(held: Sequence[Held], lineage: Lineage) -> list[Held]:
    """Return versions no two of which rest on the same data: products with tokens before what was not prepared."""
    taken, covered = list[Held](), set[str]()
    for one in sorted((one for one in held if not one.gone), key=_choice(held)):
        grounds = lineage.grounds(one)
        if covered.isdisjoint(grounds):
            taken.append(one)
            covered |= grounds
    return taken


def _choice(held: Sequence[Held]) -> Callable[[Held], tuple[int, bool, int, str]]:
    """Return what versions are ordered by: the newest products by tokens, older ones, what was not prepared (newest first), the rest."""
    newest: dict[str, int] = {}
    for one in held:
        if not one.gone and one.tokens is not None:
            newest[name_of(one.version)] = max(newest.get(name_of(one.version), 0), number_of(one.version))

    def key(one: Held) -> tuple[int, bool, int, str]:
        number = number_of(one.version)
        if one.tokens is not None:
            return 0, newest[name_of(one.version)] != number, -one.tokens, one.version
        return 2 if one.sources else 1, False, -number, one.version

    return key


def measured_yield(taken: Sequence[Held], lineage: Lineage) -> Yield:
    """Return what a byte became in all that was prepared of data whose size is known; the default where nothing was.

    A product without a single token tells of a pipeline that dropped everything, and of no yield.
    """
    made, size, tokens = list[str](), 0, 0
    for one in taken:
        origins = lineage.origins(one)
        known = lineage.known(origins)
        if one.tokens and one.sources and len(known) == len(origins):
            made.append(one.version)
            size += sum(each.size for each in known)
            tokens += one.tokens
    return Yield(tokens_per_byte=tokens / size, of=tuple(sorted(made))) if size else DEFAULT_YIELD


def name_of(version: str) -> str:
    """Return the name of `name@number`."""
    return version.partition("@")[0]


def number_of(version: str) -> int:
    """Return the number of `name@number`; 0 for what has none."""
    text = version.rpartition("@")[2]
    return int(text) if text.isascii() and text.isdigit() else 0


def _portions(one: Held, lineage: Lineage, rate: Yield, wish: Wish) -> tuple[str, list[Portion], bool]:
    """Return why a version does not count, its portions, and whether they were cut evenly for want of knowledge."""
    origins = [one, *lineage.known(lineage.origins(one))]
    languages = languages_of(one.languages or [tag for each in origins for tag in each.languages], wish)
    topics = one.topics or [topic for each in origins for topic in each.topics]
    licences = one.licences or [name for each in origins[1:] for name in each.licences or [UNSAID]]
    domains = domains_of(topics, wish)
    licence = licence_of(licences)
    reason = "another domain" if not domains else "" if accepted(licences, wish) else "another licence"
    counted = one.tokens is not None
    tokens = _tokens(one, languages, rate, wish)
    evenly = (len(languages) > 1 and not (counted and one.by_language)) or len(domains) > 1
    kind = "counted" if counted and not evenly else "estimated"
    cut = [
        Portion(language, domain, licence, part, kind)  # type: ignore[arg-type]
        for language, total in tokens.items()
        for domain, part in spread(total, domains or [UNSAID]).items()
    ]
    return reason, cut, evenly


def _tokens(one: Held, languages: Sequence[str], rate: Yield, wish: Wish) -> dict[str, int]:
    if one.tokens is None:
        return spread(round(one.size * rate.tokens_per_byte), languages)
    if not one.by_language:
        return spread(one.tokens, languages)
    sums: dict[str, int] = {}
    for tag, count in one.by_language.items():
        name = language_of(tag, wish)
        sums[name] = sums.get(name, 0) + count
    return sums
