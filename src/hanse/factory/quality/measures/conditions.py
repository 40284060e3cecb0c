"""Comparisons as expressions of Polars; what cannot be compared with each other is compared as texts."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from hanse.factory.quality.stated import Condition, Scalar, is_date
from hanse.factory.quality.subject import word, worded
from hanse.factory.quality.tables.table import Table
from hanse.kernel.errors import Invalid

_OPS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(table: Table, condition: Condition) -> pl.Expr:
    """Return whether a condition holds in a record: null where one of its values is missing."""
    column = table.column(condition.left)
    assert column is not None
    compare = _OPS[condition.op]
    if condition.column:
        other = table.column(condition.column)
        assert other is not None
        if column.kind == other.kind and column.kind != "empty":
            found: pl.Expr = compare(_plain(condition.left, column.kind), _plain(condition.column, other.kind))
            return found
        return _expression(compare(worded(condition.left), worded(condition.column)))
    assert condition.value is not None
    return _expression(_with_value(condition.left, column.kind, condition.value, compare))


def moment(text: str) -> datetime:
    """Return a stated date or moment as columns have them: in UTC, without saying so. Raises `Invalid`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text[:40]!r} is no date, such as 2026-01-31.", where="use", rule="stated") from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def dated(column: str) -> pl.Expr:
    """Return a column of dates as moments in UTC."""
    return pl.col(column).cast(pl.Datetime("us"))


def _plain(column: str, kind: str) -> pl.Expr:
    return dated(column) if kind == "date" else pl.col(column)


def _with_value(column: str, kind: str, value: Scalar, compare: Callable[[Any, Any], Any]) -> object:
    if kind == "date" and isinstance(value, str) and is_date(value):
        return compare(dated(column), pl.lit(moment(value)))
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return compare(pl.col(column), pl.lit(value))
    if kind == "boolean" and isinstance(value, bool):
        return compare(pl.col(column), pl.lit(value))
    return compare(worded(column), pl.lit(word(value)))


def _expression(found: object) -> pl.Expr:
    assert isinstance(found, pl.Expr)
    return found
