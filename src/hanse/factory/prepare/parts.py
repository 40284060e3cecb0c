"""Parts: Arrow tables of bounded size, in files that are checked when they are read, named by what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from msgspec import Struct
from pyarrow import ipc

from hanse.factory.prepare.files import Made, read_made, write_atomic
from hanse.factory.prepare.limits import Limits
from hanse.kernel.errors import StorageFailed

if TYPE_CHECKING:
    from collections.abc import Callable

PART: Final = b"part"
"""Key of the metadata of a table's schema that tells a step which part it sees."""


class Content(Struct, frozen=True):
    """What a table is, however it is stored: SHA-256 of its Arrow stream, the stream's bytes, and the number of records."""

    digest: str
    size: int
    records: int


def content_of(table: pa.Table) -> Content:
    """Measure a table; it is the same for the same records in the same columns."""
    sink = _Hashing()
    with ipc.new_stream(pa.PythonFile(sink, mode="w"), table.schema) as writer:
        writer.write_table(table)
    return Content(sink.hash.hexdigest(), sink.size, table.num_rows)


def plain(table: pa.Table) -> pa.Table:
    """Return the table in one chunk and without metadata of its own (that of columns stays): the same records are then the same bytes."""
    return table.replace_schema_metadata(None).combine_chunks()


def named(table: pa.Table, part: str) -> pa.Table:
    """Return the table with the part's name where steps look for it."""
    return table.replace_schema_metadata({PART: part.encode()})


def save(table: pa.Table, root: Path, path: str) -> Made:
    """Write a table into a file below `root`, at once or not at all. Raises `StorageFailed`."""
    sink = pa.BufferOutputStream()
    with ipc.new_file(sink, table.schema, options=ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    return write_atomic(root, path, sink.getvalue())


def load(root: Path, made: Made) -> pa.Table:
    """Read a table. Raises `StorageFailed` (rule `damaged`) if its file is not as it was written."""
    data = read_made(root, made)
    try:
        return ipc.open_file(pa.BufferReader(data)).read_all()
    except pa.ArrowException:
        raise StorageFailed("A part cannot be read.", where=made.path, rule="damaged") from None


def cut(tables: Iterable[pa.Table], limits: Limits) -> Iterator[pa.Table]:
    """Yield parts of bounded size out of tables that come in order; where it cuts depends on the tables alone."""
    waiting: list[pa.Table] = []
    records = size = 0
    for table in _pieces(tables, limits):
        if waiting and (records + table.num_rows > limits.records or size + table.nbytes > limits.size or _differ(waiting[0], table)):
            yield pa.concat_tables(waiting)
            waiting, records, size = [], 0, 0
        waiting.append(table)
        records, size = records + table.num_rows, size + table.nbytes
    if waiting:
        yield pa.concat_tables(waiting)


def _pieces(tables: Iterable[pa.Table], limits: Limits) -> Iterator[pa.Table]:
    """Yield tables none of which is over the limits, unless it is a single record."""
    for table in tables:
        stack = [table]
        while stack:
            one = stack.pop()
            if one.num_rows > 1 and (one.num_rows > limits.records or one.nbytes > limits.size):
                half = one.num_rows // 2
                stack += [one.slice(half), one.slice(0, half)]
            elif one.num_rows:
                yield one


def _differ(one: pa.Table, other: pa.Table) -> bool:
    return not one.schema.equals(other.schema)


class _Hashing:
    """A file that keeps nothing but the hash of what is written."""

    closed = False

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.size = 0
        self.flush: Callable[[], None] = lambda: None

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        self.hash.update(view)
        self.size += view.nbytes
        return view.nbytes

    def close(self) -> None:
        self.closed = True
