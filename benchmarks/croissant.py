"""Records through a materialised Croissant file, beside mlcroissant: the same file, the same values, in one run, on one core."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import os
import random
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from math import isclose
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, median
from hanse.client.croissant import records
from hanse.dcat.holding import DatasetVersion, HeldFile, Origin
from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.documents.kinds import KINDS
from hanse.factory.documents.material import Material

RECORDS = 60_000
ROUNDS = 3
AT_LEAST = 10.0


def reading() -> list[Figure]:
    """Measure dicts and batches; the ratio is against mlcroissant's dicts, after all values were compared."""
    return [figure for kind in ("csv", "jsonl") for figure in _figures(kind)]


def _figures(kind: str) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name, _one_core(), _quiet():
        folder = Path(name)
        _write(folder / f"people.{kind}")
        _describe(folder)
        assert _same(list(records(folder)), list(_theirs(folder)))
        theirs = [_rate(_theirs(folder)) for _ in range(ROUNDS)]
        for what, make in (("dicts", lambda: iter(records(folder))), ("Arrow batches", lambda: records(folder).batches())):
            ours = [_rate(make()) for _ in range(ROUNDS)]
            ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
            note = f"{max(ours):,.0f} records/s, mlcroissant {max(theirs):,.0f}; 7 fields, hashes checked by both"
            yield median(f"Reading {kind.upper()} as {what} beside mlcroissant", ratios, "x", AT_LEAST, higher=True, note=note)


def _rate(found: Iterator[Any]) -> float:
    began = time.perf_counter()
    count = sum(getattr(one, "num_rows", 1) for one in found)
    assert count == RECORDS
    return count / (time.perf_counter() - began)


def _theirs(folder: Path) -> Iterator[dict[str, Any]]:
    import mlcroissant

    yield from mlcroissant.Dataset(jsonld=folder / "croissant.json").records("people")


def _same(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> bool:
    return len(ours) == len(theirs) and all(
        _equal(value, other[f"people/{name}"]) for one, other in zip(ours, theirs, strict=True) for name, value in one.items()
    )


def _equal(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float):
        return isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)  # pandas keeps 15 digits of a number in JSON
    return ours == (theirs.decode() if isinstance(theirs, bytes) else theirs)


def _write(file: Path) -> None:
    chance = random.Random(1)
    rows = [
        {
            "id": number,
            "name": f"person{number % 977} of {number}",
            "machine": f"M-{number % 211:04}",
            "temperature": round(chance.gauss(70, 9), 3),
            "pressure": chance.random(),
            "ok": number % 3 == 0,
            "remark": chance.choice(["fine", "late, but fine", 'says "so"']),
        }
        for number in range(RECORDS)
    ]
    with file.open("w", newline="") as out:
        if file.suffix == ".csv":
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        else:
            out.writelines(f"{json.dumps(row)}\n" for row in rows)


def _describe(folder: Path) -> None:
    files = tuple(HeldFile(one.name, one.stat().st_size, hashlib.sha256(one.read_bytes()).hexdigest()) for one in folder.iterdir())
    now = datetime(2026, 1, 1, tzinfo=UTC)
    version = DatasetVersion(
        tenant="bench",  # type: ignore[arg-type]
        name="people",
        number=1,
        root=root_of_files([Object(one.path, one.sha256, one.size) for one in files]),
        count=len(files),
        size=sum(one.size for one in files),
        stored=now,
        origin=Origin(personal=False),
    )
    material = Material(version=version, files=files, folder=folder, by="did:web:bench.example", at=now)  # type: ignore[arg-type]
    (folder / "croissant.json").write_bytes(KINDS["croissant"](material).data)


@contextmanager
def _one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)
