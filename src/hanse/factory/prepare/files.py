"""Files of a workshop: each appears whole or not at all, and is known by its hash, so that damage is seen."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import blake3
import msgspec
from msgspec import Struct

from hanse.kernel.errors import StorageFailed

TEMPORARY: Final = ".tmp-"
"""Begins the names of files that are being written."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_PART: Final = 4 << 20

T = TypeVar("T")


class Made(Struct, frozen=True):
    """A file that was made: its path below the workshop, its size, and its BLAKE3 in hexadecimal."""

    path: str
    size: int
    hash: str


def write_atomic(root: Path, path: str, data: Any, *, durable: bool = False) -> Made:
    """Write bytes (or any buffer) into a file below `root`; `durable` waits for the disk. Raises `StorageFailed`."""
    target, view = root / path, memoryview(data)
    with writing(path):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(prefix=TEMPORARY, dir=target.parent)
        try:
            _fill(descriptor, view, durable)
            Path(name).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    return Made(path, view.nbytes, blake3.blake3(view).hexdigest())


def _fill(descriptor: int, view: memoryview, durable: bool) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(view)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def measure(root: Path, path: str) -> Made:
    """Return what a file is now. Raises `StorageFailed`."""
    hash, size = blake3.blake3(), 0
    with writing(path), (root / path).open("rb") as file:
        while part := file.read(_PART):
            hash.update(part)
            size += len(part)
    return Made(path, size, hash.hexdigest())


def sound(root: Path, made: Made) -> bool:
    """Tell whether a file is there and as it was made."""
    try:
        return (root / made.path).stat().st_size == made.size and measure(root, made.path) == made
    except (OSError, StorageFailed):
        return False


def read_made(root: Path, made: Made) -> bytes:
    """Return a file's bytes. Raises `StorageFailed` (rule `damaged`) if they are not those that were written."""
    try:
        data = (root / made.path).read_bytes()
    except OSError as error:
        raise StorageFailed(f"A file of the workshop cannot be read: {error.strerror}.", where=made.path, rule="damaged") from None
    if len(data) != made.size or blake3.blake3(data).hexdigest() != made.hash:
        hint = "Run it again with the same workshop: what is damaged is made again."
        raise StorageFailed("A file of the workshop is damaged.", where=made.path, rule="damaged", hint=hint)
    return data


def write_record(root: Path, path: str, record: object) -> None:
    """Write a Struct as JSON, behind a line with its hash. Raises `StorageFailed`."""
    body = msgspec.json.encode(record, order="deterministic")
    write_atomic(root, path, blake3.blake3(body).hexdigest().encode() + b"\n" + body)


def read_record(root: Path, path: str, type: type[T]) -> T | None:
    """Return a Struct that `write_record` wrote, or nothing if it is not there, not whole, or of another shape."""
    try:
        line, _, body = (root / path).read_bytes().partition(b"\n")
        if blake3.blake3(body).hexdigest().encode() != line:
            return None
        return msgspec.json.decode(body, type=type)
    except (OSError, msgspec.DecodeError):
        return None


@contextmanager
def writing(where: str) -> Iterator[None]:
    """Say what the disk could not do as an error of ours."""
    try:
        yield
    except OSError as error:
        rule = "full" if error.errno in _FULL else None
        hint = "Make room, then run it again with the same workshop: it goes on where it stopped." if rule else None
        raise StorageFailed(f"The workshop cannot be used: {error.strerror}.", where=where, rule=rule, hint=hint) from None
