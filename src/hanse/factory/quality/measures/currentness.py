"""Is it up to date? How old records are at the moment of the assessment, and how late they came in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import polars as pl

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.measures.conditions import dated
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.stated import Time
from hanse.factory.quality.subject import Subject

_DAY: Final = 86_400
CURRENT: Final = metric(
    "currentness",
    "Up-to-date records",
    "currentness",
    "Records whose stated time is at most the stated age before the moment of the assessment, and not after it, divided by the records"
    " that have that time.",
)
NEWEST: Final = metric(
    "newest-age",
    "Age of the newest record",
    "currentness",
    "Days from the latest stated time of a record to the moment of the assessment.",
    unit="days",
    better="lower",
)
OLDEST: Final = metric(
    "oldest-age",
    "Age of the oldest record",
    "currentness",
    "Days from the earliest stated time of a record to the moment of the assessment.",
    unit="days",
    better="",
)
FUTURE: Final = metric(
    "future",
    "Records from the future",
    "credibility",
    "Records whose stated time is after the moment of the assessment, divided by the records that have that time.",
    better="lower",
)
TIMELY: Final = metric(
    "timeliness",
    "Records on time",
    "timeliness",
    "Records that arrived at most the stated delay after their time, and not before it, divided by the records that have both.",
)


class Currentness(Measure):
    """Ages and delays."""

    name: ClassVar[str] = "currentness"
    metrics: ClassVar[tuple[Metric, ...]] = (CURRENT, NEWEST, OLDEST, FUTURE, TIMELY)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield ages over all tables that have the stated column."""
        time = subject.stated.time
        if time is None:
            yield from _none("no column is stated to tell the time of a record")
            return
        tables = [one for one in subject.having(time.column) if time.column in one.of_kind("date")]
        if not tables:
            yield from _none(f"no table has a column {time.column} of dates that can be read")
            return
        at, when = subject.at.replace(tzinfo=None), dated(time.column)
        age = (pl.lit(at) - when).dt.total_microseconds() / (_DAY * 1_000_000)
        young = (age >= 0) & (age <= (time.max_age or 0))
        asked = {"of": when.count(), "young": young.sum(), "least": age.min(), "most": age.max(), "future": (age < 0).sum()}
        rows = [row for row in (table.row(asked) for table in tables) if row["of"]]
        if not rows:
            yield from _none("no record has a time")
            return
        of = sum(int(row["of"]) for row in rows)
        if time.max_age is None:
            yield not_measured(CURRENT, "no age is stated that a record may have")
        else:
            yield counted(CURRENT, sum(row["young"] for row in rows) / of, of, note=f"At most {time.max_age:g} days old.")
        yield counted(NEWEST, float(min(row["least"] for row in rows)), of)
        yield counted(OLDEST, float(max(row["most"] for row in rows)), of)
        yield counted(FUTURE, sum(row["future"] for row in rows) / of, of)
        yield _timely(subject, time)


def _none(why: str) -> Iterator[Measurement]:
    for one in Currentness.metrics:
        yield not_measured(one, why)


def _timely(subject: Subject, time: Time) -> Measurement:
    if not time.arrived or time.max_delay is None:
        return not_measured(TIMELY, "no column and no delay are stated by which records come in")
    tables = [one for one in subject.having(time.column, time.arrived) if {time.column, time.arrived} <= set(one.of_kind("date"))]
    late = (dated(time.arrived) - dated(time.column)).dt.total_microseconds() / (_DAY * 1_000_000)
    asked = {"of": late.count(), "timely": ((late >= 0) & (late <= time.max_delay)).sum()}
    rows = [table.row(asked) for table in tables]
    of = sum(int(row["of"]) for row in rows)
    if not of:
        return not_measured(TIMELY, f"no record has both {time.column} and {time.arrived} as dates")
    return counted(TIMELY, sum(row["timely"] for row in rows) / of, of, note=f"At most {time.max_delay:g} days later.")
