"""The facility, as steps. What takes long is followed until it is over; `progress` hears how many bytes of how many are done."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from hanse.client.core import Steps, get, listed, part, post, said
from hanse.client.factory import facility_model as fm
from hanse.client.model import Progress
from hanse.client.shells import Method, Mode, Noun
from hanse.factory.facility.paths import Names
from hanse.kernel.errors import Conflict, HanseError, PeerInvalid, StorageFailed

POLL_SECONDS = 1
"""How long the server holds one request back that waits for a job, so that progress is seen."""
_PART = 4 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def list_versions(
    *, name: str | None = None, contract: str | None = None, gone: bool = False, most: int | None = None
) -> Steps[list[fm.StoredVersion]]:
    """Return stored versions by name and number; with `gone` those as well that were deleted."""
    return (yield from listed("/facility/versions", fm.StoredVersion, most, name=name, contract=contract, gone="true" if gone else None))


def get_version(id: str) -> Steps[fm.StoredVersion]:
    """Return a version, deleted or not. Raises `NotFound`."""
    return (yield from get(f"/facility/versions/{part(id)}", fm.StoredVersion))


def list_files(id: str, *, most: int | None = None) -> Steps[list[fm.StoredFile]]:
    """Return the files of a version by path. Raises `NotFound`."""
    return (yield from listed(f"/facility/versions/{part(id)}/files", fm.StoredFile, most))


def usage() -> Steps[fm.FacilityUsage]:
    """Return what the stored data takes."""
    return (yield from get("/facility/usage", fm.FacilityUsage))


def import_folder(
    folder: str | Path,
    name: str,
    *,
    places: Sequence[str] = (),
    collection: str | None = None,
    rights: str | None = None,
    personal: bool | None = None,
    progress: Progress | None = None,
) -> Steps[fm.StoredVersion]:
    """Store a folder of the server's machine as a version of one's own data. Raises `Invalid`, `Forbidden`, and what storing raises."""
    body = said(folder=str(folder), name=name, places=list(places) or None, collection=collection, rights=rights, personal=personal)
    job = yield from _followed((yield from post("/facility/import", body, fm.FacilityJob)), progress)
    assert job.version is not None
    return job.version


def verify(versions: Sequence[str] = (), *, progress: Progress | None = None) -> Steps[fm.FacilityVerdict]:
    """Verify versions, or all, byte by byte. Raises `NotFound`."""
    job = yield from _followed((yield from post("/facility/verify", {"versions": list(versions)}, fm.FacilityJob)), progress)
    assert job.verdict is not None
    return job.verdict


def move(id: str, tier: str) -> Steps[fm.StoredVersion]:
    """Move a version to the tier `hot` or `cold`. Raises `NotFound`."""
    job = yield from _followed((yield from post(f"/facility/versions/{part(id)}/tier", {"tier": tier}, fm.FacilityJob)), None)
    assert job.version is not None
    return job.version


def collect() -> Steps[fm.FacilityTidied]:
    """Tidy up: what no version needs is taken away."""
    job = yield from _followed((yield from post("/facility/collect", None, fm.FacilityJob)), None)
    assert job.tidied is not None
    return job.tidied


def delete(id: str, *, reason: str = "") -> Steps[fm.StoredVersion]:
    """Delete a version; its receipt goes into the log, and to its provider. Raises `NotFound`, `Conflict` (rule `kept`)."""
    return (yield from post(f"/facility/versions/{part(id)}/delete", {"reason": reason}, fm.StoredVersion))


def export(id: str, folder: Path, *, progress: Progress | None = None) -> Steps[list[fm.StoredFile]]:
    """Write a version of one's own data as plain files into a folder of this machine that does not exist yet.

    The folder appears whole, or not at all. Raises `Forbidden` for data under a contract (it is opened, so that each use is decided),
    `Conflict` if there is something, `Invalid` for a path that would lead elsewhere, `PeerInvalid` for what is not as it was stored.
    """
    files = yield from list_files(id)
    names = Names()
    for file in files:  # whatever the server says: nothing is written outside of the folder
        names.check(file.path)
        names.add(file.path)
    target = folder.with_name(f".{folder.name}.part")
    with ExitStack() as stack:
        _begin(folder, target, stack)
        done, size = 0, sum(one.size for one in files)
        for file in files:
            yield from _write(id, file, target)
            done += file.size
            if progress is not None:
                progress(done, size)
        target.rename(folder)
    return files


def _begin(folder: Path, target: Path, stack: ExitStack) -> None:
    if folder.exists() or folder.is_symlink():
        raise Conflict("There is something in that place.", where=str(folder), hint="Name a folder that does not exist yet.")
    try:
        target.mkdir(parents=True)
    except OSError as error:
        raise StorageFailed(f"The folder cannot be made: {error.strerror}.", where=str(target), hint="Remove what is left there.") from None
    stack.callback(shutil.rmtree, target, ignore_errors=True)


def _write(id: str, file: fm.StoredFile, folder: Path) -> Steps[None]:
    sha256, start = hashlib.sha256(), 0
    with _created(folder / file.path) as out:
        while start < file.size:
            query = {"file": file.path, "start": str(start), "length": str(min(_PART, file.size - start))}
            found = yield from get(f"/facility/versions/{part(id)}/part", fm.StoredPart, **query)
            if not found.data:
                break
            out.write(found.data)
            sha256.update(found.data)
            start += len(found.data)
    if (start, sha256.hexdigest()) != (file.size, file.sha256):
        raise PeerInvalid(f"{file.path} does not arrive as it was stored.", where="sha256", rule="digest")


@contextmanager
def _created(path: Path) -> Iterator[BinaryIO]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            yield out
    except OSError as error:
        rule = "full" if error.errno in _FULL else None
        raise StorageFailed(f"The files cannot be written: {error.strerror}.", where=str(path), rule=rule) from None


def _followed(job: fm.FacilityJob, progress: Progress | None) -> Steps[fm.FacilityJob]:
    """Return a job when it is over. Raises what it came to."""
    while not job.over:
        if progress is not None:
            progress(job.done, job.size)
        job = yield from get(f"/facility/jobs/{part(job.id)}", fm.FacilityJob, wait=str(POLL_SECONDS))
    if progress is not None and job.problem is None:
        progress(job.size, job.size)
    if job.problem is not None:
        problem = job.problem
        raise HanseError(problem.message, where=problem.where, hint=problem.hint, rule=problem.rule)
    return job


class Facility(Noun[Mode]):
    """The store of dataset versions."""

    list = Method(list_versions)
    get = Method(get_version)
    files = Method(list_files)
    usage = Method(usage)
    import_folder = Method(import_folder)
    export = Method(export)
    verify = Method(verify)
    move = Method(move)
    collect = Method(collect)
    delete = Method(delete)
