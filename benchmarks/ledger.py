"""The signed log: appending in batches to a real database, proofs from it, and what the same tree costs without any of it.

Every entry is signed on its own, written with its row and its part of the tree, and durable (SQLite, synchronous=FULL). The rival is
pymerkle, which writes entries and their hashes in batches to SQLite, and signs nothing; plain hashlib is what this machine can hash.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from benchmarks.report import Figure, median
from hanse.app.keys import derived_key
from hanse.app.note_keys import NoteKeys
from hanse.evidence import kinds as k
from hanse.evidence import tiles
from hanse.evidence.merkle import Edge, leaf_hash
from hanse.evidence.statement import Subject
from hanse.kernel.clock import SystemClock
from hanse.kernel.ids import RandomIds
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.log import Ledger
from hanse.storage import Database, open_database
from hanse.wallet.seal import MasterKeySealer
from hanse.wallet.signing import Signing
from hanse.wallet.wallet import Wallet

ENTRIES, RUNS, PROOFS = 10_000, 5, 300
ACME = Tenant("acme")
DID = Did("did:web:localhost%3A8400:participants:acme")
SAID = [(Subject.of("dataset@1", "ab" * 32), k.Drilled(version=f"dataset@{n}", root="cd" * 32, sound=True)) for n in range(ENTRIES)]


def append() -> list[Figure]:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Figure]:
    database = await open_database(str(folder / "hanse.db"))
    try:
        ledger = await _ledger(database)
        rates, one_by_one = [], []
        for _ in range(RUNS):
            rates.append(ENTRIES / await _seconds(lambda: ledger.append_all(ACME, SAID)))
            one_by_one.append(500 / await _seconds(lambda: _each(database, ledger)))
        proofs = [1000 * await _seconds(lambda: _proofs(ledger, ENTRIES * RUNS)) / PROOFS for _ in range(RUNS)]
        carried = [1000 * await _seconds(lambda: _from_tiles(ledger)) / PROOFS for _ in range(RUNS)]
    finally:
        await database.close()
    rival = [_pymerkle(folder / f"rival{number}.db") for number in range(RUNS)]
    plain = statistics.median(_plain() for _ in range(RUNS))
    stored, proved = (statistics.median(one[part] for one in rival) for part in (0, 1))
    note = f"of {ENTRIES * RUNS:,}; each signed, all durable; pymerkle's SqliteTree, unsigned: {stored:,.0f}; the tree alone: {plain:,.0f}"
    return [
        median("Entries appended in batches", rates, "1/s", 10_000, higher=True, note=note),
        median("Entries appended alone, each in its own transaction", one_by_one, "1/s", 300, higher=True, note="waits for the disk"),
        median("A proof, with a fresh signed checkpoint", proofs, "ms", 1, note=f"pymerkle, of {ENTRIES:,}, unsigned: {proved:.3g} ms"),
        median("A proof from tiles alone", carried, "ms", 1, note="tiles read from the database first, all of them"),
    ]


async def _ledger(database: Database) -> Ledger:
    clock, sealer = SystemClock(), MasterKeySealer(b"k" * 32)
    ids = RandomIds(clock)
    wallet = Wallet(database, sealer, clock, ids)
    await database.run(lambda tx: wallet.create(tx, ACME, DID))
    notes = NoteKeys(lambda *names: derived_key(b"k" * 32, *names))
    return Ledger(database, Signing(sealer, clock), cast("Any", None), clock, ids, notes)


async def _each(database: Database, ledger: Ledger) -> None:
    for subject, says in SAID[:500]:
        await database.run(lambda tx, subject=subject, says=says: ledger.append_about(tx, ACME, subject, says))  # type: ignore[misc]


async def _proofs(ledger: Ledger, size: int) -> None:
    for number in range(PROOFS):
        await ledger.prove(ACME, number * size // PROOFS)


async def _from_tiles(ledger: Ledger) -> None:
    size = ENTRIES * RUNS
    held = {name: await ledger.tile(ACME, name) for name in tiles.tiles_of(size)}
    for number in range(PROOFS):
        tiles.inclusion_proof(number * size // PROOFS, size, held.__getitem__)


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


def _plain() -> float:
    leaves = [b"x" * 900 for _ in range(ENTRIES)]
    start = time.perf_counter()
    Edge().extend([leaf_hash(one) for one in leaves])
    return ENTRIES / (time.perf_counter() - start)


def _pymerkle(file: Path) -> tuple[float, float]:
    """Return entries per second, and milliseconds per proof."""
    from pymerkle import SqliteTree

    data = [hashlib.sha256(str(number).encode()).digest() * 28 for number in range(ENTRIES)]
    with SqliteTree(str(file)) as tree:
        start = time.perf_counter()
        for group in range(0, ENTRIES, 500):
            tree.append_entries(data[group : group + 500])
        stored = time.perf_counter()
        for number in range(PROOFS):
            tree.prove_inclusion(1 + number * ENTRIES // PROOFS)
        return ENTRIES / (stored - start), 1000 * (time.perf_counter() - stored) / PROOFS


ALL: dict[str, Callable[[], list[Figure]]] = {"The signed log": append}
