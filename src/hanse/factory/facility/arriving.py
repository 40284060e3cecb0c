"""Files that come in parts, one request each: pieces of one file after the other, into an intake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from hanse.dcat.holding import HeldFile
from hanse.factory.facility.intaking import Intaking
from hanse.factory.facility.paths import check_path
from hanse.kernel.errors import Conflict, Invalid

MAX_PART: Final = 8 << 20
"""Bytes of one part."""
MOST: Final = 2
"""Files of one intake that are on their way at once: each holds parts in memory."""
_END: Final = b""


class Arriving:
    """One intake whose files come in parts, each file from its beginning to its end; several files at once, if one likes."""

    def __init__(self, intaking: Intaking) -> None:
        self.intaking = intaking
        self._files: dict[str, _File] = {}

    async def take(self, path: str, start: int, size: int, data: bytes) -> HeldFile | None:
        """Take bytes of the file `path` from `start` on, which has `size` in all; return the file once it is whole.

        A part that came before changes nothing, and a part from 0 on begins the file anew. Raises `Invalid` for more bytes than the
        file has, `Conflict` (rule `part`) for a part that does not follow, and what `Intaking.put` raises.
        """
        if not 0 <= start <= start + len(data) <= size or (not data and start < size):
            raise Invalid(f"A file of {size} bytes has no part of {len(data)} bytes from {start} on.", where="start", rule="part")
        whole = await self.intaking.have(path)
        if path not in self._files and whole is not None and start > 0 and whole.size == size:
            return whole
        if start == 0:
            check_path(path)
            await self._drop(path)
            if len(self._files) >= MOST:
                raise Conflict(f"{MOST} files are on their way already.", where="file", rule="part", hint="Send one of them to its end.")
            self._files[path] = _File(self.intaking, path, size)
        file = self._files.get(path)
        if file is None or file.size != size or not file.at - len(data) <= start <= file.at:
            at = 0 if file is None else file.at
            raise Conflict(f"The next part of {path[:200]!r} begins at {at}.", where="start", rule="part", hint="Begin the file anew.")
        try:
            held = await file.take(data[file.at - start :])
        except BaseException:
            await self._drop(path)
            raise
        if held is not None:
            del self._files[path]
        return held

    async def close(self) -> None:
        """Let go of files that are not whole."""
        for path in list(self._files):
            await self._drop(path)

    async def _drop(self, path: str) -> None:
        file = self._files.pop(path, None)
        if file is not None:
            await file.cancel()


class _File:
    """A file under way: parts go through a queue to the one task that puts it into the intake."""

    def __init__(self, intaking: Intaking, path: str, size: int) -> None:
        self.size = size
        self.at = 0
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(1)
        self._task = asyncio.create_task(intaking.put(path, self._pieces(), size=size))

    async def take(self, data: bytes) -> HeldFile | None:
        if data:
            await self._hand(data)
            self.at += len(data)
        if self.at < self.size:
            return None
        await self._hand(_END)
        return await self._task

    async def _hand(self, data: bytes) -> None:
        """Give the task something, unless it has failed meanwhile. Raises what it failed with."""
        handing: asyncio.Task[Any] = asyncio.create_task(self._queue.put(data))
        await asyncio.wait({handing, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            handing.cancel()
            if self._task.cancelled():  # not this request: somebody began the file, or all of it, anew
                raise Conflict("The file was begun anew meanwhile.", where="file", rule="part")
            await self._task

    async def _pieces(self) -> AsyncIterator[bytes]:
        while data := await self._queue.get():
            yield data

    async def cancel(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
