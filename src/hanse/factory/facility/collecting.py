"""Tidies up: intakes that nobody goes on with, packs that no version needs, and objects that nobody knows.

Nothing here deletes a version; only `removal` does, and asks who keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from hanse.factory.facility.committing import delete_packs, end_staging
from hanse.factory.facility.layout import key_path, manifest_path, pack_path
from hanse.factory.facility.ports import Objects
from hanse.factory.facility.purging import clear
from hanse.factory.facility.records import Collected, Pack, Staging, State, Stored, Vault
from hanse.factory.facility.stock import Stock
from hanse.kernel.errors import NotFound, StorageFailed
from hanse.kernel.tenant import Tenant

FORGOTTEN: Final = timedelta(days=14)
"""How long an intake stays that nobody goes on with."""
YOUNG: Final = timedelta(days=1)
"""An object that nobody knows may be on its way in; after so long it is not."""
_TRIES: Final = 5


class Collection:
    """One run over what one participant has."""

    def __init__(self, stock: Stock, tenant: Tenant) -> None:
        self._stock = stock
        self._tenant = tenant
        self._freed = self._objects = self._intakes = 0
        self._unknown: list[str] = []

    async def run(self) -> Collected:
        """Tidy up. Raises `StorageFailed`; again it goes on."""
        before = self._stock.clock.now() - YOUNG
        for objects in (self._stock.hot, self._stock.cold):
            await objects.sweep(before)
        await self._forgotten()
        vaults: Sequence[Vault] = await self._stock.database.read(lambda tx: tx.facility.all_vaults(self._tenant))
        for vault in vaults:
            if vault.destroyed is None:
                await self._unneeded(vault)
            elif vault.cleared is None:
                await clear(self._stock, vault)
        await self._unknown_objects(self._stock.hot, "hot")
        await self._unknown_objects(self._stock.cold, "cold")
        return Collected(freed=self._freed, objects=self._objects, intakes=self._intakes, unknown=tuple(sorted(self._unknown)))

    async def _forgotten(self) -> None:
        before = self._stock.clock.now() - FORGOTTEN

        def work(tx: Any) -> tuple[int, list[Pack]]:
            old: list[Staging] = [one for one in tx.facility.stagings(self._tenant) if one.touched < before]
            return len(old), [pack for one in old for pack in end_staging(tx, one, frozenset())]

        count, packs = await self._stock.database.run(work)
        self._intakes += count
        await self._delete(packs)

    async def _unneeded(self, vault: Vault) -> None:
        """Delete packs that no version and no intake needs. What was read first is compared in the transaction that forgets them."""
        for _ in range(_TRIES):
            versions = await self._stock.database.read(lambda tx: _versions(tx, vault))
            needed = await self._needed(versions)
            if needed is None:
                return

            def work(tx: Any, versions: Sequence[Stored] = versions, needed: set[str] = needed) -> list[Pack] | None:
                tx.facility.vault(vault.tenant, vault.id)  # locks out commits, which look whether their packs are still known
                if _versions(tx, vault) != versions:
                    return None
                open_ = {one.id for one in tx.facility.stagings(vault.tenant, vault.id)}
                packs = tx.facility.packs(vault.tenant, vault.id)
                left = [one for one in packs if one.name not in needed and one.intake not in open_]
                for one in left:
                    tx.facility.drop_pack(one.tenant, one.vault, one.name)
                return left

            left = await self._stock.database.run(work)
            if left is not None:
                await self._delete(left)
                return

    async def _needed(self, versions: Sequence[Stored]) -> set[str] | None:
        """Return the packs that versions need; nothing where one of them cannot be read, for then nobody knows."""
        needed: set[str] = set()
        for stored in versions:
            try:
                needed.update(one.name for one in (await self._stock.contents(stored)).manifest.packs)
            except (NotFound, StorageFailed):
                return None
        return needed

    async def _unknown_objects(self, objects: Objects, tier: str) -> None:
        """Delete what a crash has left; a manifest that nobody knows is reported: the database may be an old one that was restored."""
        now = self._stock.clock.now()
        found = [one async for one in objects.list(self._tenant)]
        known, gone = await self._stock.database.read(lambda tx: _known(tx, self._tenant, tier))
        strange = [one for one in found if one.name not in known]
        restored = any("/versions/" in one.name and one.name not in gone for one in strange)
        for one in strange:
            if one.name in gone or (not restored and now - one.written > YOUNG):
                await objects.delete(one.name)
                self._objects += 1
                self._freed += one.size
            elif restored:
                self._unknown.append(one.name)

    async def _delete(self, packs: Sequence[Pack]) -> None:
        await delete_packs(self._stock, packs)
        self._objects += len(packs)
        self._freed += sum(one.size for one in packs)


def _versions(tx: Any, vault: Vault) -> list[Stored]:
    found: list[Stored] = list(tx.facility.of_vault(vault.tenant, vault.id))
    return [one for one in found if one.state is not State.GONE]


def _known(tx: Any, tenant: Tenant, tier: str) -> tuple[set[str], set[str]]:
    """Return the objects that belong there, and manifests of versions that were deleted: a crash came between."""
    known = {pack_path(tenant, one.vault, one.name) for one in tx.facility.packs(tenant) if one.tier == tier}
    gone: set[str] = set()
    for vault in tx.facility.all_vaults(tenant):
        known.add(key_path(tenant, vault.id))
        for one in tx.facility.of_vault(tenant, vault.id):
            (gone if one.state is State.GONE else known).add(manifest_path(tenant, vault.id, one.manifest))
    return known, gone
