"""Copies of a federated space's catalogues: read from its members, fresh within the hour, and gone when the space trusts us no more.

A copy is for looking only: whatever is acquired is looked up anew at its provider. Our own rules come first: what the link leaves out
is not copied.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from msgspec import Struct, structs

from hanse.dcat.model import Dataset
from hanse.factory.links.links import Links
from hanse.factory.links.records import Link
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Forbidden, HanseError
from hanse.kernel.tenant import Did, Tenant

log = logging.getLogger("hanse.links")

EVERY: Final = timedelta(hours=1)
"""How old a copy becomes before it is read anew."""
AT_ONCE: Final = 8
PATIENCE: Final = 60.0
"""Seconds that one member's catalogue may take."""
MOST: Final = 10_000
"""Datasets that are copied of one member."""

T = TypeVar("T")


class Copy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a member of a space offered to us when it was read last; `problem` is why it could not be read anew since."""

    tenant: Tenant
    space: str
    peer: Did
    name: str
    read: datetime
    datasets: tuple[Dataset, ...] = ()
    problem: str = ""


class CopyStore(Protocol):
    """Copies of catalogues."""

    def put(self, copy: Copy) -> None:
        """Insert or replace."""
        ...

    def of(self, tenant: Tenant, space: str) -> Sequence[Copy]:
        """Return those of a space, by the members' DIDs."""
        ...

    def delete(self, tenant: Tenant, space: str, peer: Did) -> None:
        """Forget one."""
        ...

    def spaces(self) -> Sequence[tuple[Tenant, str]]:
        """Return of which spaces there are copies, for all participants."""
        ...


class CopiesTx(Protocol):
    """The part of a transaction that copies use."""

    @property
    def copies(self) -> CopyStore:
        """Copies of catalogues."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[CopiesTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[CopiesTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Catalogues(Protocol):
    """The catalogues of peers."""

    async def members(self, tenant: Tenant, space: str) -> Sequence[tuple[Did, str]]:
        """Return the other members of a space: DID and name. Raises `Forbidden` if that cannot be told."""
        ...

    async def read(self, tenant: Tenant, peer: Did) -> Sequence[Dataset]:
        """Return what a peer offers to us. Raises `PeerError`s and `Forbidden`."""
        ...

    async def replicating(self) -> Sequence[Link]:
        """Return the links of all participants whose mode lets them copy catalogues."""
        ...


class Replicas:
    """The copies of all participants."""

    def __init__(self, database: Database, links: Links, catalogues: Catalogues, clock: Clock) -> None:
        """Take the ports."""
        self._database = database
        self._links = links
        self._catalogues = catalogues
        self._clock = clock

    async def of(self, tenant: Tenant, space: str) -> Sequence[Copy]:
        """Return the copies of a space's catalogues, as old as they are."""
        return await self._database.read(lambda tx: tx.copies.of(tenant, space))

    async def refresh(self, tenant: Tenant, space: str) -> Sequence[Copy]:
        """Read all catalogues of a space anew. Raises `Forbidden` with the reason if the link does not allow it; then all copies go."""
        may = await self._links.may(tenant, space, "replicate")
        if not may.yes:
            await self._purge(tenant, space, keep=())
            raise Forbidden(may.why, where="space", rule="link")
        link = (await self._links.show(tenant, space)).link
        members = [one for one in await self._catalogues.members(tenant, space) if one[0] not in link.without]
        before = {one.peer: one for one in await self.of(tenant, space)}
        gate = asyncio.Semaphore(AT_ONCE)

        async def look(peer: Did, name: str) -> Copy:
            async with gate:
                return await self._read(link, peer, name, before.get(peer))

        copies = await asyncio.gather(*(look(peer, name) for peer, name in members))
        await self._purge(tenant, space, keep=[one.peer for one in copies])
        for copy in copies:
            await self._database.run(lambda tx, copy=copy: tx.copies.put(copy))  # type: ignore[misc]
        return copies

    async def refresh_due(self) -> None:
        """Read anew what has become old, and forget what may not be kept any more; a chore of the timer."""
        links = {(link.tenant, link.space): link for link in await self._catalogues.replicating()}
        for tenant, space in dict.fromkeys([*links, *await self._database.read(lambda tx: tx.copies.spaces())]):
            try:
                if (tenant, space) not in links:
                    await self._purge(tenant, space, keep=())
                elif await self._is_old(tenant, space, links[tenant, space]):
                    await self.refresh(tenant, space)
            except HanseError as error:
                log.warning("The catalogues of %s could not be copied: %s", space, error.message, extra={"participant": tenant})

    async def _is_old(self, tenant: Tenant, space: str, link: Link) -> bool:
        copies = await self.of(tenant, space)
        newest = max((one.read for one in copies), default=link.since - EVERY)
        return self._clock.now() - newest >= EVERY or not copies

    async def _read(self, link: Link, peer: Did, name: str, before: Copy | None) -> Copy:
        now = self._clock.now()
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._catalogues.read(link.tenant, peer)
        except (HanseError, TimeoutError) as error:
            problem = error.message if isinstance(error, HanseError) else "It did not answer in time."
            if before is not None:
                return structs.replace(before, problem=problem)
            return Copy(tenant=link.tenant, space=link.space, peer=peer, name=name, read=now, problem=problem)
        datasets = tuple(one for one in found if one.id not in link.without)[:MOST]
        return Copy(tenant=link.tenant, space=link.space, peer=peer, name=name, read=now, datasets=datasets)

    async def _purge(self, tenant: Tenant, space: str, *, keep: Sequence[Did]) -> None:
        gone = [one.peer for one in await self.of(tenant, space) if one.peer not in keep]

        def work(tx: CopiesTx) -> None:
            for peer in gone:
                tx.copies.delete(tenant, space, peer)

        if gone:
            await self._database.run(work)
