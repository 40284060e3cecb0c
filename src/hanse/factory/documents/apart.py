"""Has files measured in a process of its own. What it cannot bear costs the files in question their figures, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from hanse.dcat.croissant.shape import Measured, Unmeasured
from hanse.dcat.holding import HeldFile
from hanse.dcat.media import media_type_of
from hanse.factory.documents.batches import MAX_TABLES, MEMORY, SECONDS, Batch, Done, Order, Piece, batches_of
from hanse.kernel.errors import StorageFailed

_CHILD: Final = "hanse.factory.documents.child"


def measure_apart(
    folder: Path, files: Sequence[HeldFile], personal: bool | None = None, *, seconds: int = SECONDS, memory: int = MEMORY
) -> Measured:
    """Return what is in the files of a folder. `personal`: whether the data is about persons, as far as is known."""
    batches = batches_of([Piece(one.path, one.size, media_type_of(one.path, one.media_type)) for one in files])
    over = [Unmeasured(batch.pieces[0].path, f"only {MAX_TABLES} tables are measured") for batch in batches[MAX_TABLES:]]
    left = batches[:MAX_TABLES]
    done: list[Done] = []
    while left:
        found = _run(Order(str(folder), tuple(left), personal, seconds, memory))
        done += found
        if len(found) < len(left):
            done.append(_lost(left[len(found)]))
        left = left[len(found) + 1 :]
    tables = tuple(table for one in done for table in one.tables)
    return Measured(tables, tuple([each for one in done for each in one.unmeasured] + over))


def _lost(batch: Batch) -> Done:
    reason = "it could not be measured within the limits of memory and time"
    return Done(0, unmeasured=tuple(Unmeasured(piece.path, reason) for piece in batch.pieces))


def _run(order: Order) -> list[Done]:
    command = [sys.executable, "-P", "-m", _CHILD]
    try:
        ended = subprocess.run(  # noqa: S603 - itself
            command, input=msgspec.json.encode(order), capture_output=True, timeout=4 * order.seconds, check=False, start_new_session=True
        )
        out = ended.stdout
    except subprocess.TimeoutExpired as error:
        out = error.stdout or b""
    except OSError as error:
        raise StorageFailed("No process could be started to measure the data.") from error
    whole, _, _ = out.rpartition(b"\n")
    return [msgspec.json.decode(line, type=Done) for line in whole.splitlines()]
