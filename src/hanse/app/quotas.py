"""What a participant may use of the server (`participants.records.Quota`), for the services that keep to it."""

from __future__ import annotations

from typing import cast

from hanse.app.tenants import Tenants
from hanse.connector.ports import ConnectorTx, Limits
from hanse.kernel.errors import TooMany
from hanse.kernel.tenant import Did, Tenant
from hanse.storage import Tx

_RETRY = 60.0
"""Seconds after which something may have ended."""

_OPEN = "SELECT count(*) FROM (SELECT 1 FROM $table WHERE tenant = ? AND is_open = 1 LIMIT ?) AS running"
_OF_PEER = "SELECT count(*) FROM (SELECT 1 FROM $table WHERE tenant = ? AND peer = ? AND is_open = 1 LIMIT ?) AS running"
_TABLES = ("negotiations", "transfers")


class Quotas:
    """Counts what runs. Counting stops at the limit, so that it costs the same however much there is."""

    def __init__(self, tenants: Tenants, limits: Limits) -> None:
        self._tenants = tenants
        self._per_peer = limits.open_processes_per_peer

    def assets(self, tenant: Tenant) -> int:
        """Return how many assets a participant may offer."""
        return self._tenants.quota(tenant).assets

    def stored_bytes(self, tenant: Tenant) -> int:
        """Return how many bytes of what is pushed to a participant may lie here."""
        return self._tenants.quota(tenant).stored_bytes

    def rate(self, tenant: str) -> tuple[float, int]:
        """Return how many requests a second all its peers together may send a participant, and how many at once."""
        quota = self._tenants.quota(Tenant(tenant))
        return float(quota.requests_per_second), quota.burst

    def check(self, tx: ConnectorTx, tenant: Tenant, peer: Did) -> None:
        """Raise `TooMany` if the participant, or this peer with it, has as many open processes as it may."""
        allowed = self._tenants.quota(tenant).open_processes
        if _count(tx, _OPEN, (tenant,), allowed) >= allowed:
            raise TooMany(
                f"This participant may have {allowed} open negotiations and transfers.",
                retry_after=_RETRY,
                hint="Complete or terminate some, or ask for a larger quota.",
            )
        if _count(tx, _OF_PEER, (tenant, peer), self._per_peer) >= self._per_peer:
            raise TooMany(
                f"One peer may have {self._per_peer} open negotiations and transfers here.", retry_after=_RETRY, hint="End some first."
            )


def _count(tx: ConnectorTx, sql: str, args: tuple[str, ...], limit: int) -> int:
    rows = cast("Tx", tx).rows
    found = (rows.one(sql.replace("$table", table), (*args, limit)) for table in _TABLES)
    return sum(int(row[0]) for row in found if row is not None)
