"""A real database, everything else in memory, and runners that can be killed at every call that leaves them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from msgspec import structs

from hanse.dcat.model import Dataset
from hanse.factory.acquire.guard import may_agree
from hanse.factory.acquire.records import Candidate, Item, Limits, Order, OrderChanged, Wish, advance
from hanse.factory.acquire.running.faults import Rules
from hanse.factory.acquire.running.kit import Kit
from hanse.factory.acquire.running.runner import Runner
from hanse.factory.acquire.settling import settle
from hanse.factory.acquire.states import Event, ItemState, OrderState
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import PeerUnreachable
from hanse.odrl.model import Offer
from hanse.storage import open_database
from tests.unit.factory.acquire.running.fakes import (
    START,
    TENANT,
    Dealings,
    Documents,
    Facility,
    Log,
    Provider,
    Shelf,
    TappedDatabase,
    Taps,
    Transport,
)

PEER = "did:web:localhost%3A1:participants:meteo"
TRAIN = "urn:hanse:odrl:train"


class World:
    """All of it. `runner()` makes a process; `kill_at` says before or after which of its calls it dies."""

    def __init__(self, database):
        self.database = database
        self.clock = ManualClock(START)
        self.provider, self.shelf, self.log = Provider(), Shelf(), Log()
        self.pauses = []
        self.holders = 0
        self.documents_made = []

    @classmethod
    async def open(cls):
        return cls(await open_database(":memory:"))

    def runner(self, kill_at=0, *, alone=True, rules=None):
        taps = Taps()
        taps.deadly = kill_at
        self.holders += 1
        database = TappedDatabase(self.database, taps)
        self.dealings = Dealings(self.provider, self.database, taps)
        self.transport, self.documents = Transport(self.provider, taps), Documents(taps)
        kit = Kit(
            database=database,
            dealings=self.dealings,
            facility=Facility(self.shelf, self.database, taps),
            transport=self.transport,
            documents=self.documents,
            log=self.log,
            settle=lambda tx, tenant, order: settle(tx, self.log, tenant, order, self.clock.now()),
            may_agree=may_agree,
            clock=self.clock,
            holder=f"holder {self.holders}",
            rules=rules or Rules(watch=5.0, tell=60.0, lease=timedelta(hours=1)),
            pause=self._pause,
        )
        made = Runner(kit, alone=alone)
        made.taps = taps
        self.database.subscribe(made.on_event)
        return made

    async def _pause(self, seconds):
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def order(self, id="ord_1", **wish):
        said = {"query": "rain", "action": TRAIN, "purpose": "dpv:AcademicResearch", "limits": Limits()} | wish
        order = Order(tenant=TENANT, id=id, wish=Wish(**said), state=OrderState.RUNNING, by="ann", created=START, updated=START)
        await self.database.run(lambda tx: tx.orders.put(order))
        return order

    async def item(self, order="ord_1", number=1, dataset="ds_1", price=None, name=None, content=None, **more):
        self.provider.data.setdefault(dataset, content or {"rain.csv": b"day,rain\n1,2\n", "LICENSE": b"CC0 1.0"})
        offered = Dataset(id=dataset, title=dataset, offers=(Offer(id="off_1", terms=self.provider.terms),))
        candidate = Candidate(space="https://space.example", provider=PEER, provider_name="Meteo", dataset=offered, offer=offered.offers[0])
        item = Item(
            tenant=TENANT,
            order=order,
            number=number,
            run=1,
            state=ItemState.APPROVED,
            name=name or dataset.replace("_", "-"),
            candidate=candidate,
            created=START,
            updated=START,
            price=price,
            approved_by="ann",
            **more,
        )
        await self.database.run(lambda tx: tx.orders.put_item(item))
        return item

    async def look(self, number=1, order="ord_1"):
        return await self.database.read(lambda tx: tx.orders.item(TENANT, order, number))

    async def order_state(self, order="ord_1"):
        return (await self.database.read(lambda tx: tx.orders.get(TENANT, order))).state

    async def answer(self, yes, number=1, order="ord_1"):
        """Answer the open questions of an item, as a person does."""

        def work(tx):
            item = tx.orders.item(TENANT, order, number)
            about = tuple(one.about for one in item.questions)
            changes = {"questions": (), "answered": (*item.answered, *about)} if yes else {"questions": ()}
            tx.orders.put_item(advance(item, Event.APPROVE if yes else Event.REFUSE, START, by="ann", why="", **changes))
            stored = tx.orders.get(TENANT, order)
            tx.orders.put(structs.replace(stored, state=OrderState.RUNNING))
            tx.emit(OrderChanged(TENANT, order))

        await self.database.run(work)

    async def cancel(self, order="ord_1"):
        def work(tx):
            tx.orders.put(structs.replace(tx.orders.get(TENANT, order), cancelled=START))
            tx.emit(OrderChanged(TENANT, order))

        await self.database.run(work)

    async def until(self, ready):
        async with asyncio.timeout(5):
            while not await ready():  # noqa: ASYNC110 - a test may look again and again
                await asyncio.sleep(0.001)

    async def run_to_idle(self, runner):
        await runner.start()
        await runner.idle()
        await runner.stop()

    async def summary(self):
        """What is left once all is over, without ids of attempts."""
        items = await self.database.read(lambda tx: tx.orders.items(TENANT, "ord_1"))
        return {
            "states": [item.state for item in items],
            "versions": sorted((one.id, one.root) for one in self.shelf.versions.values()),
            "logged": await self.log.acquisitions(self.database),
            "deals": len(self.provider.deals),
            "open talks": sum(one["state"] in ("REQUESTED", "OFFERED") for one in self.provider.talks.values()),
            "open flows": sum(one["state"] == "STARTED" for one in self.provider.flows.values()),
            "completed": sum(one["state"] == "COMPLETED" for one in self.provider.flows.values()),
            "staged": dict(self.shelf.staged),
            "order": await self.order_state(),
        }


def unreachable():
    return PeerUnreachable("The provider is away.")
