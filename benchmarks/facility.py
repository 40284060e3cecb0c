"""Storing in the facility: 10,000 small files beside `cp` and hashing them; one large file in, out, and compared with a changed one."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from benchmarks.report import Figure, median
from hanse.app.bridges import ContextSealer
from hanse.app.factory.facility import ConfinedFolder
from hanse.factory.facility.facility import Facility
from hanse.factory.facility.folders import take_folder
from hanse.factory.facility.records import Intake
from hanse.factory.facility.stock import Stock
from hanse.factory.facility.vaults import Vaults
from hanse.factory.facility.verifying import Verification, versions_of
from hanse.kernel.clock import SystemClock
from hanse.kernel.tenant import Tenant
from hanse.storage import open_database
from hanse.storage.objects import FolderObjects
from hanse.wallet.seal import MasterKeySealer

FILES = 10_000
LARGE = 1 << 30
ROUNDS = 5
WHO = Tenant("bench")
_CHANGED = LARGE // 100


def storing() -> list[Figure]:
    """Measure what the issue names."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_all(Path(name)))


async def _all(folder: Path) -> list[Figure]:
    async with made(folder) as facility:
        return [*await _small(facility, folder), *await _large(facility, folder)]


@asynccontextmanager
async def made(folder: Path) -> AsyncIterator[Facility]:
    """Yield a facility whose hot place is the folder `hot` of this one, and its cold one `cold`."""
    database = await open_database(str(folder / "hanse.db"))
    hot, clock = FolderObjects(folder / "hot"), SystemClock()
    vaults = Vaults(database, hot, ContextSealer(MasterKeySealer(bytes(32))), clock)
    try:
        yield Facility(Stock(database, hot, FolderObjects(folder / "cold"), vaults, clock), lambda _: 1 << 50)
    finally:
        await database.close()


async def _small(facility: Facility, folder: Path) -> list[Figure]:
    source = folder / "small"
    for number in range(FILES):
        path = source / f"{number % 100}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(4_000))
    ratios, copied, stored = [], [], []
    for turn in range(ROUNDS):
        began = time.perf_counter()
        _copy_and_hash(source, folder / f"copy{turn}")
        between = time.perf_counter()
        await store(facility, source, f"small{turn}", f"agr_{turn}")
        ended = time.perf_counter()
        copied.append(between - began)
        stored.append(ended - between)
        ratios.append(stored[-1] / copied[-1])
        shutil.rmtree(folder / f"copy{turn}")
    note = (
        f"cp and SHA-256 {min(copied):.2f} s, storing {min(stored):.2f} s at best; durable, encrypted, each under an agreement of its own"
    )
    return [median(f"Storing {FILES:,} files of 4 kB / cp and hashing", ratios, "times", 2.0, note=note)]


def _copy_and_hash(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    for path in target.rglob("*"):
        if path.is_file():
            hashlib.sha256(path.read_bytes()).hexdigest()


async def store(facility: Facility, source: Path, name: str, agreement: str) -> str:
    """Store a folder as a version; return its id."""
    folder = ConfinedFolder(os.open(source, os.O_RDONLY | os.O_DIRECTORY))
    try:
        intaking = await facility.intake(WHO, Intake(name=name, agreement=agreement))
        await take_folder(intaking, folder)
        return (await intaking.commit()).id
    finally:
        folder.close()


async def _large(facility: Facility, folder: Path) -> list[Figure]:
    source = folder / "large"
    source.mkdir()
    with (source / "x.bin").open("wb") as file:
        for _ in range(LARGE >> 24):
            file.write(os.urandom(1 << 24))
    written, read, checked = [], [], []
    with _one_core():
        for turn in range(3):
            written.append(await _timed(store(facility, source, f"large{turn}", f"agr_large{turn}")))
            read.append(await _timed(_read(facility, f"large{turn}@1")))
        checked.append(await _timed(_verify(facility, "large0@1")))
    before = (await facility.usage(WHO)).taken
    with (source / "x.bin").open("r+b") as file:
        file.seek(LARGE // 3)
        file.write(os.urandom(_CHANGED))
    await store(facility, source, "large0", "agr_large0")
    more = ((await facility.usage(WHO)).taken - before) / LARGE * 100
    note = "1 GiB in one file, one core, in all (reading the source, cutting, three hashes, AES-256-GCM, fsync)"
    return [
        median("Storing a large file", written, "MB/s", 200.0, higher=True, note=note),
        median("Reading it back, each chunk checked", read, "MB/s", 400.0, higher=True, note="one core"),
        median("Verifying it", checked, "MB/s", 200.0, higher=True, note="one core, with SHA-256"),
        Figure("Stored again with 1% changed", more, "%", 3.0, note="of the bytes are stored anew"),
    ]


async def _timed(work: object) -> float:
    began = _used()
    await work  # type: ignore[misc]
    return LARGE / (_used() - began) / 1e6


async def _read(facility: Facility, version: str) -> None:
    async for _ in facility.read(WHO, version, "x.bin"):
        pass


async def _verify(facility: Facility, version: str) -> None:
    found = [one for one in await versions_of(facility.stock, WHO) if one.version.id == version]
    assert (await Verification(facility.stock).run(found)).sound


def _used() -> float:
    """Return the CPU time of this process, the system's for it included: on a shared machine the clock on the wall measures the others."""
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime


@contextmanager
def _one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
