"""Tokens cut into portions of one language, one domain and one licence each, which add up to what they were cut from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from hanse.dcat.licences import accepts, normal
from hanse.factory.budget.records import OTHER, UNSAID, Wish
from hanse.factory.budget.wish import base

Cell = tuple[str, str]
"""A language and a domain that are wanted; the domain is empty where any will do."""


class Portion(Struct, frozen=True):
    """Tokens of one language, domain and licence; `kind` says where they are."""

    language: str
    domain: str
    licence: str
    tokens: int
    kind: Literal["counted", "estimated", "offered"]


def wanted(wish: Wish) -> dict[Cell, int]:
    """Return the tokens that are wanted of each language and domain; rounding loses none of them."""
    cells, before, share = dict[Cell, int](), 0, 0.0
    for language, of_language in wish.languages.items():
        for domain, of_domain in (wish.domains or {"": 1.0}).items():
            share += of_language * of_domain
            until = round(wish.tokens * min(share, 1.0))
            cells[language, domain], before = until - before, until
    if cells:
        cells[next(reversed(cells))] += wish.tokens - before  # what shares such as thirds leave
    return cells


def spread(tokens: int, names: Sequence[str]) -> dict[str, int]:
    """Return the tokens in equal parts, by name: what nobody counted apart."""
    part, rest = divmod(tokens, len(names))
    return {name: part + (index < rest) for index, name in enumerate(names)}


def languages_of(tags: Iterable[str], wish: Wish) -> list[str]:
    """Return languages as they were asked for, others without region; the undetermined one where there is none."""
    return list(dict.fromkeys(language_of(one, wish) for one in sorted(tags))) or [OTHER]


def language_of(tag: str, wish: Wish) -> str:
    """Return a language as it was asked for."""
    return next((one for one in wish.languages if base(one) == base(tag)), base(tag))


def domains_of(topics: Iterable[str], wish: Wish) -> list[str]:
    """Return the wanted domains that data has; where any will do its first topic; nothing if none of them is wanted."""
    known = list(dict.fromkeys(" ".join(one.casefold().split()) for one in topics))
    if wish.domains:
        return [one for one in wish.domains if one in known]
    return known[:1] or [UNSAID]


def licence_of(licences: Iterable[str]) -> str:
    """Return what holds for data under all of these licences, as one text."""
    return " AND ".join(sorted({normal(one) for one in licences if one})) or UNSAID


def accepted(licences: Iterable[str], wish: Wish) -> bool:
    """Tell whether every one of the licences will do; one that is not said will not, if any was named."""
    return not wish.licences or all(one not in ("", UNSAID) and accepts(wish.licences, one) for one in (list(licences) or [""]))


def cell_of(portion: Portion, wish: Wish) -> Cell:
    """Return which want a portion is for."""
    return portion.language, portion.domain if wish.domains else ""


def by_cell(portions: Iterable[Portion], wish: Wish) -> Mapping[Cell, int]:
    """Return the sum of portions for each want."""
    sums: dict[Cell, int] = {}
    for one in portions:
        cell = cell_of(one, wish)
        sums[cell] = sums.get(cell, 0) + one.tokens
    return sums


_THEMES: Final = {
    "agri": "agriculture",
    "econ": "economy",
    "educ": "education",
    "ener": "energy",
    "envi": "environment",
    "gove": "government",
    "heal": "health",
    "intr": "international",
    "just": "justice",
    "regi": "regions",
    "soci": "society",
    "tech": "science",
    "tran": "transport",
}
"""The data themes of the Publications Office of the European Union, which DCAT-AP asks for, in one word each."""


def topics_of(theme: str | None, keywords: Iterable[str]) -> tuple[str, ...]:
    """Return what data is about, as it says: its theme by its last part (those of the EU as a word, too), then its keywords."""
    last = re.split("[/#]", (theme or "").rstrip("/#"))[-1].casefold()
    named = [_THEMES.get(last, last), last] if last else []
    return tuple(dict.fromkeys([*named, *(one.casefold() for one in keywords if one.strip())]))
