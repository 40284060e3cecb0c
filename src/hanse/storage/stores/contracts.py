"""Finalised agreements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from hanse.connector.records import Contract
from hanse.kernel.errors import Conflict
from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows, micros, moment_of

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Contract).decode

_GET = "SELECT doc FROM contracts WHERE tenant = ? AND id = ? /*lock*/"
_PUT = (
    "INSERT INTO contracts (tenant, id, negotiation, finalized, doc) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (tenant, id) DO UPDATE SET finalized = excluded.finalized, doc = excluded.doc"
    " WHERE contracts.negotiation = excluded.negotiation"
)
_FIRST = "SELECT doc FROM contracts WHERE tenant = ? ORDER BY finalized DESC, id DESC LIMIT ?"
_AFTER = (
    "SELECT doc FROM contracts WHERE tenant = ? AND (finalized, id) <"
    " (SELECT finalized, id FROM contracts WHERE tenant = ? AND id = ?) ORDER BY finalized DESC, id DESC LIMIT ?"
)
_DUE = "INSERT INTO contract_ends (tenant, id, due) VALUES (?, ?, ?) ON CONFLICT (tenant, id) DO UPDATE SET due = excluded.due"
_NOT_DUE = "DELETE FROM contract_ends WHERE tenant = ? AND id = ?"
_NOW_DUE = "SELECT tenant, id FROM contract_ends WHERE due <= ? ORDER BY due LIMIT ? /*skip*/"
_NEXT = "SELECT min(due) FROM contract_ends"


class Contracts:
    """Finalised agreements. Their ids are the provider's, so they are ordered by time and not by id."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, tenant: Tenant, id: str) -> Contract | None:
        """Return the contract, or nothing."""
        row = self._rows.one(_GET, (tenant, id))
        return None if row is None else _decode(row[0])

    def put(self, contract: Contract) -> None:
        """Insert or replace.

        Raises `Conflict` if the id belongs to the contract of another negotiation: a provider chooses the ids of its
        agreements, and must not overwrite a contract by choosing a known one.
        """
        args = (contract.tenant, contract.id, contract.negotiation, micros(contract.finalized), _encode(contract))
        if self._rows.execute(_PUT, args) != 1:
            raise Conflict("Another contract has this id.", where="agreement.@id", rule="agreement-id")
        if contract.due is None or contract.ended is not None:
            self._rows.execute(_NOT_DUE, (contract.tenant, contract.id))
        else:
            self._rows.execute(_DUE, (contract.tenant, contract.id, micros(contract.due)))

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Contract]:
        """Return up to `limit` contracts, newest first, those older than the id `after` (none if it is unknown)."""
        rows = self._rows.all(_FIRST, (tenant, limit)) if after is None else self._rows.all(_AFTER, (tenant, tenant, after, limit))
        return [_decode(doc) for (doc,) in rows]

    def due(self, now: datetime, limit: int) -> Sequence[Contract]:
        """Return contracts of all tenants for which time may be over, those that no other server process holds."""
        found = [self.get(Tenant(tenant), id) for tenant, id in self._rows.all(_NOW_DUE, (micros(now), limit))]
        return [contract for contract in found if contract is not None]

    def next_due(self) -> datetime | None:
        """Return when the next one is due."""
        row = self._rows.one(_NEXT)
        return None if row is None or row[0] is None else moment_of(int(row[0]))
