"""Is it about persons? What a scanner finds in columns of texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar, Final

import numpy as np
import pyarrow as pa

from hanse.factory.quality.base import ALL, Measure, metric, not_measured
from hanse.factory.quality.inference import wilson
from hanse.factory.quality.ports import Scanner
from hanse.factory.quality.report import Measurement, Metric, Sample
from hanse.factory.quality.subject import Subject
from hanse.factory.quality.tables.table import BATCH, Table

RECORDS: Final = metric(
    "personal-data",
    "Records with personal data",
    "identifiability",
    "Records in which the scanner finds something in at least one column of texts, divided by the records that were scanned.",
    better="lower",
)
FINDS: Final = metric(
    "personal-finds",
    "Personal data found",
    "identifiability",
    "How often the scanner finds personal data of this kind in this column.",
    unit="count",
    better="lower",
)
_MOST: Final = 1_000_000
"""Records of a table that are scanned, at most: of a larger one every n-th batch."""


class Personal(Measure):
    """What a scanner finds."""

    name: ClassVar[str] = "personal"
    metrics: ClassVar[tuple[Metric, ...]] = (RECORDS, FINDS)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the share of records, and the finds per column and kind."""
        scanner = subject.ports.scanner
        tables = [one for one in subject.tables if _columns(one) and one.rows]
        if scanner is None or not tables:
            why = "nothing that finds personal data was handed in" if scanner is None else "there are no columns of texts with values"
            yield not_measured(RECORDS, why)
            yield not_measured(FINDS, why)
            return
        hits = scanned = 0
        for table in tables:
            found = _Scan(scanner)
            found.run(table)
            hits, scanned = hits + found.hits, scanned + found.rows
            yield from found.finds(subject.name(table), table)
        yield _share(hits, scanned, sum(one.rows for one in tables), scanner.method)


def _share(hits: int, scanned: int, of: int, method: str) -> Measurement:
    exact = scanned == of
    return Measurement(
        metric=RECORDS.name,
        value=hits / scanned,
        exact=exact,
        interval=None if exact else wilson(hits, scanned),
        sample=Sample(scanned, of, _how(scanned, of)),
        note=f"By {method}. The count is exact, what it finds is not: it misses what it has no pattern for.",
    )


class _Scan:
    """What a scanner finds in one table."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self.hits = self.rows = 0
        self._found: Counter[tuple[str, str]] = Counter()

    def run(self, table: Table) -> None:
        """Scan the columns of texts, batch by batch."""
        columns = _columns(table)
        every = max(1, -(-table.rows // _MOST))
        for number, batch in enumerate(table.batches(raw=True, columns=columns)):
            if number % every:
                continue
            touched = np.zeros(len(batch), np.bool_)
            for column in columns:
                found = self._scanner.scan(batch[column].to_arrow().cast(pa.large_string()))
                touched[found.records] = True
                counts = np.bincount(found.codes, minlength=len(found.kinds))
                self._found.update({(column, kind): int(count) for kind, count in zip(found.kinds, counts, strict=True) if count})
            self.rows += len(batch)
            self.hits += int(touched.sum())

    def finds(self, name: str, table: Table) -> Iterator[Measurement]:
        sample = Sample(self.rows, table.rows, _how(self.rows, table.rows))
        totals: Counter[str] = Counter()
        for (column, kind), count in sorted(self._found.items()):
            totals[kind] += count
            yield _finds(count, sample, self._scanner.method, name, column, kind)
        for kind, count in sorted(totals.items()):
            yield _finds(count, sample, self._scanner.method, name, "", kind)
        yield _finds(sum(totals.values()), sample, self._scanner.method, name)


def _finds(count: int, sample: Sample, method: str, table: str, column: str = "", kind: str = "") -> Measurement:
    exact = sample.size == sample.of
    note = f"By {method}."
    return Measurement(metric=FINDS.name, value=count, exact=exact, sample=sample, note=note, table=table, column=column, group=kind)


def _how(scanned: int, of: int) -> str:
    return ALL if scanned == of else f"every {max(2, -(-of // _MOST))}th batch of {BATCH:,} records, in order"


def _columns(table: Table) -> list[str]:
    return [one.name for one in table.columns if one.kind == "text" or (one.type == "String" and one.kind != "empty")]
