"""Parquet: read and written in batches, each column with the encoding and the compression that it had.

Only columns are read whose content matters. Of the file's own metadata nothing is taken over but the types and the
numbers of fields: what writers put there (pandas names all columns) may tell of what was dropped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

from hanse.dataplane.transforms.arrowbatch import ArrowBatch, is_text, workable
from hanse.dataplane.transforms.refusal import malformed, no_column
from hanse.dataplane.transforms.tables import Batch, Out, Tools
from hanse.kernel.errors import SourceVanished
from hanse.odrl import names
from hanse.odrl.changes import Step

_BATCH_BYTES: Final = 8 << 20
_BATCH_ROWS: Final = 131_072
_GROUP_BYTES: Final = 256 << 20
"""A row group is held back until it is whole; larger ones become several."""
_READ_BYTES: Final = 1 << 20
"""How much of each column is read at once; without it Arrow reads a row group's whole column."""
_WRITTEN_ROWS: Final = 8_192
"""How many values are encoded at once; Arrow's 1,024 cost 4 %."""
_DICTIONARY: Final = 800_000
"""A dictionary page of this size was given up by its writer (the default limit is 1 MiB)."""
_TYPES: Final = b"ARROW:schema"
_NUMBER: Final = b"PARQUET:field_id"


class ParquetTable:
    """A Parquet file. `block` plays no part: a batch has as many rows as fit into some megabytes."""

    def __init__(self, file: BinaryIO, steps: tuple[Step, ...], tools: Tools, block: int) -> None:
        del block
        self._file = file
        self._tools = tools
        try:
            self._plain = pq.ParquetFile(file, pre_buffer=False)
        except (pa.ArrowException, OSError, ValueError):
            raise malformed("Parquet", "its footer cannot be read") from None
        self._schema = self._plain.schema_arrow
        for name in sorted({column for step in steps for column in step.columns}):
            if self._schema.names.count(name) != 1:
                raise no_column(name)
        if len(set(self._schema.names)) != len(self._schema.names):
            raise malformed("Parquet", "two columns have one name")
        self._layout = _Layout(self._plain.metadata)
        self._left = {name for step in steps if step.action == names.DROP for name in step.columns}
        self._blank = _blank(self._plain, steps)
        self._repeated = [name for name in self._layout.dictionaries - self._blank - self._left if self._repeats(name)]

    def batches(self) -> Iterator[Batch]:
        """Yield the records."""
        wanted = [name for name in self._schema.names if name not in self._blank | self._left]
        try:
            yield from self._read(
                pq.ParquetFile(self._file, read_dictionary=self._repeated, pre_buffer=False, buffer_size=_READ_BYTES), wanted
            )
        except pa.ArrowMemoryError:
            raise
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise SourceVanished("The data could not be read to its end.") from error
            raise malformed("Parquet", "its pages cannot be read") from None

    def write(self, batches: Iterable[Batch], out: Out) -> None:
        """Write the records."""
        writer = None
        try:
            for batch in cast("Iterable[ArrowBatch]", batches):
                records = batch.records
                if writer is None:
                    writer = self._writer(records.schema, out)
                writer.write_batch(records, row_group_size=self._layout.rows)
        finally:
            if writer is not None:
                writer.close()

    def _repeats(self, name: str) -> bool:
        """Tell whether a column's dictionary can be kept while it is read: then repeated text is handled once."""
        return name in self._schema.names and self._schema.field(name).type in (pa.string(), pa.binary())

    def _read(self, opened: Any, wanted: list[str]) -> Iterator[Batch]:
        fields = [field.with_metadata(_numbered(field)) for field in self._schema if field.name not in self._left]
        empty = True
        for records in opened.iter_batches(self._layout.batch, columns=wanted, use_threads=False):
            self._tools.advance(self._layout.bytes_of(records.num_rows))
            columns = [workable(_blanks(one, records.num_rows) if one.name in self._blank else records.column(one.name)) for one in fields]
            typed = [one.with_type(column.type) for one, column in zip(fields, columns, strict=True)]
            yield ArrowBatch(pa.RecordBatch.from_arrays(columns, schema=pa.schema(typed)))
            empty = False
        if empty:
            yield ArrowBatch(pa.RecordBatch.from_pylist([], schema=pa.schema(fields)))

    def _writer(self, schema: Any, out: Out) -> Any:
        writer = pq.ParquetWriter(
            pa.PythonFile(_Sink(out), mode="w"),
            schema,
            compression=self._layout.compression or "none",
            use_dictionary=sorted(self._layout.dictionaries | self._blank),
            store_schema=False,
            write_batch_size=_WRITTEN_ROWS,
        )
        if _TYPES in (self._plain.metadata.metadata or {}):  # Arrow's own types, where the source had them
            writer.add_key_value_metadata({_TYPES: base64.b64encode(self._unfolded(schema).serialize())})
        return writer

    def _unfolded(self, schema: Any) -> Any:
        """Return the types as they are in the source, where there were no dictionaries."""
        return pa.schema([one.with_type(one.type.value_type) if self._is_folded(one) else one for one in schema])

    def _is_folded(self, field: Any) -> bool:
        return pa.types.is_dictionary(field.type) and not pa.types.is_dictionary(self._schema.field(field.name).type)


