"""The consumer's own sink: takes what a provider pushes, file by file.

A file is written beside its place, verified, and renamed into it: a repeat writes the same again and changes nothing.
The token was made for this transfer when the push was prepared, and dies with it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import errno
import hashlib
import os
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from hanse.dataplane.ports import Database, Door
from hanse.dataplane.records import Purpose
from hanse.dataplane.tokens import Tokens
from hanse.kernel.errors import Invalid, Malformed, StorageFailed, TooLarge
from hanse.kernel.tenant import Did, Tenant

MAX_DEPTH = 64
COUNTED = 1000
_PARTS = ".parts"
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]{44}):")


class Sink:
    """One file on its way in. Call `close` in any case; without `finish` nothing of it stays."""

    def __init__(self, target: Path, part: Path, room: int, length: int | None, digest: bytes | None) -> None:
        self._target = target
        self._part = part
        self._room = room
        self._length = length
        self._digest = digest
        self._sha256 = hashlib.sha256()
        self._size = 0
        self.on_finish: Callable[[int], None] = lambda _: None
        self.peer: Did | None = None
        """Who sends it, if an inbox has opened it."""
        self._descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    async def write(self, data: bytes) -> None:
        """Take the next bytes. Raises `TooLarge` over the quota, `StorageFailed` when the disk is full."""
        self._size += len(data)
        if self._size > self._room:
            raise TooLarge("The transfer is larger than this sink may take.", where="body", rule="quota")
        await asyncio.to_thread(self._append, data)

    async def finish(self) -> bool:
        """Verify the file and put it into its place; tell whether it is new there. Raises `Invalid`."""
        if self._length is not None and self._size != self._length:
            raise Invalid("The body is shorter than its Content-Length.", where="Content-Length", rule="length")
        if self._digest is not None and self._sha256.digest() != self._digest:
            raise Invalid("The body does not have the digest that it claims.", where="Repr-Digest", rule="digest")
        before, new = await asyncio.to_thread(self._rename)
        self.on_finish(self._size - before)
        return new

    def close(self) -> None:
        """Let go, and remove what has not been finished."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._part.unlink(missing_ok=True)

    def _append(self, data: bytes) -> None:
        self._sha256.update(data)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise _storage(error) from error

    def _rename(self) -> tuple[int, bool]:
        """Return the size of what was there before, and whether nothing was."""
        try:
            os.fsync(self._descriptor)
            new = not self._target.exists()
            before = 0 if new else self._target.stat().st_size
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._part.replace(self._target)
        except OSError as error:
            raise _storage(error) from error
        return before, new


class Inbox:
    """Takes pushes. `folder` gives the directory of a participant's incoming data; `quota` bounds what may lie there, in bytes.

    `door` refuses a sender that has lost its place in the space.
    """

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        folder: Callable[[Tenant], Path],
        *,
        quota: Callable[[Tenant], int],
        door: Door | None = None,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._folder = folder
        self._quota = quota
        self._door = door
        self._sizes: OrderedDict[Tenant, int] = OrderedDict()

    async def open(self, tenant: Tenant, transfer: str, token: str, path: str, length: str | None, digest: str | None) -> Sink:
        """Return the sink for `path` (`` or `files/…`) of the transfer, once the token has been checked.

        `length` and `digest` are the header fields Content-Length and Repr-Digest (RFC 9530). Raises
        `Unauthenticated`, `Forbidden`, `Invalid`, `Malformed` and `TooLarge`.
        """
        access = await self._database.read(lambda tx: self._tokens.find(tx, tenant, transfer, token, Purpose.SINK))
        if self._door is not None:
            await self._door(tenant, access.grant.peer)
        parts = _parts_of(path)
        size = int(length) if length and length.isascii() and length.isdigit() and len(length) < 20 else None
        base = self.place(tenant, transfer)
        room = await self._room(tenant, size or 1)
        if size is not None and size > room:
            raise TooLarge("The transfer is larger than this sink may take.", where="Content-Length", rule="quota")
        sink = await asyncio.to_thread(_sink, base, parts, room, size, _digest_of(digest))
        sink.on_finish = lambda count: self._took(tenant, count)
        sink.peer = access.grant.peer
        return sink

    async def _room(self, tenant: Tenant, wanted: int) -> int:
        """Return how many bytes more may come; counted anew before anybody is refused, for files may have been taken away."""
        room = self._quota(tenant) - await self._taken(tenant)
        if room >= wanted:
            return room
        self._sizes.pop(tenant, None)
        return self._quota(tenant) - await self._taken(tenant)

    async def _taken(self, tenant: Tenant) -> int:
        """Return the bytes that lie there: counted once, added up from then on."""
        if tenant not in self._sizes:
            self._sizes[tenant] = await asyncio.to_thread(_used, self._folder(tenant))
            while len(self._sizes) > COUNTED:
                self._sizes.popitem(last=False)
        return self._sizes[tenant]

    def _took(self, tenant: Tenant, count: int) -> None:
        if tenant in self._sizes:
            self._sizes[tenant] += count

    def place(self, tenant: Tenant, transfer: str) -> Path:
        """Return where the data of a transfer lies."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", transfer):
            raise Invalid("This id names no folder.", where="transfer", rule="id")
        return self._folder(tenant) / transfer


def _sink(base: Path, parts: tuple[str, ...], room: int, size: int | None, digest: bytes | None) -> Sink:
    scratch = base / _PARTS
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        return Sink(base.joinpath(*parts), scratch / secrets.token_hex(8), room, size, digest)
    except OSError as error:
        raise _storage(error) from error


def _parts_of(path: str) -> tuple[str, ...]:
    if path == "":
        return ("data",)
    parts = tuple(path.split("/"))[1:] if path.startswith("files/") else ()
    if not 0 < len(parts) <= MAX_DEPTH or len(path) > 4096 or not all(_plain(part) for part in parts):
        hint = "Use plain relative names, none that starts with a dot."
        raise Invalid("This path cannot be written.", where="path", rule="file-name", hint=hint)
    return parts


def _plain(part: str) -> bool:
    return bool(part) and not part.startswith(".") and "\\" not in part and part.isprintable() and len(part.encode()) <= 255


def _digest_of(field: str | None) -> bytes | None:
    if field is None:
        return None
    match = _DIGEST.search(field)
    if match is None:
        return None  # other algorithms are allowed to be unknown to us (RFC 9530, section 3)
    try:
        return base64.b64decode(match[1], validate=True)
    except binascii.Error:
        raise Malformed("The digest is not valid base64.", where="Repr-Digest") from None


def _used(base: Path) -> int:
    return sum(file.stat().st_size for file in base.rglob("*") if file.is_file()) if base.exists() else 0


def _storage(error: OSError) -> StorageFailed:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    said = "The disk of this side is full." if full else f"The data cannot be written: {os.strerror(error.errno or 0)}."
    return StorageFailed(said, rule="storage-full" if full else None, hint="Make room; the sender tries again." if full else None)
