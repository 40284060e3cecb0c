"""How data lies in a facility: written so that a reader can be made from this text alone (docs/decisions/0023-the-facility.md).

A facility is a folder, or a bucket with a prefix, and possibly a second one for cold data. Objects are written once and whole:

    TENANT/VAULT/key              the vault's key, sealed with the server's master key; to destroy it is to delete the vault
    TENANT/VAULT/packs/PACK       encrypted chunks, in the hot place or in the cold one: look in the hot one first
    TENANT/VAULT/versions/NAME    one version of a dataset: the manifest, encrypted; always in the hot place

A vault holds all that is kept under one agreement; data of one's own lies in one vault per participant. VAULT is 32, NAME 32, and PACK
65 characters: hexadecimal, random, and with a `-` in PACK between the name of the intake that wrote it (32) and its own (32).

**Keys.** Each is 32 bytes. That of a vault is random. From it, `HMAC-SHA-256(vault key, LABEL || name)` makes one key per object: the
LABEL is `PACK_LABEL` or `MANIFEST_LABEL`, the name that of the object in ASCII (PACK, NAME). A manifest holds the keys of the packs that
it names. So whoever is given the key of a manifest (32 bytes) can read that version and no other, and never sees the vault's key.

**Cipher.** AES-256-GCM, tags of 16 bytes behind the cipher text. No nonce can come twice under a key: an object has a key of its own,
because its name holds 128 random bits that are drawn anew whenever it is built, even if it is built again after a crash; it is built
by one writer, written once, and never added to; and inside of it the nonce is a counter (see below).

**Pack**: the 8 bytes `PACK_MAGIC`, then frames. Frame number n (from 0) is one chunk, encrypted with the pack's key, the nonce n (12
bytes, the highest first), and no associated data. Where a chunk was deleted and others of the pack were not, its frame is zeros.

**Manifest**: the 8 bytes `MANIFEST_MAGIC`, then the cipher text of a JSON object, encrypted with the manifest's key, the nonce 0, and as
associated data `TENANT/VAULT/versions/NAME` in UTF-8. The object has

    format   1
    version  the version as `dcat.holding.DatasetVersion` (its `tier` and `deleted` are what they were when it was stored)
    packs    a list of [PACK, its key in hexadecimal]
    files    a list of [path, size, SHA-256 (hexadecimal), media type, first row, rows], in the bytewise order of the paths
    chunks   rows of 48 bytes, in Base64 (RFC 4648): the BLAKE3 of the chunk's bytes (32), then four numbers of 4 bytes, the highest
             first: which of `packs` (from 0), which frame, where the frame begins in the pack, and the size of the chunk

The content of a file is that of its chunks, in the order of its rows; an empty file has none. A frame has 16 bytes more than its chunk.
A reader checks the tag of each frame, the BLAKE3 of each chunk, and, when it reads a file as a whole, the SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from hanse.dcat.chunks import LARGEST, Chunk
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.kernel.errors import StorageFailed
from hanse.kernel.tenant import Tenant

FORMAT: Final = 1
KEY_SIZE: Final = 32
"""Bytes of every key."""
TAG_SIZE: Final = 16
"""Bytes by which a frame is larger than its chunk."""
PACK_MAGIC: Final = b"HANSEPK1"
MANIFEST_MAGIC: Final = b"HANSEVM1"
PACK_LABEL: Final = b"hanse facility pack 1\0"
MANIFEST_LABEL: Final = b"hanse facility version 1\0"
PACK_SIZE: Final = 32 << 20
"""Bytes of a pack, about: a chunk is not begun beyond it."""
SPAN: Final = 4 << 20
"""Bytes that are read from a pack at once, about."""
MAX_FILES: Final = 1_000_000
"""Files of one version."""
_ROW: Final = struct.Struct(">32sIIII")
ROW_SIZE: Final = _ROW.size


class Row(Struct, frozen=True):
    """Where a chunk is: the BLAKE3 of its bytes, which of the manifest's packs, which frame, where that begins, the chunk's size."""

    digest: bytes
    pack: int
    frame: int
    offset: int
    size: int


class FileRow(Struct, frozen=True, array_like=True):
    """A file of a manifest: its chunks are `rows` rows from `first` on."""

    path: str
    size: int
    sha256: str
    media_type: str
    first: int
    rows: int

    @property
    def held(self) -> HeldFile:
        """Return the file as the rooms of the factory know it."""
        return HeldFile(self.path, self.size, self.sha256, self.media_type)


class PackKey(Struct, frozen=True, array_like=True):
    """A pack and its key (hexadecimal)."""

    name: str
    key: str

    def __repr__(self) -> str:
        return f"PackKey({self.name!r})"


class Manifest(Struct, frozen=True, kw_only=True):
    """What a version is made of."""

    format: int = FORMAT
    version: DatasetVersion
    packs: tuple[PackKey, ...]
    files: tuple[FileRow, ...]
    chunks: str

    def table(self) -> bytes:
        """Return the rows, without the Base64. Raises `StorageFailed`."""
        try:
            return base64.b64decode(self.chunks, validate=True)
        except binascii.Error:
            raise damaged("a manifest", "its table of chunks cannot be read") from None


class Span(Struct, frozen=True):
    """Frames that lie side by side in a pack: `length` bytes from `offset` hold the chunks of `rows`, in order."""

    pack: int
    offset: int
    length: int
    rows: tuple[Row, ...]


def key_path(tenant: Tenant, vault: str) -> str:
    """Return where a vault's key is."""
    return f"{tenant}/{vault}/key"


