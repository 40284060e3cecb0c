"""Derived versions: what is released where an agreement asks for changed data (docs/decisions/0018-derived-versions.md).

A version is made once for (agreement, manifest of the source, steps, key of the recipient), at the first request that
needs it, as a stream in bounded memory. From then on it is data like any other: with a manifest, entity tags, ranges,
checksums, resumption. Nothing of the original is told for such an agreement, not even its size. A change that cannot be
made, whatever the reason, releases nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from hanse.dataplane.manifests import Manifests, build
from hanse.dataplane.ports import Opened, Sources
from hanse.dataplane.records import Entry, Found, Manifest, Permit, Place
from hanse.dataplane.spool import Making, Spool, Version
from hanse.dataplane.transforms.kinds import can, kind_of
from hanse.dataplane.transforms.refusal import Unkeepable
from hanse.dataplane.transforms.run import run
from hanse.dataplane.transforms.sealing import SUFFIX, Recipient, Sealing
from hanse.dataplane.transforms.tables import Out, Tools
from hanse.dataplane.transforms.values import Pseudonyms
from hanse.kernel.errors import Forbidden, NotReady, SourceVanished
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl import names
from hanse.odrl.changes import Step, chain_id

PATIENCE: Final = 5.0
"""Seconds that a request waits for a version that is being made, before it is told to come back. Small data is there by then."""
FRESH: Final = 2.0
"""Seconds for which the source is not looked at again: many requests ask for parts of one version."""
MAKERS: Final = 2
"""How many versions are made at once; each keeps one core busy."""

_ENCRYPTED: Final = "application/octet-stream"
_BUFFER: Final = 1 << 18
_COPIED: Final = 1 << 20
_LOOK_AGAIN: Final = 0.5
_REMEMBERED: Final = 1_000
_LOG: Final = logging.getLogger("hanse.dataplane")

T = TypeVar("T")

Keys = Callable[[Tenant, str], bytes]
"""The key of an agreement's pseudonyms, 32 bytes, derived from the installation's own."""
Recipients = Callable[[Tenant, Did], Awaitable[Recipient | None]]
"""A key of the consumer's DID document that can be encrypted to, or nothing where it has none. Raises `PeerError`."""


class _Order(Struct, frozen=True):
    """A version that is wanted: for whom, of what, where it will be, and to which key it is encrypted."""

    tenant: Tenant
    permit: Permit
    source: Manifest
    place: Place
    recipient: Recipient | None

    @property
    def name(self) -> tuple[Tenant, str, Place]:
        """Return what tells it from all others."""
        return self.tenant, self.permit.agreement, self.place


_Name = tuple[Tenant, str, Place]


