"""Mirrors: one per participant and name; those under an agreement, those that are open, and those that are due."""

from __future__ import annotations

from datetime import timedelta

from msgspec import structs

from hanse.factory.mirrors.records import Held, Mirror, MirrorState
from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import NOW, PEER, A, B, later, on


def mirror(tenant=A, name="rain", agreement="agr_1", **changes):
    given = {"provider": PEER, "dataset": "ds_1", "made": NOW, "by": "ann", "salt": "s", "reported": NOW}
    return Mirror(tenant=tenant, name=name, agreement=agreement, **given | changes)


def test_a_mirror_is_kept_whole_per_participant_and_name(address):
    async def scenario(db):
        ours = mirror(every=timedelta(hours=6), stated={"purpose": "dpv:X"}, held=(Held("rain@1", "a court"),), receipts=("led_1",))
        theirs, other = mirror(B), mirror(name="sun", agreement="agr_2")
        for one in (ours, theirs, other):
            await db.run(lambda tx, one=one: tx.mirrors.put(one))
        assert await db.read(lambda tx: tx.mirrors.get(A, "rain")) == ours
        assert await db.read(lambda tx: tx.mirrors.get(B, "sun")) is None
        assert await db.read(lambda tx: tx.mirrors.of(A)) == [ours, other]
        changed = structs.replace(ours, version="rain@1", agreement="agr_2")
        await db.run(lambda tx: tx.mirrors.put(changed))
        assert await db.read(lambda tx: tx.mirrors.under(A, "agr_2")) == [changed, other]
        assert await db.read(lambda tx: tx.mirrors.under(A, "agr_1")) == []
        assert await db.read(lambda tx: tx.mirrors.open()) == [changed, other, theirs]

    on(address, scenario)


def test_what_has_ended_is_neither_open_nor_due(address):
    async def scenario(db):
        assert await db.read(lambda tx: tx.mirrors.next_due()) is None
        soon, late = mirror(name="soon", due=later(hours=1)), mirror(name="late", due=later(hours=9))
        purging = mirror(B, "purging", state=MirrorState.PURGING, due=NOW)
        for one in (soon, late, mirror(name="by-hand"), purging, mirror(name="gone", state=MirrorState.ENDED, due=NOW)):
            await db.run(lambda tx, one=one: tx.mirrors.put(one))
        assert [one.name for one in await db.read(lambda tx: tx.mirrors.due(later(hours=2), 10))] == ["purging", "soon"]
        assert [one.name for one in await db.read(lambda tx: tx.mirrors.due(later(hours=2), 1))] == ["purging"]
        assert await db.read(lambda tx: tx.mirrors.next_due()) == NOW
        assert "gone" not in [one.name for one in await db.read(lambda tx: tx.mirrors.open())]
        await db.run(lambda tx: erase_tenant(tx, B))
        assert await db.read(lambda tx: tx.mirrors.next_due()) == later(hours=1)
        assert await db.read(lambda tx: tx.mirrors.of(B)) == []

    on(address, scenario)
