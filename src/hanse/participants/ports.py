"""What the participants service needs from outside. `app.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Operator, Participant, Tombstone

T = TypeVar("T")


class ParticipantStore(Protocol):
    """Participants of this server. A read inside `run` locks the row until the transaction ends."""

    def get(self, name: Tenant) -> Participant | None:
        """Return the participant, or nothing."""
        ...

    def add(self, participant: Participant) -> None:
        """Insert. Raises `Conflict` if there is one of that name, also when another server process has just made it."""
        ...

    def put(self, participant: Participant) -> None:
        """Insert or replace."""
        ...

    def page(self, *, after: Tenant | None, limit: int) -> Sequence[Participant]:
        """Return up to `limit` participants in the order of their names, those after the name `after`."""
        ...

    def delete(self, name: Tenant) -> None:
        """Forget the participant."""
        ...


class OperatorStore(Protocol):
    """Operators of all participants; those of the server have no tenant."""

    def get(self, tenant: Tenant | None, id: str) -> Operator | None:
        """Return the operator, or nothing if this tenant has none of that id."""
        ...

    def by_token_hash(self, token_hash: str) -> Operator | None:
        """Return the operator of any tenant whose token has this SHA-256 (64 hexadecimal digits, unique)."""
        ...

    def put(self, operator: Operator) -> None:
        """Insert or replace."""
        ...

    def page(self, tenant: Tenant | None, *, after: str | None, limit: int) -> Sequence[Operator]:
        """Return up to `limit` operators of exactly this tenant in the order of their ids, those after the id `after`."""
        ...

    def delete(self, tenant: Tenant | None, id: str) -> None:
        """Forget the operator."""
        ...


class TombstoneStore(Protocol):
    """Names that were erased. Nothing ever deletes a tombstone; a restore keeps those of the database it replaces."""

    def get(self, name: Tenant) -> Tombstone | None:
        """Return the tombstone of a name, or nothing."""
        ...

    def put(self, tombstone: Tombstone) -> None:
        """Insert."""
        ...


class ParticipantsTx(Protocol):
    """The stores inside one transaction, and the events that leave after its commit."""

    @property
    def participants(self) -> ParticipantStore:
        """Participants."""
        ...

    @property
    def operators(self) -> OperatorStore:
        """Operators."""
        ...

    @property
    def tombstones(self) -> TombstoneStore:
        """Erased names."""
        ...

    def emit(self, event: object) -> None:
        """Hand `event` to its subscribers once this transaction has committed."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[ParticipantsTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[ParticipantsTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Keys(Protocol):
    """Where a participant's signing key is made (the wallet)."""

    def make(self, tx: ParticipantsTx, tenant: Tenant, did: Did) -> None:
        """Make and store the ES256 key of `did`, in this transaction."""
        ...


class Eraser(Protocol):
    """Deletes everything of one participant that the other services and the wallet have stored."""

    def erase(self, tx: ParticipantsTx, tenant: Tenant) -> Mapping[str, int]:
        """Delete, in this transaction; return how many records of each kind there were (`assets`, `keys`, ...)."""
        ...
