"""Changing data before it is released: a masked column in CSV and Parquet, on one core, from file to file with both digests."""

from __future__ import annotations

import csv
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, median
from hanse.dataplane.records import Place
from hanse.dataplane.spool import KIND, Spool
from hanse.dataplane.transforms.run import run
from hanse.dataplane.transforms.tables import Tools
from hanse.dataplane.transforms.values import Pseudonyms
from hanse.kernel.tenant import Tenant
from hanse.odrl import names
from hanse.odrl.changes import Step

RECORDS = 1_000_000
ROUNDS = 5
FASTEST = 100.0
_COLUMNS = ("id", "name", "email", "machine", "temperature", "pressure", "when", "remark")
_MASK = Step(names.MASK, ("email",))


def masking() -> list[Figure]:
    """Measure the transform that the issue names, and the others for comparison, in the CPU time of one core."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder)
        with _one_core():
            return [*_limited(folder), *_others(folder)]


def _limited(folder: Path) -> Iterator[Figure]:
    for file, what in (
        ("plain.csv", "CSV"),
        ("quoted.csv", "CSV with a quoted cell in every fifth line"),
        ("people.parquet", "Parquet (Snappy)"),
    ):
        yield _figure(folder, file, f"Masking a column, {what}", (_MASK,), FASTEST, ROUNDS)


def _others(folder: Path) -> Iterator[Figure]:
    """Give the other steps for comparison; half of what a disk of the field reads is enough for them."""
    steps = {
        "Dropping two columns": (Step(names.DROP, ("email", "name")),),
        "Pseudonymising a column": (Step(names.PSEUDONYMISE, ("email",)),),
        "Rounding a column": (Step(names.ROUND, ("temperature",), 1),),
        "k-anonymity over two columns": (Step(names.ROUND, ("temperature",), 0), Step(names.ANONYMIZE, ("machine", "temperature"), 5)),
    }
    for what, chain in steps.items():
        yield _figure(folder, "plain.csv", f"{what}, CSV", chain, 10.0, 1)


def _figure(folder: Path, file: str, what: str, chain: tuple[Step, ...], limit: float, rounds: int) -> Figure:
    source = folder / file
    size = source.stat().st_size
    kind = "text/csv" if file.endswith("csv") else "application/vnd.apache.parquet"
    _once(folder, source, kind, chain)  # imports, and the file into the cache
    runs = [size / _once(folder, source, kind, chain) / 1e6 for _ in range(rounds)]
    return median(what, runs, "MB/s", limit, higher=True, note=f"{size / 1e6:.0f} MB, one core, with SHA-256 and BLAKE3 of the result")


def _once(folder: Path, source: Path, kind: str, chain: tuple[Step, ...]) -> float:
    spool = Spool(lambda _: folder / "spool", lambda _: 1 << 40)
    tools = Tools(Pseudonyms(bytes(32)), lambda _: None)
    with spool.making(Tenant("bench"), Place(KIND, "agreement/version"), 0) as making:
        assert making is not None
        began = _used()
        run([_Job(source, kind, making)], chain, tools)
        return _used() - began


def _used() -> float:
    """Return the CPU time of this process and of those that it started and that have ended: Parquet is changed in one of its own."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class _Job:
    def __init__(self, source: Path, kind: str, making: Any) -> None:
        self.media_type = kind
        self.source: Callable[[], Any] = lambda: source.open("rb")
        self.sink: Callable[[], Any] = lambda: making.file("result", kind)


@contextmanager
def _one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _write(folder: Path) -> None:
    """Write records as machines and people make them: numbers, repeated names, unlike names, texts with commas and quotes."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv
    import pyarrow.parquet as pq

    chance = random.Random(1)
    people = [f"person{i} of {i % 977}" for i in range(50_000)]
    remarks = ["ok", "ok", "late, but fine", "fine", ""]
    with (folder / "plain.csv").open("w", newline="") as plain, (folder / "quoted.csv").open("w", newline="") as quoted:
        writers = csv.writer(plain), csv.writer(quoted)
        for writer in writers:
            writer.writerow(_COLUMNS)
        for i in range(RECORDS):
            name = chance.choice(people)
            row = [
                i,
                name,
                f"{name.replace(' ', '.')}@example.org",
                f"M-{i % 211:04}",
                f"{chance.gauss(70, 9):.3f}",
                f"{chance.random():.6f}",
            ]
            row.append(f"2026-01-{i % 28 + 1:02}T10:{i % 60:02}:00Z")
            writers[0].writerow([*row, "fine"])
            writers[1].writerow([*row, chance.choice(remarks)])
    table = arrow_csv.read_csv(folder / "quoted.csv")
    pq.write_table(pa.concat_tables([table] * 4), folder / "people.parquet")  # as large as the others: it is much smaller per record
