"""CSV and TSV (RFC 4180): every cell is bytes, so nothing that a step does not change is read as a number or a date.

Cells leave with the bytes that they came with; only where quotes stood around a cell that needs none, they are gone, and
blank lines are. Whether a line ends in CR LF, and a byte order mark, stay. Any encoding that keeps ASCII as it is (UTF-8,
ISO 8859, Windows) passes through; UTF-16 and UTF-32 are refused. An empty cell without quotes is null, `""` is text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from hanse.dataplane.transforms.arrowbatch import ArrowBatch
from hanse.dataplane.transforms.quotes import BOM, Quotes
from hanse.dataplane.transforms.refusal import RecordTooLong, malformed, no_column
from hanse.dataplane.transforms.tables import Batch, Out, Tools
from hanse.odrl.changes import Step

_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_BLOCK: Final = 1 << 20
_BINARY: Final = pa.binary()


class CsvTable:
    """A CSV file. The delimiter is the first of `delimiters` with which the first line names all columns of the steps."""

    def __init__(self, file: BinaryIO, steps: tuple[Step, ...], tools: Tools, block: int, *, delimiters: str = ",;\t|") -> None:
        self._file = file
        self._tools = tools
        self._block = max(block, _BLOCK)
        self._watched = _Watched(file, tools)
        head = self._watched.head()
        self._bom = BOM if head.startswith(BOM) else b""
        self._newline = _newline(head)
        needed = {column for step in steps for column in step.columns}
        self._delimiter, self._names = _first_line(head.removeprefix(BOM), delimiters, needed)
        self._watched.delimiter = self._delimiter.encode()

    def batches(self) -> Iterator[Batch]:
        """Yield the records; the first line only names the columns."""
        try:
            yield from self._read()
        except pa.ArrowInvalid as error:  # its text quotes the data, so nothing of it is told
            if "straddling" in str(error):
                raise RecordTooLong("A record of this data is too long.") from None
            raise malformed("CSV", "a line has other cells than the first, or a quote does not end") from None

    def write(self, batches: Iterable[Batch], out: Out) -> None:
        """Write the records."""
        header = True
        for batch in cast("Iterable[ArrowBatch]", batches):
            if header:
                header = False
                out.write(self._bom)
                self._write([pa.array([_raw(name)], _BINARY) for name in batch.records.schema.names], out, quotes=True)
            if batch.records.num_rows:
                self._write(batch.records.columns, out, quotes=self._watched.quotes)

    def _read(self) -> Iterator[Batch]:
        self._watched.begin()
        places = [f"f{index}" for index in range(len(self._names))]
        reader = arrow_csv.open_csv(
            pa.PythonFile(self._watched, mode="r"),
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=self._block, column_names=places),
            parse_options=arrow_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True, ignore_empty_lines=len(places) > 1),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(places, _BINARY),
                check_utf8=False,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        schema = pa.schema([pa.field(name, _BINARY) for name in self._names])
        header = True
        for records in reader:
            self._watched.check()
            whole = pa.RecordBatch.from_arrays(records.columns, schema=schema)
            if header:
                _same_header(whole, self._names)
            yield ArrowBatch(whole.slice(1) if header else whole, text=True)
            header = False
        self._watched.check(at_end=True)

    def _write(self, columns: list[Any], out: Out, *, quotes: bool) -> None:
        """Write cells. Where no quote was read, no cell holds what would need one: the file itself has none around it."""
        if quotes or len(columns) == 1:
            columns = [_quoted(column, self._delimiter.encode(), alone=len(columns) == 1) for column in columns]
        last = pc.binary_join_element_wise(columns[-1], self._newline, b"", null_handling="replace")
        lines = pc.binary_join_element_wise(*columns[:-1], last, self._delimiter.encode(), null_handling="replace")
        out.write(_contents(lines))


class _Watched:
    """The file as Arrow reads it. It remembers whether there were quotes, and looks for what Arrow would read as something else.

    What would be wrong in two places at once, such as a quote that does not end and another that should not begin, Arrow
    would read as other cells, and what is to be masked would be in the wrong one.
    """

    closed = False

    def __init__(self, file: BinaryIO, tools: Tools) -> None:
        self._file = file
        self._tools = tools
        self.delimiter = b","
        self.quotes = False
        self._nul = self._strays = False
        self._strict = Quotes(self.delimiter)

    def head(self) -> bytes:
        """Return the beginning, in which the first line must lie."""
        self._file.seek(0)
        head = self._file.read(_BLOCK)
        self._nul = head.startswith(_WIDE) or b"\0" in head
        self.check()
        return head

    def begin(self) -> None:
        """Go back to the beginning."""
        self._file.seek(0)
        self._strict = Quotes(self.delimiter)

    def check(self, *, at_end: bool = False) -> None:
        """Raise `Unkeepable` if the text cannot be read safely. Arrow would lose an error that is raised inside `read`."""
        if self._nul:
            raise malformed("CSV", "it holds zero bytes, as UTF-16 does; write it as UTF-8")
        if self._strays or (at_end and not self._strict.end()):
            raise malformed("CSV", "a quote stands inside a cell, or does not end")

    def read(self, count: int = -1) -> bytes:
        """Read on."""
        data = self._file.read(count)
        self._tools.advance(len(data))
        self._nul = self._nul or b"\0" in data
        if self.quotes or b'"' in data:
            self.quotes = True
        self._strays = self._strays or not self._strict.take(data)
        return data

    def readable(self) -> bool:
        """It is."""
        return True

    def writable(self) -> bool:
        """It is not."""
        return False

    def seekable(self) -> bool:
        """Arrow need not seek."""
        return False

    def close(self) -> None:
        """The file is not Arrow's to close."""


