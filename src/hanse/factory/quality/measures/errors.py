"""Is it right, as far as its form tells?

Types, ranges, patterns and lists of values that are stated (checked by pandera), and what no column should hold: values of another type
than nearly all others, infinite numbers, records that cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import polars as pl

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.measures.buckets import repeated
from hanse.factory.quality.measures.constraints import Checked, check
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.subject import Subject

ACCURACY: Final = metric(
    "syntactic-accuracy",
    "Values that keep their constraints",
    "accuracy",
    "Values of columns with stated constraints that keep all of them (type, null, range, length, pattern, list of values), divided by"
    " all cells of these columns.",
)
ERRORS: Final = metric(
    "errors",
    "Violations of constraints",
    "accuracy",
    "Number of cells that break one constraint of their column; a cell that breaks two is counted under both.",
    unit="count",
    better="lower",
)
KEYS: Final = metric(
    "uniqueness",
    "Unique values, where required",
    "consistency",
    "Values of columns that are stated to be unique, without those that equal one before them, divided by the values of these columns.",
)
COLUMNS: Final = metric(
    "required-columns",
    "Required columns",
    "completeness",
    "Stated columns that some table has, divided by the stated columns that are required.",
)
TYPES: Final = metric(
    "type-errors",
    "Values of the wrong type",
    "accuracy",
    "Values that are no number (date, true or false) in a column of texts in which at least nine of ten are one, divided by the values of"
    " such columns.",
    better="lower",
)
FINITE: Final = metric(
    "not-finite",
    "Infinite and undefined numbers",
    "accuracy",
    "Not-a-number and infinite values, divided by the values of columns of numbers.",
    better="lower",
)
UNREADABLE: Final = metric(
    "unreadable",
    "Unreadable records",
    "accuracy",
    "Records (lines, files of text) that are not formed as their table is, divided by them and the records that were read.",
    better="lower",
)


class Errors(Measure):
    """Constraints and forms."""

    name: ClassVar[str] = "errors"
    metrics: ClassVar[tuple[Metric, ...]] = (ACCURACY, ERRORS, KEYS, COLUMNS, TYPES, FINITE, UNREADABLE)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the shares, and the number of errors per column and constraint."""
        if subject.stated.columns:
            yield from _required(subject)
            yield from _constraints(subject)
        else:
            for one in (ACCURACY, ERRORS, COLUMNS):
                yield not_measured(one, "nothing is stated about columns")
        yield from _keys(subject)
        yield from _types(subject)
        yield from _finite(subject)
        lost = sum(one.unreadable for one in subject.tables)
        total = subject.rows + lost
        yield counted(UNREADABLE, lost / total, total) if total else not_measured(UNREADABLE, "there are no records")


def _required(subject: Subject) -> Iterator[Measurement]:
    wanted = [name for name, rule in subject.stated.columns.items() if rule.required]
    if not wanted:
        yield not_measured(COLUMNS, "no column is required")
        return
    there = [name for name in wanted if subject.having(name, nested=True)]
    missing = sorted(set(wanted) - set(there))
    note = f"Missing: {', '.join(missing)}"[:1000] if missing else ""
    yield counted(COLUMNS, len(there) / len(wanted), len(wanted), note=note)


def _constraints(subject: Subject) -> Iterator[Measurement]:
    cells = wrong = 0
    for table in subject.tables:
        rules = {name: rule for name, rule in subject.stated.columns.items() if table.column(name)}
        for name, found in check(table, rules).items():
            cells, wrong = cells + table.rows, wrong + found.cells
            yield from _column(subject.name(table), name, found, table.rows)
    if cells:
        yield counted(ACCURACY, 1 - wrong / cells, cells)
        yield counted(ERRORS, wrong, cells)
    else:
        yield not_measured(ACCURACY, "no record has a column about which something is stated")
        yield not_measured(ERRORS, "no record has a column about which something is stated")


def _column(table: str, name: str, found: Checked, rows: int) -> Iterator[Measurement]:
    if rows:
        yield counted(ACCURACY, 1 - found.cells / rows, rows, table=table, column=name)
        for constraint, count in found.broken.items():
            yield counted(ERRORS, count, rows, table=table, column=name, group=constraint)


def _keys(subject: Subject) -> Iterator[Measurement]:
    first = of = 0
    wanted = [name for name, rule in subject.stated.columns.items() if rule.unique]
    for table in subject.tables:
        for name in wanted:
            if table.column(name) is None:
                continue
            values = int(table.row({"n": pl.col(name).count()}, raw=True)["n"])
            again = repeated(table, [name], drop_nulls=True)
            first, of = first + values - again, of + values
            if values:
                yield counted(KEYS, 1 - again / values, values, table=subject.name(table), column=name)
    yield counted(KEYS, first / of, of) if of else not_measured(KEYS, "no column with values is stated to be unique")


def _types(subject: Subject) -> Iterator[Measurement]:
    wrong = of = 0
    for table in subject.tables:
        for column in table.columns:
            count = sum(column.forms.values())
            if column.kind not in ("number", "date", "boolean") or not count:
                continue
            wrong, of = wrong + column.unfit, of + count
            if column.unfit:
                note = f"Read as {column.kind}."
                yield counted(TYPES, column.unfit / count, count, table=subject.name(table), column=column.name, note=note)
    yield counted(TYPES, wrong / of, of) if of else not_measured(TYPES, "no column of texts holds numbers, dates or the like")


def _finite(subject: Subject) -> Iterator[Measurement]:
    wrong = of = 0
    for table in subject.tables:
        schema = table.typed.collect_schema()
        names = [name for name in table.of_kind("number") if schema[name].is_float()]
        counts = table.row({name: pl.col(name).is_finite().not_().sum() for name in names})
        counts |= {f"{name} ": count for name, count in table.row({name: pl.col(name).count() for name in table.of_kind("number")}).items()}
        wrong += sum(int(counts[name]) for name in names)
        of += sum(int(counts[f"{name} "]) for name in table.of_kind("number"))
        for name in names:
            if counts[name]:
                yield counted(FINITE, counts[name] / counts[f"{name} "], counts[f"{name} "], table=subject.name(table), column=name)
    yield counted(FINITE, wrong / of, of) if of else not_measured(FINITE, "there are no columns of numbers")
