"""What mirrors need from outside. `app/factory/mirrors.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.factory.mirrors.records import Deal, Fetched, Held, Judgement, Line, Mirror, Purged
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")


class MirrorStore(Protocol):
    """Mirrors by (tenant, name)."""

    def get(self, tenant: Tenant, name: str) -> Mirror | None:
        """Return a mirror, or nothing. A writing transaction keeps others from changing it."""
        ...

    def put(self, mirror: Mirror) -> None:
        """Insert or replace."""
        ...

    def of(self, tenant: Tenant) -> Sequence[Mirror]:
        """Return all of a participant, ended ones included, by their names."""
        ...

    def under(self, tenant: Tenant, agreement: str) -> Sequence[Mirror]:
        """Return those under an agreement, ended ones included."""
        ...

    def open(self) -> Sequence[Mirror]:
        """Return those of all participants that have not ended."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[Mirror]:
        """Return those of all participants about which something is to be done."""
        ...

    def next_due(self) -> datetime | None:
        """Return when that is next."""
        ...


class MirrorsTx(Protocol):
    """The stores inside one transaction, and the events that leave after its commit."""

    @property
    def mirrors(self) -> MirrorStore:
        """Mirrors."""
        ...

    def emit(self, event: object) -> None:
        """Hand `event` to its subscribers once this transaction has committed."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[Any], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[Any], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Dealings(Protocol):
    """Agreements about collections, and the transfers under them."""

    async def standing(self, tenant: Tenant, provider: Did, dataset: str) -> Deal | None:
        """Return the newest agreement in force that gives us the collection."""
        ...

    async def agree(self, tenant: Tenant, provider: Did, dataset: str, offer: str | None, by: str) -> Deal:
        """Take an offer as it is. Raises `Conflict` where a person has to (a price, no answer), and `PeerError`s."""
        ...

    def deal(self, tx: Any, tenant: Tenant, agreement: str) -> Deal | None:
        """Return an agreement, inside a transaction."""
        ...

    async def pull(self, mirror: Mirror, note: Callable[[Any, str], None]) -> str:
        """Have the data flow; return the transfer's id, which `note` wrote down with it. One under way is taken up again."""
        ...

    async def done(self, tenant: Tenant, transfer: str) -> None:
        """Say that the data is here, if the transfer is not final."""
        ...

    async def left(self, tenant: Tenant, transfer: str) -> None:
        """Return as soon as data may not flow any more."""
        ...

    async def drop(self, tenant: Tenant, transfer: str, reason: str) -> None:
        """End the transfer, if it is not final; the provider is told why."""
        ...


class Spaces(Protocol):
    """The spaces, and what they trust us with."""

    async def shared(self, tenant: Tenant, provider: Did) -> Sequence[str]:
        """Return the addresses of the spaces in which we meet a provider."""
        ...

    async def judge(self, tenant: Tenant, space: str, trusted: bool | None) -> Judgement:
        """Tell whether we may keep mirrors by the rules of a space, now.

        `trusted` tells whether an existing mirror rests on a trusted role; with nothing said the space's rulebook decides whether a
        new one has to.
        """
        ...


class Staging(Protocol):
    """A version in the making: nobody sees it before it is committed."""

    async def files(self) -> Sequence[HeldFile]:
        """Return what is here."""
        ...

    async def suspend(self) -> None:
        """Write down what has come, so that whoever goes on with it has it."""
        ...

    async def commit(self, also: Callable[[Any, DatasetVersion], None], *, sums: str | None = None) -> DatasetVersion:
        """Make the version visible, with what `also` does, in one transaction. The same content as before makes no new one."""
        ...


class Shelf(Protocol):
    """The facility, as far as mirrors need it."""

    def check(self, name: str) -> None:
        """Raise `Invalid` for what cannot be a name."""
        ...

    async def stage(self, mirror: Mirror) -> Staging:
        """Begin the mirror's next version, or go on with it."""
        ...

    async def latest(self, tenant: Tenant, name: str) -> DatasetVersion | None:
        """Return the newest version of a name, or nothing."""
        ...

    async def versions(self, tenant: Tenant, name: str) -> Sequence[DatasetVersion]:
        """Return all that is held of a name, oldest first."""
        ...

    async def files(self, version: DatasetVersion) -> Sequence[HeldFile]:
        """Return the files of a version."""
        ...

    async def delete(self, version: DatasetVersion, reason: str) -> Held | None:
        """Delete a version, with a receipt for the provider; or return who keeps it."""
        ...

    async def purge(self, mirror: Mirror, reason: str) -> Purged:
        """Destroy all versions of a mirror, and what is being taken in, so that nothing of them can be read any more."""
        ...


class Transport(Protocol):
    """Fetches the data of a started transfer, by difference."""

    async def fetch(self, tenant: Tenant, transfer: str, staging: Staging, previous: DatasetVersion | None) -> Fetched:
        """Stage all files, verified. Raises `PeerError`s and `StorageFailed`."""
        ...


class Onward(Protocol):
    """What the factory offers to its own users of what it mirrors, and how they used it."""

    async def pinned(self, tenant: Tenant, name: str) -> frozenset[str]:
        """Return the versions of a name that are on offer as such."""
        ...

    async def withdraw(self, mirror: Mirror) -> None:
        """Take all offers of a mirror's versions off the catalogue."""
        ...

    async def uses(self, mirror: Mirror, since: datetime) -> Sequence[Line]:
        """Return the uses that ended since then, oldest first."""
        ...


class Log(Protocol):
    """The participant's signed log, and what is stated to the provider."""

    def mirrored(self, tx: Any, mirror: Mirror, version: DatasetVersion, moved: int, removed: int) -> None:
        """State in this transaction that a mirror was brought up to date."""
        ...

    async def look(self, tenant: Tenant, peer: Did) -> None:
        """Find out, before a transaction, whether the provider takes statements."""
        ...

    def kept(self, tx: Any, mirror: Mirror, held: Sequence[Held]) -> None:
        """Tell the provider in this transaction what is kept although it is to go, and why."""
        ...

    def report(self, tx: Any, mirror: Mirror, since: datetime, lines: Sequence[Line], digests: Mapping[str, str]) -> Sequence[str]:
        """Report uses to the provider in this transaction; return the ids of the statements. `digests` stand for who used it."""
        ...
