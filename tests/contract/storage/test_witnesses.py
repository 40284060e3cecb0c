"""What witnesses remember, on every database: once, in order, and never less than before."""

from __future__ import annotations

import asyncio

import pytest

from hanse.evidence import tiles
from hanse.evidence.checkpoint import origin_of, read_checkpoint
from hanse.kernel.errors import Conflict
from hanse.ledger.records import LogState
from hanse.ledger.witness import KnownSize, hash_of
from hanse.ledger.witness_records import Seen, Watch
from hanse.storage.erase import erase_tenant
from tests.contract.storage.test_ledger import on
from tests.unit.ledger.town import ACME, NOW, OWL, ZOO, did
from tests.unit.ledger.witnesses import WitnessTown


def seen(owner=ACME, tenant=ZOO, size=3):
    origin = origin_of(did(owner))
    return Seen(tenant=tenant, hash=hash_of(origin), owner=did(owner), origin=origin, size=size, root="ab" * 32, note="ü", at=NOW)


def test_records_come_back_to_their_tenant_alone(address):
    async def scenario(db):
        watch = Watch(tenant=ACME, witness=did(ZOO), named=True, size=7, key={"x": "ü"}, at=NOW)

        def work(tx):
            tx.log_witnesses.put(Watch(tenant=ACME, witness=did(ZOO)))
            tx.log_witnesses.put(watch)
            tx.witnessed_logs.add(seen())
            tx.witnessed_logs.add(seen(OWL))
            tx.witnessed_logs.put(seen(size=9))
            tx.ledger.put_state(LogState(tenant=ACME, log=2, halted="No."))

        await db.run(work)
        assert await db.read(lambda tx: tx.log_witnesses.list(ACME)) == [watch]
        assert await db.read(lambda tx: tx.log_witnesses.get(ZOO, did(ZOO))) is None
        assert await db.read(lambda tx: tx.witnessed_logs.get(ZOO, seen().hash)) == seen(size=9)
        assert await db.read(lambda tx: tx.witnessed_logs.get(ACME, seen().hash)) is None
        assert await db.read(lambda tx: tx.witnessed_logs.count(ZOO, did(ACME))) == 1
        pages = await db.read(
            lambda tx: [*tx.witnessed_logs.page(ZOO, after=None, limit=1), *tx.witnessed_logs.page(ZOO, after=None, limit=9)]
        )
        assert len(pages) == 3
        assert await db.read(lambda tx: tx.witnessed_logs.page(ZOO, after=pages[0].hash, limit=9)) == [pages[2]]
        assert await db.read(lambda tx: tx.ledger.state(ACME)) == LogState(tenant=ACME, log=2, halted="No.")
        assert await db.read(lambda tx: tx.ledger.state(ZOO)) == LogState(tenant=ZOO)
        with pytest.raises(Conflict):
            await db.run(lambda tx: tx.witnessed_logs.add(seen()))
        await db.run(lambda tx: (erase_tenant(tx, ACME), erase_tenant(tx, ZOO)))
        assert await db.read(lambda tx: (tx.log_witnesses.list(ACME), tx.witnessed_logs.page(ZOO, after=None, limit=9))) == ([], [])
        assert await db.read(lambda tx: tx.ledger.state(ACME)) == LogState(tenant=ACME)

    on(address, scenario)


def test_tiles_are_read_level_by_level(address):
    async def scenario(db):
        town = await WitnessTown(db).settle_in()
        await town.fill(600)
        await town.fill(300, ZOO)
        checkpoint = read_checkpoint(await town.ledger.checkpoint(ACME)).checkpoint
        held = {name: await town.ledger.tile(ACME, name) for name in tiles.tiles_of(600)}
        assert len(held) == 4
        assert tiles.root_of(600, held.__getitem__) == checkpoint.root

    on(address, scenario)


@pytest.mark.parametrize("kind", ["file", "postgres"])
def test_of_two_first_requests_at_once_the_longer_is_never_forgotten(kind, tmp_path, request):
    """On PostgreSQL in two server processes, with no row there yet that they could lock."""
    address = str(tmp_path / "hanse.db") if kind == "file" else request.getfixturevalue("postgres_database")

    async def scenario(*databases):
        towns = [WitnessTown(one) for one in databases]
        first = towns[0]
        await first.settle_in()
        await first.fill(4)
        small = await first.ledger.submission(ACME, 0)
        await first.fill(4)
        large = await first.ledger.submission(ACME, 0)
        asked = [town.witness.add(ZOO, one.text) for one in (small, large) for town in towns]
        done = await asyncio.gather(*asked, return_exceptions=True)
        assert len([one for one in done if isinstance(one, str)]) == 1
        assert all(isinstance(one, str | KnownSize) for one in done)
        size = read_checkpoint(await first.witness.seen(ZOO, hash_of(origin_of(did(ACME))))).checkpoint.size
        assert size in {4, 8}
        assert {one.size for one in done if isinstance(one, KnownSize)} == {size}

    on(address, scenario, times=1 if kind == "file" else 2)
