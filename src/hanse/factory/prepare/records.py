"""What a workshop notes about itself: what it is for, and what each finished task did. All of it is small, and checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from hanse.factory.prepare.base import SourceFile
from hanse.factory.prepare.files import Made, read_record
from hanse.factory.prepare.limits import Limits
from hanse.factory.prepare.parts import Content
from hanse.factory.prepare.pipeline import Written
from hanse.factory.prepare.report import DroppedSample, InputReport
from hanse.kernel.errors import StorageFailed

KEY: Final = "workshop.json"
PIECES: Final = "pieces.json"


class Key(Struct, frozen=True, kw_only=True):
    """What a workshop is for. Only the very same goes on in it."""

    steps: tuple[Written, ...]
    inputs: tuple[InputReport, ...]
    files: str
    """SHA-256 over the inputs' files."""
    code: Mapping[str, str]
    limits: Limits


class GroupFile(Struct, frozen=True):
    """A file that is to be read, and its SHA-256."""

    source: SourceFile
    sha256: str


class Group(Struct, frozen=True):
    """What one task reads."""

    files: tuple[GroupFile, ...]


class StepDone(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a step did in one task. `inputs` and `outputs` are the SHA-256 of what it was given and what it gave, in order."""

    number: int
    records_in: int = 0
    records_out: int = 0
    made: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    reasons: Mapping[str, int] = {}
    counts: Mapping[str, int] = {}
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


class PartDone(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part that a task made, and what was seen of it for the next step that looks. Of a part without records there are no files."""

    name: str
    content: Content
    file: Made | None = None
    seen: Made | None = None


class ProductFile(Struct, frozen=True):
    """A file of the product: as a file of the workshop, and its SHA-256."""

    file: Made
    sha256: str


class TaskDone(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a finished task did."""

    steps: tuple[StepDone, ...]
    parts: tuple[PartDone, ...] = ()
    files: tuple[ProductFile, ...] = ()
    dropped: Made | None = None
    samples: tuple[DroppedSample, ...] = ()


class Decided(Struct, frozen=True):
    """The files that a step decided to write."""

    files: tuple[Made, ...]


class PieceTask(Struct, frozen=True, kw_only=True):
    """A piece to write (see `base.Piece`)."""

    name: str
    parts: tuple[str, ...]
    facts: Mapping[str, int]


class Pieces(Struct, frozen=True):
    """All pieces of the product."""

    pieces: tuple[PieceTask, ...]


def task_name(stage: int, name: str) -> str:
    """Name a task."""
    return f"{stage}/{name}"


def record_path(task: str) -> str:
    """Return where a finished task is noted."""
    return f"tasks/{task}.json"


def marker_path(task: str) -> str:
    """Return the file that is there while a task runs."""
    return f"running/{task.replace('/', '-')}"


def group_path(name: str) -> str:
    """Return where a group is noted."""
    return f"groups/{name}.json"


def decided_record(step: int) -> str:
    """Return where it is noted what a step decided; `step` is its place in the pipeline."""
    return f"decided/{step}.json"


def decided_folder(step: int) -> str:
    """Return the folder with what a step decided."""
    return f"decided/{step}"


def part_before(root: Path, stage: int, part: str) -> PartDone:
    """Return a part as the stage before `stage` made it. Raises `StorageFailed`."""
    task = part.partition("-")[0] if stage == 1 else part
    record = read_record(root, record_path(task_name(stage - 1, task)), TaskDone)
    found = next((one for one in record.parts if one.name == part), None) if record else None
    if found is None or found.file is None:
        raise StorageFailed("A part is not where it was.", where=part, rule="damaged")
    return found
