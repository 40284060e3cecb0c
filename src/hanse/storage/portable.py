"""All rows of all tables, in and out, whatever the engine: what a backup is made of."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from hanse.kernel.errors import StorageFailed
from hanse.storage import schema
from hanse.storage.rows import Row, Rows
from hanse.storage.sqlite_connection import SqliteRows, connect_writer, failure

_COLUMN = re.compile(r"(\w+) (?:TEXT|INTEGER|BLOB)\b")
_BATCH = 500


def columns(table: str) -> tuple[str, ...]:
    """Return the columns of a table of the schema. Raises `KeyError` for any other name."""
    for step in schema.STEPS:
        for statement in step:
            if statement.startswith(f"CREATE TABLE {table} "):
                return tuple(_COLUMN.findall(statement))
    raise KeyError(table)


def export_rows(rows: Rows, table: str) -> Iterator[Row]:
    """Yield the rows of a table, in the order of `columns`."""
    yield from rows.each(f"SELECT {', '.join(columns(table))} FROM {table}")  # noqa: S608 - a name of the schema


def import_rows(rows: Rows, table: str, data: Iterable[Row]) -> int:
    """Insert rows, in the order of `columns`; return how many."""
    names = columns(table)
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})"  # noqa: S608 - names of the schema
    count = 0
    batch: list[Row] = []
    for row in data:
        batch.append(row)
        if len(batch) == _BATCH:
            rows.many(sql, batch)
            count, batch = count + len(batch), []
    rows.many(sql, batch)
    return count + len(batch)


def copy_to_sqlite(rows: Rows, path: Path) -> None:
    """Copy everything to a new SQLite file. Raises `StorageFailed`, also if the file exists."""
    if path.exists():
        raise StorageFailed("The copy cannot be written: the file exists.", hint="Name a new file.")
    try:
        target = connect_writer(str(path))
        try:
            target.execute("BEGIN")
            copy = SqliteRows(target)
            schema.migrate(copy)
            for table in schema.tables():
                import_rows(copy, table, export_rows(rows, table))
            target.execute("COMMIT")
        finally:
            target.close()
    except sqlite3.Error as error:
        raise failure(error) from error
