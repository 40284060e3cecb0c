"""What the ledger needs from outside. `app/` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from hanse.evidence.dsse import Sign
from hanse.identity.did import DidDocument
from hanse.identity.exchange import Exchange
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.records import Entry, Head, LogState, Sent, Stored

T = TypeVar("T")


class LedgerStore(Protocol):
    """The logs. Entries and nodes are only ever added: a number that is taken raises `Conflict`, and the work is run again."""

    def head(self, tenant: Tenant) -> Head | None:
        """Return how far the log is, or nothing. Locked in a writing transaction: appends go one after the other."""
        ...

    def add(self, entry: Entry, head: Head, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        """Add an entry with the nodes that it completes, the leaf first, and move the head on."""
        ...

    def add_many(self, entries: Sequence[Entry], head: Head, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        """Do the same for several entries in a row."""
        ...

    def state(self, tenant: Tenant) -> LogState:
        """Return whether the log may go on; a log of which nothing is known may."""
        ...

    def put_state(self, state: LogState) -> None:
        """Insert or replace."""
        ...

    def row(self, tenant: Tenant, level: int, first: int, count: int) -> Sequence[bytes]:
        """Return up to `count` complete nodes of one level, from the number `first` on."""
        ...

    def nodes(self, tenant: Tenant, wanted: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        """Return those complete nodes, by level and number, that are there."""
        ...

    def node(self, tenant: Tenant, level: int, number: int) -> bytes | None:
        """Return the hash of a complete node; leaves are level 0."""
        ...

    def get(self, tenant: Tenant, index: int) -> Entry | None:
        """Return an entry."""
        ...

    def find(self, tenant: Tenant, id: str) -> Entry | None:
        """Return the entry of the statement with that id."""
        ...

    def latest(self, tenant: Tenant, agreement: str, kind: str, signer: Did) -> Entry | None:
        """Return the newest entry of that kind about the agreement by that signer."""
        ...

    def page(self, tenant: Tenant, *, before: int | None, limit: int, agreement: str | None = None) -> Sequence[Entry]:
        """Return up to `limit` entries, newest first, those below the index `before`; of one agreement, if it is named."""
        ...

    def audit(self, tenant: Tenant, start: int, limit: int) -> Sequence[Stored]:
        """Return up to `limit` rows from the index `start` on, in their order, as they lie there."""
        ...

    def walk(self, tenant: Tenant, start: int, limit: int) -> Sequence[Entry]:
        """Return up to `limit` entries from the index `start` on, in their order."""
        ...


class SentStore(Protocol):
    """Statements to peers, identified by (tenant, id)."""

    def get(self, tenant: Tenant, id: str) -> Sent | None:
        """Return one, or nothing. Locked in a writing transaction."""
        ...

    def put(self, sent: Sent) -> None:
        """Insert or replace."""
        ...


class LedgerTx(Protocol):
    """The part of a transaction that the ledger uses."""

    @property
    def ledger(self) -> LedgerStore:
        """The logs."""
        ...

    @property
    def sent(self) -> SentStore:
        """Statements to peers."""
        ...

    def emit(self, event: object) -> None:
        """Hand `event` to the subscribers once the transaction has committed."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[LedgerTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[LedgerTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Pen(Struct, frozen=True):
    """What a participant signs with: its DID, the key's name and public JWK, and what makes a signature. Holds the private key."""

    did: Did
    kid: str
    jwk: Mapping[str, str]
    sign: Sign

    def __repr__(self) -> str:
        return f"Pen({self.kid!r})"


class Pens(Protocol):
    """Lends what participants sign with (the wallet)."""

    def pen(self, tx: Any, tenant: Tenant) -> Pen:
        """Return the pen in a writing transaction; the key stays published while evidence is asked about. Raises `NotFound`."""
        ...

    def keys(self, tx: Any, tenant: Tenant) -> Mapping[str, Mapping[str, str]]:
        """Return the public JWKs of all keys that the participant ever had, by name."""
        ...


class NoteKeys(Protocol):
    """Lends the Ed25519 key with which a participant signs notes: its own checkpoints and those that it witnesses."""

    def pen(self, did: Did) -> Pen:
        """Return the note key of the participant of that DID, which is hosted here."""
        ...


class Parties(Struct, frozen=True, kw_only=True):
    """What the ledger knows of an agreement: between whom, who provides, its hash (hexadecimal), and since when it is final."""

    own: Did
    peer: Did
    provides: bool
    digest: str
    since: datetime


class Agreements(Protocol):
    """Tells about agreements (the connector)."""

    def parties(self, tx: Any, tenant: Tenant, agreement: str) -> Parties | None:
        """Return between whom an agreement of the tenant is, ended or not; nothing if there is none of that id."""
        ...

    def implied(self, tx: Any, tenant: Tenant, agreement: str, sender: Did) -> None:
        """Hear that the sender holds an agreement to be final, before its parties are asked for."""
        ...


class Letters(Protocol):
    """Sends messages, again and again until they arrive or are too old (the wallet)."""

    def queue(
        self, tx: Any, *, tenant: Tenant, to: Did, service: Any, path: str, body: bytes, kind: str, about: str, lifetime: timedelta
    ) -> str:
        """Store a message in this transaction, to be sent after it to `path` below that service of `to`, for `lifetime` at most."""
        ...


class Resolver(Protocol):
    """Resolves DID documents, and runs exchanges that ask for them."""

    async def drive(self, exchange: Exchange[T]) -> T:
        """Return the result; raises what it raises."""
        ...

    async def resolve(self, did: str, *, fresh: bool = False) -> DidDocument:
        """Return the document. Raises `PeerError`s."""
        ...
