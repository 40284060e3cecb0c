"""Values of right operands in words, and back: numbers, lengths of time, moments, sizes, money, names. One `Sort` for each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Protocol

from hanse.odrl.constraints.places import place
from hanse.odrl.constraints.purposes import DPV, purpose
from hanse.odrl.say.language import Language, fill, holes
from hanse.odrl.say.scan import Reader
from hanse.odrl.values import SIZES as SIZE_UNITS
from hanse.odrl.values import UNIT, read_money, read_name, read_number, read_period, read_size, unit_of
from hanse.odrl.when import When, read_when, write_moment
from hanse.odrl.words import quote, value

_WHOLE = re.compile(r"[0-9]{1,4}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_SIZE = re.compile(r"[A-Za-z]{0,2}B")
_DURATION = re.compile(
    r"P(?:(?P<Y>[0-9]+)Y)?(?:(?P<M>[0-9]+)M)?(?:(?P<W>[0-9]+)W)?(?:(?P<D>[0-9]+)D)?"
    r"(?:T(?:(?P<H>[0-9]+)H)?(?:(?P<m>[0-9]+)M)?(?:(?P<S>[0-9]+(?:\.[0-9]+)?)S)?)?"
)
_DATE_UNITS, _TIME_UNITS = "YMWD", "HmS"
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{6}))?)?")
_ZONE = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")
_DAY_LENGTH = len("2027-01-01")


class Sort(Protocol):
    """One sort of values."""

    def say(self, right: object, language: Language) -> str | None:
        """Return the value in words; `None` when it is of another sort."""
        ...

    def read(self, reader: Reader, language: Language) -> object:
        """Read what `say` says, and return it as it stands on the wire; `None` when something else stands here."""
        ...


def _text(right: object) -> str:
    """Return the text of a right operand, of a typed one too."""
    return str(right.get("@value")) if isinstance(right, dict) else str(right)


def plain_number(right: object) -> str | None:
    """Return a decimal number without unit as its digits, with the zeros behind the point that it has; `None` for anything else."""
    quantity = read_number(right)
    return _digits(right) if quantity is not None and not quantity.unit else None


def _digits(right: object) -> str | None:
    digits = f"{Decimal(_text(right)):f}"
    return digits if read_number(digits) else None  # written out, it can be longer than what is read


def say_number(number: str, language: Language) -> str:
    """Return a plain decimal number as the language writes it, e.g. `-1,234.50`."""
    whole, _, rest = number.lstrip("-").partition(".")
    groups = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)][::-1]
    sign = "-" if number[0] == "-" else ""
    return sign + language.group.join(groups) + (language.point + rest if rest else "")


def _read_number(reader: Reader, language: Language) -> str | None:
    """Read what `say_number` says."""
    group, point = re.escape(language.group), re.escape(language.point)
    found = reader.match(_pattern(rf"-?(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+(?![0-9])|[0-9]+)(?:{point}[0-9]+)?"), "a number")
    return None if found is None else found[0].replace(language.group, "").replace(language.point, ".")


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


class _Numbers:
    def say(self, right: object, language: Language) -> str | None:
        number = plain_number(right)
        return None if number is None else say_number(number, language)

    def read(self, reader: Reader, language: Language) -> str | None:
        return _read_number(reader, language)


class _Money:
    """An amount with its currency; without one it is a number, and cannot be compared."""

    def say(self, right: object, language: Language) -> str | None:
        money = read_money(right)
        digits = _digits(right) if money else plain_number(right)
        # Without a currency it means nothing, so it is said only if it is said as it stands.
        return (
            None if digits is None or not (money or digits == right) else say_number(digits, language) + (f" {money.unit}" if money else "")
        )

    def read(self, reader: Reader, language: Language) -> object:
        number, start = _read_number(reader, language), reader.at
        if number is None:
            return None
        if reader.take(" ") and (unit := reader.match(_CURRENCY, "a currency such as EUR")):
            return {"@value": number, "@type": UNIT + unit[0]}
        reader.at = start
        return number


class _Sizes:
    """A size with its unit; without one it is in bytes."""

    def say(self, right: object, language: Language) -> str | None:
        if read_size(right) is None:
            return None
        digits = _digits(right)
        unit = unit_of(right.get("@type")) if isinstance(right, dict) else None
        return None if digits is None else f"{say_number(digits, language)} {unit or _plural(language.size, digits, language)}"

    def read(self, reader: Reader, language: Language) -> object:
        number = _read_number(reader, language)
        if number is None or not reader.take(" "):
            return None
        if any(reader.take(word) for word in sorted(language.size, key=len, reverse=True)):
            return number
        unit = reader.match(_SIZE, "a unit such as GB")
        return {"@value": number, "@type": UNIT + unit[0]} if unit and unit[0] in SIZE_UNITS else None


class _Durations:
    """`P1M2DT3H` is `1 month 2 days 3 hours`: as it was written, because a month is no number of days."""

    def say(self, right: object, language: Language) -> str | None:
        found = _DURATION.fullmatch(_text(right)) if read_period(right) else None
        if found is None:
            return None
        parts = [(unit, amount and _digits(amount)) for unit, amount in found.groupdict().items()]
        said = [(amount, _plural(language.lengths[unit], amount, language)) for unit, amount in parts if amount]
        return " ".join(f"{say_number(amount, language)} {word}" for amount, word in said)

    def read(self, reader: Reader, language: Language) -> str | None:
        start, date, time = reader.at, "", ""
        for unit in _DATE_UNITS:
            date += self._part(reader, language, unit, bool(date))
        for unit in _TIME_UNITS:
            time += self._part(reader, language, unit, bool(date or time))
        if not date and not time:
            reader.at = start
            return None
        return f"P{date}" + (f"T{time}" if time else "")

    def _part(self, reader: Reader, language: Language, unit: str, further: bool) -> str:
        start = reader.at
        if (not further or reader.take(" ")) and (number := _read_number(reader, language)):
            for word in sorted(language.lengths[unit], key=len, reverse=True):
                if reader.take(f" {word}"):
                    return number + unit.upper()
        reader.at = start
        return ""


def _plural(both: tuple[str, str], number: str, language: Language) -> str:
    return both[0] if language.is_one(number) else both[1]


def say_date(moment: datetime, language: Language) -> str:
    """Return the day of a moment, e.g. `1 January 2027`."""
    parts = {"{day}": str(moment.day), "{month}": language.months[moment.month - 1], "{year}": str(moment.year)}
    return fill(language.date, parts)


def say_moment(moment: datetime, language: Language) -> str:
    """Return a moment in UTC, e.g. `1 January 2027, 00:00 UTC`."""
    clock = moment.strftime("%H:%M:%S.%f" if moment.microsecond else "%H:%M:%S" if moment.second else "%H:%M")
    return f"{say_date(moment, language)}, {clock} UTC"


class _Moments:
    """A moment in UTC, or a day with its zone."""

    def say(self, right: object, language: Language) -> str | None:
        when = read_when(right)
        if when is None:
            return None
        if not when.is_day:
            return say_moment(when.start, language)
        text = _text(right)
        zone = text[_DAY_LENGTH:]
        day = datetime.strptime(text[:_DAY_LENGTH], "%Y-%m-%d").replace(tzinfo=UTC)
        return f"{say_date(day, language)} (UTC{'' if zone in ('', 'Z') else zone})"

    def read(self, reader: Reader, language: Language) -> str | None:
        start = reader.at
        day = _read_date(reader, language)
        text = None
        if day and reader.take(" (UTC"):
            zone = reader.match(_ZONE, "a time zone")
            written = day + (zone[0] if zone else "")
            text = written if reader.take(")") and _is_there(written, reader) else None
        elif day and reader.take(", ") and (clock := reader.match(_CLOCK, "a time such as 12:00")) and reader.take(" UTC"):
            when = _is_there(f"{day}T{clock[0]}Z", reader)
            text = write_moment(when.start) if when else None
        if text is None:
            reader.at = start
        return text


def _is_there(text: str, reader: Reader) -> When | None:
    when = read_when(text)
    if when is None:
        reader.expect("a date that the calendar has")
    return when


def _read_date(reader: Reader, language: Language) -> str | None:
    found: dict[str, int | None] = {}
    for piece in holes(language.date):
        if piece == "{month}":
            found[piece] = next((index for index, name in enumerate(language.months, 1) if reader.take(name)), None)
        elif piece.startswith("{"):
            number = reader.match(_WHOLE, "a date")
            found[piece] = int(number[0]) if number else None
        elif not reader.take(piece):
            return None
    day, month, year = found["{day}"], found["{month}"], found["{year}"]
    return f"{year:04d}-{month:02d}-{day:02d}" if day and month and year else None


class _Names:
    """Text in quotes. What a table names is said by that name too, with the text behind it."""

    def say(self, right: object, language: Language) -> str | None:
        name = read_name(right)
        if name is None:
            return None
        label = self.label(name, language)
        return f"{label} ({quote(name)})" if label else quote(name)

    def read(self, reader: Reader, language: Language) -> str | None:
        start = reader.at
        for label in self.labels(language):
            if reader.take(f"{label} ("):
                found = reader.quoted()
                if found is not None and self.label(found, language) != label:
                    reader.expect(f"a code of {label}")
                elif found is not None and reader.take(")"):
                    return found
                reader.at = start
        return reader.quoted()

    def label(self, _text: str, _language: Language) -> str:
        return ""

    def labels(self, _language: Language) -> Iterable[str]:
        return ()


class _Places(_Names):
    def label(self, text: str, language: Language) -> str:
        return language.places.get(place(text), language.place)

    def labels(self, language: Language) -> Iterable[str]:
        return (*language.places.values(), *([language.place] if language.place else []))


class _Purposes(_Names):
    def label(self, text: str, language: Language) -> str:
        return language.purposes.get(purpose(text).removeprefix(DPV), "")

    def labels(self, language: Language) -> Iterable[str]:
        return language.purposes.values()


class _Literals:
    """Any value at all, as it stands."""

    def say(self, right: object, _language: Language) -> str | None:
        return value(right) if isinstance(right, str | list | dict) else None

    def read(self, reader: Reader, _language: Language) -> object:
        return reader.literal()


NUMBERS: Sort = _Numbers()
DURATIONS: Sort = _Durations()
MOMENTS: Sort = _Moments()
MONEY: Sort = _Money()
SIZES: Sort = _Sizes()
NAMES: Sort = _Names()
PLACES: Sort = _Places()
PURPOSES: Sort = _Purposes()
LITERALS: Sort = _Literals()
