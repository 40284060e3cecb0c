"""All orders with items under way: one server process works on an order, by a lease, and takes up what a dead one has left.

Nothing polls: an event says that an order has something to do, and each item waits for events of its own. Where several server processes
share the database, each also looks once per lease, because the one that was going to act may be dead.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from hanse.factory.acquire.records import Item, Order, OrderChanged, standing_of
from hanse.factory.acquire.running.kit import Kit, Locks
from hanse.factory.acquire.running.work import Work
from hanse.factory.acquire.states import OrderState
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Tenant

log = logging.getLogger("hanse.acquire")

Key = tuple[Tenant, str]
_BEATS = 3
"""How often a lease is prolonged before it would be over."""


class _Job:
    """What this server process does for one order."""

    def __init__(self) -> None:
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.cancelled = False


class Runner:
    """Carries out the items of all participants' orders. `alone` tells that no other server process has the database."""

    def __init__(self, kit: Kit, *, alone: bool) -> None:
        self._kit = kit
        self._alone = alone
        self._work = Work(kit)
        self._jobs: dict[Key, _Job] = {}
        self._turns = Locks()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._beat: asyncio.Task[None] | None = None
        self._open = False

    async def start(self) -> None:
        """Take up all that is open, and begin to hold it."""
        self._open = True
        if self._alone:
            await self._kit.database.run(lambda tx: tx.order_leases.void())
        await self.look()
        self._beat = asyncio.get_running_loop().create_task(self._hold())

    async def stop(self) -> None:
        """End what runs. It goes on after the next start, or in another server process at once."""
        self._open = False
        tasks = [*self._tasks, *(task for job in self._jobs.values() for task in job.tasks.values())]
        if self._beat is not None:
            tasks.append(self._beat)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        keys, self._jobs = list(self._jobs), {}
        if keys:
            await self._kit.database.run(lambda tx: [tx.order_leases.release(*key, self._kit.holder) for key in keys])

    def on_event(self, event: object) -> None:
        """Look at an order that changed. Subscribed to the database's events."""
        if isinstance(event, OrderChanged):
            self.changed(event.tenant, event.order)

    def changed(self, tenant: Tenant, order: str) -> None:
        """Look at an order, in which another server process may have changed something."""
        if self._open:
            self._soon(self._take((tenant, order)))

    def missed(self) -> None:
        """Look at everything: what other server processes told may have been missed."""
        if self._open:
            self._soon(self.look())

    async def look(self) -> None:
        """Look at all orders that have something to do."""
        for key in await self._kit.database.read(lambda tx: tx.orders.open()):
            await self._take(key)

    async def idle(self) -> None:
        """Wait until nothing is under way in this process; for tests and for the end of a drain."""
        while self._tasks or any(job.tasks for job in self._jobs.values()):
            running = [*self._tasks, *(task for job in self._jobs.values() for task in job.tasks.values())]
            await asyncio.wait(running)
            await asyncio.sleep(0)

    async def _take(self, key: Key) -> None:
        """Begin whatever the order has to do, if it is ours; finish it if there is nothing."""
        async with self._turns.one(*key):
            try:
                await self._begin(key)
            except HanseError as error:
                log.warning("acquire: %s", error.message)

    async def _begin(self, key: Key) -> None:
        order, items = await self._kit.database.read(lambda tx: (tx.orders.get(*key), tx.orders.items(*key)))
        if order is None or not _anything(order, items) or not await self._claim([key]):
            return
        job = self._jobs.setdefault(key, _Job())
        if order.cancelled is not None and not job.cancelled:
            job.cancelled = True
            await self._interrupt(job)
            items = await self._kit.database.read(lambda tx: tx.orders.items(*key))
        for item in items:
            if item.loose and item.number not in job.tasks:
                self._start(key, job, item.number)
        if not job.tasks:
            await self._end(key)

    async def _interrupt(self, job: _Job) -> None:
        """Stop what is under way, so that it is looked at anew: it is to be cancelled."""
        tasks = list(job.tasks.values())
        job.tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, key: Key, job: _Job, number: int) -> None:
        task = asyncio.get_running_loop().create_task(self._work.run(*key, number))
        job.tasks[number] = task
        task.add_done_callback(lambda done: self._ended(key, job, number, done))

    def _ended(self, key: Key, job: _Job, number: int, task: asyncio.Task[None]) -> None:
        if job.tasks.get(number) is not task:
            return  # it was interrupted, and another one does its work
        del job.tasks[number]
        if not task.cancelled() and (error := task.exception()) is not None:
            # Not at once again: it would fail again. The next event or the next start takes it up.
            log.error("acquire: an item was left: %s", type(error).__name__, exc_info=error)
        elif self._open and not job.tasks:
            self._soon(self._take(key))

    async def _end(self, key: Key) -> None:
        """Say where the order stands now that nothing is under way, and let go of it."""
        self._jobs.pop(key, None)

        def work(tx: Any) -> None:
            if tx.order_leases.holds(*key, self._kit.holder):
                self._kit.settle(tx, *key)
                tx.order_leases.release(*key, self._kit.holder)

        await self._kit.database.run(work)

    async def _claim(self, keys: Sequence[Key]) -> list[Key]:
        """Take or prolong leases; return those that are ours."""
        now = self._kit.clock.now()
        until = now + self._kit.rules.lease

        def work(tx: Any) -> list[Key]:
            return [key for key in keys if tx.order_leases.claim(*key, self._kit.holder, now, until)]

        return await self._kit.database.run(work)

    async def _hold(self) -> None:
        """Prolong our leases in time; stop what is no longer ours; look for what others have left."""
        beats = 0
        while True:
            await asyncio.sleep(self._kit.rules.lease.total_seconds() / _BEATS)
            beats += 1
            try:
                await self._prolong()
                if not self._alone and beats % _BEATS == 0:
                    await self.look()
            except HanseError as error:
                log.warning("acquire: %s", error.message)

    async def _prolong(self) -> None:
        keys = list(self._jobs)
        ours = set(await self._claim(keys)) if keys else set()
        for key in keys:
            job = self._jobs.get(key)
            if key not in ours and job is not None:
                del self._jobs[key]
                await self._interrupt(job)

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _anything(order: Order, items: Sequence[Item]) -> bool:
    """Tell whether there is anything to do for an order: an item, or to say that there is no more."""
    if any(item.loose for item in items):
        return True
    return order.state is OrderState.RUNNING and standing_of(order, items) is not OrderState.RUNNING
