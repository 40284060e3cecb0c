"""The custody register: who keeps what until when, legal holds, and retrieval drills."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.factory.custody.records import Drill, Hold, Keeping
from hanse.kernel.tenant import Tenant
from hanse.ledger.records import Entry
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape

_KEEPING = Shape("custody", Keeping, ("tenant", "version", "keeper"))
_KEEPINGS = "SELECT doc FROM custody WHERE tenant = ? ORDER BY version, keeper"
_OF_VERSION = "SELECT doc FROM custody WHERE tenant = ? AND version = ? ORDER BY keeper"
_HOLD = Shape("custody_holds", Hold, ("tenant", "id"), ("version", "stands"))
_HOLDS = "SELECT doc FROM custody_holds WHERE tenant = ? AND stands >= ? ORDER BY id"
_ON_VERSION = "SELECT doc FROM custody_holds WHERE tenant = ? AND version = ? AND stands >= ? ORDER BY id"
_DRILL = Shape("custody_drills", Drill, ("tenant", "version"))
_LOGGED = "SELECT doc FROM ledger_entries WHERE tenant = ? AND agreement = ? AND kind = ? AND number < ? ORDER BY number DESC LIMIT ?"
_END = 2**62
_DRILLS = "SELECT doc FROM custody_drills WHERE tenant = ? ORDER BY version"

_entry = msgspec.json.Decoder(Entry).decode


class Custodies:
    """The register of all participants."""

    __slots__ = ("_drills", "_holds", "_keepings", "_rows")

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._keepings = _Keepings(rows, _KEEPING)
        self._holds = _Holds(rows, _HOLD)
        self._drills = _Drills(rows, _DRILL)

    def keeping(self, tenant: Tenant, version: str, keeper: str) -> Keeping | None:
        """Return what somebody keeps. Locked in a writing transaction."""
        return self._keepings.get(tenant, version, keeper)

    def keepings(self, tenant: Tenant, version: str | None = None) -> Sequence[Keeping]:
        """Return all of them by version, or those of one."""
        return self._keepings.page(tenant, version)

    def put_keeping(self, keeping: Keeping) -> None:
        """Insert or replace."""
        self._keepings.put(keeping)

    def drop_keeping(self, tenant: Tenant, version: str, keeper: str) -> None:
        """Forget one that was let go."""
        self._keepings.drop(tenant, version, keeper)

    def hold(self, tenant: Tenant, id: str) -> Hold | None:
        """Return a hold. Locked in a writing transaction."""
        return self._holds.get(tenant, id)

    def holds(self, tenant: Tenant, version: str | None = None, *, standing: bool = False) -> Sequence[Hold]:
        """Return holds, oldest first; those on one version; with `standing` those that nobody has lifted."""
        return self._holds.page(tenant, version, standing)

    def put_hold(self, hold: Hold) -> None:
        """Insert or replace."""
        self._holds.put(hold)

    def drill(self, tenant: Tenant, version: str) -> Drill | None:
        """Return the newest drill of a version."""
        return self._drills.get(tenant, version)

    def drills(self, tenant: Tenant) -> Sequence[Drill]:
        """Return the newest drill of each version."""
        return self._drills.page(tenant)

    def put_drill(self, drill: Drill) -> None:
        """Insert or replace."""
        self._drills.put(drill)

    def logged(self, tenant: Tenant, agreement: str, kind: str, *, before: int | None, limit: int) -> Sequence[Entry]:
        """Return up to `limit` entries of the log of one kind about an agreement, newest first, those below the index `before`."""
        rows = self._rows.all(_LOGGED, (tenant, agreement, kind, _END if before is None else before, limit))
        return [_entry(doc) for (doc,) in rows]


class _Keepings(Documents[Keeping]):
    __slots__ = ()

    def get(self, tenant: Tenant, version: str, keeper: str) -> Keeping | None:
        return self._get(tenant, version, keeper)

    def page(self, tenant: Tenant, version: str | None) -> Sequence[Keeping]:
        return self._read(_KEEPINGS, (tenant,)) if version is None else self._read(_OF_VERSION, (tenant, version))

    def put(self, one: Keeping) -> None:
        self._put(one, one.tenant, one.version, one.keeper)

    def drop(self, tenant: Tenant, version: str, keeper: str) -> None:
        self._delete(tenant, version, keeper)


class _Holds(Documents[Hold]):
    __slots__ = ()

    def get(self, tenant: Tenant, id: str) -> Hold | None:
        return self._get(tenant, id)

    def page(self, tenant: Tenant, version: str | None, standing: bool) -> Sequence[Hold]:
        if version is None:
            return self._read(_HOLDS, (tenant, int(standing)))
        return self._read(_ON_VERSION, (tenant, version, int(standing)))

    def put(self, one: Hold) -> None:
        self._put(one, one.tenant, one.id, one.version, int(one.lifted is None))


class _Drills(Documents[Drill]):
    __slots__ = ()

    def get(self, tenant: Tenant, version: str) -> Drill | None:
        return self._get(tenant, version)

    def page(self, tenant: Tenant) -> Sequence[Drill]:
        return self._read(_DRILLS, (tenant,))

    def put(self, one: Drill) -> None:
        self._put(one, one.tenant, one.version)
