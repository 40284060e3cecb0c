"""The responses under way, by transfer, so that a halt can cut them at once.

A response enters before its right to run is checked: a halt that commits in between finds it here. What cuts is a
function that the adapter hands in (it aborts the connection); it works for a reader that has stopped reading, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from hanse.dataplane.records import Halted
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Did, Tenant

TICK = 0.25
"""Seconds between two looks at the clock, at most: somebody may set it."""
PATIENCE = 0.5
"""Seconds in which it must be known whether a response may go on beyond its moment."""

_LOG = logging.getLogger("hanse.dataplane")

Again = Callable[[], Awaitable[datetime | None]]
"""Decides anew: returns until when the response may run, `None` for without an end; raises a `HanseError` if it may not."""


class Response:
    """One response under way. `cut` may be called any number of times, from the event loop."""

    def __init__(self, abort: Callable[[], object], clock: Clock) -> None:
        self._abort = abort
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None
        self.is_cut = False
        self.peer: Did | None = None
        """Who is served, or sends, once that is known; its standing is watched as long as the response runs."""

    def cut(self) -> None:
        """End it now."""
        if not self.is_cut:
            self.is_cut = True
            self._abort()

    def until(self, moment: datetime | None, again: Again | None = None) -> None:
        """End it at `moment`, unless it has ended by then, or `again` says that it may go on.

        The loop's time runs whatever is done to the clock; so the clock is looked at often, and a step of it is noticed.
        """
        if self._timer is not None:
            self._timer.cancel()
        if moment is None or self.is_cut:
            return
        left = (moment - self._clock.now()).total_seconds()
        loop = asyncio.get_running_loop()
        if left > 0:
            self._timer = loop.call_later(min(left, TICK), self.until, moment, again)
        elif again is None:
            self.cut()
        elif self._asking is None:
            self._asking = loop.create_task(self._ask(again))

    def release(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
        if self._asking is not None and self._asking is not asyncio.current_task():
            self._asking.cancel()

    async def _ask(self, again: Again) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                moment = await again()
        except Exception as error:  # noqa: BLE001 - whatever it is, what is not known to be permitted ends
            if not isinstance(error, HanseError | TimeoutError):
                _LOG.exception("a response could not be decided again")
            self.cut()
            return
        finally:
            self._asking = None
        if moment is not None and moment <= self._clock.now():
            self.cut()
        else:
            self.until(moment, again)


class Running:
    """The registry. One per process; `app.py` subscribes `on_halted` to `Halted`, from any process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._responses: dict[tuple[Tenant, str], set[Response]] = {}

    @contextmanager
    def enter(self, tenant: Tenant, transfer: str, abort: Callable[[], object]) -> Iterator[Response]:
        """Register a response for as long as the block runs."""
        response = Response(abort, self._clock)
        group = self._responses.setdefault((tenant, transfer), set())
        group.add(response)
        try:
            yield response
        finally:
            response.release()
            group.discard(response)
            if not group and self._responses.get((tenant, transfer)) is group:
                del self._responses[tenant, transfer]

    def cut(self, tenant: Tenant, transfer: str) -> int:
        """Cut every response of the transfer; return how many there were."""
        responses = list(self._responses.get((tenant, transfer), ()))
        for response in responses:
            response.cut()
        return len(responses)

    def cut_tenant(self, tenant: Tenant) -> int:
        """Cut every response of a participant, which is gone; return how many there were."""
        return sum(self.cut(name, transfer) for name, transfer in list(self._responses) if name == tenant)

    def cut_all(self) -> int:
        """Cut everything: halts may have been missed. Whoever still has the right to the data goes on where it was cut."""
        return sum(self.cut(tenant, transfer) for tenant, transfer in list(self._responses))

    def on_halted(self, event: Halted) -> None:
        """Cut what the event names."""
        self.cut(event.tenant, event.transfer)

    def served(self) -> set[tuple[Tenant, str, Did]]:
        """Return the transfers that have responses under way, each with its peer."""
        groups = self._responses.items()
        return {(tenant, transfer, one.peer) for (tenant, transfer), group in groups for one in group if one.peer is not None}

    def count(self) -> int:
        """Return how many responses are under way, for the metrics."""
        return sum(len(group) for group in self._responses.values())
