"""Which server process works on which order: one lease per order, which must be prolonged."""

from __future__ import annotations

from datetime import datetime

from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows, micros

_CLAIM = (
    "INSERT INTO order_leases (tenant, ordered, holder, until) VALUES (?, ?, ?, ?) ON CONFLICT (tenant, ordered) DO UPDATE SET"
    " holder = excluded.holder, until = excluded.until WHERE order_leases.holder = excluded.holder OR order_leases.until <= ?"
)
_HOLDS = "SELECT 1 FROM order_leases WHERE tenant = ? AND ordered = ? AND holder = ? /*lock*/"
_RELEASE = "DELETE FROM order_leases WHERE tenant = ? AND ordered = ? AND holder = ?"


class OrderLeases:
    """Leases of all tenants' orders."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def claim(self, tenant: Tenant, order: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or prolong the lease; tell whether it is the holder's now. One that is over is anybody's."""
        return self._rows.execute(_CLAIM, (tenant, order, holder, micros(until), micros(now))) == 1

    def holds(self, tenant: Tenant, order: str, holder: str) -> bool:
        """Tell whether the lease is still the holder's, and keep others from taking it until the transaction ends."""
        return self._rows.one(_HOLDS, (tenant, order, holder)) is not None

    def release(self, tenant: Tenant, order: str, holder: str) -> None:
        """Give the lease back."""
        self._rows.execute(_RELEASE, (tenant, order, holder))

    def void(self) -> None:
        """Void all: no other server process is there, so whoever held one is dead."""
        self._rows.execute("DELETE FROM order_leases")
