"""Builds witnessing, and lets witnesses see the logs: soon after something was appended, and at least once a day.

Rounds run beside the timer, which sends what peers wait for: a witness that does not answer must not hold it up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, Protocol

from starlette.routing import Route

from hanse.app.build import Ground
from hanse.app.evidence import EvidenceSide
from hanse.app.tenants import Tenants, changed
from hanse.app.trust import TrustSide
from hanse.http.limits import RateLimiter
from hanse.http.witness import WitnessEndpoints
from hanse.http.witness_client import HttpWitnesses
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Forbidden, HanseError, NotFound, PeerUnreachable
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.monitor import Monitor
from hanse.ledger.records import Appended, Grown
from hanse.ledger.witness import Witness, hash_of
from hanse.ledger.witness_records import ForkAlarm
from hanse.ledger.witnessing import Witnessing
from hanse.storage import Tx

log = logging.getLogger("hanse.witnesses")

SOON: Final = 3.0
"""Seconds from the first entry that no witness has seen to the round in which they see it, with all that came meanwhile."""
LOOK: Final = timedelta(hours=1).total_seconds()
"""Seconds after which it is looked whose cosignatures are a day old."""
AFTER_FAULT: Final = 60.0
"""Seconds to the next attempt after a fault of our own."""
PATIENCE: Final = 10.0
"""Seconds that a start waits for the witnesses of restored logs."""
AT_ONCE: Final = 8
"""Rounds that run at once."""
_RATE, _BURST = 50.0, 500
"""Requests a second from one address for one participant's log and witness."""


class Members(Protocol):
    """The registers of the joined spaces (`trust.directory`)."""

    async def require(self, tenant: Tenant, peer: Did) -> object:
        """Return the peer's entry. Raises `Forbidden` if it has none, or if that cannot be told."""
        ...


class JoinedSpaces:
    """Whom a participant deals with, as witnessing asks."""

    def __init__(self, tenants: Tenants, members: Members) -> None:
        self._tenants = tenants
        self._members = members

    async def is_member(self, tenant: Tenant, peer: Did) -> bool:
        """Tell whether the peer is an active member of a space that the tenant has joined. Raises `Forbidden` if nobody can tell now."""
        try:
            await self._members.require(tenant, peer)
        except Forbidden as refused:
            if refused.rule in {"not-a-member", "no-space"}:
                return False
            raise
        return True

    def own(self, tenant: Tenant) -> Did:
        """Return the participant's own DID. Raises `NotFound`."""
        return self._tenants.did_of(tenant)

    def hosts(self, tx: Tx, tenant: Tenant) -> bool:
        """Tell whether the participant is still there: nothing is written for one that was erased."""
        return tx.participants.get(tenant) is not None

    async def anchors(self, tenant: Tenant) -> Sequence[Did]:
        """Return the anchors of the spaces that the participant has joined, itself left out."""
        own, links = self.own(tenant), await self._tenants.spaces_of(tenant)
        return [did for did in dict.fromkeys(link.anchor for link in links) if did != own]


