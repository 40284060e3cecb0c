"""What the data plane needs from outside. `app.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from hanse.dataplane.records import Access, Found, Permit, Place, Push, Stamp
from hanse.dcat.chunks import Chunk
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")

Door = Callable[[Tenant, Did], Awaitable[object]]
"""Lets a peer in that belongs to the participant's space now; raises `Forbidden` for others."""


class AccessTokenStore(Protocol):
    """Issued tokens by their hashes."""

    def get(self, tenant: Tenant, digest: str) -> Access | None:
        """Return what the access token with this hash opens, or nothing."""
        ...

    def by_refresh(self, tenant: Tenant, refresh: str) -> Access | None:
        """Return the access whose refresh token has this hash, or nothing."""
        ...

    def of_transfer(self, tenant: Tenant, transfer: str) -> Sequence[Access]:
        """Return the transfer's tokens in the order of their generations, oldest first."""
        ...

    def put(self, access: Access) -> None:
        """Insert or replace, by (tenant, hash)."""
        ...

    def delete(self, tenant: Tenant, digest: str) -> None:
        """Forget one."""
        ...

    def delete_transfer(self, tenant: Tenant, transfer: str) -> None:
        """Forget all of a transfer."""
        ...


class ManifestStore(Protocol):
    """The last manifest of each asset, as encoded by the data plane."""

    def get(self, tenant: Tenant, asset: str) -> bytes | None:
        """Return the asset's last manifest, or nothing."""
        ...

    def put(self, tenant: Tenant, asset: str, fingerprint: str, body: bytes) -> None:
        """Insert or replace."""
        ...


class PushStore(Protocol):
    """Pushes under way; a finished one is deleted."""

    def get(self, tenant: Tenant, transfer: str) -> Push | None:
        """Return the push, or nothing."""
        ...

    def put(self, push: Push) -> None:
        """Insert or replace, by (grant.tenant, grant.transfer)."""
        ...

    def delete(self, tenant: Tenant, transfer: str) -> None:
        """Forget it."""
        ...

    def waiting(self) -> Sequence[Push]:
        """Return all pushes of all tenants, for the sweep after a start."""
        ...


class DataTx(Protocol):
    """The stores inside one transaction, and the events that leave after its commit."""

    @property
    def access_tokens(self) -> AccessTokenStore:
        """Issued tokens."""
        ...

    @property
    def manifests(self) -> ManifestStore:
        """Manifests of assets."""
        ...

    @property
    def pushes(self) -> PushStore:
        """Pushes under way."""
        ...

    def emit(self, event: object) -> None:
        """Hand `event` to its subscribers once this transaction has committed."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[DataTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[DataTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Permission(Protocol):
    """The usage decision: the one place that says whether data may flow now."""

    async def prepare(self, tenant: Tenant, agreement: str, consumer: Did) -> None:
        """Find out, before a transaction, what a decision may depend on and somebody else knows."""
        ...

    def check(self, tx: DataTx, tenant: Tenant, transfer: str, agreement: str, consumer: Did) -> Permit:
        """Return what may be read and until when.

        Raises `Forbidden` unless the transfer is STARTED, the agreement alive and the policy satisfied.
        """
        ...

    def take(self, tx: DataTx, tenant: Tenant, transfer: str, permit: Permit, volume: int, seconds: int) -> None:
        """Reserve bytes or time, before any of it is released; the first time the use begins. Raises as `check` does."""
        ...

    def sent(self, tx: DataTx, tenant: Tenant, transfer: str, volume: int) -> None:
        """Note bytes that were sent where the terms do not count them."""
        ...

    def give_back(self, tx: DataTx, tenant: Tenant, transfer: str, permit: Permit, volume: int, seconds: int) -> None:
        """Give back what was reserved and not released."""
        ...


class Opened(Protocol):
    """An open file of a source."""

    @property
    def stamp(self) -> Stamp:
        """Return the stamp of what was opened."""
        ...

    @property
    def fd(self) -> int | None:
        """Return the descriptor of a local regular file; nothing for other sources."""
        ...

    @property
    def path(self) -> str | None:
        """Return the real path of a local regular file, for a web server in front; nothing for other sources."""
        ...

    async def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`; fewer only at the end of the content."""
        ...

    def changed(self) -> bool:
        """Tell whether the content is no longer what was opened."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


@runtime_checkable
class Listed(Protocol):
    """An open file of a source that knows its chunks (`dcat.chunks`), so that no list of them is made."""

    async def chunks(self) -> Sequence[Chunk]:
        """Return them, in the order of the file."""
        ...


class Sources(Protocol):
    """Where bytes are, confined to what each participant is allowed to offer."""

    def check(self, tenant: Tenant, place: Place) -> None:
        """Raise `Forbidden` if not allowed, `SourceVanished` if not there. Quick: it runs inside a transaction."""
        ...

    async def find(self, tenant: Tenant, place: Place) -> Sequence[Found]:
        """Return the files in the bytewise order of their paths; exactly one for a file or an address."""
        ...

    async def fields(self, tenant: Tenant, place: Place) -> Mapping[str, str]:
        """Return the header fields that come with the data, by their names in lower case; none where there are no such."""
        ...

    async def open(self, tenant: Tenant, place: Place, path: str) -> Opened:
        """Open the file `path` of the place. Raises `NotFound`, `Forbidden`, `SourceVanished`."""
        ...


class Proof(Struct, frozen=True):
    """What a verified self-issued token of a consumer says: its issuer and its `token` claim, if any."""

    issuer: Did
    token: str | None


class Verifier(Protocol):
    """Checks self-issued tokens (DCP, section 2): signature, `iss` = `sub`, `aud`, times, replay."""

    async def verify(self, tenant: Tenant, bearer: str) -> Proof:
        """Return what the token proves; raises `Unauthenticated`."""
        ...


class Sealer(Protocol):
    """Keeps secrets out of the database's plain text."""

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt; `context` must be the same when it is opened."""
        ...

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Decrypt."""
        ...


class Sender(Protocol):
    """Puts bytes to a foreign address, through the guard: pinned address, no redirects, bounded in time."""

    async def put(self, tenant: Tenant, url: str, headers: Mapping[str, str], length: int, body: Callable[[], AsyncIterator[bytes]]) -> int:
        """PUT once and return the status. Raises `PeerUnreachable` or `AddressRefused`."""
        ...


class Completion(Protocol):
    """Told what came of a push (Data Plane Signaling, section 3: `completed` and `errored`)."""

    async def completed(self, tenant: Tenant, transfer: str) -> None:
        """All files have arrived."""
        ...

    async def failed(self, tenant: Tenant, transfer: str, reason: str) -> None:
        """It will not be tried again, for the reason given."""
        ...
