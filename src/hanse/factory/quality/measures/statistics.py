"""How large it is, and of how many different values: figures of each column are in its profile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.profile.table import RARE
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.subject import Subject, value_counts
from hanse.factory.quality.tables.table import Table

_MOST: Final = 20

RECORDS: Final = metric("records", "Records", "", "Number of records that could be read.", unit="count", better="")
COLUMNS: Final = metric("columns", "Columns", "", "Number of columns of all tables.", unit="count", better="")
EMPTY: Final = metric(
    "empty-columns",
    "Empty columns",
    "completeness",
    "Columns that hold nothing but nulls, divided by all columns.",
    better="lower",
)

GROUPS: Final = metric(
    "groups",
    "Groups with statistics of their own",
    "",
    "Groups of five records or more that have the same value in a column by which statistics are to be made, the most frequent 20.",
    unit="count",
    better="",
)


class Statistics(Measure):
    """Sizes."""

    name: ClassVar[str] = "statistics"
    metrics: ClassVar[tuple[Metric, ...]] = (RECORDS, COLUMNS, EMPTY, GROUPS)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the numbers."""
        columns = [one for table in subject.tables for one in table.columns]
        yield counted(RECORDS, subject.rows, subject.rows)
        yield counted(COLUMNS, len(columns), len(columns))
        if columns:
            yield counted(EMPTY, sum(one.kind == "empty" for one in columns) / len(columns), len(columns))
        for by in subject.stated.group_by:
            tables = subject.having(by)
            values = [groups_of(table, by) for table in tables]
            if not any(values):
                why = f"{by} has too many different values, or none in five records or more" if tables else f"no table has the column {by}"
                yield not_measured(GROUPS, why, column=by)
            for table, found in zip(tables, values, strict=True):
                if found:
                    yield counted(GROUPS, len(found), table.rows, table=subject.name(table), column=by)


def groups_of(table: Table, by: str) -> list[str]:
    """Return the values of a column that are groups, the most frequent first."""
    return [value for value, count in (value_counts(table, by) or {}).items() if count >= RARE][:_MOST]
