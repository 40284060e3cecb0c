"""Keeps running transfers honest: whoever loses its standing while its data flows is cut off, within a minute.

Nobody has to ask for anything: a peer that has lost its membership has no reason to call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from hanse.kernel.errors import Forbidden, HanseError, OwnError
from hanse.trust.ports import Cut, Rights, Running, Watched

log = logging.getLogger("hanse.trust")

EVERY: Final = 5.0
"""Seconds between two looks, unless woken."""
PATIENCE: Final = 5.0
"""Seconds that one look may take; what is not known by then is judged by what was known before."""


class StandingWatch:
    """Looks at everybody whose data flows, every five seconds and whenever it is woken."""

    def __init__(self, rights: Rights, running: Running, cut: Cut, *, every: float = EVERY, patience: float = PATIENCE) -> None:
        self._rights = rights
        self._running = running
        self._cut = cut
        self._every = every
        self._patience = patience
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def check(self, peers: Iterable[Watched]) -> list[tuple[Watched, HanseError]]:
        """Return which of them have lost their right, with the reason. They are looked at all at once."""
        watched = list(peers)
        outcomes = await asyncio.gather(*(self._look(one) for one in watched))
        return [(one, error) for one, error in zip(watched, outcomes, strict=True) if error is not None]

    async def look(self) -> None:
        """Look at everybody once, and cut those off who have lost their standing."""
        for watched, reason in await self.check(await self._running.peers()):
            fields = {"participant": watched.tenant, "peer": watched.peer, "rule": reason.rule}
            log.warning("standing lost: %s", reason.message, extra=fields)
            try:
                await self._cut.cut(watched, reason)
            except HanseError as error:
                log.error("What flows to %s could not be cut: %s", watched.peer, error.message, extra=fields)  # tried again in seconds

    def start(self) -> None:
        """Begin to watch."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        """Look at once: a status list or a rulebook has changed."""
        self._woken.set()

    async def stop(self) -> None:
        """End the watch."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            begun = loop.time()
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, a watch that has ended would let everything flow
                log.error("The watch of running transfers failed once: %s", type(error).__name__)
            try:
                # From one beginning to the next: a slow look must not make the next one later than it has to be.
                await asyncio.wait_for(self._woken.wait(), max(0.0, self._every - (loop.time() - begun)))
            except TimeoutError:
                continue

    async def _look(self, watched: Watched) -> HanseError | None:
        error: HanseError
        try:
            async with asyncio.timeout(self._patience):
                await self._rights.check(watched)
        except TimeoutError:
            error = Forbidden("Whether its credentials still hold could not be found out in time.", rule="unproved")
        except OwnError as fault:
            error = fault
        except HanseError as fault:
            return fault
        else:
            return None
        # It is not the peer's fault: what was known a moment ago counts, for as long as it may be relied on.
        return None if self._rights.relied_on(watched) else error
