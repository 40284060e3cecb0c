"""Parquet files: their fields and their records as Arrow, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hanse.dcat.croissant.shape import Column, Kind
from hanse.factory.documents.tables import BATCH, MAX_COLUMNS
from hanse.kernel.errors import TooLarge

MAX_FOOTER: Final = 64 << 20


def _file(file: BinaryIO) -> Any:
    found = pq.ParquetFile(file, thrift_string_size_limit=MAX_FOOTER, thrift_container_size_limit=10_000_000)
    if found.metadata.num_columns > MAX_COLUMNS:
        raise TooLarge(f"It has more than {MAX_COLUMNS} columns.", rule="records-columns")
    return found


def schema_of(file: BinaryIO) -> tuple[str, ...]:
    """Return names and types of the columns; equal ones can be one table."""
    return tuple(f"{field.name}\0{field.type}" for field in _file(file).schema_arrow)


def records_of(file: BinaryIO) -> int:
    """Return the number of records, as the footer says it."""
    return int(_file(file).metadata.num_rows)


def columns_of(file: BinaryIO) -> list[Column]:
    """Return the fields of the columns whose types Croissant has."""
    found = [_column(field.name, field.type) for field in _file(file).schema_arrow]
    return [one for one in found if one is not None]


def _column(name: str, kind: pa.DataType) -> Column | None:
    scalar = kind_of(kind)
    if scalar is not None:
        return Column(name=name, kind=scalar, column=name)
    if pa.types.is_struct(kind):
        parts = _parts(kind)
        return Column(name=name, column=name, parts=parts) if parts else None
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = kind_of(kind.value_type)
        if inner is not None:
            return Column(name=name, kind=inner, column=name, array=True)
        parts = _parts(kind.value_type) if pa.types.is_struct(kind.value_type) else ()
        return Column(name=name, column=name, array=True, parts=parts) if parts else None
    return None


def _parts(kind: pa.StructType, above: tuple[str, ...] = ()) -> tuple[Column, ...]:
    from hanse.factory.documents.lines import path_of

    found: list[Column] = []
    for field in kind:
        path, scalar = (*above, field.name), kind_of(field.type)
        if scalar is not None and field.name:
            found.append(Column(name=".".join(path), kind=scalar, path=path_of(path)))
        elif pa.types.is_struct(field.type) and len(path) < 8:
            found += _parts(field.type, path)
    return tuple(found)


def kind_of(kind: pa.DataType) -> Kind | None:
    """Return the atomic data type of Croissant for a type of Arrow; nothing where it has none."""
    tests = pa.types
    if tests.is_dictionary(kind):
        return kind_of(kind.value_type)
    for kinds, name in _KINDS:
        if any(getattr(tests, f"is_{one}")(kind) for one in kinds):
            return name
    return None


_KINDS: Final[tuple[tuple[tuple[str, ...], Kind], ...]] = (
    (("boolean",), "Boolean"),
    (("integer",), "Integer"),
    (("floating", "decimal"), "Float"),
    (("string", "large_string", "string_view"), "Text"),
    (("date",), "Date"),
    (("timestamp",), "DateTime"),
    (("time",), "Time"),
)


def batches(file: BinaryIO, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield these columns."""
    for batch in _file(file).iter_batches(batch_size=BATCH, columns=list(names), use_threads=False):
        columns = [_plain(batch.column(name)) for name in names]
        yield pa.RecordBatch.from_arrays(columns, names=list(names)) if names else batch


def _plain(column: pa.Array) -> pa.Array:
    """Dictionaries as their values, decimals as floats, numbers that are none as missing."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column.cast(pa.string()) if pa.types.is_string_view(column.type) or pa.types.is_large_string(column.type) else column
