"""Which backups were restored, and what waits for a confirmation."""

from __future__ import annotations

from msgspec import structs

from hanse.storage.stores.restores import Restored, Restores, Unconfirmed, UnconfirmedStore
from tests.contract.storage.stage import NOW, A, B, later, on


def test_restores_are_kept_for_ever_and_the_last_one_is_found(address):
    async def scenario(db):
        assert await db.read(lambda tx: Restores(tx.rows).last()) is None
        first, second = Restored(NOW, later(days=-1), "bak_1"), Restored(later(hours=1), later(days=-2), "bak_2")
        for one in (second, first, structs.replace(first, backup="bak_3")):
            await db.run(lambda tx, one=one: Restores(tx.rows).add(one))
        assert await db.read(lambda tx: Restores(tx.rows).list()) == [first, second]
        assert await db.read(lambda tx: Restores(tx.rows).last()) == second.moment

    on(address, scenario)


def test_what_waits_is_forgotten_one_by_one(address):
    async def scenario(db):
        mine, theirs = Unconfirmed(A, "member", "harbour did:web:x", NOW), Unconfirmed(B, "contract", "agr_1", NOW)
        again = structs.replace(mine, moment=later(days=1))
        for one in (mine, theirs, again):
            await db.run(lambda tx, one=one: UnconfirmedStore(tx.rows).put(one))
        assert await db.read(lambda tx: UnconfirmedStore(tx.rows).list()) == [again, theirs]
        await db.run(lambda tx: UnconfirmedStore(tx.rows).delete(mine))
        assert await db.read(lambda tx: UnconfirmedStore(tx.rows).list()) == [theirs]

    on(address, scenario)
