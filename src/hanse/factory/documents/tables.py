"""Files of records as Arrow: CSV and TSV, lines of JSON, Parquet, also packed with gzip. Everything streams; one batch is held at a time.

A cell is missing where it is empty; in a column that is no text, also where it holds one of the words that pandas takes for missing,
because such words stand in the columns of numbers that people export.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from gzip import GzipFile
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from hanse.kernel.errors import Invalid, TooLarge

BLOCK: Final = 4 << 20
"""Bytes that are read of a CSV file at a time. No record of one may be longer."""
BATCH: Final = 65_536
"""Records of a batch, at most."""
MAX_COLUMNS: Final = 4_096
MAX_HEADER: Final = 1 << 20
MISSING: Final = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
    "None", "n/a", "nan", "null",
)  # fmt: skip
TRUE: Final = ("true", "True", "TRUE")
FALSE: Final = ("false", "False", "FALSE")

_TYPES: Final = {
    "Boolean": pa.bool_(),
    "Integer": pa.int64(),
    "Float": pa.float64(),
    "Date": pa.date32(),
    "Text": pa.string(),
    "DateTime": pa.string(),  # converted afterwards: with a zone or without one
    "Time": pa.string(),
}


def unpacked(file: BinaryIO) -> BinaryIO:
    """Return the file, unpacked if it is packed with gzip. The file is at its beginning."""
    head = file.read(2)
    file.seek(0)
    return io.BufferedReader(GzipFile(fileobj=file), 1 << 18) if head == b"\x1f\x8b" else file


class Bounded(io.RawIOBase):
    """Reads another file until more than `most` bytes came: against what unpacks to far more than anybody meant."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._left = most

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer. Raises `TooLarge`."""
        data = self._file.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge("It unpacks to more than is read.", rule="records-size")
        buffer[: len(data)] = data
        return len(data)


def header_of(file: BinaryIO, delimiter: str) -> list[str]:
    """Return the names of the columns as readers of tables have them, each different. Raises `Invalid` for what has no header.

    A name that is there twice gets `.1`, one that is empty is `Unnamed: ` and its place, as pandas does it.
    """
    text = io.TextIOWrapper(_Head(file), encoding="utf-8-sig", newline="")
    try:
        first = next((row for row in csv.reader(text, delimiter=delimiter) if row), None)
    except UnicodeDecodeError:
        raise Invalid("It is not encoded in UTF-8.", rule="records-encoding") from None
    except csv.Error as error:
        raise Invalid(f"Its first line cannot be read: {error}.", rule="records-header") from None
    finally:
        text.detach()
    if first is None:
        raise Invalid("It is empty.", rule="records-empty")
    if len(first) > MAX_COLUMNS:
        raise TooLarge(f"It has more than {MAX_COLUMNS} columns.", rule="records-columns")
    return _distinct(first)


class _Head(io.BufferedReader):
    """The beginning of a file, so that a header without an end is not read for ever."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(Bounded(file, MAX_HEADER))


def _distinct(names: Sequence[str]) -> list[str]:
    wished = [name if name else f"Unnamed: {index}" for index, name in enumerate(names)]
    found: list[str] = []
    seen = set(wished)
    counts: dict[str, int] = {}
    for name in wished:
        if name not in counts:
            counts[name] = 0
            found.append(name)
            continue
        while True:
            counts[name] += 1
            other = f"{name}.{counts[name]}"
            if other not in seen:
                break
        seen.add(other)
        found.append(other)
    return found


def text_batches(file: BinaryIO, names: Sequence[str], delimiter: str) -> Iterator[pa.RecordBatch]:
    """Yield all columns as text, to find out what is in them."""
    yield from _csv(file, names, delimiter, dict.fromkeys(names, pa.string()), names)


def csv_batches(file: BinaryIO, names: Sequence[str], delimiter: str, kinds: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    """Yield the columns of `kinds`, typed. `names` are those of `header_of`."""
    types = {name: _TYPES[kind] for name, kind in kinds.items()}
    for batch in _csv(file, names, delimiter, types, list(kinds)):
        columns = [_typed(column, kinds[name]) for name, column in zip(batch.schema.names, batch.columns, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _csv(
    file: BinaryIO, names: Sequence[str], delimiter: str, types: Mapping[str, pa.DataType], wanted: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    reader = pa_csv.open_csv(
        file,
        pa_csv.ReadOptions(block_size=BLOCK, column_names=list(names), skip_rows_after_names=1, use_threads=False),
        pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        pa_csv.ConvertOptions(
            column_types=dict(types),
            include_columns=list(wanted),
            null_values=list(MISSING),
            strings_can_be_null=False,
            true_values=list(TRUE),
            false_values=list(FALSE),
            auto_dict_encode=False,
        ),
    )
    for batch in reader:
        if batch.num_rows:
            yield batch


def _typed(column: pa.Array, kind: str) -> pa.Array:
    if kind == "Text":
        return nullified(column, [""])
    if kind == "DateTime":
        return moments(nullified(column, MISSING))
    return times(nullified(column, MISSING)) if kind == "Time" else column


def nullified(column: pa.Array, words: Sequence[str]) -> pa.Array:
    """Return text in which these words are missing values."""
    gone = pc.is_in(column, pa.array(list(words), pa.string())) if len(words) > 1 else pc.equal(column, words[0])
    return pc.if_else(gone, pa.scalar(None, column.type), column) if pc.any(gone).as_py() else column


def moments(column: pa.Array) -> pa.Array:
    """Return text in the form of ISO 8601 as moments, in UTC where the text names a zone."""
    first = next((one.as_py() for one in column if one.is_valid), "")
    zoned = first.endswith("Z") or "+" in first[10:] or "-" in first[10:]
    for unit in ("us", "ns"):
        try:
            return column.cast(pa.timestamp(unit, "UTC" if zoned else None))
        except pa.ArrowInvalid:
            continue
    raise Invalid(
        "A moment is not written in the form of ISO 8601, or with a zone in one place and without in another.", rule="records-value"
    )


def times(column: pa.Array) -> pa.Array:
    """Return text such as 12:30:00 as times of the day."""
    return pc.cast(column, pa.time64("us")) if pa.types.is_string(column.type) else column
