"""What the management interface takes and gives about custody, holds, drills, models, risk and an authority's questions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from hanse.http.api.factory.facility_structs import FacilityProblem
from hanse.http.api.structs import Body

_Id = Annotated[str, Meta(min_length=1, max_length=512)]
_Version = Annotated[str, Meta(min_length=1, max_length=120)]
_Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
_Words = Annotated[str, Meta(max_length=4_000)]
_Moment = Annotated[datetime, Meta(tz=True)]


class NewKeeping(Body):
    """A version that somebody keeps: by default the participant itself, for the years that are set. `why` stays in the register."""

    version: _Version
    keeper: Annotated[str, Meta(max_length=512)] = ""
    until: _Moment | None = None
    why: _Words = ""


class EndOfKeeping(Body):
    """A version that somebody no longer keeps."""

    version: _Version
    keeper: Annotated[str, Meta(max_length=512)] = ""
    why: _Words = ""


class NewHold(Body):
    """A legal hold on a version, or on all versions under a contract. The reason stays in the register; the log has its digest."""

    about: _Id
    reason: Annotated[str, Meta(min_length=1, max_length=4_000)]
    until: _Moment | None = None


class EndOfHold(Body):
    """Why a hold is lifted."""

    reason: _Words = ""


class NewDrill(Body):
    """Which versions to fetch back: these, or so many by chance, or, without either, all that are overdue."""

    versions: Annotated[list[_Version], Meta(max_length=10_000)] = field(default_factory=list)
    sample: Annotated[int, Meta(ge=1, le=10_000)] | None = None


class NewSearch(Body):
    """A record to look for: a file or a line with one of these SHA-256, or a chunk of that BLAKE3. `lines`: read all versions."""

    sha256: Annotated[list[_Sha256], Meta(min_length=1, max_length=4)]
    blake3: _Sha256 | None = None
    lines: bool = False


class KeepingShown(Struct, kw_only=True):
    """Who keeps a version until when, and the entry of the log that says so."""

    keeper: str
    since: datetime
    until: datetime
    entry: int
    reason: str
    why: str | None


class HoldShown(Struct, kw_only=True):
    """A legal hold. `stands`: nothing deletes the version now. `told`: its provider was told, because its terms owe the deletion.

    `contracts` are all under which the version stands: of what was made of other versions there may be several.
    """

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
    contracts: list[str] = []


class DrillShown(Struct, kw_only=True):
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


class ConflictShown(Struct, kw_only=True):
    """A version that is to be kept longer than its contract permits. The deletion wins; only a legal hold stops it."""

    version: str
    contract: str
    keep: datetime
    delete: datetime | None
    text: str


class CustodyShown(Struct, kw_only=True):
    """All that is known of the keeping of one version. `tier` is absent for one that is not here any more."""

    version: str
    size: int
    tier: str | None
    contract: str | None
    deleted: datetime | None
    keepings: list[KeepingShown]
    holds: list[HoldShown]
    drill: DrillShown | None
    drill_due: datetime | None
    overdue: bool
    conflicts: list[ConflictShown]
    contracts: list[str] = []


class DrillReportShown(Struct, kw_only=True):
    """What a drill found, version by version."""

    began: datetime
    seconds: float
    sound: bool
    size: int
    drills: list[DrillShown]


class AnswerLine(Struct, kw_only=True):
    """One line of an answer: in words, the entry of the log that proves it, when it was stated, and facts by name."""

    text: str
    entry: int | None
    at: datetime | None
    facts: dict[str, str | int | bool | list[str] | None]


class AnswerShown(Struct, kw_only=True):
    """An answer to a question of an authority."""

    question: str
    about: str
    lines: list[AnswerLine]
    notes: list[str]


class CustodyJob(Struct, kw_only=True):
    """Work under way: `done` bytes of `size`. When it is `over` there is what came of it, or a problem."""

    id: str
    what: str
    began: datetime
    done: int
    size: int
    over: bool
    report: DrillReportShown | None = None
    answer: AnswerShown | None = None
    problem: FacilityProblem | None = None


class NewTraining(Body):
    """A model that was made: its name, the SHA-256 of its bytes, the versions that went into it, by which action, code and parameters."""

    model: Annotated[str, Meta(min_length=1, max_length=200)]
    digest: _Sha256
    inputs: Annotated[list[_Version], Meta(min_length=1, max_length=10_000)]
    action: Annotated[str, Meta(min_length=1, max_length=2_048)]
    code: Annotated[str, Meta(max_length=4_096)] = ""
    parameters: Annotated[dict[str, Annotated[str, Meta(max_length=4_096)]], Meta(max_length=64)] = field(default_factory=dict)


class ModelInput(Struct, kw_only=True):
    """A version that went into a training, and all contracts under which it stood."""

    version: str
    root: str
    contract: str | None
    contracts: list[str] = []


class TrainingShown(Struct, kw_only=True):
    """One training of a model, as an entry of the log has it."""

    entry: int
    at: datetime
    model: str
    digest: str
    action: str
    inputs: list[ModelInput]
    code: str
    parameters: dict[str, str]


class ModelShown(Struct, kw_only=True):
    """A model with its trainings, newest first."""

    name: str
    trainings: list[TrainingShown]


class RecordedTraining(Struct, kw_only=True):
    """A training that was recorded, what is not in order with it, which versions are kept until when for it, and contradictions."""

    training: TrainingShown
    warnings: list[str]
    kept: list[str]
    until: datetime | None
    conflicts: list[ConflictShown]
    again: bool


class RiskShare(Struct, kw_only=True):
    """How much of all data has a mark: share of bytes, and of records and tokens where they are known, from 0 to 1."""

    mark: str
    versions: int
    size: int
    share: float
    of_records: float | None
    of_tokens: float | None


class RiskAdvice(Struct, kw_only=True):
    """What to do about one mark of one version."""

    version: str
    mark: str
    todo: str
    contract: str | None
    provider: str | None


class RiskShown(Struct, kw_only=True):
    """The risk of what a model was trained on, or of versions."""

    about: str
    size: int
    shares: list[RiskShare]
    marks: dict[str, list[str]]
    advice: list[RiskAdvice]
