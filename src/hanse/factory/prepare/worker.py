"""The Daft function that runs a task: imported late, where Daft is, and by the processes that Daft starts."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import daft
from daft import DataType
from daft.exceptions import DaftCoreException

from hanse.factory.prepare.failing import failing, packed
from hanse.factory.prepare.tasks import run_task
from hanse.kernel.errors import HanseError, Misconfigured

LEFT: Final = ".left"
"""A file in the workshop while nobody waits for the tasks any more."""
_DONE: Final = ""
_PARTITIONS: Final = 8
"""Partitions for each CPU: enough that none waits long for the others."""
_PATIENCE: Final = 10
"""Seconds until a cluster answers."""
_places: Final[list[str]] = []
_interrupted: Final[list[BaseException]] = []
"""What ended a run in the middle: its frames hold what Daft would complain of, on the screen, if it were dropped."""
_one_at_a_time: Final = threading.Lock()
"""Daft runs a function in several threads where it has no process of its own; steps need not be made for that."""


class Worker:
    """Runs tasks of one workshop."""

    def __init__(self, workshop: str) -> None:
        self._workshop = Path(workshop)

    @daft.method.batch(return_dtype=DataType.string(), batch_size=1)
    def run(self, tasks: daft.Series) -> list[str]:
        """Return for each task nothing, or the error in which it ended: an error of a task is no reason to try it again."""
        return [self._run(task) for task in tasks.to_pylist()]

    def _run(self, task: str) -> str:
        try:
            with _one_at_a_time, failing(task):
                if not (self._workshop / LEFT).exists():
                    run_task(self._workshop, task)
        except HanseError as error:
            return packed(error)
        return _DONE


def run_rows(workshop: Path, tasks: Sequence[str], processes: int | None, *, spread: bool) -> Iterator[tuple[str, str]]:
    """Run each task as one row of a data frame, in so many processes, or in this one; yield each with its error as it ends.

    `spread` over the nodes of a cluster: those take whole partitions.
    """
    made: Callable[..., Any] = daft.cls(Worker, use_process=processes is not None, max_concurrency=processes)
    frame = daft.from_pydict({"task": list(tasks)})
    if spread and processes is not None:
        frame = frame.into_partitions(min(len(tasks), processes * _PARTITIONS))
    left = workshop / LEFT
    left.unlink(missing_ok=True)
    rows = iter(frame.select(frame["task"], made(str(workshop)).run(frame["task"]).alias("failure")).iter_rows())
    try:
        for row in rows:
            yield row["task"], row["failure"]
    except GeneratorExit:
        # Daft that is dropped in the middle ends in errors of its own: tasks that have not begun are left out, and it comes to its end.
        left.touch()
        for _ in rows:
            pass
        left.unlink(missing_ok=True)
        raise
    except BaseException as error:
        _interrupted.append(error)
        raise


def use(address: str | None) -> str:
    """Let Daft run here, or on the Ray cluster at an address (`auto`: the one at hand); return which of the two it does, `native` or `ray`.

    A process stays where it first ran something.
    """
    if _places:
        return _places[0]
    with suppress(DaftCoreException):  # it is said once in a process, whoever said it
        if address is None:
            daft.set_runner_native()
        else:
            _connect(address)
    _places.append(daft.get_or_infer_runner_type())
    return _places[0]


def _connect(address: str) -> None:
    try:
        if address != "auto":
            host, _, port = address.removeprefix("ray://").rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()  # Ray itself tries for minutes
        import ray

        if not ray.is_initialized():
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        daft.set_runner_ray(noop_if_initialized=True)
    except OSError as error:
        hint = "Start a cluster (ray start --head), or leave the place out to run on this machine."
        raise Misconfigured(f"No Ray cluster can be reached: {error}"[:300], where="on", rule="place", hint=hint) from None


def cpus_of_cluster() -> int:
    """Return how many CPUs the Ray cluster has."""
    import ray

    resources: Callable[[], dict[str, float]] = ray.cluster_resources
    return max(1, int(resources().get("CPU", 1)))
