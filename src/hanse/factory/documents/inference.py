"""Which kind of values a column of text holds: the narrowest that every one of them fits, over the whole column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from hanse.dcat.croissant.shape import Kind
from hanse.factory.documents.tables import MISSING

_WHOLE: Final = r"(?:0|[1-9][0-9]{0,14})"
_DAY: Final = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_FORMS: Final[dict[str, str]] = {
    "Boolean": r"^(?:true|True|TRUE|false|False|FALSE)$",
    "Integer": r"^-?(?:0|[1-9][0-9]{0,17})$",  # always fits 64 bits; with a zero in front it is a code, not a number
    "Float": rf"^[+-]?(?:{_WHOLE}\.?|{_WHOLE}?\.[0-9]{{1,40}})(?:[eE][+-]?[0-9]{{1,3}})?$|^[+-]?(?:inf|Inf)$",
    "Date": rf"^{_DAY}$",
    "DateTime": rf"^{_DAY}{_CLOCK}$",
    "DateTimeZone": rf"^{_DAY}{_CLOCK}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})$",
}
_MISSING: Final = pa.array(list(MISSING), pa.string())


class Guess:
    """What a column may still be, after what was seen of it."""

    def __init__(self) -> None:
        self._left = list(_FORMS)
        self._seen = False

    def see(self, column: pa.Array) -> None:
        """Look at more of the column."""
        if not self._left:
            return
        values = column.filter(pc.invert(pc.is_in(column, _MISSING)))
        if not len(values):
            return
        values = values.unique() if len(values) > 1024 else values
        self._seen = True
        self._left = [name for name in self._left if _fits(name, values)]

    @property
    def kind(self) -> Kind:
        """The narrowest kind; text where nothing else fits or nothing was seen."""
        if not self._left or not self._seen:
            return "Text"
        first = self._left[0]
        return "DateTime" if first == "DateTimeZone" else first  # type: ignore[return-value]


def _fits(name: str, values: pa.Array) -> bool:
    if not pc.all(pc.match_substring_regex(values, _FORMS[name])).as_py():
        return False
    return name not in ("Date", "DateTime", "DateTimeZone") or _is_moment(name, values)


def _is_moment(name: str, values: pa.Array) -> bool:
    """Days that no calendar has, e.g. 2023-02-30, fit the form all the same."""
    kind = pa.date32() if name == "Date" else pa.timestamp("us", "UTC" if name == "DateTimeZone" else None)
    for unit in (kind, pa.timestamp("ns", "UTC" if name == "DateTimeZone" else None)):
        try:
            values.cast(unit)
        except pa.ArrowInvalid:
            continue
        return True
    return False


def kinds_of(batches: Iterable[pa.RecordBatch]) -> tuple[dict[str, Kind], int]:
    """Return the kind of every column, and the number of records."""
    guesses: dict[str, Guess] = {}
    records = 0
    for batch in batches:
        records += batch.num_rows
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            guesses.setdefault(name, Guess()).see(column)
    return {name: guess.kind for name, guess in guesses.items()}, records
