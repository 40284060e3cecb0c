"""What the connector needs from outside. `app.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from msgspec import Struct

from hanse.connector.records import Asset, Contract, Negotiation, Outgoing, Source, Transfer
from hanse.dcat.search import Criteria
from hanse.dsp import messages as m
from hanse.dsp.messages import DataAddress, Role
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.proofs import Proofs

T = TypeVar("T")
P = TypeVar("P", Negotiation, Transfer)


class ProcessStore(Protocol[P]):
    """Negotiations or transfers. A read inside `run` locks the row until the transaction ends."""

    def get(self, tenant: Tenant, id: str) -> P | None:
        """Return the process, or nothing if this tenant has none of that id."""
        ...

    def by_peer_pid(self, tenant: Tenant, peer: Did, peer_pid: str, role: Role) -> P | None:
        """Return the process in which we are `role` and the peer's id is `peer_pid`."""
        ...

    def put(self, process: P) -> None:
        """Insert or replace."""
        ...

    def page(self, tenant: Tenant, *, after: str | None, limit: int, open_only: bool = False) -> Sequence[P]:
        """Return up to `limit` processes, newest first, those older than the id `after`."""
        ...

    def overdue(self, now: datetime, limit: int) -> Sequence[P]:
        """Return processes of all tenants whose deadline has passed, those that no other server process holds."""
        ...

    def next_deadline(self) -> datetime | None:
        """Return the earliest deadline of all tenants."""
        ...


class NegotiationStore(ProcessStore[Negotiation], Protocol):
    """Negotiations, also findable by the agreement they lead to."""

    def by_agreement(self, tenant: Tenant, agreement_id: str) -> Negotiation | None:
        """Return the negotiation that carries the agreement."""
        ...


class TransferStore(ProcessStore[Transfer], Protocol):
    """Transfers, also findable by their agreement."""

    def running(self, tenant: Tenant, agreement_id: str) -> Sequence[Transfer]:
        """Return the transfers under the agreement that are not final."""
        ...


class ContractStore(Protocol):
    """Finalised agreements."""

    def get(self, tenant: Tenant, id: str) -> Contract | None:
        """Return the contract, or nothing."""
        ...

    def put(self, contract: Contract) -> None:
        """Insert or replace."""
        ...

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Contract]:
        """Return up to `limit` contracts, newest first, those older than the id `after`."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[Contract]:
        """Return contracts of all tenants for which time may be over, those that no other server process holds."""
        ...

    def next_due(self) -> datetime | None:
        """Return when the next one is due."""
        ...


class AssetStore(Protocol):
    """Own assets, with the encoded dataset that a catalogue page is joined from."""

    def get(self, tenant: Tenant, id: str) -> Asset | None:
        """Return the asset, withdrawn or not. Not locked: negotiations about one asset must not wait for each other."""
        ...

    def hold(self, tenant: Tenant, id: str) -> Asset | None:
        """Return the asset, and keep others from changing it until the transaction ends."""
        ...

    def put(self, asset: Asset, encoded: bytes) -> None:
        """Insert or replace, with the dataset's JSON as the catalogue shows it and its search terms."""
        ...

    def by_offer(self, tenant: Tenant, offer_id: str) -> Asset | None:
        """Return the asset that has the offer, withdrawn or not."""
        ...

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Asset]:
        """Return up to `limit` assets in the order of their ids, for the owner (withdrawn ones too)."""
        ...

    def visible(self, tenant: Tenant, requester: Did, criteria: Criteria, *, after: str | None, limit: int) -> Sequence[tuple[str, bytes]]:
        """Return (id, encoded dataset) of assets that `requester` may see and that match, in the order of their ids."""
        ...

    def count(self, tenant: Tenant) -> int:
        """Return how many assets are not withdrawn."""
        ...


class OutboxStore(Protocol):
    """Messages that wait for an acknowledgement."""

    def get(self, id: str) -> Outgoing | None:
        """Return the message, or nothing once it is settled."""
        ...

    def put(self, message: Outgoing) -> None:
        """Insert or replace."""
        ...

    def delete(self, id: str) -> None:
        """Forget a settled message."""
        ...

    def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Outgoing]:
        """Return due messages and move their `due` to `until`, so that only this server process sends them."""
        ...

    def next_due(self) -> datetime | None:
        """Return when the next message is due."""
        ...

    def count(self) -> int:
        """Return how many messages of all tenants wait."""
        ...


class ReplayStore(Protocol):
    """Tokens that were used. Consumed in the transaction that the token caused."""

    def consume(self, tenant: Tenant, issuer: Did, jti: str, expires: datetime) -> bool:
        """Record the use; tell whether it was the first."""
        ...


