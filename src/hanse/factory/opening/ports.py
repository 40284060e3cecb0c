"""What opening needs from outside. `app/factory/opening.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from hanse.evidence.kinds import Predicate
from hanse.evidence.statement import Subject
from hanse.factory.opening.records import Lease, Unlocked
from hanse.kernel.tenant import Tenant

T = TypeVar("T")


class Leases(Protocol):
    """Leases of all participants."""

    def get(self, tenant: Tenant, id: str) -> Lease | None:
        """Return one, or nothing. Locked in a writing transaction."""
        ...

    def put(self, lease: Lease) -> None:
        """Insert or replace."""
        ...

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Lease]:
        """Return up to `limit` leases, newest first, those older than the id `after`."""
        ...


class OpeningTx(Protocol):
    """What opening sees of a transaction."""

    @property
    def leases(self) -> Leases:
        """Leases."""
        ...


class Database(Protocol):
    """Transactions."""

    async def run(self, work: Callable[[Any], T]) -> T:
        """Run in one transaction, perhaps twice."""
        ...

    async def read(self, work: Callable[[Any], T]) -> T:
        """Run in one that only reads."""
        ...


class Stored(Protocol):
    """The facility."""

    async def unlocked(self, tenant: Tenant, version: str) -> Unlocked:
        """Return a version with its key; of a bare name the newest version. Raises `NotFound`, `Invalid`."""
        ...


class Uses(Protocol):
    """Where uses are decided and counted."""

    async def open(
        self, tenant: Tenant, agreements: Sequence[str], action: str, stated: Mapping[str, str], times: int = 1
    ) -> tuple[str, ...]:
        """Count so many uses under each of these agreements, or none at all; return their ids, agreement by agreement.

        Raises `Forbidden` with the reasons, `Conflict`, `NotFound`; with several agreements `where` names the one that refuses.
        """
        ...

    async def close(self, tenant: Tenant, id: str) -> None:
        """End a use."""
        ...

    async def holds_until(self, tenant: Tenant, agreements: Sequence[str], action: str, stated: Mapping[str, str]) -> datetime | None:
        """Return until when the permissions of now all hold at least; nothing: no end in sight. Raises as `open` does."""
        ...


class Ledger(Protocol):
    """The participant's signed log."""

    def state(self, tx: Any, tenant: Tenant, subject: Subject, says: Predicate) -> bytes:
        """Append a statement in this transaction; return its envelope."""
        ...
