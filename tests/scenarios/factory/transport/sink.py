"""A version in the making, in memory: what the facility's intake promises, and nothing of how it does it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from blake3 import blake3

from hanse.dcat.chunks import Chunk, Cutter, Known
from hanse.dcat.holding import HeldFile
from hanse.http.pull.ports import Pieces
from hanse.kernel.errors import PeerInvalid
from hanse.kernel.tenant import Tenant


@dataclass
class Vault:
    """The chunks of one agreement, by their digests, and the files of versions."""

    store: dict[str, bytes] = field(default_factory=dict)
    versions: dict[str, dict[str, tuple[HeldFile, list[Chunk]]]] = field(default_factory=dict)

    async def files(self, tenant: Tenant, version: str) -> Sequence[HeldFile]:
        return [file for file, _ in self.versions[version].values()]

    async def chunks(self, tenant: Tenant, version: str, path: str) -> Sequence[Chunk]:
        return self.versions[version][path][1]


class MemorySink:
    """An intake of a vault. After `killed_after` bytes, if that is set, the process is killed in the middle of a file."""

    def __init__(self, vault: Vault | None = None) -> None:
        self.vault = vault or Vault()
        self.files: dict[str, tuple[HeldFile, list[Chunk]]] = {}
        self.put_again: list[str] = []
        self.killed_after: int | None = None

    async def have(self, path: str) -> HeldFile | None:
        return self.files[path][0] if path in self.files else None

    async def known(self, digests: Collection[str]) -> set[str]:
        return {digest for digest in digests if digest in self.vault.store}

    async def retain(self, paths: Collection[str]) -> None:
        self.files = {path: found for path, found in self.files.items() if path in paths}

    async def put(self, path: str, pieces: Pieces, *, sha256: str | None, size: int | None, media_type: str = "") -> HeldFile:
        self.put_again.append(path)
        file = _File(self.vault.store)
        async for piece in pieces:
            file.known(piece) if isinstance(piece, Known) else file.fresh(piece)
            self._live(piece)
        file.end()
        if size not in (None, file.length):
            raise PeerInvalid("Not the size that was promised.", rule="size")
        if sha256 not in (None, file.taken.hexdigest()):
            raise PeerInvalid("Not the content that was promised.", rule="digest")
        held = HeldFile(path, file.length, file.taken.hexdigest(), media_type)
        self.files[path] = held, file.chunks
        return held

    async def read(self, path: str) -> AsyncIterator[bytes]:
        for chunk in self.files[path][1]:
            yield self.vault.store[chunk.blake3]

    def _live(self, piece: bytes | Known) -> None:
        if self.killed_after is not None and not isinstance(piece, Known):
            self.killed_after -= len(piece)
            if self.killed_after < 0:
                raise KilledError

    def content(self, path: str) -> bytes:
        return b"".join(self.vault.store[chunk.blake3] for chunk in self.files[path][1])

    def commit(self, name: str) -> None:
        self.vault.versions[name] = self.files


class _File:
    """A file on its way into the store."""

    def __init__(self, store: dict[str, bytes]) -> None:
        self._store = store
        self._cutter = Cutter()
        self.taken = hashlib.sha256()
        self.chunks: list[Chunk] = []
        self.length = 0

    def known(self, piece: Known) -> None:
        self.end()
        content = self._store[piece.digest]
        assert len(content) == piece.size
        self._take(content)
        self._keep([content])

    def fresh(self, content: bytes) -> None:
        self._take(content)
        self._keep(self._cutter.feed(content))

    def end(self) -> None:
        self._keep(self._cutter.end())

    def _take(self, content: bytes) -> None:
        self.taken.update(content)
        self.length += len(content)

    def _keep(self, found: Iterable[bytes]) -> None:
        for content in found:
            digest = blake3(content).hexdigest()
            self._store[digest] = content
            offset = self.chunks[-1].offset + self.chunks[-1].size if self.chunks else 0
            self.chunks.append(Chunk(offset, len(content), digest))


class KilledError(Exception):
    """The process was killed."""