class _Work:
    """A version that is being made: its task, how far it is, and whether it is to stop."""

    def __init__(self, total: int) -> None:
        self.task: asyncio.Task[None] | None = None
        self.ended = threading.Event()
        self._total = max(1, total)
        self._done = 0

    def advance(self, count: int) -> None:
        """Count bytes that were read. Raises `Forbidden` when nobody may have the version any more."""
        self._done += count
        if self.ended.is_set():
            raise Forbidden("The agreement has ended.", rule="transfer")

    @property
    def percent(self) -> int:
        """Return how far it is, roughly; never 100."""
        return min(99, self._done * 100 // self._total)


class Derived:
    """Makes derived versions and finds those that are there."""

    def __init__(
        self, manifests: Manifests, sources: Sources, spool: Spool, keys: Keys, recipients: Recipients, *, patience: float = PATIENCE
    ) -> None:
        self._manifests = manifests
        self._sources = sources
        self._spool = spool
        self._keys = keys
        self._recipients = recipients
        self._patience = patience
        self._works: dict[_Name, _Work] = {}
        self._known: dict[tuple[Tenant, Permit], tuple[float, Place]] = {}
        self._refused: dict[_Name, Unkeepable] = {}
        self._pool = ThreadPoolExecutor(MAKERS, "hanse-derived")

    async def resolve(self, tenant: Tenant, permit: Permit, *, until_made: bool = False) -> Permit:
        """Return the permit for what may be released: the place of a derived version, or the permit itself if nothing is changed.

        Waits for a while if the version is being made, or, with `until_made`, for as long as it takes. Raises `NotReady`,
        `Unkeepable` when the data cannot be changed as the agreement asks, `SourceVanished` and `StorageFailed`.
        """
        if not permit.chain:
            return permit
        if not permit.agreement:
            raise Unkeepable("Data is changed for an agreement, and this permit names none.")
        now, asked = asyncio.get_running_loop().time(), (tenant, replace(permit, valid_until=None))
        known = self._known.get(asked)
        if known is None or known[0] < now:
            place = await self._there(tenant, permit, None if until_made else self._patience)
            while len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]
            known = self._known[asked] = (asyncio.get_running_loop().time() + FRESH, place)
        return replace(permit, place=known[1], chain=())

    def forget(self, tenant: Tenant, agreement: str) -> None:
        """Take away what was made for an agreement that has ended, and stop what is being made."""
        for (owner, name, _), work in list(self._works.items()):
            if (owner, name) == (tenant, agreement):
                work.ended.set()
        self._known = {asked: found for asked, found in self._known.items() if (asked[0], asked[1].agreement) != (tenant, agreement)}
        self._spool.forget(tenant, agreement)

    async def sweep(self, tenant: Tenant, alive: Callable[[str], Awaitable[bool]]) -> None:
        """Take away what no living agreement needs, and what was being made when a process ended; once, after a start."""
        for agreement, folder in await asyncio.to_thread(self._spool.agreements, tenant):
            if agreement and not await alive(agreement):
                self._spool.forget(tenant, agreement)
            await asyncio.to_thread(self._spool.tidy, folder)

    async def close(self) -> None:
        """Stop all that is being made; it is made anew at the next request."""
        works = list(self._works.values())
        for work in works:
            work.ended.set()
        await asyncio.gather(*(work.task for work in works if work.task), return_exceptions=True)
        self._pool.shutdown(wait=False)

    async def _there(self, tenant: Tenant, permit: Permit, patience: float | None) -> Place:
        """Return where the version is, once it is there."""
        recipient = await self._recipient(tenant, permit)
        source = await self._manifests.current(tenant, permit.asset, permit.place)
        place = self._spool.place(permit.agreement, _version_key(source, permit.chain, recipient))
        order = _Order(tenant, permit, source, place, recipient)
        if order.name in self._refused:
            raise self._refused[order.name]
        loop = asyncio.get_running_loop()
        end = None if patience is None else loop.time() + patience
        while not self._spool.has(tenant, place):
            work = self._begin(order)
            await self._wait(work, None if end is None else max(0.0, end - loop.time()))
            if self._spool.has(tenant, place):
                break
            if end is not None and loop.time() >= end:
                raise _not_ready(work)
            await asyncio.sleep(_LOOK_AGAIN)  # another process makes it
        return place

    async def _recipient(self, tenant: Tenant, permit: Permit) -> Recipient | None:
        if all(step.action != names.ENCRYPT for step in permit.chain):
            return None
        found = await self._recipients(tenant, permit.consumer)
        if found is None:
            raise Unkeepable("The terms ask for encryption, and the consumer's DID document has no key that can be encrypted to.")
        return found

    def _begin(self, order: _Order) -> _Work:
        work = self._works.get(order.name)
        if work is None:
            passes = 2 if any(step.action == names.ANONYMIZE for step in order.permit.chain) else 1
            work = self._works[order.name] = _Work(order.source.size * passes)
            work.task = asyncio.get_running_loop().create_task(self._run(order, work))
            work.task.add_done_callback(lambda task: self._over(order.name, task))
        return work

    def _over(self, name: _Name, task: asyncio.Task[None]) -> None:
        self._works.pop(name, None)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Unkeepable):  # so will it be the next time: neither the data nor the terms are others
            while len(self._refused) >= _REMEMBERED:
                del self._refused[next(iter(self._refused))]
            self._refused[name] = error
            _LOG.warning("data cannot be changed as the agreement asks: %s", error.message, extra={"agreement": name[1]})

    async def _wait(self, work: _Work, seconds: float | None) -> None:
        assert work.task is not None
        done, _ = await asyncio.wait({work.task}, timeout=seconds)
        if not done:
            raise _not_ready(work)
        work.task.result()

    async def _run(self, order: _Order, work: _Work) -> None:
        loop = asyncio.get_running_loop()
        maker = _Maker(order, self._sources, self._spool, loop)
        tools = Tools(Pseudonyms(self._keys(order.tenant, order.permit.agreement)), work.advance)
        await loop.run_in_executor(self._pool, maker.make, tools)


