"""Are the labels good? Missing and unknown ones, equal inputs with different labels, and whether annotators agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import polars as pl

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.inference import cohen, fleiss
from hanse.factory.quality.measures.buckets import conflicting
from hanse.factory.quality.report import Interval, Measurement, Metric, Sample
from hanse.factory.quality.stated import Label
from hanse.factory.quality.subject import MOST_VALUES, Subject, word, worded
from hanse.factory.quality.tables.table import Table

COMPLETE: Final = metric(
    "label-completeness",
    "Labelled records",
    "completeness",
    "Records whose label is neither null nor a text of blanks, divided by all records of tables with a label.",
)
KNOWN: Final = metric(
    "label-validity",
    "Known labels",
    "accuracy",
    "Labels that are among the stated classes, divided by all labels that are there.",
)
CONFLICTS: Final = metric(
    "label-conflicts",
    "Conflicting labels",
    "consistency",
    "Records that equal another one in all inputs and have another label than it, divided by the labelled records. Inputs are the stated"
    " columns, or all but the label and the annotators' ones.",
    better="lower",
)
AGREED: Final = metric(
    "annotator-agreement",
    "Agreement of annotators",
    "credibility",
    "Cohen's kappa of two annotators, Fleiss' kappa of more, over the records that all of them labelled: the share in which they agree,"
    " less that by chance, divided by one less that by chance.",
    unit="kappa",
)


class Labels(Measure):
    """Labels and annotators."""

    name: ClassVar[str] = "labels"
    metrics: ClassVar[tuple[Metric, ...]] = (COMPLETE, KNOWN, CONFLICTS, AGREED)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield it over all tables with the label."""
        label = subject.stated.label
        tables = subject.having(label.column) if label else []
        if label is None or not tables:
            why = "no label is stated" if label is None else f"no table has the column {label.column}"
            for one in (COMPLETE, KNOWN, CONFLICTS):
                yield not_measured(one, why)
        else:
            yield from _labels(tables, label)
        yield _agreement(subject, label)


def _labels(tables: list[Table], label: Label) -> Iterator[Measurement]:
    plain = worded(label.column).str.strip_chars()
    there = plain.is_not_null() & (plain != "")
    known = there & worded(label.column).is_in([word(one) for one in label.classes])
    rows = [table.row({"of": pl.len(), "there": there.sum(), "known": known.sum()}, raw=True) for table in tables]
    of, labels, among = (sum(int(row[name]) for row in rows) for name in ("of", "there", "known"))
    if not labels:
        yield counted(COMPLETE, 0.0, of) if of else not_measured(COMPLETE, "there are no records")
        yield not_measured(KNOWN, "there are no labels")
        yield not_measured(CONFLICTS, "there are no labels")
        return
    yield counted(COMPLETE, labels / of, of)
    yield counted(KNOWN, among / labels, labels) if label.classes else not_measured(KNOWN, "no classes are stated")
    inputs = [(table, _inputs(table, label)) for table in tables]
    if all(names for _, names in inputs):
        yield counted(CONFLICTS, sum(conflicting(table, names, label.column) for table, names in inputs) / labels, labels)
    else:
        yield not_measured(CONFLICTS, "the inputs that are stated are not in the table, or there is no column beside the label")


def _inputs(table: Table, label: Label) -> list[str]:
    if label.inputs:
        return [*label.inputs] if all(table.column(name) for name in label.inputs) else []
    return [name for name in table.names if name != label.column and name not in label.annotators]


def _agreement(subject: Subject, label: Label | None) -> Measurement:
    names = [*label.annotators] if label else []
    tables = subject.having(*names) if len(names) > 1 else []
    if not tables:
        return not_measured(AGREED, f"no table has the columns {', '.join(names)}" if len(names) > 1 else "no annotators are stated")
    different = [table.row({name: worded(name).approx_n_unique() for name in names}, raw=True) for table in tables]
    if any(count > 2 * MOST_VALUES for row in different for count in row.values()):
        return not_measured(AGREED, f"an annotator gave more than {MOST_VALUES} different labels")
    votes = pl.concat([_votes(table, names) for table in tables]).group_by(names).agg(pl.col("n").sum()).sort(names)
    of, rows = sum(table.rows for table in tables), sum(votes["n"].to_list())
    if not rows:
        return not_measured(AGREED, "no record was labelled by all annotators")
    if len({value for name in names for value in votes[name].to_list()}) > MOST_VALUES:
        return not_measured(AGREED, f"the annotators gave more than {MOST_VALUES} different labels")
    return _kappa(votes, names, rows, of)


def _votes(table: Table, names: list[str]) -> pl.DataFrame:
    """Return how often the annotators gave which labels, over the records that all of them labelled."""
    return table.frame(table.raw.select(map(worded, names)).drop_nulls().group_by(names).agg(pl.len().cast(pl.Int64).alias("n")))


def _kappa(votes: pl.DataFrame, names: list[str], rows: int, of: int) -> Measurement:
    value: float | None
    interval: Interval | None = None
    if len(names) == 2:
        found = cohen({(row[0], row[1]): row[2] for row in votes.iter_rows()})
        value, interval = found or (None, None)
        note = "Cohen's kappa."
    else:
        labels = sorted({value for name in names for value in votes[name].to_list()})
        patterns = [([row[:-1].count(one) for one in labels], row[-1]) for row in votes.iter_rows()]
        value, note = fleiss(patterns, len(names)), f"Fleiss' kappa of {len(names)} annotators."
    if value is None:
        return not_measured(AGREED, "all gave the same label to every record, so that chance alone would agree always")
    sample = Sample(rows, of, "all records that all annotators labelled")
    return Measurement(metric=AGREED.name, value=value, exact=interval is None, interval=interval, sample=sample, note=note)
