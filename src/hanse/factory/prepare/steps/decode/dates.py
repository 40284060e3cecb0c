"""Dates in one form: ISO 8601 where a date can be read in one way only, unchanged and counted where it can be read in two.

Read are, each with or without a time of day: `2024-03-31`, `2024/03/31` and `2024.03.31` (year first); `31.03.2024` (with points the day
comes first); `31/03/2024` and `31-03-2024` (day or month first: plain if one of them is over 12 or both are the same, else ambiguous);
`31 March 2024` and `March 31, 2024` (English). A year of two digits is ambiguous.
"""

from __future__ import annotations

import re
from calendar import monthrange
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from hanse.factory.prepare.steps.decode.begins import beginning, table_of

_TIME: Final = r"(?:[ T,]+(\d{1,2}:\d{2}(?::\d{2})?))?"
_NAMES: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MONTH: Final = rf"({_NAMES})[a-z]{{0,6}}\.?"
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
_YEAR_LAST: Final = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}")
_DAY_MONTH: Final = re.compile(rf"(\d{{1,2}})\.? {_MONTH},? (\d{{4}}){_TIME}")
_MONTH_DAY: Final = re.compile(rf"{_MONTH} (\d{{1,2}}),? (\d{{4}}){_TIME}")
_LIKE: Final = (
    rf"^(?:\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}|\d{{1,2}}\.? {_MONTH},? \d{{4}}|{_MONTH} \d{{1,2}},? \d{{4}})(?:[ T,]+\d{{1,2}}:.*)?$"
)
_SHORTEST, _LONGEST = 6, 40
_FIRST: Final = table_of(b"0123456789JFMASOND")
_MONTHS: Final = {name: number for number, name in enumerate(_NAMES.split("|"), 1)}

AMBIGUOUS: Final = "ambiguous"


class Dated(Struct, frozen=True):
    """A column with its dates in one form: how many were changed, and how many were left because they can be read in two ways."""

    column: pa.Array
    changed: int
    ambiguous: int


def iso(text: str) -> str | None:
    """Return a date in ISO 8601, `AMBIGUOUS` if it can be read in two ways, None if it is none (or a day that never was)."""
    if found := _YEAR_FIRST.fullmatch(text):
        return _made(found[1], found[3], found[4], found[5])
    if found := _YEAR_LAST.fullmatch(text):
        return _year_last(found)
    if found := _DAY_MONTH.fullmatch(text):
        return _made(found[3], str(_MONTHS[found[2]]), found[1], found[4])
    if found := _MONTH_DAY.fullmatch(text):
        return _made(found[3], str(_MONTHS[found[1]]), found[2], found[4])
    return None


def _year_last(found: re.Match[str]) -> str | None:
    first, between, second, year, time = found.groups()
    if len(year) == 2:
        return AMBIGUOUS
    day_first, month_first = _made(year, second, first, time), _made(year, first, second, time)
    if between == ".":
        return day_first
    if day_first and month_first and day_first != month_first:
        return AMBIGUOUS
    return day_first or month_first


def _made(year: str, month: str, day: str, time: str | None) -> str | None:
    y, m, d = int(year), int(month), int(day)
    if not (y > 0 and 1 <= m <= 12 and 1 <= d <= monthrange(y, m)[1]):
        return None
    at = "" if time is None else f"T{time.rjust(len(time) + (time.index(':') == 1), '0')}"
    return f"{y:04}-{m:02}-{d:02}{at}"


def dated(column: pa.Array) -> Dated:
    """Return a column of strings with its dates in one form."""
    places = pa.array(beginning(column, _FIRST, _SHORTEST, _LONGEST))
    some = column.take(places)
    like = pc.match_substring_regex(some, _LIKE)
    if not pc.any(like).as_py():
        return Dated(column, 0, 0)
    coded, places = some.filter(like).dictionary_encode(), places.filter(like)
    before = coded.dictionary.to_pylist()
    read = [iso(one) for one in before]
    after = [old if new is None or new == AMBIGUOUS else new for old, new in zip(before, read, strict=True)]
    often = {one["values"]: one["counts"] for one in pc.value_counts(coded.indices).to_pylist()}
    changed = sum(often.get(index, 0) for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new)
    ambiguous = sum(often.get(index, 0) for index, one in enumerate(read) if one == AMBIGUOUS)
    if not changed:
        return Dated(column, 0, ambiguous)
    mask = np.zeros(len(column), dtype=np.bool_)
    mask[places.to_numpy()] = True
    return Dated(pc.replace_with_mask(column, pa.array(mask), pa.array(after, pa.string()).take(coded.indices)), changed, ambiguous)
