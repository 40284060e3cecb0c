"""Rows of a table as records: which column is the text, which others stay and how, and what is odd about them.

All columns that stay are strings, so that the columns of all files go together whatever each file takes its values for: numbers and truth
values as JSON writes them, dates in ISO 8601, lists and objects as JSON. A column whose name means something here (`id`, `source`,
`tokens`, ...) is kept as `own_NAME`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from hanse.factory.prepare.base import ID, LANGUAGE, LEVEL, PARENT, SOURCE, SPLIT, TEXT, TOKENS
from hanse.factory.prepare.steps.decode.account import Place
from hanse.factory.prepare.steps.decode.dates import dated
from hanse.factory.prepare.steps.decode.limits import MAX_COLUMNS
from hanse.factory.prepare.steps.decode.reasons import Bad
from hanse.factory.prepare.steps.decode.records import LICENCE, records_of

_RESERVED: Final = frozenset({ID, SOURCE, TEXT, TOKENS, PARENT, LEVEL, SPLIT})


class Wanted(Struct, frozen=True, kw_only=True):
    """Which columns of tables become what; `keep` names those that stay beside them, None: all."""

    text: str
    language: str
    licence: str
    keep: tuple[str, ...] | None

    def target(self, name: str) -> str:
        """Return what a column is called among the records."""
        for own, target in ((self.text, TEXT), (self.language, LANGUAGE), (self.licence, LICENCE)):
            if name == own:
                return target
        return f"own_{name}" if name in _RESERVED or name in (LANGUAGE, LICENCE) else name

    def keeps(self, name: str) -> bool:
        """Tell whether a column stays."""
        return self.keep is None or name in self.keep or name in (self.text, self.language, self.licence)


class Rows:
    """The rows of one file, which come in pieces."""

    def __init__(self, place: Place, wanted: Wanted):
        self._place = place
        self._wanted = wanted
        self._has_text: bool | None = None
        self._full: dict[str, bool] = {}

    def table(self, numbers: pa.Array, columns: Mapping[str, pa.Array]) -> pa.Table:
        """Return rows as records: `columns` are strings. Without a column for the text, the text is the row."""
        known = len(self._full.keys() | columns.keys())
        if known > MAX_COLUMNS:
            raise Bad("columns", f"{known} columns")
        if self._has_text is None and columns:
            self._has_text = self._wanted.text in columns
        text: pa.Array | None = None
        nothing = pa.nulls(len(numbers), pa.string())
        others = {name: nothing for name in self._full if not self._is_text(name)}  # once a column, always a column
        for name, column in columns.items():
            full = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
            self._full[name] = self._full.get(name, False) or full.null_count < len(full)
            if self._is_text(name):
                text = column
            else:
                others[name] = self._dated(full)
        whole = text is None and not self._has_text
        cells = [*others.items()] if text is None else [*others.items(), ("", text)]
        self._place.account.made(sum(_size(name if whole else "", column) for name, column in cells))
        if text is None:
            text = nothing if self._has_text or not others else rendered(others)
        given = {self._free(name, others): column for name, column in others.items() if self._wanted.keeps(name)}
        return records_of(self._place, numbers, text, given)

    def _is_text(self, name: str) -> bool:
        return self._has_text is True and name == self._wanted.text

    def end(self) -> None:
        """Count what can be said of a whole file only."""
        self._place.count("columns-empty", sum(not full for full in self._full.values()))

    def _dated(self, column: pa.Array) -> pa.Array:
        found = dated(column)
        self._place.count("dates-normalised", found.changed)
        self._place.count("dates-ambiguous", found.ambiguous)
        return found.column

    def _free(self, name: str, others: Mapping[str, pa.Array]) -> str:
        target = self._wanted.target(name)
        if target == TEXT:  # it came up after the file's first rows had none
            target = f"own_{name}"
        while target != name and target in others and target not in (LANGUAGE, LICENCE):
            target = f"own_{target}"
        return target


def _size(name: str, column: pa.Array) -> int:
    """Return how many bytes the values of a column have, with its name before each of them."""
    values: int = pc.sum(pc.binary_length(column)).as_py() or 0
    names: int = len(name.encode()) * (len(column) - column.null_count)
    return values + names


def rendered(columns: Mapping[str, pa.Array]) -> pa.Array:
    """Return rows as texts: a line `column: value` for each cell that is not empty."""
    lines = [pc.binary_join_element_wise(pa.scalar(name), column, ": ") for name, column in columns.items()]
    nothing = pc.is_null(lines[0])
    for line in lines[1:]:
        nothing = pc.and_(nothing, pc.is_null(line))
    lines[0] = pc.if_else(nothing, "", lines[0])  # Arrow leaves out a row in which everything is null
    return pc.binary_join_element_wise(*lines, "\n", null_handling="skip")
