"""Orders after a restore: nothing is bought twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from msgspec import structs

from hanse.app.recovery import former as formerly
from hanse.app.recovery.orders import end_orders
from hanse.app.recovery.restoring import Restoring
from hanse.factory.acquire.records import Standing
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.storage import open_database
from tests.unit.app.recovery.world import NOW, TAKEN
from tests.unit.factory.acquire.test_guard import item, order


def after(*, vouched):
    async def whole():
        db = await open_database(":memory:")

        def work(tx):
            running = structs.replace(order(), tenant="port")
            standing = structs.replace(order(standing=Standing(every=timedelta(days=1))), tenant="port", id="ord_2", due=NOW)
            done = structs.replace(order(state=OrderState.DONE), tenant="port", id="ord_3")
            for one in (running, structs.replace(standing, state=OrderState.WAITING), done):
                tx.orders.put(one)
            for number, state in enumerate((ItemState.DONE, ItemState.TRANSFERRING, ItemState.ASKING), 1):
                tx.orders.put_item(structs.replace(item(number=number), tenant="port", state=state, negotiation="neg_1"))
            restoring = Restoring(tx, formerly.read(tx), NOW, TAKEN, continues=vouched)
            restoring.vouched |= {"port"} if vouched else set()
            end_orders(restoring)
            orders = {one.id: one for one in tx.orders.page("port", after=None, limit=9)}
            return restoring, orders, tx.orders.items("port", "ord_1"), tx.orders.open(), tx.orders.next_due()

        try:
            return await db.run(work)
        finally:
            await db.close()

    return asyncio.run(whole())


def test_what_nobody_vouches_for_is_ended():
    restoring, orders, items, open_, due = after(vouched=False)
    assert {id: one.state for id, one in orders.items()} == {
        "ord_1": OrderState.CANCELLED,
        "ord_2": OrderState.CANCELLED,
        "ord_3": OrderState.DONE,
    }
    assert [one.state for one in items] == [ItemState.DONE, ItemState.CANCELLED, ItemState.CANCELLED]
    assert (open_, due) == ([], None)
    assert restoring.counts["orders ended"] == 2
    assert "2026-03-01" in orders["ord_1"].why


def test_what_the_replaced_database_vouches_for_goes_on():
    _, orders, items, open_, due = after(vouched=True)
    assert orders["ord_2"].state is OrderState.WAITING
    assert [one.state for one in items] == [ItemState.DONE, ItemState.TRANSFERRING, ItemState.ASKING]
    assert (open_, due) == ([("port", "ord_1")], NOW)
