"""Signed assessments of quality, as the server shows them."""

from __future__ import annotations

from datetime import datetime

from msgspec import field

from hanse.client.model import Measure, Record


class AssessedFigure(Record, kw_only=True):
    """One measure of the whole: `low` and `high` are the ends of its interval; `method` is what measured it, and in which version."""

    metric: str
    value: float
    method: str = ""
    low: float | None = None
    high: float | None = None
    better: str = ""


class Assessment(Record, kw_only=True):
    """A signed statement about the quality of a version or an own offer (`about`); `claim` is the DSSE envelope to give to others.

    `entry` is its entry in our own log; what came from others was `proved` then. `kept` tells whether the report is on the server.
    """

    id: str
    about: str
    root: str
    stage: str
    by: str
    at: datetime
    statement: str
    report: str
    figures: list[AssessedFigure] = field(default_factory=list)
    agreement: str | None = None
    entry: str | None = None
    proved: datetime | None = None
    kept: bool = False
    claim: str = ""


class AssessmentReport(Record, kw_only=True):
    """The report of an assessment."""

    id: str
    sha256: str
    content: bytes


class ComparisonRow(Record, kw_only=True):
    """One declared measure beside our own; `verdict` is `holds`, `does not hold`, `not comparable` or `not measured`."""

    metric: str
    declared: float
    by: str
    stage: str
    claim: str | None = None
    proved: bool = False
    measured: float | None = None
    difference: float | None = None
    tolerance: float | None = None
    verdict: str
    why: str = ""


class QualityComparison(Record, kw_only=True):
    """What was declared about a version beside our own newest assessment of it."""

    version: str
    root: str
    agreement: str | None = None
    provider: str | None = None
    ours: str | None = None
    stage: str | None = None
    report: str | None = None
    rows: list[ComparisonRow] = field(default_factory=list)


class Published(Record, kw_only=True):
    """What stands in the catalogue about the quality of an own offer."""

    asset: str
    measures: list[Measure] = field(default_factory=list)
    claims: int = 0


class DisputedMeasure(Record, kw_only=True):
    """What was declared and what was measured."""

    metric: str
    declared: float
    measured: float
    tolerance: float


class Dispute(Record, kw_only=True):
    """A dispute and its case file. `told`: the provider takes signed statements, and is sent this one."""

    version: str
    statement: str
    told: bool
    measures: list[DisputedMeasure] = field(default_factory=list)
    remedies: list[str] = field(default_factory=list)
    sha256: str
    missing: list[str] = field(default_factory=list)
    archive: bytes
