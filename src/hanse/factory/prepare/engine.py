"""Prepares: takes inputs through a pipeline, stage by stage, in a workshop that can be left and entered again at any moment.

    inputs -> groups of files -> parts -> stage -> decide -> stage -> ... -> pieces of the product

What a stage did with a part is noted as soon as it is done, and nothing else decides what is left to do. Results never depend on who
computed them, when, or in which order.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from hanse.factory.prepare import records as r
from hanse.factory.prepare.base import Looking, Writer
from hanse.factory.prepare.code import code_versions
from hanse.factory.prepare.failing import failing
from hanse.factory.prepare.files import measure, read_record, sound, write_record, writing
from hanse.factory.prepare.finishing import finish
from hanse.factory.prepare.inputs import Inputs
from hanse.factory.prepare.limits import Limits
from hanse.factory.prepare.parts import load, named
from hanse.factory.prepare.pipeline import Pipeline
from hanse.factory.prepare.ports import Input, Progress, Runner
from hanse.factory.prepare.report import Report
from hanse.factory.prepare.trying import run_tasks
from hanse.factory.prepare.workshop import Book, opened
from hanse.kernel.errors import Invalid

if TYPE_CHECKING:
    import pyarrow as pa


class Product(Struct, frozen=True, kw_only=True):
    """A product: its folder, its root (`evidence.statement.root_of_files`), and the report of how it was made."""

    folder: Path
    root: str
    report: Report


def prepare(
    pipeline: Pipeline,
    inputs: Sequence[Input],
    workshop: Path,
    runner: Runner,
    *,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Product:
    """Make a product of inputs, in a workshop (a folder that is new, or in which the same was begun). Call it again to go on.

    Raises `Conflict` for a workshop of other work, `Invalid` if nothing is left of the records, and what the steps raise.
    """
    root = workshop.absolute()
    brought = Inputs(inputs, limits or Limits())
    key = r.Key(steps=pipeline.written, inputs=brought.reports(), files=brought.digest(), code=dict(code_versions()), limits=brought.limits)
    with opened(root, key):
        work = _Work(pipeline, brought, root, runner, progress or (lambda _what, _done, _of: None))
        for stage in range(len(work.stages)):
            work.run(stage)
        folder, product_root, report = finish(root, pipeline, key, work.book)
        return Product(folder=folder, root=product_root, report=report)


class _Work:
    def __init__(self, pipeline: Pipeline, inputs: Inputs, root: Path, runner: Runner, progress: Progress) -> None:
        self.pipeline = pipeline
        self.stages = pipeline.stages()
        self._inputs = inputs
        self._root = root
        self._runner = runner
        self._progress = progress
        self.book = Book(root, len(self.stages))
        self.book.mend([one.look for one in self.stages])

    def run(self, stage: int) -> None:
        """Do what is left of a stage, and decide what its end asks for."""
        names = self._names(stage)
        done = self.book.of(stage)
        left = [name for name in names if name not in done]
        if stage == 0 and left:
            self._inputs.bring(self._root, left)
        label = self._label(stage)
        self._progress(label, len(names) - len(left), len(names))

        def finished(task: str) -> None:
            self.book.take(stage, task.partition("/")[2])
            self._progress(label, len(done), len(names))

        run_tasks(self._runner, self._root, [r.task_name(stage, name) for name in left], finished)
        for name in left:
            if name not in done:
                self.book.take(stage, name)
        if stage == 0:
            self._inputs.remove(self._root)
        elif stage < len(self.stages) - 1:
            self.book.release(stage - 1)
        look = self.stages[stage].look
        if look is not None:
            self._decide(stage, look)

    def _names(self, stage: int) -> list[str]:
        if stage == 0:
            return self._inputs.groups(self._root)
        if stage < len(self.stages) - 1:
            return [one.name for one in self.book.parts(stage - 1)]
        return [f"{number:06d}" for number in range(len(self._plan(stage).pieces))]

    def _label(self, stage: int) -> str:
        return ", ".join(self.pipeline.written[place].name for place in self.stages[stage].apply)

    def _seen(self, stage: int) -> Iterator[tuple[str, pa.Table]]:
        for part in self.book.parts(stage):
            assert part.seen is not None
            yield part.name, named(load(self._root, part.seen), part.name)

    def _decide(self, stage: int, place: int) -> None:
        """Let a step decide about all that it saw, once."""
        record = read_record(self._root, r.decided_record(place), r.Decided)
        if record is not None and all(sound(self._root, one) for one in record.files):
            return
        step, folder = self.pipeline.steps[place], self._root / r.decided_folder(place)
        assert isinstance(step, Looking)
        self._something_left(stage)
        self._progress(f"{self.pipeline.written[place].name}: decide", 0, 1)
        shutil.rmtree(folder, ignore_errors=True)
        with writing(str(folder)):
            folder.mkdir(parents=True)
        with failing(f"step {place + 1} ({self.pipeline.written[place].name})"):
            step.decide(self._seen(stage), folder)
        paths = sorted(one.relative_to(self._root).as_posix() for one in folder.rglob("*") if one.is_file())
        write_record(self._root, r.decided_record(place), r.Decided(tuple(measure(self._root, path) for path in paths)))
        self._progress(f"{self.pipeline.written[place].name}: decide", 1, 1)

    def _plan(self, stage: int) -> r.Pieces:
        plan = read_record(self._root, r.PIECES, r.Pieces)
        if plan is None:
            writer: Writer = self.pipeline.writer
            self._something_left(stage - 1)
            with failing(f"step {len(self.stages)} ({self.pipeline.written[-1].name})"):
                pieces = writer.plan(list(self._seen(stage - 1)))
            plan = r.Pieces(tuple(r.PieceTask(name=one.name, parts=tuple(one.parts), facts=dict(one.facts)) for one in pieces))
            write_record(self._root, r.PIECES, plan)
        return plan

    def _something_left(self, stage: int) -> None:
        if self.book.parts(stage):
            return
        reasons = self.book.reasons()
        main = ", ".join(f"{name} ({count})" for name, count in reasons[:5]) or "the files hold none"
        hint = "Look at the reasons, and at the files."
        raise Invalid(f"No record is left: {main}.", where="steps", rule="nothing-left", hint=hint)
