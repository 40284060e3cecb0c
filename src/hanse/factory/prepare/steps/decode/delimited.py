"""CSV (RFC 4180) and TSV: a record per row, its number that of the row after the header.

Arrow reads. The separator is the one of comma, semicolon, tab and bar that the header has most of. Every cell is a text: nothing is
guessed from the first rows. A row with another number of cells than the header is dropped.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow

from hanse.factory.prepare.steps.decode.account import Place
from hanse.factory.prepare.steps.decode.encodings import BROKEN, in_utf8, repaired
from hanse.factory.prepare.steps.decode.formulas import formulas
from hanse.factory.prepare.steps.decode.limits import MAX_COLUMNS
from hanse.factory.prepare.steps.decode.names import unique
from hanse.factory.prepare.steps.decode.reasons import Bad
from hanse.factory.prepare.steps.decode.records import FULL
from hanse.factory.prepare.steps.decode.streams import Joined, Long, blocks
from hanse.factory.prepare.steps.decode.tables import Rows, Wanted

_MOST_BAD: Final = 100_000
_LONG: Final = f"{BROKEN}long"
_SEPARATORS: Final = ",;\t|"
_ROWS: Final = 16_384
_HEADER: Final = 1 << 20
_SMALLEST, _LARGEST = 1 << 20, 4 << 20
"""Bytes that Arrow reads at once, and so of the longest row that it can read. It reads up to 32 times as much ahead."""


def read(chunks: Iterable[bytes], place: Place, wanted: Wanted, said: str | None = None) -> Iterator[pa.Table]:
    """Yield the records of a table. Raises `Bad` if it has no header, or where it is no table any more."""
    found = blocks(in_utf8(chunks, place, said), min(place.limits.line_bytes, _LARGEST))
    lines = repaired((f"{_LONG}\n".encode() if isinstance(one, Long) else one for one in found), place)
    first = next((block for block in (one.lstrip(b"\r\n") for one in lines) if block), b"")
    names, separator = _header(first)
    rows = Rows(place, wanted)
    for numbers, columns in _Arrow(place, names, separator).pieces(_again(first, lines)):
        good = _sound(numbers, columns, place)
        if good is not None:
            numbers, columns = numbers.filter(good), {name: column.filter(good) for name, column in columns.items()}  # noqa: PLW2901
        place.count("formula-cells", sum(formulas(column) for column in columns.values()))
        yield rows.table(numbers, columns)
    rows.end()


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _header(block: bytes) -> tuple[list[str], str]:
    """Return the names of the columns, each once, and what separates them."""
    lines = block[:_HEADER].decode(errors="replace").splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    if not first or BROKEN in first:
        raise Bad("columns", "no header")
    separator = max(_SEPARATORS, key=lambda one: (first.count(one), -_SEPARATORS.index(one)))
    try:
        names = [name.strip() for name in next(csv.reader(lines[lines.index(first) :], delimiter=separator), [])]
    except csv.Error as error:
        raise Bad("columns", str(error)) from None
    if len(names) > MAX_COLUMNS:
        raise Bad("columns", f"{len(names)} columns")
    return unique(names), separator


def _sound(numbers: pa.Array, columns: dict[str, pa.Array], place: Place) -> pa.Array | None:
    """Return which rows have no broken cell, None if all; the others are dropped."""
    if not place.broken:
        return None
    broken = [pc.match_substring(column, BROKEN) for column in columns.values()]
    if not any(pc.any(one).as_py() for one in broken):
        return None
    bad = broken[0]
    for one in broken[1:]:
        bad = pc.or_(bad, one)
    first = next(iter(columns.values())).filter(bad).to_pylist()
    for number, cell in zip(numbers.filter(bad).to_pylist(), first, strict=True):
        place.drop(number, "line-too-long" if cell.startswith(_LONG) else "encoding")
    return pc.invert(bad)


class _Arrow:
    """Reads a table, and notes what Arrow refuses of it."""

    def __init__(self, place: Place, names: list[str], separator: str):
        self._place = place
        self._names = names
        self._separator = separator
        self._refused: deque[int] = deque()

    def pieces(self, chunks: Iterator[bytes]) -> Iterator[tuple[pa.Array, dict[str, pa.Array]]]:
        """Yield rows with their numbers."""
        done = 0
        try:
            for batch in self._batches(chunks):
                numbers = self._numbers(done, len(batch)) if self._refused else range(done + 1, done + 1 + len(batch))
                done = numbers[-1] if numbers else done
                yield pa.array(numbers, pa.int64()), dict(zip(self._names, batch.columns, strict=True))
        except pa.ArrowInvalid as error:
            if len(self._refused) >= _MOST_BAD:
                raise Bad("too-many-bad-rows") from None
            raise Bad("line-too-long" if "straddling" in str(error) else "damaged", str(error)) from None

    def _batches(self, chunks: Iterator[bytes]) -> Iterator[pa.RecordBatch]:
        size = max(_SMALLEST, min(self._place.limits.line_bytes, _LARGEST))
        with arrow.open_csv(
            pa.PythonFile(Joined(chunks), "r"),
            read_options=arrow.ReadOptions(use_threads=False, block_size=size, column_names=self._names, skip_rows_after_names=1),
            parse_options=arrow.ParseOptions(delimiter=self._separator, newlines_in_values=True, invalid_row_handler=self._refuse),
            convert_options=arrow.ConvertOptions(column_types=dict.fromkeys(self._names, pa.string()), check_utf8=False),
        ) as table:
            for batch in table:
                rows = max(1, min(_ROWS, FULL * len(batch) // max(1, batch.nbytes)))
                yield from (batch.slice(at, rows) for at in range(0, len(batch), rows))

    def _refuse(self, row: Any) -> str:
        self._refused.append(row.number - 1)
        long = row.text.startswith(_LONG)
        self._place.drop(row.number - 1, "line-too-long" if long else "cells", "" if long else row.text)
        return "skip" if len(self._refused) < _MOST_BAD else "error"

    def _numbers(self, done: int, rows: int) -> list[int]:
        """Return the numbers of the next rows: those that were refused are left out."""
        out: list[int] = []
        while len(out) < rows:
            done += 1
            if self._refused and self._refused[0] == done:
                self._refused.popleft()
            else:
                out.append(done)
        return out
