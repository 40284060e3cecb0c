"""Is it even? How records spread over the classes of a label and over the values of columns that are stated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.inference import entropy
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.subject import MOST_VALUES, Subject, value_counts, word

BALANCE: Final = metric(
    "balance",
    "Evenness of classes",
    "balance",
    "Entropy of the shares of the values, divided by the logarithm of their number: 1 if all occur equally often, 0 if there is only one."
    " Classes of the label that are stated and do not occur count with a share of nothing.",
)
LARGEST: Final = metric(
    "imbalance",
    "Largest to smallest class",
    "balance",
    "Records of the most frequent value, divided by those of the least frequent one that occurs.",
    unit="ratio",
    better="lower",
)
SHARE: Final = metric(
    "class-share",
    "Share of a value",
    "balance",
    "Records with this value, divided by the records that have one.",
    better="",
)


class Balance(Measure):
    """Evenness of labels and of stated columns."""

    name: ClassVar[str] = "balance"
    metrics: ClassVar[tuple[Metric, ...]] = (BALANCE, LARGEST, SHARE)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield evenness per column; that of the label is that of the version."""
        label = subject.stated.label
        columns = list(dict.fromkeys([*([label.column] if label else []), *subject.stated.balance]))
        if not columns:
            for one in self.metrics:
                yield not_measured(one, "no label is stated, and no column whose values should be even")
        for column in columns:
            classes = [word(one) for one in label.classes] if label and column == label.column else []
            yield from _column(subject, column, classes, whole=column == columns[0])


def all_counts(subject: Subject, column: str) -> dict[str, int] | str:
    """Count the values of a column over all tables, or say why not."""
    tables = subject.having(column)
    if not tables:
        return f"no table has the column {column}"
    counts: dict[str, int] = {}
    for table in tables:
        found = value_counts(table, column)
        if found is None or len({*counts, *found}) > MOST_VALUES:
            return f"{column} has more than {MOST_VALUES} different values"
        for value, count in found.items():
            counts[value] = counts.get(value, 0) + count
    return counts or f"{column} has no values"


def _column(subject: Subject, column: str, classes: list[str], *, whole: bool) -> Iterator[Measurement]:
    counts = all_counts(subject, column)
    if isinstance(counts, str):
        for one in (BALANCE, LARGEST, SHARE):
            yield not_measured(one, counts, column=column)
        return
    total, every = sum(counts.values()), {**dict.fromkeys(classes, 0), **counts}
    values = [*every.values()]
    for name in ("", column) if whole else (column,):
        if len(every) > 1:
            yield counted(BALANCE, entropy(values), total, column=name)
            yield counted(LARGEST, max(values) / min(one for one in values if one), total, column=name)
        else:
            yield not_measured(BALANCE, f"{column} has only one value", column=name)
            yield not_measured(LARGEST, f"{column} has only one value", column=name)
    for value, count in every.items():
        yield counted(SHARE, count / total, total, column=column, group=value)
