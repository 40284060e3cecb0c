"""What it costs to verify an evidence archive: 2,000 statements of a large log, each with a receipt, and a version of 10,000 files."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from msgspec import structs

from benchmarks.report import Figure, median
from hanse.client.factory.evidence_check import verify_archive
from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.pack import Stored, pack
from hanse.evidence.statement import root_of_files
from tests.unit.evidence.archive.built import ACME, NOW, Case

STATEMENTS, FILES, SIZE, RUNS = 2_000, 10_000, 1 << 28, 5
EXAMPLE = Path(__file__).parent.parent / "examples" / "verify_evidence.py"


def verification() -> list[Figure]:
    """Verify it, with our own verifier and with the independent one; and with data at hand, beside plain hashing."""
    raw = _large()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.zip"
        path.write_bytes(raw)
        ours = [_worked(lambda: _sound(path)) for _ in range(RUNS)]
        command = [sys.executable, "-I", str(EXAMPLE), str(path)]
        alone = [_timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)) for _ in range(RUNS)]
        normal, data = _with_data(Path(folder))
        plain = [_worked(lambda: _hash(data)) for _ in range(RUNS)]
        with_data = [_worked(lambda: _sound(normal, data)) for _ in range(RUNS)]
    size = f"{len(raw) / 1e6:.1f} MB"
    over = [both - one for both, one in zip(with_data, plain, strict=True)]
    return [
        median(f"an archive of {STATEMENTS:,} statements, as many receipts, {FILES:,} files", ours, "s", 1, note=size),
        median("the same by the independent verifier, a program of its own", alone, "s", 5),
        median(f"an archive of 7 statements with {SIZE >> 20} MiB of data, beyond plain SHA-256", over, "s", 1),
    ]


def _large() -> bytes:
    case = Case("Ed25519", statements=STATEMENTS)
    files = tuple(f.FileLine(f"part/{number:06}.parquet", hashlib.sha256(b"%d" % number).hexdigest(), number) for number in range(FILES))
    root = root_of_files([k.Object(one.path, one.sha256, one.size) for one in files])
    record = f.VersionRecord(id="large@1", root=root, count=FILES, size=sum(one.size for one in files), stored=NOW, provider=ACME)
    contents = case.contents()
    made = _with(contents, (*contents.versions, Stored(record, files)))
    return pack(made, case.zoo.kid, case.zoo.key.sign_bytes)


def _with(contents, versions):
    return structs.replace(contents, versions=versions)


def _with_data(folder: Path) -> tuple[Path, Path]:
    data = folder / "data"
    data.mkdir()
    with (data / "a.bin").open("wb") as file:
        file.write(os.urandom(1 << 20) * (SIZE >> 20))
    digest = _hash(data)
    case = Case(about=f.About("dataset", "data@1"))
    files = (f.FileLine("a.bin", digest, SIZE),)
    root = root_of_files([k.Object("a.bin", digest, SIZE)])
    record = f.VersionRecord(id="data@1", root=root, count=1, size=SIZE, stored=NOW)
    path = folder / "data.zip"
    path.write_bytes(pack(_with(case.contents(), (Stored(record, files),)), case.zoo.kid, case.zoo.key.sign_bytes))
    return path, data


def _hash(folder: Path) -> str:
    with (folder / "a.bin").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sound(path: Path, data: Path | None = None) -> None:
    assert verify_archive(path, data=data).verdict.sound


def _timed(work) -> float:
    """Return the seconds that it takes; where it is a program of its own, those of the clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _worked(work) -> float:
    """Return the seconds of processor time: other work on the machine is not in it."""
    began = time.process_time()
    work()
    return time.process_time() - began
