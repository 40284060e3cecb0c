"""A duty to delete what lies in the facility: seen to before its deadline, with a receipt for the provider; or it is said who keeps it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from hanse.factory.facility.records import Intake, State
from hanse.factory.opening.records import Lease
from hanse.odrl.facts import Done
from tests.scenarios.operations.world import until
from tests.scenarios.usage.world import Atomic, Rule, pair, permitting


def within_a_day():
    by = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return permitting(obligations=(Rule("delete", (Atomic("dateTime", "lteq", by),)),))


async def store(two, name="rain", data=b"day,rain\n1,2\n"):
    """Store something under the contract, at the consumer's."""

    async def pieces():
        yield data

    intaking = await two.south.factory.facility.facility.intake("zoo", Intake(name=name, agreement=two.contract))
    await intaking.put(f"{name}.csv", pieces())
    return await intaking.commit()


async def state(server, tenant, contract):
    """Return how far the obligation is."""
    owed = await server.ground.database.read(lambda tx: tx.owed.of_agreement(tenant, contract))
    return [one.state for one in owed]


async def fulfilled(two, server, tenant):
    async def look():
        return (await state(server, tenant, two.contract)) == [Done.FULFILLED]

    await until(look, "the fulfilment")


async def receipts(server, tenant, contract):
    """Return all receipts of a ledger about the contract, oldest first."""
    page = await server.evidence.ledger.page(tenant, before=None, limit=100, agreement=contract)
    return [entry.says for entry in reversed(page) if entry.kind == "receipt"]


def run(tmp_path, scenario):
    async def whole():
        async with pair(tmp_path, within_a_day()) as two:
            await two.start()
            await scenario(two)

    asyncio.run(whole())


def test_it_is_destroyed_before_the_deadline_and_both_sides_know(tmp_path):
    async def scenario(two):
        version, more = await store(two), await store(two, "more")
        facility = two.south.factory.facility
        folder = facility.stock.hot.folder
        assert list(folder.rglob("packs/*"))
        two.world.clock.ahead = timedelta(days=1, minutes=-5)
        two.south.connector.timer.wake()
        await fulfilled(two, two.south, "zoo")
        await fulfilled(two, two.north, "acme")
        assert [path for path in folder.rglob("*") if path.is_file()] == []
        record = await facility.facility.record("zoo", version.id)
        assert (record.state, record.version.deleted is not None) == (State.GONE, True)
        said = await receipts(two.south, "zoo", two.contract)
        assert [one.obligation for one in said] == ["more@1", "rain@1", "obligation[0]"]
        assert {one.root for one in said[:2]} == {version.root, more.root}
        assert len(await receipts(two.north, "acme", two.contract)) == 3

    run(tmp_path, scenario)


def test_what_somebody_keeps_stays_is_written_down_and_goes_when_they_let_go(tmp_path):
    async def scenario(two):
        version = await store(two)
        facility = two.south.factory.facility
        facility.keepers.append(lambda _tx, _version: "a court wants it")
        two.world.clock.ahead = timedelta(days=1, minutes=-5)
        two.south.connector.timer.wake()

        async def noted():
            page = await two.south.evidence.ledger.page("zoo", before=None, limit=100, agreement=two.contract)
            return [entry.says.text for entry in page if entry.kind == "notice"]

        assert await until(noted, "the notice") == ["rain@1 must stay: a court wants it"]
        assert await state(two.south, "zoo", two.contract) == [Done.PENDING]
        assert await receipts(two.north, "acme", two.contract) == []
        assert await facility.facility.version("zoo", "rain") == version

        two.world.clock.ahead = timedelta(days=1, minutes=5)  # overdue: a breach
        two.south.connector.timer.wake()

        async def violated():
            return await state(two.south, "zoo", two.contract) == [Done.VIOLATED]

        await until(violated, "the breach")
        facility.keepers.clear()
        two.world.clock.ahead = timedelta(days=1, hours=2)
        two.south.connector.timer.wake()
        await fulfilled(two, two.south, "zoo")
        await fulfilled(two, two.north, "acme")
        assert (await facility.facility.record("zoo", version.id)).state is State.GONE

    run(tmp_path, scenario)


def test_a_lease_that_has_not_come_back_is_a_copy(tmp_path):
    async def scenario(two):
        version = await store(two)
        until_ = datetime.now(UTC) + timedelta(hours=1)
        lent = {"tenant": "zoo", "id": "lea_1", "version": version.id, "root": version.root, "agreement": two.contract, "holder": "x"}
        lease = Lease(**lent, jwk={}, action="use", stated={}, openings=1, granted=until_ - timedelta(hours=1), until=until_)
        await two.south.ground.database.run(lambda tx: tx.leases.put(lease))
        two.world.clock.ahead = timedelta(days=1, minutes=-5)
        two.south.connector.timer.wake()

        async def noted():
            page = await two.south.evidence.ledger.page("zoo", before=None, limit=100, agreement=two.contract)
            return [entry.says.text for entry in page if entry.kind == "notice"]

        assert await until(noted, "the notice") == ["rain@1 may be at a node: the lease lea_1 has not come back"]
        assert [one.obligation for one in await receipts(two.south, "zoo", two.contract)] == [version.id]  # of this copy, and of no more
        assert await state(two.south, "zoo", two.contract) == [Done.PENDING]
        assert (await two.south.factory.facility.facility.record("zoo", version.id)).state is State.GONE

        await two.south.ground.database.run(lambda tx: tx.leases.put(structs.replace(lease, returned=until_)))
        two.south.connector.timer.wake()
        await fulfilled(two, two.south, "zoo")
        await fulfilled(two, two.north, "acme")

    run(tmp_path, scenario)


def test_what_was_deleted_by_hand_before_counts(tmp_path):
    async def scenario(two):
        version = await store(two)
        removed = await two.south.factory.facility.desk.delete("zoo", version.id, "not needed")
        assert len(removed.receipts) == 1
        assert await state(two.south, "zoo", two.contract) == [Done.PENDING]  # other copies may be elsewhere
        two.world.clock.ahead = timedelta(days=1, minutes=-5)
        two.south.connector.timer.wake()
        await fulfilled(two, two.south, "zoo")
        await fulfilled(two, two.north, "acme")

    run(tmp_path, scenario)


@pytest.mark.parametrize("kept", [False, True])
def test_a_copy_in_the_inbox_goes_too_but_is_not_all(tmp_path, kept):
    async def scenario(two):
        await store(two)
        uses = await two.south.ground.database.read(lambda tx: tx.uses.page("zoo", agreement=two.contract, after=None, limit=10))
        inbox = two.south.data.folder("zoo") / uses[0].id
        inbox.mkdir(parents=True)
        (inbox / "big.bin").write_bytes(b"abc")
        if kept:
            two.south.factory.facility.keepers.append(lambda _tx, _version: "a court wants it")
        two.world.clock.ahead = timedelta(days=1, minutes=-5)
        two.south.connector.timer.wake()

        async def told():
            return [one.obligation for one in await receipts(two.north, "acme", two.contract)]

        if kept:
            assert await until(told, "the receipt") == ["other copies are kept"]
            assert await state(two.north, "acme", two.contract) != [Done.FULFILLED]
        else:
            await fulfilled(two, two.north, "acme")
            assert await told() == ["rain@1", "obligation[0]"]
        assert not inbox.exists()

    run(tmp_path, scenario)
