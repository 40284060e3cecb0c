"""Files and folders below a participant's allowed roots.

Hidden names (those that start with a dot) are never offered: they hold keys and settings far more often than data. Nor
is the server's own home folder, whatever the roots say, for in it lie all keys and all participants' records.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

from hanse.dataplane.records import Found, Place, Stamp
from hanse.kernel.errors import Forbidden, Invalid, NotFound
from hanse.kernel.tenant import Tenant
from hanse.sources.confined import below, components, listing, name_fault, open_below, open_root, stamp_of

Roots = Callable[[Tenant], Sequence[str]]
"""The absolute paths below which a participant may offer; none means none."""

DATA = "data"
"""The one folder of the server's home that may be offered from: who keeps all in one place puts the data there."""


class OpenedFile:
    """An open regular file."""

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self._path = path
        self._stamp = stamp_of(os.fstat(descriptor))
        self._open = True

    @property
    def stamp(self) -> Stamp:
        """Return the stamp of the file when it was opened."""
        return self._stamp

    @property
    def fd(self) -> int:
        """Return the descriptor, for reading in a thread and for sendfile."""
        return self._descriptor

    @property
    def path(self) -> str:
        """Return the real path."""
        return self._path

    async def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`; fewer only at the end."""
        return await asyncio.to_thread(os.pread, self._descriptor, length, offset)

    def changed(self) -> bool:
        """Tell whether size or modification time are no longer those of the opening."""
        return stamp_of(os.fstat(self._descriptor)) != self._stamp

    async def close(self) -> None:
        """Close the descriptor."""
        if self._open:
            self._open = False
            os.close(self._descriptor)


class FileSources:
    """Files (`kind` = file) and folders (`kind` = folder). `roots` is asked every time: a root can be taken away.

    Of the folder `home` nothing may be offered but what lies in its subfolder `data`.
    """

    def __init__(self, roots: Roots, *, home: str | None = None, max_files: int = 1_000_000) -> None:
        self._roots = roots
        self._home = None if home is None else PurePath(os.path.realpath(home))
        self._max_files = max_files

    def check(self, tenant: Tenant, place: Place) -> None:
        """Raise `Forbidden` unless the place lies below an allowed root, `SourceVanished` unless it is there."""
        os.close(self._open(tenant, place, "" if place.kind == "folder" else None))

    def folder(self, tenant: Tenant, path: str) -> int:
        """Open a folder below an allowed root; the caller closes it. Raises as `check` does."""
        return self._open(tenant, Place("folder", path), "")

    async def find(self, tenant: Tenant, place: Place) -> Sequence[Found]:
        """Return the files of the place in the bytewise order of their paths."""
        return await asyncio.to_thread(self._find, tenant, place)

    async def fields(self, tenant: Tenant, place: Place) -> Mapping[str, str]:
        """Return none: files have no header fields."""
        return {}

    async def open(self, tenant: Tenant, place: Place, path: str) -> OpenedFile:
        """Open one of them."""
        return self._open_file(tenant, place, path)

    def _find(self, tenant: Tenant, place: Place) -> Sequence[Found]:
        if place.kind == "file":
            descriptor = self._open(tenant, place, None)
            try:
                return [Found(place.at.rpartition("/")[2], stamp_of(os.fstat(descriptor)))]
            finally:
                os.close(descriptor)
        folder = self._open(tenant, place, "")
        try:
            found = listing(folder, max_files=self._max_files)
        finally:
            os.close(folder)
        if not found:
            raise Invalid("The folder holds no files.", where="source.path", rule="empty")
        return found

    def _open_file(self, tenant: Tenant, place: Place, path: str) -> OpenedFile:
        single = place.kind == "file"
        if single and path != place.at.rpartition("/")[2]:
            raise NotFound("There is no such file in this data.", where="path")
        if not single and not path:
            raise NotFound("A folder is no file.", where="path")
        descriptor = self._open(tenant, place, None if single else path)
        root, parts = self._locate(tenant, place)
        return OpenedFile(descriptor, "/".join((os.path.realpath(root), *parts, *([] if single else [path]))))

    def _open(self, tenant: Tenant, place: Place, path: str | None) -> int:
        """Open the folder of the place (`path` empty), a file in it, or the file that the place is (no path)."""
        root, parts = self._locate(tenant, place)
        self._keep_out_of_home(PurePath(os.path.realpath(root), *parts))
        inside = components(path) if path else ()
        base = open_root(root)
        try:
            return open_below(base, (*parts, *inside), folder=path == "")
        finally:
            os.close(base)

    def _keep_out_of_home(self, real: PurePath) -> None:
        """Raise `Forbidden` for what lies in the server's home folder, or has it inside in plain sight."""
        home = self._home
        if home is None or real.is_relative_to(home / DATA):
            return
        hidden = home.is_relative_to(real) and any(part.startswith(".") for part in home.relative_to(real).parts)
        if real.is_relative_to(home) or (home.is_relative_to(real) and not hidden):
            raise Forbidden(
                "This would offer the server's own home folder, with all keys in it.",
                where="source.path",
                rule="home",
                hint=f"Put the data elsewhere, or into the folder {DATA!r} of the home folder.",
            )

    def _locate(self, tenant: Tenant, place: Place) -> tuple[str, tuple[str, ...]]:
        for root in self._roots(tenant):
            parts = below(root, place.at)
            if parts is not None and all(part != ".." and not part.startswith(".") and not name_fault(part) for part in parts):
                return root, parts
        raise Forbidden(
            "This participant may not offer data from there.",
            where="source.path",
            rule="roots",
            hint="The path must lie below one of the participant's allowed roots, without hidden parts.",
        )
