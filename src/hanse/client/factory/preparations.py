"""Stores what was made of stored versions, as steps: the account first, then the files, part by part, from wherever this process runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from hanse.client.core import Request, Steps, call, get, listed, part, post
from hanse.client.factory import preparations_model as pm
from hanse.client.factory.facility_model import StoredFile, StoredVersion
from hanse.client.model import Progress
from hanse.client.shells import Method, Mode, Noun
from hanse.dcat.preparation import Account
from hanse.kernel.errors import Invalid

_PART: Final = 8 << 20
_PIECE: Final = 1 << 20


def store(folder: str | Path, name: str, account: Account, *, progress: Progress | None = None) -> Steps[StoredVersion]:
    """Store the files of a folder of this machine as a version of `name` that was made of others, as the account tells.

    What came before, in a run that broke off, is not sent again; the same again gives the same version. Raises `Invalid` (rules `account`,
    `input`, `root`, `name-in-use`), `Conflict` (`unopened`), `Forbidden` (`derive`), and what storing raises.
    """
    begun = yield from post("/preparations", {"name": name, "account": msgspec.to_builtins(account)}, pm.Preparation)
    if begun.version is not None:
        return begun.version
    here = files_of(Path(folder))
    there = yield from listed(f"/preparations/{part(begun.id)}/files", StoredFile)
    known = {one.path: one for one in there}
    done, size = 0, sum(file.stat().st_size for file in here.values())
    for path, file in here.items():
        if not _same(known.get(path), file):
            yield from _send(begun.id, path, file)
        done += file.stat().st_size
        if progress is not None:
            progress(done, size)
    return (yield from post(f"/preparations/{part(begun.id)}/commit", None, StoredVersion))


def account(version: str) -> Steps[Account]:
    """Return how a derived version was made, deleted or not, as it was signed. Raises `NotFound` for what was not made of others."""
    return (yield from get(f"/facility/versions/{part(version)}/account", Account))


def files_of(folder: Path) -> dict[str, Path]:
    """Return the files below a folder by their paths in it, in their bytewise order. Raises `Invalid` for a link or a device."""
    found: dict[str, Path] = {}
    for root, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = Path(root, name)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise Invalid("A product has plain files only.", where=str(path), rule="file-name")
        found |= {Path(root, name).relative_to(folder).as_posix(): Path(root, name) for name in names}
    return dict(sorted(found.items(), key=lambda one: one[0].encode()))


def _send(id: str, path: str, file: Path) -> Steps[None]:
    try:
        with file.open("rb") as data:
            yield from _send_parts(id, path, data, os.fstat(data.fileno()).st_size)
    except OSError as error:
        raise Invalid(f"The file cannot be read: {error.strerror}.", where=str(file)) from None


def _send_parts(id: str, path: str, data: BinaryIO, size: int) -> Steps[None]:
    start = 0
    while True:
        body = data.read(min(_PART, size - start))
        query = {"file": path, "start": str(start), "size": str(size)}
        request = Request(method="PUT", path=f"/preparations/{part(id)}/part", query=query, body=body, patient=True)
        came = yield from call(request, pm.PreparationPart)
        start += len(body)
        if came.whole:
            return
        if not body:
            raise Invalid("The file became shorter while it was sent.", where=path)


def _same(known: StoredFile | None, file: Path) -> bool:
    """Tell whether a file is there already, as it is here."""
    if known is None or known.size != file.stat().st_size:
        return False
    sha256 = hashlib.sha256()
    with file.open("rb") as data:
        while piece := data.read(_PIECE):
            sha256.update(piece)
    return sha256.hexdigest() == known.sha256


class Preparations(Noun[Mode]):
    """Versions that were made of others."""

    store = Method(store)
    account = Method(account)
