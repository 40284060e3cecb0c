"""A page of a chunk list, as JSON: what a provider says, and how a consumer reads it (docs/decisions/0025-chunk-lists.md)."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from hanse.dataplane.listing import HEX, RemoteFile
from hanse.dcat.chunks import LARGEST, LEAST, RULE, Chunk
from hanse.kernel.errors import PeerInvalid

PAGE: Final = 8192
"""Chunks of one page: about 2 GiB of data, and 600 kB of JSON."""
MAX_PAGE: Final = PAGE * 100
"""The largest page that is read, in bytes."""


class Page(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A part of a list as JSON. `offset` is where its first chunk, the one numbered `first`, begins in the file.

    Each chunk is its size in bytes and its BLAKE3 in hexadecimal. `next` is the number of the first chunk of the next page; without
    it this page is the last. `size` and `blake3` are those of the file.
    """

    rule: str
    size: int
    blake3: str
    first: int
    offset: int
    chunks: list[tuple[int, str]]
    next: int | None = None


def decode_page(body: bytes, file: RemoteFile, first: int, offset: int) -> tuple[list[Chunk], int | None]:
    """Return the chunks of a page that begins with the chunk `first` at `offset`, and where the next page begins, if there is one.

    Raises `PeerInvalid` unless it is what our own cutting could have made of the file.
    """
    try:
        page = msgspec.json.decode(body, type=Page)
    except (ValueError, RecursionError) as error:
        raise _wrong(file, f"cannot be read: {str(error)[:300]}") from error
    if (page.rule, page.size, page.blake3, page.first, page.offset) != (RULE, file.size, file.blake3, first, offset):
        raise _wrong(file, "is of another file, or another part of it")
    chunks = []
    for size, digest in page.chunks[: PAGE + 1]:
        if not 0 < size <= LARGEST or not HEX.fullmatch(digest) or (size < LEAST and offset + size != file.size):
            raise _wrong(file, "names a chunk that cannot be")
        chunks.append(Chunk(offset, size, digest))
        offset += size
    adds_up = offset == file.size if page.next is None else bool(chunks) and page.next == first + len(chunks) and offset < file.size
    if len(chunks) > PAGE or not adds_up:
        raise _wrong(file, "does not add up to the file's size")
    return chunks, page.next


def _wrong(file: RemoteFile, why: str) -> PeerInvalid:
    return PeerInvalid(f"The provider's list of chunks of {file.path[:200]!r} {why}.", where="chunks")
