"""What is prepared: versions that `hanse.open` opened, or plain folders that are in no facility."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from hanse.client.reading.opened import Data
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.evidence.kinds.base import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.facility.paths import Names
from hanse.factory.prepare.ports import Input
from hanse.kernel.errors import NotFound, StorageFailed

_PART: Final = 4 << 20


def of_version(data: Data) -> Input:
    """Return an open version as an input: its files are decrypted and checked while they are written into the workshop."""
    version = data.version
    return Input(version=version.id, root=version.root, files=tuple(data.files), bring=data.folder, licence=_licence(version))


def of_folder(folder: Path) -> Input:
    """Return a folder as an input: its files are read where they are. Raises `NotFound`, `Invalid` for names, `StorageFailed`.

    Links and what begins with a dot are left out.
    """
    place = folder.absolute()
    if not place.is_dir():
        raise NotFound("There is no such folder.", where=str(folder))
    names, files = Names(), []
    for path in _walk(place):
        relative = path.relative_to(place).as_posix()
        names.check(relative)
        names.add(relative)
        files.append(_held(path, relative))
    root = root_of_files([Object(one.path, one.sha256, one.size) for one in files])
    name = re.sub(r"[^a-z0-9-]+", "-", place.name.lower()).strip("-") or "folder"
    return Input(version=f"{name}@0", root=root, files=tuple(files), bring=lambda _: place)


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []
    for one in sorted(folder.iterdir()):
        if one.name.startswith(".") or one.is_symlink():
            continue
        found += _walk(one) if one.is_dir() else [one] if one.is_file() else []
    return found


def _held(path: Path, relative: str) -> HeldFile:
    sha256, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while part := file.read(_PART):
                sha256.update(part)
                size += len(part)
    except OSError as error:
        raise StorageFailed(f"A file cannot be read: {error.strerror}.", where=str(path)) from None
    return HeldFile(path=relative, size=size, sha256=sha256.hexdigest())


def _licence(version: DatasetVersion) -> str:
    offered = version.offered.licence if version.offered else None
    return offered or version.origin.rights or ""
