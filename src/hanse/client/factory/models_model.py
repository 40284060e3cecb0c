"""What models and risk look like to a client."""

from __future__ import annotations

from datetime import datetime

from hanse.client.factory.custody_model import CustodyConflict
from hanse.client.model import Record


class ModelInput(Record, kw_only=True):
    """A version that went into a training, and all contracts under which it stood."""

    version: str
    root: str
    contract: str | None
    contracts: tuple[str, ...] = ()


class Training(Record, kw_only=True):
    """One training of a model, as an entry of the log has it."""

    entry: int
    at: datetime
    model: str
    digest: str
    action: str
    inputs: list[ModelInput]
    code: str
    parameters: dict[str, str]


class Model(Record, kw_only=True):
    """A model with its trainings, newest first."""

    name: str
    trainings: list[Training]


class RecordedTraining(Record, kw_only=True):
    """A training that was recorded, what is not in order with it, which versions are kept until when for it, and contradictions."""

    training: Training
    warnings: list[str]
    kept: list[str]
    until: datetime | None
    conflicts: list[CustodyConflict]
    again: bool


class RiskShare(Record, kw_only=True):
    """How much of all data has a mark: share of bytes, and of records and tokens where they are known, from 0 to 1."""

    mark: str
    versions: int
    size: int
    share: float
    of_records: float | None
    of_tokens: float | None


class RiskAdvice(Record, kw_only=True):
    """What to do about one mark of one version."""

    version: str
    mark: str
    todo: str
    contract: str | None
    provider: str | None


class Risk(Record, kw_only=True):
    """The risk of what a model was trained on, or of versions."""

    about: str
    size: int
    shares: list[RiskShare]
    marks: dict[str, list[str]]
    advice: list[RiskAdvice]
