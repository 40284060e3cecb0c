"""Does it contradict itself? Values of a column that are written in several ways, and rules between columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.measures.conditions import holds
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.stated import Rule
from hanse.factory.quality.subject import Subject
from hanse.factory.quality.tables.table import Column, Table

FORMS: Final = metric(
    "format-consistency",
    "Values written in one way",
    "consistency",
    "Values of a column that are written in the form that most of them have (whole number, number, date as 2026-01-31, as 31.1.2026,"
    " as 31/1/2026, moment, true or false, other text), divided by its values; over all columns of texts that hold something else than"
    " words in one of ten values or more.",
)
RULES: Final = metric(
    "rule-consistency",
    "Records that keep the rules",
    "consistency",
    "Records that keep a stated rule between columns, divided by the records to which it applies: those with all values that it needs.",
)
_MOST_WORDS: Final = 0.9


class Consistency(Measure):
    """Forms and rules."""

    name: ClassVar[str] = "consistency"
    metrics: ClassVar[tuple[Metric, ...]] = (FORMS, RULES)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the shares per column and per rule, and over all."""
        yield from _forms(subject)
        yield from _rules(subject)


def _forms(subject: Subject) -> Iterator[Measurement]:
    same = of = 0
    for table in subject.tables:
        for column in table.columns:
            if _formed(column):
                most, count = max(column.forms.values()), sum(column.forms.values())
                same, of = same + most, of + count
                note = ", ".join(f"{form}: {found:,}" for form, found in sorted(column.forms.items(), key=lambda one: (-one[1], one[0])))
                yield counted(FORMS, most / count, count, table=subject.name(table), column=column.name, note=note)
    yield counted(FORMS, same / of, of) if of else not_measured(FORMS, "no column of texts holds numbers, dates or the like")


def _formed(column: Column) -> bool:
    count = sum(column.forms.values())
    return bool(count) and column.forms.get("text", 0) <= _MOST_WORDS * count


def _rules(subject: Subject) -> Iterator[Measurement]:
    if not subject.stated.rules:
        yield not_measured(RULES, "no rules between columns are stated")
        return
    kept = of = 0
    for rule in subject.stated.rules:
        tables = subject.having(*columns_of(rule))
        if not tables:
            yield not_measured(RULES, f"no table has the columns {', '.join(columns_of(rule))}", group=rule.name)
            continue
        found = [_counts(table, rule) for table in tables]
        good, every = sum(one for one, _ in found), sum(other for _, other in found)
        kept, of = kept + good, of + every
        if every:
            yield counted(RULES, good / every, every, group=rule.name)
        else:
            yield not_measured(RULES, "no record has the values that it needs", group=rule.name)
    yield counted(RULES, kept / of, of) if of else not_measured(RULES, "no rule applies to any record")


def columns_of(rule: Rule) -> list[str]:
    """Return the columns that a rule needs."""
    conditions = (rule.then, rule.when) if rule.when else (rule.then,)
    names = [name for one in conditions for name in (one.left, one.column) if name]
    return list(dict.fromkeys(names))


def _counts(table: Table, rule: Rule) -> tuple[int, int]:
    then = holds(table, rule.then)
    applies = then.is_not_null() if rule.when is None else holds(table, rule.when).fill_null(value=False) & then.is_not_null()
    row = table.row({"kept": (applies & then).sum(), "of": applies.sum()})
    return int(row["kept"]), int(row["of"])
