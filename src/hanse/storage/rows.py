"""The few things that the stores ask of a database, and the texts that mean the same to both engines.

A text uses `?` for its arguments. `/*lock*/` stands for a lock on the rows that are read until the transaction ends,
`/*skip*/` for the same with rows left out that somebody else has locked; to SQLite, which has one writer, both are
comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

Value = str | int | float | bytes | None
"""What a column holds."""

Row = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Rows(Protocol):
    """Statements inside one transaction. All raise `StorageFailed`, or `Conflict` where a unique column is taken."""

    def all(self, sql: str, args: Sequence[Value] = ()) -> list[Row]:
        """Return all rows."""
        ...

    def one(self, sql: str, args: Sequence[Value] = ()) -> Row | None:
        """Return the first row, or nothing."""
        ...

    def each(self, sql: str, args: Sequence[Value] = ()) -> Iterable[Row]:
        """Yield the rows without holding them all in memory."""
        ...

    def execute(self, sql: str, args: Sequence[Value] = ()) -> int:
        """Change something; return how many rows were changed."""
        ...

    def many(self, sql: str, batch: Sequence[Sequence[Value]]) -> None:
        """Execute once for each of the batch."""
        ...


def micros(moment: datetime) -> int:
    """Return `moment` as whole microseconds since 1970, the form in which moments are compared and indexed."""
    return (moment - _EPOCH) // _MICROSECOND


def micros_or_none(moment: datetime | None) -> int | None:
    """Return `micros`, or nothing for nothing."""
    return None if moment is None else micros(moment)


def moment_of(value: int) -> datetime:
    """Return the moment, in UTC, that `micros` turned into `value`."""
    return _EPOCH + timedelta(microseconds=value)
