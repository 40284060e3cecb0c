"""Where a facility's objects are, for readers: a folder, or a bucket that speaks S3. Read by several threads at once."""

from __future__ import annotations

import os
import threading
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from hanse.kernel.errors import Misconfigured, NotFound, StorageFailed


class Place(Protocol):
    """Objects by name."""

    def size(self, name: str) -> int:
        """Return an object's size in bytes. Raises `NotFound`, `StorageFailed`."""
        ...

    def read(self, name: str, start: int, length: int) -> bytes:
        """Return a part of an object. Raises `NotFound`, `StorageFailed`."""
        ...

    def fill(self, name: str, start: int, target: memoryview) -> None:
        """Read as many bytes as there is room for. Raises `NotFound`, `StorageFailed`, also if the object ends before."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


def open_place(place: str) -> Place:
    """Return the objects at a folder, or at `s3://BUCKET/PREFIX`. Raises `Misconfigured`."""
    if "://" not in place:
        return _Folder(Path(place))
    if not place.startswith("s3://"):  # a lease comes from elsewhere, and must not lead a node to any other address
        raise Misconfigured("This is no address of a bucket.", where=place[:200], hint="A folder, or s3://BUCKET/PREFIX.")
    return _Bucket(place)


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[str, int] = {}
        self._lock = threading.Lock()

    def size(self, name: str) -> int:
        return os.fstat(self._descriptor(name)).st_size

    def read(self, name: str, start: int, length: int) -> bytes:
        try:
            return os.pread(self._descriptor(name), length, start)
        except OSError as error:
            raise StorageFailed(f"The facility cannot be read: {error.strerror}.", where=name) from None

    def fill(self, name: str, start: int, target: memoryview) -> None:
        try:
            count = os.preadv(self._descriptor(name), [target], start)
        except OSError as error:
            raise StorageFailed(f"The facility cannot be read: {error.strerror}.", where=name) from None
        if count != len(target):
            raise _short(name)

    def close(self) -> None:
        with self._lock:
            for descriptor in self._open.values():
                os.close(descriptor)
            self._open.clear()

    def _descriptor(self, name: str) -> int:
        found = self._open.get(name)
        if found is not None:
            return found
        with self._lock:
            if name not in self._open:
                self._open[name] = self._opened(name)
            return self._open[name]

    def _opened(self, name: str) -> int:
        if ".." in PurePosixPath(name).parts or name.startswith("/"):
            raise StorageFailed("The manifest names something outside of the facility.", where=name, rule="damaged")
        try:
            return os.open(self._root / name, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFound("The facility has no such object.", where=name) from None
        except OSError as error:
            hint = "`hanse.open` reads the facility's files itself: the folder must be readable by who runs it."
            raise StorageFailed(f"The facility cannot be read: {error.strerror}.", where=str(self._root), hint=hint) from None


class _Bucket:
    def __init__(self, place: str) -> None:
        try:
            from obstore.store import from_url

            self._store: Any = from_url(place)
        except Exception as error:  # noqa: BLE001 - whatever the address or the environment lacks
            hint = "Set AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL for anything but Amazon's."
            raise Misconfigured(f"The bucket cannot be opened: {type(error).__name__}.", where=place, hint=hint) from None

    def size(self, name: str) -> int:
        import obstore

        try:
            return int(obstore.head(self._store, name)["size"])
        except OSError as error:
            raise _of(error, name) from None

    def read(self, name: str, start: int, length: int) -> bytes:
        import obstore

        try:
            return bytes(obstore.get_range(self._store, name, start=start, length=length))
        except OSError as error:
            raise _of(error, name) from None

    def fill(self, name: str, start: int, target: memoryview) -> None:
        found = self.read(name, start, len(target))
        if len(found) != len(target):
            raise _short(name)
        target[:] = found

    def close(self) -> None:
        return


def _short(name: str) -> StorageFailed:
    return StorageFailed("Stored data is damaged: an object is shorter than it was.", where=name, rule="damaged")


def _of(error: OSError, name: str) -> NotFound | StorageFailed:
    if isinstance(error, FileNotFoundError):
        return NotFound("The facility has no such object.", where=name)
    return StorageFailed(f"The facility cannot be read: {type(error).__name__}.", where=name)
