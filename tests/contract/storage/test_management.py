"""Participants, operators, keys, spaces, members: what people manage."""

from __future__ import annotations

import pytest

from hanse.kernel.errors import Conflict
from hanse.participants.records import Quota, SpaceLink
from tests.contract.storage.stage import NOW, OTHER, PEER, A, B, invitation, key, later, member, on, operator, participant, space, tombstone


def test_participants_by_name_and_only_one_of_a_name(address):
    async def scenario(db):
        full = participant(
            A, allowed_roots=("/data", "/more"), quota=Quota(assets=3), spaces=(SpaceLink("http://x/spaces/y", PEER, NOW),), suspended=NOW
        )
        await db.run(lambda tx: tx.participants.add(full))
        for name in ("zoo", "acme-2", "b", "a1"):
            await db.run(lambda tx, name=name: tx.participants.add(participant(name)))
        assert await db.read(lambda tx: tx.participants.get(A)) == full
        with pytest.raises(Conflict):
            await db.run(lambda tx: tx.participants.add(participant(A, title="Thief")))
        assert (await db.read(lambda tx: tx.participants.get(A))).title == "Acme"
        seen, after = [], None
        while page := await db.read(lambda tx, after=after: tx.participants.page(after=after, limit=2)):
            seen += [one.name for one in page]
            after = seen[-1]
        assert seen == ["a1", "acme", "acme-2", "b", "zoo"]
        await db.run(lambda tx: tx.participants.put(participant(A, title="Changed")))
        assert (await db.read(lambda tx: tx.participants.get(A))).title == "Changed"
        await db.run(lambda tx: tx.participants.delete(A))
        assert await db.read(lambda tx: tx.participants.get(A)) is None

    on(address, scenario)


def test_operators_of_each_tenant_and_of_the_server(address):
    async def scenario(db):
        ours = [operator(f"op_{n}") for n in (3, 1, 2)]
        host, theirs = operator("op_1", None), operator("op_1", B)
        for one in (*ours, host, theirs):
            await db.run(lambda tx, one=one: tx.operators.put(one))
        for one in (*ours, host, theirs):
            assert await db.read(lambda tx, one=one: tx.operators.get(one.tenant, one.id)) == one
            assert await db.read(lambda tx, one=one: tx.operators.by_token_hash(one.token_hash)) == one
        assert await db.read(lambda tx: tx.operators.by_token_hash("f" * 64)) is None
        assert [one.id for one in await db.read(lambda tx: tx.operators.page(A, after="op_1", limit=9))] == ["op_2", "op_3"]
        assert await db.read(lambda tx: tx.operators.page(None, after=None, limit=9)) == [host]
        with pytest.raises(Conflict):  # two with one token
            await db.run(lambda tx: tx.operators.put(operator("op_9", B, token_hash=host.token_hash)))
        await db.run(lambda tx: tx.operators.delete(B, "op_1"))
        assert await db.read(lambda tx: tx.operators.get(B, "op_1")) is None
        assert await db.read(lambda tx: tx.operators.get(A, "op_1")) == ours[1]

    on(address, scenario)


def test_tombstones_and_keys(address):
    async def scenario(db):
        await db.run(lambda tx: tx.tombstones.put(tombstone()))
        assert await db.read(lambda tx: tx.tombstones.get(A)) == tombstone()
        assert await db.read(lambda tx: tx.tombstones.get(B)) is None
        for one in (key(number=2), key(number=10), key(number=1), key(B, 7)):
            await db.run(lambda tx, one=one: tx.keys.put(one))
        assert (await db.read(lambda tx: tx.keys.get(A))) == key(number=10)
        assert [one.number for one in await db.read(lambda tx: tx.keys.list(A))] == [1, 2, 10]
        assert await db.read(lambda tx: tx.keys.get("nobody")) is None

    on(address, scenario)


def test_spaces_by_name_and_only_one_of_a_name(address):
    async def scenario(db):
        for name, tenant in (("m", A), ("b", A), ("z", A), ("c", B)):
            await db.run(lambda tx, name=name, tenant=tenant: tx.spaces.add(space(name, tenant)))
        with pytest.raises(Conflict):
            await db.run(lambda tx: tx.spaces.add(space("c", A)))
        assert await db.read(lambda tx: tx.spaces.get("c")) == space("c", B)
        assert [one.name for one in await db.read(lambda tx: tx.spaces.page(A, after="b", limit=9))] == ["m", "z"]
        await db.run(lambda tx: tx.spaces.put(space("c", B, version=8)))
        assert (await db.read(lambda tx: tx.spaces.get("c"))).version == 8

    on(address, scenario)


def test_members_per_space_and_status(address):
    async def scenario(db):
        for did, of, status in (
            ("did:b", "harbour", "active"),
            ("did:a", "harbour", "pending"),
            ("did:c", "harbour", "active"),
            ("did:a", "x", "active"),
        ):
            entered = member(did, of=of, status=status)
            await db.run(lambda tx, one=entered: tx.members.put(one))
        assert await db.read(lambda tx: tx.members.get("harbour", "did:a")) == member("did:a", status="pending")
        assert await db.read(lambda tx: tx.members.get("x", "did:b")) is None

        async def dids(status, after):
            return [one.did for one in await db.read(lambda tx: tx.members.page("harbour", status=status, after=after, limit=9))]

        assert await dids(None, None) == ["did:a", "did:b", "did:c"]
        assert await dids(None, "did:a") == ["did:b", "did:c"]
        assert await dids("active", None) == ["did:b", "did:c"]
        assert await dids("active", "did:b") == ["did:c"]
        assert await db.read(lambda tx: tx.members.count("harbour", "active")) == 2
        await db.run(lambda tx: tx.members.put(member("did:b", status="removed")))
        assert await db.read(lambda tx: tx.members.count("harbour", "active")) == 1

    on(address, scenario)


def test_invitations_and_watermarks(address):
    async def scenario(db):
        for id, to in (("inv_2", "harbour"), ("inv_1", "harbour"), ("inv_3", "x")):
            await db.run(lambda tx, id=id, to=to: tx.invitations.put(invitation(id, to=to)))
        assert [one.id for one in await db.read(lambda tx: tx.invitations.page("harbour", after=None, limit=9))] == ["inv_1", "inv_2"]
        assert await db.read(lambda tx: tx.invitations.page("harbour", after="inv_2", limit=9)) == []
        used = invitation("inv_1", used=later(days=1), used_by=OTHER)
        await db.run(lambda tx: tx.invitations.put(used))
        assert await db.read(lambda tx: tx.invitations.get("inv_1")) == used
        await db.run(lambda tx: tx.invitations.delete("inv_1"))
        assert await db.read(lambda tx: tx.invitations.get("inv_1")) is None
        for version, seen in ((5, 5), (9, 9), (7, 9)):
            await db.run(lambda tx, version=version: tx.watermarks.put("http://x", PEER, version))
            assert await db.read(lambda tx: tx.watermarks.get("http://x", PEER)) == seen
        assert await db.read(lambda tx: tx.watermarks.get("http://x", OTHER)) is None

    on(address, scenario)
