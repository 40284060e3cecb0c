"""Reads what a model is said to be: `1e9` or `7B` parameters, languages `de,fr` or with shares, `de=0.7,fr=0.3`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from hanse.dcat.languages import tag_of
from hanse.dcat.licences import MAX_LICENCE, normal
from hanse.factory.budget.records import TOKENS_PER_PARAMETER, Wish
from hanse.kernel.errors import Invalid
from hanse.odrl.price import read_price

MOST: Final = 16
"""Languages, domains and licences of one plan."""
_MOST_PARAMETERS: Final = 1e15
_NUMBER: Final = re.compile(r"([0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE]\+?[0-9]{1,2})?)\s*([KMBT]?)")
_UNITS: Final = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_TAG: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,15}")
_DOMAIN: Final = re.compile(r"[^,=\"]{1,100}")
_SHARE: Final = re.compile(r"0?\.[0-9]{1,9}|[01](?:\.0{1,9})?")


def wish_of(
    parameters: str,
    languages: str,
    *,
    ratio: float = TOKENS_PER_PARAMETER,
    domains: str = "",
    licences: Sequence[str] = (),
    budget: str | None = None,
) -> Wish:
    """Return the wish. Raises `Invalid` naming what cannot be read in `where`."""
    if not (math.isfinite(ratio) and 0 < ratio <= 1e6):
        raise Invalid("Tokens for each parameter are a number above 0, and at most a million.", where="ratio", rule="range")
    if len(licences) > MOST or not all(0 < len(one.strip()) <= MAX_LICENCE for one in licences):
        raise Invalid(f"At most {MOST} licences, each a name or an address.", where="licence", rule="licence")
    asked = _shares(languages, "languages", "language", "de,fr", _tag)
    if len(set(map(base, asked))) < len(asked):
        raise Invalid("Regions of one language are one language here.", where="languages", rule="language", hint="Name each once, e.g. pt.")
    return Wish(
        parameters=_parameters(parameters),
        languages=asked,
        ratio=ratio,
        domains=_shares(domains, "domain", "domain", "health,law", _domain) if domains.strip() else {},
        licences=tuple(dict.fromkeys(map(normal, licences))),
        budget=None if budget is None else read_price(budget, "budget"),
    )


def base(tag: str) -> str:
    """Return the language of a tag without region and script: `pt` of `pt-BR` (BCP 47)."""
    return tag_of(tag).partition("-")[0].lower()


def _parameters(text: str) -> float:
    found = _NUMBER.fullmatch(text.strip())
    value = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 1 <= value <= _MOST_PARAMETERS:
        hint = "Write a number of parameters such as 1e9, 350M or 7B."
        raise Invalid(f"{text[:40]!r} is no number of parameters.", where="parameters", rule="range", hint=hint)
    return value


def _tag(text: str) -> str:
    tag = tag_of(text)
    return tag if _TAG.fullmatch(tag) else ""


def _domain(text: str) -> str:
    return " ".join(text.casefold().split()) if _DOMAIN.fullmatch(text) and text.isprintable() else ""


def _shares(text: str, where: str, noun: str, example: str, read: Callable[[str], str]) -> dict[str, float]:
    """Return names and the share of each: `a,b` the same, `a=0.7,b=0.3` those."""
    first, _, second = example.partition(",")
    hint = f"Write {example} (the same share each), or shares that sum to 1: {first}=0.7,{second}=0.3."
    parts = text.split(",")
    if len(parts) > MOST:
        raise Invalid(f"At most {MOST} of them.", where=where, rule=noun, hint=hint)
    shares: dict[str, str] = {}
    for one in parts:
        name, equals, share = (part.strip() for part in one.partition("="))
        known = read(name)
        if not known:
            raise Invalid(f"{name[:40]!r} is no {noun}.", where=where, rule=noun, hint=hint)
        if known in shares:
            raise Invalid(f"The {noun} {name[:40]!r} stands here twice.", where=where, rule=noun, hint=hint)
        if equals and (not _SHARE.fullmatch(share) or not float(share)):
            raise Invalid(f"{share[:40]!r} is no share: one is above 0 and at most 1.", where=where, rule=noun, hint=hint)
        shares[known] = share
    if not any(shares.values()):
        return dict.fromkeys(shares, 1 / len(shares))
    if not all(shares.values()) or sum(map(Decimal, shares.values())) != 1:
        raise Invalid("Either none of them has a share, or all have and they sum to 1.", where=where, rule="shares", hint=hint)
    return {name: float(share) for name, share in shares.items()}
