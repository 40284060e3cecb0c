"""Fetches all files of a started pull into a sink: what is here already is not fetched again, and nothing is left half done."""

from __future__ import annotations

import asyncio
import time

from msgspec.structs import replace

from hanse.dataplane.running import Running
from hanse.dcat.holding import DatasetVersion
from hanse.dsp.messages import DataAddress
from hanse.http.guard import AddressGuard
from hanse.http.pull.job import Earlier, Job
from hanse.http.pull.line import Access, Line
from hanse.http.pull.ports import Addresses, Fetched, Held, Keys, Progress, Settings, Sink
from hanse.kernel.errors import Conflict, PeerRefused, PeerUnreachable
from hanse.kernel.tenant import Tenant


class PullFetcher:
    """Satisfies `ports.Fetcher`. A transfer that is ended or halted here, or by its provider, stops its fetch at once (`running`)."""

    def __init__(
        self, guard: AddressGuard, addresses: Addresses, held: Held, keys: Keys, running: Running, settings: Settings | None = None
    ) -> None:
        self._guard = guard
        self._addresses = addresses
        self._held = held
        self._keys = keys
        self._running = running
        self._settings = settings or Settings()

    async def fetch(
        self, tenant: Tenant, transfer: str, sink: Sink, previous: DatasetVersion | None = None, progress: Progress | None = None
    ) -> Fetched:
        """Put all files into the sink, each verified; what the sink or the earlier version `previous` has is not fetched again.

        After an error what was put stays, and the next attempt goes on from there. Raises `PeerUnreachable`, `TooMany` and `NotReady`
        (later), `PeerRefused` (there is no right any more, or the transfer was halted), `PeerInvalid` (wrong data), `AddressRefused`,
        `Conflict` (not started), and what the sink raises.
        """
        task = asyncio.current_task()
        assert task is not None
        with self._running.enter(tenant, transfer, task.cancel) as response:
            try:
                return await self._fetch(tenant, transfer, sink, previous, progress)
            except asyncio.CancelledError:
                if not response.is_cut:
                    raise
                task.uncancel()
        if await self._addresses.current(tenant, transfer) is None:
            raise PeerRefused("The transfer was halted or ended while its data was fetched.", status=403)
        raise PeerUnreachable("The fetch was cut off here, because a halt may have been missed; the transfer stands.", rule="cut-off")

    async def _fetch(
        self, tenant: Tenant, transfer: str, sink: Sink, previous: DatasetVersion | None, progress: Progress | None
    ) -> Fetched:
        began = time.monotonic()
        address = await self._addresses.current(tenant, transfer)
        if address is None:
            raise Conflict("The transfer has no data address: it is not started, or is a push.", where="transfer", rule="no-address")
        line = Line(self._guard, Access(address, lambda stale: self._renewed(tenant, transfer, stale)), self._settings)
        earlier = None if previous is None else Earlier(self._held, previous, await self._held.files(tenant, previous.id))
        try:
            found = await Job(line, sink, lambda header: self._keys.open(tenant, header), progress, earlier).run(address)
        finally:
            await line.close()
        return replace(found, seconds=time.monotonic() - began)

    async def _renewed(self, tenant: Tenant, transfer: str, stale: str | None) -> DataAddress:
        """Return an address with another token than `stale`: a new start may have brought one, else it is renewed."""
        current = await self._addresses.current(tenant, transfer)
        if current is None:
            raise PeerRefused("The transfer is not started any more.", status=401)
        if current.properties.get("authorization") != stale:
            return current
        return await self._addresses.renew(tenant, transfer)
