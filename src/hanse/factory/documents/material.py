"""What documents are made of, and what is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from hanse.dcat.croissant.checks.finding import Finding
from hanse.dcat.croissant.shape import Measured
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.evidence.kinds import Trained
from hanse.kernel.tenant import Did


class Contract(Struct, frozen=True, kw_only=True):
    """The agreement under which data came: its terms in sentences, since when, and how it ended, if it did."""

    id: str
    words: tuple[str, ...]
    since: datetime
    ended: datetime | None = None


class Material(Struct, frozen=True, kw_only=True):
    """A version, its files, who makes the document, and when.

    `answers` are what a person has told by the name of the field that asked for it, e.g. `creator` or `rai:dataBiases`; the newest of
    them is from `answered`. `measured` is what was found in the files; without it the `folder`, in which they lie in plain text, is
    measured. It is only read. `kept` is until when the participant keeps the bytes.
    """

    version: DatasetVersion
    files: tuple[HeldFile, ...]
    by: Did
    at: datetime
    folder: Path = Path()
    measured: Measured | None = None
    answers: Mapping[str, str] = {}
    answered: datetime | None = None
    contract: Contract | None = None
    kept: datetime | None = None


class Trainings(Struct, frozen=True, kw_only=True):
    """How a model was made: its trainings with when they were recorded, newest first, and the versions that went in, as far as known."""

    name: str
    trainings: tuple[tuple[datetime, Trained], ...]
    inputs: tuple[DatasetVersion, ...]
    by: Did
    answers: Mapping[str, str] = {}
    answers_of: Mapping[str, Mapping[str, str]] = {}

    @property
    def newest(self) -> Trained:
        """What was recorded last."""
        return self.trainings[0][1]

    @property
    def at(self) -> datetime:
        """When that was."""
        return self.trainings[0][0]


class Document(Struct, frozen=True, kw_only=True):
    """A document: its bytes, the name of its file, what was found wrong with it, and the fields that only a person can fill."""

    kind: str
    name: str
    media_type: str
    data: bytes
    findings: tuple[Finding, ...] = ()
    asks: tuple[str, ...] = ()
