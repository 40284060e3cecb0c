"""Daft's processes: the same result as in this one, on all CPUs, and none of their deaths is the end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hanse.factory.prepare.engine import prepare
from hanse.factory.prepare.limits import ATTEMPTS, Limits
from hanse.factory.prepare.pipeline import pipeline_of
from hanse.factory.prepare.ports import WorkerLost
from hanse.factory.prepare.runner import SILENT, DaftRunner
from hanse.factory.prepare.trying import run_tasks
from hanse.kernel.errors import HanseError, Invalid, Misconfigured, OwnError
from tests.unit.factory.prepare import tiny

# Six parts; what a text says is all that ends a process.
TEXTS = {"a.txt": "one\ntwo\nthree\ndeadly\nfive\nsix", "b.txt": "seven\neight"}
LIMITS = Limits(records=2)


def made(root: Path, runner, *steps):
    pipeline = pipeline_of([tiny.Lines(), *steps, tiny.Texts(parts=9)])
    return prepare(pipeline, [tiny.folder_input(TEXTS)], root, runner, limits=LIMITS)


def test_a_task_that_kills_its_process_again_and_again_is_named_and_goes_on_once_it_does_not(tmp_path: Path) -> None:
    deadly = tiny.Deadly(times=ATTEMPTS, counted=str(tmp_path / "count"))
    with pytest.raises(OwnError, match="ended 3 times") as caught:
        made(tmp_path / "w", DaftRunner(workers=2), deadly)
    assert (caught.value.where, caught.value.rule) == ("1/000000-00002", "worker-lost")
    assert (tmp_path / "count").read_text() == "xxx"
    product = made(tmp_path / "w", DaftRunner(workers=2), deadly)
    assert product.root == made(tmp_path / "here", tiny.Here(), deadly).root


def test_an_error_of_a_step_is_handed_over_whole_and_not_tried_again(tmp_path: Path) -> None:
    with pytest.raises(OwnError, match="IsADirectoryError") as caught:
        made(tmp_path / "w", DaftRunner(workers=1), tiny.Deadly(counted=str(tmp_path)))
    assert caught.value.where == "step 2 (deadly), part 000000-00002"
    assert caught.value.rule == "step-failed"


def test_neither_daft_nor_ray_tells_anybody() -> None:
    DaftRunner(workers=1).run(Path(), [], lambda _: None)
    from daft import scarf_telemetry

    assert {name: os.environ.get(name) for name in SILENT} == SILENT
    assert scarf_telemetry.opted_out()


@pytest.mark.parametrize("on", ["", "here", "ray://", "http://head:1", "ray://head", "ray://head:1/x", "ray://he ad:1"])
def test_a_place_is_a_ray_cluster_or_none(on: str) -> None:
    with pytest.raises(Invalid, match="no place"):
        DaftRunner(on=on)


def test_a_process_runs_all_at_one_place(tmp_path: Path) -> None:
    made(tmp_path / "w", DaftRunner(workers=1))
    with pytest.raises(Misconfigured, match="another place"):
        made(tmp_path / "v", DaftRunner(on="ray"))


def test_a_task_that_is_lost_once_is_done_again(tmp_path: Path) -> None:
    runner = Dying(tmp_path, "1/b", times=1)
    run_tasks(runner, tmp_path, ["1/a", "1/b", "1/c"], lambda _: None)
    assert runner.runs == [(["1/a", "1/b", "1/c"], False), (["1/b"], True), (["1/c"], False)]


class Dying:
    """A runner that is lost at some tasks; the others it notes as done."""

    def __init__(self, root: Path, fatal: str, times: int = 99) -> None:
        self.root, self.fatal, self.times, self.runs = root, fatal, times, []

    def run(self, workshop, tasks, done, *, alone=False) -> None:
        self.runs.append((list(tasks), alone))
        for task in tasks:
            (self.root / "running" / task.replace("/", "-")).touch()
            if task == self.fatal and self.times:
                self.times -= 1
                raise WorkerLost("gone")
            place = self.root / f"tasks/{task}.json"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
            done(task)


def test_what_was_lost_is_tried_by_itself_until_it_is_sure_which_task_it_is(tmp_path: Path) -> None:
    runner = Dying(tmp_path, "1/b")
    with pytest.raises(HanseError) as caught:
        run_tasks(runner, tmp_path, ["1/a", "1/b", "1/c"], lambda _: None)
    assert caught.value.where == "1/b"
    assert runner.runs == [(["1/a", "1/b", "1/c"], False), (["1/b"], True), (["1/b"], True)]
