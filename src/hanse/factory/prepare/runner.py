"""Runs tasks with Daft: in processes of this machine, or on a Ray cluster. Nothing is told to anybody about it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Final

from hanse.factory.prepare.failing import unpacked
from hanse.factory.prepare.ports import WorkerLost
from hanse.kernel.errors import Invalid, Misconfigured

SILENT: Final = {"DAFT_ANALYTICS_ENABLED": "0", "DO_NOT_TRACK": "1", "RAY_USAGE_STATS_ENABLED": "0", "DAFT_PROGRESS_BAR": "0"}
"""Set before either is imported: neither sends figures about its use to its maker."""
_ADDRESS: Final = re.compile(r"(?:ray://)?[A-Za-z0-9_.\-\[\]:]{1,255}:[0-9]{1,5}")
_LONGEST: Final = 300


class DaftRunner:
    """Runs each task as one row of a Daft data frame.

    `on` is nothing for this machine, `ray` for the Ray cluster at hand (e.g. the one that a batch script started), `ray://HOST:PORT` for
    one elsewhere. `workers` are the processes: as many as there are CPUs unless it is said; with 1 everything runs in this process.
    """

    def __init__(self, *, on: str | None = None, workers: int | None = None) -> None:
        if on is not None and on != "ray" and not _ADDRESS.fullmatch(on):
            hint = "Leave it out for this machine, or name a Ray cluster: ray, or ray://HOST:PORT."
            raise Invalid("This is no place to run at.", where="on", rule="place", hint=hint)
        if workers is not None and not 1 <= workers <= 4096:
            raise Invalid("There is at least one worker.", where="workers", rule="workers")
        self._address = "auto" if on == "ray" else on
        self._workers = workers

    def run(self, workshop: Path, tasks: Sequence[str], done: Callable[[str], None], *, alone: bool = False) -> None:
        """Run tasks (see `ports.Runner`). Raises `Misconfigured` if Daft or Ray is not installed, or the cluster cannot be reached."""
        worker = self._worker()
        if not tasks:
            return
        processes = self._processes(len(tasks), alone, worker.cpus_of_cluster)
        spread = self._address is not None
        with closing(worker.run_rows(workshop, tasks, processes, spread=spread)) as rows:
            while (row := _next(rows)) is not None:
                task, failure = row
                if failure:
                    raise unpacked(failure)
                done(task)

    def _processes(self, tasks: int, alone: bool, cpus: Callable[[], int]) -> int | None:
        if alone:
            return 1
        workers = self._workers or (cpus() if self._address else len(os.sched_getaffinity(0)))
        if workers == 1 and not self._address:
            return None
        return min(workers, tasks)

    def _worker(self) -> ModuleType:
        os.environ.update(SILENT)
        try:
            from hanse.factory.prepare import worker

            if self._address is not None:
                import ray  # noqa: F401 - said here, rather than by what Daft says of it
        except ModuleNotFoundError as error:
            extra = "hanse[prepare,ray]" if self._address else "hanse[prepare]"
            raise Misconfigured(f"Preparing needs the package {error.name}.", hint=f"Install it: pip install '{extra}'.") from None
        wanted = "native" if self._address is None else "ray"
        found = worker.use(self._address)
        if found != wanted:
            hint = "One process runs all at one place: start another."
            raise Misconfigured(f"Daft runs at another place in this process already ({found}).", where="on", rule="place", hint=hint)
        return worker


def _next(rows: Iterator[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the next row; whatever Daft or Ray raises means that what ran a task is gone, since tasks hand their errors over as rows."""
    try:
        return next(rows, None)
    except Exception as error:
        raise WorkerLost(" ".join(str(error).split())[:_LONGEST]) from error
