"""What acquiring needs from outside. `app/factory` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion, Origin
from hanse.dcat.model import Dataset
from hanse.evidence.kinds import Predicate
from hanse.evidence.statement import Subject
from hanse.factory.acquire.records import Item, LinkSpeed, Order
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.model import Terms

T = TypeVar("T")


class OrderStore(Protocol):
    """Orders and their items. A read inside `run` locks the row until the transaction ends."""

    def get(self, tenant: Tenant, id: str) -> Order | None:
        """Return the order, or nothing."""
        ...

    def put(self, order: Order) -> None:
        """Insert or replace."""
        ...

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Order]:
        """Return up to `limit` orders, newest first, those older than the id `after`."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[Order]:
        """Return orders of all tenants that have to be looked at, those that no other server process holds."""
        ...

    def next_due(self) -> datetime | None:
        """Return when the next one is due."""
        ...

    def item(self, tenant: Tenant, order: str, number: int) -> Item | None:
        """Return one item, or nothing."""
        ...

    def put_item(self, item: Item) -> None:
        """Insert or replace."""
        ...

    def items(self, tenant: Tenant, order: str) -> Sequence[Item]:
        """Return all items of an order, by their numbers."""
        ...

    def of_dataset(self, tenant: Tenant, peer: Did, dataset: str, limit: int = 50) -> Sequence[Item]:
        """Return items of all orders about one dataset, newest orders first."""
        ...

    def open(self, limit: int = 1_000) -> Sequence[tuple[Tenant, str]]:
        """Return the orders of all tenants that have items under way."""
        ...


class LinkSpeedStore(Protocol):
    """How fast the links to providers were."""

    def get(self, tenant: Tenant, peer: Did) -> LinkSpeed | None:
        """Return the link, or nothing where it was never measured."""
        ...

    def put(self, speed: LinkSpeed) -> None:
        """Insert or replace."""
        ...


class AcquireTx(Protocol):
    """The stores inside one transaction, and the events that leave after its commit."""

    @property
    def orders(self) -> OrderStore:
        """Orders."""
        ...

    @property
    def link_speeds(self) -> LinkSpeedStore:
        """Links to providers."""
        ...

    def emit(self, event: object) -> None:
        """Hand `event` to its subscribers once this transaction has committed."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[AcquireTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[AcquireTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Ledger(Protocol):
    """The participant's signed log."""

    def append_about(self, tx: Any, tenant: Tenant, subject: Subject, says: Predicate) -> object:
        """State something, in the caller's transaction."""
        ...


class Member(Struct, frozen=True):
    """Somebody whose catalogue may be searched."""

    did: Did
    name: str


class Spaces(Protocol):
    """The spaces that a participant is in, and who else is in them."""

    async def own(self, tenant: Tenant) -> Did:
        """Return the participant's own DID."""
        ...

    async def joined(self, tenant: Tenant) -> Sequence[str]:
        """Return the addresses of the spaces."""
        ...

    async def members(self, tenant: Tenant, space: str) -> Sequence[Member]:
        """Return the members of one of them. Raises `HanseError` when they cannot be known now."""
        ...


class Found(Struct, frozen=True):
    """A page of a catalogue: the datasets, and how many entries of it could not be read."""

    datasets: Sequence[Dataset]
    unread: int = 0


class Catalogues(Protocol):
    """Peers' catalogues, live."""

    def search(self, tenant: Tenant, peer: Did, filter: tuple[object, ...]) -> AsyncGenerator[Found, None]:
        """Yield what the peer offers us under that filter (see `dcat.search`), page by page; an empty one is for everything.

        Raises `HanseError`s.
        """
        ...


class Promises(Protocol):
    """How far terms would be kept (badges)."""

    async def declared(self, tenant: Tenant, peer: Did, terms: Terms) -> Sequence[str]:
        """Return the paths of the terms that nothing but the law keeps."""
        ...


class Holdings(Protocol):
    """What the participant holds already."""

    async def held(self, tenant: Tenant, name: str) -> Sequence[DatasetVersion]:
        """Return the versions of that name that are held whole."""
        ...

    async def agreed(self, tenant: Tenant, agreement: str) -> Terms | None:
        """Return the terms of an agreement that is in force, or nothing."""
        ...


class Described(Struct, frozen=True):
    """What a dataset declares of itself besides what every catalogue shows."""

    origin: Origin = Origin()
    quality: dict[str, Decimal] = {}


class Describing(Protocol):
    """Reads what a dataset declares of its origin and its quality."""

    def of(self, dataset: Dataset) -> Described:
        """Return it; what is not declared is absent."""
        ...


class Permission(Protocol):
    """Whether a link allows something, and why."""

    @property
    def yes(self) -> bool:
        """Whether it does."""
        ...

    @property
    def why(self) -> str:
        """Why, in words."""
        ...


class Purse(Protocol):
    """What is left of the limits of a link with a space, while datasets are taken one after the other without a person."""

    def copy(self) -> Purse:
        """Return another one with as much in it, for work that may be done twice."""
        ...

    def problem(self, one: Any) -> str:
        """Return why one more dataset (`planning.Taken`) may not be taken; nothing if it may."""
        ...

    def take(self, one: Any) -> None:
        """Count it."""
        ...


class Retention(Protocol):
    """How long data has to be kept after a use (custody)."""

    def conflict(self, terms: Terms, action: str) -> str | None:
        """Return, as a sentence, how terms contradict the keeping after a use for `action`; nothing where they do not."""
        ...


class SpaceLinks(Protocol):
    """How the participant works with each space (modes of collaboration)."""

    async def may(self, tenant: Tenant, space: str, right: Literal["acquire"]) -> Permission:
        """Tell whether data may be acquired from a space at all."""
        ...

    async def purse(self, tenant: Tenant, space: str) -> Purse | str:
        """Return what may be acquired from a space without a person, or why nothing may."""
        ...
