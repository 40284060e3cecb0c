"""Chunk lists: what a file is made of, so that whoever holds an earlier version fetches the difference only.

See docs/decisions/0025-chunk-lists.md. A list is made at the first request for it, in a thread, from the file's beginning to its end;
what is made can be read at once, page by page. It is kept under the digest of the content, so it is true of it for ever, and is thrown
away only to make room. It says nothing about the data that the data itself would not say, and is given only to whom the data is given.
"""

from __future__ import annotations

import asyncio
import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from blake3 import blake3

from hanse.dataplane.pages import PAGE, Page
from hanse.dataplane.ports import Listed, Opened
from hanse.dataplane.records import Entry, Place
from hanse.dcat.chunks import RULE, sizes
from hanse.kernel.errors import Malformed, NotFound, NotReady, SourceVanished, TooMany
from hanse.kernel.tenant import Tenant

PATIENCE: Final = 5.0
"""Seconds that a request waits for a page that is being made. The page of a file of a few GiB is there by then."""
ROOM: Final = 256 << 20
"""Bytes that a participant's lists may take: those of about 1.5 TiB of data. What was used longest ago goes first."""
MAKERS: Final = 2
"""How many lists are made at once; each keeps one core busy."""
WAITING: Final = 64
"""How many may be waited for."""
STALE: Final = 3600.0
"""Seconds by which a list that nobody finishes is older than the newest: a process that ended left it behind."""

_AT_ONCE: Final = 16 << 20
_RECORD: Final = struct.Struct(">Q32s")
"""Where a chunk begins, and its digest."""


def offered(place: Place) -> str | None:
    """Return the rule by which lists are made of what the place holds, or nothing where it cannot be read again cheaply."""
    return None if place.kind == "http" else RULE


def first_of(query: bytes) -> int:
    """Return with which chunk a page is to begin, from `from=N`. Raises `Malformed`."""
    name, _, value = query.decode("latin-1").partition("=")
    if not query:
        return 0
    if name != "from" or not (value.isascii() and value.isdigit() and len(value) <= 12):
        raise Malformed("A list of chunks is asked for with from=N, the number of its first chunk.", where="from", rule="form")
    return int(value)


