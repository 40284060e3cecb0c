"""What was deleted: files hashed before they are removed, and a list beside the folder, so that a receipt can still be sent later."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from hanse.client.ledger_model import Deleted
from hanse.dataplane.listing import PARTS
from hanse.kernel.errors import Conflict, Invalid, NotFound, StorageFailed

MAX_LIST: Final = 400 * 1024 * 1024
"""Bytes of a list that is read."""
_CHUNK: Final = 1024 * 1024


def list_of(folder: Path) -> Path:
    """Return where the list of a folder's files is kept until the receipt has been signed. Raises `Invalid` for a root."""
    whole = folder if folder.name not in ("", "..") else folder.resolve()
    if not whole.name:
        raise Invalid("This is no folder of received data.", where="path", rule="path")
    return whole.with_name(whole.name + ".deleted.json")


def listed(folder: Path) -> list[Deleted]:
    """Hash all files below a folder (or one file), and keep the list beside it; an earlier list that is there is gone on with.

    Raises `NotFound` where there is neither, and `Invalid` for links and other things that are no files: what they lead to is not
    below the folder, and would not be deleted with it. Raises `StorageFailed` for what cannot be read.
    """
    keep = list_of(folder)
    if not os.path.lexists(folder):
        return _earlier(keep, folder)
    try:
        found = [_hashed(path, folder) for path in _files(folder)]
        if found:
            keep.write_bytes(msgspec.json.encode(found))
    except OSError as error:
        raise _failed(error) from error
    return found or _earlier(keep, folder)


def remove(folder: Path, objects: Sequence[Deleted]) -> None:
    """Delete the files of a list and the folders that are then empty. Raises `StorageFailed`."""
    try:
        for one in objects:
            path = folder / one.path if folder.is_dir() else folder
            path.unlink(missing_ok=True)
        for root, _, _ in os.walk(folder, topdown=False):
            if not any(Path(root).iterdir()):
                Path(root).rmdir()
    except OSError as error:
        raise _failed(error) from error


def require_gone(folder: Path, objects: Sequence[Deleted]) -> None:
    """Raise `Conflict` if one of the files is still there: nobody may sign that it was deleted."""
    single = folder.is_file()
    left = [one.path for one in objects if (folder if single else folder / one.path).exists()]
    if left:
        raise Conflict(
            f"{left[0]!r} is still there." if len(left) == 1 else f"{len(left)} of the files are still there, {left[0]!r} among them.",
            where="path",
            rule="still-there",
            hint="Delete them and run the command again, or let `--delete` do it.",
        )


def _earlier(keep: Path, folder: Path) -> list[Deleted]:
    if not keep.is_file() or keep.stat().st_size > MAX_LIST:
        raise NotFound(f"There is nothing to hash at {folder}.", where="path", hint="Name the folder before you delete it.")
    try:
        return msgspec.json.decode(keep.read_bytes(), type=list[Deleted])
    except (msgspec.DecodeError, RecursionError):
        raise Invalid(f"The list {keep} cannot be read.", where="path") from None


def _failed(error: OSError) -> StorageFailed:
    return StorageFailed(f"It could not be read, kept or deleted: {error.strerror}.", where="path", hint=str(error.filename or ""))


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir() or folder.is_symlink():
        yield folder
        return
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != PARTS)
        yield from (Path(root) / name for name in sorted([*names, *(name for name in folders if (Path(root) / name).is_symlink())]))


def _hashed(path: Path, folder: Path) -> Deleted:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Invalid(f"{path} is no plain file.", where="path", hint="Remove links first: what they lead to would stay.")
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    name = path.name if path == folder else path.relative_to(folder).as_posix()
    return Deleted(path=name, sha256=digest.hexdigest(), size=size)
