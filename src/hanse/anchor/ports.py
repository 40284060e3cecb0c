"""What the anchor needs from outside. `app.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar

from msgspec import Struct

from hanse.anchor.records import Invitation, Issuance, Issued, Member, Published, Space, StatusBits
from hanse.anchor.standing import Status
from hanse.identity.credentials.issue import Draft
from hanse.identity.credentials.model import Profile
from hanse.identity.rulebook import Rulebook
from hanse.identity.status import Bits, Purpose
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")

ServiceType = Literal["CredentialService", "IssuerService"]
"""The services of DCP that a DID document names (DCP 1.0, 5.2 and 6.2)."""


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

    def unprovided(self, space: str, *, after: Did | None, limit: int) -> Sequence[Member]:
        """Return up to `limit` active members to whom nothing was ever issued, by DID, those after the DID `after`."""
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


class RulebookStore(Protocol):
    """All versions of the rulebooks of the spaces anchored here. They are counted from 1, and none is ever changed."""

    def get(self, space: str, version: int) -> Published | None:
        """Return one version, or nothing."""
        ...

    def newest(self, space: str) -> Published | None:
        """Return the newest version, or nothing."""
        ...

    def put(self, rulebook: Published) -> None:
        """Insert or replace."""
        ...

    def page(self, space: str, *, before: int | None, limit: int) -> Sequence[Published]:
        """Return up to `limit` versions, the newest first, those before the version `before`."""
        ...


class ReplayStore(Protocol):
    """Tokens that were used. Consumed in the transaction that the token caused."""

    def consume(self, tenant: Tenant, issuer: Did, jti: str, expires: datetime) -> bool:
        """Record the use; tell whether it was the first."""
        ...


class IssuedStore(Protocol):
    """Credentials issued by the anchors of this server. A read by id inside `run` locks the row until the transaction ends."""

    def get(self, id: str) -> Issued | None:
        """Return one of whatever space, or nothing."""
        ...

    def put(self, issued: Issued) -> None:
        """Insert or replace."""
        ...

    def page(self, space: str, *, holder: Did | None, after: str | None, limit: int) -> Sequence[Issued]:
        """Return up to `limit` in the order of their ids, those after the id `after`; of one holder, or (absent) of all."""
        ...

    def live(self, space: str, holder: Did, since: datetime) -> Sequence[Issued]:
        """Return all of the holder's that end after `since`, taken back or not, those that end first in front."""
        ...

    def renewable(self, now: datetime, *, limit: int) -> Sequence[Issued]:
        """Return up to `limit` of all spaces of which a renewal is to be offered by now (`renew_from`), the longest due in front."""
        ...


class IssuanceStore(Protocol):
    """Holders' requests at the anchors of this server. A read by id inside `run` locks the row until the transaction ends."""

    def get(self, id: str) -> Issuance | None:
        """Return one of whatever issuer, or nothing."""
        ...

    def by_holder_pid(self, tenant: Tenant, holder: Did, holder_pid: str) -> Issuance | None:
        """Return the holder's newest request of that name at this issuer, or nothing."""
        ...

    def newest(self, tenant: Tenant, holder: Did, *, limit: int) -> Sequence[Issuance]:
        """Return up to `limit` requests of the holder at this issuer, the newest first."""
        ...

    def count_since(self, tenant: Tenant, holder: Did, since: datetime) -> int:
        """Return how many requests the holder has made at this issuer after `since`."""
        ...

    def waiting(self, space: str, holder: Did, *, limit: int) -> Sequence[Issuance]:
        """Return up to `limit` of the holder's requests in a space that have not been answered, the oldest first."""
        ...

    def answerable(self, *, after: str, limit: int) -> Sequence[Issuance]:
        """Return up to `limit` of all spaces that wait although it is decided about their holder, by id, those after `after`."""
        ...

    def put(self, issuance: Issuance) -> None:
        """Insert or replace."""
        ...


class StatusListStore(Protocol):
    """The status lists of the spaces anchored here. What `get` and `last` read inside `run` is locked until the transaction ends."""

    def get(self, space: str, number: int) -> StatusBits | None:
        """Return the lists of that number, or nothing."""
        ...

    def changed(self, space: str, number: int) -> int | None:
        """Return how often bits of the lists of that number were flipped, or nothing if there are no such lists. Cheap."""
        ...

    def last(self, space: str) -> tuple[int, int] | None:
        """Return the highest number and the first index that is free there, or nothing. Cheap."""
        ...

    def add(self, lists: StatusBits) -> None:
        """Insert. Raises `Conflict` if there are lists of that number, also when another server process has just made them."""
        ...

    def reserve(self, space: str, number: int, free: int) -> None:
        """Say that `free` is the first free index now. It never falls."""
        ...

    def flip(self, lists: StatusBits) -> None:
        """Store the bits of lists that are there, and `changed`; what is free there stays."""
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
    def rulebooks(self) -> RulebookStore:
        """Rulebooks."""
        ...

    @property
    def replays(self) -> ReplayStore:
        """Used tokens."""
        ...

    @property
    def issued(self) -> IssuedStore:
        """Issued credentials."""
        ...

    @property
    def issuances(self) -> IssuanceStore:
        """Holders' requests."""
        ...

    @property
    def status_lists(self) -> StatusListStore:
        """Status lists."""
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


class CredentialSigner(Protocol):
    """Signs credentials and status lists with a participant's key (the wallet)."""

    async def issue(self, tenant: Tenant, draft: Draft) -> tuple[str, str]:
        """Return the credential as JWT, and the name of the key (kid). Raises `Invalid` as `identity.credentials.issue` states."""
        ...

    async def issue_list(self, tenant: Tenant, url: str, bits: Bits, profile: Profile, purpose: Purpose, lifetime: timedelta) -> str:
        """Return the status list credential that will lie at `url`, valid from now for `lifetime`."""
        ...


class Letters(Protocol):
    """Sends DCP messages, again and again until they arrive or are too old (the wallet)."""

    def queue(
        self,
        tx: AnchorTx,
        *,
        tenant: Tenant,
        to: Did,
        service: ServiceType,
        path: str,
        body: bytes,
        kind: str,
        about: str,
        token: str | None,
    ) -> str:
        """Store a message of the tenant's in this transaction, to be sent after it to `path` below that service of `to`; return its id.

        `token` goes along as the `token` claim of its self-issued token (DCP 1.0, 6.1). `kind` and `about` are for people.
        """
        ...


RulebookOf = Callable[[AnchorTx, Space], Rulebook]
"""Reads the rulebook that holds now in a space, inside a transaction."""


class Mark(Protocol):
    """Takes back a holder's credentials, or gives them back (`anchor.status.mark`)."""

    def __call__(
        self,
        tx: AnchorTx,
        space: Space,
        holder: Did,
        status: Literal["revoked", "suspended", ""],
        reason: str,
        now: datetime,
        *,
        types: Collection[str] | None = None,
    ) -> int:
        """Revoke, suspend or (empty) reinstate the holder's credentials, or with `types` those of these types; return how many."""
        ...
