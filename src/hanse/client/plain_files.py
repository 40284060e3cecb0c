"""The plain files of a folder of this machine, as they are prepared and assessed where they are."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from hanse.evidence.kinds.base import Object
from hanse.kernel.errors import StorageFailed

_PART: Final = 4 << 20


def plain_files(folder: Path) -> list[Path]:
    """Return the files below a folder, sorted folder by folder. Links, and what begins with a dot, are left out."""
    found: list[Path] = []
    for one in sorted(folder.iterdir()):
        if one.name.startswith(".") or one.is_symlink():
            continue
        found += plain_files(one) if one.is_dir() else [one] if one.is_file() else []
    return found


def object_of(file: Path, path: str) -> Object:
    """Read a file once, and return its size and SHA-256 under that path. Raises `StorageFailed`."""
    sha256, size = hashlib.sha256(), 0
    try:
        with file.open("rb") as data:
            while part := data.read(_PART):
                sha256.update(part)
                size += len(part)
    except OSError as error:
        raise StorageFailed(f"A file cannot be read: {error.strerror}.", where=str(file)) from None
    return Object(path, sha256.hexdigest(), size)
