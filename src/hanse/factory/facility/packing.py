"""Builds packs in memory, and keeps the journal of what an intake has stored."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from hanse.dcat.chunks import LARGEST
from hanse.dcat.holding import HeldFile
from hanse.factory.facility.layout import (
    PACK_MAGIC,
    PACK_SIZE,
    ROW_SIZE,
    TAG_SIZE,
    Row,
    damaged,
    nonce,
    open_frame,
    pack_key,
    rows_of,
    write_row,
)
from hanse.factory.facility.ports import Buffer
from hanse.factory.facility.vaults import NAME_SIZE, new_name

_ROOM: Final = PACK_SIZE + LARGEST + TAG_SIZE
_LABEL: Final = b"hanse facility journal 1\0"


class Pack:
    """A pack that is being built, by one writer. Its name is new, and so are its key and all of its nonces (see `layout`)."""

    def __init__(self, vault_key: bytes, intake: str, number: int) -> None:
        """Take the vault's key, the intake's name, and the number by which the intake's rows will call the pack."""
        self.name = f"{intake}-{new_name()}"
        self.number = number
        self._cipher = AESGCM(pack_key(vault_key, self.name))
        self._buffer = bytearray(_ROOM)
        self._buffer[: len(PACK_MAGIC)] = PACK_MAGIC
        self.size = len(PACK_MAGIC)
        self.rows = bytearray()
        self._frames = 0

    @property
    def full(self) -> bool:
        """Tell whether it is large enough."""
        return self.size >= PACK_SIZE

    @property
    def empty(self) -> bool:
        """Tell whether nothing is in it."""
        return self._frames == 0

    @property
    def data(self) -> memoryview:
        """The pack as it is stored."""
        return memoryview(self._buffer)[: self.size]

    def add(self, digest: bytes, chunk: Buffer) -> Row:
        """Add a chunk, unless it is full; return where it is."""
        row = Row(digest, self.number, self._frames, self.size, len(chunk))
        end = self.size + len(chunk) + TAG_SIZE
        self._cipher.encrypt_into(nonce(self._frames), chunk, None, memoryview(self._buffer)[self.size : end])
        self.size = end
        self._frames += 1
        self.rows += write_row(row)
        return row

    def read(self, row: Row) -> bytes:
        """Return a chunk that was added."""
        return open_frame(self._cipher, row, self.data[row.offset : row.offset + row.size + TAG_SIZE])


class Page(Struct, frozen=True, kw_only=True):
    """What became durable with one pack: the rows of its chunks, the files that are whole with their rows, and files given up before.

    `packs` names what the numbers in the rows mean here.
    """

    packs: tuple[str, ...]
    stored: bytes
    done: tuple[tuple[HeldFile, bytes], ...]
    dropped: tuple[str, ...]


class Journal:
    """Gathers pages. Every method is called with the intake's lock held."""

    def __init__(self, vault_key: bytes) -> None:
        self._key = vault_key
        self._done: dict[str, tuple[HeldFile, bytes]] = {}
        self._dropped: dict[str, None] = {}

    def finished(self, held: HeldFile, rows: bytes) -> None:
        """A file is whole."""
        self._done[held.path] = (held, rows)

    def dropped(self, path: str) -> None:
        """A file was given up."""
        self._done.pop(path, None)
        self._dropped[path] = None

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to write down."""
        return not (self._done or self._dropped)

    def take(self, names: Sequence[str], stored: bytes) -> bytes:
        """Return what was gathered since the last time as a sealed page; `names` are the packs by the numbers in the rows."""
        local: dict[int, int] = {}
        kept = _renumbered(stored, local)
        done = tuple((held, _renumbered(rows, local)) for held, rows in self._done.values())
        page = Page(packs=tuple(names[number] for number in local), stored=kept, done=done, dropped=tuple(self._dropped))
        self._done, self._dropped = {}, {}
        return _seal(self._key, msgspec.msgpack.encode(page))


def read_page(vault_key: bytes, data: bytes) -> Page:
    """Return a page. Raises `StorageFailed`."""
    try:
        plain = AESGCM(_key(vault_key, data[:NAME_SIZE])).decrypt(nonce(0), data[NAME_SIZE:], None)
        return msgspec.msgpack.decode(plain, type=Page)
    except (InvalidTag, msgspec.DecodeError, ValueError):
        raise damaged("the journal of an intake", "it was changed, or the key is another") from None


def renumbered(table: bytes, numbers: Sequence[int]) -> bytes:
    """Return rows with other numbers of packs: `numbers[n]` in the place of n."""
    return b"".join(write_row(msgspec.structs.replace(row, pack=numbers[row.pack])) for row in rows_of(table, 0, len(table) // ROW_SIZE))


def _renumbered(table: bytes, local: dict[int, int]) -> bytes:
    found = []
    for row in rows_of(table, 0, len(table) // ROW_SIZE):
        found.append(write_row(msgspec.structs.replace(row, pack=local.setdefault(row.pack, len(local)))))
    return b"".join(found)


def _seal(vault_key: bytes, plain: bytes) -> bytes:
    # The name is drawn anew for each page, so that its key seals this page and nothing else.
    name = bytes.fromhex(new_name())
    return name + AESGCM(_key(vault_key, name)).encrypt(nonce(0), plain, None)


def _key(vault_key: bytes, name: bytes) -> bytes:
    return hmac.digest(vault_key, _LABEL + name, "sha256")
