"""What preparing needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from hanse.dcat.holding import HeldFile

Progress = Callable[[str, int, int], None]
"""Called with what is being done, e.g. `read` or `near-duplicates`, how many tasks of it are done, and how many there are."""


class Input(Struct, frozen=True, kw_only=True):
    """A version to prepare: its files by path, and a way to their bytes.

    `bring` writes them as plain files into the folder that it is given, which does not exist yet, and returns it; or it returns the
    folder in which they are already: then it must be readable wherever tasks run. `bring` may be called again after an interruption.
    """

    version: str
    root: str
    files: tuple[HeldFile, ...]
    bring: Callable[[Path], Path]
    licence: str = ""


class Runner(Protocol):
    """Runs tasks, some at a time, on this machine or on others that see the same folder."""

    def run(self, workshop: Path, tasks: Sequence[str], done: Callable[[str], None], *, alone: bool = False) -> None:
        """Run each task of a workshop, one after another if `alone`; tell each that is done.

        Raises the `HanseError` of a task that failed, and `WorkerLost` if what ran a task is gone without an answer.
        """
        ...


class WorkerLost(Exception):
    """A process or a node ended in the middle of a task."""
