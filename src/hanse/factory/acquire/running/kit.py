"""The parts that every step works with, and how an item's state is written down: under the lease, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec import structs

from hanse.factory.acquire.records import Item, ItemChanged, Order, advance
from hanse.factory.acquire.running.faults import Rules
from hanse.factory.acquire.running.ports import (
    Database,
    Dealings,
    Documents,
    Facility,
    Log,
    May,
    Pause,
    Settle,
    Transport,
)
from hanse.factory.acquire.states import Event, ItemState
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict
from hanse.kernel.tenant import Did, Tenant


class Lost(Conflict):
    """This server process does not work on the item any more, or somebody else has moved it: look again."""

    rule = "lost"

    def __init__(self) -> None:
        super().__init__("Somebody else works on this item now.", where="item")


class Slots:
    """How many may do something at once: in all, and with one provider."""

    def __init__(self, in_all: int, each: int) -> None:
        self._in_all = asyncio.Semaphore(in_all)
        self._each = each
        self._providers: dict[tuple[Tenant, Did], tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def one(self, tenant: Tenant, peer: Did) -> AsyncIterator[None]:
        """Wait for a free slot, and keep it for the block."""
        key = (tenant, peer)
        slot, users = self._providers.get(key, (asyncio.Semaphore(self._each), 0))
        self._providers[key] = (slot, users + 1)
        try:
            # With the provider first: whoever waits for a slow one keeps no slot of the others'.
            async with slot, self._in_all:
                yield
        finally:
            slot, users = self._providers[key]
            if users == 1:
                del self._providers[key]
            else:
                self._providers[key] = (slot, users - 1)


class Locks:
    """One lock per key: what is being decided about it is decided once."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def one(self, *key: Hashable) -> AsyncIterator[None]:
        """Keep others from deciding about it during the block."""
        lock, users = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[key]
            if users == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, users - 1)


@dataclass(frozen=True)
class Kit:
    """What `app/factory/running.py` builds once. `holder` names this server process in leases."""

    database: Database
    dealings: Dealings
    facility: Facility
    transport: Transport
    documents: Documents
    log: Log
    settle: Settle
    may_agree: May
    clock: Clock
    holder: str
    rules: Rules = field(default_factory=Rules)
    pause: Pause = asyncio.sleep
    locks: Locks = field(default_factory=Locks)

    async def load(self, tenant: Tenant, order: str, number: int) -> tuple[Order, Item]:
        """Return an item with its order. Raises `Lost` if it is gone."""

        def work(tx: Any) -> tuple[Order, Item]:
            found, item = tx.orders.get(tenant, order), tx.orders.item(tenant, order, number)
            if found is None or item is None:
                raise Lost
            return found, item

        return await self.database.read(work)

    def stepped(self, tx: Any, item: Item, event: Event, why: str = "", **changes: Any) -> Item:
        """Write down, in the caller's transaction, that something happened to an item. Raises `Lost`.

        What was tried in vain before stays counted, or what leads round in a circle would never end.
        """
        now = self.current(tx, item)
        taken = advance(now, event, self.clock.now(), why=why, **changes)
        tx.orders.put_item(taken)
        tx.emit(ItemChanged(item.tenant, item.order, item.number, taken.state))
        return taken

    async def step(self, item: Item, event: Event, why: str = "", **changes: Any) -> Item:
        """Write it down in a transaction of its own."""
        return await self.database.run(lambda tx: self.stepped(tx, item, event, why, **changes))

    async def change(self, item: Item, **changes: Any) -> Item:
        """Write down something about an item whose state stays. Raises `Lost`."""

        def work(tx: Any) -> Item:
            now = structs.replace(self.current(tx, item), updated=self.clock.now(), **changes)
            tx.orders.put_item(now)
            tx.emit(ItemChanged(item.tenant, item.order, item.number, now.state))
            return now

        return await self.database.run(work)

    def current(self, tx: Any, item: Item) -> Item:
        """Return the item as it is stored, locked. Raises `Lost` if it moved, or if the lease is somebody else's."""
        if not tx.order_leases.holds(item.tenant, item.order, self.holder):
            raise Lost
        found: Item | None = tx.orders.item(item.tenant, item.order, item.number)
        if found is None or found.state is not item.state:
            raise Lost
        return found

    async def others(self, item: Item) -> tuple[Order, Sequence[Item]]:
        """Return the item's order with all its items."""

        def work(tx: Any) -> tuple[Order, Sequence[Item]]:
            order = tx.orders.get(item.tenant, item.order)
            if order is None:
                raise Lost
            return order, tx.orders.items(item.tenant, item.order)

        return await self.database.read(work)


def ended_agreement(why: str, agreement: str) -> Conflict:
    """Return the error of an agreement that gives no right any more."""
    return Conflict(
        f"The agreement {agreement} has ended: {why}".rstrip(". ") + ".",
        where="agreement",
        rule="ended",
        hint="Ask for the data anew with `hanse acquire`, if you still need it.",
    )


NO_TROUBLE: Final[dict[str, Any]] = {"attempts": 0, "rule": "", "hint": ""}
"""What is written down with real progress: an agreement, bytes, a version."""

WORKING: Final = frozenset({ItemState.APPROVED, ItemState.NEGOTIATING, ItemState.AGREED, ItemState.TRANSFERRING, ItemState.STORING})
"""States in which an item can still be cancelled."""
