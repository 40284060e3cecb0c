"""What the facility holds: vaults, versions, intakes under way with their journals, and packs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.factory.facility.records import Pack, Staging, State, Stored, Vault
from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows, Value
from hanse.storage.stores.documents import Shape

_VAULT = Shape("facility_vaults", Vault, ("tenant", "id"), ("agreement", "leaving"))
_VAULTS = "SELECT doc FROM facility_vaults WHERE tenant = ? AND agreement = ? ORDER BY id /*lock*/"
_ALL_VAULTS = "SELECT doc FROM facility_vaults WHERE tenant = ? ORDER BY id"
_LEAVING_VAULTS = "SELECT doc FROM facility_vaults WHERE leaving = 1 ORDER BY tenant, id LIMIT ?"

_VERSION = Shape("facility_versions", Stored, ("tenant", "name", "number"), ("vault", "agreement", "state", "size"))
_SOME = "SELECT doc FROM facility_versions WHERE tenant = ?"
_LATEST = f"{_SOME} AND name = ? ORDER BY number DESC LIMIT 1"
_LATEST_WHOLE = f"{_SOME} AND name = ? AND state = 'whole' ORDER BY number DESC LIMIT 1"
_PAGE = f"{_SOME} AND (name > ? OR (name = ? AND number > ?))"
_OF_VAULT = f"{_SOME} AND vault = ? AND (state = ? OR ? = '') ORDER BY name, number /*lock*/"
_OF_AGREEMENT = f"{_SOME} AND agreement = ? AND (state = ? OR ? = '') ORDER BY name, number /*lock*/"
_LEAVING = "SELECT doc FROM facility_versions WHERE state = 'leaving' ORDER BY tenant, name, number LIMIT ?"
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

    def vaults(self, tenant: Tenant, agreement: str | None) -> Sequence[Vault]:
        """Return the vaults that are or were there for an agreement, or for data of one's own."""
        return [_VAULT.decode(row[0]) for row in self._rows.all(_VAULTS, (tenant, agreement or ""))]

    def all_vaults(self, tenant: Tenant) -> Sequence[Vault]:
        """Return all vaults of a participant."""
        return [_VAULT.decode(row[0]) for row in self._rows.all(_ALL_VAULTS, (tenant,))]

    def leaving_vaults(self, limit: int) -> Sequence[Vault]:
        """Return vaults of all tenants that have been given up, and are not cleared."""
        return [_VAULT.decode(row[0]) for row in self._rows.all(_LEAVING_VAULTS, (limit,))]

    def put_vault(self, vault: Vault) -> None:
        """Insert or replace."""
        leaving = vault.destroyed is not None and vault.cleared is None
        self._rows.execute(_VAULT.put, (vault.tenant, vault.id, vault.agreement or "", int(leaving), msgspec.json.encode(vault)))

    # Versions.

    def get(self, tenant: Tenant, name: str, number: int) -> Stored | None:
        """Return a version, whatever its state."""
        return self._version(_VERSION.get, tenant, name, number)

    def add(self, stored: Stored) -> None:
        """Insert. Raises `Conflict` if there is one of that name and number."""
        self._rows.execute(_VERSION.add, _columns(stored))

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
        state = None if gone else State.WHOLE.value
        for column, value in (("name", name), ("agreement", agreement), ("state", state)):
            if value is not None:
                sql += f" AND {column} = ?"
                args.append(value)
        found = self._rows.all(sql + " ORDER BY name, number LIMIT ?", (*args, limit))
        return [_VERSION.decode(row[0]) for row in found]

    def of_vault(self, tenant: Tenant, vault: str, state: State | None = None) -> Sequence[Stored]:
        """Return the versions in a vault, by name and number."""
        return self._versions(_OF_VAULT, tenant, vault, state)

    def of_agreement(self, tenant: Tenant, agreement: str, state: State | None = None) -> Sequence[Stored]:
        """Return the versions under an agreement, by name and number."""
        return self._versions(_OF_AGREEMENT, tenant, agreement, state)

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


def _columns(stored: Stored) -> tuple[Value, ...]:
    one = stored.version
    return (one.tenant, one.name, one.number, stored.vault, one.agreement or "", stored.state.value, one.size, msgspec.json.encode(stored))
