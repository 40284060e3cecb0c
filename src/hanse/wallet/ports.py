"""What the wallet needs from outside. `app.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from msgspec import Struct

from hanse.identity.dcp.messages import CredentialStatus, IssuerMetadata
from hanse.identity.dcp.scopes import Scope
from hanse.identity.did import Service
from hanse.identity.exchange import Exchange, Inquiry
from hanse.identity.keys import KindName, SigningKey
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet.records import CredentialRequest, Held, Letter, ServiceType

T = TypeVar("T")


class SealedKey(Struct, frozen=True):
    """One key of a participant. `sealed` is the private key under the installation's master key; `number` grows from 1.

    `retired` is when a newer one took its place, `needed_until` the end of the last thing that it signed and that others keep
    (a credential, a list, a statement), `compromised` the moment since when somebody else may have had it. `sealed` is
    empty once the private key is destroyed. See `wallet.keys` for what follows from these.
    """

    tenant: Tenant
    did: Did
    kid: str
    number: int
    public_jwk: dict[str, str]
    sealed: bytes
    created: datetime
    kind: KindName = "P-256"
    retired: datetime | None = None
    needed_until: datetime | None = None
    compromised: datetime | None = None


class KeysChanged(Struct, frozen=True):
    """A participant's keys were rotated, or one was declared compromised: no process may go on signing with what it remembers."""

    tenant: Tenant


class KeyStore(Protocol):
    """The keys of all participants; a key is identified by (tenant, kid). What is read in a writing transaction is locked until its end."""

    def get(self, tenant: Tenant) -> SealedKey | None:
        """Return the participant's newest key (highest `number`), or nothing."""
        ...

    def list(self, tenant: Tenant) -> Sequence[SealedKey]:
        """Return all keys of the participant, by `number`."""
        ...

    def former(self) -> Sequence[SealedKey]:
        """Return the keys of all participants that are not their owner's newest."""
        ...

    def put(self, key: SealedKey) -> None:
        """Insert or replace."""
        ...


class HeldStore(Protocol):
    """Credentials that participants hold about themselves, identified by (tenant, id)."""

    def get(self, tenant: Tenant, id: str) -> Held | None:
        """Return one, or nothing."""
        ...

    def put(self, held: Held) -> None:
        """Insert or replace."""
        ...

    def delete(self, tenant: Tenant, id: str) -> None:
        """Forget one, if it is there."""
        ...

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Held]:
        """Return up to `limit` in the order of their ids, those after the id `after`."""
        ...


class RequestStore(Protocol):
    """Requests of participants at issuers, identified by (tenant, holder_pid)."""

    def get(self, tenant: Tenant, holder_pid: str) -> CredentialRequest | None:
        """Return one, or nothing. What is read in a writing transaction is locked until its end."""
        ...

    def put(self, request: CredentialRequest) -> None:
        """Insert or replace."""
        ...

    def delete(self, tenant: Tenant, holder_pid: str) -> None:
        """Forget one, if it is there."""
        ...

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[CredentialRequest]:
        """Return up to `limit` in the order of their ids, those after the id `after`."""
        ...

    def due(self, now: datetime, *, limit: int) -> Sequence[CredentialRequest]:
        """Return up to `limit` of all participants of which the issuer is to be asked by now, the longest due in front."""
        ...

    def next_due(self) -> datetime | None:
        """Return when the next one is due, or nothing."""
        ...


class LetterStore(Protocol):
    """DCP messages on their way, of all participants, identified by id."""

    def get(self, id: str) -> Letter | None:
        """Return one, or nothing: it has arrived, or was given up. What is read in a writing transaction is locked until its end."""
        ...

    def put(self, letter: Letter) -> None:
        """Insert or replace."""
        ...

    def delete(self, id: str) -> None:
        """Forget one, if it is there."""
        ...

    def longest_due(self, now: datetime, busy: Collection[Did]) -> Letter | None:
        """Return the one that has been due for longest, of those to nobody in `busy`; not one that another process is just taking."""
        ...

    def next_due(self, busy: Collection[Did]) -> datetime | None:
        """Return when the next one to nobody in `busy` is due, or nothing."""
        ...

    def to(self, tenant: Tenant, receiver: Did) -> Sequence[str]:
        """Return the ids of the tenant's letters to that receiver, the oldest first."""
        ...


