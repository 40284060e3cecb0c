"""What a data request gets: checked against the token and the usage decision, every time, then planned as segments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime

from msgspec import Struct

from hanse.dataplane.chunks import ChunkLists, first_of, offered
from hanse.dataplane.derived import Derived, for_release
from hanse.dataplane.manifests import Manifests, encode_public
from hanse.dataplane.metering import Account, Meters
from hanse.dataplane.ports import Database, DataTx, Door, Opened, Permission, Sources, Verifier
from hanse.dataplane.records import Access, Entry, Issued, Manifest, Permit, Purpose
from hanse.dataplane.segments import Segment, Slice, tar, tar_size
from hanse.dataplane.tokens import Tokens
from hanse.kernel.errors import Forbidden, NotFound, SourceVanished
from hanse.kernel.tenant import Tenant


class Plan(Struct, frozen=True, kw_only=True):
    """A response before its range: `size` bytes of `media_type`, with a strong entity tag.

    `name` is a file name for people. `entry` is set when the body is exactly one file.
    """

    etag: str
    size: int
    media_type: str
    name: str
    manifest: Manifest | None = None
    body: bytes | None = None
    entry: Entry | None = None

    def segments(self) -> Iterator[Segment]:
        """Yield the whole body."""
        if self.body is not None:
            yield self.body
        elif self.entry is not None:
            yield Slice(self.entry, 0, self.entry.size)
        elif self.manifest is not None:
            yield from tar(self.manifest)


class Serving:
    """Answers data requests. It decides; sending is the adapter's part."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        permission: Permission,
        manifests: Manifests,
        sources: Sources,
        verifier: Verifier,
        door: Door | None = None,
        meters: Meters | None = None,
        derived: Derived | None = None,
        lists: ChunkLists | None = None,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._permission = permission
        self._manifests = manifests
        self._sources = sources
        self._verifier = verifier
        self._door = door
        self._meters = meters
        self._derived = derived
        self._lists = lists

    async def authorise(self, tenant: Tenant, transfer: str, token: str) -> Permit:
        """Return what the token opens now.

        Raises `Unauthenticated` for any token that is not this transfer's, `Forbidden` when the transfer is not
        started, the agreement has ended, the policy does not permit it or the consumer has left the space. Where the
        terms ask for changed data, the permit is for a derived version; `NotReady` is raised while that is made.
        """
        return await for_release(self._derived, tenant, await self._permitted(tenant, transfer, token))

    async def _permitted(self, tenant: Tenant, transfer: str, token: str) -> Permit:
        access = await self._database.read(lambda tx: self._tokens.find(tx, tenant, transfer, token, Purpose.PULL))
        if self._door is not None:  # before the terms are judged: they may ask for a role, which it finds out
            await self._door(tenant, access.grant.peer)
        await self._permission.prepare(tenant, access.grant.agreement, access.grant.peer)
        if not access.used:
            return await self._database.run(lambda tx: self._first_use(tx, tenant, transfer, token))
        return (await self._database.read(lambda tx: self._judge(tx, tenant, transfer, token)))[1]

    async def again(self, tenant: Tenant, transfer: str, permit: Permit) -> datetime | None:
        """Decide a response that runs anew; return until when it may. Raises `Forbidden`. The token was checked when it began."""
        if self._door is not None:
            await self._door(tenant, permit.consumer)
        await self._permission.prepare(tenant, permit.agreement, permit.consumer)
        fresh = await self._database.read(lambda tx: self._permission.check(tx, tenant, transfer, permit.agreement, permit.consumer))
        return fresh.valid_until

    @asynccontextmanager
    async def released(self, tenant: Tenant, transfer: str, permit: Permit, planned: int) -> AsyncIterator[Account]:
        """Count `planned` bytes before they leave, and the time of the block; raises `Forbidden` if the terms do not allow them."""
        if self._meters is None:
            yield Account()
            return
        async with self._meters.released(tenant, transfer, permit, planned) as account:
            yield account

    async def refresh(self, tenant: Tenant, transfer: str, refresh_token: str, bearer: str) -> Issued:
        """Return fresh tokens (Data Plane Signaling, section 8). Raises `Unauthenticated`, `Forbidden`."""
        proof = await self._verifier.verify(tenant, bearer)

        def work(tx: DataTx) -> Issued:
            grant, issued = self._tokens.refresh(tx, tenant, transfer, refresh_token, proof)
            self._permission.check(tx, tenant, transfer, grant.agreement, grant.peer)
            return issued

        return await self._database.run(work)

    async def plan(self, tenant: Tenant, permit: Permit, path: str, query: bytes = b"") -> Plan:
        """Return the response for `path` below the transfer: ``, `manifest`, `files/…` or `chunks/…` (see `chunks.first_of`).

        Raises `NotFound`, `SourceVanished`, and `NotReady` while a list of chunks is made.
        """
        if path.startswith("files/"):
            entry, opened = await self._manifests.entry(tenant, permit.asset, permit.place, path.removeprefix("files/"))
            await opened.close()
            return _of_file(entry)
        if path.startswith("chunks/"):
            return await self._chunks(tenant, permit, path.removeprefix("chunks/"), first_of(query))
        if path not in ("", "manifest"):
            raise NotFound("There is no such file in this data.", where="path")
        manifest = await self._manifests.current(tenant, permit.asset, permit.place)
        if path == "manifest":
            lists = offered(permit.place) if self._lists is not None else None
            body = encode_public(manifest, lists)
            return Plan(
                etag=f'"j-{manifest.id}{"-c" if lists else ""}"',
                size=len(body),
                media_type="application/json",
                name="manifest.json",
                body=body,
            )
        if manifest.single:
            return _of_file(manifest.files[0])
        size, name = tar_size(manifest), f"{manifest.id}.tar"
        return Plan(etag=manifest.etag, size=size, media_type="application/x-tar", name=name, manifest=manifest)

    async def _chunks(self, tenant: Tenant, permit: Permit, path: str, first: int) -> Plan:
        entry, opened = await self._manifests.entry(tenant, permit.asset, permit.place, path)
        try:
            if self._lists is None or offered(permit.place) is None:
                raise NotFound("There are no chunk lists of this data.", where="path", rule="no-chunks")
            body = await self._lists.page(tenant, entry, opened, first)
        finally:
            await opened.close()
        return Plan(etag=f'"c-{entry.blake3.hex()}-{first}"', size=len(body), media_type="application/json", name="chunks.json", body=body)

    async def open(self, tenant: Tenant, permit: Permit, entry: Entry) -> Opened:
        """Open a planned file. Raises `SourceVanished` if it is not the file that was planned any more."""
        try:
            opened = await self._sources.open(tenant, permit.place, entry.path)
        except (NotFound, Forbidden) as error:
            raise SourceVanished("A file of this data is gone.") from error
        if not opened.stamp.agrees(entry.stamp):
            await opened.close()
            raise SourceVanished("A file of this data has changed.")
        return opened

    def _judge(self, tx: DataTx, tenant: Tenant, transfer: str, token: str) -> tuple[Access, Permit]:
        access = self._tokens.find(tx, tenant, transfer, token, Purpose.PULL)
        permit = self._permission.check(tx, tenant, transfer, access.grant.agreement, access.grant.peer)
        return access, permit

    def _first_use(self, tx: DataTx, tenant: Tenant, transfer: str, token: str) -> Permit:
        access, permit = self._judge(tx, tenant, transfer, token)
        self._tokens.use(tx, access)
        return permit


def _of_file(entry: Entry) -> Plan:
    name = entry.path.rpartition("/")[2]
    return Plan(etag=entry.etag, size=entry.size, media_type=entry.media_type, name=name, entry=entry)
