"""What links need from outside. `app.factory.links` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from hanse.evidence.kinds import Predicate
from hanse.evidence.statement import Subject
from hanse.factory.links.records import Deal, Link, Relay, Seen, Spent
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")


class LinkStore(Protocol):
    """How participants work together with spaces; one record per participant and space."""

    def get(self, tenant: Tenant, space: str) -> Link | None:
        """Return the link, or nothing."""
        ...

    def put(self, link: Link) -> None:
        """Insert or replace."""
        ...

    def of(self, tenant: Tenant) -> Sequence[Link]:
        """Return all links of a participant, ended ones included, by the addresses of the spaces."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[Link]:
        """Return links of all participants that have not ended, and whose time is over."""
        ...

    def next_due(self) -> datetime | None:
        """Return when the next one ends."""
        ...


class LinksTx(Protocol):
    """The part of a transaction that links use."""

    @property
    def links(self) -> LinkStore:
        """Links."""
        ...

    def emit(self, event: object) -> None:
        """Hand `event` on once the transaction has committed."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[LinksTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[LinksTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Spaces(Protocol):
    """The spaces of a participant, joined or not, and who is met in them."""

    async def joined(self, tenant: Tenant) -> Sequence[str]:
        """Return the addresses of the spaces that it has joined."""
        ...

    async def look(self, tenant: Tenant, space: str) -> Seen:
        """Return what is seen of a space now; what cannot be told is told so, and nothing is raised for it."""
        ...

    async def relay(self, tenant: Tenant, peer: Did) -> Relay:
        """Return what is seen of an intermediary."""
        ...


class Deals(Protocol):
    """Agreements by which the participant gets data."""

    async def standing(self, tenant: Tenant, space: str, *, since: datetime | None = None, peer: Did | None = None) -> Sequence[Deal]:
        """Return those in force that were made in this space, since that moment if there is one, the oldest first.

        If there is a `peer`, return those with it instead, wherever they were made: it passes on what comes from the space.
        """
        ...

    async def end(self, tenant: Tenant, id: str, reason: str) -> bool:
        """End one; tell whether it had not ended already."""
        ...


class Orders(Protocol):
    """Orders for data."""

    async def revoke(self, tenant: Tenant, space: str, reason: str) -> Sequence[str]:
        """End the standing orders that look for data in this space alone, and return their ids."""
        ...

    async def spent(self, tenant: Tenant, space: str, since: datetime) -> Spent:
        """Return what was acquired from the space without a person since that moment, and what is being acquired."""
        ...


class Ledger(Protocol):
    """The participant's own log."""

    def append_about(self, tx: Any, tenant: Tenant, subject: Subject, says: Predicate) -> object:
        """Append a statement in the caller's transaction."""
        ...
