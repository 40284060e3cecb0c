"""What the process that reads hostile formats is told, and what it tells."""

from __future__ import annotations

import struct
from typing import Final

from msgspec import Struct

HEAD: Final = struct.Struct("<cQ")
"""Before all that goes either way: one letter, and how many bytes follow."""
ORDER, PAYLOAD = b"o", b"p"
DOCUMENT, TABLE, UNREAD, BAD, END = b"d", b"t", b"u", b"b", b"e"
"""`UNREAD`: this page cannot be read, the next may be. `BAD`: nothing more can be read."""


class Page(Struct, frozen=True):
    """A page in the payload: how many bytes of it are its own, and the encoding that it came with."""

    size: int
    charset: str | None = None


class Order(Struct, frozen=True, kw_only=True):
    """What to read: pages (one after the other in the payload) or a file that can be sought in (the path)."""

    kind: str
    path: str = ""
    pages: tuple[Page, ...] = ()
    columns: tuple[str, ...] | None = None
    text: str = ""
    memory: int
    seconds: int
    record_bytes: int
    max_pages: int
    depth: int


class Document(Struct, frozen=True, kw_only=True):
    """What a page or a PDF says."""

    text: str
    title: str | None = None
    language: str | None = None
    opt_out: str | None = None
    counts: dict[str, int] = {}


class Refused(Struct, frozen=True):
    """Why it cannot be read (any further)."""

    reason: str
    sample: str = ""
