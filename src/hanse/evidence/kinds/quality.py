"""What is stated about the quality of data: by whom it was assessed with which result, and that what was declared does not hold."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from hanse.evidence.kinds.base import UNDATED, At, Name, Predicate, Sha256

MAX_MEASURES: Final = 64
"""Measures that one statement names; the report, by its digest, has all."""
MeasureName = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,63}$")]
"""A word such as `completeness`."""
Method = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._/-]{0,128}$")]
"""What measured it, and in which version, e.g. `completeness/1`."""
Stage = Literal["provider", "space", "factory", "user"]
"""Where on the way of the data it was assessed."""


class Figure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One measure of the whole version. `low` and `high` are the ends of its interval, where it is no exact value.

    `better` tells in which direction it is good.
    """

    metric: MeasureName
    value: float
    method: Method = ""
    low: float | None = None
    high: float | None = None
    better: Literal["higher", "lower", ""] = ""


class Assessed(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """The quality of a version or of an offered dataset was assessed: with which report (its SHA-256), on the ground of what was stated.

    `root` is the Merkle root of what was assessed, `stated` the SHA-256 of what was stated about the data (rules, population, use),
    `moment` that for which ages are told.
    """

    subject: Name
    root: Sha256
    stage: Stage
    report: Sha256
    stated: Sha256
    moment: At = UNDATED
    measures: Annotated[tuple[Figure, ...], Meta(max_length=MAX_MEASURES)] = ()


class Difference(Struct, frozen=True, kw_only=True):
    """What was declared and what was measured, and how far they may lie apart."""

    metric: MeasureName
    declared: float
    measured: float
    tolerance: float


class Disputed(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """The receiver of data says that its declared quality does not hold.

    `claim` is the SHA-256 of the statement that declared it (absent: it was not signed), `report` that of the receiver's own report,
    `comparison` that of the comparison in the case file.
    """

    version: Name
    root: Sha256
    report: Sha256
    comparison: Sha256
    claim: Sha256 | None = None
    measures: Annotated[tuple[Difference, ...], Meta(min_length=1, max_length=MAX_MEASURES)]
