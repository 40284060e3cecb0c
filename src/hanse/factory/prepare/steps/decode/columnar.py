"""Parquet and Arrow files as tables of texts. Only ever called in a process of its own (see `apart`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hanse.factory.prepare.steps.decode.limits import MAX_COLUMNS
from hanse.factory.prepare.steps.decode.names import unique
from hanse.factory.prepare.steps.decode.orders import Order, Refused
from hanse.factory.prepare.steps.decode.reasons import Bad

_FULL: Final = 4 << 20
_FIRST: Final = 64
_MOST: Final = 16_384


def tables(order: Order) -> Iterator[bytes | Refused]:
    """Yield the rows of a file, in pieces, each an Arrow stream with strings only; `Refused` for a row that is too long.

    Raises `Bad` where the file breaks.
    """
    pa.set_cpu_count(1)  # each thread of a pool would take address space of its own
    pa.set_io_thread_count(1)
    try:
        for batch in _parquet(order) if order.kind == "parquet" else _arrow(order):
            yield from _sent(batch, 4 * order.record_bytes + _FULL)
    except pa.ArrowMemoryError:
        raise Bad("too-hard") from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Bad("damaged", str(error)[:200]) from None


def _wanted(names: list[str], order: Order) -> list[int]:
    """Return the places of the columns that are wanted; all if there is none for the text, since a row is the text then."""
    if order.columns is None or order.text not in names:
        found = list(range(len(names)))
    else:
        found = [place for place, name in enumerate(names) if name in order.columns]
    if len(found) > MAX_COLUMNS:
        raise Bad("columns", f"{len(found)} columns")
    return found


def _parquet(order: Order) -> Iterator[pa.RecordBatch]:
    """Yield rows. How many at once follows from how large those before were: a column can say one large text a million times."""
    file = pq.ParquetFile(order.path, memory_map=False, buffer_size=1 << 20, thrift_string_size_limit=64 << 20)
    names = [field.name for field in file.schema_arrow]
    columns = [names[place] for place in _wanted(names, order)]
    for group in range(file.num_row_groups):
        yield from _group(file, group, columns)


def _group(file: pq.ParquetFile, group: int, columns: list[str]) -> Iterator[pa.RecordBatch]:
    meta = file.metadata.row_group(group)
    per_row = max(1, meta.total_byte_size // max(1, meta.num_rows))
    rows = max(1, min(_MOST, _FULL // per_row))
    yield from file.iter_batches(batch_size=rows, row_groups=[group], columns=columns, use_threads=False)


def _arrow(order: Order) -> Iterator[pa.RecordBatch]:
    """Yield the rows of an Arrow file or stream."""
    with pa.OSFile(order.path) as source:
        try:
            file = pa.ipc.open_file(source)
        except pa.ArrowInvalid:
            source.seek(0)
            for batch in pa.ipc.open_stream(source):
                yield from _cut(batch, order)
            return
        for index in range(file.num_record_batches):
            yield from _cut(file.get_batch(index), order)


def _cut(batch: pa.RecordBatch, order: Order) -> Iterator[pa.RecordBatch]:
    batch.validate(full=True)
    some = batch.select(_wanted(batch.schema.names, order))
    rows = max(1, min(_MOST, _FULL * len(some) // max(1, some.nbytes)))
    yield from (some.slice(at, rows) for at in range(0, len(some), rows))


def _sent(batch: pa.RecordBatch, most: int) -> Iterator[bytes | Refused]:
    left = [pa.record_batch([as_strings(column) for column in batch.columns], names=unique(batch.schema.names))]
    while left:
        some = left.pop()
        if some.nbytes <= most:
            yield _stream(some)
        elif len(some) > 1:
            left += [some.slice(len(some) // 2), some.slice(0, len(some) // 2)]
        else:
            yield Refused("record-too-long")


def _stream(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return bytes(memoryview(sink.getvalue()))


def as_strings(column: pa.Array) -> pa.Array:
    """Return a column as texts: dates and times in ISO 8601, lists and structures as JSON, octets as text if they are UTF-8."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_strings(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return pc.replace_substring(pc.cast(column, pa.string()), " ", "T", max_replacements=1)
    if pa.types.is_nested(kind):
        return pa.array([None if one is None else _json(one) for one in column.to_pylist()], pa.string())
    try:
        return pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if one is None else _shown(one) for one in column.to_pylist()], pa.string())


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


def _shown(value: object) -> str | None:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    return str(value)
