"""Objects as files of a folder. An object appears by one rename; before it, its bytes are on the disk (fsync of file and folder).

What is stored is encrypted, so that other users of the machine may be let read it, e.g. those of compute nodes: files have the mode 0644,
folders 0755, less the server's umask. Keys have 0600, always.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hanse.factory.facility.ports import Buffer, Listed
from hanse.kernel.errors import NotFound, StorageFailed
from hanse.storage.objects.names import check_name, full

RESERVED: Final = 256 << 20
"""Bytes of the disk that are left alone: the database has to be able to go on."""
_PARTS: Final = ".parts"
_PRIVATE: Final = "/key"
_BLOCK: Final = 64 << 10
_ZEROS: Final = bytes(_BLOCK)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FolderObjects:
    """A folder, made when the first object is written. Zeros take no room in its files: long runs of them become holes."""

    def __init__(self, root: Path, *, reserved: int = RESERVED) -> None:
        self._root = root
        self._reserved = reserved

    @property
    def folder(self) -> Path:
        """The folder."""
        return self._root

    async def put(self, name: str, data: Buffer) -> None:
        """Write an object. Raises `StorageFailed`."""
        await asyncio.to_thread(self._put, self._path(name), data, 0o600 if name.endswith(_PRIVATE) else 0o644)

    async def get(self, name: str) -> bytes:
        """Return an object. Raises `NotFound`, `StorageFailed`."""
        return await asyncio.to_thread(self._read, self._path(name), 0, None)

    async def read(self, name: str, start: int, length: int) -> bytes:
        """Return a part of an object. Raises `NotFound`, `StorageFailed`."""
        return await asyncio.to_thread(self._read, self._path(name), start, length)

    async def delete(self, name: str) -> None:
        """Delete an object; its beginning is overwritten first, which reaches the disk unless the file system copies on write."""
        await asyncio.to_thread(self._delete, self._path(name))

    async def list(self, prefix: str) -> AsyncIterator[Listed]:
        """Yield the objects below `prefix`."""
        base = self._path(prefix)
        for one in await asyncio.to_thread(lambda: list(self._walk(base))):
            yield one

    async def room(self) -> int | None:
        """Return how many bytes of the disk are free, those that are reserved apart."""
        return await asyncio.to_thread(self._room)

    async def sweep(self, before: datetime) -> None:
        """Take away what was being written when a process ended: what is older than that."""
        await asyncio.to_thread(self._sweep, before.timestamp())

    def _path(self, name: str) -> Path:
        return self._root / check_name(name)

    def _put(self, path: Path, data: Buffer, mode: int) -> None:
        parts = self._root / _PARTS
        part = parts / secrets.token_hex(16)
        try:
            _make(parts)
            if self._room() < len(data):
                raise full(str(self._root))
            try:
                _write(part, data, mode)
                _make(path.parent)
                part.replace(path)
                _sync(path.parent)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(error) from error

    def _read(self, path: Path, start: int, length: int | None) -> bytes:
        try:
            with path.open("rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                wanted = size - start if length is None else min(length, size - start)
                return os.pread(file.fileno(), wanted, start) if 0 < wanted < 1 << 30 else _long(file.fileno(), start, wanted)
        except FileNotFoundError:
            raise NotFound("There is no such object in the facility.", where=path.name) from None
        except OSError as error:
            raise self._failed(error) from error

    def _delete(self, path: Path) -> None:
        try:
            _overwrite(path)
            path.unlink()
            _sync(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._failed(error) from error
        with suppress(OSError):  # a folder that is not empty stays
            for folder in list(path.parents)[:2]:
                if folder != self._root:
                    folder.rmdir()

    def _walk(self, base: Path) -> Iterator[Listed]:
        for folder, folders, files in os.walk(base):
            folders[:] = sorted(one for one in folders if one != _PARTS)
            for name in sorted(files):
                path = Path(folder) / name
                with suppress(FileNotFoundError):
                    found = path.stat()
                    written = datetime.fromtimestamp(found.st_mtime, UTC)
                    yield Listed(path.relative_to(self._root).as_posix(), found.st_size, written)

    def _room(self) -> int:
        found = next(path for path in (self._root, *self._root.absolute().parents) if path.exists())
        return max(0, shutil.disk_usage(found).free - self._reserved)

    def _sweep(self, before: float) -> None:
        parts = self._root / _PARTS
        for path in parts.iterdir() if parts.is_dir() else ():
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _failed(self, error: OSError) -> StorageFailed:
        if error.errno in _FULL:
            return full(str(self._root))
        return StorageFailed(f"The facility's folder cannot be used: {os.strerror(error.errno or 0)}.", where=str(self._root))


def _make(folder: Path) -> None:
    """Make a folder, and let its name be on the disk."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(mode=0o755, exist_ok=True)
    _sync(folder.parent)


def _write(part: Path, data: Buffer, mode: int) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        for start, end in _runs(view):
            done = start
            while done < end:
                done += os.pwrite(descriptor, view[done:end], done)
        os.ftruncate(descriptor, len(view))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _runs(view: memoryview) -> Iterator[tuple[int, int]]:
    """Yield the parts that are not all zeros, in whole blocks."""
    start = 0
    for block in range(0, len(view), _BLOCK):
        part = view[block : block + _BLOCK]
        if part[0] == 0 and part == _ZEROS[: len(part)]:
            if start < block:
                yield start, block
            start = block + len(part)
    if start < len(view):
        yield start, len(view)


def _long(descriptor: int, start: int, length: int) -> bytes:
    """Read more than one call of the system may return."""
    found = bytearray()
    while len(found) < length and (data := os.pread(descriptor, min(length - len(found), 1 << 29), start + len(found))):
        found += data
    return bytes(found)


def _overwrite(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        # A key is in the first block; what is encrypted with it is gone with it.
        os.pwrite(descriptor, secrets.token_bytes(min(_BLOCK, os.fstat(descriptor).st_size)), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
