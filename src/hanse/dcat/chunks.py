"""Cuts content into chunks where the content itself says so: the one rule by which all sides cut (docs/decisions/0025-chunk-lists.md).

Because a cut depends on the bytes before it and on nothing else, bytes that were inserted or changed move the cuts around them, and the
chunks further on are the same as before. So two sides that hold versions of one file find out what they share by comparing digests.
The rule is FastCDC (Xia et al., USENIX ATC 2016) with normalised chunking, as the package `fastcdc` does it. It is part of what is
stored and said to others: another rule needs another name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from typing import Final

from msgspec import Struct

with redirect_stdout(StringIO()):  # where its compiled part is missing, the package says so there, and cuts alike, but slowly
    from fastcdc import fastcdc  # type: ignore[import-untyped]

RULE: Final = "fastcdc-64k-256k-1m"
"""The name of the rule: the least, the usual, and the largest size of a chunk."""
LEAST: Final = 64 << 10
"""Bytes of the smallest chunk, but for the last one of a content. Content that is no longer is one chunk."""
USUAL: Final = 256 << 10
"""Bytes of a chunk, about, on the average."""
LARGEST: Final = 1 << 20
"""Bytes of the largest chunk."""

_GATHERED: Final = 4 * LARGEST


class Chunk(Struct, frozen=True):
    """A chunk of a content: where it begins, its size in bytes, and its BLAKE3 in hexadecimal."""

    offset: int
    size: int
    blake3: str


class Known(Struct, frozen=True):
    """A chunk that its reader has already: its BLAKE3 in hexadecimal, and its size in bytes. It stands in the place of its bytes."""

    digest: str
    size: int


class Cutter:
    """Cuts a stream. It holds at most a few MiB."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes | bytearray | memoryview) -> Iterator[bytes]:
        """Take the next bytes, and yield the chunks that are whole by now. To be used up before the next call."""
        view = memoryview(data)
        for start in range(0, len(view), _GATHERED):
            self._held += view[start : start + _GATHERED]
            if len(self._held) >= _GATHERED:
                yield from self._cut(end=False)

    def end(self) -> Iterator[bytes]:
        """Yield what is left. The next bytes begin a new content."""
        yield from self._cut(end=True)

    def _cut(self, *, end: bool) -> Iterator[bytes]:
        held, self._held = bytes(self._held), bytearray()
        done = 0
        for size in sizes(held, end=end):
            yield held[done : done + size]
            done += size
        self._held[:0] = held[done:]


def sizes(content: bytes | memoryview, *, end: bool) -> Iterator[int]:
    """Yield the sizes of the chunks at the beginning of a content, as far as what comes later cannot change them.

    With `end` nothing comes later, and the sizes add up to the content's.
    """
    if not len(content):
        return
    for chunk in fastcdc(memoryview(content), LEAST, USUAL, LARGEST):
        left = len(content) - chunk.offset
        if not end and chunk.length == left < LARGEST:
            return  # it may go on
        yield chunk.length
