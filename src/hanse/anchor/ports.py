"""What the anchor, and the directory that reads anchors' lists, need from outside. `app.py` fills these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from msgspec import Struct

from hanse.anchor.records import Invitation, Member, Space
from hanse.anchor.standing import Status
from hanse.identity.exchange import Exchange
from hanse.identity.statements import MemberList, Statement
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")


class SpaceStore(Protocol):
    """Spaces anchored on this server. A read inside `run` locks the row until the transaction ends."""

    def get(self, name: str) -> Space | None:
        """Return the space of that name, whoever anchors it, or nothing."""
        ...

    def add(self, space: Space) -> None:
        """Insert. Raises `Conflict` if there is one of that name, also when another server process has just made it."""
        ...

    def put(self, space: Space) -> None:
        """Insert or replace."""
        ...

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Space]:
        """Return up to `limit` spaces that the tenant anchors in the order of their names, those after the name `after`."""
        ...


class MemberStore(Protocol):
    """Members and applicants of the spaces anchored here, identified by (space, did)."""

    def get(self, space: str, did: Did) -> Member | None:
        """Return the member or applicant, or nothing."""
        ...

    def put(self, member: Member) -> None:
        """Insert or replace."""
        ...

    def page(self, space: str, *, status: Status | None, after: Did | None, limit: int) -> Sequence[Member]:
        """Return up to `limit` in the order of their DIDs, those after the DID `after`; of one status, or (absent) of all."""
        ...

    def count(self, space: str, status: Status) -> int:
        """Return how many have that status."""
        ...


class InvitationStore(Protocol):
    """Invitations to the spaces anchored here."""

    def get(self, id: str) -> Invitation | None:
        """Return the invitation to whatever space, or nothing."""
        ...

    def put(self, invitation: Invitation) -> None:
        """Insert or replace."""
        ...

    def delete(self, id: str) -> None:
        """Forget the invitation."""
        ...

    def page(self, space: str, *, after: str | None, limit: int) -> Sequence[Invitation]:
        """Return up to `limit` in the order of their ids, those after the id `after`."""
        ...


class WatermarkStore(Protocol):
    """The highest version seen of each space's list, of whichever server; belongs to no tenant and never falls."""

    def get(self, url: str, anchor: Did) -> int | None:
        """Return the highest version of the list of the space at `url` by `anchor` that was ever believed here."""
        ...

    def put(self, url: str, anchor: Did, version: int) -> None:
        """Insert or replace."""
        ...


class ReplayStore(Protocol):
    """Tokens that were used. Consumed in the transaction that the token caused."""

    def consume(self, tenant: Tenant, issuer: Did, jti: str, expires: datetime) -> bool:
        """Record the use; tell whether it was the first."""
        ...


class AnchorTx(Protocol):
    """The stores inside one transaction, and the events that leave after its commit."""

    @property
    def spaces(self) -> SpaceStore:
        """Spaces."""
        ...

    @property
    def members(self) -> MemberStore:
        """Members and applicants."""
        ...

    @property
    def invitations(self) -> InvitationStore:
        """Invitations."""
        ...

    @property
    def watermarks(self) -> WatermarkStore:
        """Highest versions seen."""
        ...

    @property
    def replays(self) -> ReplayStore:
        """Used tokens."""
        ...

    def emit(self, event: object) -> None:
        """Hand `event` to its subscribers once this transaction has committed."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[AnchorTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[AnchorTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Signer(Protocol):
    """Signs statements with a participant's key (the wallet)."""

    async def sign(self, tenant: Tenant, kind: str, body: Struct, *, version: int, lifetime: timedelta) -> str:
        """Return `body` as a compact JWS of that kind, see `identity.statements`."""
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

    async def member_list(self, url: str) -> Statement[MemberList] | None:
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
