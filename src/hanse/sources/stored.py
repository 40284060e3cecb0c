"""Versions that the facility holds (`kind` = stored, or stored-file for one file): encrypted at rest, decrypted while they are served.

A place names the agreement under which the data came (of derived data all, with line breaks between; empty for data of one's own), then
the version and a path in it: `AGREEMENT/NAME@NUMBER/PATH`, with the agreement percent-encoded. Without `@NUMBER` it is the newest version
at any time. What is kept under another agreement is not found, whatever its name: its terms may be others.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import unquote

from hanse.dataplane.records import STORED_FILE, Found, Place, Stamp
from hanse.dcat.chunks import Chunk
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.kernel.errors import Invalid, NotFound, SourceVanished
from hanse.kernel.tenant import Tenant

_NAMED: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}(?:@[0-9]{1,9})?")
_LONGEST: Final = 2_048


class Shelf(Protocol):
    """The facility, as far as its versions are served."""

    async def version(self, tenant: Tenant, name: str, number: int | None = None) -> DatasetVersion:
        """Return a version, or the newest of that name. Raises `NotFound`."""
        ...

    async def files(self, tenant: Tenant, version: str) -> Sequence[HeldFile]:
        """Return the files of a version, in the bytewise order of their paths."""
        ...

    async def file(self, tenant: Tenant, version: str, path: str) -> HeldFile:
        """Return one of them. Raises `NotFound`."""
        ...

    async def chunks(self, tenant: Tenant, version: str, path: str) -> Sequence[Chunk]:
        """Return the chunks of a file."""
        ...

    def read(self, tenant: Tenant, version: str, path: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of a file, each chunk checked."""
        ...


class OpenedStored:
    """A file of a version. It is read in order; a read elsewhere begins anew there."""

    def __init__(self, shelf: Shelf, version: DatasetVersion, file: HeldFile) -> None:
        self._shelf = shelf
        self._version = version
        self._file = file
        self._stream: AsyncIterator[bytes] | None = None
        self._position = 0
        self._rest = b""

    @property
    def stamp(self) -> Stamp:
        """Return size and content: a file of a version never changes."""
        return stamp_of(self._file)

    @property
    def fd(self) -> None:
        """There is no descriptor: what lies on the disk is encrypted."""
        return

    @property
    def path(self) -> None:
        """There is no path."""
        return

    async def chunks(self) -> Sequence[Chunk]:
        """Return the chunks, as the facility has them."""
        return await self._shelf.chunks(self._version.tenant, self._version.id, self._file.path)

    async def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`; fewer only at the end. Raises `SourceVanished` if the version was deleted meanwhile."""
        if self._stream is None or offset != self._position:
            await self.close()
            one = self._version
            self._stream = self._shelf.read(one.tenant, one.id, self._file.path, offset, self._file.size)
            self._position, self._rest = offset, b""
        parts, have = [self._rest], len(self._rest)
        try:
            while have < length and (part := await anext(self._stream, b"")):
                parts.append(part)
                have += len(part)
        except NotFound as error:
            raise SourceVanished("The stored version was deleted.", where="version") from error
        data = b"".join(parts)
        self._rest = data[length:]
        self._position = offset + min(length, len(data))
        return data[:length]

    def changed(self) -> bool:
        """It never does."""
        return False

    async def close(self) -> None:
        """Let go of the stream."""
        stream, self._stream = self._stream, None
        aclose = getattr(stream, "aclose", None)
        if aclose is not None:
            await aclose()


class StoredSources:
    """Versions of the facility as sources."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def check(self, tenant: Tenant, place: Place) -> None:
        """Raise `Invalid` for what is no place. Whether the version is there shows when it is opened."""
        _parts(place)

    async def find(self, tenant: Tenant, place: Place) -> Sequence[Found]:
        """Return the files in the bytewise order of their paths, as they are called below the place."""
        version, path = await self._version(tenant, place)
        files = await self._shelf.files(tenant, version.id)
        if place.kind == STORED_FILE:
            return [Found(path.rpartition("/")[2], stamp_of(one)) for one in files if one.path == path] or _nothing(path)
        return [Found(one.path[len(path) :], stamp_of(one)) for one in files if one.path.startswith(path)] or _nothing(path)

    async def fields(self, tenant: Tenant, place: Place) -> Mapping[str, str]:
        """Return none."""
        return {}

    async def open(self, tenant: Tenant, place: Place, path: str) -> OpenedStored:
        """Open the file `path` below the place."""
        version, inside = await self._version(tenant, place)
        single = place.kind == STORED_FILE
        wanted = inside.removesuffix(inside.rpartition("/")[2]) + path if single else inside + path
        if single and wanted != inside:
            raise NotFound("There is no such file in this data.", where="path")
        return OpenedStored(self._shelf, version, await self._shelf.file(tenant, version.id, wanted))

    async def _version(self, tenant: Tenant, place: Place) -> tuple[DatasetVersion, str]:
        agreement, named, path = _parts(place)
        name, _, number = named.partition("@")
        try:
            version = await self._shelf.version(tenant, name, int(number) if number else None)
        except NotFound as error:
            raise SourceVanished(error.message, where="source.version", hint="`hanse facility list` shows what is there.") from error
        if version.ground != agreement:
            raise SourceVanished("The stored version came under another agreement than what is offered.", where="source.version")
        return version, path


def stamp_of(file: HeldFile) -> Stamp:
    """Return what tells whether a file has changed: its content."""
    return Stamp(file.size, file.sha256)


def _parts(place: Place) -> tuple[str, str, str]:
    """Return agreement, version and path."""
    agreement, _, rest = place.at.partition("/")
    named, _, path = rest.partition("/")
    if not _NAMED.fullmatch(named):
        raise Invalid(f"{named[:120]!r} is no stored version: one is written name@number.", where="source.version", rule="version")
    if len(path) > _LONGEST or path.startswith("/"):
        raise Invalid("It is no path inside a version.", where="source.path", rule="path")
    return unquote(agreement), named, path


def _nothing(path: str) -> list[Found]:
    raise Invalid(f"There is nothing at {path[:200]!r} in the stored version.", where="source.path", rule="empty")
