"""The custody register, over all databases: keepings, holds, the newest drills, and entries of the log by kind."""

from __future__ import annotations

from msgspec import structs

from hanse.evidence.merkle import Edge, leaf_hash
from hanse.factory.custody.records import Drill, Hold, Keeping, Note
from hanse.ledger.records import Head
from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import NOW, A, B, entry, later, on

NOTE = Note("Because of Ann.", "ab" * 16)


def keeping(version="a@1", keeper="did:web:x", tenant=A, **more):
    return Keeping(tenant=tenant, version=version, root="0" * 64, keeper=keeper, since=NOW, until=later(days=9), entry=3, **more)


def hold(id="hld_1", version="a@1", tenant=A, **more):
    return Hold(tenant=tenant, id=id, version=version, root="0" * 64, since=NOW, entry=4, note=NOTE, **more)


def drill(version="a@1", tenant=A, **more):
    fields = {"root": "0" * 64, "at": NOW, "entry": 5, "sound": True, "tier": "hot", "files": 1, "size": 9, "seconds": 0.5}
    return Drill(tenant=tenant, version=version, **fields | more)


def test_keepings_by_version_and_keeper(address):
    async def scenario(db):
        first, second, other = keeping(note=NOTE), keeping(keeper="did:web:y"), keeping("b@2")
        for one in (other, second, first, keeping(tenant=B)):
            await db.run(lambda tx, one=one: tx.custody.put_keeping(one))
        assert await db.read(lambda tx: tx.custody.keepings(A)) == [first, second, other]
        assert await db.read(lambda tx: tx.custody.keepings(A, "a@1")) == [first, second]
        assert await db.run(lambda tx: tx.custody.keeping(A, "a@1", "did:web:x")) == first
        await db.run(lambda tx: tx.custody.put_keeping(structs.replace(first, reason="trained")))
        await db.run(lambda tx: tx.custody.drop_keeping(A, "a@1", "did:web:y"))
        assert [one.reason for one in await db.read(lambda tx: tx.custody.keepings(A, "a@1"))] == ["trained"]
        await db.run(lambda tx: erase_tenant(tx, A))
        assert await db.read(lambda tx: tx.custody.keepings(A)) == []
        assert len(await db.read(lambda tx: tx.custody.keepings(B))) == 1

    on(address, scenario)


def test_holds_that_stand_and_that_were_lifted(address):
    async def scenario(db):
        standing, over = hold(), hold("hld_2", "b@1", lifted=NOW, lifted_entry=9)
        for one in (over, standing, hold("hld_3", tenant=B)):
            await db.run(lambda tx, one=one: tx.custody.put_hold(one))
        assert await db.read(lambda tx: tx.custody.holds(A)) == [standing, over]
        assert await db.read(lambda tx: tx.custody.holds(A, standing=True)) == [standing]
        assert await db.read(lambda tx: tx.custody.holds(A, "b@1")) == [over]
        assert await db.read(lambda tx: tx.custody.holds(A, "b@1", standing=True)) == []
        assert await db.run(lambda tx: tx.custody.hold(A, "hld_2")) == over
        assert await db.read(lambda tx: tx.custody.hold(A, "hld_3")) is None

    on(address, scenario)


def test_the_newest_drill_of_each_version(address):
    async def scenario(db):
        for one in (drill(), drill(sound=False, problems=("bad",)), drill("b@1"), drill(tenant=B)):
            await db.run(lambda tx, one=one: tx.custody.put_drill(one))
        assert await db.read(lambda tx: [one.sound for one in tx.custody.drills(A)]) == [False, True]
        assert await db.read(lambda tx: tx.custody.drill(A, "a@1")) == drill(sound=False, problems=("bad",))
        assert await db.read(lambda tx: tx.custody.drill(A, "c@1")) is None

    on(address, scenario)


def test_entries_of_the_log_of_one_kind(address):
    async def scenario(db):
        def fill(tx):
            edge = Edge()
            for number in range(6):
                one = structs.replace(entry(number), kind="opened" if number % 2 else "trained", agreement="agr_1" if number < 5 else "")
                edge, nodes = edge.append(leaf_hash(one.raw))
                tx.ledger.add(one, Head(A, edge), nodes)

        await db.run(fill)

        def found(tx, kind, before=None, limit=9, agreement="agr_1", tenant=A):
            return [one.index for one in tx.custody.logged(tenant, agreement, kind, before=before, limit=limit)]

        assert await db.read(lambda tx: found(tx, "opened")) == [3, 1]
        assert await db.read(lambda tx: found(tx, "opened", agreement="")) == [5]
        assert await db.read(lambda tx: found(tx, "trained", limit=2)) == [4, 2]
        assert await db.read(lambda tx: found(tx, "trained", before=2)) == [0]
        assert await db.read(lambda tx: found(tx, "trained", tenant=B)) == []

    on(address, scenario)
