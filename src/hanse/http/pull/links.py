"""How fast the links to providers are: remembered of each fetch, and, on demand, asked of the provider's endpoint.

Nothing is downloaded just to be measured: bandwidth is known from transfers under a contract only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from hanse.dcat.holding import DatasetVersion
from hanse.factory.acquire.records import LinkSpeed
from hanse.http.peer import PeerClient
from hanse.http.pull.ports import Fetched, Fetcher, Progress, Sink
from hanse.http.resolve import DidResolver
from hanse.kernel.clock import Clock
from hanse.kernel.errors import PeerInvalid
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")

ENOUGH: Final = 1 << 20
"""Bytes that have to move before the time they took says something."""
SAMPLES: Final = 3
"""Requests of one measurement; the fastest counts."""

_TIMEOUT: Final = 5.0
_LIMIT: Final = 64 * 1024


class Database(Protocol):
    """Runs work in one transaction whose stores are `transfers` and `link_speeds`."""

    async def run(self, work: Callable[[Any], T]) -> T:
        """Run `work` in a writing transaction."""
        ...

    async def read(self, work: Callable[[Any], T]) -> T:
        """Run `work` without writing."""
        ...


class Links:
    """The links of all participants of this server. In what is told of one, a rate of 0 means: never measured."""

    def __init__(self, database: Database, resolver: DidResolver, client: PeerClient, clock: Clock) -> None:
        self._database = database
        self._resolver = resolver
        self._client = client
        self._clock = clock

    async def speed(self, tenant: Tenant, peer: Did) -> LinkSpeed | None:
        """Return what is known of the link, or nothing."""
        found: LinkSpeed | None = await self._database.read(lambda tx: tx.link_speeds.get(tenant, peer))
        return found

    async def measure(self, tenant: Tenant, peer: Did) -> LinkSpeed:
        """Ask the peer's protocol endpoint for its latency, and return it with the bandwidth of past transfers. Raises `PeerError`s."""
        document = await self._resolver.resolve(peer)
        endpoint = document.endpoint("DataService")
        if endpoint is None:
            raise PeerInvalid("The peer's DID document names no protocol endpoint.", where="service")
        waits = []
        for _ in range(SAMPLES):
            began = time.monotonic()
            await self._client.send("GET", endpoint, timeout=_TIMEOUT, limit=_LIMIT)
            waits.append(time.monotonic() - began)
        return await self._note(tenant, peer, None, min(waits))

    async def fetched(self, tenant: Tenant, transfer: str, found: Fetched) -> None:
        """Remember how fast a fetch was. One that mostly found here what it looked for says nothing of the link."""
        if found.moved < ENOUGH or found.moved < found.size // 2 or found.seconds <= 0:
            return
        process = await self._database.read(lambda tx: tx.transfers.get(tenant, transfer))
        if process is not None:
            await self._note(tenant, process.peer, found.moved / found.seconds, found.latency)

    async def _note(self, tenant: Tenant, peer: Did, rate: float | None, latency: float | None) -> LinkSpeed:
        """Remember a measurement. Half of a rate is the last one, so that one bad day is not taken for the link."""
        now = self._clock.now()

        def work(tx: Any) -> LinkSpeed:
            before: LinkSpeed | None = tx.link_speeds.get(tenant, peer)
            known = before.rate if before is not None else 0.0
            smoothed = known if rate is None else (known + rate) / 2 if known else rate
            waited = latency if latency is not None else before.latency if before is not None else 0.0
            speed = LinkSpeed(tenant=tenant, peer=peer, rate=smoothed, latency=waited, at=now)
            tx.link_speeds.put(speed)
            return speed

        return await self._database.run(work)


class MeasuredFetcher:
    """A fetcher whose fetches are remembered. Satisfies `ports.Fetcher`."""

    def __init__(self, fetcher: Fetcher, links: Links) -> None:
        self._fetcher = fetcher
        self._links = links

    async def fetch(
        self, tenant: Tenant, transfer: str, sink: Sink, previous: DatasetVersion | None = None, progress: Progress | None = None
    ) -> Fetched:
        """Fetch, and remember how fast it was."""
        found = await self._fetcher.fetch(tenant, transfer, sink, previous, progress)
        await self._links.fetched(tenant, transfer, found)
        return found
