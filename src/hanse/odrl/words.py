"""Small words that decisions and sentences share. What a peer wrote is quoted, so that it cannot pass for our words."""

from __future__ import annotations

import json

from hanse.odrl.model import OPERATORS, Atomic


def quote(text: str) -> str:
    r"""Return `text` in double quotes, whole; what is not printable (control, direction marks) as an escape like \u202e (RFC 8259)."""
    return '"' + "".join(_printable(char) if char not in '"\\' else f"\\{char}" for char in text) + '"'


def _printable(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def value(right: object) -> str:
    """Return a right operand literally: text quoted, anything else as JSON in which everything is printable."""
    if isinstance(right, str):
        return quote(right)
    # JSON escapes quotes itself; only what is not printable remains to be shown.
    return "".join(map(_printable, json.dumps(right, ensure_ascii=False, separators=(",", ":"))))


def say_operator(name: str) -> str:
    """Return an operator by its name; what is no operator in quotes."""
    return name if name in OPERATORS else quote(name)


def term(atomic: Atomic) -> str:
    """Return a constraint literally, e.g. `"dateTime" lt "2027-01-01T00:00:00Z"`."""
    return f"{quote(atomic.left)} {say_operator(atomic.operator)} {value(atomic.right)}"
