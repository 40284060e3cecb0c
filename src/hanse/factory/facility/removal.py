"""Deletes versions, so that nothing of them can be read any more, and signs that they were.

A deletion has three steps, and goes on after a crash where it was. First the version is marked as leaving, in one transaction that asks
whoever may forbid it; from then on no reader sees it. Then its bytes go: with the last version of an agreement the vault's key is
destroyed, which is all that is needed, and then the packs are deleted; else the frames that no other version needs become zeros. At
last one transaction marks the version as deleted and appends the receipt to the log. So there is no receipt for what is still there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from hanse.dcat.holding import DatasetVersion
from hanse.evidence.kinds import MAX_OBJECTS, Notice, Object, Receipt
from hanse.factory.facility.committing import delete_packs, end_staging
from hanse.factory.facility.facility import split_id
from hanse.factory.facility.layout import manifest_path
from hanse.factory.facility.ports import Keeper, Receipts
from hanse.factory.facility.purging import clear, purge
from hanse.factory.facility.records import Farewell, Kept, Pack, State, Stored, Vault, VersionDeleted
from hanse.factory.facility.stock import Stock
from hanse.kernel.errors import Conflict, HanseError, NotFound, StorageFailed
from hanse.kernel.tenant import Tenant

_BATCH: Final = 100
log = logging.getLogger("hanse.facility")


class Removed(Struct, frozen=True, kw_only=True):
    """What was deleted, with the ids of the receipts, and what was not because somebody keeps it."""

    versions: Sequence[DatasetVersion] = ()
    receipts: Sequence[str] = ()
    kept: Sequence[Kept] = ()


class _Plan(Struct, frozen=True, kw_only=True):
    """What leaves together, all of one vault; and the packs of intakes that end with it."""

    vault: Vault | None = None
    stored: tuple[Stored, ...] = ()
    packs: tuple[Pack, ...] = ()


class Removal:
    """Deletes. `keepers` are asked, in the transaction that decides, for a reason why a version must stay."""

    def __init__(self, stock: Stock, receipts: Receipts) -> None:
        self._stock = stock
        self._receipts = receipts
        self.keepers: list[Keeper] = []

    def kept(self, tx: Any, version: DatasetVersion) -> str | None:
        """Return why a version must stay, if it must."""
        return next((reason for keeper in self.keepers if (reason := keeper(tx, version)) is not None), None)

    async def delete(self, tenant: Tenant, version: str, reason: str) -> Removed:
        """Delete one version. Raises `NotFound`, and `Conflict` (rule `kept`) when somebody keeps it."""
        name, number = split_id(version)
        stored = await self._stock.database.read(lambda tx: tx.facility.get(tenant, name, number))
        if stored is None or stored.state is State.GONE:
            raise NotFound(f"There is no version {version[:120]!r}.", where="version", hint="`hanse facility list` shows what is there.")
        farewell = Farewell(reason=reason[:1000], objects=await self._objects(stored))

        def work(tx: Any) -> _Plan:
            found = tx.facility.get(tenant, name, number)
            if found is None or found.state is not State.WHOLE:
                return _Plan(stored=() if found is None or found.state is State.GONE else (found,))
            why = self.kept(tx, found.version)
            if why is not None:
                raise Conflict(f"The version {found.version.id} must stay: {why}", where="version", rule="kept")
            vault = tx.facility.vault(tenant, found.vault)
            return self._leave(tx, vault, [structs.replace(found, farewell=farewell)], all_=False)

        return await self._finish(tenant, [await self._stock.database.run(work)])

    async def destroy(self, tenant: Tenant, agreement: str, reason: str) -> Removed:
        """Delete all that is kept under an agreement, intakes under way included, by the destruction of its key.

        What was made of it goes, too, and so do the keys under which that lies, alone or with what came under other agreements.
        What somebody keeps stays, and is returned as `kept`; then the key under which it lies stays, too. Each receipt names one version,
        and none claims that a duty is fulfilled: other copies may lie elsewhere, and whoever keeps the duty knows of them
        (`app.factory.facility`).
        """
        found = await self._stock.database.read(lambda tx: tx.facility.of_agreement(tenant, agreement, State.WHOLE))
        objects = {one.version.id: await self._objects(one) for one in found}

        def work(tx: Any) -> tuple[list[_Plan], list[Kept]]:
            whole: list[Stored] = [one for one in tx.facility.of_agreement(tenant, agreement) if one.state is not State.GONE]
            kept = [Kept(one.version.id, why) for one in whole if (why := self.kept(tx, one.version)) is not None]
            held = {one.version for one in kept}
            leaving = [_said(one, reason, objects) for one in whole if one.version.id not in held]
            staying = {one.vault for one in whole if one.version.id in held}
            plans = []
            for vault in tx.facility.vaults_under(tenant, agreement):
                group = [one for one in leaving if one.vault == vault.id]
                if group or vault.destroyed is None:
                    plans.append(self._leave(tx, vault, group, all_=vault.id not in staying))
            return plans, kept

        plans, kept = await self._stock.database.run(work)
        removed = await self._finish(tenant, plans)
        return structs.replace(removed, kept=tuple(kept))

    async def resume(self) -> None:
        """Go on with deletions that a crash has interrupted; once, at the start."""
        found = await self._stock.database.read(lambda tx: tx.facility.leaving(_BATCH))
        for stored in found:
            try:
                await self._finish(stored.tenant, [_Plan(stored=(stored,))])
            except HanseError as error:
                log.error("The deletion of %s cannot be completed: %s", stored.version.id, error.message)
        for vault in await self._stock.database.read(lambda tx: tx.facility.leaving_vaults(_BATCH)):
            await clear(self._stock, vault)

    async def erase(self, tenant: Tenant) -> None:
        """Destroy all keys of a participant that is erased, and delete its objects. The database has forgotten it by itself."""
        for objects in (self._stock.hot, self._stock.cold):
            found = [one.name async for one in objects.list(tenant)]
            for name in sorted(found, key=lambda one: not one.endswith("/key")):
                await objects.delete(name)

    def _leave(self, tx: Any, vault: Vault, leaving: Sequence[Stored], *, all_: bool) -> _Plan:
        """Mark versions of one vault as leaving; with the last version of an agreement its key goes, and with `all_` what is taken in."""
        ids = {one.version.id for one in leaving}
        rest = [one for one in tx.facility.of_vault(vault.tenant, vault.id, State.WHOLE) if one.version.id not in ids]
        stagings = tx.facility.stagings(vault.tenant, vault.id)
        key = not rest and bool(vault.agreements) and (all_ or not stagings)
        packs: list[Pack] = []
        for staging in stagings if key else ():
            packs += end_staging(tx, staging, frozenset())
        destroyed = vault.destroyed or (self._stock.clock.now() if key else None)
        marked = structs.replace(vault, purges=vault.purges + 1, destroyed=destroyed)
        tx.facility.put_vault(marked)
        stored = tuple(structs.replace(one, state=State.LEAVING) for one in leaving)
        for one in stored:
            tx.facility.put(one)
        return _Plan(vault=marked, stored=stored, packs=tuple(packs))

    async def _finish(self, tenant: Tenant, plans: Sequence[_Plan]) -> Removed:
        removed: list[DatasetVersion] = []
        receipts: list[str] = []
        for plan in plans:
            await delete_packs(self._stock, plan.packs)
            for stored in plan.stored:
                await purge(self._stock, stored)
                for agreement in stored.version.agreements:
                    await self._receipts.look(tenant, agreement)
            for version, given in await self._stock.database.run(lambda tx, plan=plan: self._gone(tx, plan.stored)):  # type: ignore[misc]
                removed.append(version)
                receipts += given
            for stored in plan.stored:
                await self._stock.hot.delete(manifest_path(tenant, stored.vault, stored.manifest))
            if plan.vault is not None and plan.vault.destroyed is not None:
                await clear(self._stock, plan.vault)
        return Removed(versions=tuple(removed), receipts=tuple(receipts))

    def _gone(self, tx: Any, leaving: Sequence[Stored]) -> list[tuple[DatasetVersion, list[str]]]:
        """Mark versions as deleted and append their receipts: one for each agreement."""
        now, done = self._stock.clock.now(), []
        for one in leaving:
            found: Stored | None = tx.facility.get(one.tenant, one.version.name, one.version.number)
            if found is None or found.state is not State.LEAVING:
                continue
            version = structs.replace(found.version, deleted=now)
            said = [_statement(found, agreement) for agreement in version.agreements or ("",)]
            receipts = [self._receipts.state(tx, one.tenant, version, says) for says in said]
            tx.facility.put(structs.replace(found, version=version, state=State.GONE, receipt=receipts[0]))
            tx.emit(VersionDeleted(one.tenant, version.id))
            done.append((version, receipts))
        return done

    async def _objects(self, stored: Stored) -> tuple[Object, ...]:
        """Return the objects as far as a receipt names them; nothing where the manifest is lost, or its key (see `_statement`)."""
        if stored.version.count > MAX_OBJECTS or stored.state is not State.WHOLE:
            return ()
        try:
            contents = await self._stock.contents(stored)
        except (NotFound, StorageFailed) as error:
            if error.rule not in ("key-destroyed", "damaged"):
                raise
            return ()
        return tuple(Object(one.path, one.sha256, one.size) for one in contents.manifest.files)


def _said(stored: Stored, reason: str, objects: Mapping[str, tuple[Object, ...]]) -> Stored:
    return structs.replace(stored, farewell=stored.farewell or Farewell(reason=reason[:1000], objects=objects.get(stored.version.id, ())))


def _statement(stored: Stored, agreement: str) -> Receipt | Notice:
    """Return what is stated under an agreement (empty: none).

    A receipt; a notice where nobody can say any more which objects they were, and for data of one's own.
    A receipt names all objects by their paths, which may tell of persons. Nobody else gets one of one's own data, and its root says all.
    """
    version, farewell = stored.version, stored.farewell or Farewell(reason="")
    text = f"{version.id} was deleted: {version.count} files of {version.size} bytes, root {version.root}."
    if not agreement:
        return Notice(about="deleted", text=text)
    if not nameable(stored):
        return Notice(agreement=agreement, about="deleted", text=f"{text} What they were called cannot be read any more.")
    return Receipt(
        agreement=agreement,
        what="deleted",
        count=version.count,
        size=version.size,
        root=version.root,
        objects=farewell.objects,
        # One that names no obligation stands for all copies everywhere; this one is of a version in the facility.
        obligation=version.id,
    )


def nameable(stored: Stored) -> bool:
    """Tell whether a receipt can be made of a version that is leaving, or gone: it names all objects, or they are too many."""
    return stored.version.count > MAX_OBJECTS or (stored.farewell is not None and len(stored.farewell.objects) == stored.version.count)
