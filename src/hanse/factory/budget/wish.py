"""Reads what a model is said to be: `1e9` or `7B` parameters, languages `de,fr` or with shares, `de=0.7,fr=0.3`."""

from __future__ import annotations

import math
import re
from typing import Final

from hanse.factory.budget.records import TOKENS_PER_PARAMETER, Wish
from hanse.kernel.errors import Invalid

_MOST_PARAMETERS: Final = 1e15
_NUMBER: Final = re.compile(r"([0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE]\+?[0-9]{1,2})?)\s*([KMBT]?)")
_UNITS: Final = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_TAG: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


def wish_of(parameters: str, languages: str, ratio: float = TOKENS_PER_PARAMETER) -> Wish:
    """Return the wish. Raises `Invalid` naming what cannot be read in `where`."""
    if not (math.isfinite(ratio) and 0 < ratio <= 1e6):
        raise Invalid("Tokens for each parameter are a number above 0.", where="tokens-per-parameter", rule="range")
    return Wish(parameters=_parameters(parameters), languages=_languages(languages), ratio=ratio)


def _parameters(text: str) -> float:
    found = _NUMBER.fullmatch(text.strip())
    value = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 1 <= value <= _MOST_PARAMETERS:
        hint = "Write a number of parameters such as 1e9, 350M or 7B."
        raise Invalid(f"{text[:40]!r} is no number of parameters.", where="parameters", rule="range", hint=hint)
    return value


def _languages(text: str) -> dict[str, float]:
    hint = "Write de,fr (the same share each), or shares that sum to 1: de=0.7,fr=0.3."
    shares: dict[str, float | None] = {}
    for one in text.split(","):
        tag, equals, share = (part.strip() for part in one.partition("="))
        if not _TAG.fullmatch(tag) or tag.lower() in shares or (equals and not _is_share(share)):
            raise Invalid(f"{one.strip()[:40]!r} is no language of its own with its share.", where="languages", rule="language", hint=hint)
        shares[tag.lower()] = float(share) if equals else None
    given = [one for one in shares.values() if one is not None]
    if not given:
        return dict.fromkeys(shares, 1 / len(shares))
    if len(given) < len(shares) or abs(sum(given) - 1) > 1e-6:
        raise Invalid("Either no language has a share, or all have and they sum to 1.", where="languages", rule="shares", hint=hint)
    return {tag: share for tag, share in shares.items() if share is not None}


def _is_share(text: str) -> bool:
    return re.fullmatch(r"0?\.[0-9]{1,9}|[01](?:\.0{1,9})?", text) is not None and float(text) > 0
