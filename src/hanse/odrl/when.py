"""Moments and days as right operands (XML Schema 1.1 part 2, dateTime and date)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from msgspec import Struct

_ZONE = r"(?P<zone>Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
_DAY = re.compile(r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})" + _ZONE)
# Seconds may be missing, as in the standard's own examples ("2023-12-31T06:00Z").
_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?P<hour>[0-9]{2}):(?P<minute>[0-5][0-9])"
    r"(?::(?P<second>[0-5][0-9])(?:\.(?P<fraction>[0-9]+))?)?" + _ZONE
)
_XSD = ("xsd:", "http://www.w3.org/2001/XMLSchema#")
_TICK = timedelta(microseconds=1)
_MICROSECOND_DIGITS = 6
_LONGEST = 64


class When(Struct, frozen=True):
    """A span of time in UTC: from `start`, and before `end`. A moment lasts one microsecond, a day 24 hours."""

    start: datetime
    end: datetime

    @property
    def is_day(self) -> bool:
        """Whether a whole day is meant."""
        return self.end - self.start > _TICK


def read_when(value: object) -> When | None:
    """Return the moment or the day that a right operand names, `None` when it names neither.

    Accepts text and `{"@value": text, "@type": xsd:dateTime or xsd:date}`. Without a zone UTC is meant. What lies
    outside the years 1 to 9999 or below the microsecond is not read, because it could not be compared exactly.
    """
    if isinstance(value, str):
        return _read_text(value)
    if not isinstance(value, dict) or not set(value) <= {"@value", "@type"}:
        return None
    text, kind = value.get("@value"), value.get("@type")
    found = _read_text(text) if isinstance(text, str) else None
    if found is None or kind is None:
        return found
    wanted = "date" if found.is_day else "dateTime"
    return found if kind in [prefix + wanted for prefix in _XSD] else None


def _read_text(text: str) -> When | None:
    if len(text) > _LONGEST:
        return None
    try:
        if day := _DAY.fullmatch(text):
            start = _start(day)
            return When(start, start + timedelta(days=1))
        if moment := _MOMENT.fullmatch(text):
            start = _start(moment) + _time(moment)
            return When(start, start + _TICK)
    except (ValueError, OverflowError):
        return None
    return None


def _start(found: re.Match[str]) -> datetime:
    year, month, day = map(int, found["day"].split("-"))
    return datetime(year, month, day, tzinfo=_zone(found["zone"])).astimezone(UTC)


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)


def _time(found: re.Match[str]) -> timedelta:
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    fraction = (found["fraction"] or "").rstrip("0")
    time = timedelta(hours=hour, minutes=minute, seconds=second)
    # 24:00:00 is the one moment of hour 24: midnight at the end of the day.
    if time > timedelta(days=1) or (hour == 24 and fraction) or len(fraction) > _MICROSECOND_DIGITS:
        raise ValueError("no such moment")
    return time + timedelta(microseconds=int(fraction.ljust(_MICROSECOND_DIGITS, "0")))


def write_moment(moment: datetime) -> str:
    """Return `moment` as xsd:dateTime in UTC with `Z`, with as many digits as it has."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
