"""Is a wish one that can be fulfilled? Every field is looked at, and the one that is wrong is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from msgspec import structs

from hanse.dcat.languages import is_tag
from hanse.dcat.licences import MAX_LICENCE, normal
from hanse.factory.acquire.query import read_query
from hanse.factory.acquire.records import Limits, Wish
from hanse.kernel.errors import Invalid
from hanse.odrl.match.expand import included

MOST: Final = 32
"""Licences, languages, or measures of quality in one wish."""
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=366)
_MAX_NAME: Final = 200


def checked(wish: Wish) -> Wish:
    """Return the wish with its licences in their normal form. Raises `Invalid`, naming the field."""
    read_query(wish.query)
    for problem in _problems(wish):
        raise problem
    return structs.replace(wish, licences=tuple(dict.fromkeys(map(normal, wish.licences))))


def _problems(wish: Wish) -> Iterator[Invalid]:
    if included(wish.action) is None:
        yield _wrong("action", f"{wish.action[:80]!r} is no use that offers are compared with", "For example train, or use.")
    for name, many in (("licences", wish.licences), ("languages", wish.languages), ("quality", [*wish.quality, *wish.quality_most])):
        if len(many) > MOST:
            yield _wrong(name, f"at most {MOST} of them can be named", "Leave some out.")
    yield from _names(wish)
    if wish.max_size is not None and wish.max_size <= 0:
        yield _wrong("max_size", "it is not more than nothing", "For example 10 GB.")
    yield from _standing(wish)
    yield from _of_limits("limits", wish.limits)


PLACES: Final = ("hot", "cold")
"""The places of the facility; without a word data is stored in the hot one."""


def _names(wish: Wish) -> Iterator[Invalid]:
    if any(not 0 < len(one) <= MAX_LICENCE for one in wish.licences):
        yield _wrong("licences", "a licence is named by an SPDX id or an address", "For example CC-BY-4.0.")
    for tag in wish.languages:
        if not is_tag(tag):
            yield _wrong("languages", f"{tag[:40]!r} is no language", "A tag of BCP 47, such as de or pt-BR.")
    if wish.into not in ("", *PLACES):
        yield _wrong("into", f"the facility has no place {wish.into[:40]!r}", f"Say {' or '.join(PLACES)}.")
    for name, text in (("purpose", wish.purpose or ""), *(("quality", one) for one in (*wish.quality, *wish.quality_most))):
        if len(text) > _MAX_NAME:
            yield _wrong(name, f"it has more than {_MAX_NAME} characters", "Shorten it.")


def _standing(wish: Wish) -> Iterator[Invalid]:
    if wish.standing is None:
        return
    if not SHORTEST <= wish.standing.every <= LONGEST:
        yield _wrong("standing.every", "an order looks at most once a minute and at least once a year", "For example P1D.")
    if wish.dry_run:
        yield _wrong("dry_run", "a standing order is no dry run", "Leave one of the two out.")
    if wish.limits.budget is not None and wish.standing.total.budget is None:
        yield _wrong("standing.total.budget", "a standing order that may spend money says how much in all", "For example total: 5000EUR.")
    yield from _of_limits("standing.total", wish.standing.total)


def _of_limits(name: str, limits: Limits) -> Iterator[Invalid]:
    for part, number in (("size", limits.size), ("datasets", limits.datasets)):
        if number is not None and number <= 0:
            yield _wrong(f"{name}.{part}", "it is not more than nothing", "Leave it out for no limit.")
    prices = [price for price in (limits.budget, limits.each) if price is not None]
    if any(price.amount < 0 for price in prices):
        yield _wrong(f"{name}.budget", "it is less than nothing", "For example 500EUR.")
    if len({price.currency for price in prices}) > 1:
        yield _wrong(f"{name}.each", "its currency is another than the budget's, and nothing is converted", "Use one currency.")


def _wrong(where: str, what: str, hint: str) -> Invalid:
    return Invalid(f"This cannot be ordered: {what}.", where=where, rule="order", hint=hint)
