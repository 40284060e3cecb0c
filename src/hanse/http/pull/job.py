"""One fetch: its files, which of them are here already, and how the others come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from urllib.parse import quote

from blake3 import blake3

from hanse.dataplane.listing import MAX_BYTES, RemoteFile, RemoteManifest, decode, path_fault
from hanse.dataplane.transforms.sealing import LONGEST_START, MAGIC, SUFFIX, Sealing, Unsealing, header_of, sealed_size
from hanse.dcat.chunks import LEAST, RULE, Chunk, Known
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.dsp.messages import DataAddress
from hanse.http.pull import pieces as p
from hanse.http.pull.line import Line
from hanse.http.pull.ports import Fetched, Held, Pieces, Progress, Sink
from hanse.kernel.errors import Invalid, PeerInvalid

KeyOf = Callable[[bytes], Awaitable[bytes]]
"""Asks for the key of the encrypted file with this header."""

_RETRIED = frozenset({"digest", "size"})
"""What is said of a file that is not what was promised: it may have been spoilt on its way."""
_ASKED = 1_000
"""Chunks that the sink is asked for at once."""


class Earlier:
    """What an earlier version has, by the SHA-256 of its files."""

    def __init__(self, held: Held, version: DatasetVersion, files: Sequence[HeldFile]) -> None:
        self._held = held
        self._version = version
        self._paths = {(file.sha256, file.size): file.path for file in files}

    async def chunks(self, sha256: str, size: int) -> Sequence[Chunk]:
        """Return the chunks of a file with this content, none if there was no such file."""
        path = self._paths.get((sha256, size))
        return () if path is None else await self._held.chunks(self._version.tenant, self._version.id, path)


class Job:
    """Puts the files of one transfer into a sink."""

    def __init__(self, line: Line, sink: Sink, key_of: KeyOf, progress: Progress | None, earlier: Earlier | None) -> None:
        self._line = line
        self._sink = sink
        self._key_of = key_of
        self._progress = progress
        self._earlier = earlier
        self._here: set[str] = set()
        self._total: int | None = None
        self._files = self._done = self._size = self._reused = self._opened = 0

    async def run(self, address: DataAddress) -> Fetched:
        """Fetch all. Raises what `Fetcher.fetch` does."""
        url = address.properties.get("manifest")
        # In a thread: a manifest of a million files takes seconds, in which others shall be served.
        manifest = await asyncio.to_thread(decode, await self._line.read(url, MAX_BYTES)) if url else None
        sources = _sources(address, manifest)
        self._total = manifest.size if manifest else None
        self._report(0)
        taken = {source.file.path for source in sources if source.file}
        targets = [(source, await self._target(source, taken)) for source in sources]
        await self._sink.retain([path for _, (path, _) in targets])
        await self._ask(sources)
        await self._all(targets)
        return Fetched(
            files=self._files,
            size=self._size,
            moved=self._line.moved,
            verified=manifest is not None,
            reused=self._reused,
            opened=self._opened,
            manifest=manifest.id if manifest else "",
            latency=self._line.latency,
        )

    async def _ask(self, sources: Sequence[p.Source]) -> None:
        """Find out which small files are here: each is one chunk, named by the manifest."""
        digests = [one.file.blake3 for one in sources if one.file is not None and 0 < one.file.size <= LEAST]
        for start in range(0, len(digests), _ASKED):
            self._here |= await self._sink.known(set(digests[start : start + _ASKED]))

    async def _all(self, targets: Sequence[tuple[p.Source, tuple[str, bytes | None]]]) -> None:
        waiting = iter(targets)

        async def worker() -> None:
            for source, (path, header) in waiting:
                await self._one(source, path, header)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._line.settings.workers, len(targets))):
                    group.create_task(worker())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _target(self, source: p.Source, taken: Collection[str]) -> tuple[str, bytes | None]:
        """Return under which path a file is kept, and its header if it is encrypted to us: then it is kept as what it is inside."""
        path = source.file.path if source.file else _name(source.url)
        plain = path.removesuffix(SUFFIX)
        if source.file is None or plain in taken or plain.endswith(("/", SUFFIX)) or not plain:
            return path, None
        header = header_of(await p.beginning(self._line, source, LONGEST_START))
        return (path, None) if header is None else (plain, header)

    async def _one(self, source: p.Source, path: str, header: bytes | None) -> None:
        file = source.file
        here = None if file is None else await self._whole(file, path, header)
        if here is not None and file is not None:
            self._reused += file.size
            self._report(file.size)
            self._count(here)
            return
        for attempt in range(p.REPAIRS + 1):
            before = self._done
            pieces = None if attempt or header else await self._parts(source)
            try:
                self._count(await self._put(source, path, header, pieces or p.as_whole(self._line, source)))
            except PeerInvalid as error:
                if pieces or error.rule not in _RETRIED or attempt == p.REPAIRS:
                    raise
                self._report(before - self._done)
            else:
                return

    async def _whole(self, file: RemoteFile, path: str, header: bytes | None) -> HeldFile | None:
        """Return the file that is here, if it is the one that the provider has."""
        here = await self._sink.have(path)
        if here is None:
            return None
        if header is None:
            return here if (here.size, here.sha256) == (file.size, file.sha256) else None
        if sealed_size(header, here.size) != file.size:
            return None
        if await self._sealed_again(path, header) != file.blake3:
            return None
        self._opened += 1
        return here

    async def _sealed_again(self, path: str, header: bytes) -> str:
        """Return the digest that an opened file had when it was encrypted: it is made once more, from what is here."""
        digest = _Digest()
        sealing = Sealing.again(digest, header, await self._key_of(header))
        async for data in self._sink.read(path):
            sealing.write(data)
        sealing.close()
        return digest.hexdigest

    async def _put(self, source: p.Source, path: str, header: bytes | None, pieces: Pieces) -> HeldFile:
        file = source.file
        counted = self._counted(pieces)
        if header is not None:
            async with aclosing(self._unsealed(counted, header)) as content:
                held = await self._sink.put(path, content, sha256=None, size=None)
            self._opened += 1
            return held
        async with aclosing(counted):
            if file is None:
                return await self._sink.put(path, counted, sha256=None, size=None)
            return await self._sink.put(path, counted, sha256=file.sha256 or None, size=file.size, media_type=file.media_type)

    async def _parts(self, source: p.Source) -> Pieces | None:
        """Return the pieces of a file of which parts may be here, each verified; nothing if it is better fetched as a whole."""
        file = source.file
        if file is None or not file.size:
            return None
        chunks = await self._earlier.chunks(file.sha256, file.size) if self._earlier and file.sha256 else ()
        if chunks and await self._all_known(chunks):
            return _known(chunks)
        if file.size <= LEAST:
            return p.small(self._line, source, here=file.blake3 in self._here)
        settings = self._line.settings
        large = file.size >= (settings.large if self._earlier else settings.vast)
        page = await p.first_page(self._line, source) if large else None
        return None if page is None else p.by_difference(self._line, source, self._sink.known, page)

    async def _all_known(self, chunks: Sequence[Chunk]) -> bool:
        """Tell whether all chunks are here: the earlier version may lie under another agreement."""
        for start in range(0, len(chunks), _ASKED):
            digests = {chunk.blake3 for chunk in chunks[start : start + _ASKED]}
            if not digests <= await self._sink.known(digests):
                return False
        return True

    async def _counted(self, pieces: Pieces) -> Pieces:
        async for piece in pieces:
            if isinstance(piece, Known):
                self._reused += piece.size
                self._report(piece.size)
            else:
                self._report(len(piece))
            yield piece

    async def _unsealed(self, sealed: Pieces, header: bytes) -> Pieces:
        """Yield the content of an encrypted file. Its last part comes after the digest of the encrypted one was compared."""
        unsealing, left = Unsealing(await self._key_of(header)), len(MAGIC) + 4 + len(header)
        try:
            async for data in sealed:
                assert isinstance(data, bytes)
                for content in unsealing.feed(data[left:]):
                    yield content
                left -= min(left, len(data))
            for content in unsealing.end():
                yield content
        except Invalid as error:
            raise PeerInvalid(error.message, hint=error.hint, rule="digest") from error

    def _count(self, held: HeldFile) -> None:
        self._files += 1
        self._size += held.size

    def _report(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._line.moved, self._done, self._total)


class _Digest:
    """The BLAKE3 of what is written."""

    def __init__(self) -> None:
        self._taken = blake3()

    def write(self, data: bytes | memoryview, /) -> int:
        self._taken.update(data)
        return len(data)

    @property
    def hexdigest(self) -> str:
        return self._taken.hexdigest()


async def _known(chunks: Sequence[Chunk]) -> Pieces:
    for chunk in chunks:
        yield Known(chunk.blake3, chunk.size)


def _sources(address: DataAddress, manifest: RemoteManifest | None) -> list[p.Source]:
    """Return where the files are, large ones first: they take longest."""
    endpoint = address.endpoint or ""
    if manifest is None:
        return [p.Source(endpoint, None, None)]
    base, lists = endpoint.rstrip("/"), manifest.chunks == RULE
    if manifest.kind == "file":
        file = manifest.files[0]
        return [p.Source(endpoint, f"{base}/chunks/{quote(file.path)}" if lists else None, file)]
    return [_source(base, file, lists=lists) for file in sorted(manifest.files, key=lambda one: -one.size)]


def _source(base: str, file: RemoteFile, *, lists: bool) -> p.Source:
    path = quote(file.path)
    return p.Source(f"{base}/files/{path}", f"{base}/chunks/{path}" if lists else None, file)


def _name(url: str) -> str:
    """Return a name for data that has none, from its address."""
    name = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return name if name and not path_fault(name) and not name.startswith(".") else "data"
