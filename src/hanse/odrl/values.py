"""Right operands as values that can be compared: exact numbers, periods, sizes, money, names, languages (ODRL 2.2 IM, 2.5.1).

A right operand is text, a list, or a JSON-LD object (`{"@value": ..., "@type": ...}`, `{"@id": ...}`). Numbers are exact: a bare
fraction of JSON is not read, because it has been rounded already. Everything is bounded, and what is not read is `None`, which
the engine takes as unknown. Moments and days are read by `when`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from msgspec import Struct

from hanse.odrl.model import Atomic
from hanse.odrl.names import HANSE

Number = int | Fraction
"""An exact number; whole ones are `int`, because they compare fastest."""

T = TypeVar("T")

UNIT = f"{HANSE}unit:"
"""Begins the IRI of a unit: `urn:hanse:odrl:unit:EUR`, `urn:hanse:odrl:unit:GB`."""

MAX_ITEMS = 10_000
"""A list of more right operands is not read."""
MAX_NAME = 2_048
"""A longer name is not read."""

_XSD = ("xsd:", "http://www.w3.org/2001/XMLSchema#")
_WHOLE = frozenset({
    "integer", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger", "long", "int", "short", "byte",
    "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte",
})  # fmt: skip
_NUMERIC = _WHOLE | {"decimal", "double", "float"}
_PERIODS = frozenset({"duration", "dayTimeDuration", "yearMonthDuration"})
_TEXTS = frozenset({"string", "anyURI", "language", "token", "boolean"})

# Every part is bounded and ends with a character that it cannot itself contain, so that matching is linear.
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?")
_PERIOD = re.compile(
    r"P(?:(?P<years>[0-9]{1,6})Y)?(?:(?P<months>[0-9]{1,6})M)?(?:(?P<weeks>[0-9]{1,6})W)?(?:(?P<days>[0-9]{1,7})D)?"
    r"(?P<time>T(?:(?P<hours>[0-9]{1,9})H)?(?:(?P<minutes>[0-9]{1,9})M)?(?:(?P<seconds>[0-9]{1,12}(?:\.[0-9]{1,6})?)S)?)?"
)
_CURRENCY = re.compile("[A-Z]{3}")
_LANGUAGE = re.compile("[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,15}")
_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_TENS = ("k", "M", "G", "T", "P", "E")
SIZES = {
    "B": 1,
    "KB": 1_000,
    **{f"{letter}B": 1_000**power for power, letter in enumerate(_TENS, 1)},
    **{f"{letter.upper()}iB": 1_024**power for power, letter in enumerate(_TENS, 1)},
}
"""Units of size in bytes (IEC 80000-13): kB is 1,000 bytes, KiB is 1,024."""
_ELSEWHERE = {
    "http://dbpedia.org/resource/Euro": "EUR",
    "http://dbpedia.org/resource/United_States_dollar": "USD",
    "http://dbpedia.org/resource/Pound_sterling": "GBP",
}
"""Units as the examples of the standard write them."""


class Quantity(Struct, frozen=True):
    """A number with its unit: the part of the IRI after `UNIT`, a whole IRI of another kind, or empty for none."""

    amount: Number
    unit: str = ""


class Period(Struct, frozen=True):
    """A length of time: whole months, which have no fixed length, and a fixed rest."""

    months: int
    rest: timedelta

    @property
    def fixed(self) -> bool:
        """Whether it is of the same length at any time."""
        return self.months == 0

    def after(self, start: datetime) -> datetime | None:
        """Return when it ends if it begins at `start` (XML Schema 1.1 part 2, E.3.3); `None` beyond the calendar."""
        try:
            if self.months:
                year, month = divmod(start.year * 12 + start.month - 1 + self.months, 12)
                start = start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))
            return start + self.rest
        except (ValueError, OverflowError):
            return None


def typed(atomic: Atomic) -> list[object] | None:
    """Return the right operands one by one, each with the constraint's unit or data type put on it; `None` for none or too many."""
    items: list[object] = atomic.right if isinstance(atomic.right, list) else [atomic.right]
    kind = atomic.unit or atomic.data_type
    if not 0 < len(items) <= MAX_ITEMS:
        return None
    if kind is None:
        return items
    return [{"@value": item, "@type": kind} if isinstance(item, str) else _marked(item, kind) for item in items]


def _marked(item: object, kind: str) -> object:
    """Return a right operand that is an object with a unit put on it, unless it has another one: two kinds at once mean nothing."""
    if not isinstance(item, dict) or "@value" not in item:
        return item
    own = item.get("@type")
    return {**item, "@type": kind} if own is None or own == kind or _xsd(own) in _NUMERIC else {"@value": None}


def read_all(atomic: Atomic, read: Callable[[object], T | None]) -> tuple[T, ...] | None:
    """Return all right operands as `read` reads them; `None` when there is none, or one is not read."""
    if atomic.unit is None and atomic.data_type is None and not isinstance(atomic.right, list):
        single = read(atomic.right)
        return None if single is None else (single,)
    found = [read(item) for item in typed(atomic) or ()]
    known = tuple(one for one in found if one is not None)
    return known if known and len(known) == len(found) else None


