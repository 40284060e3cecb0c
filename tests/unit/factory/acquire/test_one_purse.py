"""Two orders that nobody watches, at the same moment: what a link allows is spent once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

from hanse.factory.acquire.records import Limits, Standing
from hanse.factory.acquire.states import ItemState
from tests.unit.factory.acquire.space import EVA, SPACE, TENANT, Purse, dataset, did, play, wish


class Counting:
    """A link that allows one dataset in all, and counts what the orders have taken."""

    def __init__(self, world):
        self.world = world
        self.asked = 0
        self.both = asyncio.Event()

    async def may(self, tenant, space, right):
        return SimpleNamespace(yes=True, why="")

    async def purse(self, tenant, space):
        self.asked += 1
        if self.asked == 2:
            self.both.set()

        def taken(tx):
            orders = tx.orders.page(TENANT, after=None, limit=100)
            return sum(item.committed for order in orders for item in tx.orders.items(TENANT, order.id))

        left = 1 - await self.world.db.read(taken)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self.both.wait()  # the other order looks as well, if it may
        return Purse(max(0, left))


def test_two_orders_do_not_spend_the_same_purse():
    async def scenario(world):
        world.spaces = {SPACE: ["zoo"]}
        world.catalogues = {did("zoo"): [dataset("ds_1", title="Europe rain"), dataset("ds_2", title="Europe snow")]}
        world.runs.links = Counting(world)
        standing = {"standing": Standing(every=timedelta(days=1), total=Limits())}
        first = await world.orders.place(TENANT, wish(query="rain", **standing), EVA)
        second = await world.orders.place(TENANT, wish(query="snow", **standing), EVA)
        await world.runs.begin_due()
        await world.runs.idle()
        seen = [await world.orders.get(TENANT, one.id) for one in (first, second)]
        approved = [item for one in seen for item in one.items if item.state is ItemState.APPROVED]
        assert world.runs.links.asked == 2
        assert len(approved) == 1, [(item.order, item.dataset, item.state) for one in seen for item in one.items]

    play(scenario)
