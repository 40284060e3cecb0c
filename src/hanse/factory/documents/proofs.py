"""What the documents of the AI Act are made of: what the signed log, the register and people say of a model or a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion
from hanse.evidence.kinds import Acquired, Derived, Figure, Input, Prepared, Trained
from hanse.kernel.tenant import Did


class Detail(Struct, frozen=True, kw_only=True):
    """One measure of a part of a version (`part`, e.g. `column sex, group f`), out of a report."""

    part: str
    figure: Figure


class Opinion(Struct, frozen=True, kw_only=True):
    """A signed assessment of a version: by whom, when, at which stage, with which report (SHA-256), and its measures of the whole version.

    `statement` names what was signed: the id of the entry of our own log, or the SHA-256 of another's statement. `details` are measures of
    biases out of the report, if that is kept here.
    """

    by: Did
    at: datetime
    stage: str
    report: str
    statement: str
    figures: tuple[Figure, ...] = ()
    details: tuple[Detail, ...] = ()


class Piece(Struct, frozen=True, kw_only=True):
    """One version with all that is stated of it: how it came, each step of its preparation, how it was assessed (the newest first).

    `answers` are what a person has told of its dataset, by field. `records` and `media` (files by the first part of their media type)
    are what was counted in it; absent is not counted.
    """

    version: DatasetVersion
    came: Acquired | Derived | None = None
    steps: tuple[Prepared, ...] = ()
    assessed: tuple[Opinion, ...] = ()
    answers: Mapping[str, str] = {}
    records: int | None = None
    media: Mapping[str, int] = {}

    @property
    def id(self) -> str:
        """`name@number`."""
        return self.version.id

    @property
    def is_source(self) -> bool:
        """Tell whether it was made of nothing else."""
        return not self.version.made_of

    @property
    def tokens(self) -> tuple[int, Prepared] | None:
        """How many tokens it has, as the last step says that counted any, and that step."""
        found = [one for one in self.steps if "tokens" in one.counts]
        return (found[-1].counts["tokens"], found[-1]) if found else None


class Proofs(Struct, frozen=True, kw_only=True):
    """A model or a version (`subject`), and all versions that it was made of, each once, the nearest first.

    `trainings` are a model's, the newest first: `direct` are the versions that went into it, `evaluated` those that it was evaluated with.
    A version's `direct` is itself. `lost` are versions of which nothing is known here but that they went in. `answers` are about the model
    and the participant.
    """

    subject: str
    by: Did
    pieces: tuple[Piece, ...]
    direct: tuple[str, ...]
    trainings: tuple[Trained, ...] = ()
    evaluated: tuple[str, ...] = ()
    lost: tuple[Input, ...] = ()
    answers: Mapping[str, str] = {}

    @property
    def is_model(self) -> bool:
        """Tell whether it is about a model."""
        return bool(self.trainings)

    @property
    def inputs(self) -> list[Piece]:
        """What the model was trained with, or the version itself."""
        return [one for one in self.pieces if one.id in self.direct]

    @property
    def tests(self) -> list[Piece]:
        """What the model was evaluated with."""
        return [one for one in self.pieces if one.id in self.evaluated]

    @property
    def made(self) -> list[Piece]:
        """All versions that went in, or that those were made of."""
        return self.behind(self.direct)

    @property
    def sources(self) -> list[Piece]:
        """Where all of it comes from: the versions that were made of nothing else."""
        return [one for one in self.made if one.is_source]

    def behind(self, ids: Iterable[str]) -> list[Piece]:
        """Return versions and all that they were made of, as far as they are known."""
        there = {one.id: one for one in self.pieces}
        found: set[str] = set()
        waiting = list(ids)
        while waiting:
            id = waiting.pop()
            if id in there and id not in found:
                found.add(id)
                waiting += [one.version for one in there[id].version.made_of]
        return [one for one in self.pieces if one.id in found]
