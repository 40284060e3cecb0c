"""The profile of a table beside that of ydata-profiling: the same table, the same figures, one run after the other; and memory beyond it.

Both have the table in memory, and end with a report in JSON.
"""

from __future__ import annotations

import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from benchmarks import rival
from benchmarks.report import Figure, median

ROWS = 200_000
LARGE_ROWS = 4_000_000
TIMES = 8
_AGREE = 1e-6
_NUMBERS = ("number", "normal", "skewed", "small")


def profiles() -> list[Figure]:
    """Return how many times faster, whether the figures are the same, and how much memory a table that is larger takes."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        table = folder / "table.parquet"
        _write(table, ROWS)
        wall, cpu, found, duplicates = _ours(table)
        figures = [_bounded(folder)]
        if not rival.PYTHON.exists():
            return figures
        plain = folder / "table.csv"  # the rival's environment reads no Parquet
        csv.write_csv(pq.read_table(table), plain)
        theirs = _theirs(plain, folder / "theirs.json")
    alone = theirs["described"] / statistics.median(wall)
    note = f"{ROWS:,} records x 7 columns, {1000 * statistics.median(wall):.0f} ms; ydata-profiling {theirs['wall']:.1f} s,"
    note += f" {theirs['peak'] / 1e9:.1f} GB; its describing alone, without JSON, {theirs['described']:.2f} s: {alone:.0f} x"
    same, of = _same(found, duplicates, theirs)
    return [
        median(
            "Profile of a table, times ydata-profiling (wall clock)",
            [theirs["wall"] / one for one in wall],
            "x",
            50,
            higher=True,
            note=note,
        ),
        median("The same (processor time)", [theirs["cpu"] / one for one in cpu], "x", 50, higher=True),
        Figure(
            "Figures that are the same",
            same / of,
            "of 1",
            1,
            higher=True,
            note=f"{same} of {of}: nulls, different, mean, deviation, quantiles",
        ),
        *figures,
    ]


def _ours(table: Path) -> tuple[list[float], list[float], dict[str, Any], int]:
    import polars as pl

    from hanse.factory.quality.measures.buckets import repeated
    from hanse.factory.quality.profile import profile
    from hanse.factory.quality.tables.make import table_from

    wall, cpu, found, duplicates = list[float](), list[float](), dict[str, Any](), 0
    frame = pl.read_parquet(table).lazy()
    for number in range(8):
        start, worked = time.perf_counter(), time.process_time()
        made = table_from("table", frame, table.parent)
        profiles = profile(made)
        duplicates = repeated(made, made.names)
        msgspec.json.encode(profiles)
        found = {one.column: one for one in profiles}
        if number:  # the first run loads what is loaded late
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - worked)
    return wall, cpu, found, duplicates


def _theirs(table: Path, result: Path) -> dict[str, Any]:
    command = [rival.PYTHON, rival.FOLDER / "profile_ydata.py", table, result]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    found: dict[str, Any] = json.loads(result.read_text("utf-8"))
    return found


def _same(found: dict[str, Any], duplicates: int, theirs: dict[str, Any]) -> tuple[int, int]:
    """Return how many figures are the same, of how many that both have."""
    pairs: list[tuple[float, float | None]] = [(duplicates, theirs["duplicates"])] if theirs["duplicates"] is not None else []
    for name, one in found.items():
        other = theirs["columns"][name]
        pairs += [(one.nulls, other["n_missing"]), (one.distinct, other["n_distinct"])]
        if name in _NUMBERS:
            pairs += [(one.mean, other["mean"]), (one.sd, other["std"]), (one.least, other["min"]), (one.most, other["max"])]
            pairs += zip(one.quantiles, (other[level] for level in ("5%", "25%", "50%", "75%", "95%")), strict=True)
    return sum(other is not None and math.isclose(mine, other, rel_tol=_AGREE, abs_tol=_AGREE) for mine, other in pairs), len(pairs)


def _bounded(folder: Path) -> Figure:
    """Profile a table that is not read into memory as a whole, in a process of its own: one file under several names."""
    table = folder / "large-0.parquet"
    _write(table, LARGE_ROWS, parts=8)
    for number in range(1, TIMES):
        (folder / f"large-{number}.parquet").hardlink_to(table)
    script = "import sys; from benchmarks.profile import large; large(sys.argv[1])"
    run = subprocess.run([sys.executable, "-c", script, str(folder)], check=True, capture_output=True, text=True, timeout=600)
    seconds, peak, size = map(float, run.stdout.split())
    note = f"{TIMES * LARGE_ROWS:,} records x 7 columns, {size / 1e9:.1f} GB as a table, in {seconds:.0f} s; {peak / 1e6:.0f} MB"
    return Figure("Memory of the profile of a large table, by its size", peak / size, "of 1", 0.5, note=note)


def large(place: str) -> None:
    """Profile a table without reading it as a whole; print the seconds, the peak memory and the table's size in bytes."""
    from hanse.factory.quality.measures.buckets import repeated
    from hanse.factory.quality.profile import profile
    from hanse.factory.quality.tables.find import find, open_source
    from hanse.factory.quality.tables.make import table_of

    folder = Path(place)
    start = time.perf_counter()
    source = find(folder, [one.name for one in folder.glob("large-*.parquet")]).tables[0]
    open_source(folder, source, folder)
    made = table_of(source, folder, {}, in_memory=0)
    profile(made)
    repeated(made, made.names)
    seconds = time.perf_counter() - start
    size = TIMES * sum(batch.nbytes for batch in pq.ParquetFile(folder / "large-0.parquet").iter_batches())
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, size)


def _write(path: Path, rows: int, parts: int = 1) -> None:
    chance, count = np.random.default_rng(6), rows // parts
    writer: pq.ParquetWriter | None = None
    for part in range(parts):
        normal = pa.array(chance.normal(20, 5, count), mask=chance.random(count) < 0.05)
        towns = pa.array(np.array(["Delft", "Roma", "Paris", "Oslo", "Gdańsk"])[chance.integers(0, 5, count)])
        names = pa.array([f"station {one}" for one in chance.integers(0, 90_000, count)])
        columns: dict[str, Any] = {
            "number": np.arange(part * count, (part + 1) * count),
            "normal": normal,
            "skewed": chance.exponential(3, count),
            "small": chance.integers(0, 100, count),
            "town": towns,
            "station": names,
            "wet": chance.random(count) < 0.3,
        }
        made = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, made.schema)
        writer.write_table(made)
    if writer is not None:
        writer.close()
