"""What carrying items out needs from outside. `app/factory/running.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from hanse.dcat.chunks import Known
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.factory.acquire.ports import AcquireTx
from hanse.factory.acquire.records import Item, Order
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.model import Terms

T = TypeVar("T")


class LeaseStore(Protocol):
    """Which server process works on which order."""

    def claim(self, tenant: Tenant, order: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or prolong the lease; tell whether it is the holder's now. One that is over is anybody's."""
        ...

    def holds(self, tenant: Tenant, order: str, holder: str) -> bool:
        """Tell whether the lease is still the holder's, and keep others from taking it until the transaction ends."""
        ...

    def release(self, tenant: Tenant, order: str, holder: str) -> None:
        """Give the lease back."""
        ...


class RunningTx(AcquireTx, Protocol):
    """The stores inside one transaction."""

    @property
    def order_leases(self) -> LeaseStore:
        """Leases of orders."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[Any], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[Any], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Talk(Struct, frozen=True, kw_only=True):
    """How far a negotiation is: the terms on the table, the agreement once it is final, and what was said last.

    `ours` tells that it stands still until this side answers an offer, `refused` that the other side has ended it.
    """

    id: str
    state: str
    final: bool
    terms: Terms
    agreement: str | None = None
    ours: bool = False
    refused: bool = False
    said: str = ""


class Deal(Struct, frozen=True, kw_only=True):
    """An agreement; `ended` says why it no longer gives any right."""

    id: str
    terms: Terms
    ended: str = ""


class Flow(Struct, frozen=True, kw_only=True):
    """How far a transfer is, and what was said last. `halted`: this side has suspended it; `refused`: the other side has ended it."""

    id: str
    state: str
    final: bool
    halted: bool = False
    refused: bool = False
    said: str = ""


Note = Callable[[Any, str], None]
"""Writes down, in the transaction that begins something, what its id is: (tx, id)."""


class Dealings(Protocol):
    """Negotiations, agreements and transfers of this participant as consumer. All raise `HanseError`s; see `faults`."""

    async def standing(self, tenant: Tenant, peer: Did, dataset: str) -> Sequence[Deal]:
        """Return the agreements in force that give us the dataset, newest first."""
        ...

    def deal(self, tx: Any, tenant: Tenant, agreement: str) -> Deal | None:
        """Return an agreement, inside a transaction."""
        ...

    async def covers(self, tenant: Tenant, planned: Terms, terms: Terms) -> bool:
        """Tell whether `terms` permit all that `planned` do, and ask for no more."""
        ...

    async def under_way(self, tenant: Tenant, peer: Did, dataset: str, terms: str) -> str | None:
        """Return a negotiation that is open, in which we have asked for terms of that hash."""
        ...

    async def negotiate(self, item: Item, by: str, note: Note) -> str:
        """Ask the provider for the item's terms; return the negotiation's id, which `note` has written down with it."""
        ...

    async def talk(self, tenant: Tenant, id: str, seconds: float = 0.0) -> Talk:
        """Return the negotiation, once it is final or stands still until we answer, or after so many seconds."""
        ...

    async def accept(self, tenant: Tenant, id: str, by: str) -> None:
        """Take what the provider has put on the table."""
        ...

    async def refuse(self, tenant: Tenant, id: str, reason: str) -> None:
        """End the negotiation, if it is not final; the provider is told why."""
        ...

    async def ask(self, item: Item, stated: dict[str, str], by: str, note: Note) -> str:
        """State what the data is for, signed, then ask for it; return the transfer's id, which `note` has written down with it."""
        ...

    async def flow(self, tenant: Tenant, id: str, until: Collection[str], seconds: float = 0.0) -> Flow:
        """Return the transfer, once it is final or in one of the states, or after so many seconds."""
        ...

    async def left(self, tenant: Tenant, id: str) -> None:
        """Return as soon as data no longer flows in the transfer."""
        ...

    async def resume(self, tenant: Tenant, id: str) -> None:
        """Let a transfer go on that this side has halted."""
        ...

    async def complete(self, tenant: Tenant, id: str) -> None:
        """Say that the data is here, if the transfer is not final."""
        ...

    async def end(self, tenant: Tenant, id: str, reason: str) -> None:
        """End the transfer, if it is not final; the provider is told why."""
        ...


