"""One timer for everything that is due later: retries and deadlines. It sleeps until the next of them.

It is woken by whoever makes something due earlier. On a database that several server processes share it also looks
once per lease, because the process that was going to wake it may be dead (`docs/decisions/`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from hanse.connector.ports import ConnectorTx, Database
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError

log = logging.getLogger("hanse.timer")

_LONGEST = timedelta(hours=1)
_AFTER_FAULT = timedelta(seconds=5)


class Timer:
    """Runs `chores` whenever something may be due."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        chores: Sequence[Callable[[], Awaitable[object]]],
        patrol: timedelta | None = None,
        dues: Sequence[Callable[[], Awaitable[datetime | None]]] = (),
    ) -> None:
        """Take the chores, how often to look in any case, and who else knows when something is due next."""
        self._database = database
        self._clock = clock
        self._chores = chores
        self._patrol = patrol or _LONGEST
        self._dues = dues
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with a sweep: what was due while no server ran is done now."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        """Look again: something may be due earlier than was known."""
        self._woken.set()

    async def stop(self) -> None:
        """End the timer. Nothing is lost: what is due is in the database."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            pause = await self._turn()
            try:
                await asyncio.wait_for(self._woken.wait(), pause.total_seconds())
            except TimeoutError:
                continue

    async def _turn(self) -> timedelta:
        try:
            for chore in self._chores:
                await chore()
            return await self._until_next()
        except HanseError as error:
            # A full disk or a lost database must not end the timer: that is how processes get stuck for ever.
            log.warning("timer: %s", error.message)
            return _AFTER_FAULT
        except Exception:
            # Nor must a fault of one chore: every right would go on for ever.
            log.exception("timer: a chore failed")
            return _AFTER_FAULT

    async def _until_next(self) -> timedelta:
        def work(tx: ConnectorTx) -> datetime | None:
            moments = (tx.outbox.next_due(), tx.negotiations.next_deadline(), tx.transfers.next_deadline())
            return min((moment for moment in moments if moment is not None), default=None)

        known = [await self._database.read(work), *[await due() for due in self._dues]]
        moment = min((one for one in known if one is not None), default=None)
        if moment is None:
            return self._patrol
        return min(max(moment - self._clock.now(), timedelta(milliseconds=1)), self._patrol)
