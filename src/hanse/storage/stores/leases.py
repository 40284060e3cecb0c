"""Leases of stored versions to nodes without network."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.factory.opening.records import Lease
from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape

_SHAPE = Shape("leases", Lease, ("tenant", "id"))
_PAGE = "SELECT doc FROM leases WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?"
_LAST = "\x7f"  # behind every id


class NodeLeases(Documents[Lease]):
    """Leases."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _SHAPE)

    def get(self, tenant: Tenant, id: str) -> Lease | None:
        """Return one, or nothing. Locked in a writing transaction."""
        return self._get(tenant, id)

    def put(self, lease: Lease) -> None:
        """Insert or replace."""
        self._put(lease, lease.tenant, lease.id)

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Lease]:
        """Return up to `limit` leases, newest first, those older than the id `after`."""
        return self._read(_PAGE, (tenant, after or _LAST, limit))
