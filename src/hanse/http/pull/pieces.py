"""The pieces of one file: chunks that are here already, and in between what comes over the network, verified.

With a chunk list each chunk is compared with its BLAKE3 as it arrives; a range that was spoilt on its way is asked for again. Without
one the bytes go on where a connection broke off, and the digest of the whole decides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence

from blake3 import blake3
from msgspec import Struct

from hanse.dataplane.listing import RemoteFile
from hanse.dataplane.pages import MAX_PAGE, decode_page
from hanse.dcat.chunks import Chunk, Known
from hanse.http.pull.line import Line, Patience, Reply
from hanse.http.pull.ports import Pieces
from hanse.kernel.errors import HanseError, NotReady, PeerInvalid, PeerRefused, PeerUnreachable, TooMany

REPAIRS = 2
"""How often what fails its check is fetched anew before the provider is told to be wrong."""
LIST_MAKING = 120.0
"""Seconds that are waited for a list; then the file is fetched as a whole."""
RERUN = "The data may have changed meanwhile: fetch it again."

KnownOf = Callable[[Collection[str]], Awaitable[set[str]]]


class Source(Struct, frozen=True):
    """Where one file is: its address, that of its chunk list if there is one, and what the manifest says of it, if there is one."""

    url: str
    chunks: str | None
    file: RemoteFile | None

    @property
    def name(self) -> str:
        """Return its path, for messages."""
        return repr(self.file.path[:200]) if self.file else "the data"


Page = tuple[list[Chunk], int | None]
"""Chunks of a list, and the number of the first chunk of the next page, if there is one."""


async def first_page(line: Line, source: Source) -> Page | None:
    """Return how a file's list begins; nothing where the provider has none of this file, or cannot make it now."""
    if source.chunks is None:
        return None
    try:
        return await _page(line, source, 0, 0)
    except (PeerRefused, PeerUnreachable, NotReady, TooMany) as error:
        if isinstance(error, PeerRefused) and error.status != 404:
            raise
        return None


async def by_difference(line: Line, source: Source, known: KnownOf, page: Page) -> Pieces:
    """Yield the pieces of a file whose list begins like this: known chunks, and the others' bytes in ranges as large as possible."""
    offset = 0
    while True:
        chunks, following = page
        async for piece in _of_page(line, source, chunks, await known({chunk.blake3 for chunk in chunks})):
            yield piece
        if following is None:
            return
        offset += _length(chunks)
        page = await _page(line, source, following, offset)


async def _page(line: Line, source: Source, first: int, offset: int) -> Page:
    assert source.file is not None
    url = f"{source.chunks}?from={first}" if first else str(source.chunks)
    return decode_page(await line.read(url, MAX_PAGE, making=LIST_MAKING), source.file, first, offset)


async def _of_page(line: Line, source: Source, chunks: Sequence[Chunk], here: set[str]) -> Pieces:
    missing: list[Chunk] = []
    for chunk in chunks:
        if chunk.blake3 not in here:
            missing.append(chunk)
            if _length(missing) < line.settings.range_size:
                continue
        async for data in _run(line, source, missing):
            yield data
        missing = []
        if chunk.blake3 in here:
            yield Known(chunk.blake3, chunk.size)
    async for data in _run(line, source, missing):
        yield data


async def small(line: Line, source: Source, *, here: bool) -> Pieces:
    """Yield the pieces of a file that is one chunk, because it is no longer than the least."""
    assert source.file is not None
    chunk = Chunk(0, source.file.size, source.file.blake3)
    if here:
        yield Known(chunk.blake3, chunk.size)
        return
    async for data in _run(line, source, [chunk]):
        yield data


async def beginning(line: Line, source: Source, most: int) -> bytes:
    """Return the first bytes of a file, `most` or all that there are."""
    assert source.file is not None
    patience, size = Patience(line), min(most, source.file.size)
    while size:
        try:
            async with line.get(source.url, {"Range": f"bytes=0-{size - 1}"}) as reply:
                held = bytearray()
                await _fill(held, reply, size)
                return bytes(held[:size])
        except HanseError as error:
            await patience.after(error)
    return b""


async def as_whole(line: Line, source: Source) -> Pieces:
    """Yield the bytes of a file in order, over as many requests as it takes. Raises `PeerInvalid` if they are not as many as was said."""
    patience, stream, digest = Patience(line), _Stream(source, line.settings.range_size), blake3()
    while not stream.done:
        try:
            async for data in stream.more(line):
                digest.update(data)
                yield data
        except HanseError as error:
            await patience.after(error, stream.offset)
    if source.file is not None and digest.hexdigest() != source.file.blake3:
        raise differs(source)


def differs(source: Source) -> PeerInvalid:
    """Return the error for a file that is not what its manifest says."""
    message = f"{source.name} does not have the digest that the provider's manifest states."
    return PeerInvalid(message, where="manifest.files.blake3", hint=RERUN, rule="digest")


