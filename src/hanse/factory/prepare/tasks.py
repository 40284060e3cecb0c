"""What one task does: read a group of files into parts, take a part through a stage, or write a piece of the product.

A task knows the workshop's folder and its own name, and nothing else; it may run in any process that sees the folder, several times, and
even at the same time as itself: it gives the same files, each of which appears at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.factory.prepare import records as r
from hanse.factory.prepare.base import Applied, Looking
from hanse.factory.prepare.code import code_versions
from hanse.factory.prepare.counting import Drops, check_table, made_by
from hanse.factory.prepare.failing import failing
from hanse.factory.prepare.files import read_record, write_record, writing
from hanse.factory.prepare.parts import Content, content_of, cut, load, named, plain, save
from hanse.factory.prepare.pieces import write_piece
from hanse.factory.prepare.pipeline import Pipeline, restored
from hanse.kernel.errors import Misconfigured, StorageFailed

if TYPE_CHECKING:
    import pyarrow as pa


class Bench:
    """What the tasks of one workshop share in a process: the pipeline and the limits."""

    def __init__(self, root: Path) -> None:
        key = read_record(root, r.KEY, r.Key)
        if key is None:
            raise StorageFailed("The workshop cannot be read here.", where=str(root), hint="Every node must see the same folder.")
        if dict(key.code) != dict(code_versions()):
            differing = sorted({*dict(key.code).items()} ^ {*code_versions().items()})
            hint = "All nodes need the same packages."
            raise Misconfigured(f"The code here is another: {differing[:4]}.", where=str(root), rule="code-differs", hint=hint)
        self.root = root
        self.limits = key.limits
        self.pipeline: Pipeline = restored(key.steps)
        self.stages = self.pipeline.stages()

    def where(self, place: int, part: str) -> str:
        """Say in which step, and at which part."""
        return f"step {place + 1} ({self.pipeline.written[place].name}), part {part}"


def run_task(root: Path, task: str) -> None:
    """Run a task and note what it did. Raises a `HanseError`, whatever a step may raise."""
    bench = _bench(root, (root / r.KEY).stat().st_mtime_ns)
    stage, _, name = task.partition("/")
    marker = root / r.marker_path(task)
    with writing(str(marker)):
        marker.touch()
    if int(stage) == 0:
        done = _read(bench, name)
    elif int(stage) < len(bench.stages) - 1:
        done = _part(bench, int(stage), name)
    else:
        done = write_piece(root, bench.pipeline, int(stage), name)
    write_record(root, r.record_path(task), done)
    with writing(str(marker)):
        marker.unlink(missing_ok=True)


@lru_cache(maxsize=4)
def _bench(root: Path, _changed: int) -> Bench:
    return Bench(root)


def _read(bench: Bench, name: str) -> r.TaskDone:
    group = read_record(bench.root, r.group_path(name), r.Group)
    if group is None:
        raise StorageFailed("A list of files is damaged.", where=r.group_path(name), rule="damaged")
    reading = _Reading(bench, group)
    parts = []
    for number, table in enumerate(cut(reading.tables(), bench.limits)):
        part = f"{name}-{number:05d}"
        where = bench.where(0, part)
        parts.append(_kept(bench, 0, part, check_table(plain(table), where), None))
    step = r.StepDone(
        number=1,
        records_in=reading.records + reading.dropped,
        records_out=reading.records,
        bytes_in=sum(one.source.size for one in group.files),
        bytes_out=sum(one.content.size for one in parts),
        reasons=reading.drops.reasons(1),
        counts=dict(sorted(reading.counts.items())),
        inputs=tuple(one.sha256 for one in group.files),
        outputs=tuple(one.content.digest for one in parts),
    )
    dropped = reading.drops.save(bench.root, f"dropped/0/{name}.arrow")
    return r.TaskDone(steps=(step,), parts=tuple(parts), dropped=dropped, samples=reading.drops.samples())


class _Reading:
    """The records of a group's files, counted while they pass."""

    def __init__(self, bench: Bench, group: r.Group) -> None:
        self._bench = bench
        self._group = group
        self.records = self.dropped = 0
        self.drops = Drops()
        self.counts: dict[str, int] = {}

    def tables(self) -> Iterator[pa.Table]:
        for file in self._group.files:
            where = f"step 1 ({self._bench.pipeline.written[0].name}), {file.source.version}/{file.source.path}"
            before = self.records + self.dropped
            with failing(where):
                for applied in self._bench.pipeline.reader.read(file.source):
                    self._count(applied, where)
                    yield applied.records
            if self.records + self.dropped == before:
                self.counts["files-without-records"] = self.counts.get("files-without-records", 0) + 1

    def _count(self, applied: Applied, where: str) -> None:
        check_table(applied.records, where)
        self.records += applied.records.num_rows
        self.dropped += len(applied.dropped)
        self.drops.add(1, self._bench.pipeline.written[0].name, applied.dropped, where)
        for key, count in applied.counts.items():
            self.counts[key] = self.counts.get(key, 0) + count


def _part(bench: Bench, stage: int, part: str) -> r.TaskDone:
    before = r.part_before(bench.root, stage, part)
    assert before.file is not None
    table, content = load(bench.root, before.file), before.content
    drops, steps = Drops(), []
    for place in bench.stages[stage].apply:
        if not table.num_rows:
            break
        table, content, done = _step(bench, place, part, table, content, drops)
        steps.append(done)
    kept = _kept(bench, stage, part, table, content)
    dropped = drops.save(bench.root, f"dropped/{stage}/{part}.arrow")
    return r.TaskDone(steps=tuple(steps), parts=(kept,), dropped=dropped, samples=drops.samples())


def _step(bench: Bench, place: int, part: str, table: pa.Table, before: Content, drops: Drops) -> tuple[pa.Table, Content, r.StepDone]:
    step, name, where = bench.pipeline.steps[place], bench.pipeline.written[place].name, bench.where(place, part)
    decided = bench.root / r.decided_folder(place) if isinstance(step, Looking) else None
    with failing(where):
        applied = step.apply(named(table, part), decided)
    made = made_by(table, applied, makes=step.makes, where=where)
    drops.add(place + 1, name, applied.dropped, where)
    after = plain(applied.records)
    content = content_of(after)
    done = r.StepDone(
        number=place + 1,
        records_in=before.records,
        records_out=content.records,
        made=made,
        bytes_in=before.size,
        bytes_out=content.size,
        reasons=drops.reasons(place + 1),
        counts=dict(sorted(applied.counts.items())),
        inputs=(before.digest,),
        outputs=(content.digest,) if content.records else (),
    )
    return after, content, done


def _kept(bench: Bench, stage: int, part: str, table: pa.Table, content: Content | None) -> r.PartDone:
    content = content or content_of(table)
    if not table.num_rows:
        return r.PartDone(name=part, content=content)
    look, seen = bench.stages[stage].look, None
    if look is not None:
        step = bench.pipeline.steps[look]
        assert isinstance(step, Looking)
        with failing(bench.where(look, part)):
            seen = save(plain(step.look(named(table, part))), bench.root, f"seen/{stage}/{part}.arrow")
    return r.PartDone(name=part, content=content, file=save(table, bench.root, f"parts/{stage}/{part}.arrow"), seen=seen)
