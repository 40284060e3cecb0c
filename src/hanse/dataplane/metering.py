"""Counts what is released, before it is: bytes of a response in full, time in leases. What was not used is given back.

So the sum can never exceed what the terms allow, however many responses run at once, in however many processes. Of a
transfer whose responses run side by side the time counts once. Where the terms count no bytes, what was sent is written down
afterwards, for the log: large responses at once, small ones together.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from hanse.dataplane.ports import Database, Permission
from hanse.dataplane.records import Permit
from hanse.dataplane.running import Running
from hanse.kernel.errors import Forbidden, HanseError
from hanse.kernel.tenant import Tenant

LEASES: Final = (10, 5, 2, 1)
"""Seconds that are reserved at once; shorter ones where the terms allow no more."""
LARGE: Final = 16 << 20
"""Bytes from which on what was sent is written down at once."""
TOGETHER: Final = 0.1
"""Seconds in which smaller responses are written down together."""
_LOG: Final = logging.getLogger("hanse.dataplane")


class Account:
    """What one response has sent, in bytes."""

    def __init__(self) -> None:
        self.sent = 0


class _Meter:
    """The time of one transfer, while any response of it runs."""

    def __init__(self) -> None:
        self.users = 0
        self.leased = 0
        self.begun = 0.0
        self.task: asyncio.Task[None] | None = None
        self.lock = asyncio.Lock()


class Meters:
    """Reserves and gives back for all responses of this process."""

    def __init__(
        self, database: Database, permission: Permission, running: Running, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._database = database
        self._permission = permission
        self._running = running
        self._sleep = sleep
        self._meters: dict[tuple[Tenant, str], _Meter] = {}
        self._unwritten: dict[tuple[Tenant, str], int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def released(self, tenant: Tenant, transfer: str, permit: Permit, planned: int) -> AsyncIterator[Account]:
        """Reserve `planned` bytes and the time of the block; raises `Forbidden` if the terms do not allow them."""
        account = Account()
        if permit.volume or not permit.begun:
            await self._take(tenant, transfer, permit, planned if permit.volume else 0, 0)
        try:
            async with self._timed(tenant, transfer, permit):
                yield account
        finally:
            if permit.volume:
                await self._give_back(tenant, transfer, permit, planned - account.sent, 0)
            else:
                await self._sent(tenant, transfer, account.sent)

    async def _sent(self, tenant: Tenant, transfer: str, volume: int) -> None:
        key = (tenant, transfer)
        unwritten = self._unwritten.get(key)
        self._unwritten[key] = (unwritten or 0) + volume
        if self._unwritten[key] >= LARGE:
            await self._write_down(tenant, transfer)
        elif unwritten is None:
            task = asyncio.get_running_loop().create_task(self._later(tenant, transfer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _later(self, tenant: Tenant, transfer: str) -> None:
        await asyncio.sleep(TOGETHER)
        try:
            await self._write_down(tenant, transfer)
        except HanseError as error:
            _LOG.warning("what was sent of %s could not be written down: %s", transfer, error.message)

    async def _write_down(self, tenant: Tenant, transfer: str) -> None:
        volume = self._unwritten.pop((tenant, transfer), 0)
        if volume:
            await self._database.run(lambda tx: self._permission.sent(tx, tenant, transfer, volume))

    @asynccontextmanager
    async def _timed(self, tenant: Tenant, transfer: str, permit: Permit) -> AsyncIterator[None]:
        if not permit.time:
            yield
            return
        key = (tenant, transfer)
        meter = self._meters.setdefault(key, _Meter())
        meter.users += 1
        try:
            await self._start(tenant, transfer, permit, meter)
            yield
        finally:
            meter.users -= 1
            if not meter.users:
                self._meters.pop(key, None)
                await self._stop(tenant, transfer, permit, meter)

    async def _start(self, tenant: Tenant, transfer: str, permit: Permit, meter: _Meter) -> None:
        async with meter.lock:
            if meter.task is not None:
                return
            lease = await self._lease(tenant, transfer, permit)
            loop = asyncio.get_running_loop()
            meter.leased, meter.begun = lease, loop.time()
            meter.task = loop.create_task(self._go_on(tenant, transfer, permit, meter))

    async def _go_on(self, tenant: Tenant, transfer: str, permit: Permit, meter: _Meter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._sleep(max(0.0, meter.begun + meter.leased - loop.time()))
            try:
                meter.leased += await self._lease(tenant, transfer, permit)
            except Exception as error:  # noqa: BLE001 - whatever it is, time that is not counted is not given
                if not isinstance(error, HanseError):
                    _LOG.exception("the time of %s could not be counted", transfer)
                self._running.cut(tenant, transfer)
                return

    async def _stop(self, tenant: Tenant, transfer: str, permit: Permit, meter: _Meter) -> None:
        if meter.task is None:
            return
        meter.task.cancel()
        await asyncio.gather(meter.task, return_exceptions=True)
        used = math.ceil(asyncio.get_running_loop().time() - meter.begun)
        await self._give_back(tenant, transfer, permit, 0, meter.leased - used)

    async def _lease(self, tenant: Tenant, transfer: str, permit: Permit) -> int:
        refused: HanseError | None = None
        await self._permission.prepare(tenant, permit.agreement, permit.consumer)  # what others know has an age
        for seconds in LEASES:
            try:
                await self._take(tenant, transfer, permit, 0, seconds)
            except Forbidden as error:
                refused = error
            else:
                return seconds
        raise refused or Forbidden("There is no time left.", rule="policy")

    async def _take(self, tenant: Tenant, transfer: str, permit: Permit, volume: int, seconds: int) -> None:
        await self._database.run(lambda tx: self._permission.take(tx, tenant, transfer, permit, volume, seconds))

    async def _give_back(self, tenant: Tenant, transfer: str, permit: Permit, volume: int, seconds: int) -> None:
        if volume > 0 or seconds > 0:
            await self._database.run(lambda tx: self._permission.give_back(tx, tenant, transfer, permit, max(volume, 0), max(seconds, 0)))
