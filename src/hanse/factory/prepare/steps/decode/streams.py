"""Bytes as a stream of chunks, in bounded memory: read from a file, unpacked, cut into blocks of whole lines."""

from __future__ import annotations

import io
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct

from hanse.factory.prepare.steps.decode.account import Place
from hanse.factory.prepare.steps.decode.reasons import Bad

CHUNK: Final = 1 << 20


class Readable(Protocol):
    """What bytes can be read from, in order."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        ...


def of_file(path: str) -> Iterator[bytes]:
    """Yield the bytes of a file."""
    with Path(path).open("rb") as file:
        yield from of(file)


def of(stream: Readable) -> Iterator[bytes]:
    """Yield the bytes of a stream."""
    while chunk := stream.read(CHUNK):
        yield chunk


def unpacked(chunks: Iterable[bytes], place: Place) -> Iterator[bytes]:
    """Yield what is packed with gzip (RFC 1952), one or several members. Raises `Bad` if it ends too early, breaks, or is a bomb."""
    member, begun = zlib.decompressobj(31), False
    for left in _short(chunks, 1 << 16):
        while left:
            if not begun:
                left = left.lstrip(b"\0")  # noqa: PLW2901 - padding after a member
                begun = bool(left)
                continue
            out, left = _some(member, left)  # noqa: PLW2901 - what is left of it
            place.account.unpacked(len(out))
            if out:
                yield out
            if member.eof:
                member, begun = zlib.decompressobj(31), False
    if begun:
        raise Bad("archive-damaged")


def _some(member: zlib._Decompress, packed: bytes) -> tuple[bytes, bytes]:
    """Return what comes next, and what is left of what is packed."""
    try:
        out = member.decompress(packed, CHUNK)
    except zlib.error:
        raise Bad("archive-damaged") from None
    return out, member.unused_data or member.unconsumed_tail


class Joined(io.RawIOBase):
    """Chunks as a file that can be read once. What came before something bad is given out before that is raised."""

    def __init__(self, chunks: Iterable[bytes]):
        self._chunks = iter(chunks)
        self._left = memoryview(b"")
        self._bad: Bad | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the target, unless this is the end."""
        view = memoryview(target)
        filled = 0
        while filled < len(view) and (self._left or self._more()):
            some = self._left[: len(view) - filled]
            view[filled : filled + len(some)] = some
            self._left = self._left[len(some) :]
            filled += len(some)
        if self._bad is not None and not filled:
            raise self._bad
        return filled

    def _more(self) -> bool:
        if self._bad is None:
            try:
                self._left = memoryview(next(self._chunks, b""))
            except Bad as bad:
                self._bad = bad
        return bool(self._left)


class Long(Struct, frozen=True):
    """A line that is too long; `sample` is its beginning."""

    sample: bytes


def blocks(chunks: Iterable[bytes], limit: int) -> Iterator[bytes | Long]:
    """Yield whole lines, many at once, and in their places those that are longer than `limit` bytes, which are never held in memory."""
    held: list[bytes] = []
    size, skipping = 0, False
    for chunk in _short(chunks, limit):
        end = chunk.find(b"\n") + 1
        if end and skipping:
            chunk, skipping, end = chunk[end:], False, 0  # noqa: PLW2901 - what is left of it
        if not skipping and size + (end or len(chunk)) > limit:
            yield Long((b"".join(held) + chunk)[:200])
            held, size, skipping = [], 0, not end
            chunk = chunk[end:] if end else b""  # noqa: PLW2901
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield b"".join([*held, chunk[:cut]])
            held, size = [], 0
        if not skipping and cut < len(chunk):
            held.append(chunk[cut:])
            size += len(chunk) - cut
    if held:
        yield b"".join(held)


def _short(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Yield the chunks, each at most `limit` long."""
    for chunk in chunks:
        if len(chunk) <= limit:
            yield chunk
        else:
            yield from (chunk[at : at + limit] for at in range(0, len(chunk), limit))


def whole(chunks: Iterable[bytes], limit: int) -> bytes:
    """Return all bytes. Raises `Bad` if there are more than `limit`."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size > limit:
            raise Bad("record-too-long", held[0][:200].decode(errors="replace"))
    return b"".join(held)


@contextmanager
def spooled(chunks: Iterable[bytes], place: Place) -> Iterator[str]:
    """Have a stream as a file, for formats that are read from their end.

    The file has no name of its own, so that nothing of it is left whatever ends this process. It is beside the file that it was packed
    in, where there is room for it, unless nothing may be written there.
    """
    folder = Path(place.account.file.local).parent
    with tempfile.TemporaryFile(dir=folder if os.access(folder, os.W_OK) else None) as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        yield f"/proc/{os.getpid()}/fd/{file.fileno()}"
