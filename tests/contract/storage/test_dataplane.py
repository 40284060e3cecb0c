"""The data plane's stores: access tokens, manifests, pushes."""

from __future__ import annotations

from tests.contract.storage.stage import A, B, access, on, push


def test_access_tokens_by_hash_refresh_and_transfer(address):
    async def scenario(db):
        first = access("h1", refresh="r1")
        second = access("h2", refresh="r2", generation=1, used=True)
        spent, theirs = access("h3", transfer="trf_2"), access("h1", tenant=B, refresh="r1")
        for one in (second, first, spent, theirs):
            await db.run(lambda tx, one=one: tx.access_tokens.put(one))
        assert await db.read(lambda tx: tx.access_tokens.get(A, "h1")) == first
        assert await db.read(lambda tx: tx.access_tokens.get(B, "h1")) == theirs
        assert await db.read(lambda tx: tx.access_tokens.get(B, "h2")) is None
        assert await db.read(lambda tx: tx.access_tokens.by_refresh(A, "r2")) == second
        assert await db.read(lambda tx: tx.access_tokens.by_refresh(B, "r2")) is None
        assert await db.read(lambda tx: tx.access_tokens.by_refresh(A, "")) is None
        assert await db.read(lambda tx: tx.access_tokens.of_transfer(A, "trf_1")) == [first, second]
        await db.run(lambda tx: tx.access_tokens.delete(A, "h1"))
        assert await db.read(lambda tx: tx.access_tokens.of_transfer(A, "trf_1")) == [second]
        await db.run(lambda tx: tx.access_tokens.delete_transfer(A, "trf_1"))
        assert await db.read(lambda tx: tx.access_tokens.of_transfer(A, "trf_1")) == []
        assert await db.read(lambda tx: tx.access_tokens.get(A, "h3")) == spent
        assert await db.read(lambda tx: tx.access_tokens.get(B, "h1")) == theirs

    on(address, scenario)


def test_the_last_manifest_of_each_asset(address):
    async def scenario(db):
        for body in (b'{"a":1}', b'{"b":2}'):
            await db.run(lambda tx, body=body: tx.manifests.put(A, "ds_1", "f", body))
        assert await db.read(lambda tx: tx.manifests.get(A, "ds_1")) == b'{"b":2}'
        assert await db.read(lambda tx: tx.manifests.get(B, "ds_1")) is None

    on(address, scenario)


def test_pushes_under_way_of_all_tenants(address):
    async def scenario(db):
        for one in (push(), push(B), push(A, "trf_2", done=3)):
            await db.run(lambda tx, one=one: tx.pushes.put(one))
        assert await db.read(lambda tx: tx.pushes.get(A, "trf_2")) == push(A, "trf_2", done=3)
        assert await db.read(lambda tx: tx.pushes.get(B, "trf_2")) is None
        assert len(await db.read(lambda tx: tx.pushes.waiting())) == 3
        await db.run(lambda tx: tx.pushes.delete(A, "trf_1"))
        assert await db.read(lambda tx: tx.pushes.waiting()) == [push(A, "trf_2", done=3), push(B)]

    on(address, scenario)
