"""The content of one stored version: its files, decrypted chunk by chunk, in several threads where that helps.

Every frame is checked by the tag of its cipher, which nobody can make without the key; so a changed bit is found where it is read.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.client.reading.places import Place
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.factory.facility.layout import (
    TAG_SIZE,
    FileRow,
    Manifest,
    Row,
    Span,
    damaged,
    nonce,
    open_manifest,
    pack_path,
    rows_of,
    spans,
    within,
)
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Tenant

if TYPE_CHECKING:
    from pyarrow import Buffer

LARGEST_MANIFEST: Final = 4 << 30
"""Bytes of a manifest."""
WHOLE: Final = 256 << 20
"""A file of at most so many bytes is decrypted as a whole; a larger one as it is read."""
_SPAN: Final = 1 << 20


class Content:
    """The files of a version. Closed when it is not needed any more."""

    def __init__(self, hot: Place, cold: Place, manifest: str, key: bytes) -> None:
        """Read the manifest. Raises `NotFound` for a version that is gone, `StorageFailed` for one that is damaged."""
        self._hot = hot
        self._cold = cold
        size = hot.size(manifest)
        if size > LARGEST_MANIFEST:
            raise damaged("the manifest", "it is too large", manifest)
        self._manifest: Manifest = open_manifest(key, manifest, hot.read(manifest, 0, size))
        self._table = self._manifest.table()
        self._files = {file.path: file for file in self._manifest.files}
        tenant, vault, _ = manifest.split("/", 2)
        self._packs = [(pack_path(Tenant(tenant), vault, one.name), AESGCM(bytes.fromhex(one.key))) for one in self._manifest.packs]
        self._pool: ThreadPoolExecutor | None = None
        self._rooms = threading.local()

    @property
    def version(self) -> DatasetVersion:
        """The version, as it was stored."""
        return self._manifest.version

    @property
    def files(self) -> list[HeldFile]:
        """Its files, by path."""
        return [file.held for file in self._manifest.files]

    def file(self, path: str) -> HeldFile:
        """Return one file. Raises `NotFound`."""
        return self._file(path).held

    def buffer(self, path: str) -> Buffer:
        """Return the whole content of a file, as a buffer of Arrow's. Raises `NotFound`, `StorageFailed`."""
        import pyarrow as pa

        file = self._file(path)
        found = pa.allocate_buffer(file.size)
        if file.size:
            self._fill(memoryview(found).cast("B"), list(self._rows(file)))
        return found

    def read(self, path: str) -> bytes:
        """Return the whole content of a file. Raises `NotFound`, `StorageFailed`."""
        return bytes(memoryview(self.buffer(path)))

    def open(self, path: str) -> io.BufferedReader:
        """Return a file to read and seek in. Raises `NotFound`; reading raises `StorageFailed`."""
        file = self._file(path)
        return io.BufferedReader(_Reading(self, file.size, list(self._rows(file))), buffer_size=_SPAN)

    def parts(self, path: str) -> Iterator[bytes]:
        """Yield the content of a file in order, piece by piece. Raises `NotFound`, `StorageFailed`."""
        for span in spans(self._rows(self._file(path)), _SPAN):
            out = bytearray(sum(row.size for row in span.rows))
            self._span(span, memoryview(out))
            yield bytes(out)

    def close(self) -> None:
        """Let go of everything."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
        self._hot.close()
        self._cold.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def some(self, rows: Sequence[Row], start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end` (exclusive) of the file that consists of these chunks."""
        found, before = within(rows, start, end)
        out = bytearray(sum(row.size for row in found))
        self._fill(memoryview(out), found)
        return bytes(memoryview(out)[before : before + end - start])

    def _file(self, path: str) -> FileRow:
        found = self._files.get(path)
        if found is None:
            raise NotFound(f"The version {self.version.id} has no file {path[:200]!r}.", where="path")
        return found

    def _rows(self, file: FileRow) -> Iterator[Row]:
        return rows_of(self._table, file.first, file.rows)

    def _fill(self, out: memoryview, rows: Sequence[Row]) -> None:
        jobs, at = [], 0
        for span in spans(rows, _SPAN):
            size = sum(row.size for row in span.rows)
            jobs.append((span, out[at : at + size]))
            at += size
        if at != len(out):
            raise damaged("a manifest", "its chunks are not as long as the file")
        if len(jobs) == 1:
            self._span(*jobs[0])
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(min(8, os.cpu_count() or 2), thread_name_prefix="hanse-open")
        for done in [self._pool.submit(self._span, *job) for job in jobs]:
            done.result()

    def _span(self, span: Span, out: memoryview) -> None:
        """Read and decrypt the chunks of a span, one behind the other, into `out`."""
        name, cipher = self._packs[span.pack]
        data = self._room(span.length)
        try:
            self._hot.fill(name, span.offset, data)
        except NotFound:
            self._cold.fill(name, span.offset, data)
        at = position = 0
        for row in span.rows:
            frame = data[position : position + row.size + TAG_SIZE]
            position += row.size + TAG_SIZE
            try:
                cipher.decrypt_into(nonce(row.frame), frame, None, out[at : at + row.size])
            except (InvalidTag, ValueError):
                raise damaged(f"frame {row.frame}", "its bytes were changed", name) from None
            at += row.size

    def _room(self, length: int) -> memoryview:
        """Return room for what is read, kept by each thread: new memory for each part would cost as much as decrypting it."""
        room: bytearray | None = getattr(self._rooms, "room", None)
        if room is None or len(room) < length:
            room = self._rooms.room = bytearray(length)
        return memoryview(room)[:length]


class _Reading(io.RawIOBase):
    """A file of a version, decrypted where it is read."""

    def __init__(self, content: Content, size: int, rows: Sequence[Row]) -> None:
        super().__init__()
        self._content = content
        self._size = size
        self._rows = rows
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]
        end = min(self._size, self._at + len(target))
        if self._at >= end:
            return 0
        found = self._content.some(self._rows, self._at, end)
        target[: len(found)] = found
        self._at = end
        return len(found)
