"""Reads what is stored and checks every byte of it: the tag of each frame, each chunk's BLAKE3, each file's SHA-256, the version's root."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from msgspec import Struct

from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.facility.layout import PACK_MAGIC, ROW_SIZE, TAG_SIZE, FileRow, Row, Span, open_frame, rows_of, spans
from hanse.factory.facility.records import State, Stored
from hanse.factory.facility.stock import Contents, Stock
from hanse.kernel.errors import HanseError, StorageFailed
from hanse.kernel.tenant import Tenant

MAX_FAULTS: Final = 1_000
"""Faults that a verification names; it goes on counting."""
_PAGE: Final = 500

Progress = Callable[[int, int], object]
"""Hears how many bytes of how many were checked."""


class Fault(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is not as it was stored: in which version, in which file at which byte of it (if it is one file's), and what."""

    version: str
    problem: str
    path: str | None = None
    offset: int | None = None
    pack: str | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """What a verification found: versions, files and bytes that it read, and at most 1,000 of `count` faults."""

    versions: int
    files: int
    size: int
    count: int
    faults: Sequence[Fault] = ()

    @property
    def sound(self) -> bool:
        """Tell whether everything is as it was stored."""
        return self.count == 0


class Verification:
    """One run over some versions, or over all that a participant has."""

    def __init__(self, stock: Stock, progress: Progress = lambda _done, _all: None) -> None:
        self._stock = stock
        self._progress = progress
        self._faults: list[Fault] = []
        self._count = self._files = self._size = self._all = 0

    async def run(self, versions: Sequence[Stored]) -> Verdict:
        """Verify these versions."""
        self._all = sum(one.version.size for one in versions)
        for stored in versions:
            try:
                await self._version(stored)
            except HanseError as error:
                self._fault(Fault(version=stored.version.id, problem=error.message))
        faults = tuple(self._faults)
        return Verdict(versions=len(versions), files=self._files, size=self._size, count=self._count, faults=faults)

    async def _version(self, stored: Stored) -> None:
        self._stock.forget(stored.tenant, stored.manifest)  # what is in memory proves nothing
        contents = await self._stock.contents(stored)
        files = contents.manifest.files
        root = await asyncio.to_thread(lambda: root_of_files([Object(one.path, one.sha256, one.size) for one in files]))
        if (root, len(files)) != (stored.version.root, stored.version.count):
            self._fault(Fault(version=stored.version.id, problem="its manifest names other files than its root stands for"))
        await self._packs(stored, contents)
        rows = self._rows(stored, contents)
        for file in files:
            await self._file(stored, contents, file, rows)

    async def _packs(self, stored: Stored, contents: Contents) -> None:
        for pack in contents.manifest.packs:
            try:
                begin = await self._stock.bytes_of(stored.tenant, stored.vault, pack.name, 0, len(PACK_MAGIC))
            except HanseError:
                continue  # the files whose chunks are in it tell
            if begin != PACK_MAGIC:
                self._fault(Fault(version=stored.version.id, pack=pack.name, problem="the pack does not begin as one"))

    async def _file(self, stored: Stored, contents: Contents, file: FileRow, rows: AsyncIterator[tuple[Row, bytes | str]]) -> None:
        sha256, offset, whole = hashlib.sha256(), 0, True
        for _ in range(file.rows):
            row, found = await anext(rows)
            if isinstance(found, str):
                whole = False
                pack = contents.manifest.packs[row.pack].name
                self._fault(Fault(version=stored.version.id, path=file.path, offset=offset, pack=pack, problem=found))
            else:
                await _hash(sha256, found)
            offset += row.size
            self._size += row.size
            self._progress(self._size, self._all)
        self._files += 1
        if whole and (offset != file.size or sha256.hexdigest() != file.sha256):
            self._fault(Fault(version=stored.version.id, path=file.path, problem="the file does not have its size and SHA-256"))

    async def _rows(self, stored: Stored, contents: Contents) -> AsyncIterator[tuple[Row, bytes | str]]:
        """Yield every chunk of the version, or what is wrong with it."""
        for span in spans(rows_of(contents.table, 0, len(contents.table) // ROW_SIZE)):
            try:
                pack = contents.manifest.packs[span.pack].name
                data = await self._stock.bytes_of(stored.tenant, stored.vault, pack, span.offset, span.length)
            except HanseError as error:
                for row in span.rows:
                    yield row, error.message
                continue
            for row, found in zip(span.rows, await asyncio.to_thread(_opened, contents, span, data), strict=True):
                yield row, found

    def _fault(self, fault: Fault) -> None:
        self._count += 1
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(fault)


async def versions_of(stock: Stock, tenant: Tenant) -> list[Stored]:
    """Return all whole versions of a participant."""
    found: list[Stored] = []
    after: tuple[str, int] | None = None
    while True:
        page = await stock.database.read(
            lambda tx, after=after: tx.facility.page(tenant, name=None, agreement=None, gone=False, after=after, limit=_PAGE)  # type: ignore[misc]
        )
        found += page
        if len(page) < _PAGE:
            return [one for one in found if one.state is State.WHOLE]
        after = (page[-1].version.name, page[-1].version.number)


def _opened(contents: Contents, span: Span, data: bytes) -> list[bytes | str]:
    found: list[bytes | str] = []
    view, position = memoryview(data), 0
    for row in span.rows:
        try:
            found.append(open_frame(contents.ciphers[span.pack], row, view[position : position + row.size + TAG_SIZE]))
        except StorageFailed as error:
            found.append(error.message)
        position += row.size + TAG_SIZE
    return found


async def _hash(sha256: hashlib._Hash, chunk: bytes) -> None:
    if len(chunk) < 1 << 16:
        sha256.update(chunk)
    else:
        await asyncio.to_thread(sha256.update, chunk)
