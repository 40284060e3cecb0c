"""Data of one's own, from a folder of plain files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from hanse.factory.facility.intaking import Intaking
from hanse.factory.facility.paths import Names
from hanse.factory.facility.ports import Folder, FolderFile
from hanse.kernel.errors import Invalid, SourceVanished

_READ: Final = 4 << 20
_SMALL: Final = 64 << 10
"""Bytes of a file that is read whole, together with others."""
_BATCH: Final = 256


async def take_folder(intaking: Intaking, folder: Folder, advance: Callable[[int, int], object] = lambda _done, _all: None) -> None:
    """Put all files of a folder into an intake, in the place of what it has; the paths are checked before a byte is read.

    `advance` hears how many bytes of how many are in. Raises `Invalid`, `SourceVanished`, and what `Intaking.put` raises.
    """
    files = await asyncio.to_thread(folder.files)
    if not files:
        raise Invalid("There are no files in the folder.", where="folder", rule="empty")
    names = Names()
    for file in files:
        names.check(file.path)
        names.add(file.path)
    await intaking.retain([one.path for one in files])
    done, size = 0, sum(one.size for one in files)
    for batch in _batches(files):
        await _take(intaking, folder, batch)
        done += sum(one.size for one in batch)
        advance(done, size)


def _batches(files: Sequence[FolderFile]) -> list[Sequence[FolderFile]]:
    """Return small files together, and each large one by itself."""
    small = [one for one in files if one.size <= _SMALL]
    large: list[Sequence[FolderFile]] = [[one] for one in files if one.size > _SMALL]
    return [*(small[start : start + _BATCH] for start in range(0, len(small), _BATCH)), *large]


async def _take(intaking: Intaking, folder: Folder, batch: Sequence[FolderFile]) -> None:
    if batch[0].size > _SMALL:
        [file] = batch
        await intaking.put(file.path, _pieces(folder, file), size=file.size)
        return
    for file, data in zip(batch, await asyncio.to_thread(lambda: [_content(folder, one) for one in batch]), strict=True):
        await intaking.put(file.path, _whole(data), size=file.size)


def _content(folder: Folder, file: FolderFile) -> bytes:
    descriptor = folder.open(file.path)
    try:
        data = os.pread(descriptor, file.size + 1, 0)
    finally:
        os.close(descriptor)
    if len(data) != file.size:
        raise _changed(file)
    return data


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _pieces(folder: Folder, file: FolderFile) -> AsyncIterator[bytes]:
    descriptor = await asyncio.to_thread(folder.open, file.path)
    try:
        position = 0
        while data := await asyncio.to_thread(os.pread, descriptor, _READ, position):
            position += len(data)
            if position > file.size:
                raise _changed(file)
            yield data
        if position != file.size:
            raise _changed(file)
    finally:
        os.close(descriptor)


def _changed(file: FolderFile) -> SourceVanished:
    return SourceVanished(
        "A file of the folder changed while it was read.", where=file.path, hint="Write data in full before it is imported."
    )
