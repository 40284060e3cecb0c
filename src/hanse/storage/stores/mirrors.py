"""Mirrors of providers' collections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.factory.mirrors.records import Mirror, MirrorState
from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows, micros, micros_or_none, moment_of
from hanse.storage.stores.documents import Documents, Shape

_MIRROR = Shape("mirrors", Mirror, ("tenant", "name"), ("agreement", "is_open", "due"))
_OF = "SELECT doc FROM mirrors WHERE tenant = ? ORDER BY name"
_UNDER = "SELECT doc FROM mirrors WHERE tenant = ? AND agreement = ? ORDER BY name"
_OPEN = "SELECT doc FROM mirrors WHERE is_open = 1 ORDER BY tenant, name"
_DUE = "SELECT doc FROM mirrors WHERE due <= ? ORDER BY due LIMIT ?"
_NEXT_DUE = "SELECT min(due) FROM mirrors WHERE due IS NOT NULL"


class Mirrors(Documents[Mirror]):
    """One row per participant and name."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _MIRROR)

    def get(self, tenant: Tenant, name: str) -> Mirror | None:
        """Return a mirror, or nothing. A writing transaction keeps others from changing it."""
        return self._get(tenant, name)

    def put(self, mirror: Mirror) -> None:
        """Insert or replace, by (tenant, name)."""
        is_open = mirror.state is not MirrorState.ENDED
        due = micros_or_none(mirror.due) if is_open else None
        self._put(mirror, mirror.tenant, mirror.name, mirror.agreement, int(is_open), due)

    def of(self, tenant: Tenant) -> Sequence[Mirror]:
        """Return all mirrors of a participant, ended ones included, by their names."""
        return self._read(_OF, (tenant,))

    def under(self, tenant: Tenant, agreement: str) -> Sequence[Mirror]:
        """Return the mirrors under an agreement, ended ones included."""
        return self._read(_UNDER, (tenant, agreement))

    def open(self) -> Sequence[Mirror]:
        """Return the mirrors of all participants that have not ended."""
        return self._read(_OPEN, ())

    def due(self, now: datetime, limit: int) -> Sequence[Mirror]:
        """Return mirrors of all participants about which something is to be done."""
        return self._read(_DUE, (micros(now), limit))

    def next_due(self) -> datetime | None:
        """Return when that is next."""
        row = self._rows.one(_NEXT_DUE)
        return None if row is None or row[0] is None else moment_of(row[0])
