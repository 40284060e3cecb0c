"""Uses, tallies, told facts and obligations are kept alike by every engine, and counted exactly."""

from __future__ import annotations

import asyncio

from msgspec import structs

from hanse.odrl.facts import Done
from hanse.storage.erase import erase_tenant
from hanse.usage.records import Tally
from tests.contract.storage.stage import NOW, OTHER, PEER, A, B, later, on, owed, told, use
from tests.unit.usage.rig import Atomic, Rig, terms


def test_uses_by_id_by_agreement_and_newest_first(address):
    async def scenario(db):
        uses = [use(f"trf_{n}", agreement="agr_1" if n % 2 else "agr_2") for n in range(4)]
        for one in (*uses, use("trf_1", B)):
            await db.run(lambda tx, one=one: tx.uses.put(one))
        assert await db.read(lambda tx: tx.uses.get(A, "trf_1")) == uses[1]
        assert await db.read(lambda tx: tx.uses.get(A, "trf_9")) is None

        async def page(agreement, after, limit=9):
            found = await db.read(lambda tx: tx.uses.page(A, agreement=agreement, after=after, limit=limit))
            return [one.id for one in found]

        assert await page(None, None) == ["trf_3", "trf_2", "trf_1", "trf_0"]
        assert await page(None, "trf_2", 1) == ["trf_1"]
        assert await page("agr_1", None) == ["trf_3", "trf_1"]
        assert await page("agr_1", "trf_3") == ["trf_1"]

    on(address, scenario)


def test_what_is_due_until_it_has_ended(address):
    async def scenario(db):
        for one in (use("trf_1", due=later(hours=2)), use("trf_2", due=later(hours=1)), use("trf_3"), use("trf_4", B, due=later(hours=3))):
            await db.run(lambda tx, one=one: tx.uses.put(one))

        async def due(**by):
            return [one.id for one in await db.read(lambda tx: tx.uses.due(later(**by), 9))]

        assert await due(minutes=59) == []
        assert await due(hours=2) == ["trf_2", "trf_1"]
        assert await db.read(lambda tx: tx.uses.next_due()) == later(hours=1)
        await db.run(lambda tx: tx.uses.put(use("trf_2", due=later(hours=1), ended=NOW)))
        assert await db.read(lambda tx: tx.uses.next_due()) == later(hours=2)
        await db.run(lambda tx: tx.uses.make_due(A, "agr_1", NOW))
        assert sorted(await due()) == ["trf_1", "trf_3"]
        await db.run(lambda tx: tx.uses.make_due(B, "", NOW))
        assert sorted(await due()) == ["trf_1", "trf_3", "trf_4"]

    on(address, scenario)


def test_tallies_begin_at_nothing(address):
    async def scenario(db):
        nothing = Tally(tenant=A, agreement="agr_1")
        assert await db.read(lambda tx: tx.uses.tally(A, "agr_1")) == nothing
        assert await db.run(lambda tx: tx.uses.hold(A, "agr_1")) == nothing
        taken = Tally(tenant=A, agreement="agr_1", count=2, volume=1 << 50, seconds=7, last=NOW)
        await db.run(lambda tx: (tx.uses.hold(A, "agr_1"), tx.uses.put_tally(taken)))
        assert await db.read(lambda tx: tx.uses.tally(A, "agr_1")) == taken
        assert await db.read(lambda tx: tx.uses.tally(B, "agr_1")) == Tally(tenant=B, agreement="agr_1")

    on(address, scenario)


def test_a_tally_that_is_held_counts_exactly(address):
    async def scenario(db):
        def count(tx):
            tally = tx.uses.hold(A, "agr_1")
            tx.uses.put_tally(structs.replace(tally, count=tally.count + 1))

        await asyncio.gather(*(db.run(count) for _ in range(50)))
        assert (await db.read(lambda tx: tx.uses.tally(A, "agr_1"))).count == 50

    on(address, scenario)