def _split(value: object) -> tuple[object, object]:
    """Return a right operand's text and its type."""
    if isinstance(value, dict):
        if not value.keys() <= {"@value", "@type"}:
            return None, None
        return value.get("@value"), value.get("@type")
    return value, None


def _xsd(kind: object) -> str | None:
    """Return the name of a type of XML Schema; `None` for any other type."""
    if not isinstance(kind, str):
        return None
    return next((kind[len(prefix) :] for prefix in _XSD if kind.startswith(prefix)), None)


def unit_of(kind: object) -> str | None:
    """Return the unit that a type IRI names; `None` when it names none."""
    if not isinstance(kind, str) or len(kind) > MAX_NAME or _xsd(kind) is not None:
        return None
    return kind[len(UNIT) :] if kind.startswith(UNIT) else _ELSEWHERE.get(kind, kind)


def exact(value: object) -> Number | None:
    """Return a number as an exact one; `None` for anything else, and for floats, which have been rounded."""
    if type(value) is int:
        return value
    if isinstance(value, Decimal):
        return _shortest(Fraction(value)) if value.is_finite() else None
    return _shortest(value) if isinstance(value, Fraction) else None


def _shortest(value: Fraction) -> Number:
    return value.numerator if value.denominator == 1 else value


def number_in(text: object) -> Number | None:
    """Return the number that a text spells, as the types of XML Schema do; `None` for any other text or value."""
    if type(text) is int:
        return text if abs(text) < 10**80 else None
    if not isinstance(text, str) or len(text) > 96 or not _NUMBER.fullmatch(text):
        return None
    return int(text) if text.isdigit() else _shortest(Fraction(Decimal(text)))


def read_number(value: object) -> Quantity | None:
    """Return a number, with its unit if it has one."""
    text, kind = _split(value)
    number = number_in(text)
    if number is None or kind is None:
        # A bare number of JSON may have been anything before; only within `@value` it is meant as one.
        return None if number is None or type(value) is int else Quantity(number)
    sort = _xsd(kind)
    if sort is not None:
        return Quantity(number) if sort in _NUMERIC and (sort not in _WHOLE or type(number) is int) else None
    unit = unit_of(kind)
    return None if unit is None else Quantity(number, unit)


def read_size(value: object) -> Number | None:
    """Return a size in bytes; a number without a unit means bytes."""
    quantity = read_number(value)
    if quantity is None or (quantity.unit and quantity.unit not in SIZES):
        return None
    size = quantity.amount * SIZES.get(quantity.unit, 1)
    return _shortest(Fraction(size))


def read_money(value: object) -> Quantity | None:
    """Return an amount of money; `None` when it has no currency (ISO 4217, three letters)."""
    quantity = read_number(value)
    return quantity if quantity is not None and _CURRENCY.fullmatch(quantity.unit) else None


def read_period(value: object) -> Period | None:
    """Return a length of time (xsd:duration, and weeks as in ISO 8601), down to the microsecond; negative ones are not read."""
    text, kind = _split(value)
    if not isinstance(text, str) or len(text) > 64 or (kind is not None and _xsd(kind) not in _PERIODS):
        return None
    found = _PERIOD.fullmatch(text)
    if found is None or text == "P" or found["time"] == "T":
        return None
    months = int(found["years"] or 0) * 12 + int(found["months"] or 0)
    microseconds = sum(Fraction(found[part] or 0) * seconds for part, seconds in _SECONDS.items()) * 1_000_000
    try:
        return Period(months, timedelta(microseconds=int(microseconds)))
    except OverflowError:
        return None


def read_name(value: object) -> str | None:
    """Return the name or IRI that a right operand is, or refers to with `@id`; empty or blank text is no name."""
    if isinstance(value, dict) and value.keys() == {"@id"}:
        value = value["@id"]
    text, kind = _split(value)
    if not isinstance(text, str) or len(text) > MAX_NAME or not text.strip():
        return None
    return text if kind is None or _xsd(kind) in _TEXTS else None


def read_language(value: object) -> str | None:
    """Return a language tag (BCP 47) in lower case, which makes equal tags equal."""
    name = read_name(value)
    return name.lower() if name is not None and _LANGUAGE.fullmatch(name) else None


def read_version(value: object) -> tuple[int, ...] | None:
    """Return a version of numbers with points, `2.0.1`; noughts at the end say nothing."""
    name = read_name(value)
    parts = name.split(".") if name is not None and len(name) <= 64 else []
    if not 0 < len(parts) <= 8 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    numbers = [int(part) for part in parts]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(span: timedelta) -> Fraction:
    """Return a span of time in seconds, exact."""
    return Fraction(span // timedelta(microseconds=1), 1_000_000)


def posix(moment: datetime) -> Fraction:
    """Return a moment as seconds since 1970 in UTC, exact."""
    return seconds(moment - EPOCH)
