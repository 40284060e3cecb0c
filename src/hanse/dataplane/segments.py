"""A response body as a sequence of segments: bytes and files. A folder is a tar (POSIX.1-2001, pax) of them.

The tar depends on content only: bytewise order, no owner, mode 0644, time 0. So it has a strong entity tag, its length
is known before its first byte, and any range of it can be sent, which is what lets a broken download go on.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

from msgspec import Struct

from hanse.dataplane.records import Entry, Manifest

BLOCK = tarfile.BLOCKSIZE
_USTAR_SIZE = 8 << 30


class Slice(Struct, frozen=True):
    """A part of a file: `length` bytes from `offset`."""

    entry: Entry
    offset: int
    length: int


Segment = bytes | Slice


def header(entry: Entry) -> bytes:
    """Return the tar header of a file."""
    info = tarfile.TarInfo(entry.path)
    info.size, info.mode, info.mtime = entry.size, 0o644, 0
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8")


def _header_size(entry: Entry) -> int:
    plain = len(entry.path) <= tarfile.LENGTH_NAME and entry.path.isascii() and entry.size < _USTAR_SIZE
    return BLOCK if plain else len(header(entry))


def _padding(size: int) -> int:
    return -size % BLOCK


def tar_size(manifest: Manifest) -> int:
    """Return the length of the tar in bytes."""
    return sum(_header_size(e) + e.size + _padding(e.size) for e in manifest.files) + 2 * BLOCK


def tar(manifest: Manifest) -> Iterator[Segment]:
    """Yield the tar of all files."""
    for entry in manifest.files:
        yield header(entry)
        if entry.size:
            yield Slice(entry, 0, entry.size)
        if _padding(entry.size):
            yield bytes(_padding(entry.size))
    yield bytes(2 * BLOCK)


def cut(segments: Iterator[Segment], start: int, stop: int) -> Iterator[Segment]:
    """Yield what lies in the bytes `start` to `stop` (exclusive) of the segments."""
    position = 0
    for segment in segments:
        length = len(segment) if isinstance(segment, bytes) else segment.length
        first, last = max(start - position, 0), min(stop - position, length)
        position += length
        if first < last:
            yield segment[first:last] if isinstance(segment, bytes) else Slice(segment.entry, segment.offset + first, last - first)
        if position >= stop:
            return