def pack_path(tenant: Tenant, vault: str, pack: str) -> str:
    """Return where a pack is."""
    return f"{tenant}/{vault}/packs/{pack}"


def manifest_path(tenant: Tenant, vault: str, name: str) -> str:
    """Return where a manifest is."""
    return f"{tenant}/{vault}/versions/{name}"


def pack_key(vault_key: bytes, pack: str) -> bytes:
    """Return the key of a pack."""
    return hmac.digest(vault_key, PACK_LABEL + pack.encode("ascii"), "sha256")


def manifest_key(vault_key: bytes, name: str) -> bytes:
    """Return the key of a manifest: all that a reader of that version needs."""
    return hmac.digest(vault_key, MANIFEST_LABEL + name.encode("ascii"), "sha256")


def nonce(frame: int) -> bytes:
    """Return the nonce of a frame."""
    return frame.to_bytes(12, "big")


def seal_manifest(key: bytes, path: str, manifest: Manifest) -> bytes:
    """Return the object that holds a manifest at `path`. The key must never have sealed anything else."""
    return MANIFEST_MAGIC + AESGCM(key).encrypt(nonce(0), msgspec.json.encode(manifest), path.encode())


def open_manifest(key: bytes, path: str, data: bytes) -> Manifest:
    """Return the manifest that an object at `path` holds. Raises `StorageFailed` for anything that was not sealed there with that key."""
    if data[:8] != MANIFEST_MAGIC:
        raise damaged("the manifest", "it does not begin as one", path)
    try:
        manifest = msgspec.json.decode(AESGCM(key).decrypt(nonce(0), data[8:], path.encode()), type=Manifest)
    except InvalidTag:
        raise damaged("the manifest", "it was changed, or the key is another", path) from None
    except msgspec.DecodeError:
        raise damaged("the manifest", "it cannot be read", path) from None
    if manifest.format != FORMAT:
        raise damaged("the manifest", f"its format is {manifest.format}, and only {FORMAT} is known", path)
    return manifest


def write_row(row: Row) -> bytes:
    """Return the 48 bytes of a row."""
    return _ROW.pack(row.digest, row.pack, row.frame, row.offset, row.size)


def rows_of(table: bytes, first: int, count: int) -> Iterator[Row]:
    """Yield rows of a table. Raises `StorageFailed` where there are fewer."""
    part = memoryview(table)[first * ROW_SIZE : (first + count) * ROW_SIZE]
    if len(part) != count * ROW_SIZE:
        raise damaged("a manifest", "its table of chunks is too short")
    for fields in _ROW.iter_unpack(part):
        yield Row(*fields)


def chunks_of(rows: Sequence[Row]) -> list[Chunk]:
    """Return the chunks of a file as others know them: where each begins in the file, its size, its BLAKE3."""
    found, offset = [], 0
    for row in rows:
        found.append(Chunk(offset, row.size, row.digest.hex()))
        offset += row.size
    return found


def spans(rows: Iterable[Row], most: int = SPAN) -> Iterator[Span]:
    """Yield what has to be read for these chunks, in their order: frames side by side are read together, `most` bytes at once, about."""
    batch: list[Row] = []
    length = 0
    for row in rows:
        near = batch and (row.pack, row.offset) == (batch[0].pack, batch[0].offset + length)
        if batch and (not near or length >= most):
            yield Span(batch[0].pack, batch[0].offset, length, tuple(batch))
            batch, length = [], 0
        batch.append(row)
        length += row.size + TAG_SIZE
    if batch:
        yield Span(batch[0].pack, batch[0].offset, length, tuple(batch))


def within(rows: Sequence[Row], start: int, end: int) -> tuple[list[Row], int]:
    """Return the chunks of a file that hold its bytes from `start` to `end` (exclusive), and how many bytes come before `start` in them."""
    found: list[Row] = []
    offset, before = 0, 0
    for row in rows:
        if start < end and offset + row.size > start and offset < end:
            if not found:
                before = start - offset
            found.append(row)
        offset += row.size
    return found, before


def open_frames(cipher: AESGCM, span: Span, data: bytes) -> Iterator[bytes]:
    """Yield the chunks of a span, each checked by its tag and its BLAKE3; `cipher` has the pack's key, `data` is what was read.

    Raises `StorageFailed` with the rule `damaged` for the first that is not as it was stored.
    """
    view, position = memoryview(data), 0
    for row in span.rows:
        frame = view[position : position + row.size + TAG_SIZE]
        position += row.size + TAG_SIZE
        yield open_frame(cipher, row, frame)


def open_frame(cipher: AESGCM, row: Row, frame: bytes | memoryview) -> bytes:
    """Return one chunk. Raises `StorageFailed` with the rule `damaged`."""
    if len(frame) != row.size + TAG_SIZE or row.size > LARGEST:
        raise damaged(f"frame {row.frame}", "it is cut off", str(row.pack))
    try:
        chunk = cipher.decrypt(nonce(row.frame), frame, None)
    except InvalidTag:
        raise damaged(f"frame {row.frame}", "its bytes were changed", str(row.pack)) from None
    if blake3(chunk).digest() != row.digest:
        raise damaged(f"frame {row.frame}", "it is another chunk than the manifest says", str(row.pack))
    return chunk


def damaged(what: str, why: str, where: str | None = None) -> StorageFailed:
    """Return the error for stored data that is not as it was stored."""
    hint = "`hanse facility verify` tells everything that is damaged; acquire the data again, or bring the files back."
    return StorageFailed(f"Stored data is damaged: {what}: {why}.", where=where, rule="damaged", hint=hint)
