"""What the verifier keeps of peers: what they presented last, what of theirs was refused, and the versions seen."""

from __future__ import annotations

import asyncio

from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import OTHER, PEER, A, B, later, on, presented, refusal


def ids(refusals):
    return [one.id for one in refusals]


def test_what_a_peer_presented_to_whom(address):
    async def scenario(db):
        ours, theirs, another = presented(A, PEER, "a.b.c", "d.e.f"), presented(B, PEER, "x.y.z"), presented(A, OTHER)
        for one in (ours, theirs, another):
            await db.run(lambda tx, one=one: tx.presented.put(one))
        for one in (ours, theirs, another):
            assert await db.read(lambda tx, one=one: tx.presented.get(one.tenant, one.holder)) == one
        assert await db.read(lambda tx: tx.presented.get(B, OTHER)) is None
        changed = presented(A, PEER, "g.h.i", at=later(minutes=1))
        await db.run(lambda tx: tx.presented.put(changed))
        assert await db.read(lambda tx: tx.presented.get(A, PEER)) == changed
        await db.run(lambda tx: tx.presented.delete(A, PEER))
        assert await db.read(lambda tx: tx.presented.get(A, PEER)) is None
        assert await db.read(lambda tx: tx.presented.get(B, PEER)) == theirs

    on(address, scenario)


def test_what_was_presented_outlives_the_process(address):
    if address == ":memory:":
        return

    async def write(db):
        await db.run(lambda tx: tx.presented.put(presented(A, PEER, "a.b.c")))

    async def read(db):
        assert await db.read(lambda tx: tx.presented.get(A, PEER)) == presented(A, PEER, "a.b.c")

    on(address, write)
    on(address, read)


def test_refusals_by_id_and_by_peer(address):
    async def scenario(db):
        mine = [refusal(f"rfs_{n}") for n in (2, 1, 3)]
        of_other, of_b = refusal("rfs_4", A, OTHER, hint="Ask."), refusal("rfs_1", B)
        for one in (*mine, of_other, of_b):
            await db.run(lambda tx, one=one: tx.refusals.add(one, per_holder=9, per_tenant=9))
        for one in (*mine, of_other, of_b):
            assert await db.read(lambda tx, one=one: tx.refusals.get(one.tenant, one.id)) == one
        assert await db.read(lambda tx: tx.refusals.get(B, "rfs_4")) is None
        assert ids(await db.read(lambda tx: tx.refusals.of_holder(A, PEER, limit=2))) == ["rfs_3", "rfs_2"]
        assert await db.read(lambda tx: tx.refusals.of_holder(A, OTHER, limit=9)) == [of_other]
        assert await db.read(lambda tx: tx.refusals.of_holder(B, OTHER, limit=9)) == []

    on(address, scenario)


def test_the_oldest_refusals_leave(address):
    async def scenario(db):
        def add(one, per_holder=3, per_tenant=5):
            return db.run(lambda tx: tx.refusals.add(one, per_holder=per_holder, per_tenant=per_tenant))

        for n in range(1, 6):
            await add(refusal(f"rfs_{n}"))
        assert ids(await db.read(lambda tx: tx.refusals.of_holder(A, PEER, limit=9))) == ["rfs_5", "rfs_4", "rfs_3"]
        await add(refusal("rfs_0", B))
        for n in range(6, 9):
            await add(refusal(f"rfs_{n}", A, OTHER))
        # Eight of one participant would be too many; the other participant's stays.
        assert ids(await db.read(lambda tx: tx.refusals.of_holder(A, PEER, limit=9))) == ["rfs_5", "rfs_4"]
        assert ids(await db.read(lambda tx: tx.refusals.of_holder(A, OTHER, limit=9))) == ["rfs_8", "rfs_7", "rfs_6"]
        assert ids(await db.read(lambda tx: tx.refusals.of_holder(B, PEER, limit=9))) == ["rfs_0"]

    on(address, scenario)


def test_refusals_at_once_keep_to_the_bounds(address):
    async def scenario(db):
        adding = (db.run(lambda tx, n=n: tx.refusals.add(refusal(f"rfs_{n:02}"), per_holder=4, per_tenant=9)) for n in range(20))
        await asyncio.gather(*adding)
        # Those that are written at the same time do not see each other everywhere; the next one makes up for it.
        await db.run(lambda tx: tx.refusals.add(refusal("rfs_20"), per_holder=4, per_tenant=9))
        left = ids(await db.read(lambda tx: tx.refusals.of_holder(A, PEER, limit=99)))
        assert left == ["rfs_20", "rfs_19", "rfs_18", "rfs_17"]

    on(address, scenario)


def test_versions_of_both_statements_of_a_space(address):
    async def scenario(db):
        url = "https://port.example/spaces/baltic"
        for place, version in ((url, 7), (url + "/rulebook", 2), (url, 6), (url + "/rulebook", 3)):
            await db.run(lambda tx, place=place, version=version: tx.watermarks.put(place, PEER, version))
        assert await db.read(lambda tx: tx.watermarks.get(url, PEER)) == 7
        assert await db.read(lambda tx: tx.watermarks.get(url + "/rulebook", PEER)) == 3
        assert await db.read(lambda tx: tx.watermarks.get(url, OTHER)) is None

    on(address, scenario)


def test_a_participant_that_is_erased_leaves_nothing(address):
    async def scenario(db):
        for tenant in (A, B):
            await db.run(lambda tx, tenant=tenant: tx.presented.put(presented(tenant, PEER, "a.b.c")))
            await db.run(lambda tx, tenant=tenant: tx.refusals.add(refusal("rfs_1", tenant), per_holder=9, per_tenant=9))
        counts = await db.run(lambda tx: erase_tenant(tx, A))
        assert (counts["presented"], counts["refusals"]) == (1, 1)
        assert await db.read(lambda tx: tx.presented.get(A, PEER)) is None
        assert await db.read(lambda tx: tx.refusals.get(A, "rfs_1")) is None
        assert await db.read(lambda tx: tx.presented.get(B, PEER)) is not None
        assert await db.read(lambda tx: tx.refusals.get(B, "rfs_1")) is not None

    on(address, scenario)