class ChunkLists:
    """Makes lists, keeps them, and gives them out. `folder` says where a participant's are; `room` is how many bytes they may take."""

    def __init__(self, folder: Callable[[Tenant], Path], *, patience: float = PATIENCE, room: int = ROOM) -> None:
        self._folder = folder
        self._patience = patience
        self._room = room
        self._works: dict[Path, _Work] = {}
        self._pool = ThreadPoolExecutor(MAKERS, "hanse-chunks")

    async def page(self, tenant: Tenant, entry: Entry, opened: Opened, first: int) -> bytes:
        """Return a page of an opened file's list, which begins with the chunk numbered `first`, as JSON. The caller closes the file.

        Raises `NotFound` where there is no such page or no list, `NotReady` while it is made, `SourceVanished`.
        """
        if isinstance(opened, Listed):
            return msgspec.json.encode(await _listed(opened, entry, first))
        if opened.fd is None:
            raise NotFound("There are no chunk lists of this data.", where="path", rule="no-chunks")
        path = self._folder(tenant) / entry.blake3.hex()
        page = await asyncio.to_thread(_kept, path, entry, first)
        if page is None:
            work = self._begin(path, entry, opened)
            await self._made(work, first + PAGE + 1)
            page = work.page(entry, first)
        if not page.chunks and first:
            raise NotFound("The list of the file's chunks has no such page.", where="from", rule="no-chunks")
        return msgspec.json.encode(page)

    async def close(self) -> None:
        """Stop what is being made; it is made anew at the next request."""
        works = list(self._works.values())
        for work in works:
            work.ended = True
        await asyncio.gather(*(work.task for work in works if work.task), return_exceptions=True)
        self._pool.shutdown(wait=False)

    def _begin(self, path: Path, entry: Entry, opened: Opened) -> _Work:
        work = self._works.get(path)
        if work is None:
            if len(self._works) >= WAITING:
                raise TooMany("Too many lists of chunks are being made.", retry_after=5.0)
            assert opened.fd is not None
            work = self._works[path] = _Work(path, entry.size, os.dup(opened.fd), self._room)
            work.task = asyncio.get_running_loop().create_task(self._run(work))
        return work

    async def _run(self, work: _Work) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._pool, work.make, lambda: loop.call_soon_threadsafe(work.tell))
        except BaseException as error:  # noqa: BLE001 - whatever it is, those who wait for it are told
            work.error = error
        finally:
            self._works.pop(work.path, None)
            work.done = True
            work.tell()

    async def _made(self, work: _Work, count: int) -> None:
        """Return once that many chunks are there, or all. Raises `NotReady`, and what went wrong with the making."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience
        while work.count < count and not work.done:
            try:
                async with asyncio.timeout_at(end):
                    await work.told.wait()
            except TimeoutError:
                message = f"The list of the file's chunks is being made; about {work.percent} % is done."
                raise NotReady(message, retry_after=1.0, hint="Ask again.") from None
        if work.error is not None:
            raise work.error


class _Work:
    """A list that is being made: its records so far."""

    def __init__(self, path: Path, size: int, descriptor: int, room: int) -> None:
        self.path = path
        self.count = 0
        self.done = self.ended = False
        self.told = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.error: BaseException | None = None
        self._size = size
        self._read = 0
        self._descriptor = descriptor
        self._room = room
        self._records = bytearray()

    @property
    def percent(self) -> int:
        """Return how far it is, roughly; never 100."""
        return min(99, self._read * 100 // max(1, self._size))

    def tell(self) -> None:
        """Wake those who wait; from the event loop."""
        self.told.set()
        self.told = asyncio.Event()

    def page(self, entry: Entry, first: int) -> Page:
        """Return a page of what is made."""
        return _page(entry, first, bytes(self._records[first * _RECORD.size : (first + PAGE + 1) * _RECORD.size]))

    def make(self, tell: Callable[[], object]) -> None:
        """Read the file, and keep its list; in a thread."""
        try:
            for offset, digest in self._chunks(tell):
                self._records += _RECORD.pack(offset, digest)
                self.count += 1
                if len(self._records) > self._room // 2:
                    raise NotFound("The file is too large for a list of its chunks.", where="path", rule="no-chunks")
        finally:
            os.close(self._descriptor)
        with suppress(OSError):  # a list that cannot be kept is made anew the next time
            _keep(self.path, self._records, self._room)

    def _chunks(self, tell: Callable[[], object]) -> Iterator[tuple[int, bytes]]:
        """Yield where each chunk begins, and its digest."""
        rest = b""
        while self._read < self._size:
            data = os.pread(self._descriptor, min(_AT_ONCE, self._size - self._read), self._read)
            if not data or self.ended:
                raise SourceVanished("A file of this data has changed.")
            begins = self._read - len(rest)
            self._read += len(data)
            held, done = memoryview(rest + data), 0
            for size in sizes(held, end=self._read == self._size):
                yield begins + done, blake3(held[done : done + size]).digest()
                done += size
            rest = bytes(held[done:])
            tell()


def _page(entry: Entry, first: int, records: bytes) -> Page:
    """Return the page of these records: as many as a page has, and the one behind them, if there is one."""
    found = list(_RECORD.iter_unpack(records))
    ends = [offset for offset, _ in found[1:]] + [entry.size]
    chunks = [(end - offset, digest.hex()) for (offset, digest), end in zip(found[:PAGE], ends, strict=False)]
    following = first + PAGE if len(found) > PAGE else None
    return Page(RULE, entry.size, entry.blake3.hex(), first, found[0][0] if found else 0, chunks, following)


async def _listed(opened: Listed, entry: Entry, first: int) -> Page:
    """Return a page of the list that the source has itself. Raises `NotFound`."""
    rows = (await opened.chunks())[first : first + PAGE + 1]
    if not rows and first:
        raise NotFound("The list of the file's chunks has no such page.", where="from", rule="no-chunks")
    return _page(entry, first, b"".join(_RECORD.pack(one.offset, bytes.fromhex(one.blake3)) for one in rows))


def _kept(path: Path, entry: Entry, first: int) -> Page | None:
    """Return a page of a list that is kept, or nothing."""
    try:
        with path.open("rb") as file:
            file.seek(first * _RECORD.size)
            records = file.read((PAGE + 1) * _RECORD.size)
        os.utime(path)  # used now: what was used longest ago makes room first
        return _page(entry, first, records)
    except (OSError, struct.error):
        return None


def _keep(path: Path, records: bytes | bytearray, room: int) -> None:
    """Put a list into its place, whole, and take away others if there are too many. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(records)
    Path(name).replace(path)
    there = sorted(((one.stat(), one) for one in path.parent.iterdir()), key=lambda pair: pair[0].st_mtime, reverse=True)
    used = 0
    for status, one in there:
        used += status.st_size
        left_behind = one.name.startswith(".") and status.st_mtime < there[0][0].st_mtime - STALE
        if one != path and (used > room or left_behind):
            one.unlink(missing_ok=True)