class _Layout:
    """How a file is laid out: what is taken over when it is written anew."""

    def __init__(self, metadata: Any) -> None:
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        size, rows = max(1, sum(group.total_byte_size for group in groups)), max(1, metadata.num_rows)
        self.rows: int = max(1, min(max([1, *(group.num_rows for group in groups)]), _GROUP_BYTES * rows // size))
        self.batch = max(1, min(_BATCH_ROWS, _BATCH_BYTES * rows // size))
        leaves = [[group.column(index) for group in groups] for index in range(metadata.num_columns)]
        self.compression = {chunks[0].path_in_schema: _codec(chunks[0].compression) for chunks in leaves if chunks}
        self.dictionaries = {chunks[0].path_in_schema for chunks in leaves if chunks and all(map(_has_dictionary, chunks))}
        self._share = sum(chunk.total_compressed_size for chunks in leaves for chunk in chunks) / rows

    def bytes_of(self, rows: int) -> int:
        """Return how much of the file some rows are, about."""
        return int(rows * self._share)


class _Sink:
    """What Arrow wants of a file that it writes to."""

    closed = False

    def __init__(self, out: Out) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        """Take bytes."""
        return self._out.write(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The file is not Arrow's to close."""


def _codec(name: str) -> str:
    return "none" if name == "UNCOMPRESSED" else name.lower()


def _has_dictionary(chunk: Any) -> bool:
    """Tell whether the writer kept to a dictionary: one that grew too large was given up half-way."""
    if not chunk.has_dictionary_page or chunk.dictionary_page_offset is None:
        return False
    return bool(
        chunk.data_page_offset - chunk.dictionary_page_offset < _DICTIONARY and chunk.total_uncompressed_size < 4 * chunk.num_values
    )


def _numbered(field: Any) -> dict[bytes, bytes] | None:
    number = (field.metadata or {}).get(_NUMBER)
    return {_NUMBER: number} if number else None


def _blank(file: Any, steps: tuple[Step, ...]) -> set[str]:
    """Return the columns that need not be read, since they are masked and it is known where they are null."""
    masked = {name for step in steps if step.action == names.MASK for name in step.columns}
    dropped = {name for step in steps if step.action == names.DROP for name in step.columns}
    blank = {name for name in masked if not is_text(file.schema_arrow.field(name).type) or _never_null(file.metadata, name)}
    if len(blank | dropped) == len(file.schema_arrow.names):
        return blank - {min(blank, default="")}  # one is read, so that the records are counted
    return blank


def _never_null(metadata: Any, name: str) -> bool:
    for group in (metadata.row_group(index) for index in range(metadata.num_row_groups)):
        chunks = [chunk for chunk in (group.column(index) for index in range(metadata.num_columns)) if chunk.path_in_schema == name]
        if len(chunks) != 1 or not chunks[0].is_stats_set or not chunks[0].statistics.has_null_count or chunks[0].statistics.null_count:
            return False
    return True


def _blanks(field: Any, count: int) -> Any:
    """Return what stands for a column until it is masked."""
    if not is_text(field.type):
        return pa.nulls(count, field.type)
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if kind in (pa.string(), pa.binary()):
        return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count), pa.array([""]).cast(kind))
    return pa.repeat(pa.scalar("", pa.string()).cast(kind), count)