class NearWitnesses(HttpWitnesses):
    """The same client; what a witness of this very server saw is read without HTTP, since that is asked before it takes requests."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground.client, ground.resolver, ground.clock)
        self._tenants = ground.tenants
        self.near: Witness | None = None

    async def seen(self, witness: Did, origin: str) -> str | None:
        """Return the checkpoint that the witness saw last of a log, cosigned; nothing if it saw none. Raises `PeerError`s."""
        hosted = self._tenants.of_did(witness)
        if hosted is None or self.near is None:
            return await super().seen(witness, origin)
        if not self._tenants.answers(hosted.name):
            raise PeerUnreachable(f"{witness} is suspended.", rule="suspended")
        try:
            return await self.near.seen(hosted.name, hash_of(origin))
        except NotFound:
            return None


class Rounds:
    """Runs the rounds of witnessing for all participants, each when it is due; one of a participant at a time."""

    def __init__(self, witnessing: Witnessing, tenants: Callable[[], Sequence[Tenant]], clock: Clock, *, soon: float = SOON) -> None:
        self._witnessing = witnessing
        self._tenants = tenants
        self._clock = clock
        self._soon = soon
        self._due: dict[Tenant, float] = {}
        self._running: dict[Tenant, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._task: asyncio.Task[None] | None = None
        self._look_at = 0.0

    async def start(self) -> None:
        """Begin, with a look at all participants; logs that were restored are looked at before anything else can happen to them."""
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(self._check(tenant) for tenant in self._tenants()))
        except TimeoutError:
            log.warning("Witnesses of restored logs do not answer; until they do, these logs do not go on.")
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End. What no witness has seen yet is seen after the next start."""
        tasks = [task for task in (self._task, *self._running.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def on_event(self, event: object) -> None:
        """Hear that a log has grown, or that a participant has changed: it may have joined a space. Subscribed to the database's events."""
        if self._task is None:
            return
        tenant = event.tenant if isinstance(event, Appended | Grown) else changed(event)
        if isinstance(event, ForkAlarm):
            log.error("log %s, seen by %s: %s", event.log, event.witness, event.problem, extra={"participant": event.tenant})
        elif tenant is not None:
            soon = asyncio.get_running_loop().time() + self._soon
            if soon < self._due.get(tenant, math.inf):
                self._due[tenant] = soon
                self._woken.set()

    async def _check(self, tenant: Tenant) -> None:
        if (await self._witnessing.state(tenant)).unchecked:
            await self._round(tenant)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            now = loop.time()
            if now >= self._look_at:
                self._look_at = now + LOOK
                await self._look(now)
            for tenant in [one for one, due in self._due.items() if due <= now and one not in self._running]:
                del self._due[tenant]
                task = self._running[tenant] = loop.create_task(self._round(tenant))
                task.add_done_callback(lambda _, one=tenant: self._done(one))  # type: ignore[misc]
            waiting = [due for one, due in self._due.items() if one not in self._running]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min([self._look_at, *waiting])):
                    await self._woken.wait()

    def _done(self, tenant: Tenant) -> None:
        self._running.pop(tenant, None)
        self._woken.set()

    async def _look(self, now: float) -> None:
        for tenant in self._tenants():
            try:
                if await self._witnessing.due(tenant):
                    self._due.setdefault(tenant, now)
            except NotFound:
                continue  # it is suspended, or was erased meanwhile
            except HanseError as error:
                log.warning("It cannot be told whether witnesses are due: %s", error.message, extra={"participant": tenant})

    async def _round(self, tenant: Tenant) -> None:
        loop = asyncio.get_running_loop()
        pause: float | None = None
        try:
            async with self._slots:
                again = await self._witnessing.round(tenant)
            pause = None if again is None else max(self._soon, (again - self._clock.now()).total_seconds())
        except NotFound:
            pass  # it is suspended, or was erased meanwhile
        except HanseError as error:
            log.info("A round of witnesses has failed: %s", error.message, extra={"participant": tenant})
            pause = AFTER_FAULT
        except Exception:
            log.exception("A round of witnesses has failed.", extra={"participant": tenant})
            pause = AFTER_FAULT
        if pause is not None:
            self._due[tenant] = min(loop.time() + pause, self._due.get(tenant, math.inf))


class WitnessSide:
    """Witnessing on that ground: what a participant has others cosign, and what it cosigns for others."""

    def __init__(self, ground: Ground, trust: TrustSide, evidence: EvidenceSide) -> None:
        spaces = JoinedSpaces(ground.tenants, trust.directory)
        client = NearWitnesses(ground)
        self.witness = client.near = Witness(ground.database, ground.notes, spaces, client, ground.clock, RateLimiter(1, 60).check)
        self.witnessing = Witnessing(ground.database, evidence.ledger, spaces, client, ground.clock)
        self.monitor = Monitor(ground.database, spaces, client)
        self.rounds = Rounds(self.witnessing, ground.tenants.names, ground.clock)
        self._endpoints = WitnessEndpoints(ground.tenants.own, evidence.ledger, self.witness, RateLimiter(_RATE, _BURST))
        ground.database.subscribe(self.rounds.on_event)

    def routes(self) -> list[Route]:
        """Return the public routes."""
        return self._endpoints.routes()
