"""The complaints of the checker of Structs, in people's words: it speaks of types and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

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
    "^[a-z](?:": "This is not a name: use a-z, 0-9 and '-', as in `ai-factory`",
    "^[A-Za-z][A-Za-z0-9]": "This is not a type: use letters and digits, as in `MembershipCredential`",
}
"""By how a pattern begins."""


def sentence(said: str) -> str:
    """Return a complaint (without its place, and without a full stop) as people say it; one that is not known stays as it is."""
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