class ReplayStore(Protocol):
    """Tokens that were used. Consumed in the transaction that the token caused."""

    def consume(self, tenant: Tenant, issuer: Did, jti: str, expires: datetime) -> bool:
        """Record the use; tell whether it was the first."""
        ...


class WalletTx(Protocol):
    """The part of a transaction that the wallet uses."""

    @property
    def keys(self) -> KeyStore:
        """The keys."""
        ...

    @property
    def held(self) -> HeldStore:
        """Credentials held."""
        ...

    @property
    def requests(self) -> RequestStore:
        """Requests at issuers."""
        ...

    @property
    def letters(self) -> LetterStore:
        """DCP messages on their way."""
        ...

    @property
    def replays(self) -> ReplayStore:
        """Used tokens."""
        ...

    def emit(self, event: object) -> None:
        """Hand `event` to the subscribers once the transaction has committed."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[WalletTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[WalletTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Sealer(Protocol):
    """Keeps secrets unreadable in the database and in its backups."""

    def seal(self, plain: bytes, *, tenant: Tenant, kid: str) -> bytes:
        """Return `plain` encrypted, and bound to this participant and this key's name."""
        ...

    def unseal(self, sealed: bytes, *, tenant: Tenant, kid: str) -> bytes:
        """Return what was sealed. Raises `Misconfigured` if it was altered, moved to another place, or sealed otherwise."""
        ...


ServicesOf = Callable[[Tenant, Did], Sequence[Service]]
"""Tells which services a participant's DID document names, in order; `app.py` knows the addresses."""


class Signer(Protocol):
    """Lends the key that a participant signs with now; the wallet is one."""

    async def signing_key(self, tenant: Tenant) -> SigningKey:
        """Return the key. Raises `NotFound`."""
        ...


class Release(Struct, frozen=True):
    """What a peer may read: what the scopes name, and of what says of which space it is only what is of these `spaces` (addresses)."""

    scopes: tuple[Scope, ...] = ()
    spaces: tuple[str, ...] = ()


class Releases(Protocol):
    """Tells what a participant shows its peers without being asked in person; the rulebooks of the spaces that both are in decide."""

    async def released_to(self, tenant: Tenant, audience: Did) -> Release:
        """Return what `audience` may read of the participant's credentials; no scopes, where nothing is released."""
        ...


class Resolver(Protocol):
    """Runs an exchange or an inquiry of the identity package: resolves and fetches what it asks for."""

    async def drive(self, exchange: Exchange[T] | Inquiry[T]) -> T:
        """Return the result; raises what it raises."""
        ...


class Trusted(Protocol):
    """Tells whose offers a participant takes up without asking a person: those of the anchors of its spaces; and what is of which space."""

    async def accepts_offers(self, tenant: Tenant, issuer: Did) -> bool:
        """Tell whether what this issuer offers is to be requested at once."""
        ...

    async def showing(self, tenant: Tenant, spaces: Collection[str]) -> Callable[[Held], bool]:
        """Return a test of credentials: may members of these spaces of the participant's see it, or is it another space's affair?"""
        ...


class Issuers(Protocol):
    """Reads from issuer services."""

    async def metadata(self, issuer: Did) -> IssuerMetadata:
        """Return what an issuer makes, as it says itself (DCP 1.0, 6.7). Raises `PeerError`s, also if it is another issuer's."""
        ...

    async def request_status(self, tenant: Tenant, issuer: Did, issuer_pid: str) -> CredentialStatus:
        """Return how far a request of the tenant's is (DCP 1.0, 6.8). Raises `PeerError`s."""
        ...


class MailAnswer(Struct, frozen=True, kw_only=True):
    """What came of one attempt to post a letter: status and body, or the error that kept it from arriving.

    `location` is the header of that name, `retry_after` the number of seconds that the answer asks us to wait. `hopeless` says that
    trying again cannot help, although nobody has refused it.
    """

    status: int | None
    body: bytes = b""
    location: str = ""
    error: str = ""
    retry_after: float | None = None
    hopeless: bool = False


class Mail(Protocol):
    """Signs a fresh token and posts a letter to a service of a DID."""

    async def post(self, tenant: Tenant, to: Did, service: ServiceType, path: str, body: bytes, token: str | None) -> MailAnswer:
        """Post once, to `path` (such as `/credentials`) below the service's address; raises nothing. `token` goes along as token claim."""
        ...
