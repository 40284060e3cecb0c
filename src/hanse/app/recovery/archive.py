"""The file of a backup (`.hbk`): an encrypted zip with one JSON line per row and table, and a manifest that proves the whole.

    manifest.json        version of the format and of the schema, when it was taken, and per table its columns, rows, SHA-256
    manifest.mac         HMAC-SHA256 of manifest.json under a key made from the installation's master key
    tables/NAME.jsonl    one JSON array per row, in the order of the manifest's columns

The zip is encrypted as a whole while it is written, and decrypted while it is read (`sealed`): it never lies on a disk.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, cast

import msgspec
from msgspec import Struct

from hanse import __version__
from hanse.app.recovery.sealed import SealingWriter, damaged, open_sealed
from hanse.kernel.errors import Invalid, Misconfigured, StorageFailed
from hanse.storage.rows import Row, Value

FORMAT = 1
DOCUMENTS = frozenset({"doc", "encoded"})
"""Columns that hold a JSON document, which stands in the line as it is."""
BITS = frozenset({"revoked", "suspended", "leaf", "edge", "node"})
"""Columns that hold bytes, which stand in the line as base64."""
DATED = (
    "participants",
    "tombstones",
    "keys",
    "members",
    "assets",
    "negotiations",
    "transfers",
    "contracts",
    "rulebooks",
    "issued_credentials",
)
"""Tables whose last change can only move forward: rows leave them by an erasure, which leaves a tombstone, or long after their end."""

_MANIFEST, _MAC = "manifest.json", "manifest.mac"
_MANIFEST_LIMIT = 1 << 20
_LINE_LIMIT = 64 << 20
_BLOCK = 1 << 20


class TableEntry(Struct, frozen=True):
    """One table of the archive."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """What the archive holds. `newest` is the last moment at which anything in it was changed."""

    format: int
    version: str
    schema: int
    id: str
    taken: datetime
    newest: datetime | None
    tables: dict[str, TableEntry]


class Content(Struct, frozen=True):
    """What goes into an archive: the schema's version, the columns of each table, and a way to read a table's rows."""

    schema: int
    tables: Mapping[str, Sequence[str]]
    rows: Callable[[str], Iterable[Row]]


def write(path: Path, key: bytes, id: str, taken: datetime, content: Content) -> Manifest:
    """Write an archive; it appears under its name when it is whole, readable by its owner only. Raises `StorageFailed`.

    An archive that exists is never overwritten (`Invalid`).
    """
    if path.exists():
        raise Invalid("There is a file of that name already.", where=str(path), hint="Name a new file.")
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 from its first moment
        try:
            with os.fdopen(descriptor, "wb") as file:
                sealing = SealingWriter(file, key)
                manifest = _fill(sealing, key, id, taken, content)
                sealing.finish()
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)
        finally:
            Path(temporary).unlink()
    except OSError as error:
        raise StorageFailed(f"The backup cannot be written: {error.strerror}.", where=str(path)) from None
    return manifest


def _fill(file: SealingWriter, key: bytes, id: str, taken: datetime, content: Content) -> Manifest:
    newest = _Newest()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        entries = {
            name: _table(archive, name, columns, newest.watch(name, content.rows(name), columns))
            for name, columns in content.tables.items()
        }
        manifest = Manifest(
            format=FORMAT, version=__version__, schema=content.schema, id=id, taken=taken, newest=newest.moment, tables=entries
        )
        body = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        archive.writestr(_MANIFEST, body)
        archive.writestr(_MAC, _mac(key, body))
    return manifest


def _table(archive: zipfile.ZipFile, name: str, columns: Sequence[str], rows: Iterable[Row]) -> TableEntry:
    digest, count = hashlib.sha256(), 0
    with archive.open(_file(name), "w", force_zip64=True) as file:
        for row in rows:
            cells = [_written(value, column) for value, column in zip(row, columns, strict=True)]
            line = msgspec.json.encode(cells) + b"\n"
            digest.update(line)
            file.write(line)
            count += 1
    return TableEntry(tuple(columns), count, digest.hexdigest())


class _Receipt(Struct):
    erased: datetime


class _Dated(Struct):
    receipt: _Receipt | None = None
    updated: datetime | None = None
    created: datetime | None = None
    finalized: datetime | None = None
    ended: datetime | None = None
    retired: datetime | None = None
    published: datetime | None = None
    valid_from: datetime | None = None


_MOMENTS = tuple(name for name in _Dated.__struct_fields__ if name != "receipt")


class _Newest:
    """Notes the last change among rows that pass by."""

    def __init__(self) -> None:
        self.moment: datetime | None = None
        self._decode = msgspec.json.Decoder(_Dated).decode

    def watch(self, table: str, rows: Iterable[Row], columns: Sequence[str]) -> Iterator[Row]:
        """Yield the rows as they are."""
        at = columns.index("doc") if table in DATED else None
        for row in rows:
            if at is not None:
                self.note(row[at])
            yield row

    def note(self, doc: bytes) -> None:
        """Look at one record."""
        dated = self._decode(bytes(doc))
        erased = dated.receipt.erased if dated.receipt else None
        own = (getattr(dated, name) for name in _MOMENTS)
        self.moment = max((moment for moment in (self.moment, erased, *own) if moment is not None), default=None)


def newest_of(documents: Iterable[bytes]) -> datetime | None:
    """Return the last moment at which any of these records was changed."""
    newest = _Newest()
    for doc in documents:
        newest.note(doc)
    return newest.moment


class Archive:
    """An archive that has been checked. Use as a context manager."""

    def __init__(self, source: IO[bytes], file: zipfile.ZipFile, manifest: Manifest) -> None:
        self._source = source
        self._file = file
        self.manifest = manifest

    @classmethod
    def open(cls, path: Path, key: bytes) -> Archive:
        """Open and check every byte. Raises `Malformed` (damaged, or no archive) and `Misconfigured` (another master key)."""
        source = open_sealed(path, key)
        try:
            file = _zip(source, path)
            archive = cls(source, file, _checked_manifest(file, path, key))
            for name in archive.manifest.tables:
                archive._check(name, path)
        except BaseException:
            source.close()
            raise
        return archive

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._source.close()

    def rows(self, table: str) -> Iterator[tuple[Value, ...]]:
        """Yield the rows of a table."""
        columns = self.manifest.tables[table].columns
        decode = msgspec.json.Decoder(list[msgspec.Raw]).decode
        with self._file.open(_file(table)) as lines:
            while line := lines.readline(_LINE_LIMIT):
                yield tuple(_read(raw, column) for raw, column in zip(decode(line), columns, strict=True))

    def _check(self, table: str, path: Path) -> None:
        digest = hashlib.sha256()
        try:
            with self._file.open(_file(table)) as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        except (KeyError, zipfile.BadZipFile, OSError, EOFError):
            raise damaged(path, table) from None
        if digest.hexdigest() != self.manifest.tables[table].sha256:
            raise damaged(path, table)


def _zip(source: IO[bytes], path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError):
        raise damaged(path, "the zip in it") from None


def _checked_manifest(file: zipfile.ZipFile, path: Path, key: bytes) -> Manifest:
    try:
        body, mac = _small(file, _MANIFEST), _small(file, _MAC)
        manifest = msgspec.json.decode(body, type=Manifest)
    except (KeyError, zipfile.BadZipFile, OSError, EOFError, msgspec.DecodeError):
        raise damaged(path, _MANIFEST) from None
    if manifest.format != FORMAT:
        raise Misconfigured(
            f"The backup has format {manifest.format}, this program knows {FORMAT}.",
            where=str(path),
            hint=f"Use hanse {manifest.version}, which has written it.",
        )
    if not hmac.compare_digest(mac, _mac(key, body)):
        raise Misconfigured(
            "The backup was made under another master key, or was altered.",
            where="master.key",
            rule="master-key",
            hint="Put the master key of the installation that made it in place first; no backup holds it.",
        )
    return manifest


def _written(value: Value, column: str) -> object:
    return msgspec.Raw(bytes(cast("bytes", value))) if column in DOCUMENTS else value  # other bytes become base64


def _read(raw: msgspec.Raw, column: str) -> Value:
    if column in DOCUMENTS:
        return bytes(raw)
    return msgspec.json.decode(raw, type=bytes) if column in BITS else cast("Value", msgspec.json.decode(raw))


def _small(file: zipfile.ZipFile, name: str) -> bytes:
    with file.open(name) as found:
        return found.read(_MANIFEST_LIMIT)


def _mac(key: bytes, body: bytes) -> bytes:
    own = hmac.digest(key, b"hanse-backup-manifest", "sha256")
    return hmac.digest(own, body, "sha256").hex().encode()


def _file(table: str) -> str:
    return f"tables/{table}.jsonl"
