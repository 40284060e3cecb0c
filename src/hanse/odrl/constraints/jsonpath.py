"""Singular queries of JSONPath (RFC 9535, 2.3.5.1): `$.address.country`, `$['a b'][0]`; one place in a document, or none.

An own small reader, because a path comes from a policy: it is bounded, it runs in linear time, and it can name nothing but a place.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import msgspec

MAX_LENGTH = 512
MAX_STEPS = 32

_SHORT = re.compile(r"\.(?P<name>[A-Za-z_\u0080-\U0010FFFF][0-9A-Za-z_\u0080-\U0010FFFF]*)")
_INDEX = re.compile(r"\[[ \t\n\r]*(?P<index>0|-?[1-9][0-9]{0,15})[ \t\n\r]*\]")
_DOUBLE = re.compile(r'\[[ \t\n\r]*"(?P<name>(?:[^"\\]|\\.)*)"[ \t\n\r]*\]')
_SINGLE = re.compile(r"\[[ \t\n\r]*'(?P<name>(?:[^'\\]|\\.)*)'[ \t\n\r]*\]")
_MAX_INDEX = 2**53 - 1

Path = tuple[str | int, ...]

ABSENT = msgspec.UNSET
"""What stands at a place that is not there; `None` is JSON's null."""


def read_path(text: str) -> Path | None:
    """Return the steps of a percent-encoded singular query: names and indices; `None` when it is none, or too long."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        query = unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None
    if not query.startswith("$"):
        return None
    steps: list[str | int] = []
    at = 1
    while at < len(query):
        found = _step(query, at)
        if found is None or len(steps) == MAX_STEPS:
            return None
        steps.append(found[0])
        at = found[1]
    return tuple(steps)


def _step(query: str, at: int) -> tuple[str | int, int] | None:
    """Return the step that begins at `at`, perhaps after blanks, and where it ends."""
    while at < len(query) and query[at] in " \t\n\r":
        at += 1
    if short := _SHORT.match(query, at):
        return short["name"], short.end()
    if index := _INDEX.match(query, at):
        number = int(index["index"])
        return (number, index.end()) if abs(number) <= _MAX_INDEX else None
    if double := _DOUBLE.match(query, at):
        return _unescaped(double["name"], double.end())
    if single := _SINGLE.match(query, at):
        # Within single quotes these are escaped and double ones are not; JSON has it the other way round.
        name = re.sub(r"\\.|\"", lambda part: {"\\'": "'", '"': '\\"', '\\"': r"\x"}.get(part[0], part[0]), single["name"])
        return _unescaped(name, single.end())
    return None


def _unescaped(name: str, end: int) -> tuple[str, int] | None:
    try:
        return msgspec.json.decode(f'"{name}"'.encode(), type=str), end
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def value_at(document: object, path: Path) -> object:
    """Return what stands at a place; `ABSENT` when nothing does."""
    for step in path:
        if isinstance(step, str):
            if not isinstance(document, dict) or step not in document:
                return ABSENT
            document = document[step]
        elif isinstance(document, list | tuple) and -len(document) <= step < len(document):
            document = document[step]
        else:
            return ABSENT
    return document
