"""What peers presented last, and what of theirs was refused."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.kernel.tenant import Did, Tenant
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape
from hanse.trust.records import Presented, Refusal

_PRESENTED = Shape("presented", Presented, ("tenant", "holder"))
_REFUSAL = Shape("refusals", Refusal, ("tenant", "id"), ("holder",))
_OF_HOLDER = "SELECT doc FROM refusals WHERE tenant = ? AND holder = ? ORDER BY id DESC LIMIT ?"
# Ids sort by the time they were made. Where there are not so many yet, there is no such id, and nothing is deleted.
_KEEP = (
    "DELETE FROM refusals WHERE tenant = ? AND holder = ? AND id <="
    " (SELECT id FROM refusals WHERE tenant = ? AND holder = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"
)
_KEEP_OF_TENANT = (
    "DELETE FROM refusals WHERE tenant = ? AND id <= (SELECT id FROM refusals WHERE tenant = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"
)


class PresentedCredentials(Documents[Presented]):
    """What each peer presented to each participant last."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _PRESENTED)

    def get(self, tenant: Tenant, holder: Did) -> Presented | None:
        """Return what the peer presented, or nothing."""
        return self._get(tenant, holder)

    def put(self, presented: Presented) -> None:
        """Insert or replace."""
        self._put(presented, presented.tenant, presented.holder)

    def delete(self, tenant: Tenant, holder: Did) -> None:
        """Forget it."""
        self._delete(tenant, holder)


class Refusals(Documents[Refusal]):
    """Refusals of peers' claims; a few per peer and a bounded number per participant are kept."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _REFUSAL)

    def get(self, tenant: Tenant, id: str) -> Refusal | None:
        """Return one, or nothing."""
        return self._get(tenant, id)

    def add(self, refusal: Refusal, *, per_holder: int, per_tenant: int) -> None:
        """Insert, and forget the oldest beyond those figures."""
        tenant, holder = refusal.tenant, refusal.holder
        self._put(refusal, tenant, refusal.id, holder)
        self._rows.execute(_KEEP, (tenant, holder, tenant, holder, per_holder))
        self._rows.execute(_KEEP_OF_TENANT, (tenant, tenant, per_tenant))

    def of_holder(self, tenant: Tenant, holder: Did, *, limit: int) -> Sequence[Refusal]:
        """Return up to `limit` refusals of the peer's claims, the newest first."""
        return self._read(_OF_HOLDER, (tenant, holder, limit))
