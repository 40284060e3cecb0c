"""Negotiations and transfers: two tables of the same columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

import msgspec

from hanse.connector.records import Negotiation, Transfer
from hanse.dsp.messages import Role
from hanse.kernel.tenant import Did, Tenant
from hanse.storage.rows import Rows, Value, micros, micros_or_none, moment_of

P = TypeVar("P", Negotiation, Transfer)

_encode = msgspec.json.Encoder().encode


class _Texts:
    """The statements for one table."""

    def __init__(self, table: str) -> None:
        def text(sql: str) -> str:
            return sql.replace("$table", table)

        self.get = text("SELECT doc FROM $table WHERE tenant = ? AND id = ? /*lock*/")
        self.by_peer_pid = text("SELECT doc FROM $table WHERE tenant = ? AND peer = ? AND peer_pid = ? AND role = ? /*lock*/")
        self.put = text(
            "INSERT INTO $table (tenant, id, role, peer, peer_pid, agreement, is_open, deadline, doc)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, id) DO UPDATE SET role = excluded.role,"
            " peer = excluded.peer, peer_pid = excluded.peer_pid, agreement = excluded.agreement,"
            " is_open = excluded.is_open, deadline = excluded.deadline, doc = excluded.doc"
        )
        self.first = text("SELECT doc FROM $table WHERE tenant = ? ORDER BY id DESC LIMIT ?")
        self.after = text("SELECT doc FROM $table WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?")
        self.first_open = text("SELECT doc FROM $table WHERE tenant = ? AND is_open = 1 ORDER BY id DESC LIMIT ?")
        self.after_open = text("SELECT doc FROM $table WHERE tenant = ? AND is_open = 1 AND id < ? ORDER BY id DESC LIMIT ?")
        self.overdue = text("SELECT doc FROM $table WHERE deadline <= ? ORDER BY deadline LIMIT ? /*skip*/")
        self.next_deadline = text("SELECT min(deadline) FROM $table WHERE deadline IS NOT NULL")
        self.by_agreement = text("SELECT doc FROM $table WHERE tenant = ? AND agreement = ? ORDER BY id LIMIT 1 /*lock*/")
        self.running = text("SELECT doc FROM $table WHERE tenant = ? AND agreement = ? AND is_open = 1 ORDER BY id /*lock*/")


class _Processes(Generic[P]):
    """What both have in common. A peer's id names one process per peer and role, which the database guarantees."""

    __slots__ = ("_rows",)

    _texts: ClassVar[_Texts]
    _decoder: msgspec.json.Decoder[P]

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, tenant: Tenant, id: str) -> P | None:
        """Return the process, or nothing if this tenant has none of that id."""
        return self._one(self._texts.get, (tenant, id))

    def by_peer_pid(self, tenant: Tenant, peer: Did, peer_pid: str, role: Role) -> P | None:
        """Return the process in which we are `role` and the peer's id is `peer_pid`."""
        return self._one(self._texts.by_peer_pid, (tenant, peer, peer_pid, role.value))

    def page(self, tenant: Tenant, *, after: str | None, limit: int, open_only: bool = False) -> Sequence[P]:
        """Return up to `limit` processes, newest first, those older than the id `after`."""
        texts = self._texts
        if after is None:
            return self._all(texts.first_open if open_only else texts.first, (tenant, limit))
        return self._all(texts.after_open if open_only else texts.after, (tenant, after, limit))

    def overdue(self, now: datetime, limit: int) -> Sequence[P]:
        """Return processes of all tenants whose deadline has passed, those that no other server process holds."""
        return self._all(self._texts.overdue, (micros(now), limit))

    def next_deadline(self) -> datetime | None:
        """Return the earliest deadline of all tenants."""
        row = self._rows.one(self._texts.next_deadline)
        return None if row is None or row[0] is None else moment_of(row[0])

    def _put(self, process: P, agreement: str | None) -> None:
        self._rows.execute(
            self._texts.put,
            (
                process.tenant,
                process.id,
                process.role.value,
                process.peer,
                process.peer_pid,
                agreement,
                0 if process.final else 1,
                micros_or_none(process.deadline),
                _encode(process),
            ),
        )

    def _one(self, sql: str, args: Sequence[Value]) -> P | None:
        row = self._rows.one(sql, args)
        return None if row is None else self._decoder.decode(row[0])

    def _all(self, sql: str, args: Sequence[Value]) -> list[P]:
        decode = self._decoder.decode
        return [decode(doc) for (doc,) in self._rows.all(sql, args)]


class Negotiations(_Processes[Negotiation]):
    """Negotiations, also findable by the agreement they lead to."""

    __slots__ = ()

    _texts = _Texts("negotiations")
    _decoder = msgspec.json.Decoder(Negotiation)

    def put(self, process: Negotiation) -> None:
        """Insert or replace. Raises `Conflict` if another process has the same peer's id."""
        self._put(process, process.agreement.id if process.agreement else None)

    def by_agreement(self, tenant: Tenant, agreement_id: str) -> Negotiation | None:
        """Return the negotiation that carries the agreement; the earliest, should a peer repeat an id."""
        return self._one(self._texts.by_agreement, (tenant, agreement_id))


class Transfers(_Processes[Transfer]):
    """Transfers, also findable by their agreement."""

    __slots__ = ()

    _texts = _Texts("transfers")
    _decoder = msgspec.json.Decoder(Transfer)

    def put(self, process: Transfer) -> None:
        """Insert or replace. Raises `Conflict` if another process has the same peer's id."""
        self._put(process, process.agreement_id)

    def running(self, tenant: Tenant, agreement_id: str) -> Sequence[Transfer]:
        """Return the transfers under the agreement that are not final."""
        return self._all(self._texts.running, (tenant, agreement_id))
