"""Sizes, times and names as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hanse.cli.kit import wrong_usage

if TYPE_CHECKING:
    from hanse.client.model import Measure

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size(count: int | None) -> str:
    """Return a number of bytes with a decimal unit, e.g. `1.3 MB`; nothing for an unknown one."""
    if count is None:
        return ""
    figure, unit = float(count), 0
    while figure >= 1000 and unit < len(_UNITS) - 1:
        figure, unit = figure / 1000, unit + 1
    return f"{count} B" if unit == 0 else f"{figure:.1f} {_UNITS[unit]}"


def moment(when: datetime | None) -> str:
    """Return a moment in local time to the minute, e.g. `2026-11-21 08:30`."""
    return "" if when is None else f"{when.astimezone():%Y-%m-%d %H:%M}"


def short(did: str) -> str:
    """Return the last part of a did:web, which is a participant's name, or the whole of another DID."""
    if not did.startswith("did:web:"):
        return did
    return unquote(did.rpartition(":")[2])


def spaces(urls: Iterable[str]) -> str:
    """Return the names of spaces, which are the last parts of their addresses."""
    return ", ".join(url.rpartition("/")[2] or url for url in urls)


def holding(state: str, *, counts: bool | None) -> str:
    """Return how a credential that is held stands: its state, or that the joined space does not take it, or may not."""
    if state != "good" or counts:
        return state
    return "not known" if counts is None else "does not count"


def pairs(texts: Iterable[str], example: str) -> dict[str, str]:
    """Return what was typed as `NAME=VALUE`, by name. Raises `UsageError`, quoting the example."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            wrong_usage(f"{text!r} is not NAME=VALUE, e.g. {example}.")
        found[name] = value
    return found


def measures(found: Iterable[Measure], most: int) -> str:
    """Return declared measures of quality on one line: `completeness 0.98, duplicates 0.01 (unsigned)`."""
    said = [f"{one.metric} {one.value:g}{'' if one.claim else ' (unsigned)'}" for one in found]
    return ", ".join(said[:most]) + (f" and {len(said) - most} more" if len(said) > most else "")


def plural(count: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
