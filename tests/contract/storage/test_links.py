"""How participants work together with spaces: one link per space, and those that end by themselves."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from hanse.factory.links.records import Limits, Link, Mode
from hanse.odrl.price import Price
from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import NOW, PEER, A, B, later, on

HARBOUR, MEADOW = "https://port.example/spaces/harbour", "https://land.example/spaces/meadow"


def link(tenant=A, space=HARBOUR, mode=Mode.PARTICIPANT, **changes):
    return Link(tenant=tenant, space=space, mode=mode, since=NOW, **changes)


def adhoc(until, **changes):
    return link(mode=Mode.AD_HOC, project="flood", until=until, **changes)


def test_a_link_is_kept_whole_per_participant_and_space(address):
    async def scenario(db):
        limits = Limits(budget=Price(Decimal("99.50"), "EUR"), size=1 << 50, datasets=3, days=7)
        ours = link(mode=Mode.AUTOMATED, limits=limits, without=("ds_1", PEER), before=Mode.OWN_ROLE, by="ann")
        theirs, other = link(B, intermediary=PEER, mode=Mode.INTERMEDIARY), link(space=MEADOW)
        for one in (ours, theirs, other):
            await db.run(lambda tx, one=one: tx.links.put(one))
        assert await db.read(lambda tx: tx.links.get(A, HARBOUR)) == ours
        assert await db.read(lambda tx: tx.links.get(B, HARBOUR)) == theirs
        assert await db.read(lambda tx: tx.links.get(B, MEADOW)) is None
        assert await db.read(lambda tx: tx.links.of(A)) == [other, ours]
        changed = structs.replace(ours, mode=Mode.PARTICIPANT, before=Mode.AUTOMATED)
        await db.run(lambda tx: tx.links.put(changed))
        assert await db.read(lambda tx: tx.links.get(A, HARBOUR)) == changed

    on(address, scenario)


def test_those_that_end_by_themselves_are_due_until_they_have_ended(address):
    async def scenario(db):
        first, second = adhoc(later(minutes=1)), adhoc(later(minutes=2), tenant=B)
        assert await db.read(lambda tx: tx.links.next_due()) is None
        for one in (second, first, link(space=MEADOW)):
            await db.run(lambda tx, one=one: tx.links.put(one))
        assert await db.read(lambda tx: tx.links.next_due()) == later(minutes=1)
        assert await db.run(lambda tx: tx.links.due(NOW, 10)) == []
        assert await db.run(lambda tx: tx.links.due(later(minutes=2), 10)) == [first, second]
        assert await db.run(lambda tx: tx.links.due(later(minutes=2), 1)) == [first]
        await db.run(lambda tx: tx.links.put(structs.replace(first, ended=later(minutes=1), why="over")))
        assert await db.run(lambda tx: tx.links.due(later(minutes=2), 10)) == [second]
        assert await db.read(lambda tx: tx.links.next_due()) == later(minutes=2)

    on(address, scenario)


def test_an_erased_participant_leaves_no_link(address):
    async def scenario(db):
        for one in (link(), link(B)):
            await db.run(lambda tx, one=one: tx.links.put(one))
        counts = await db.run(lambda tx: erase_tenant(tx, A))
        assert counts["links"] == 1
        assert (await db.read(lambda tx: tx.links.of(A)), len(await db.read(lambda tx: tx.links.of(B)))) == ([], 1)

    on(address, scenario)