class _Stream:
    """How far the bytes of a file have come that are fetched in order."""

    def __init__(self, source: Source, range_size: int) -> None:
        self._source = source
        self._range_size = range_size
        self._size = source.file.size if source.file else None
        self._etag = source.file.etag if source.file else None
        self._stop: int | None = None
        self.offset = 0
        self.done = self._size == 0

    async def more(self, line: Line) -> AsyncIterator[bytes]:
        """Ask for what comes next, and yield what is new of it."""
        async with line.get(self._source.url, self._headers()) as reply:
            async for data in self._bytes_of(reply):
                yield data

    def _headers(self) -> dict[str, str]:
        """Ask for what comes next. Of what has neither a size nor a tag only the whole can be asked for."""
        if self._size is not None:
            self._stop = min(self.offset + self._range_size, self._size)
            part = (self.offset, self._stop) != (0, self._size)
            return {"Range": f"bytes={self.offset}-{self._stop - 1}"} if part else {}
        return {"Range": f"bytes={self.offset}-"} if self.offset and self._etag else {}

    async def _bytes_of(self, reply: Reply) -> AsyncIterator[bytes]:
        """Yield what is new. Raises `PeerUnreachable` if that is less than was asked for."""
        skipped = self._check(reply)
        while data := await reply.some():
            new = data[skipped:]
            skipped -= len(data) - len(new)
            self.offset += len(new)
            if self._size is not None and self.offset > self._size:
                raise PeerInvalid(f"The provider sends more of {self._source.name} than its manifest states.", where="manifest.files.size")
            if new:
                yield new
        if self._stop is not None and self.offset < self._stop:
            raise PeerUnreachable("The connection to the provider broke off.")
        self.done = self._size is None or self.offset == self._size

    def _check(self, reply: Reply) -> int:
        """Return how many bytes of the answer are here already. Raises unless it is of the same content."""
        tag = reply.header("ETag")
        other = self._etag is not None and tag not in ("", self._etag)
        elsewhere = reply.status == 206 and not reply.header("Content-Range").startswith(f"bytes {self.offset}-")
        if reply.status == 416 or other or elsewhere:
            raise PeerInvalid(f"{self._source.name} is no longer what the provider said.", where="manifest.files", hint=RERUN)
        if self._size is None and self.offset and self._etag is None:
            raise PeerRefused("The connection to the provider broke off, and it has no way to go on with the data.", status=reply.status)
        if self._size is None and tag.startswith('"'):
            self._etag = tag  # a weak tag says nothing about bytes
        return self.offset if reply.status == 200 else 0


async def _run(line: Line, source: Source, chunks: Sequence[Chunk]) -> AsyncIterator[bytes]:
    """Yield the bytes of chunks that lie side by side, one after the other, each verified."""
    patience, repairs, done, came = Patience(line), 0, 0, 0
    while done < len(chunks):
        left = chunks[done:]
        try:
            async for data in _verified(line, source, left):
                done, came = done + 1, came + len(data)
                yield data
        except _Spoilt:
            repairs += 1
            if repairs > REPAIRS:
                raise differs(source) from None
        except HanseError as error:
            await patience.after(error, came)


class _Spoilt(Exception):
    """A chunk does not have its digest."""


async def _verified(line: Line, source: Source, chunks: Sequence[Chunk]) -> AsyncIterator[bytes]:
    async with line.get(source.url, _range(chunks)) as reply:
        _check(reply, source, chunks)
        held = bytearray()
        for chunk in chunks:
            await _fill(held, reply, chunk.size)
            content = bytes(held[: chunk.size])
            del held[: chunk.size]
            if blake3(content).hexdigest() != chunk.blake3:
                raise _Spoilt
            yield content
        if held or (reply.length is None and await reply.some()):
            raise PeerInvalid(f"The provider sends more of {source.name} than was asked for.", where="manifest.files.size")


async def _fill(held: bytearray, reply: Reply, size: int) -> None:
    while len(held) < size:
        data = await reply.some()
        if not data:
            raise PeerUnreachable("The connection to the provider broke off.")
        held += data


def _check(reply: Reply, source: Source, chunks: Sequence[Chunk]) -> None:
    """Raise `PeerInvalid` unless the answer is the range that was asked for, of the same content."""
    start, stop = chunks[0].offset, chunks[-1].offset + chunks[-1].size
    file, tag = source.file, reply.header("ETag")
    assert file is not None
    ranged = reply.status == 206 and reply.header("Content-Range").startswith(f"bytes {start}-{stop - 1}/")
    whole = reply.status == 200 and start == 0 and stop == file.size
    if not (ranged or whole) or (file.etag and tag not in ("", file.etag)):
        raise PeerInvalid(f"{source.name} is no longer what the provider said.", where="manifest.files", hint=RERUN)
    if reply.length not in (None, stop - start):
        raise PeerInvalid(f"The provider sends other than {stop - start} bytes of {source.name}.", where="manifest.files.size")


def _range(chunks: Sequence[Chunk]) -> dict[str, str]:
    return {"Range": f"bytes={chunks[0].offset}-{chunks[-1].offset + chunks[-1].size - 1}"}


def _length(chunks: Sequence[Chunk]) -> int:
    return chunks[-1].offset + chunks[-1].size - chunks[0].offset if chunks else 0
