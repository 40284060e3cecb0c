"""The responses under way, by transfer, so that a halt can cut them at once.

A response enters before its right to run is checked: a halt that commits in between finds it here. What cuts is a
function that the adapter hands in (it aborts the connection); it works for a reader that has stopped reading, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from hanse.dataplane.records import Halted
from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Did, Tenant


class Response:
    """One response under way. `cut` may be called any number of times, from the event loop."""

    def __init__(self, abort: Callable[[], object], clock: Clock) -> None:
        self._abort = abort
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self.is_cut = False
        self.peer: Did | None = None
        """Who is served, or sends, once that is known; its standing is watched as long as the response runs."""

    def cut(self) -> None:
        """End it now."""
        if not self.is_cut:
            self.is_cut = True
            self._abort()

    def until(self, moment: datetime | None) -> None:
        """End it at `moment`, unless it has ended by then."""
        if moment is None:
            return
        seconds = (moment - self._clock.now()).total_seconds()
        # A loop's timers overflow after some weeks; no response runs for longer than a day.
        self._timer = asyncio.get_running_loop().call_later(min(max(seconds, 0.0), 86_400.0), self.cut)

    def release(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()


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