class ConnectorTx(Protocol):
    """The stores inside one transaction, and the events that leave after its commit."""

    @property
    def negotiations(self) -> NegotiationStore:
        """Negotiations."""
        ...

    @property
    def transfers(self) -> TransferStore:
        """Transfers."""
        ...

    @property
    def contracts(self) -> ContractStore:
        """Finalised agreements."""
        ...

    @property
    def assets(self) -> AssetStore:
        """Own assets."""
        ...

    @property
    def outbox(self) -> OutboxStore:
        """Messages to send."""
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

    async def run(self, work: Callable[[ConnectorTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[ConnectorTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Delivery(Struct, frozen=True):
    """What came of one attempt to send: the peer's status and body, or the error that kept it from arriving."""

    status: int | None
    body: bytes
    error: str = ""
    retry_after: float | None = None


class Courier(Protocol):
    """Signs a fresh token and posts a message to a peer. Raises nothing: what goes wrong is in the `Delivery`."""

    async def deliver(self, tenant: Tenant, peer: Did, url: str, body: bytes) -> Delivery:
        """Post once."""
        ...


class Peers(Protocol):
    """Reads from a peer's connector."""

    async def base_of(self, tenant: Tenant, peer: Did) -> str:
        """Return the peer's DSP base for a version that we speak: DID document, then its version endpoint."""
        ...

    async def get(self, tenant: Tenant, peer: Did, url: str) -> bytes:
        """GET with a fresh token; raises `PeerError`s."""
        ...

    async def post(self, tenant: Tenant, peer: Did, url: str, body: bytes) -> tuple[bytes, str | None]:
        """POST with a fresh token; returns the body and the address of the next page, if any. Raises `PeerError`s."""
        ...

    async def get_page(self, tenant: Tenant, peer: Did, url: str) -> tuple[bytes, str | None]:
        """GET one more page; returns as `post` does. Raises `PeerError`s."""
        ...


class Sealer(Protocol):
    """Keeps secrets out of the database's plain text."""

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt; `context` must be the same when it is opened."""
        ...

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Decrypt."""
        ...


class Wire(Protocol):
    """One version of the protocol's wire form: messages to bytes, answers and errors back."""

    def encode(self, message: m.Message) -> bytes:
        """Return the message as JSON."""
        ...

    def path_of(self, message: m.Message, peer_pid: str | None) -> str:
        """Return the path below the peer's address that the message goes to."""
        ...

    def encode_catalog_request(self, request: m.CatalogRequest) -> bytes:
        """Return the request for a catalogue as JSON."""
        ...

    def decode_status(self, body: bytes) -> m.ProcessStatus | None:
        """Return the process in the answer to a first message, or nothing if it has none."""
        ...

    def decode_fault(self, body: bytes) -> m.Fault:
        """Return what an error body says, whatever it looks like."""
        ...


class DataPlane(Protocol):
    """The data plane of this server, told in the transaction of the step (after Data Plane Signaling, section 2)."""

    def check(self, tx: ConnectorTx, tenant: Tenant, source: Source) -> None:
        """Raise if the source is not there or not allowed any more."""
        ...

    def start(self, tx: ConnectorTx, transfer: Transfer, sink: DataAddress | None) -> DataAddress | None:
        """Provider: begin to serve (pull, returns the address with a token) or to push to `sink` (returns nothing)."""
        ...

    def started(self, tx: ConnectorTx, transfer: Transfer, address: DataAddress | None) -> None:
        """Consumer: data can be fetched, or will arrive."""
        ...

    def halt(self, tx: ConnectorTx, transfer: Transfer) -> None:
        """Either side: stop serving at once: revoke tokens, close streams (suspend, terminate, complete)."""
        ...


class Presenter(Protocol):
    """A proved sender, with what it sent along so that its credentials can be asked for."""

    @property
    def tenant(self) -> Tenant:
        """The participant that was called."""
        ...

    @property
    def did(self) -> Did:
        """Who calls."""
        ...

    @property
    def jti(self) -> str:
        """The id of its self-issued token."""
        ...

    @property
    def expires(self) -> datetime:
        """When that token ends."""
        ...

    @property
    def token(self) -> str | None:
        """What opens its credential service to us."""
        ...


class Membership(Protocol):
    """Tells who belongs to the spaces that a participant has joined, and what else it has proved there."""

    async def require(self, tenant: Tenant, peer: Did) -> object:
        """Before we call: raise `Forbidden` unless the register of a space names the peer, or if that cannot be known now."""
        ...

    async def admit(self, sender: Presenter, asked: Proofs) -> None:
        """When we are called: have the sender prove by credentials that it is a member, and ask it for these proofs.

        Which of them it has given, `proofs` tells. Raises `ClaimsRefused`, or `Unauthenticated` where trying again can help.
        """
        ...

    async def standing(self, tenant: Tenant, peer: Did, spaces: Collection[str] = ()) -> object:
        """While data flows: raise unless what the peer has proved before still holds, in one of these spaces if any are named."""
        ...

    def spaces(self, tx: ConnectorTx, tenant: Tenant, peer: Did) -> tuple[str, ...]:
        """Return the spaces (addresses) in which both are now, as far as is known: those under which an agreement is made."""
        ...


class Room(Protocol):
    """Tells whether there is room for one more process."""

    def check(self, tx: ConnectorTx, tenant: Tenant, peer: Did) -> None:
        """Raise `TooMany` if the participant, or the peer with it, has as many open processes as it may."""
        ...


class AnyRoom:
    """Room without end."""

    def check(self, tx: ConnectorTx, tenant: Tenant, peer: Did) -> None:
        """Let it pass."""


class Limits(Struct, frozen=True, kw_only=True):
    """Times the connector keeps to."""

    answer_by_rule: timedelta = timedelta(hours=1)
    answer_by_hand: timedelta = timedelta(days=14)
    delivery: timedelta = timedelta(minutes=15)
    not_found_grace: timedelta = timedelta(seconds=10)
    lease: timedelta = timedelta(seconds=20)
    open_processes_per_peer: int = 10_000
