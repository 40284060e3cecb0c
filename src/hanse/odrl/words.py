"""Small words that decisions and sentences share. What a peer wrote is quoted, so that it cannot pass for our words."""

from __future__ import annotations

from datetime import datetime

import msgspec

from hanse.odrl.model import Atomic
from hanse.odrl.when import When

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def quote(text: str) -> str:
    r"""Return `text` in double quotes, whole; what is not printable (control, direction marks) as an escape like \u202e."""
    return '"' + "".join(map(_printable, text)) + '"'


def _printable(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def value(right: object) -> str:
    """Return a right operand literally: text quoted, anything else as JSON."""
    if isinstance(right, str):
        return quote(right)
    # JSON escapes quotes itself; only what is not printable remains to be shown.
    text = msgspec.json.encode(right).decode()
    return "".join(char if char.isprintable() else _printable(char) for char in text)


def term(atomic: Atomic) -> str:
    """Return a constraint literally, e.g. `"dateTime" lt "2027-01-01T00:00:00Z"`."""
    return f"{quote(atomic.left)} {atomic.operator} {value(atomic.right)}"


def say_moment(moment: datetime) -> str:
    """Return a moment in UTC, e.g. `1 January 2027, 00:00 UTC`."""
    clock = moment.strftime("%H:%M:%S.%f" if moment.microsecond else "%H:%M:%S" if moment.second else "%H:%M")
    return f"{_day(moment)}, {clock} UTC"


def say_when(when: When) -> str:
    """Return a moment, or a day; a day of another zone than UTC with its two ends."""
    if not when.is_day:
        return say_moment(when.start)
    if when.start.time() == datetime.min.time():
        return f"{_day(when.start)} (UTC)"
    return f"the day from {say_moment(when.start)} to {say_moment(when.end)}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
