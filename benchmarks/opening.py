"""Opening a stored dataset beside reading its Parquet files plainly: the same table, in one run, turn by turn."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from benchmarks import facility as stores
from benchmarks.report import Figure, median
from hanse.client.reading import forms
from hanse.client.reading.content import Content
from hanse.client.reading.places import open_place

ROWS = 1_000_000
FILES = 4
ROUNDS = 9
_WORDS = [f"word{number:04}" for number in range(5_000)]


def opening() -> list[Figure]:
    """Store four Parquet files of a million rows each, open them, and read them; and read the plain files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = folder / "plain"
        plain.mkdir()
        for number in range(FILES):
            parquet.write_table(_table(number), plain / f"part-{number}.parquet", compression="zstd", row_group_size=250_000)
        opened = asyncio.run(_stored(folder, plain))
        ratios, best = [], [float("inf"), float("inf")]
        for _ in range(ROUNDS):
            theirs, ours = _timed(lambda: _plainly(plain)), _timed(lambda: _through(folder, opened))
            best = [min(best[0], theirs), min(best[1], ours)]
            ratios.append((ours / theirs - 1) * 100)
        size = sum(path.stat().st_size for path in plain.iterdir())
        note = f"{size / 1e6:.0f} MB in {FILES} files, zstd; plain {best[0]:.2f} s, opened {best[1]:.2f} s at best, decrypted and checked"
        return [median("Reading a stored table / its plain Parquet files, in addition", ratios, "%", 10.0, note=note)]


def _table(seed: int) -> pa.Table:
    chance = random.Random(seed)
    return pa.table(
        {
            "id": [chance.getrandbits(48) for _ in range(ROWS)],
            "value": [chance.random() for _ in range(ROWS)],
            "word": chance.choices(_WORDS, k=ROWS),
            "text": [f"{chance.getrandbits(64):x} {chance.choice(_WORDS)} {chance.choice(_WORDS)}" for _ in range(ROWS)],
        }
    )


async def _stored(folder: Path, plain: Path) -> Any:
    async with stores.made(folder) as facility:
        return await facility.opened(stores.WHO, await stores.store(facility, plain, "table", "agr_1"))


def _plainly(plain: Path) -> int:
    return sum(parquet.read_table(path).num_rows for path in sorted(plain.iterdir()))


def _through(folder: Path, opened: Any) -> int:
    with Content(open_place(str(folder / "hot")), open_place(str(folder / "cold")), opened.manifest, opened.key) as content:
        return sum(forms.table(content, [file.path]).num_rows for file in content.files)


def _timed(work: Any) -> float:
    began = time.perf_counter()
    assert work() == ROWS * FILES
    return time.perf_counter() - began
