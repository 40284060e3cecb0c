"""What is assessed: a version that is opened under its terms, or a folder or a file of this machine."""

from __future__ import annotations

from pathlib import Path

from hanse.client.plain_files import object_of, plain_files
from hanse.client.reading.opened import Data
from hanse.evidence.statement import root_of_files
from hanse.factory.quality.report import Assessed
from hanse.kernel.errors import Invalid, NotFound


def of_version(data: Data) -> Assessed:
    """Return how a report names an open version."""
    version = data.version
    return Assessed(
        version=version.id,
        root=version.root,
        files=version.count,
        size=version.size,
        title=(version.offered.title if version.offered else "")[:512],
        provider=version.provider or "",
        agreement=", ".join(version.agreements)[:512],
    )


def of_path(path: Path) -> tuple[Path, list[str], Assessed]:
    """Return the folder, the files in it and how a report names them. Raises `NotFound`, `Invalid`, `StorageFailed`.

    Links, and what begins with a dot, are left out.
    """
    place = path.absolute()
    if place.is_file():
        folder, files = place.parent, [place]
    elif place.is_dir():
        folder, files = place, plain_files(place)
    else:
        raise NotFound("There is no such file or folder, and it is no name of a version.", where=str(path))
    objects = [object_of(file, file.relative_to(folder).as_posix()) for file in files]
    if not objects:
        raise Invalid("There are no files in the folder.", where=str(path))
    size = sum(one.size for one in objects)
    assessed = Assessed(version=(path.name or place.name)[:512], root=root_of_files(objects), files=len(objects), size=size)
    return folder, [one.path for one in objects], assessed
