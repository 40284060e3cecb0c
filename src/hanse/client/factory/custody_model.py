"""What custody, holds, drills and answers look like to a client."""

from __future__ import annotations

from datetime import datetime

from hanse.client.factory.facility_model import FacilityProblem
from hanse.client.model import Record


class Keeping(Record, kw_only=True):
    """Who keeps a version until when, and the entry of the log that says so."""

    keeper: str
    since: datetime
    until: datetime
    entry: int
    reason: str
    why: str | None


class LegalHold(Record, kw_only=True):
    """A legal hold. `stands`: nothing deletes the version now. `told`: its provider was told, because its terms owe the deletion."""

    id: str
    version: str
    since: datetime
    entry: int
    reason: str
    stands: bool
    told: bool
    contract: str | None
    until: datetime | None
    lifted: datetime | None
    contracts: tuple[str, ...] = ()


class Drill(Record, kw_only=True):
    """A version that was fetched back: bytes, seconds, and what was wrong."""

    version: str
    root: str
    at: datetime
    entry: int
    sound: bool
    tier: str
    files: int
    size: int
    seconds: float
    problems: list[str]


class CustodyConflict(Record, kw_only=True):
    """A version that is to be kept longer than its contract permits. The deletion wins; only a legal hold stops it."""

    version: str
    contract: str
    keep: datetime
    delete: datetime | None
    text: str


class Custody(Record, kw_only=True):
    """All that is known of the keeping of one version. `tier` is absent for one that is not here any more."""

    version: str
    size: int
    tier: str | None
    contract: str | None
    deleted: datetime | None
    keepings: list[Keeping]
    holds: list[LegalHold]
    drill: Drill | None
    drill_due: datetime | None
    overdue: bool
    conflicts: list[CustodyConflict]
    contracts: tuple[str, ...] = ()


class DrillReport(Record, kw_only=True):
    """What a drill found, version by version."""

    began: datetime
    seconds: float
    sound: bool
    size: int
    drills: list[Drill]


class AnswerLine(Record, kw_only=True):
    """One line of an answer: in words, the entry of the log that proves it, when it was stated, and facts by name."""

    text: str
    entry: int | None
    at: datetime | None
    facts: dict[str, str | int | bool | list[str] | None]


class Answer(Record, kw_only=True):
    """An answer to a question of an authority."""

    question: str
    about: str
    lines: list[AnswerLine]
    notes: list[str]


class CustodyJob(Record, kw_only=True):
    """Work under way: `done` bytes of `size`. When it is `over` there is what came of it, or a problem."""

    id: str
    what: str
    began: datetime
    done: int
    size: int
    over: bool
    report: DrillReport | None = None
    answer: Answer | None = None
    problem: FacilityProblem | None = None
