"""Orders, their items and link speeds are kept alike by every engine."""

from __future__ import annotations

import asyncio

from msgspec import structs

from hanse.factory.acquire.records import LinkSpeed
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import NOW, OTHER, PEER, A, B, later, on
from tests.unit.factory.acquire.test_guard import item, order


def placed(id, tenant=A, **fields):
    return structs.replace(order(), id=id, tenant=tenant, **({"state": OrderState.WAITING} | fields))


def thing(order_id, number, tenant=A, **fields):
    return structs.replace(item(number=number), order=order_id, tenant=tenant, **fields)


def put(db, *records):
    def work(tx):
        for one in records:
            if hasattr(one, "number"):
                tx.orders.put_item(one)
            else:
                tx.orders.put(one)

    return db.run(work)


def test_orders_by_id_newest_first_and_by_tenant(address):
    async def scenario(db):
        orders = [placed(f"ord_{n}") for n in range(4)]
        await put(db, *orders, placed("ord_1", B))
        assert await db.read(lambda tx: tx.orders.get(A, "ord_1")) == orders[1]
        assert await db.read(lambda tx: tx.orders.get(A, "ord_9")) is None
        found = await db.read(lambda tx: tx.orders.page(A, after=None, limit=2))
        assert [one.id for one in found] == ["ord_3", "ord_2"]
        found = await db.read(lambda tx: tx.orders.page(A, after="ord_2", limit=9))
        assert [one.id for one in found] == ["ord_1", "ord_0"]

    on(address, scenario)


def test_what_is_due_of_all_tenants_the_earliest_first(address):
    async def scenario(db):
        await put(db, placed("ord_1", due=later(hours=2)), placed("ord_2", B, due=later(hours=1)), placed("ord_3"))
        assert await db.read(lambda tx: tx.orders.next_due()) == later(hours=1)
        due = await db.run(lambda tx: [one.id for one in tx.orders.due(later(hours=2), 9)])
        assert due == ["ord_2", "ord_1"]
        assert await db.run(lambda tx: tx.orders.due(later(minutes=59), 9)) == []
        await put(db, placed("ord_2", B))
        assert await db.read(lambda tx: tx.orders.next_due()) == later(hours=2)

    on(address, scenario)


def test_items_by_number_by_dataset_and_what_is_open(address):
    async def scenario(db):
        await put(
            db,
            thing("ord_1", 10, state=ItemState.DONE),
            thing("ord_1", 2, state=ItemState.LEFT_OUT),
            thing("ord_2", 1, state=ItemState.STORING),
            thing("ord_2", 2, state=ItemState.FAILED, negotiation="neg_1"),
            thing("ord_3", 1, B, state=ItemState.APPROVED),
            thing("ord_4", 1, state=ItemState.FAILED),
            placed("ord_5", state=OrderState.RUNNING),
        )
        assert [one.number for one in await db.read(lambda tx: tx.orders.items(A, "ord_1"))] == [2, 10]
        assert await db.read(lambda tx: tx.orders.item(A, "ord_1", 2)) == thing("ord_1", 2, state=ItemState.LEFT_OUT)
        assert await db.read(lambda tx: tx.orders.item(B, "ord_1", 2)) is None
        assert await db.read(lambda tx: tx.orders.open()) == [(A, "ord_2"), (A, "ord_5"), (B, "ord_3")]
        peer = item().peer
        found = await db.read(lambda tx: tx.orders.of_dataset(A, peer, "ds_1"))
        assert [(one.order, one.number) for one in found] == [("ord_4", 1), ("ord_2", 2), ("ord_2", 1), ("ord_1", 10), ("ord_1", 2)]
        assert await db.read(lambda tx: tx.orders.of_dataset(A, OTHER, "ds_1")) == []
        await put(db, thing("ord_2", 1, state=ItemState.DONE), thing("ord_2", 2, state=ItemState.FAILED, negotiation="neg_1", tidy=True))
        assert await db.read(lambda tx: tx.orders.open()) == [(A, "ord_5"), (B, "ord_3")]

    on(address, scenario)


def test_two_processes_do_not_take_the_same_order(address):
    async def scenario(one, two):
        await put(one, placed("ord_1", due=NOW))

        def claim(tx):
            taken = tx.orders.due(NOW, 9)
            for order_ in taken:
                tx.orders.put(structs.replace(order_, due=later(hours=1)))
            return [order_.id for order_ in taken]

        taken = await asyncio.gather(one.run(claim), two.run(claim))
        assert sorted(taken, key=len) == [[], ["ord_1"]]

    if address.startswith("postgres"):
        on(address, scenario, times=2)


def test_link_speeds(address):
    async def scenario(db):
        speed = LinkSpeed(tenant=A, peer=PEER, rate=1e6, latency=0.5, at=NOW)
        await db.run(lambda tx: tx.link_speeds.put(speed))
        await db.run(lambda tx: tx.link_speeds.put(structs.replace(speed, rate=2e6)))
        assert await db.read(lambda tx: tx.link_speeds.get(A, PEER)) == structs.replace(speed, rate=2e6)
        assert await db.read(lambda tx: tx.link_speeds.get(B, PEER)) is None

    on(address, scenario)


def test_all_of_it_goes_with_its_participant(address):
    async def scenario(db):
        await put(db, placed("ord_1"), thing("ord_1", 1), placed("ord_1", B), thing("ord_1", 1, B))
        await db.run(lambda tx: erase_tenant(tx, A))
        assert await db.read(lambda tx: tx.orders.get(A, "ord_1")) is None
        assert list(await db.read(lambda tx: tx.orders.items(A, "ord_1"))) == []
        assert len(await db.read(lambda tx: tx.orders.items(B, "ord_1"))) == 1

    on(address, scenario)
