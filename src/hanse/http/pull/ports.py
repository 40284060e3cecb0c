"""What fetching needs from outside. `app/factory/transport.py` fills these; tests hand in second implementations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from typing import Protocol

from msgspec import Struct

from hanse.dcat.chunks import Chunk, Known
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.dsp.messages import DataAddress
from hanse.kernel.tenant import Tenant

Pieces = AsyncGenerator[bytes | Known, None]
"""A file's content in order: bytes that came over the network, and in their place chunks that the sink has."""
Progress = Callable[[int, int, int | None], object]
"""Told while data is fetched: (bytes over the network, bytes of the version that are here, bytes in all if that is known)."""


class Settings(Struct, frozen=True, kw_only=True):
    """How to fetch.

    `workers` files at once, each in ranges of at most `range_size` bytes. A provider that sends nothing for `stall` seconds, or fewer
    than `slowest` bytes a second for `grace` seconds of waiting, counts as away; after `attempts` such faults without `headway` bytes
    in between it is given up. `making` is how long one that is still making the data is waited for, in seconds. From `large` bytes on
    a file's chunk list is asked for, from `vast` bytes on even if there is no earlier version: then a fetch that breaks off goes on.
    """

    workers: int = 4
    range_size: int = 64 << 20
    stall: float = 30.0
    slowest: int = 4_096
    grace: float = 20.0
    attempts: int = 6
    headway: int = 1 << 20
    making: float = 3600.0
    large: int = 2 << 20
    vast: int = 64 << 20
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Sink(Protocol):
    """A version in the making (the facility's intake)."""

    async def have(self, path: str) -> HeldFile | None:
        """Return the file if it is here whole."""
        ...

    async def known(self, digests: Collection[str]) -> set[str]:
        """Return those of the chunks (BLAKE3, hexadecimal) that are here."""
        ...

    async def put(self, path: str, pieces: Pieces, *, sha256: str | None, size: int | None, media_type: str = "") -> HeldFile:
        """Store a file from its pieces; raises `PeerInvalid` if it is not what was promised, and keeps nothing of it then."""
        ...

    def read(self, path: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a file that is here whole."""
        ...

    async def retain(self, paths: Collection[str]) -> None:
        """Forget what was put under other paths."""
        ...


class Addresses(Protocol):
    """Where the data of a started transfer is, with its tokens."""

    async def current(self, tenant: Tenant, transfer: str) -> DataAddress | None:
        """Return it, or nothing while there is none, or it may not be used."""
        ...

    async def renew(self, tenant: Tenant, transfer: str) -> DataAddress:
        """Return it with fresh tokens. Raises `Conflict` and `PeerError`s."""
        ...


class Held(Protocol):
    """What the facility has of earlier versions."""

    async def files(self, tenant: Tenant, version: str) -> Sequence[HeldFile]:
        """Return the files of a version."""
        ...

    async def chunks(self, tenant: Tenant, version: str, path: str) -> Sequence[Chunk]:
        """Return the chunks of one of its files."""
        ...


class Keys(Protocol):
    """The participant's keys, as far as files are encrypted to them."""

    async def open(self, tenant: Tenant, header: bytes) -> bytes:
        """Return the content key of the file with this header (`transforms.sealing`). Raises `Invalid`, `NotFound`."""
        ...


class Fetched(Struct, frozen=True, kw_only=True):
    """What a fetch brought: files and bytes of the version, and how many bytes moved over the network.

    `verified` tells whether the provider gave checksums to compare with. `reused` are the bytes that were here already, `opened` the
    files that came encrypted to us. `manifest` is the provider's id of what was fetched, if it has manifests.
    """

    files: int
    size: int
    moved: int
    verified: bool
    reused: int = 0
    opened: int = 0
    manifest: str = ""
    seconds: float = 0.0
    latency: float | None = None


class Fetcher(Protocol):
    """What other rooms are offered."""

    async def fetch(
        self, tenant: Tenant, transfer: str, sink: Sink, previous: DatasetVersion | None = None, progress: Progress | None = None
    ) -> Fetched:
        """Put all files of a started pull into the sink."""
        ...
