"""Values as people type them: dates, lengths of time, amounts, sizes."""

from __future__ import annotations

import re
from datetime import datetime

from hanse.odrl.constraints.places import COUNTRIES, PLACES, place
from hanse.odrl.names import HANSE
from hanse.odrl.templates.pieces import Words, one_of, wrong
from hanse.odrl.when import read_when

SIZES = ("B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB")
LEVELS = ("base", "trust", "trust+")
CLASSIFICATIONS = ("public", "internal", "confidential", "secret")
RISKS = ("outside-eu", "origin-unknown", "rights-unclear", "personal-data", "persons-unknown")
STATES = ("encrypted", "pseudonymised", "anonymised")

NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?")
_NUMBER = re.compile("[0-9]{1,12}")
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
_CURRENCY = re.compile("[A-Z]{3}")
_DURATION = re.compile(
    r"P(?=[0-9T])(?:[0-9]{1,6}Y)?(?:[0-9]{1,6}M)?(?:[0-9]{1,6}D)?(?:T(?=[0-9])(?:[0-9]{1,6}H)?(?:[0-9]{1,6}M)?(?:[0-9]{1,6}S)?)?"
)
_WEEK = 7  # xsd:duration has no weeks
_UNITS = {"second": "PT{}S", "minute": "PT{}M", "hour": "PT{}H", "day": "P{}D", "week": "P{}D", "month": "P{}M", "year": "P{}Y"}


def places(words: Words) -> list[str]:
    """Take countries and groups of countries, in the form in which they are compared. Raises `Invalid`."""
    found = [place(name) for name in words.names("a place")]
    for name in found:
        if name not in PLACES.extents:
            groups = ", ".join(sorted(PLACES.extents.keys() - COUNTRIES))
            raise wrong(f"{name[:80]!r} is not a country such as DE (ISO 3166-1), and not one of {groups}.")
    return list(dict.fromkeys(found))


def date(text: str) -> datetime:
    """Return the start of a day, or a moment. Raises `Invalid`."""
    when = read_when(text)
    if when is None:
        raise wrong(f"{text[:80]!r} is not a date like 2027-01-01 or 2027-01-01T12:00:00Z.")
    return when.start


def duration(words: Words) -> str:
    """Take a length of time, `P30D` or `30 days`, and return it as xsd:duration. Raises `Invalid`."""
    text = words.one("a length of time such as P30D or 30 days")
    if _DURATION.fullmatch(text) and re.search("[1-9]", text):
        return text
    if _NUMBER.fullmatch(text) and int(text):
        unit = words.one("a unit such as days")
        written = _UNITS.get(unit.removesuffix("s"))
        if written is None:
            raise wrong(f"{unit[:80]!r} is not one of {', '.join(f'{name}s' for name in _UNITS)}.")
        return written.format(int(text) * (_WEEK if unit.startswith("week") else 1))
    raise wrong(f"{text[:80]!r} is not a length of time such as P30D or 30 days.")


def number(text: str, least: int = 1) -> str:
    """Return a whole number of at least `least`. Raises `Invalid`."""
    if not _NUMBER.fullmatch(text) or int(text) < least:
        raise wrong(f"{text[:80]!r} is not a whole number from {least} on.")
    return str(int(text))


def quantity(words: Words, of: str) -> str:
    """Take a positive amount."""
    text = words.one(of)
    if not _AMOUNT.fullmatch(text) or not re.search("[1-9]", text):
        raise wrong(f"{text[:80]!r} is not {of}.")
    return text


def money(words: Words) -> dict[str, object]:
    """Take an amount and a currency, such as `500 EUR`. Raises `Invalid`."""
    amount = quantity(words, "an amount such as 500 or 12.50")
    currency = words.one("a currency such as EUR")
    if not _CURRENCY.fullmatch(currency):
        raise wrong(f"{currency[:80]!r} is not a currency such as EUR.")
    return _typed(amount, currency)


def size(words: Words) -> dict[str, object]:
    """Take a size such as `10 GB`. Raises `Invalid`."""
    amount = quantity(words, "a size such as 10")
    return _typed(amount, one_of(words.one("a unit such as GB"), SIZES))


def _typed(value: str, unit: str) -> dict[str, object]:
    """A unit travels in a typed value only: DSP 2025-1 drops the member `unit`."""
    return {"@value": value, "@type": f"{HANSE}unit:{unit}"}
