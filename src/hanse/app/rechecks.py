"""Holders look up now and then whether what they hold still counts: what was taken back is not presented, and not shown as good."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Final, Protocol

from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Did, Tenant

log = logging.getLogger("hanse.wallets")

EVERY: Final = timedelta(minutes=5)
"""From the beginning of one round to that of the next, at least."""
PATIENCE: Final = 30.0
"""Seconds that one participant's credentials may take in a round: the list of an issuer that is away takes five."""


class Tenants(Protocol):
    """The participants of this server."""

    def names(self) -> list[Tenant]:
        """Return them."""
        ...

    def did_of(self, name: Tenant) -> Did:
        """Return one's DID. Raises `NotFound`."""
        ...


class Holders(Protocol):
    """What participants hold (`wallet.credentials`)."""

    async def recheck_all(self, tenant: Tenant, did: Did) -> None:
        """Look up every credential of one participant."""
        ...


class Rechecks:
    """A chore of the timer, which does not wait for it: a round runs beside everything else, one participant after the other."""

    def __init__(self, tenants: Tenants, holders: Holders, clock: Clock) -> None:
        self._tenants = tenants
        self._holders = holders
        self._clock = clock
        self._next = clock.now() + EVERY
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Begin a round if it is time and the last one is over; called as often as anybody likes."""
        now = self._clock.now()
        if now < self._next or (self._task is not None and not self._task.done()):
            return
        self._next = now + EVERY
        self._task = asyncio.get_running_loop().create_task(self.round())

    async def round(self) -> None:
        """Look once at what all participants hold. One that fails, or takes too long, is looked at in the next round."""
        for name in self._tenants.names():
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._holders.recheck_all(name, self._tenants.did_of(name))
            except (HanseError, TimeoutError) as error:
                log.info("What a participant holds could not be looked up: %s", type(error).__name__, extra={"participant": name})

    async def stop(self) -> None:
        """End a round that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
