"""Orders: place one, look at it, decide on what it asks, end it.

What follows by itself (searching, running items) is in `runs` and in the running room; here are the steps of people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct, structs

from hanse.factory.acquire.planning import PLAN
from hanse.factory.acquire.ports import AcquireTx, Database, Ledger
from hanse.factory.acquire.records import Happening, Item, Order, OrderChanged, Wish, advance, told
from hanse.factory.acquire.settling import What, settle, state_order
from hanse.factory.acquire.states import Event, ItemState, OrderState
from hanse.factory.acquire.wishes import checked
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, Invalid, NotFound
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Tenant
from hanse.odrl.price import Price

_QUIET: Final = frozenset({OrderState.ASKING, OrderState.WAITING})
"""An order in one of these, or ended, does nothing by itself: whoever follows it can let go."""


class Followers(Protocol):
    """Wakes those who wait for a change of an order."""

    @property
    def ended(self) -> bool:
        """Tell whether the server is about to stop."""
        ...

    def following(self, tenant: Tenant, id: str) -> AbstractContextManager[asyncio.Event]:
        """Give an event that is set by every change from now on; clear it before looking."""
        ...


class By(Struct, frozen=True):
    """Who acts: the name for people, and the id of the operator, which stands for it in the log, where no name belongs."""

    name: str
    operator: str


class Seen(Struct, frozen=True):
    """An order with its items."""

    order: Order
    items: Sequence[Item]


def _most(item: Item, price: Price) -> Price:
    """Return the most that may be agreed on for an item. Raises `Invalid` where that is less than it costs, or it costs nothing."""
    cost = item.candidate.cost
    if cost.free:
        raise Invalid(f"Item {item.number} costs nothing.", where="price", rule="order", hint="Approve it without a price.")
    known = cost.price
    if known is not None and (known.currency != price.currency or known.amount > price.amount):
        raise Invalid(f"Item {item.number} costs {known}, not {price}.", where="price", rule="order", hint="Approve that, or refuse it.")
    return price


class Orders:
    """The orders of all participants."""

    def __init__(self, database: Database, ledger: Ledger, followers: Followers, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._ledger = ledger
        self._followers = followers
        self._clock = clock
        self._ids = ids

    async def place(self, tenant: Tenant, wish: Wish, by: By) -> Order:
        """Place an order; its search begins at once. Raises `Invalid`."""
        wish, now, id = checked(wish), self._clock.now(), self._ids.new("ord")
        story = (Happening(now, "placed", by.name),)
        order = Order(
            tenant=tenant, id=id, wish=wish, state=OrderState.SEARCHING, by=by.name, created=now, updated=now, due=now, story=story
        )

        def work(tx: AcquireTx) -> Order:
            tx.orders.put(order)
            state_order(tx, self._ledger, order, "placed", by=by.operator)
            tx.emit(OrderChanged(tenant, id))
            return order

        return await self._database.run(work)

    async def get(self, tenant: Tenant, id: str) -> Seen:
        """Return an order with its items. Raises `NotFound`."""
        return await self._database.read(lambda tx: _seen(tx, tenant, id))

    async def page(self, tenant: Tenant, after: str | None, limit: int) -> Sequence[Order]:
        """Return up to `limit` orders, newest first, those older than the id `after`."""
        return await self._database.read(lambda tx: tx.orders.page(tenant, after=after, limit=limit))

    async def when(self, tenant: Tenant, id: str, since: datetime | None, seconds: float) -> Seen:
        """Return an order once it does nothing by itself any more, or has changed since `since`, or `seconds` are over."""
        with self._followers.following(tenant, id) as changed:
            try:
                async with asyncio.timeout(seconds):
                    return await self._until(changed, tenant, id, since)
            except TimeoutError:
                return await self.get(tenant, id)

    async def approve(self, tenant: Tenant, id: str, numbers: Sequence[int], by: By, price: Price | None = None) -> Seen:
        """Say yes to items; without numbers to all that wait for nothing but the approval of the plan.

        `price` is the most that may be agreed on for an item whose price is not known. Raises `NotFound`, `Conflict`, `Invalid`.
        """

        def yes(item: Item, now: datetime) -> Item:
            answered = (*item.answered, *(one.about for one in item.questions))
            most = item.price if price is None else _most(item, price)
            return advance(item, Event.APPROVE, now, by=by.name, questions=(), answered=answered, approved_by=by.name, price=most)

        if price is not None and len(numbers) != 1:
            raise Invalid("A price is said for one item at a time.", where="price", rule="order", hint="Name the item's number.")
        return await self._decide(tenant, id, numbers, "approved", by, yes, lambda item: {PLAN} >= {one.about for one in item.questions})

    async def refuse(self, tenant: Tenant, id: str, numbers: Sequence[int], by: By, why: str = "") -> Seen:
        """Say no to items; without numbers to all that wait. Raises `NotFound`, `Conflict`."""

        def no(item: Item, now: datetime) -> Item:
            return advance(item, Event.REFUSE, now, by=by.name, why=why or "A person said no.", questions=())

        return await self._decide(tenant, id, numbers, "refused", by, no, lambda _item: True)

    async def retry(self, tenant: Tenant, id: str, numbers: Sequence[int], by: By) -> Seen:
        """Try items again that failed; without numbers all of them. Raises `NotFound`, `Conflict`."""

        def again(item: Item, now: datetime) -> Item:
            return advance(item, Event.RETRY, now, by=by.name, attempts=0, tidy=False, rule="", hint="")

        return await self._decide(tenant, id, numbers, "changed", by, again, lambda _item: True, ItemState.FAILED)

    async def cancel(self, tenant: Tenant, id: str, by: By, why: str = "") -> Seen:
        """End an order, or revoke a standing one, at once: nothing new is begun, what is under way is ended. Raises as `get` does.

        What is stored stays, with the agreement that it came under. Raises `Conflict` for an order that has ended.
        """

        def work(tx: AcquireTx) -> Seen:
            seen, now = _seen(tx, tenant, id), self._clock.now()
            order = seen.order
            if order.ended or order.cancelled is not None:
                raise Conflict(f"{id} is {order.state.value.lower()} already.", where="id", rule="ended")
            line = Happening(now, "revoked" if order.wish.standing else "cancelled", by.name, why)
            # RUNNING until the running room has ended what is under way; without items that is now.
            order = structs.replace(
                order, state=OrderState.RUNNING, cancelled=now, due=None, updated=now, why=why, story=told(order.story, line)
            )
            tx.orders.put(order)
            for item in seen.items:
                if item.state in (ItemState.ASKING, ItemState.CANDIDATE):
                    tx.orders.put_item(advance(item, Event.CANCEL, now, by=by.name, why="The order was cancelled.", questions=()))
            settle(tx, self._ledger, tenant, id, now)
            tx.emit(OrderChanged(tenant, id))
            return _seen(tx, tenant, id)

        return await self._database.run(work)

    async def _until(self, changed: asyncio.Event, tenant: Tenant, id: str, since: datetime | None) -> Seen:
        while True:
            # Cleared before looking: a change that comes between the two is not slept through.
            changed.clear()
            seen = await self.get(tenant, id)
            if self._followers.ended or _quiet(seen) or (since is not None and _latest(seen) > since):
                return seen
            await changed.wait()

    async def _decide(
        self,
        tenant: Tenant,
        id: str,
        numbers: Sequence[int],
        what: What,
        by: By,
        decide: Callable[[Item, datetime], Item],
        usual: Callable[[Item], bool],
        state: ItemState = ItemState.ASKING,
    ) -> Seen:
        def work(tx: AcquireTx) -> Seen:
            seen, now = _seen(tx, tenant, id), self._clock.now()
            chosen = _chosen(seen, numbers, state, usual)
            for item in chosen:
                tx.orders.put_item(decide(item, now))
            line = Happening(now, what, by.name, f"items {', '.join(one.id for one in chosen)}"[:500])
            # An order that had ended goes on when an item of it is tried again; a search goes on beside it.
            goes_on = seen.order.state if seen.order.state is OrderState.SEARCHING else OrderState.RUNNING
            order = structs.replace(seen.order, updated=now, story=told(seen.order.story, line), state=goes_on)
            tx.orders.put(order)
            reasons = [f"{one.number}: {one.dataset} of {one.peer}" for one in chosen]
            state_order(tx, self._ledger, order, what, by=by.operator, reasons=reasons)
            settle(tx, self._ledger, tenant, id, now)
            tx.emit(OrderChanged(tenant, id))
            return _seen(tx, tenant, id)

        return await self._database.run(work)


def _seen(tx: AcquireTx, tenant: Tenant, id: str) -> Seen:
    order = tx.orders.get(tenant, id)
    if order is None:
        raise NotFound(f"There is no order {id[:80]!r} here.", where="id", hint="`hanse order list` shows yours.")
    return Seen(order, tx.orders.items(tenant, id))


def _chosen(seen: Seen, numbers: Sequence[int], state: ItemState, usual: Callable[[Item], bool]) -> list[Item]:
    order, by_number = seen.order, {item.number: item for item in seen.items}
    if order.state is OrderState.PLANNED:
        hint = "Order it: the same without `--dry-run`."
        raise Conflict(f"{order.id} is a dry run, so there is nothing to decide.", where="id", rule="state", hint=hint)
    if order.cancelled is not None:
        raise Conflict(f"{order.id} is {order.state.value.lower()}, so there is nothing to decide.", where="id", rule="state")
    for number in numbers:
        item = by_number.get(number)
        if item is None:
            raise NotFound(f"{order.id} has no item {number}.", where="items", hint=f"`hanse order show {order.id}` shows them.")
        if item.state is not state:
            raise Conflict(f"Item {number} is {item.state}, not {state}.", where="items", rule="state")
    chosen = [by_number[number] for number in dict.fromkeys(numbers)] or [
        item for item in seen.items if item.state is state and usual(item)
    ]
    if not chosen:
        hint = f"`hanse order show {order.id}` shows what is open; name an item by its number to decide on its own questions."
        raise Conflict(f"No item of {order.id} waits for this.", where="items", rule="state", hint=hint)
    return chosen


def _quiet(seen: Seen) -> bool:
    return seen.order.ended or seen.order.state in _QUIET


def _latest(seen: Seen) -> datetime:
    return max((seen.order.updated, *(item.updated for item in seen.items)))
