"""What a measure is: what it measures, as metrics with names and formulas, and how, over a subject.

A measure never invents: what it cannot measure it says so, with the reason (`not_measured`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from hanse.factory.quality.report import Characteristic, Interval, Measurement, Metric, Number, Sample

if TYPE_CHECKING:
    from hanse.factory.quality.subject import Subject

ALL: Final = "all"
"""How a sample was drawn that leaves nothing out."""


class Measure:
    """One measure. Packages add their own under the entry-point group `hanse.measures`: the class, which is made without arguments.

    `name` is a word that no other measure has; `version` changes whenever the same data may give another value. Each metric that
    `measure` yields has to be listed in `metrics`.
    """

    name: ClassVar[str] = ""
    version: ClassVar[str] = "1"
    metrics: ClassVar[tuple[Metric, ...]] = ()

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield what was measured. Whatever it says depends on the data, on what is stated and on the moment of the assessment alone."""
        raise NotImplementedError


def metric(
    name: str,
    title: str,
    characteristic: Characteristic,
    formula: str,
    *,
    unit: str = "share",
    better: Literal["higher", "lower", ""] = "higher",
) -> Metric:
    """Return the description of a metric."""
    return Metric(name=name, title=title, characteristic=characteristic, formula=formula, unit=unit, better=better)


def counted(
    metric: Metric,
    value: Number,
    of: int,
    *,
    table: str = "",
    column: str = "",
    group: str = "",
    note: str = "",
    interval: Interval | None = None,
) -> Measurement:
    """Return a measurement that was made of all `of` records (or cells), so that its value is exact unless an interval is given."""
    sample = Sample(size=of, of=of, how=ALL)
    return Measurement(
        metric=metric.name,
        value=value,
        table=table,
        column=column,
        group=group,
        note=note,
        interval=interval,
        exact=interval is None,
        sample=sample,
    )


def not_measured(metric: Metric, why: str, *, table: str = "", column: str = "", group: str = "") -> Measurement:
    """Return a measurement that could not be made, and why, as the end of a sentence that begins with "not measured:"."""
    return Measurement(metric=metric.name, why=why, table=table, column=column, group=group)
