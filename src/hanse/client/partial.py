"""A file on its way to disk: kept under another name until it is whole and verified, so that it can be gone on with."""

from __future__ import annotations

import errno
import hashlib
import os
import queue
import threading
from pathlib import Path
from typing import Self

from blake3 import blake3

from hanse.dataplane.listing import PARTS
from hanse.kernel.errors import StorageFailed

CHUNK = 1 << 20
BESIDE = 8 << 20
"""From this size on the digest runs in a thread of its own, beside the download."""


class Hasher:
    """BLAKE3 of what passes through a few reused buffers, inline or in a second thread."""

    def __init__(self, *, beside: bool) -> None:
        self._hash = blake3()
        self._full: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
        self._free: queue.SimpleQueue[memoryview] = queue.SimpleQueue()
        for _ in range(4 if beside else 1):
            self._free.put(memoryview(bytearray(CHUNK)))
        self._thread = threading.Thread(target=self._work, daemon=True) if beside else None
        if self._thread is not None:
            self._thread.start()

    def buffer(self) -> memoryview:
        """Return a buffer to fill; hand it back with `update`."""
        return self._free.get()

    def update(self, buffer: memoryview, count: int) -> None:
        """Take the first `count` bytes of a buffer."""
        if self._thread is None:
            self._hash.update(buffer[:count])
            self._free.put(buffer)
        else:
            self._full.put(buffer[:count])

    def hexdigest(self) -> str:
        """Return the digest of all."""
        self.close()
        return self._hash.hexdigest()

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._full.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (part := self._full.get()) is not None:
            self._hash.update(part)
            self._free.put(memoryview(part.obj))  # the whole buffer again


class Partial:
    """The bytes that have arrived of the file `path` below `into`."""

    def __init__(self, into: Path, path: str, size: int | None) -> None:
        self._target = into / path
        self._folder = into / PARTS
        self._file = self._folder / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.part"
        self._limit = size
        self.size = 0
        self._descriptor = -1
        self._hasher = Hasher(beside=size is None or size >= BESIDE)

    def __enter__(self) -> Self:
        """Open what an earlier attempt left, and read its digest."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            if self._limit is None or os.fstat(self._descriptor).st_size > self._limit:
                os.ftruncate(self._descriptor, 0)
            self._take_over()
        except OSError as error:
            self.__exit__()
            raise storage_failed(error, self._target) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; what has arrived stays."""
        self._hasher.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _take_over(self) -> None:
        while True:
            buffer = self._hasher.buffer()
            count = os.readv(self._descriptor, [buffer])
            self._hasher.update(buffer, count)
            if not count:
                return
            self.size += count

    def buffer(self) -> memoryview:
        """Return a buffer to fill; hand it back with `append`."""
        return self._hasher.buffer()

    def append(self, buffer: memoryview, count: int) -> None:
        """Write the first `count` bytes of a buffer. Raises `StorageFailed`; what was written before stays."""
        done = 0
        try:
            while done < count:
                done += os.write(self._descriptor, buffer[done:count])
        except OSError as error:
            os.ftruncate(self._descriptor, self.size)
            raise storage_failed(error, self._target) from error
        self.size += count
        self._hasher.update(buffer, count)

    def restart(self) -> None:
        """Throw away what has arrived."""
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._hasher.close()
        self._hasher = Hasher(beside=self._limit is None or self._limit >= BESIDE)
        self.size = 0

    def digest(self) -> str:
        """Return the BLAKE3 of what has arrived, in hexadecimal. Nothing can be appended after this."""
        return self._hasher.hexdigest()

    def finish(self) -> None:
        """Put the file into its place, whole."""
        try:
            os.fchmod(self._descriptor, 0o644)
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._file.replace(self._target)
        except OSError as error:
            raise storage_failed(error, self._target) from error


def digest_of(path: Path) -> str | None:
    """Return the BLAKE3 of a regular file, or nothing when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        result, buffer = blake3(), memoryview(bytearray(CHUNK))
        while count := file.readinto(buffer):
            result.update(buffer[:count])
        return result.hexdigest()


def storage_failed(error: OSError, target: Path) -> StorageFailed:
    """Return what a failed write means to a person."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        hint = "Make room and run the same command again: it goes on from there."
        return StorageFailed(f"There is no room left to write {target}. What has arrived is kept.", hint=hint, rule="storage-full")
    return StorageFailed(f"{target} cannot be written: {os.strerror(error.errno or 0)}.")
