"""What witnessing needs from outside. `app/` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from hanse.evidence.cosignature import Submission
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.ports import LedgerTx
from hanse.ledger.witness_records import Seen, Watch

T = TypeVar("T")


class WatchStore(Protocol):
    """The witnesses of participants' logs, identified by (tenant, witness)."""

    def get(self, tenant: Tenant, witness: Did) -> Watch | None:
        """Return one, or nothing. Locked in a writing transaction."""
        ...

    def put(self, watch: Watch) -> None:
        """Insert or replace."""
        ...

    def delete(self, tenant: Tenant, witness: Did) -> None:
        """Forget one, if it is there."""
        ...

    def list(self, tenant: Tenant) -> Sequence[Watch]:
        """Return all of a participant, by the witnesses' DIDs."""
        ...


class SeenStore(Protocol):
    """What participants saw of the logs that they witness, identified by (tenant, hash of the log's name)."""

    def get(self, tenant: Tenant, hash: str) -> Seen | None:
        """Return it, or nothing. Locked in a writing transaction."""
        ...

    def add(self, seen: Seen) -> None:
        """Add the first of a log. Raises `Conflict` if it is there: the work is run again, and sees it."""
        ...

    def put(self, seen: Seen) -> None:
        """Replace it."""
        ...

    def count(self, tenant: Tenant, owner: Did) -> int:
        """Return how many logs of that owner are witnessed."""
        ...

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Seen]:
        """Return up to `limit`, by hash, those after `after`."""
        ...


class WitnessTx(LedgerTx, Protocol):
    """The part of a transaction that witnessing uses."""

    @property
    def log_witnesses(self) -> WatchStore:
        """Witnesses of participants' logs."""
        ...

    @property
    def witnessed_logs(self) -> SeenStore:
        """Logs that participants witness."""
        ...


class WitnessDatabase(Protocol):
    """Runs work in one transaction; see `ledger.ports.Database`."""

    async def run(self, work: Callable[[WitnessTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[WitnessTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Spaces(Protocol):
    """Whom a participant deals with (the trust and participants rooms)."""

    async def is_member(self, tenant: Tenant, peer: Did) -> bool:
        """Tell whether the peer is an active member of a space that the tenant has joined. Raises `Forbidden` if nobody can tell now."""
        ...

    def own(self, tenant: Tenant) -> Did:
        """Return the participant's own DID. Raises `NotFound`."""
        ...

    def hosts(self, tx: Any, tenant: Tenant) -> bool:
        """Tell whether the participant is still there, in the caller's transaction: nothing is written for one that was erased."""
        ...

    async def anchors(self, tenant: Tenant) -> Sequence[Did]:
        """Return the anchors of the spaces that the participant has joined, itself left out."""
        ...


class Answer(Struct, frozen=True):
    """What a witness answered: its status, and the body as text."""

    status: int
    body: str


class WitnessClient(Protocol):
    """Speaks with witnesses (tlog-witness 1.0)."""

    async def add(self, witness: Did, submission: Submission) -> Answer:
        """Submit a checkpoint. Raises `PeerError`s where no answer came."""
        ...

    async def seen(self, witness: Did, origin: str) -> str | None:
        """Return the checkpoint that the witness saw last of a log, cosigned; nothing if it saw none. Raises `PeerError`s."""
        ...

    async def keys(self, did: Did) -> Sequence[dict[str, str]]:
        """Return the note keys that a DID document names (Ed25519 JWKs). Raises `PeerError`s."""
        ...

    async def log_keys(self, did: Did, *, fresh: bool = False) -> Sequence[dict[str, str]]:
        """Return the JWKs with which a participant may sign its checkpoints now. Raises `PeerError`s."""
        ...

    async def checkpoint(self, did: Did) -> str:
        """Return what a participant's log says of itself. Raises `PeerError`s."""
        ...

    async def tile(self, did: Did, path: str) -> bytes:
        """Return the hashes of a tile of a participant's log. Raises `PeerError`s."""
        ...
