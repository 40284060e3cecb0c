"""Tokens that were used."""

from __future__ import annotations

from datetime import datetime

from hanse.kernel.tenant import Did, Tenant
from hanse.storage.rows import Rows, micros

_CONSUME = "INSERT INTO replays (tenant, issuer, jti, expires) VALUES (?, ?, ?, ?) ON CONFLICT (tenant, issuer, jti) DO NOTHING"
_PRUNE = "DELETE FROM replays WHERE expires < ?"


class Replays:
    """Used tokens. A used one stays until `prune`, which must not be asked before the token itself has expired."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def consume(self, tenant: Tenant, issuer: Did, jti: str, expires: datetime) -> bool:
        """Record the use; tell whether it was the first."""
        return self._rows.execute(_CONSUME, (tenant, issuer, jti, micros(expires))) == 1

    def prune(self, now: datetime) -> int:
        """Forget the tokens of all tenants that had expired before `now`; return how many."""
        return self._rows.execute(_PRUNE, (micros(now),))
