"""Pieces of the product: each is written into a folder of its own, measured, and then moved to where the product grows."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hanse.factory.prepare import records as r
from hanse.factory.prepare.base import Piece
from hanse.factory.prepare.counting import broken
from hanse.factory.prepare.failing import failing
from hanse.factory.prepare.files import TEMPORARY, Made, measure, read_record, writing
from hanse.factory.prepare.parts import load, named
from hanse.factory.prepare.pipeline import Pipeline
from hanse.factory.prepare.records import part_before
from hanse.kernel.errors import StorageFailed

if TYPE_CHECKING:
    import pyarrow as pa

OUT: Final = "out"
"""The folder of a workshop in which the product grows."""
RECORDS: Final = "records"
DROPPED: Final = "dropped-"
_PART: Final = 4 << 20


def write_piece(root: Path, pipeline: Pipeline, stage: int, name: str) -> r.TaskDone:
    """Write one piece. Raises a `HanseError`."""
    plan = read_record(root, r.PIECES, r.Pieces)
    if plan is None:
        raise StorageFailed("The plan of the product is damaged.", where=r.PIECES, rule="damaged")
    task = plan.pieces[int(name)]
    where = f"step {len(pipeline.steps)} ({pipeline.written[-1].name}), {task.name}"
    with writing(name):
        work = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=root))
    try:
        with failing(where):
            piece = Piece(task.name, task.parts, task.facts)
            counts = dict(pipeline.writer.write(piece, _tables(root, stage, task.parts), work))
        if RECORDS not in counts:
            raise broken(where, "it does not say how many records it wrote")
        files = tuple(_moved(work, root, one, task.name, where) for one in sorted(work.rglob("*")) if one.is_file())
    finally:
        shutil.rmtree(work, ignore_errors=True)
    step = r.StepDone(
        number=len(pipeline.steps),
        records_out=counts.pop(RECORDS),
        bytes_out=sum(one.file.size for one in files),
        reasons={key.removeprefix(DROPPED): count for key, count in sorted(counts.items()) if key.startswith(DROPPED)},
        counts={key: count for key, count in sorted(counts.items()) if not key.startswith(DROPPED)},
        outputs=tuple(one.sha256 for one in files),
    )
    return r.TaskDone(steps=(step,), files=files)


def put(source: Path, root: Path, path: str) -> r.ProductFile:
    """Move a file into the product, once the disk has it."""
    target = root / OUT / path
    with writing(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        sha256 = hashlib.sha256()
        with source.open("rb") as file:
            while part := file.read(_PART):
                sha256.update(part)
            os.fsync(file.fileno())
        source.replace(target)
    return r.ProductFile(measure(root, f"{OUT}/{path}"), sha256.hexdigest())


def _moved(work: Path, root: Path, file: Path, name: str, where: str) -> r.ProductFile:
    path = file.relative_to(work).as_posix()
    if not path.startswith(name) or path.startswith("_"):
        raise broken(where, f"it writes {path[:80]!r}, which does not begin with the name of the piece")
    return put(file, root, path)


def _tables(root: Path, stage: int, parts: tuple[str, ...]) -> Iterator[pa.Table]:
    for part in parts:
        made = part_before(root, stage, part).file
        assert isinstance(made, Made)
        yield named(load(root, made), part)