class _Maker:
    """Makes one version, in a thread. What only the event loop can do, it does there."""

    def __init__(self, order: _Order, sources: Sources, spool: Spool, loop: asyncio.AbstractEventLoop) -> None:
        self.order = order
        self._sources = sources
        self._spool = spool
        self._loop = loop

    def make(self, tools: Tools) -> None:
        """Make it, unless another process does."""
        order, chain = self.order, self.order.permit.chain
        with self._spool.making(order.tenant, order.place, order.source.size) as making:
            if making is None or self._spool.has(order.tenant, order.place):
                return
            jobs = [_Job(self, making, entry) for entry in order.source.files]
            if not all(can(step, job.media_type) for job in jobs for step in chain):
                raise Unkeepable("The terms ask for a change that cannot be made of data of this kind.")
            outcome = run(jobs, chain, tools)
            entries = making.entries()
            manifest = build(order.source.kind, [Found(entry.path, entry.stamp) for entry in entries], entries)
            left_out = outcome.suppressed
            making.finish(
                Version(agreement=order.permit.agreement, source=order.source.id, chain=chain, manifest=manifest, suppressed=left_out)
            )
        self._spool.only(order.tenant, order.place)
        _LOG.info("derived version is ready, %d records left out", left_out, extra={"agreement": order.permit.agreement})

    def open(self, entry: Entry) -> Opened:
        """Open a file of the source. Raises `SourceVanished` if it is not the one of the manifest any more."""
        opened = self.wait(self._sources.open(self.order.tenant, self.order.permit.place, entry.path))
        if not opened.stamp.agrees(entry.stamp):
            self.wait(opened.close())
            raise SourceVanished("A file of this data has changed.")
        return opened

    def wait(self, work: Coroutine[object, object, T]) -> T:
        """Have the event loop do something, and return what came of it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class _Job:
    """One file to change, see `run.Job`."""

    def __init__(self, maker: _Maker, making: Making, entry: Entry) -> None:
        self._maker = maker
        self._making = making
        self._entry = entry
        self.media_type = kind_of(entry.path, entry.media_type)

    @contextmanager
    def source(self) -> Iterator[BinaryIO]:
        """Open what is to be changed. What is not a local file is copied first: it is read more than once, and not in order."""
        opened = self._maker.open(self._entry)
        try:
            with self._copy(opened) if opened.fd is None else os.fdopen(os.dup(opened.fd), "rb", _BUFFER) as file:
                yield file
            if opened.changed():
                raise SourceVanished("A file of this data has changed while it was read.")
        finally:
            self._maker.wait(opened.close())

    @contextmanager
    def sink(self) -> Iterator[Out]:
        """Open where the changed file goes."""
        recipient = self._maker.order.recipient
        if recipient is None:
            with self._making.file(self._entry.path, self._entry.media_type) as out:
                yield out
            return
        with self._making.file(self._entry.path + SUFFIX, _ENCRYPTED) as out:
            sealing = Sealing(out, recipient)
            yield sealing
            sealing.close()

    def _copy(self, opened: Opened) -> BinaryIO:
        copy = self._making.scratch()
        self._maker.wait(_fetch(opened, copy))
        copy.seek(0)
        return copy


async def _fetch(opened: Opened, copy: BinaryIO) -> None:
    position = 0
    while data := await opened.read(position, _COPIED):
        await asyncio.to_thread(copy.write, data)
        position += len(data)


def _not_ready(work: _Work) -> NotReady:
    message = f"The data is being changed as the agreement asks; about {work.percent} % is done."
    return NotReady(message, retry_after=1.0, hint="Ask again.")


def _version_key(source: Manifest, chain: Sequence[Step], recipient: Recipient | None) -> str:
    parts = (source.id, chain_id(chain), recipient.thumbprint if recipient else "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


async def for_release(derived: Derived | None, tenant: Tenant, permit: Permit, *, until_made: bool = False) -> Permit:
    """Return the permit for what may be released. Without anything that could change data, none that must be changed."""
    if derived is not None:
        return await derived.resolve(tenant, permit, until_made=until_made)
    if permit.chain:
        raise Unkeepable("The terms ask for a change that this server does not make.")
    return permit
