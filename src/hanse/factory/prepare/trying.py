"""Runs tasks until all are done. What is lost in the middle is tried again, a few times, then by itself, then named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from hanse.factory.prepare import records as r
from hanse.factory.prepare.limits import ATTEMPTS
from hanse.factory.prepare.ports import Runner, WorkerLost
from hanse.kernel.errors import OwnError


def run_tasks(runner: Runner, root: Path, tasks: Sequence[str], done: Callable[[str], None]) -> None:
    """Run tasks. Raises what a task raises, and `OwnError` (rule `worker-lost`) naming a task whose process ends again and again."""
    lost: Counter[str] = Counter()
    left = list(tasks)
    while left:
        suspects = [task for task in left if lost[task]]
        batch = suspects[:1] or left
        for task in batch:
            (root / r.marker_path(task)).unlink(missing_ok=True)
        (root / "running").mkdir(exist_ok=True)
        try:
            runner.run(root, batch, done, alone=bool(suspects))
            finished = set(batch)
        except WorkerLost as error:
            finished = {task for task in batch if (root / r.record_path(task)).exists()}
            _count(root, [task for task in batch if task not in finished], lost, bool(suspects), error)
        left = [task for task in left if task not in finished]


def _count(root: Path, tasks: Sequence[str], lost: Counter[str], alone: bool, error: WorkerLost) -> None:
    """Count whose process ended: those that had begun; if none had, all."""
    begun = [task for task in tasks if (root / r.marker_path(task)).exists()] or list(tasks)
    lost.update(begun)
    for task in begun:
        if lost[task] >= ATTEMPTS and (alone or len(tasks) == 1):
            hint = "Often memory ran out. Make parts smaller or run fewer at a time, then go on with the same workshop."
            raise OwnError(
                f"The process that ran this task ended {ATTEMPTS} times in the middle of it. {error}".strip(),
                where=task,
                rule="worker-lost",
                hint=hint,
            ) from None
