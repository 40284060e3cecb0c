"""Measures a version out of the facility: files that may hold records lie in a private folder for as long as they are measured."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from hanse.dcat.croissant.shape import Measured, Unmeasured
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.dcat.media import media_type_of
from hanse.factory.documents.apart import measure_apart
from hanse.factory.documents.batches import TABULAR
from hanse.factory.documents.ports import Versions
from hanse.kernel.errors import StorageFailed

MAX_UNPACKED: Final = 256 << 30
"""Bytes of one version that are unpacked to be measured; the room on the disk is a limit, too: half of it stays free."""
_PIECE: Final = 8 << 20
_NO_ROOM: Final = "there was no room to unpack it for measuring"


class Workshop:
    """Measures one version at a time, in a folder that nobody else can read."""

    def __init__(self, versions: Versions, folder: Path) -> None:
        self._versions = versions
        self._folder = folder
        self._one = asyncio.Lock()

    def clear(self) -> None:
        """Delete what a process that ended has left there in plain text."""
        shutil.rmtree(self._folder, ignore_errors=True)

    async def measured(self, version: DatasetVersion, files: Sequence[HeldFile], progress: Callable[[int, int], object]) -> Measured:
        """Return what is in the files of a version. Raises `NotFound`, `StorageFailed`."""
        async with self._one:
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._folder))
            except OSError as error:
                raise StorageFailed(f"There is no folder to measure in: {error.strerror}.", where="documents") from error
            try:
                left_out = await self._unpacked(version, files, folder, progress)
                wanted = [one for one in files if one.path not in left_out]
                found = await asyncio.to_thread(measure_apart, folder, wanted, version.origin.personal)
                missing = tuple(Unmeasured(path, _NO_ROOM) for path in sorted(left_out))
                return Measured(found.tables, (*found.unmeasured, *missing))
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _unpacked(
        self, version: DatasetVersion, files: Sequence[HeldFile], folder: Path, progress: Callable[[int, int], object]
    ) -> set[str]:
        """Write the files that may hold records; return the paths of those for which there was no room."""
        needed = [one for one in files if media_type_of(one.path, one.media_type) in TABULAR]
        room = min(MAX_UNPACKED, shutil.disk_usage(folder).free // 2)
        size, done, left_out = sum(one.size for one in needed), 0, set()
        for file in needed:
            if file.size > room:
                left_out.add(file.path)
                continue
            room -= file.size
            await self._write(version, file, folder)
            done += file.size
            progress(done, size)
        return left_out

    async def _write(self, version: DatasetVersion, file: HeldFile, folder: Path) -> None:
        try:
            with await asyncio.to_thread(_opened, folder, file.path) as out:
                async for pieces in self._grouped(version, file.path):
                    await asyncio.to_thread(out.writelines, pieces)
        except OSError as error:
            raise StorageFailed(f"A file could not be unpacked to be measured: {error.strerror}.", where="documents") from error

    async def _grouped(self, version: DatasetVersion, path: str) -> AsyncIterator[list[bytes]]:
        waiting: list[bytes] = []
        size = 0
        async for piece in self._versions.read(version.tenant, version.id, path):
            waiting.append(piece)
            size += len(piece)
            if size >= _PIECE:
                yield waiting
                waiting, size = [], 0
        yield waiting


def _opened(folder: Path, path: str) -> BinaryIO:
    target = folder / path
    if not target.resolve().is_relative_to(folder.resolve()):
        raise StorageFailed("A path leads out of its version.", where="version", rule="path")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.open("xb")