def test_facts_by_what_they_are_about(address):
    async def scenario(db):
        facts = [told("agr_1", "payAmount", "500 EUR"), told("", "event", "launch"), told(PEER, "event", "fair")]
        for one in (*facts, told("agr_1", "payAmount", "1 EUR", tenant=B)):
            await db.run(lambda tx, one=one: tx.told.put(one))
        assert await db.read(lambda tx: tx.told.get(A, "agr_1", "payAmount")) == facts[0]
        assert sorted(one.name for one in await db.read(lambda tx: tx.told.of(A, ["", "agr_1"]))) == ["event", "payAmount"]
        assert await db.read(lambda tx: tx.told.of(A, [OTHER])) == []
        assert len(await db.read(lambda tx: tx.told.page(A, limit=2))) == 2
        await db.run(lambda tx: tx.told.delete(A, "agr_1", "payAmount"))
        assert await db.read(lambda tx: tx.told.get(A, "agr_1", "payAmount")) is None
        assert await db.read(lambda tx: tx.told.get(B, "agr_1", "payAmount")) is not None

    on(address, scenario)


def test_obligations_wait_for_their_deadline_only_while_they_are_pending(address):
    async def scenario(db):
        first, second = owed("obligation[0]", due=later(days=1)), owed("obligation[1]", due=later(days=2))
        for one in (first, second, owed("obligation[2]"), owed("obligation[0]", agreement="agr_2")):
            await db.run(lambda tx, one=one: tx.owed.put(one))
        assert [one.path for one in await db.read(lambda tx: tx.owed.of_agreement(A, "agr_1"))] == [f"obligation[{n}]" for n in range(3)]
        assert await db.read(lambda tx: tx.owed.overdue(later(days=1), 9)) == [first]
        assert await db.read(lambda tx: tx.owed.next_deadline()) == later(days=1)
        await db.run(lambda tx: tx.owed.put(structs.replace(first, state=Done.FULFILLED)))
        assert await db.read(lambda tx: tx.owed.next_deadline()) == later(days=2)
        assert await db.read(lambda tx: tx.owed.overdue(later(days=9), 9)) == [second]

    on(address, scenario)


def test_all_of_it_is_erased_with_its_participant(address):
    async def scenario(db):
        def fill(tx, tenant):
            tx.uses.put(use("trf_1", tenant))
            tx.uses.hold(tenant, "agr_1")
            tx.told.put(told("", "event", "x", tenant=tenant))
            tx.owed.put(owed("obligation[0]", tenant=tenant))

        await db.run(lambda tx: (fill(tx, A), fill(tx, B)))
        gone = await db.run(lambda tx: erase_tenant(tx, A))
        assert {"uses", "tallies", "told", "owed"} <= gone.keys()
        assert await db.read(lambda tx: tx.uses.get(A, "trf_1")) is None
        assert await db.read(lambda tx: tx.uses.get(B, "trf_1")) is not None

    on(address, scenario)


def test_fifty_requests_at_once_with_retries_are_admitted_exactly(address):
    async def scenario(db):
        rig = Rig(db, terms(Atomic("count", "lteq", "3"), Atomic("urn:hanse:odrl:volume", "lteq", "1000")))
        answers = await asyncio.gather(*(rig.admit(f"trf_{n % 25}") for n in range(50)))
        admitted = {f"trf_{n % 25}" for n, answer in enumerate(answers) if answer.permitted}
        assert len(admitted) == (await rig.tally()).count == 3
        taken = await asyncio.gather(*(rig.take(sorted(admitted)[n % 3], volume=30) for n in range(50)))
        assert sum(answer.permitted for answer in taken) == 33
        assert (await rig.tally()).volume == 990
        await asyncio.gather(*(rig.give_back(id, volume=10) for id in admitted), *(rig.end(id) for id in admitted))
        tally = await rig.tally()
        assert (tally.count, tally.volume) == (3, 960)

    on(address, scenario)
