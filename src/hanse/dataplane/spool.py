"""Where derived versions lie: files of their own, in a folder of each participant, with their manifest beside them.

    FOLDER/<agreement>/<version>.lock     whoever holds it makes the version
    FOLDER/<agreement>/.<version>/        what is being made
    FOLDER/<agreement>/<version>/         a whole version: `version`, and one file per file of the data

A version appears by one rename, so there is none by half. All names are digests; nobody but the server reads the files.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from hanse.dataplane.hashing import Digests
from hanse.dataplane.records import Entry, Found, Manifest, Place, Stamp
from hanse.kernel.errors import NotFound, SourceVanished, StorageFailed
from hanse.kernel.tenant import Tenant
from hanse.odrl.changes import Step

KIND: Final = "derived"
"""The kind of place that a derived version is; only the usage decision leads there, never an asset."""
RECORD: Final = "version"
RESERVED: Final = 256 << 20
"""Bytes of the disk that are left alone, whatever the quota: the database has to be able to go on."""
_CACHED: Final = 64


class Version(Struct, frozen=True, kw_only=True):
    """A derived version: of which source manifest, by which steps, for which agreement, and what it is.

    `suppressed` counts the records that were left out for anonymity. Nothing of this but `manifest` leaves the server.
    """

    agreement: str
    source: str
    chain: tuple[Step, ...]
    manifest: Manifest
    suppressed: int = 0


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Version)


class Spool:
    """The files of all derived versions. `folder` says where a participant's are; `quota` is how many bytes it may have there."""

    def __init__(self, folder: Callable[[Tenant], Path], quota: Callable[[Tenant], int]) -> None:
        self._folder = folder
        self._quota = quota
        self._read: dict[Path, Version] = {}

    # As a source of bytes, see `ports.Sources`.

    def check(self, tenant: Tenant, place: Place) -> None:
        """Raise `SourceVanished` unless the version is there."""
        self.version(tenant, place)

    async def find(self, tenant: Tenant, place: Place) -> Sequence[Found]:
        """Return the files of the version."""
        return [Found(entry.path, entry.stamp) for entry in self.version(tenant, place).manifest.files]

    async def fields(self, tenant: Tenant, place: Place) -> Mapping[str, str]:
        """Return none: files have no header fields."""
        return {}

    async def open(self, tenant: Tenant, place: Place, path: str) -> OpenedDerived:
        """Open one of its files. Raises `NotFound`, `SourceVanished`."""
        try:
            return OpenedDerived(os.open(self._path(tenant, place) / file_name(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC))
        except FileNotFoundError:
            self.version(tenant, place)
            raise NotFound("There is no such file in this data.", where="path") from None
        except OSError as error:
            raise SourceVanished("A derived version cannot be read.") from error

    # What is made, and what is taken away.

    def place(self, agreement: str, key: str) -> Place:
        """Return where a version is, or will be."""
        return Place(KIND, f"{folder_name(agreement)}/{key}")

    def version(self, tenant: Tenant, place: Place) -> Version:
        """Return the record of a version. Raises `SourceVanished` when it is not there."""
        path = self._path(tenant, place) / RECORD
        try:
            os.utime(path)  # used now: what was used longest ago makes room first
            if path not in self._read:
                self._remember(path, _DECODER.decode(path.read_bytes()))
        except (OSError, msgspec.DecodeError):
            self._read.pop(path, None)
            raise SourceVanished("The derived version is gone.") from None
        return self._read[path]

    def has(self, tenant: Tenant, place: Place) -> bool:
        """Tell whether the version is there, whole."""
        try:
            self.version(tenant, place)
        except SourceVanished:
            return False
        return True

    @contextmanager
    def making(self, tenant: Tenant, place: Place, needed: int) -> Iterator[Making | None]:
        """Make a version, unless another process is at it: then there is nothing to do it with. Blocking.

        `needed` is about how many bytes it will have. Raises `StorageFailed` when there is no room.
        """
        target = self._path(tenant, place)
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(target.with_name(f"{target.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise failed(error) from error
        try:
            if not _locked(lock):
                yield None
                return
            making = Making(target, self._room(tenant, needed))
            try:
                yield making
            finally:
                shutil.rmtree(making.folder, ignore_errors=True)
        finally:
            os.close(lock)

    def forget(self, tenant: Tenant, agreement: str) -> None:
        """Take away all versions for an agreement. What is being sent of them goes on until it is cut."""
        shutil.rmtree(self._folder(tenant) / folder_name(agreement), ignore_errors=True)

    def only(self, tenant: Tenant, place: Place) -> None:
        """Take away all other versions for the same agreement: their source has changed."""
        kept = self._path(tenant, place)
        for path in _folders(kept.parent):
            if path != kept and not path.name.startswith("."):
                shutil.rmtree(path, ignore_errors=True)

    def agreements(self, tenant: Tenant) -> list[tuple[str, Path]]:
        """Return the agreements that have versions here, each with its folder; the name is empty where none is whole."""
        return [(self._agreement_of(folder), folder) for folder in _folders(self._folder(tenant))]

    def tidy(self, folder: Path) -> None:
        """Take away what was being made when a process ended."""
        for path in _folders(folder):
            if path.name.startswith(".") and not _is_held(folder / f"{path.name[1:]}.lock"):
                shutil.rmtree(path, ignore_errors=True)

    def _agreement_of(self, folder: Path) -> str:
        for path in _folders(folder):
            with suppress(OSError, msgspec.DecodeError):
                return _DECODER.decode((path / RECORD).read_bytes()).agreement
        return ""

    def _path(self, tenant: Tenant, place: Place) -> Path:
        agreement, _, key = place.at.partition("/")
        if not (agreement.isalnum() and key.isalnum()):
            raise SourceVanished("There is no such derived version.")
        return self._folder(tenant) / agreement / key

    def _room(self, tenant: Tenant, needed: int) -> int:
        """Return how many bytes there are, making room first by what was used longest ago."""
        versions = [version for folder in _folders(self._folder(tenant)) for version in _folders(folder)]
        sizes = {path: (_last_used(path), sum(one.stat().st_size for one in path.iterdir())) for path in versions if path.is_dir()}
        used = sum(size for _, size in sizes.values())
        allowed = min(self._quota(tenant), used + max(0, shutil.disk_usage(self._folder(tenant)).free - RESERVED))
        for path in sorted(sizes, key=lambda one: sizes[one][0]):
            if used + needed > allowed and not path.name.startswith("."):
                shutil.rmtree(path, ignore_errors=True)
                used -= sizes[path][1]
        if used + needed > allowed:
            raise _full()
        return allowed - used

    def _remember(self, path: Path, version: Version) -> None:
        while len(self._read) >= _CACHED:
            del self._read[next(iter(self._read))]
        self._read[path] = version


class Making:
    """A version that is being made. `room` is how many bytes it may have."""

    def __init__(self, target: Path, room: int) -> None:
        self.folder = target.with_name(f".{target.name}")
        self._target = target
        self._room = room
        self._entries: dict[str, Entry] = {}
        try:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(mode=0o700)
        except OSError as error:
            raise failed(error) from error

    @contextmanager
    def file(self, path: str, media_type: str) -> Iterator[Spooled]:
        """Write one file; from its end on it belongs to the version. Written again, it is as if it was written once."""
        written = Spooled(self.folder / file_name(path), self)
        try:
            yield written
            stamp = written.end()
        except BaseException:
            self._room += written.digests.size
            raise
        finally:
            written.close()
        sha256, blake3 = written.digests.digests()
        self._entries[path] = Entry(path, stamp, sha256, blake3, media_type)

    def scratch(self) -> BinaryIO:
        """Return a file for what is not kept, gone as soon as it is closed."""
        try:
            return TemporaryFile(dir=self.folder)
        except OSError as error:
            raise failed(error) from error

    def take(self, count: int) -> None:
        """Use up room. Raises `StorageFailed` when there is none left."""
        self._room -= count
        if self._room < 0:
            raise _full()

    def entries(self) -> list[Entry]:
        """Return what was written, in the bytewise order of the paths."""
        return sorted(self._entries.values(), key=lambda one: one.path.encode())

    def finish(self, version: Version) -> None:
        """Put the version into its place, whole."""
        try:
            with Spooled(self.folder / RECORD, self) as record:
                record.write(_ENCODER.encode(version))
                record.end()
            self.folder.rename(self._target)
        except OSError as error:
            raise failed(error) from error


class Spooled:
    """A file of a version while it is written, with its digests."""

    def __init__(self, path: Path, making: Making) -> None:
        self._making = making
        self.digests = Digests()
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise failed(error) from error

    def __enter__(self) -> Spooled:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, data: bytes | memoryview) -> int:
        """Take bytes."""
        view, done = memoryview(data), 0
        self._making.take(len(view))
        try:
            while done < len(view):
                done += os.write(self._descriptor, view[done:])
        except OSError as error:
            raise failed(error) from error
        self.digests.update(view)
        return done

    def end(self) -> Stamp:
        """Have it on the disk, and return its stamp."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise failed(error) from error
        return stamp_of(self._descriptor)

    def close(self) -> None:
        """Close it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class OpenedDerived:
    """An open file of a version. It has no path: a web server in front may not read it, and never sends it past the decision."""

    path = None

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._stamp = stamp_of(descriptor)
        self._open = True

    @property
    def stamp(self) -> Stamp:
        """Return the stamp of the file."""
        return self._stamp

    @property
    def fd(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    async def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`; fewer only at the end."""
        return await asyncio.to_thread(os.pread, self._descriptor, length, offset)

    def changed(self) -> bool:
        """Tell whether somebody has written to it."""
        return stamp_of(self._descriptor) != self._stamp

    async def close(self) -> None:
        """Close the descriptor."""
        if self._open:
            self._open = False
            os.close(self._descriptor)


def stamp_of(descriptor: int) -> Stamp:
    """Return the stamp of an open file."""
    status = os.fstat(descriptor)
    return Stamp(status.st_size, f"{status.st_dev:x}:{status.st_ino:x}:{status.st_mtime_ns:x}")


def folder_name(agreement: str) -> str:
    """Return the name of an agreement's folder."""
    return hashlib.sha256(agreement.encode()).hexdigest()[:32]


def file_name(path: str) -> str:
    """Return under which name a file of the data lies in its version."""
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def failed(error: OSError) -> StorageFailed:
    """Return what a failed write means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return _full()
    return StorageFailed(f"A derived version cannot be written: {os.strerror(error.errno or 0)}.")


def _full() -> StorageFailed:
    return StorageFailed(
        "There is no room for the changed data that the agreement asks for.",
        rule="storage-full",
        hint="Give the participant a larger quota of stored bytes, or end agreements that are over.",
    )


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


def _folders(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError:
        return []


def _last_used(version: Path) -> float:
    try:
        return (version / RECORD).stat().st_mtime
    except OSError:
        return 0.0
