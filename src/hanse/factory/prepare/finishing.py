"""The end: what all tasks did is added up, held against itself, and laid into the product beside the data."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
from pyarrow import parquet

from hanse.evidence.kinds.base import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.prepare import records as r
from hanse.factory.prepare.counting import best, broken, dropped_schema
from hanse.factory.prepare.files import TEMPORARY, read_record, write_atomic, writing
from hanse.factory.prepare.parts import load
from hanse.factory.prepare.pieces import OUT, put
from hanse.factory.prepare.pipeline import Pipeline
from hanse.factory.prepare.report import DROPPED_FILE, REPORT_FILE, DroppedSample, Report, StepReport, root_of
from hanse.factory.prepare.workshop import Book

PRODUCT: Final = "product"
"""What a step that looks writes below this folder, when it decides, becomes part of the product; of a writer all that it writes."""
_ROWS: Final = 65_536


def finish(root: Path, pipeline: Pipeline, key: r.Key, book: Book) -> tuple[Path, str, Report]:
    """Complete the product; return its folder, its root, and the report that is in it.

    Raises `OwnError` (rule `records`) if the records do not add up, or two pieces write the same file.
    """
    last = len(pipeline.stages()) - 1
    files = [one for name in sorted(book.of(last)) for one in book.of(last)[name].files]
    beside = {path: source for source, path in _beside(root, pipeline)}  # of steps that write the same, the last one's stays
    files += [put_copy(root, source, path) for path, source in beside.items()]
    files.sort(key=lambda one: one.file.path)
    names = [one.file.path.removeprefix(f"{OUT}/") for one in files]
    twice = [name for name, count in Counter([*names, DROPPED_FILE, REPORT_FILE]).items() if count > 1]
    if twice:
        raise broken(f"step {len(pipeline.steps)} ({pipeline.written[-1].name})", f"it writes {twice[0]!r}, which is written already")
    report = _report(pipeline, key, book, [one.sha256 for one in files], sum(one.file.size for one in files))
    files.append(_dropped(root, book))
    files.append(_written(root, report))
    objects = [Object(one.file.path.removeprefix(f"{OUT}/"), one.sha256, one.file.size) for one in files]
    _tidy(root / OUT, {one.path for one in objects})
    return root / OUT, root_of_files(objects), report


def put_copy(root: Path, source: Path, path: str) -> r.ProductFile:
    """Copy a file into the product."""
    with writing(path):
        work = root / f"{TEMPORARY}copy"
        shutil.copyfile(source, work)
    return put(work, root, path)


def _beside(root: Path, pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    """Yield what steps that look wrote for the product, and under which names."""
    last = len(pipeline.steps) - 1
    for place in range(last + 1):
        record = read_record(root, r.decided_record(place), r.Decided)
        for made in record.files if record else ():
            path = made.path.removeprefix(f"{r.decided_folder(place)}/")
            if path.startswith(f"{PRODUCT}/") or place == last:
                yield root / made.path, path.removeprefix(f"{PRODUCT}/")


def _report(pipeline: Pipeline, key: r.Key, book: Book, written: Sequence[str], size: int) -> Report:
    steps: list[StepReport] = []
    for number in range(1, len(pipeline.steps) + 1):
        done = list(book.steps(number))
        last = number == len(pipeline.steps)
        before = steps[-1] if steps else None
        step = _step(pipeline, number, done, before)
        if last:
            step = msgspec.structs.replace(step, output=root_of(written), bytes_out=size)
        _check(step, before, f"step {number} ({step.name})")
        steps.append(step)
    samples = best(one for stage in range(len(pipeline.stages())) for done in book.of(stage).values() for one in done.samples)
    shown = tuple(_shown(one, pipeline) for one in samples)
    return Report(pipeline=pipeline.digest, inputs=key.inputs, code=key.code, steps=tuple(steps), samples=shown)


def _shown(sample: DroppedSample, pipeline: Pipeline) -> DroppedSample:
    """Return a sample without its text if a later step would have masked it, or left it out for somebody's right."""
    later = any(step.hides for step in pipeline.steps[sample.number :])
    return msgspec.structs.replace(sample, excerpt="") if later else sample


def _step(pipeline: Pipeline, number: int, done: Sequence[r.StepDone], before: StepReport | None) -> StepReport:
    written = pipeline.written[number - 1]
    writes = number == len(pipeline.steps)
    assert before is not None or not writes
    reasons, counts = Counter[str](), Counter[str]()
    for one in done:
        reasons.update(one.reasons)
        counts.update(one.counts)
    return StepReport(
        number=number,
        name=written.name,
        version=written.version,
        parameters=written.parameters,
        files=written.files,
        records_in=before.records_out if writes and before else sum(one.records_in for one in done),
        records_out=sum(one.records_out for one in done),
        made=sum(one.made for one in done),
        dropped=sum(reasons.values()),
        bytes_in=before.bytes_out if writes and before else sum(one.bytes_in for one in done),
        bytes_out=sum(one.bytes_out for one in done),
        input=before.output if writes and before else root_of([digest for one in done for digest in one.inputs]),
        output=root_of([digest for one in done for digest in one.outputs]),
        reasons=dict(sorted(reasons.items())),
        counts=dict(sorted(counts.items())),
    )


def _check(step: StepReport, before: StepReport | None, where: str) -> None:
    if step.records_in + step.made != step.records_out + step.dropped:
        came, left = step.records_in + step.made, step.records_out + step.dropped
        raise broken(where, f"of {came} records it accounts for {left}")
    if before is not None and (step.records_in, step.input) != (before.records_out, before.output):
        raise broken(where, "it was not given what the step before gave")


def _dropped(root: Path, book: Book) -> r.ProductFile:
    """Write the ids of all dropped records into one Parquet file, in the order of steps' stages and of parts."""
    with writing(DROPPED_FILE):
        work = root / f"{TEMPORARY}dropped"
        with parquet.ParquetWriter(work, dropped_schema(), compression="zstd") as writer:
            for batch in _gathered(load(root, one) for one in book.dropped()):
                writer.write_table(batch, row_group_size=_ROWS)
    return put(work, root, DROPPED_FILE)


def _gathered(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Put small tables together, so that row groups are of a good size."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(one.num_rows for one in waiting) >= _ROWS:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _written(root: Path, report: Report) -> r.ProductFile:
    text = msgspec.json.format(msgspec.json.encode(report, order="deterministic"), indent=2) + b"\n"
    work = f"{TEMPORARY}report"
    write_atomic(root, work, text)
    return put(root / work, root, REPORT_FILE)


def _tidy(folder: Path, paths: set[str]) -> None:
    """Remove what no finished task says that it wrote: what one left that was stopped."""
    for one in folder.rglob("*"):
        if one.is_file() and one.relative_to(folder).as_posix() not in paths:
            one.unlink()
