"""What has expired is forgotten, and nothing else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hanse.app import upkeep
from hanse.app.upkeep import EVERY, Upkeep
from hanse.dataplane.records import Access, Grant
from hanse.kernel.clock import ManualClock
from hanse.storage import open_database

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GRANT = Grant(tenant="acme", transfer="trf_1", agreement="agr_1", peer="did:web:zoo")


def count(tx, table):
    return tx.rows.one(f"SELECT count(*) FROM {table}")[0]


def with_database(work):
    async def scenario():
        database = await open_database(":memory:")
        try:
            await work(database, ManualClock(START))
        finally:
            await database.close()

    asyncio.run(scenario())


def test_used_tokens_go_once_they_have_expired(monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH", 7)

    async def work(database, clock):
        def fill(tx):
            for n in range(20):
                tx.replays.consume("acme", "did:web:zoo", f"old{n}", START - timedelta(seconds=1))
                tx.replays.consume("acme", "did:web:zoo", f"new{n}", START + timedelta(seconds=30))

        await database.run(fill)
        chore = Upkeep(database, clock)
        await chore.prune()
        assert await database.read(lambda tx: count(tx, "replays")) == 20
        assert not await database.run(lambda tx: tx.replays.consume("acme", "did:web:zoo", "new3", START))
        clock.advance(seconds=40)
        await chore.prune()
        assert await database.read(lambda tx: count(tx, "replays")) == 20, "it is not time yet"
        clock.advance(seconds=EVERY.total_seconds())
        await chore.prune()
        assert await database.read(lambda tx: count(tx, "replays")) == 0

    with_database(work)


def test_spent_access_tokens_go_and_renewable_ones_stay(monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH", 3)

    async def work(database, clock):
        def fill(tx):
            for n in range(9):
                past = START - timedelta(minutes=1) if n % 2 else START + timedelta(minutes=1)
                tx.access_tokens.put(Access(hash=f"spent{n}", grant=GRANT, expires=past))
            tx.access_tokens.put(Access(hash="renewable", grant=GRANT, expires=START - timedelta(days=1), refresh="r"))

        await database.run(fill)
        await Upkeep(database, clock).prune()
        left = await database.read(lambda tx: {one.hash for one in tx.access_tokens.of_transfer("acme", "trf_1")})
        assert left == {"renewable", *(f"spent{n}" for n in range(0, 9, 2))}

    with_database(work)
