"""SHA-256 and BLAKE3 of a content in one pass over its bytes."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable

from blake3 import blake3

from hanse.dataplane.ports import Opened
from hanse.kernel.errors import SourceVanished

CHUNK = 1 << 20


class Digests:
    """Both digests, fed together."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._blake3 = blake3()
        self.size = 0

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        self._sha256.update(data)
        self._blake3.update(data)
        self.size += len(data)

    def digests(self) -> tuple[bytes, bytes]:
        """Return (SHA-256, BLAKE3), 32 bytes each."""
        return self._sha256.digest(), self._blake3.digest()


def _digest_fd(fd: int, size: int, advance: Callable[[int], None]) -> Digests:
    """Read `size` bytes of the descriptor through one reused buffer."""
    result = Digests()
    buffer = memoryview(bytearray(min(CHUNK, max(size, 1))))
    while result.size < size:
        count = os.preadv(fd, [buffer[: min(CHUNK, size - result.size)]], result.size)
        if not count:
            break
        result.update(buffer[:count])
        advance(count)
    return result


async def _digest_stream(opened: Opened, size: int | None, advance: Callable[[int], None]) -> Digests:
    result = Digests()
    while size is None or result.size < size:
        chunk = await opened.read(result.size, CHUNK)
        if not chunk:
            break
        result.update(chunk)
        advance(len(chunk))
    return result


async def digest(opened: Opened, advance: Callable[[int], None]) -> Digests:
    """Return the digests of an opened content; a local file is read in a thread.

    `advance` is called with the number of bytes of each chunk, from that thread. Raises `SourceVanished` when the
    content changed while it was read.
    """
    size = opened.stamp.size if opened.stamp.size >= 0 else None
    if opened.fd is not None and size is not None:
        result = await asyncio.to_thread(_digest_fd, opened.fd, size, advance)
    else:
        result = await _digest_stream(opened, size, advance)
    if (size is not None and result.size != size) or opened.changed():
        raise SourceVanished("The content changed while its checksum was made.", hint="Write data in full before it is offered.")
    return result
