"""What the anchor needs from outside. `app.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from msgspec import Struct

from hanse.anchor.records import Invitation, Member, Space
from hanse.anchor.standing import Status
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
