"""What lies in the facility, read from either tier: packs, chunks and manifests."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from hanse.factory.facility.layout import (
    ROW_SIZE,
    TAG_SIZE,
    FileRow,
    Manifest,
    Row,
    Span,
    manifest_key,
    manifest_path,
    open_frame,
    open_frames,
    open_manifest,
    pack_key,
    pack_path,
    rows_of,
    spans,
)
from hanse.factory.facility.ports import Database, Objects
from hanse.factory.facility.records import Stored
from hanse.factory.facility.vaults import Vaults
from hanse.kernel.clock import Clock
from hanse.kernel.errors import NotFound, StorageFailed, TooLarge
from hanse.kernel.tenant import Tenant

REMEMBERED: Final = 4
"""Manifests that are kept in memory, opened."""
_SMALL: Final = 64 << 10


class Contents(Struct, frozen=True):
    """An opened manifest: its table of rows, its files by path, and the cipher of each of its packs."""

    manifest: Manifest
    table: bytes
    files: dict[str, FileRow]
    ciphers: tuple[AESGCM, ...]

    def rows(self, file: FileRow) -> list[Row]:
        """Return where the chunks of a file are. Raises `StorageFailed`."""
        return list(rows_of(self.table, file.first, file.rows))

    def file(self, path: str) -> FileRow:
        """Return a file. Raises `NotFound`."""
        found = self.files.get(path)
        if found is None:
            raise NotFound(f"There is no file {path[:200]!r} in {self.manifest.version.id}.", where="path")
        return found


class Stock:
    """The objects of both tiers, and the database that knows them."""

    def __init__(self, database: Database, hot: Objects, cold: Objects, vaults: Vaults, clock: Clock) -> None:
        self.database = database
        self.hot = hot
        self.cold = cold
        self.vaults = vaults
        self.clock = clock
        self._opened: OrderedDict[tuple[Tenant, str], Contents] = OrderedDict()

    async def contents(self, stored: Stored) -> Contents:
        """Open the manifest of a version. Raises `NotFound` (rule `key-destroyed`), `StorageFailed`."""
        tenant, vault, name = stored.tenant, stored.vault, stored.manifest
        found = self._opened.get((tenant, name))
        if found is None:
            path = manifest_path(tenant, vault, name)
            key = manifest_key(await self.vaults.key(tenant, vault), name)
            try:
                data = await self.hot.get(path)
            except NotFound:
                raise StorageFailed("Stored data is damaged: its manifest is missing.", where=path, rule="damaged") from None
            found = self._opened[tenant, name] = await asyncio.to_thread(_contents, key, path, data)
            while len(self._opened) > REMEMBERED:
                self._opened.popitem(last=False)
        self._opened.move_to_end((tenant, name))
        return found

    def forget(self, tenant: Tenant, manifest: str) -> None:
        """Forget an opened manifest, and with it its keys."""
        self._opened.pop((tenant, manifest), None)

    async def bytes_of(self, tenant: Tenant, vault: str, pack: str, start: int, length: int) -> bytes:
        """Return a part of a pack, from the tier that has it. Raises `StorageFailed` where neither does."""
        path = pack_path(tenant, vault, pack)
        for objects in (self.hot, self.cold, self.hot):  # once more: it may have been moved between the first two looks
            try:
                return await objects.read(path, start, length)
            except NotFound:
                continue
        raise StorageFailed("Stored data is damaged: a pack is missing.", where=path, rule="damaged")

    async def chunk(self, tenant: Tenant, vault: str, vault_key: bytes, pack: str, row: Row) -> bytes:
        """Return one chunk. Raises `StorageFailed`."""
        frame = await self.bytes_of(tenant, vault, pack, row.offset, row.size + TAG_SIZE)
        return open_frame(AESGCM(pack_key(vault_key, pack)), row, frame)

    async def read(self, stored: Stored, contents: Contents, rows: Iterable[Row]) -> AsyncIterator[bytes]:
        """Yield these chunks; the next part is read from the store while one is used."""
        async with aclosing(self._parts(stored, contents, rows)) as parts:
            async for part in parts:
                for chunk in part:
                    yield chunk

    async def walk(self, stored: Stored, contents: Contents) -> AsyncIterator[tuple[FileRow, bytes | None]]:
        """Yield all files with their chunks, one after the other, and each file with nothing when it is at its end.

        Small files that lie side by side are read together.
        """
        rows = rows_of(contents.table, 0, len(contents.table) // ROW_SIZE)
        async with aclosing(self.read(stored, contents, rows)) as chunks:  # type: ignore[type-var]
            for file in contents.manifest.files:
                for _ in range(file.rows):
                    yield file, await anext(chunks)
                yield file, None

    async def _parts(self, stored: Stored, contents: Contents, rows: Iterable[Row]) -> AsyncGenerator[list[bytes], None]:
        ahead: asyncio.Task[list[bytes]] | None = None
        try:
            for span in spans(rows):
                ready, ahead = ahead, asyncio.create_task(self.span(stored, contents, span))
                if ready is not None:
                    yield await ready
            if ahead is not None:
                yield await ahead
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    async def span(self, stored: Stored, contents: Contents, span: Span) -> list[bytes]:
        """Return the chunks of a span, each checked."""
        pack = contents.manifest.packs[span.pack].name
        data = await self.bytes_of(stored.tenant, stored.vault, pack, span.offset, span.length)
        if span.length <= _SMALL:
            return list(open_frames(contents.ciphers[span.pack], span, data))
        return await asyncio.to_thread(lambda: list(open_frames(contents.ciphers[span.pack], span, data)))

    async def check_quota(self, tenant: Tenant, more: int, quota: int) -> None:
        """Raise `TooLarge` if a participant may not have that many bytes more."""
        hot, cold, _ = await self.database.read(lambda tx: tx.facility.taken(tenant))
        if hot + cold + more > quota:
            raise over_quota(quota)


def over_quota(quota: int) -> TooLarge:
    """Return the error for more than a participant may keep."""
    hint = "Delete versions that are not needed any more, or ask for a larger quota; what was stored so far is kept."
    return TooLarge(f"The participant may keep {quota:,} bytes in the facility.", where="facility", rule="quota", hint=hint)


def _contents(key: bytes, path: str, data: bytes) -> Contents:
    manifest = open_manifest(key, path, data)
    ciphers = tuple(AESGCM(bytes.fromhex(one.key)) for one in manifest.packs)
    return Contents(manifest, manifest.table(), {one.path: one for one in manifest.files}, ciphers)
