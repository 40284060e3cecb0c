"""What the management interface takes and gives about signed assessments of quality."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from hanse.http.api.structs import Body, Line

Verdict = Literal["holds", "does not hold", "not comparable", "not measured"]


class AssessedFigure(Struct, kw_only=True):
    """One measure of the whole: `low` and `high` are the ends of its interval, `method` what measured it, and in which version.

    `better` tells in which direction it is good: `higher`, `lower`, or empty.
    """

    metric: str
    value: float
    method: str
    low: float | None
    high: float | None
    better: str


class Assessment(Struct, kw_only=True):
    """A signed statement about the quality of a version or an own offer.

    `root` names the content that was assessed, `by` signed it, `statement` is the SHA-256 of what was signed, `claim` the DSSE envelope to
    give to others. `entry` is its entry in our own log; of what came from others there is none, but the moment at which it was `proved`.
    `kept` tells whether the report is here.
    """

    id: str
    about: str
    root: str
    stage: str
    by: str
    at: datetime
    statement: str
    report: str
    figures: list[AssessedFigure]
    agreement: str | None
    entry: str | None
    proved: datetime | None
    kept: bool
    claim: str


class AssessmentReport(Struct, kw_only=True):
    """The report of an assessment, in its one canonical form."""

    id: str
    sha256: str
    content: bytes


class ComparisonRow(Struct, kw_only=True):
    """One declared measure beside our own. `difference` is measured less declared; within the `tolerance` it holds.

    `proved` tells whether the signature of who declared it was proved; `why` says why not, or why nothing can be compared.
    """

    metric: str
    declared: float
    by: str
    stage: str
    claim: str | None
    proved: bool
    measured: float | None
    difference: float | None
    tolerance: float | None
    verdict: Verdict
    why: str


class QualityComparison(Struct, kw_only=True):
    """What was declared about a version, and by its agreement asked of it, beside our own newest assessment (`ours`, if there is one)."""

    version: str
    root: str
    agreement: str | None
    provider: str | None
    ours: str | None
    stage: str | None
    report: str | None
    rows: list[ComparisonRow]


class PublishedMeasure(Struct, kw_only=True):
    """A measure as the catalogue shows it now."""

    metric: str
    value: float
    claim: str


class Published(Struct, kw_only=True):
    """What stands in the catalogue about the quality of an own offer."""

    asset: str
    measures: list[PublishedMeasure]
    claims: int


class NewDispute(Body, kw_only=True):
    """Which version's declared quality does not hold; about these measures, or all that do not hold. `tolerance` is the least one."""

    version: Line
    measures: Annotated[list[Line], Meta(max_length=64)] = field(default_factory=list)
    tolerance: Annotated[float, Meta(ge=0)] = 0.0


class DisputedMeasure(Struct, kw_only=True):
    """What was declared and what was measured."""

    metric: str
    declared: float
    measured: float
    tolerance: float


class Dispute(Struct, kw_only=True):
    """A dispute: what it is about, its statement in our log (`told`: the provider takes statements, and is sent it), and the case file."""

    version: str
    statement: str
    told: bool
    measures: list[DisputedMeasure]
    remedies: list[str]
    sha256: str
    missing: list[str]
    archive: bytes
