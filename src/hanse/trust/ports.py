"""What the verifier of peers needs from outside. `app.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from hanse.identity.exchange import Exchange
from hanse.identity.statements import Register, Statement
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")


class WatermarkStore(Protocol):
    """The highest version seen of each space's list, of whichever server; belongs to no tenant and never falls."""

    def get(self, url: str, anchor: Did) -> int | None:
        """Return the highest version of the list of the space at `url` by `anchor` that was ever believed here."""
        ...

    def put(self, url: str, anchor: Did, version: int) -> None:
        """Insert or replace."""
        ...


class TrustTx(Protocol):
    """The part of a transaction that trust uses."""

    @property
    def watermarks(self) -> WatermarkStore:
        """Highest versions seen."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[TrustTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[TrustTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Link(Protocol):
    """The space that a participant has joined: its address, and the DID of its anchor, pinned when it joined."""

    @property
    def url(self) -> str:
        """Address of the space, without a slash at its end."""
        ...

    @property
    def anchor(self) -> Did:
        """Who signs its list of members."""
        ...


class Links(Protocol):
    """Tells which space a participant of this server has joined."""

    async def space_of(self, name: Tenant) -> Link | None:
        """Return the link, or nothing if it has joined none."""
        ...


class LocalSpaces(Protocol):
    """The spaces anchored on this same server, read without HTTP."""

    async def register_of(self, url: str) -> Statement[Register] | None:
        """Return the list as it is now, or nothing if no space anchored here has that address."""
        ...


class Fetch(Protocol):
    """Fetches a public document from a foreign address, through the guard of all such fetches."""

    async def get(self, url: str, limit: int) -> bytes:
        """Return at most `limit` bytes; raises `PeerError`s."""
        ...


class Resolver(Protocol):
    """Runs an exchange of the identity package: resolves the DIDs that it asks for."""

    async def drive(self, exchange: Exchange[T]) -> T:
        """Return the exchange's result; raises what it raises."""
        ...
