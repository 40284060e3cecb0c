"""Push: the provider puts an asset's files to the consumer's sink, at least once.

A Hanse sink takes a folder file by file, and a push goes on after the last file that arrived, whatever happened in
between. A foreign sink gets one request: the file, or the tar. Every request carries an Idempotency-Key that stands
for transfer, file and content, so that a sink can tell a repeat. The right to send is checked before every request.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from urllib.parse import quote

import msgspec
from msgspec import Struct

from hanse.dataplane.derived import Derived, for_release
from hanse.dataplane.flows import sink_context
from hanse.dataplane.manifests import Manifests
from hanse.dataplane.metering import Account, Meters
from hanse.dataplane.ports import Completion, Database, DataTx, Door, Permission, Sealer, Sender, Sources
from hanse.dataplane.records import Entry, Manifest, Permit, Push, PushQueued
from hanse.dataplane.running import Response, Running
from hanse.dataplane.segments import Segment, Slice, tar, tar_size
from hanse.dataplane.transforms.refusal import Unkeepable
from hanse.dsp.messages import DataAddress
from hanse.kernel.clock import Clock
from hanse.kernel.errors import AddressRefused, Forbidden, HanseError, OwnError, PeerRefused, PeerUnreachable, SourceVanished
from hanse.kernel.tenant import Tenant

CHUNK = 1 << 20
LONGEST_WAIT = 60.0
_AGAIN = frozenset({404, 408, 425, 429})
_LOG = logging.getLogger("hanse.dataplane")


class _Part(Struct, frozen=True):
    """One request: where to, how long, what, and what it stands for."""

    url: str
    length: int
    segments: Callable[[], list[Segment]]
    key: str
    media_type: str
    sha256: bytes | None


class Pusher:
    """Runs pushes. `app.py` subscribes `on_queued` to `PushQueued`, and calls `resume` once after a start."""

    def __init__(
        self,
        database: Database,
        permission: Permission,
        manifests: Manifests,
        sources: Sources,
        sender: Sender,
        sealer: Sealer,
        clock: Clock,
        running: Running,
        completion: Completion,
        *,
        door: Door | None = None,
        meters: Meters | None = None,
        derived: Derived | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._permission = permission
        self._manifests = manifests
        self._sources = sources
        self._sender = sender
        self._sealer = sealer
        self._clock = clock
        self._running = running
        self._completion = completion
        self._door = door
        self._meters = meters
        self._derived = derived
        self._sleep = sleep
        self._tasks: dict[tuple[Tenant, str], asyncio.Task[None]] = {}

    def on_queued(self, event: PushQueued) -> None:
        """Begin the push, once the one before it has ended if the transfer was halted just now."""
        key = (event.tenant, event.transfer)
        before = self._tasks.get(key)
        task = asyncio.get_running_loop().create_task(self._run(event.tenant, event.transfer, before))
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._tasks.pop(key) if self._tasks.get(key) is done else None)

    async def resume(self) -> None:
        """Go on with every push that was under way when the server stopped."""
        for push in await self._database.read(lambda tx: tx.pushes.waiting()):
            self.on_queued(PushQueued(push.grant.tenant, push.grant.transfer))

    async def close(self) -> None:
        """Stop all pushes; they go on after the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, tenant: Tenant, transfer: str, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        task = asyncio.current_task()
        assert task is not None
        with self._running.enter(tenant, transfer, task.cancel) as response:
            try:
                await self._until_done(tenant, transfer, response)
            except asyncio.CancelledError:
                if not response.is_cut:
                    raise
            except HanseError:
                _LOG.exception("push failed", extra={"transfer": transfer})

    async def _until_done(self, tenant: Tenant, transfer: str, response: Response) -> None:
        while True:
            push = await self._database.read(lambda tx: tx.pushes.get(tenant, transfer))
            if push is None:
                return
            try:
                await self._attempt(push, response)
            except (PeerRefused, AddressRefused, Forbidden) as error:
                if _is_final(error):  # else suspended or ended: the next start queues it again
                    await self._give_up(push, error.message)
                return
            except (PeerUnreachable, OwnError) as error:
                if not await self._wait(push, error):
                    await self._give_up(push, error.message)
                    return
            else:
                await self._database.run(lambda tx: tx.pushes.delete(tenant, transfer))
                await self._completion.completed(tenant, transfer)
                return

    async def _attempt(self, push: Push, response: Response) -> None:
        grant = push.grant
        response.peer = grant.peer
        sink = msgspec.json.decode(self._sealer.unseal(push.sink, sink_context(grant)), type=DataAddress)
        permit = await for_release(self._derived, grant.tenant, await self._permit(push), until_made=True)
        manifest = await self._manifests.current(grant.tenant, permit.asset, permit.place)
        if push.manifest != manifest.id:
            push.manifest, push.done = manifest.id, 0
        parts = self._parts(push, sink, manifest)
        for index in range(push.done, len(parts)):
            permit = await for_release(self._derived, grant.tenant, await self._permit(push), until_made=True)
            response.until(permit.valid_until, lambda: self._until(push))
            await self._send(push, sink, permit, parts[index])
            push.done, push.attempts, push.last_error = index + 1, 0, ""
            await self._database.run(lambda tx: _put(tx, push))

    async def _until(self, push: Push) -> datetime | None:
        return (await self._permit(push)).valid_until

    async def _permit(self, push: Push) -> Permit:
        grant = push.grant
        if self._door is not None:
            await self._door(grant.tenant, grant.peer)
        await self._permission.prepare(grant.tenant, grant.agreement, grant.peer)
        return await self._database.read(lambda tx: self._permission.check(tx, grant.tenant, grant.transfer, grant.agreement, grant.peer))

    def _parts(self, push: Push, sink: DataAddress, manifest: Manifest) -> list[_Part]:
        endpoint, transfer = sink.endpoint or "", push.grant.transfer
        if manifest.single:
            return [_file_part(endpoint, transfer, manifest.files[0])]
        if sink.properties.get("layout") == "files":
            base = endpoint.rstrip("/")
            return [_file_part(f"{base}/files/{quote(entry.path)}", transfer, entry) for entry in manifest.files]
        key = _key(transfer, "", manifest.id)
        return [_Part(endpoint, tar_size(manifest), lambda: list(tar(manifest)), key, "application/x-tar", None)]

    async def _send(self, push: Push, sink: DataAddress, permit: Permit, part: _Part) -> None:
        headers = {"content-type": part.media_type, "idempotency-key": f'"{part.key}"'}
        token = sink.properties.get("authorization")
        if token:
            headers["authorization"] = f"Bearer {token}"
        if part.sha256 is not None:
            headers["repr-digest"] = f"sha-256=:{base64.b64encode(part.sha256).decode()}:"
        tenant, transfer = push.grant.tenant, push.grant.transfer
        async with self._released(tenant, transfer, permit, part.length) as account:
            status = await self._sender.put(tenant, part.url, headers, part.length, lambda: self._body(tenant, permit, part, account))
        if 200 <= status < 300:
            return
        if status in _AGAIN or status >= 500:
            raise PeerUnreachable(f"The sink answers {status}.")
        raise PeerRefused(f"The sink refuses the data with {status}.", status=status)

    @asynccontextmanager
    async def _released(self, tenant: Tenant, transfer: str, permit: Permit, planned: int) -> AsyncIterator[Account]:
        if self._meters is None:
            yield Account()
            return
        async with self._meters.released(tenant, transfer, permit, planned) as account:
            yield account

    async def _body(self, tenant: Tenant, permit: Permit, part: _Part, account: Account) -> AsyncIterator[bytes]:
        for segment in part.segments():
            if isinstance(segment, bytes):
                account.sent += len(segment)
                yield segment
                continue
            async for chunk in self._file(tenant, permit, segment):
                account.sent += len(chunk)
                yield chunk

    async def _file(self, tenant: Tenant, permit: Permit, part: Slice) -> AsyncIterator[bytes]:
        opened = await self._sources.open(tenant, permit.place, part.entry.path)
        try:
            position = 0
            while position < part.length:
                data = await opened.read(position, min(CHUNK, part.length - position))
                position += len(data)
                if not data or not opened.stamp.agrees(part.entry.stamp) or opened.changed():
                    raise SourceVanished("A file of this data has changed while it was sent.")
                yield data
        finally:
            await opened.close()

    async def _wait(self, push: Push, error: HanseError) -> bool:
        """Wait before the next attempt; tell whether there is one."""
        push.attempts, push.last_error = push.attempts + 1, error.message[:500]
        await self._database.run(lambda tx: _put(tx, push))
        wait = min(LONGEST_WAIT, 2.0 ** min(push.attempts - 1, 10)) * (0.5 + secrets.randbelow(500) / 1000)
        if (push.deadline - self._clock.now()).total_seconds() <= wait:
            return False
        await self._sleep(wait)
        return True

    async def _give_up(self, push: Push, reason: str) -> None:
        tenant, transfer = push.grant.tenant, push.grant.transfer
        await self._database.run(lambda tx: tx.pushes.delete(tenant, transfer))
        await self._completion.failed(tenant, transfer, reason)


def _is_final(error: HanseError) -> bool:
    """Tell whether nothing will be sent any more: of what the terms forbid nobody else would tell the consumer."""
    return not isinstance(error, Forbidden) or isinstance(error, Unkeepable) or error.rule == "policy"


def _put(tx: DataTx, push: Push) -> None:
    """Store how far the push has come, unless it was ended meanwhile."""
    if tx.pushes.get(push.grant.tenant, push.grant.transfer) is not None:
        tx.pushes.put(push)


def _file_part(url: str, transfer: str, entry: Entry) -> _Part:
    key = _key(transfer, entry.path, entry.blake3.hex())
    return _Part(url, entry.size, lambda: [Slice(entry, 0, entry.size)] if entry.size else [], key, entry.media_type, entry.sha256)


def _key(transfer: str, path: str, content: str) -> str:
    return hashlib.sha256(f"{transfer}\0{path}\0{content}".encode()).hexdigest()
