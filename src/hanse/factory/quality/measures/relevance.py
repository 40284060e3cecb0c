"""Does it fit the stated use? Columns, languages and terms that the use needs, and how far they are covered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

import polars as pl

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.stated import Relevance
from hanse.factory.quality.subject import Subject, worded

WHOLE: Final = metric(
    "relevance",
    "Needs of the use that are met",
    "relevance",
    "Columns with values, languages and terms that the stated use needs and that at least one record has, divided by all that it needs.",
)
COLUMN: Final = metric(
    "needed-column",
    "Values of a column that the use needs",
    "relevance",
    "Records with a value in this column, divided by the records of the tables that have it; nothing if no table has it.",
)
LANGUAGE: Final = metric(
    "needed-language",
    "Records in a language that the use needs",
    "relevance",
    "Records in this language (or in a variety of it), divided by the records that tell their language.",
    better="",
)
TERM: Final = metric(
    "needed-term",
    "Records with a term that the use needs",
    "relevance",
    "Records whose text has the term as whole words, whatever its case, divided by the records that have a text.",
    better="",
)


class RelevanceMeasure(Measure):
    """Coverage of what the use needs."""

    name: ClassVar[str] = "relevance"
    metrics: ClassVar[tuple[Metric, ...]] = (WHOLE, COLUMN, LANGUAGE, TERM)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the shares, and how many of the needs are met."""
        needs = subject.stated.relevance
        wanted = len(needs.columns) + len(needs.languages) + len(needs.terms)
        if not wanted:
            yield not_measured(WHOLE, "nothing is stated that the use needs")
            return
        found = [*_columns(subject, needs), *_languages(subject, needs), *_terms(subject, needs)]
        yield from found
        met = [one for one in found if one.value]
        missing = [one.group or one.column for one in found if not one.value]
        yield counted(WHOLE, len(met) / wanted, wanted, note=f"Missing: {', '.join(missing)}"[:1000] if missing else "")


def _columns(subject: Subject, needs: Relevance) -> Iterator[Measurement]:
    for name in needs.columns:
        tables = subject.having(name, nested=True)
        rows = sum(table.rows for table in tables)
        there = sum(int(table.row({"n": pl.col(name).count()}, raw=True)["n"]) for table in tables)
        note = "" if tables else "No table has it."
        yield counted(COLUMN, there / rows if rows else 0.0, rows, column=name, note=note)


def _languages(subject: Subject, needs: Relevance) -> Iterator[Measurement]:
    tables = subject.having(needs.language_column)
    lower = worded(needs.language_column).str.to_lowercase().str.replace_all("_", "-", literal=True)
    counts = {tag: (lower == tag.lower()) | lower.str.starts_with(f"{tag.lower()}-") for tag in needs.languages}
    rows = [table.row({"of": worded(needs.language_column).count(), **{tag: one.sum() for tag, one in counts.items()}}) for table in tables]
    of = sum(int(row["of"]) for row in rows)
    for tag in needs.languages:
        if of:
            yield counted(LANGUAGE, sum(int(row[tag]) for row in rows) / of, of, group=tag)
        else:
            yield not_measured(LANGUAGE, f"no record tells its language in a column {needs.language_column}", group=tag)


def _terms(subject: Subject, needs: Relevance) -> Iterator[Measurement]:
    texts = subject.texts()
    totals, of = dict.fromkeys(needs.terms, 0), 0
    for table, column in texts:
        asked = {term: pl.col(column).str.contains(_pattern(term)).sum() for term in needs.terms}
        row = table.row({**asked, "of records": pl.col(column).count()}, raw=True)
        of += int(row["of records"])
        for term in needs.terms:
            totals[term] += int(row[term])
    for term, count in totals.items():
        if of:
            yield counted(TERM, count / of, of, group=term)
        else:
            yield not_measured(TERM, "no table has a column of texts", group=term)


def _pattern(term: str) -> str:
    """Return the term as whole words; a border only beside what is part of a word."""
    start = r"\b" if term[:1].isalnum() else ""
    end = r"\b" if term[-1:].isalnum() else ""
    return f"(?i){start}{re.escape(term)}{end}"
