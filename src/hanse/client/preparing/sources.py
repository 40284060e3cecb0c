"""What is prepared: versions that `hanse.open` opened, or plain folders that are in no facility."""

from __future__ import annotations

import re
from pathlib import Path

from hanse.client.plain_files import object_of, plain_files
from hanse.client.reading.opened import Data
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.evidence.statement import root_of_files
from hanse.factory.facility.paths import Names
from hanse.factory.prepare.ports import Input
from hanse.kernel.errors import NotFound


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
    names, objects = Names(), []
    for file in plain_files(place):
        path = file.relative_to(place).as_posix()
        names.check(path)
        names.add(path)
        objects.append(object_of(file, path))
    files = tuple(HeldFile(path=one.path, size=one.size, sha256=one.sha256) for one in objects)
    name = re.sub(r"[^a-z0-9-]+", "-", place.name.lower()).strip("-") or "folder"
    return Input(version=f"{name}@0", root=root_of_files(objects), files=files, bring=lambda _: place)


def _licence(version: DatasetVersion) -> str:
    offered = version.offered.licence if version.offered else None
    return offered or version.origin.rights or ""
