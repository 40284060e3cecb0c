"""Waiting for the next change of a negotiation or a transfer, without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hanse.connector.kit import Changed
from hanse.kernel.errors import TooMany
from hanse.kernel.tenant import Tenant

MOST = 10_000
MOST_PER_PROCESS = 100
_COME_BACK = 5.0


class Watch:
    """Wakes those who wait for a process, when a change of it has been committed.

    `subscribe` is the database's: it hands over events of this server process. What another server process changes is
    brought here by whoever hears of it, through `touched`. Waiters are bounded, in all and per process.
    """

    def __init__(
        self, subscribe: Callable[[Callable[[object], None]], None], *, most: int = MOST, most_per_process: int = MOST_PER_PROCESS
    ) -> None:
        self._waiting: dict[tuple[Tenant, str], set[asyncio.Event]] = {}
        self._count = 0
        self._limits = (most, most_per_process)
        self.ended = False
        subscribe(self._heard)

    @property
    def waiters(self) -> int:
        """Return how many wait now."""
        return self._count

    def touched(self, tenant: Tenant, id: str) -> None:
        """Wake those who wait for this process."""
        for event in self._waiting.get((tenant, id), ()):
            event.set()

    def touch_all(self) -> None:
        """Wake everybody: changes may have been missed."""
        for tenant, id in self._waiting:
            self.touched(tenant, id)

    def end(self) -> None:
        """Let everybody go, now and from now on: the server is about to stop."""
        self.ended = True
        self.touch_all()

    @contextmanager
    def following(self, tenant: Tenant, id: str) -> Iterator[asyncio.Event]:
        """Give an event that is set by every change from now on; clear it before looking. Raises `TooMany`."""
        most, per_process = self._limits
        present = self._waiting.get((tenant, id), set())
        if self._count >= most or len(present) >= per_process:
            raise TooMany("Too many requests wait for a change.", retry_after=_COME_BACK, where="wait", hint="Ask without `wait`.")
        event = asyncio.Event()
        self._waiting.setdefault((tenant, id), present).add(event)
        self._count += 1
        try:
            yield event
        finally:
            self._count -= 1
            present.discard(event)
            if not present:
                self._waiting.pop((tenant, id), None)

    def _heard(self, event: object) -> None:
        if isinstance(event, Changed):
            self.touched(event.tenant, event.id)