def _newline(head: bytes) -> bytes:
    at = head.find(b"\n")
    if at < 0:
        return b"\r" if b"\r" in head else b"\n"
    return b"\r\n" if head[at - 1 : at] == b"\r" else b"\n"


def _first_line(head: bytes, delimiters: str, needed: set[str]) -> tuple[str, list[str]]:
    missing = ""
    for delimiter in delimiters:
        names = _cells(head, delimiter)
        missing = missing or next((name for name in sorted(needed) if names.count(name) != 1), "")
        if all(names.count(name) == 1 for name in needed):
            return delimiter, names
    raise no_column(missing)


def _cells(head: bytes, delimiter: str) -> list[str]:
    """Return the cells of the first line that is not blank. Latin-1 stands for bytes here; the names are UTF-8 or no names of terms."""
    lines = io.StringIO(head.decode("latin-1"), newline="")
    try:
        first = next((row for row in csv.reader(lines, delimiter=delimiter, strict=True) if row), [])
    except csv.Error:
        raise malformed("CSV", "its first line cannot be read") from None
    return [cell.encode("latin-1").decode("utf-8", "surrogateescape") for cell in first]


def _raw(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _same_header(records: Any, names: list[str]) -> None:
    """Raise `Unkeepable` unless both readers understand the first line alike."""
    found = [column[0].as_py() or b"" for column in records.columns] if records.num_rows else []
    if found != [_raw(name) for name in names]:
        raise malformed("CSV", "its first line can be read in two ways")


def _quoted(column: Any, delimiter: bytes, *, alone: bool) -> Any:
    """Return the cells with quotes around those that need them."""
    data = bytes(_contents(column))
    if any(mark in data for mark in (b'"', delimiter, b"\n", b"\r")):
        needing = pc.match_substring_regex(column, f'["\\r\\n{"|" if delimiter == b"|" else delimiter.decode()}]')
        inside = pc.replace_substring(column, b'"', b'""')
        column = pc.if_else(needing, pc.binary_join_element_wise(b'"', inside, b'"', b""), column)
    empty = pc.equal(column, b"")
    if pc.any(empty).as_py():
        column = pc.if_else(empty, pa.scalar(b'""', _BINARY), column)
    return column.fill_null(b'""') if alone else column  # alone in its line, an empty cell would be a blank line


def _contents(column: Any) -> memoryview:
    """Return all values of a binary array, one after the other, without a copy."""
    _, offsets, data = column.buffers()
    if data is None or not len(column):
        return memoryview(b"")
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]]
