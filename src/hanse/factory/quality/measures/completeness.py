"""Is everything there? Nulls and empty texts, per column and over all; values that only stand for "not known"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import polars as pl

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.subject import Subject
from hanse.factory.quality.tables.table import Table, chunks

VALUES: Final = metric(
    "completeness",
    "Values present",
    "completeness",
    "Cells that hold a value, divided by all cells (records times columns). Null and a text of blanks only are no values.",
)
RECORDS: Final = metric(
    "record-completeness",
    "Records without gaps",
    "completeness",
    "Records with a value in every column, divided by all records.",
)
PLACEHOLDERS: Final = metric(
    "placeholders",
    "Words that stand for no value",
    "completeness",
    "Values of columns of texts (numbers and dates as read from texts included) that are a word for nothing, such as n/a, null, none,"
    " unknown, ? or -, divided by the values of these columns.",
    better="lower",
)
WORDS: Final = ("n/a", "na", "null", "none", "nil", "unknown", "undefined", "missing", "?", "-", "--", "#n/a", "nan", "tbd")


class Completeness(Measure):
    """Values that are there."""

    name: ClassVar[str] = "completeness"
    metrics: ClassVar[tuple[Metric, ...]] = (VALUES, RECORDS, PLACEHOLDERS)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the shares of the version, of its tables and of their columns."""
        cells = filled = whole = 0
        for table in subject.tables:
            there = _filled(table)
            cells, filled = cells + table.rows * len(table.columns), filled + sum(there.values())
            whole += (complete := _whole(table))
            yield from _table(subject, table, there, complete)
        if not cells:
            yield not_measured(VALUES, "there are no records")
            yield not_measured(RECORDS, "there are no records")
        else:
            yield counted(VALUES, filled / cells, cells)
            yield counted(RECORDS, whole / subject.rows, subject.rows)
        yield from _placeholders(subject)


def _table(subject: Subject, table: Table, there: dict[str, int], whole: int) -> Iterator[Measurement]:
    name = subject.name(table)
    for column, count in there.items():
        if table.rows:
            yield counted(VALUES, count / table.rows, table.rows, table=name, column=column)
    if name and table.rows and there:
        yield counted(VALUES, sum(there.values()) / (table.rows * len(there)), table.rows * len(there), table=name)
        yield counted(RECORDS, whole / table.rows, table.rows, table=name)


def _there(table: Table, column: str) -> pl.Expr:
    value = pl.col(column)
    return value.is_not_null() & (value.str.strip_chars() != "") if _texts(table, column) else value.is_not_null()


def _texts(table: Table, column: str) -> bool:
    found = table.column(column)
    return found is not None and found.type == "String"


def _filled(table: Table) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in chunks(table.names):
        found |= table.row({one: _there(table, one).sum() for one in some}, raw=True)
    return {name: int(count) for name, count in found.items()}


def _whole(table: Table) -> int:
    if not table.columns:
        return 0
    return int(table.row({"n": pl.all_horizontal([_there(table, one) for one in table.names]).sum()}, raw=True)["n"])


def _placeholders(subject: Subject) -> Iterator[Measurement]:
    hits = of = 0
    for table in subject.tables:
        for column, (found, values) in _words(table).items():
            hits, of = hits + found, of + values
            if found:
                yield counted(PLACEHOLDERS, found / values, values, table=subject.name(table), column=column)
    yield counted(PLACEHOLDERS, hits / of, of) if of else not_measured(PLACEHOLDERS, "there are no columns of texts with values")


def _words(table: Table) -> dict[str, tuple[int, int]]:
    """Return for columns of texts how many values stand for none, and how many there are."""
    found: dict[str, tuple[int, int]] = {}
    for some in chunks([one for one in table.names if _texts(table, one)]):
        hits = table.row({one: pl.col(one).str.strip_chars().str.to_lowercase().is_in(WORDS).sum() for one in some}, raw=True)
        values = table.row({one: pl.col(one).count() for one in some}, raw=True)
        found |= {one: (int(hits[one]), int(values[one])) for one in some}
    return found
