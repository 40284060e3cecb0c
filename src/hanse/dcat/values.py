"""Values of foreign JSON-LD, in the many ways in which they are written."""

from __future__ import annotations

from datetime import datetime

from hanse.dcat.model import Agent, Period
from hanse.dcat.names import END, NAME, PERSON, START, spellings
from hanse.odrl.when import read_when

_MOST_DIGITS = 18


def items(value: object) -> list[object]:
    """Return an array as it is, a single value as an array of one, nothing as an empty one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def property_of(holder: dict[str, object], name: str) -> object:
    """Return the property, however its name is spelt; `None` when it is not there."""
    return next((holder[key] for key in spellings(name) if holder.get(key) is not None), None)


def text_of_value(value: object) -> str | None:
    """Return the text of a value; of several languages the English one, else the first."""
    found = [(text, one) for one in items(value) if (text := _text(one))]
    english = (text for text, one in found if isinstance(one, dict) and str(one.get("@language", "")).startswith("en"))
    return next(english, found[0][0] if found else None)


def texts_of(value: object) -> tuple[str, ...]:
    """Return the texts of a value, each once."""
    return tuple(dict.fromkeys(text for one in items(value) if (text := _text(one))))


def _text(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("@value", value.get("@id"))
    return value if isinstance(value, str) and value else None


def number_of(value: object) -> int | None:
    """Return a whole number of 0 or more, whether it is written as a number, as text or as a typed value."""
    first = next(iter(items(value)), None)
    if isinstance(first, dict):
        first = first.get("@value")
    if isinstance(first, str) and first.isascii() and first.isdigit() and len(first) <= _MOST_DIGITS:
        return int(first)
    if isinstance(first, int) and not isinstance(first, bool) and 0 <= first < 10**_MOST_DIGITS:
        return first
    return None


def moment_of(value: object) -> datetime | None:
    """Return the moment, or the beginning of the day, that a value names."""
    when = read_when(next(iter(items(value)), None))
    return when.start if when else None


def agents_of(value: object) -> tuple[Agent, ...]:
    """Return the persons and organisations of a value, each once: objects with a name or an id, IRIs, and bare names."""
    return tuple(dict.fromkeys(agent for one in items(value) if (agent := _agent(one))))


def _agent(value: object) -> Agent | None:
    if isinstance(value, str):
        return (Agent(id=value) if ":" in value and " " not in value else Agent(value)) if value else None
    if not isinstance(value, dict):
        return None
    id = value.get("@id")
    name = text_of_value(property_of(value, NAME)) or text_of_value(value.get("name")) or text_of_value(value.get("@value")) or ""
    known = id if isinstance(id, str) and id and not id.startswith("_:") else None
    kinds = {str(one).rpartition("/")[2].rpartition(":")[2] for one in items(value.get("@type"))}
    return Agent(name, known, PERSON.rpartition("/")[2] in kinds) if name or known else None


def period_of(value: object) -> Period | None:
    """Return the period of time that a value holds."""
    first = next(iter(items(value)), None)
    if not isinstance(first, dict):
        return None
    start, end = moment_of(property_of(first, START)), moment_of(property_of(first, END))
    return Period(start, end) if start or end else None
