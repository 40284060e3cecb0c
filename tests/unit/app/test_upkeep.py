"""What has expired is forgotten, and nothing else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hanse.anchor.records import IssuanceState
from hanse.app import upkeep
from hanse.app.upkeep import EVERY, ISSUANCES_KEPT, ISSUED_KEPT, PRESENTED_KEPT, SELDOM, Upkeep
from hanse.dataplane.records import Access, Grant
from hanse.kernel.clock import ManualClock
from hanse.kernel.ids import CountedIds
from hanse.storage import open_database
from hanse.wallet.keys import GRACE
from hanse.wallet.seal import MasterKeySealer, new_master_key
from hanse.wallet.wallet import Wallet
from tests.contract.storage import stage

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GRANT = Grant(tenant="acme", transfer="trf_1", agreement="agr_1", peer="did:web:zoo")


def count(tx, table):
    return tx.rows.one(f"SELECT count(*) FROM {table}")[0]


def upkeep_of(database, clock):
    return Upkeep(database, clock, wallet_of(database, clock))


def wallet_of(database, clock):
    return Wallet(database, MasterKeySealer(new_master_key()), clock, CountedIds())


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
        chore = upkeep_of(database, clock)
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
        await upkeep_of(database, clock).prune()
        left = await database.read(lambda tx: {one.hash for one in tx.access_tokens.of_transfer("acme", "trf_1")})
        assert left == {"renewable", *(f"spent{n}" for n in range(0, 9, 2))}

    with_database(work)


def test_records_of_credentials_are_kept_for_an_auditor(monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH", 3)

    async def work(database, clock):
        def fill(tx):
            for n in range(10):
                end = START - ISSUED_KEPT + (timedelta(minutes=1) if n % 4 == 0 else -timedelta(minutes=1))
                tx.issued.put(stage.issued(f"vc_{n}", valid_until=end))

        await database.run(fill)
        await upkeep_of(database, clock).prune()
        left = await database.read(lambda tx: [one.id for one in tx.issued.page("harbour", holder=None, after=None, limit=99)])
        assert left == ["vc_0", "vc_4", "vc_8"]

    with_database(work)


def test_answered_requests_go_and_those_that_wait_stay(monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH", 2)
    long_ago, lately = START - ISSUANCES_KEPT - DAY, START - DAY
    issued = IssuanceState.ISSUED

    async def work(database, clock):
        def fill(tx):
            for n in range(5):
                tx.issuances.put(stage.issuance(f"iss_{n}", state=issued, created=long_ago, updated=long_ago))
            tx.issuances.put(stage.issuance("iss_waits", created=long_ago, updated=long_ago))
            tx.issuances.put(stage.issuance("iss_late", state=issued, created=long_ago, updated=lately))
            tx.issuances.put(stage.issuance("iss_new", state=issued, created=lately, updated=lately))

        await database.run(fill)
        await upkeep_of(database, clock).prune()
        left = await database.read(lambda tx: {one.id for one in tx.issuances.newest("acme", stage.PEER, limit=99)})
        assert left == {"iss_waits", "iss_late", "iss_new"}

    with_database(work)


def test_what_was_presented_goes_unless_its_holder_has_an_open_transfer(monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH", 2)
    old, new = START - PRESENTED_KEPT - DAY, START - PRESENTED_KEPT + DAY

    async def work(database, clock):
        def fill(tx):
            for n in range(5):
                tx.presented.put(stage.presented("acme", f"did:web:old{n}", "a.b.c", at=old))
            tx.presented.put(stage.presented("acme", "did:web:new", "a.b.c", at=new))
            tx.presented.put(stage.presented("acme", stage.PEER, "a.b.c", at=old))
            tx.presented.put(stage.presented("zoo", stage.PEER, "a.b.c", at=old))
            tx.transfers.put(stage.transfer())
            tx.transfers.put(stage.transfer("trf_2", peer="did:web:old3", state="COMPLETED"))

        await database.run(fill)
        await upkeep_of(database, clock).prune()
        left = await database.read(lambda tx: tx.rows.all("SELECT tenant, holder FROM presented ORDER BY holder"))
        assert sorted(left) == sorted([("acme", "did:web:new"), ("acme", stage.PEER)])

    with_database(work)


def test_private_parts_of_former_keys_are_destroyed():
    async def work(database, clock):
        wallet = wallet_of(database, clock)
        chore = Upkeep(database, clock, wallet)
        await database.run(lambda tx: wallet.create(tx, "acme", "did:web:acme"))
        await database.run(lambda tx: wallet.rotate(tx, "acme"))

        async def sealed():
            return [bool(key.sealed) for key in await database.read(lambda tx: tx.keys.list("acme"))]

        await chore.prune()
        assert await sealed() == [True, True]
        clock.advance(seconds=max(GRACE, SELDOM).total_seconds())
        await chore.prune()
        assert await sealed() == [False, True]

    with_database(work)


def test_what_is_kept_for_days_is_looked_at_once_an_hour():
    async def work(database, clock):
        chore = upkeep_of(database, clock)

        async def prune():
            await database.run(lambda tx: tx.issued.put(stage.issued(valid_until=START - ISSUED_KEPT - DAY)))
            await chore.prune()
            return await database.read(lambda tx: count(tx, "issued_credentials"))

        assert await prune() == 0
        clock.advance(seconds=(SELDOM - EVERY).total_seconds())
        assert await prune() == 1
        clock.advance(seconds=EVERY.total_seconds())
        assert await prune() == 0

    with_database(work)
