"""Is anything there twice? Records that are equal in all columns, and texts that are nearly the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import polars as pl

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.measures.buckets import repeated
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.subject import Subject

EXACT: Final = metric(
    "duplicates",
    "Duplicate records",
    "consistency",
    "Records that equal one before them in all columns, divided by all records. They are compared by 64-bit hashes.",
    better="lower",
)
TEXTS: Final = metric(
    "text-duplicates",
    "Duplicate texts",
    "consistency",
    "Records whose text equals that of one before them, divided by the records that have a text.",
    better="lower",
)
NEAR: Final = metric(
    "near-duplicates",
    "Near-duplicate texts",
    "similarity",
    "Records whose text is nearly that of one before them, by the method that is named, divided by the records that have a text.",
    better="lower",
)


class Duplicates(Measure):
    """Records and texts that are there again."""

    name: ClassVar[str] = "duplicates"
    metrics: ClassVar[tuple[Metric, ...]] = (EXACT, TEXTS, NEAR)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the shares of the version and of its tables."""
        twice = 0
        for table in subject.tables:
            again = repeated(table, table.names) if table.columns else 0
            twice += again
            if table.rows and subject.name(table):
                yield counted(EXACT, again / table.rows, table.rows, table=table.name)
        yield counted(EXACT, twice / subject.rows, subject.rows) if subject.rows else not_measured(EXACT, "there are no records")
        yield from _texts(subject)


def _texts(subject: Subject) -> Iterator[Measurement]:
    texts = subject.texts()
    rows = sum(int(table.row({"n": pl.col(column).count()}, raw=True)["n"]) for table, column in texts)
    if not rows:
        why = "no table has a column of texts that is named `text`, or the one that is stated"
        yield not_measured(TEXTS, why)
        yield not_measured(NEAR, why)
        return
    yield counted(TEXTS, sum(repeated(table, [column], drop_nulls=True) for table, column in texts) / rows, rows)
    finder = subject.ports.near
    if finder is None:
        yield not_measured(NEAR, "nothing that finds near duplicates was handed in")
        return
    near = finder.count(batch[column].drop_nulls().to_list() for table, column in texts for batch in table.batches(columns=[column]))
    if near.records:
        yield counted(NEAR, near.near / near.records, near.records, note=near.method)
    else:
        yield not_measured(NEAR, "there are no texts")
