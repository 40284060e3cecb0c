"""What is wrong in a body, in people's words: the checker of the Structs speaks of types and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from hanse.kernel.errors import Invalid

_AT = re.compile(r" - at `(.*)`$", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|required) field `(.{1,200}?)`", re.DOTALL)

_KINDS: Final = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
    "datetime": "a moment, such as 2027-01-01T00:00:00Z",
}
_PATTERNS: Final = {
    "^did:": "This is not a DID: one begins with `did:`",
    "^[0-9a-f]{64}": "This is not a SHA-256 hash: one has 64 of 0-9 and a-f",
}
"""By how a pattern begins."""


def invalid(said: str) -> Invalid:
    """Return the error for a complaint of the checker, with the field that it is about."""
    found = _AT.search(said)
    place = (found[1] if found else "$").removeprefix("$").removeprefix(".")
    name = _FIELD.search(said)
    where = ".".join(part for part in (place, name[1] if name else "") if part)
    rule = "type" if name is None else "unknown-field" if "unknown field" in said else "required"
    return Invalid(_sentence(_AT.sub("", said))[:500] + ".", where=where or "body", rule=rule)


def _sentence(said: str) -> str:
    for pattern, words in _TABLE:
        found = pattern.fullmatch(said)
        if found:
            return words(found)
    return said


def _length(found: re.Match[str]) -> str:
    kind, bound, count = found[1], found[2], int(found[3])
    if bound == ">=" and count == 1:
        return "This must not be empty"
    unit = "character" if kind == "str" else "entry" if count == 1 else "entries"
    plural = "s" if kind == "str" and count != 1 else ""
    return f"This must have at {'least' if bound == '>=' else 'most'} {count:,} {unit}{plural}"


def _pattern(found: re.Match[str]) -> str:
    return next((words for begin, words in _PATTERNS.items() if found[1].startswith(begin)), "This cannot be read")


def _kinds(found: re.Match[str]) -> str:
    wanted = " or ".join(_KINDS.get(one, one) for one in found[1].split(" | "))
    return f"This must be {wanted}" + (f", not {_KINDS.get(found[2], found[2])}" if found[2] else "")


_TABLE: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"Expected `(\w+)` of length (>=|<=) (\d+)"), _length),
    (re.compile(r"Expected `str` matching regex '(.*)'", re.DOTALL), _pattern),
    (re.compile(r"Expected `(?:int|float)` >= (\S+)"), lambda found: f"This must be at least {found[1]}"),
    (re.compile(r"Expected `(?:int|float)` <= (\S+)"), lambda found: f"This must be at most {found[1]}"),
    (re.compile(r"Expected `([\w |]+)`(?:, got `(\w+)`)?"), _kinds),
    (re.compile(r"Expected `datetime` with a timezone component"), lambda _: "This must say its time zone, as in 2027-01-01T00:00:00Z"),
    (re.compile(r"Invalid RFC3339 encoded datetime"), lambda _: "This is no moment; write it as 2027-01-01T00:00:00Z"),
    (re.compile(r"Invalid (?:enum )?value '(.*)'", re.DOTALL), lambda found: f"{found[1]!r} is not possible here"),
    (re.compile(r"Object missing required field `.*`", re.DOTALL), lambda _: "It is missing"),
    (re.compile(r"Object contains unknown field `(.*)`", re.DOTALL), lambda found: f"There is no field `{found[1]}` here"),
)
