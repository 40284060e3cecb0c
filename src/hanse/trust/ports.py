"""What the verifier of peers needs from outside. `app.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from hanse.identity.dcp.messages import PresentationQueryMessage
from hanse.identity.exchange import Exchange, Inquiry
from hanse.identity.rulebook import Rulebook
from hanse.identity.statements import Register, Statement
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Did, Tenant
from hanse.trust.claims import Ruled
from hanse.trust.records import Presented, Refusal

T = TypeVar("T")


class WatermarkStore(Protocol):
    """The highest version seen of each space's statements, of whichever server; belongs to no tenant and never falls."""

    def get(self, url: str, anchor: Did) -> int | None:
        """Return the highest version of the statement at `url` by `anchor` that was ever believed here."""
        ...

    def put(self, url: str, anchor: Did, version: int) -> None:
        """Insert or replace."""
        ...


class PresentedStore(Protocol):
    """What each peer presented to each participant last."""

    def get(self, tenant: Tenant, holder: Did) -> Presented | None:
        """Return what the peer presented, or nothing."""
        ...

    def put(self, presented: Presented) -> None:
        """Insert or replace."""
        ...


class RefusalStore(Protocol):
    """Refusals of peers' claims."""

    def get(self, tenant: Tenant, id: str) -> Refusal | None:
        """Return one, or nothing."""
        ...

    def add(self, refusal: Refusal, *, per_holder: int, per_tenant: int) -> None:
        """Insert, and forget the oldest beyond those figures."""
        ...

    def of_holder(self, tenant: Tenant, holder: Did, *, limit: int) -> Sequence[Refusal]:
        """Return up to `limit` refusals of the peer's claims, the newest first."""
        ...


class TrustTx(Protocol):
    """The part of a transaction that trust uses."""

    @property
    def watermarks(self) -> WatermarkStore:
        """Highest versions seen."""
        ...

    @property
    def presented(self) -> PresentedStore:
        """What peers presented last."""
        ...

    @property
    def refusals(self) -> RefusalStore:
        """Why peers' claims were refused."""
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
    """A space that a participant has joined: its address, and the DID of its anchor, pinned when it joined."""

    @property
    def url(self) -> str:
        """Address of the space, without a slash at its end."""
        ...

    @property
    def anchor(self) -> Did:
        """Who signs its register and its rulebook."""
        ...


class Links(Protocol):
    """Tells which spaces a participant of this server has joined."""

    async def spaces_of(self, name: Tenant) -> Sequence[Link]:
        """Return the links, none if it has joined none."""
        ...


class LocalSpaces(Protocol):
    """The spaces anchored on this same server, read without HTTP."""

    async def register_of(self, url: str) -> Statement[Register] | None:
        """Return the register as it is now, or nothing if no space anchored here has that address."""
        ...


class LocalRulebooks(Protocol):
    """The rulebooks of the spaces anchored on this same server, read without HTTP."""

    async def rulebook_of(self, url: str) -> Statement[Rulebook] | None:
        """Return the rulebook as it is now, or nothing if no space anchored here has that address, or has a rulebook."""
        ...


class Fetch(Protocol):
    """Fetches a public document from a foreign address, through the guard of all such fetches."""

    async def get(self, url: str, limit: int) -> bytes:
        """Return at most `limit` bytes; raises `PeerError`s."""
        ...


class Resolver(Protocol):
    """Runs an exchange or an inquiry of the identity package: resolves and fetches what it asks for."""

    async def drive(self, exchange: Exchange[T] | Inquiry[T]) -> T:
        """Return the result; raises what it raises."""
        ...


class Rulebooks(Protocol):
    """Tells by which rules a participant judges its peers (`directory.Directory`)."""

    async def ruled(self, tenant: Tenant, space: str = "") -> Ruled:
        """Return the rulebook of a space that it has joined, the only one if none is named.

        Raises `Forbidden` if there is none to be had or believed.
        """
        ...


class Registers(Protocol):
    """Tells in which of a participant's spaces a peer is listed (`directory.Directory`)."""

    async def naming(self, tenant: Tenant, peer: Did) -> Sequence[str]:
        """Return the addresses of the spaces whose registers name the peer, as far as that is known soon."""
        ...


class Queries(Protocol):
    """Asks credential services (DCP 1.0, 5.4)."""

    async def present(self, tenant: Tenant, holder: Did, message: PresentationQueryMessage, token: str) -> list[object]:
        """Return the presentations with which the holder's credential service answers `tenant`.

        `token` is the access token that the holder sent along; it goes back inside a self-issued token of the tenant.
        Raises `PeerError`s.
        """
        ...


class Watched(NamedTuple):
    """A peer whose data is flowing, and the transfer in which it flows."""

    tenant: Tenant
    peer: Did
    transfer: str


class Running(Protocol):
    """The transfers under way in this process."""

    async def peers(self) -> Iterable[Watched]:
        """Return who is served or sent something now, each once; from memory, so that a lost database stops no watch."""
        ...


class Cut(Protocol):
    """Ends what flows to a peer."""

    async def cut(self, watched: Watched, reason: HanseError) -> None:
        """End what flows in that transfer; `reason` says why the peer has lost its right to it."""
        ...


class Rights(Protocol):
    """Tells whether a peer has the right to what flows to it: what it has proved still holds, and so do the terms."""

    async def check(self, watched: Watched) -> None:
        """Raise a `HanseError` if it has not any more, or if that cannot be known."""
        ...

    def relied_on(self, watched: Watched) -> bool:
        """Tell whether what was known of the peer a moment ago may be relied on without another look."""
        ...
