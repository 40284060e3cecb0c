"""How large it is, and of how many different values: figures of each column are in its profile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from hanse.factory.quality.base import Measure, counted, metric
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.subject import Subject

RECORDS: Final = metric("records", "Records", "", "Number of records that could be read.", unit="count", better="")
COLUMNS: Final = metric("columns", "Columns", "", "Number of columns of all tables.", unit="count", better="")
EMPTY: Final = metric(
    "empty-columns",
    "Empty columns",
    "completeness",
    "Columns that hold nothing but nulls, divided by all columns.",
    better="lower",
)


class Statistics(Measure):
    """Sizes."""

    name: ClassVar[str] = "statistics"
    metrics: ClassVar[tuple[Metric, ...]] = (RECORDS, COLUMNS, EMPTY)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the numbers."""
        columns = [one for table in subject.tables for one in table.columns]
        yield counted(RECORDS, subject.rows, subject.rows)
        yield counted(COLUMNS, len(columns), len(columns))
        if columns:
            yield counted(EMPTY, sum(one.kind == "empty" for one in columns) / len(columns), len(columns))
