"""What is kept of assessments. Every record carries its tenant; times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Final, get_args

from msgspec import Struct

from hanse.evidence.kinds.base import UNDATED
from hanse.evidence.kinds.quality import Difference, Figure, Stage
from hanse.kernel.tenant import Did, Tenant

STAGES: Final[tuple[str, ...]] = get_args(Stage)
"""In the order of the way that data takes."""


class Assessment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A signed statement about the quality of a version (`name@number`) or an own asset (`about`), ours or another's.

    `root` is the Merkle root of what was assessed, `by` who signed, `at` when, `statement` the SHA-256 of what was signed, `envelope` the
    DSSE envelope. `entry` is the id of the entry of our own log (absent: it was taken from somebody else, and proved on `proved`).
    `moment` is that for which ages are told. `report` is the SHA-256 of the report, `size` its bytes as it is kept here; 0 where it is not.
    """

    tenant: Tenant
    id: str
    about: str
    root: str
    stage: str
    by: Did
    at: datetime
    statement: str
    envelope: str
    report: str
    stated: str
    moment: datetime = UNDATED
    figures: tuple[Figure, ...]
    agreement: str = ""
    entry: str = ""
    proved: datetime | None = None
    size: int = 0


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One declared figure, and how far it can be relied on.

    `metric` is the name of one of our metrics, or another's IRI. `signed` is why the signature proves nothing; empty where it proves it.
    """

    metric: str
    value: float
    by: str
    stage: str
    root: str = ""
    stated: str = ""
    moment: datetime = UNDATED
    method: str = ""
    low: float | None = None
    high: float | None = None
    claim: str = ""
    signed: str = ""
    better: str = ""


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One declared measure beside ours. `difference` is measured less declared; `verdict` is one of `comparing.VERDICTS`.

    `signed` is why its signature proves nothing, empty where it does; `required` is what the agreement itself asks for.
    """

    metric: str
    declared: float
    by: str
    stage: str
    claim: str = ""
    signed: str = ""
    measured: float | None = None
    difference: float | None = None
    tolerance: float | None = None
    verdict: str
    why: str = ""


class Comparison(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All earlier claims about a version beside our own newest assessment of it (`ours`: its id; empty where there is none)."""

    version: str
    root: str
    agreement: str = ""
    provider: str = ""
    ours: str = ""
    stage: str = ""
    report: str = ""
    rows: tuple[Row, ...] = ()

    @property
    def broken(self) -> tuple[Row, ...]:
        """The rows that do not hold."""
        return tuple(row for row in self.rows if row.verdict == "does not hold")


class Case(Struct, frozen=True, kw_only=True):
    """A dispute: the archive with everything, what it is about, the entry of our log, and what is not in the archive."""

    version: str
    archive: bytes
    sha256: str
    statement: str
    told: bool
    differences: tuple[Difference, ...]
    remedies: tuple[str, ...]
    missing: tuple[str, ...]
