"""Which backups were restored here, and what a restore has switched off until a person confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows, micros, moment_of

_ADD = "INSERT INTO restores (moment, taken, backup) VALUES (?, ?, ?) ON CONFLICT (moment) DO NOTHING"
_ALL = "SELECT moment, taken, backup FROM restores ORDER BY moment"
_LAST = "SELECT max(moment) FROM restores"
_PUT = (
    "INSERT INTO unconfirmed (tenant, kind, id, moment) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (tenant, kind, id) DO UPDATE SET moment = excluded.moment"
)
_LIST = "SELECT tenant, kind, id, moment FROM unconfirmed ORDER BY tenant, kind, id"
_DELETE = "DELETE FROM unconfirmed WHERE tenant = ? AND kind = ? AND id = ?"


class Restored(Struct, frozen=True):
    """A restore: when, from a backup of what moment, and the backup's id."""

    moment: datetime
    taken: datetime
    backup: str


class Restores:
    """The restores of this database, earliest first. No row is ever deleted."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, restored: Restored) -> None:
        """Note one."""
        self._rows.execute(_ADD, (micros(restored.moment), micros(restored.taken), restored.backup))

    def list(self) -> Sequence[Restored]:
        """Return all of them."""
        return [Restored(moment_of(moment), moment_of(taken), backup) for moment, taken, backup in self._rows.all(_ALL)]

    def last(self) -> datetime | None:
        """Return the moment of the last one, or nothing."""
        row = self._rows.one(_LAST)
        return None if row is None or row[0] is None else moment_of(row[0])


class Unconfirmed(Struct, frozen=True):
    """A thing that gives no right until a person confirms it. `kind` is participant, contract, asset or member."""

    tenant: Tenant
    kind: str
    id: str
    moment: datetime


class UnconfirmedStore:
    """What restores have switched off."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, thing: Unconfirmed) -> None:
        """Insert or replace."""
        self._rows.execute(_PUT, (thing.tenant, thing.kind, thing.id, micros(thing.moment)))

    def list(self) -> Sequence[Unconfirmed]:
        """Return all of them, by tenant."""
        return [Unconfirmed(Tenant(tenant), kind, id, moment_of(moment)) for tenant, kind, id, moment in self._rows.all(_LIST)]

    def delete(self, thing: Unconfirmed) -> None:
        """Forget one that was confirmed."""
        self._rows.execute(_DELETE, (thing.tenant, thing.kind, thing.id))
