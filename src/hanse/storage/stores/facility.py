"""What the facility holds: vaults, versions, intakes under way with their journals, and packs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hanse.factory.facility.records import Pack, Staging, State, Stored, Vault
from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows, Value
from hanse.storage.stores.documents import Shape

_VAULT = Shape("facility_vaults", Vault, ("tenant", "id"), ("agreement", "leaving"))
_VAULTS = "SELECT doc FROM facility_vaults WHERE tenant = ? AND agreement = ? ORDER BY id /*lock*/"
_VAULTS_UNDER = "SELECT doc FROM facility_vaults WHERE tenant = ? AND (agreement = ? OR agreement LIKE ?) ORDER BY id /*lock*/"
_SEVERAL = "\n"
"""Stands between agreements of which a vault has several."""
_ALL_VAULTS = "SELECT doc FROM facility_vaults WHERE tenant = ? ORDER BY id"
_LEAVING_VAULTS = "SELECT doc FROM facility_vaults WHERE leaving = 1 ORDER BY tenant, id LIMIT ?"

_VERSION = Shape("facility_versions", Stored, ("tenant", "name", "number"), ("vault", "agreement", "state", "size"))
_SOME = "SELECT doc FROM facility_versions WHERE tenant = ?"
_LATEST = f"{_SOME} AND name = ? ORDER BY number DESC LIMIT 1"
_LATEST_WHOLE = f"{_SOME} AND name = ? AND state = 'whole' ORDER BY number DESC LIMIT 1"
_PAGE = f"{_SOME} AND (name > ? OR (name = ? AND number > ?))"
_OF_VAULT = f"{_SOME} AND vault = ? AND (state = ? OR ? = '') ORDER BY name, number /*lock*/"
_RECEIVED = " AND agreement = ?"
_DERIVED = " AND (name, number) IN (SELECT name, number FROM facility_derived WHERE tenant = ? AND kind = ? AND origin = ?)"
_OF_AGREEMENT = f"{_SOME}{{}} AND (state = ? OR ? = '') ORDER BY name, number /*lock*/"
_MADE_OF = f"{_SOME}{_DERIVED} ORDER BY name, number"
_ADD_DERIVED = "INSERT INTO facility_derived (tenant, kind, origin, name, number) VALUES (?, ?, ?, ?, ?)"
_LEAVING = "SELECT doc FROM facility_versions WHERE state = 'leaving' ORDER BY tenant, name, number LIMIT ?"
_AGREEMENT, _SOURCE = "agreement", "version"
"""Kinds of what a version is derived from."""
_COUNT = "SELECT count(*), sum(size) FROM facility_versions WHERE tenant = ? AND state = 'whole'"

_STAGING = Shape("facility_intakes", Staging, ("tenant", "id"), ("wish", "vault"))
_OF_WISH = "SELECT doc FROM facility_intakes WHERE tenant = ? AND wish = ? /*lock*/"
_STAGINGS = "SELECT doc FROM facility_intakes WHERE tenant = ? AND (vault = ? OR ? = '') ORDER BY id"
_WRITE_JOURNAL = "INSERT INTO facility_journals (tenant, intake, number, data) VALUES (?, ?, ?, ?)"
_JOURNAL = "SELECT number, data FROM facility_journals WHERE tenant = ? AND intake = ? ORDER BY number"
_END_JOURNAL = "DELETE FROM facility_journals WHERE tenant = ? AND intake = ?"

_PACK = "tenant, vault, name, intake, size, tier"
_PACKS = f"SELECT {_PACK} FROM facility_packs WHERE tenant = ? AND (vault = ? OR ? = '') ORDER BY vault, name"  # noqa: S608
_PUT_PACK = (
    f"INSERT INTO facility_packs ({_PACK}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
    " ON CONFLICT (tenant, vault, name) DO UPDATE SET size = excluded.size, tier = excluded.tier"
)
_DROP_PACK = "DELETE FROM facility_packs WHERE tenant = ? AND vault = ? AND name = ?"
_TAKEN = "SELECT tier, sum(size) FROM facility_packs WHERE tenant = ? GROUP BY tier"
_STAGED = """SELECT sum(size) FROM facility_packs JOIN facility_intakes ON facility_intakes.tenant = facility_packs.tenant
 AND facility_intakes.id = facility_packs.intake WHERE facility_packs.tenant = ?"""


class Facilities:
    """The facility's records."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    # Vaults.

    def vault(self, tenant: Tenant, id: str) -> Vault | None:
        """Return a vault."""
        row = self._rows.one(_VAULT.get, (tenant, id))
        return None if row is None else _VAULT.decode(row[0])

    def vaults(self, tenant: Tenant, agreements: tuple[str, ...]) -> Sequence[Vault]:
        """Return the vaults that are or were there for exactly these agreements (sorted), or for data of one's own."""
        found = [_VAULT.decode(row[0]) for row in self._rows.all(_VAULTS, (tenant, _SEVERAL.join(agreements)))]
        return [one for one in found if one.agreements == agreements]

    def vaults_under(self, tenant: Tenant, agreement: str) -> Sequence[Vault]:
        """Return the vaults that are or were there for an agreement, alone or with others."""
        found = [_VAULT.decode(row[0]) for row in self._rows.all(_VAULTS_UNDER, (tenant, agreement, f"%{_SEVERAL}%"))]
        return [one for one in found if agreement in one.agreements]

    def all_vaults(self, tenant: Tenant) -> Sequence[Vault]:
        """Return all vaults of a participant."""
        return [_VAULT.decode(row[0]) for row in self._rows.all(_ALL_VAULTS, (tenant,))]

    def leaving_vaults(self, limit: int) -> Sequence[Vault]:
        """Return vaults of all tenants that have been given up, and are not cleared."""
        return [_VAULT.decode(row[0]) for row in self._rows.all(_LEAVING_VAULTS, (limit,))]

    def put_vault(self, vault: Vault) -> None:
        """Insert or replace."""
        leaving = vault.destroyed is not None and vault.cleared is None
        under = _SEVERAL.join(vault.agreements)
        self._rows.execute(_VAULT.put, (vault.tenant, vault.id, under, int(leaving), msgspec.json.encode(vault)))

    # Versions.

    def get(self, tenant: Tenant, name: str, number: int) -> Stored | None:
        """Return a version, whatever its state."""
        return self._version(_VERSION.get, tenant, name, number)

    def add(self, stored: Stored) -> None:
        """Insert. Raises `Conflict` if there is one of that name and number."""
        self._rows.execute(_VERSION.add, _columns(stored))
        one = stored.version
        for kind, origins in ((_AGREEMENT, one.under), (_SOURCE, (source.version for source in one.made_of))):
            for origin in dict.fromkeys(origins):
                self._rows.execute(_ADD_DERIVED, (one.tenant, kind, origin, one.name, one.number))

    def put(self, stored: Stored) -> None:
        """Replace."""
        self._rows.execute(_VERSION.put, _columns(stored))

    def latest(self, tenant: Tenant, name: str, *, whole: bool = False) -> Stored | None:
        """Return the version with the highest number, or the highest that is whole."""
        return self._version(_LATEST_WHOLE if whole else _LATEST, tenant, name)

    def page(
        self, tenant: Tenant, *, name: str | None, agreement: str | None, gone: bool, after: tuple[str, int] | None, limit: int
    ) -> Sequence[Stored]:
        """Return up to `limit` versions by name and number, those after `after`: the whole ones, with `gone` all of them."""
        last, number = after or ("", 0)
        sql = _PAGE
        args: list[Value] = [tenant, last, last, number]
        for column, value in (("name", name), ("state", None if gone else State.WHOLE.value)):
            if value is not None:
                sql += f" AND {column} = ?"
                args.append(value)
        order = " ORDER BY name, number LIMIT ?"
        if agreement is None:
            return [_VERSION.decode(row[0]) for row in self._rows.all(sql + order, (*args, limit))]
        parts = [self._rows.all(sql + more + order, (*args, *of, limit)) for more, of in _under(tenant, agreement)]
        return _sorted(parts)[:limit]

    def of_vault(self, tenant: Tenant, vault: str, state: State | None = None) -> Sequence[Stored]:
        """Return the versions in a vault, by name and number."""
        return self._versions(_OF_VAULT, tenant, vault, state)

    def of_agreement(self, tenant: Tenant, agreement: str, state: State | None = None) -> Sequence[Stored]:
        """Return the versions under an agreement, derived ones included, by name and number."""
        wanted = "" if state is None else state.value
        return _sorted(self._rows.all(_OF_AGREEMENT.format(more), (tenant, *of, wanted, wanted)) for more, of in _under(tenant, agreement))

    def made_of(self, tenant: Tenant, version: str) -> Sequence[Stored]:
        """Return the versions that were made of one, by name and number, whatever their state."""
        return [_VERSION.decode(row[0]) for row in self._rows.all(_MADE_OF, (tenant, tenant, _SOURCE, version))]

    def leaving(self, limit: int) -> Sequence[Stored]:
        """Return versions of all tenants whose deletion has begun and has not ended."""
        return [_VERSION.decode(row[0]) for row in self._rows.all(_LEAVING, (limit,))]

    def count(self, tenant: Tenant) -> tuple[int, int]:
        """Return how many whole versions there are, and their size in all."""
        count, size = self._rows.one(_COUNT, (tenant,)) or (0, 0)
        return int(count), int(size or 0)

    # Intakes.

    def staging(self, tenant: Tenant, id: str) -> Staging | None:
        """Return an intake."""
        row = self._rows.one(_STAGING.get, (tenant, id))
        return None if row is None else _STAGING.decode(row[0])

    def staging_of(self, tenant: Tenant, wish: str) -> Staging | None:
        """Return the intake for a wish."""
        row = self._rows.one(_OF_WISH, (tenant, wish))
        return None if row is None else _STAGING.decode(row[0])

    def stagings(self, tenant: Tenant, vault: str | None = None) -> Sequence[Staging]:
        """Return the intakes under way; of one vault, if it is named."""
        return [_STAGING.decode(row[0]) for row in self._rows.all(_STAGINGS, (tenant, vault or "", vault or ""))]

    def put_staging(self, staging: Staging) -> None:
        """Insert or replace."""
        self._rows.execute(_STAGING.put, (staging.tenant, staging.id, staging.wish, staging.vault, msgspec.json.encode(staging)))

    def end_staging(self, tenant: Tenant, id: str) -> None:
        """Delete an intake and its journal."""
        self._rows.execute(_STAGING.delete, (tenant, id))
        self._rows.execute(_END_JOURNAL, (tenant, id))

    def write_journal(self, tenant: Tenant, intake: str, number: int, data: bytes) -> None:
        """Add a page to an intake's journal."""
        self._rows.execute(_WRITE_JOURNAL, (tenant, intake, number, data))

    def journal(self, tenant: Tenant, intake: str) -> Sequence[tuple[int, bytes]]:
        """Return the pages of an intake's journal, in order."""
        return [(int(row[0]), bytes(row[1])) for row in self._rows.all(_JOURNAL, (tenant, intake))]

    # Packs.

    def packs(self, tenant: Tenant, vault: str | None = None) -> Sequence[Pack]:
        """Return packs; of one vault, if it is named."""
        return [Pack(*row) for row in self._rows.all(_PACKS, (tenant, vault or "", vault or ""))]

    def put_pack(self, pack: Pack) -> None:
        """Insert or replace."""
        self._rows.execute(_PUT_PACK, (pack.tenant, pack.vault, pack.name, pack.intake, pack.size, pack.tier))

    def drop_pack(self, tenant: Tenant, vault: str, name: str) -> None:
        """Forget a pack: nothing may be made of it any more."""
        self._rows.execute(_DROP_PACK, (tenant, vault, name))

    def taken(self, tenant: Tenant) -> tuple[int, int, int]:
        """Return how many bytes of packs a participant has in the hot tier and in the cold one, and how many of intakes under way."""
        tiers = {str(row[0]): int(row[1]) for row in self._rows.all(_TAKEN, (tenant,))}
        staged = self._rows.one(_STAGED, (tenant,))
        return tiers.get("hot", 0), tiers.get("cold", 0), int((staged and staged[0]) or 0)

    def _version(self, sql: str, *args: Value) -> Stored | None:
        row = self._rows.one(sql, args)
        return None if row is None else _VERSION.decode(row[0])

    def _versions(self, sql: str, tenant: Tenant, of: str, state: State | None) -> list[Stored]:
        wanted = "" if state is None else state.value
        return [_VERSION.decode(row[0]) for row in self._rows.all(sql, (tenant, of, wanted, wanted))]


def _under(tenant: Tenant, agreement: str) -> list[tuple[str, tuple[Value, ...]]]:
    """Return conditions, with their values, for what came under an agreement, and for what was made of that: each has an index."""
    return [(_RECEIVED, (agreement,)), (_DERIVED, (tenant, _AGREEMENT, agreement))]


def _sorted(parts: Iterable[Sequence[Sequence[Any]]]) -> list[Stored]:
    found = [_VERSION.decode(row[0]) for rows in parts for row in rows]
    return sorted(found, key=lambda one: (one.version.name.encode(), one.version.number))


def _columns(stored: Stored) -> tuple[Value, ...]:
    one = stored.version
    return (one.tenant, one.name, one.number, stored.vault, one.agreement or "", stored.state.value, one.size, msgspec.json.encode(stored))
