"""Work that many wait for at once is done once; and a failure is not tried again at the rate at which somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from msgspec import Struct

from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError
from hanse.trust.bounded import Bounded

T = TypeVar("T")
E = TypeVar("E", bound=HanseError)

_FAILURES = 10_000


class _Failed(Struct, frozen=True):
    error: HanseError
    at: datetime


class Flights(Generic[T, E]):
    """Shares each piece of work under way, by key. Failures of the type `failures` are results, remembered for `remembered`.

    All other exceptions go to everybody who waits, and are not remembered: a fault of our own passes with its cause.
    """

    def __init__(self, clock: Clock, failures: type[E], remembered: timedelta) -> None:
        self._clock = clock
        self._failures = failures
        self._remembered = remembered
        self._failed: Bounded[Hashable, _Failed] = Bounded(_FAILURES)
        self._running: dict[Hashable, asyncio.Task[T | E]] = {}

    async def run(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T | E:
        """Return what `work` returns or fails with; what was started or failed lately for this key counts for this call too."""
        failed = self._failed.get(key)
        if failed is not None and timedelta() <= self._clock.now() - failed.at < self._remembered:
            error: Any = failed.error
            return error  # type: ignore[no-any-return]
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._fly(key, work))
            self._running[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))
        # Shielded: one caller that goes away must not take the result from the others.
        return await asyncio.shield(task)

    def forget(self, test: Callable[[Any], bool] = lambda _: True) -> None:
        """Let nobody wait any more for what is under way for such keys, and forget their failures: the world has changed."""
        self._failed.drop(lambda key, _: test(key))
        for key in [key for key in self._running if test(key)]:
            del self._running[key]

    async def _fly(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T | E:
        try:
            result = await work()
        except self._failures as error:
            if self._running.get(key) is asyncio.current_task():
                self._failed.put(key, _Failed(error, self._clock.now()))
            return error
        self._failed.pop(key)
        return result

    def _landed(self, key: Hashable, task: asyncio.Task[T | E]) -> None:
        if self._running.get(key) is task:
            del self._running[key]
        if not task.cancelled():
            task.exception()  # looked at, so that nobody is told of an error that all who waited have turned away from
