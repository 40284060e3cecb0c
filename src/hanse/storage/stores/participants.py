"""Participants, their operators, and what stays of erased ones."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.kernel.tenant import Tenant
from hanse.participants.records import Operator, Participant, Tombstone, read_participant
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape

_PARTICIPANT = Shape("participants", Participant, ("tenant",))
_PARTICIPANT.decode = read_participant  # type: ignore[assignment]  # rows hold bytes
_OPERATOR = Shape("operators", Operator, ("tenant", "id"), ("token_hash",))
_TOMBSTONE = Shape("tombstones", Tombstone, ("tenant",))
_PARTICIPANTS = "SELECT doc FROM participants WHERE tenant > ? ORDER BY tenant LIMIT ?"
_OPERATORS = "SELECT doc FROM operators WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?"
_BY_TOKEN = "SELECT doc FROM operators WHERE token_hash = ?"  # noqa: S105 - a statement, no secret


def _owner(tenant: Tenant | None) -> str:
    """Return the tenant as a column: the server's host has none, and no participant's name is empty."""
    return tenant or ""


class Participants(Documents[Participant]):
    """The participants of this server."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _PARTICIPANT)

    def get(self, name: Tenant) -> Participant | None:
        """Return the participant, or nothing."""
        return self._get(name)

    def add(self, participant: Participant) -> None:
        """Insert. Raises `Conflict` if there is one of that name."""
        self._add(participant, participant.name)

    def put(self, participant: Participant) -> None:
        """Insert or replace."""
        self._put(participant, participant.name)

    def page(self, *, after: Tenant | None, limit: int) -> Sequence[Participant]:
        """Return up to `limit` in the order of their names, those after the name `after`."""
        return self._read(_PARTICIPANTS, (_owner(after), limit))

    def delete(self, name: Tenant) -> None:
        """Forget the participant."""
        self._delete(name)


class Operators(Documents[Operator]):
    """Operators of participants and of the server itself; only hashes of their tokens."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _OPERATOR)

    def get(self, tenant: Tenant | None, id: str) -> Operator | None:
        """Return the operator, or nothing."""
        return self._get(_owner(tenant), id)

    def by_token_hash(self, token_hash: str) -> Operator | None:
        """Return the operator whose token has this hash, or nothing."""
        return next(iter(self._read(_BY_TOKEN, (token_hash,))), None)

    def put(self, operator: Operator) -> None:
        """Insert or replace."""
        self._put(operator, _owner(operator.tenant), operator.id, operator.token_hash)

    def page(self, tenant: Tenant | None, *, after: str | None, limit: int) -> Sequence[Operator]:
        """Return up to `limit` in the order of their ids, those after the id `after`."""
        return self._read(_OPERATORS, (_owner(tenant), after or "", limit))

    def delete(self, tenant: Tenant | None, id: str) -> None:
        """Forget the operator."""
        self._delete(_owner(tenant), id)


class Tombstones(Documents[Tombstone]):
    """What stays of erased participants. No row of this table is ever deleted."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _TOMBSTONE)

    def get(self, name: Tenant) -> Tombstone | None:
        """Return the tombstone of that name, or nothing."""
        return self._get(name)

    def put(self, tombstone: Tombstone) -> None:
        """Insert or replace."""
        self._put(tombstone, tombstone.name)
