"""Takes in one version: cuts, compares, encrypts and packs what comes, and makes the version visible at once, or never.

What is stored becomes durable pack by pack. With each pack the journal says, in the same transaction, which files it made whole; so
whoever takes the wish up again after a crash has all files of the packs that were written, and knows all of their chunks. Whoever takes
it up draws a new holder, and whoever had it before can neither write to it nor commit it any more.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from blake3 import blake3
from msgspec import structs

from hanse.dcat.chunks import Known, sizes
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.factory.facility.committing import Also, abandon, commit, ended, held_by
from hanse.factory.facility.layout import Row, pack_path, within, write_row
from hanse.factory.facility.packing import Journal, Pack
from hanse.factory.facility.paths import Names
from hanse.factory.facility.ports import Buffer, Quota
from hanse.factory.facility.records import Pack as PackRecord
from hanse.factory.facility.records import Staging
from hanse.factory.facility.staged import Staged
from hanse.factory.facility.stock import Stock, over_quota
from hanse.kernel.errors import Conflict, HanseError, Invalid, NotFound, PeerInvalid
from hanse.kernel.tenant import Tenant

GATHERED: Final = 4 << 20
"""Bytes that are gathered before a thread cuts and hashes them."""
SMALL: Final = 64 << 10
"""Bytes of a file that are not worth a thread."""

Pieces = AsyncIterator[bytes | Known]


class Intaking:
    """One intake under way. Files may be put side by side. After an error of the facility itself, ask for the intake anew."""

    def __init__(self, stock: Stock, staging: Staging, key: bytes, staged: Staged, quota: Quota) -> None:
        self._stock = stock
        self._staging = staging
        self._key = key
        self._staged = staged
        self._quota = quota
        self._names = Names()
        for path in staged.files:
            self._names.add(path)
        self._journal = Journal(key)
        self._lock = asyncio.Lock()
        self._pack = self._new_pack()
        self._writing: tuple[Pack, asyncio.Task[None]] | None = None
        self._pages = staged.pages
        self._failed: HanseError | None = None
        self._over = False

    @property
    def id(self) -> str:
        """The intake's id."""
        return self._staging.id

    @property
    def tenant(self) -> Tenant:
        """Whose it is."""
        return self._staging.tenant

    async def have(self, path: str) -> HeldFile | None:
        """Return a file that was put, whole, if it is there."""
        found = self._staged.files.get(path)
        return None if found is None else found[0]

    async def files(self) -> list[HeldFile]:
        """Return all files that were put, whole, in the order of their paths."""
        return sorted((held for held, _ in self._staged.files.values()), key=lambda one: one.path.encode())

    async def known(self, digests: Iterable[str]) -> set[str]:
        """Return those chunks (BLAKE3, hexadecimal) that are stored under this agreement, in any version or in this intake."""
        return {one for one in digests if _bytes(one) in self._staged.index}

    async def retain(self, paths: Iterable[str]) -> None:
        """Forget all files but these; their chunks stay known."""
        kept = set(paths)
        async with self._lock:
            for path in [path for path in self._staged.files if path not in kept]:
                self._forget(path)

    async def put(self, path: str, pieces: Pieces, *, sha256: str | None = None, size: int | None = None, media_type: str = "") -> HeldFile:
        """Take in a file, in the place of what was put under that path before. `Known` chunks are taken from the store.

        Raises `Invalid` for a path that cannot be stored, `PeerInvalid` (rules `size`, `digest`) when the content is not what was
        promised, `NotFound` for a chunk that is not known, `TooLarge` over the quota, `StorageFailed` (rule `full`) without room.
        Then there is nothing of the file; chunks that are stored stay known.
        """
        self._check()
        self._names.check(path)
        file = _File(self, size)
        async with _closed(pieces):
            async for piece in pieces:
                await file.take(piece)
        await file.end()
        held = HeldFile(path, file.size, file.sha256, media_type)
        _compare(held, sha256, size)
        async with self._lock:
            self._check()
            self._names.check(path)
            if path in self._staged.files:
                self._forget(path)
            self._journal.finished(held, bytes(file.rows))
            self._staged.files[path] = (held, bytes(file.rows))
            self._names.add(path)
        return held

    async def read(self, path: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of a file that was put, before anything is committed. Raises `NotFound`, `StorageFailed`."""
        found = self._staged.files.get(path)
        if found is None:
            raise NotFound(f"There is no file {path[:200]!r} in this intake.", where="path")
        rows, before = within(list(self._staged.rows(found[1])), start, found[0].size if end is None else end)
        left = (found[0].size if end is None else min(end, found[0].size)) - start
        for row in rows:
            chunk = (await self.chunk(row))[before:][: max(0, left)]
            before, left = 0, left - len(chunk)
            yield chunk

    async def commit(self, also: Also | None = None, *, sums: str | None = None, once: bool = False) -> DatasetVersion:
        """Make the version visible, whole. `also(tx, version)` runs in the very transaction that does; `sums` is more than the wish knew.

        If the newest version of that name has the same content under the same agreement, or was made in the same way of the same, that
        one is returned; with `once`, `also` does not run then. Raises `Conflict`
        (rule `committed`) when somebody else has taken the intake up, has ended it or has deleted what it rests on.
        """
        self._check()
        async with self._lock:
            await self._flush()
            await self._written()
            wish = self._staging.intake if sums is None else structs.replace(self._staging.intake, sums=sums)
            version = await commit(self._stock, structs.replace(self._staging, intake=wish), self._key, self._staged, also, once=once)
            self._over = True
        return version

    async def abandon(self) -> None:
        """Give the intake up, with all that it has stored and nothing else needs. A second time does nothing."""
        async with self._lock:
            self._over = True
            if self._writing is not None:
                await asyncio.gather(self._writing[1], return_exceptions=True)
            await abandon(self._stock, self._staging)

    async def suspend(self) -> None:
        """Write down what has come so far, so that whoever takes the wish up again need not fetch it again."""
        self._check()
        async with self._lock:
            await self._flush()
            await self._written()

    async def chunk(self, row: Row) -> bytes:
        """Return a chunk that was stored, or that waits to be."""
        for pack in (self._pack, self._writing and self._writing[0]):
            if pack is not None and pack.number == row.pack:
                return pack.read(row)
        return await self._stock.chunk(self.tenant, self._staging.vault, self._key, self._staged.packs[row.pack], row)

    async def store(self, chunks: Sequence[tuple[bytes, Buffer]]) -> bytes:
        """Return the rows of these chunks (digest, bytes); those that are not known yet are added to the pack."""
        rows = []
        async with self._lock:
            self._check()
            for digest, chunk in chunks:
                row = self._staged.index.get(digest)
                if row is None:
                    row = self._staged.index[digest] = self._pack.add(digest, chunk)
                rows.append(write_row(row))
                if self._pack.full:
                    await self._flush()
        return b"".join(rows)

    def row(self, known: Known) -> Row:
        """Return where a known chunk is. Raises `NotFound`."""
        row = self._staged.index.get(_bytes(known.digest))
        if row is None or row.size != known.size:
            raise NotFound("There is no such chunk under this agreement.", where="pieces", rule="no-chunk")
        return row

    def room(self, more: int) -> None:
        """Raise `TooLarge` if that many bytes more are certainly over the quota."""
        if more > self._quota(self.tenant):
            raise over_quota(self._quota(self.tenant))

    def _new_pack(self) -> Pack:
        pack = Pack(self._key, self.id, len(self._staged.packs))
        self._staged.packs.append(pack.name)
        return pack

    def _forget(self, path: str) -> None:
        self._staged.files.pop(path)
        self._names.remove(path)
        self._journal.dropped(path)

    async def _flush(self) -> None:
        """Let the pack be written, beside what goes on. Called with the lock held."""
        if self._pack.empty and self._journal.empty:
            return
        await self._written()
        pack, page = self._pack, self._journal.take(self._staged.packs, bytes(self._pack.rows))
        self._pages += 1
        self._pack = self._new_pack()
        task = asyncio.create_task(self._write(pack, page, self._pages))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # whoever waited for it may be gone
        self._writing = (pack, task)

    async def _written(self) -> None:
        """Return once what is being written is durable."""
        if self._writing is None:
            return
        try:
            await asyncio.shield(self._writing[1])
        except HanseError as error:
            self._failed = error
            raise
        self._writing = None

    async def _write(self, pack: Pack, page: bytes, number: int) -> None:
        size = 0 if pack.empty else pack.size
        staging, quota = self._staging, self._quota(self.tenant)
        await self._stock.check_quota(self.tenant, size, quota)
        path = pack_path(self.tenant, staging.vault, pack.name)
        if size:
            await self._stock.hot.put(path, pack.data)
        now = self._stock.clock.now()

        def work(tx: Any) -> None:
            held_by(tx, staging)
            tx.facility.put_staging(structs.replace(staging, touched=now))
            tx.facility.write_journal(staging.tenant, staging.id, number, page)
            if size:
                tx.facility.put_pack(PackRecord(staging.tenant, staging.vault, pack.name, staging.id, size))

        try:
            await self._stock.database.run(work)
        except Conflict:  # the intake ended meanwhile, perhaps with its key: nobody knows of this pack
            if size:
                await self._stock.hot.delete(path)
            raise

    def _check(self) -> None:
        if self._failed is not None:
            raise self._failed
        if self._over:
            raise ended()


class _File:
    """A file on its way in."""

    def __init__(self, intaking: Intaking, size: int | None) -> None:
        self._intaking = intaking
        self._promised = size
        self._sha256 = hashlib.sha256()
        self._gathered: list[Buffer] = []
        self._count = 0
        self._rest: Buffer = b""
        self.size = 0
        self.rows = bytearray()
        if size is not None:
            intaking.room(size)

    @property
    def sha256(self) -> str:
        """The SHA-256 of what came, in hexadecimal."""
        return self._sha256.hexdigest()

    async def take(self, piece: bytes | Known) -> None:
        """Take the next piece."""
        size = piece.size if isinstance(piece, Known) else len(piece)
        self.size += size
        if self._promised is not None and self.size > self._promised:
            raise _longer(self._promised)
        if isinstance(piece, Known):
            await self._take_known(piece)
            return
        self._gathered.append(piece)
        self._count += size
        if self._count >= GATHERED:
            await self._cut(end=False)

    async def end(self) -> None:
        """Take the end."""
        await self._cut(end=True)

    async def _take_known(self, known: Known) -> None:
        await self._cut(end=True)
        row = self._intaking.row(known)
        chunk = await self._intaking.chunk(row)
        await asyncio.to_thread(self._sha256.update, chunk)
        self.rows += write_row(row)

    async def _cut(self, *, end: bool) -> None:
        small = self._count <= SMALL
        chunks = self._digested(end) if small else await asyncio.to_thread(self._digested, end)
        if chunks:
            self.rows += await self._intaking.store(chunks)

    def _digested(self, end: bool) -> list[tuple[bytes, Buffer]]:
        """Return the chunks that are whole by now with their BLAKE3: views of what was gathered, not copies."""
        data = self._gathered[0] if len(self._gathered) == 1 and not self._rest else b"".join([self._rest, *self._gathered])
        view, position = memoryview(data), 0
        self._sha256.update(view[len(self._rest) :])
        chunks: list[tuple[bytes, Buffer]] = []
        for size in sizes(view, end=end):
            chunk = view[position : position + size]
            chunks.append((blake3(chunk).digest(), chunk))
            position += size
        self._rest = bytes(view[position:])
        self._gathered, self._count = [], 0
        return chunks


@asynccontextmanager
async def _closed(pieces: Pieces) -> AsyncIterator[None]:
    """Close whatever yields the pieces, if it can be closed, however this ends: a line may be behind it."""
    try:
        yield
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _compare(held: HeldFile, sha256: str | None, size: int | None) -> None:
    if size is not None and held.size != size:
        message = f"{held.path[:200]!r} has {held.size} bytes; its provider says {size}."
        raise PeerInvalid(message, where="size", rule="size", hint="It was cut off, or its provider has changed it.")
    if sha256 is not None and held.sha256 != sha256.lower():
        message = f"{held.path[:200]!r} does not have the SHA-256 that its provider says."
        raise PeerInvalid(message, where="sha256", rule="digest", hint="It was changed on the way, or its provider has changed it.")


def _bytes(digest: str) -> bytes:
    try:
        return bytes.fromhex(digest)
    except ValueError:
        raise Invalid("This is no BLAKE3 hash.", where="digests", rule="digest") from None


def _longer(size: int) -> PeerInvalid:
    return PeerInvalid(f"A file goes on after the {size} bytes that its provider says.", where="size", rule="size")
