"""Records that are only ever found by their own key: one small store for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec

from hanse.storage.rows import Rows, Value

R = TypeVar("R")


class Shape(Generic[R]):
    """The texts and the decoder of one table whose record is in `doc`; `columns` are its key, in order, then the rest."""

    def __init__(self, table: str, kind: type[R], key: Sequence[str], rest: Sequence[str] = ()) -> None:
        columns = (*key, *rest, "doc")
        where = " AND ".join(f"{column} = ?" for column in key)
        sets = ", ".join(f"{column} = excluded.{column}" for column in (*rest, "doc"))
        marks = ", ".join("?" for _ in columns)
        self.decode = msgspec.json.Decoder(kind).decode
        self.get = f"SELECT doc FROM {table} WHERE {where} /*lock*/"  # noqa: S608 - names of this module's own tables
        self.add = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
        self.put = f"{self.add} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets}"
        self.delete = f"DELETE FROM {table} WHERE {where}"  # noqa: S608


class Documents(Generic[R]):
    """Get, put and delete by key."""

    __slots__ = ("_rows", "_shape")

    def __init__(self, rows: Rows, shape: Shape[R]) -> None:
        self._rows = rows
        self._shape = shape

    def _get(self, *key: Value) -> R | None:
        row = self._rows.one(self._shape.get, key)
        return None if row is None else self._shape.decode(row[0])

    def _add(self, record: R, *columns: Value) -> None:
        self._rows.execute(self._shape.add, (*columns, msgspec.json.encode(record)))

    def _put(self, record: R, *columns: Value) -> None:
        self._rows.execute(self._shape.put, (*columns, msgspec.json.encode(record)))

    def _delete(self, *key: Value) -> None:
        self._rows.execute(self._shape.delete, key)

    def _read(self, sql: str, args: Sequence[Value]) -> list[R]:
        found: list[tuple[Any, ...]] = self._rows.all(sql, args)
        return [self._shape.decode(row[0]) for row in found]