Pieces = AsyncIterator[bytes | Known]


class Staging(Protocol):
    """A version in the making: nobody sees it before it is committed (the facility's `Intaking`)."""

    async def have(self, path: str) -> HeldFile | None:
        """Return the file if it is here whole."""
        ...

    async def known(self, digests: Collection[str]) -> set[str]:
        """Return those of the chunks that are here under this agreement."""
        ...

    async def put(self, path: str, pieces: Any, *, sha256: str | None, size: int | None, media_type: str = "") -> HeldFile:
        """Store a file from its pieces; raises if it is not what was promised."""
        ...

    async def retain(self, paths: Collection[str]) -> None:
        """Forget what is staged under other paths."""
        ...

    async def files(self) -> Sequence[HeldFile]:
        """Return what is here."""
        ...

    def read(self, path: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of a staged file."""
        ...

    async def suspend(self) -> None:
        """Write down what has come, so that whoever goes on with it has it."""
        ...

    async def commit(self, also: Callable[[Any, DatasetVersion], None]) -> DatasetVersion:
        """Make the version visible, with what `also` does, in one transaction."""
        ...

    async def abandon(self) -> None:
        """Sweep what is staged; once more changes nothing."""
        ...


class Facility(Protocol):
    """Where versions are kept."""

    async def stage(self, order: Order, item: Item) -> Staging:
        """Begin the item's version, or go on with it; whoever had it before cannot write to it any more."""
        ...

    async def version(self, tenant: Tenant, id: str) -> DatasetVersion:
        """Return the version `name@number`. Raises `NotFound`."""
        ...

    async def latest(self, tenant: Tenant, name: str) -> DatasetVersion | None:
        """Return the newest version of that name that is held, or nothing."""
        ...

    async def files(self, version: DatasetVersion) -> Sequence[HeldFile]:
        """Return the files of a version."""
        ...

    def read(self, version: DatasetVersion, path: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield bytes of a version's file."""
        ...

    async def move(self, tenant: Tenant, id: str, place: str) -> None:
        """Move a version to the `hot` or the `cold` place; again after a crash it goes on. Raises `StorageFailed`."""
        ...


class Fetched(Struct, frozen=True, kw_only=True):
    """What a fetch brought: bytes and files in all, bytes over the network, whether each was checked against the provider's sums."""

    size: int
    files: int
    moved: int
    verified: bool


Progress = Callable[[int, int, int | None], None]
"""Told while data is fetched: (bytes over the network, bytes here, bytes in all if that is known)."""


class Transport(Protocol):
    """Fetches the data of a started transfer."""

    async def fetch(self, tenant: Tenant, transfer: str, staging: Staging, previous: DatasetVersion | None, progress: Progress) -> Fetched:
        """Stage all files, verified; what is staged already is not fetched again. Raises `PeerError`s and `StorageFailed`."""
        ...


class Documents(Protocol):
    """Makes the documents of a version."""

    async def materialised(self, tenant: Tenant, version: DatasetVersion) -> object:
        """Make them. Raises `HanseError`s."""
        ...


class Log(Protocol):
    """The participant's signed log."""

    def acquired(self, tx: Any, order: Order, item: Item, version: DatasetVersion, changes: Sequence[str]) -> None:
        """State in this transaction that a version was acquired."""
        ...


Settle = Callable[[Any, Tenant, str], None]
"""Brings the record of an order up to where its items stand, in the caller's transaction: (tx, tenant, order)."""

May = Callable[[Order, Sequence[Item], Item, Terms], str]
"""Tells why an item may not be agreed on under terms, by price and plan; nothing if it may."""

Pause = Callable[[float], Awaitable[None]]
