"""Assesses: opens the tables, lets every measure speak, and writes down what they said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from hanse.dcat.holding import DatasetVersion
from hanse.factory.quality.base import Measure
from hanse.factory.quality.ports import Ports, Progress
from hanse.factory.quality.registry import measures
from hanse.factory.quality.report import Assessed, Interval, Measurement, Metric, Profile, Report, TableSize, rounded
from hanse.factory.quality.stated import Stated
from hanse.kernel.errors import Misconfigured

if TYPE_CHECKING:
    from hanse.factory.quality.subject import Subject
    from hanse.factory.quality.tables.table import Table

_MOST_LEFT: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Task:
    """What to assess: plain files in a folder (`paths` are relative to it), named and hashed as `assessed`, `held` if it is a version.

    `workshop` is a private folder for what does not fit into memory; whoever made it deletes it.
    """

    folder: Path
    paths: Sequence[str]
    assessed: Assessed
    workshop: Path
    by: str
    at: datetime
    software: str
    stated: Stated = field(default_factory=Stated)
    held: DatasetVersion | None = None
    ports: Ports = field(default_factory=Ports)


def assess(task: Task, *, progress: Progress | None = None, in_memory: int | None = None) -> Report:
    """Return the report. Raises `Invalid` for what is stated wrongly, `Misconfigured` if a package is missing."""
    tell = progress or _silent
    every = measures()
    steps = len(every) + 2
    tell(0, steps, "reading")
    subject, left = open_subject(task, in_memory)
    found: list[Measurement] = []
    for number, measure in enumerate(every):
        tell(number + 1, steps, measure.name)
        found += _measured(measure, subject)
    tell(steps - 1, steps, "profile")
    profiles = tuple(_withheld(one, found) for one in _profiles(subject))
    tell(steps, steps, "done")
    return _report(task, subject, every, found, profiles, left)


def open_subject(task: Task, in_memory: int | None = None) -> tuple[Subject, list[str]]:
    """Open the tables among the files; return them, and what was left out, each with the reason."""
    try:
        import polars  # noqa: F401 - whether it is there
    except ModuleNotFoundError as error:
        raise Misconfigured(f"Measuring needs the package {error.name}.", hint="pip install 'hanse[prepare]'") from None
    from hanse.factory.quality.subject import Subject
    from hanse.factory.quality.tables.find import IN_MEMORY, find, open_source, unreadable
    from hanse.factory.quality.tables.make import table_of

    found = find(task.folder, task.paths)
    tables: list[Table] = []
    left = [*found.left_out]
    for number, source in enumerate(found.tables):
        place = task.workshop / f"table-{number:03}"
        try:
            left += open_source(task.folder, source, place)
            tables.append(table_of(source, place, task.stated.columns, in_memory=IN_MEMORY if in_memory is None else in_memory))
        except unreadable() as error:
            left.append(f"{source.name}: it cannot be read as a table: {' '.join(str(error).split())[:300]}")
    at = task.stated.at or task.at
    return Subject(tuple(tables), task.stated, at, task.held, task.ports), left


def _measured(measure: Measure, subject: Subject) -> Iterator[Measurement]:
    known = {one.name for one in measure.metrics}
    for one in measure.measure(subject):
        if one.metric not in known:
            raise Misconfigured(f"The measure {measure.name!r} gives a metric {one.metric!r} that it does not describe.", rule="plug-in")
        yield _rounded(one)


def _rounded(one: Measurement) -> Measurement:
    between = one.interval
    if between is not None:
        between = Interval(float(rounded(between.low)), float(rounded(between.high)), between.method, between.level)
    value = None if one.value is None else rounded(one.value)
    return msgspec.structs.replace(
        one, value=value, interval=between, table=one.table[:512], column=one.column[:512], group=one.group[:512], note=one.note[:4096]
    )


def _profiles(subject: Subject) -> Iterator[Profile]:
    from hanse.factory.quality.measures.statistics import groups_of
    from hanse.factory.quality.profile.table import group_profiles, profile

    for table in subject.tables:
        yield from profile(table)
        for by in subject.stated.group_by:
            if any(one is table for one in subject.having(by)):
                yield from group_profiles(table, by, groups_of(table, by))


def _withheld(profile: Profile, found: Sequence[Measurement]) -> Profile:
    """Show no values of a column in which personal data was found; of numbers and dates each figure but the mean is one of somebody's."""
    personal = any(one.metric == "personal-finds" and one.column == profile.column and one.value for one in found)
    if not personal or (profile.kind == "text" and not (profile.bars and profile.bars[0].label)):
        return profile
    note = f"{profile.note} Its values are not shown: there is personal data in it.".strip()
    if profile.kind == "text":  # the other figures are of lengths
        return msgspec.structs.replace(profile, bars=(), note=note)
    return msgspec.structs.replace(profile, bars=(), least=None, most=None, quantiles=(), note=note)


def _report(
    task: Task,
    subject: Subject,
    every: Sequence[Measure],
    found: Sequence[Measurement],
    profiles: tuple[Profile, ...],
    left: Sequence[str],
) -> Report:
    from hanse.factory.quality.measures.setting import declared

    more = [f"and {len(left) - _MOST_LEFT:,} more"] if len(left) > _MOST_LEFT else []
    return Report(
        assessed=task.assessed,
        by=task.by,
        at=task.at,
        moment=subject.at,
        software=task.software,
        use=task.stated.use,
        stated=task.stated.digest(),
        tables=tuple(_size(one) for one in subject.tables),
        metrics=tuple(described(one, metric) for one in every for metric in one.metrics),
        measurements=tuple(found),
        profiles=profiles,
        declared=tuple(declared(subject)),
        left_out=tuple([one[:4000] for one in left[:_MOST_LEFT]] + more),
    )


def described(measure: Measure, metric: Metric) -> Metric:
    """Return a metric with the measure that it is of, and that one's version."""
    return msgspec.structs.replace(metric, measure=measure.name, version=measure.version)


def _size(table: Table) -> TableSize:
    return TableSize(
        name=table.name[:512],
        records=table.rows,
        columns=len(table.columns),
        files=len(table.files),
        unreadable=table.unreadable,
        note=table.note,
    )


def _silent(done: int, of: int, step: str) -> None:
    pass
