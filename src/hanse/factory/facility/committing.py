"""Ends an intake: its version becomes visible in one transaction, or nothing of it stays."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import structs

from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.facility.layout import (
    MAX_FILES,
    FileRow,
    Manifest,
    PackKey,
    manifest_key,
    manifest_path,
    pack_key,
    pack_path,
    seal_manifest,
    write_row,
)
from hanse.factory.facility.records import Pack, Staging, Stored, VersionStored
from hanse.factory.facility.staged import Staged
from hanse.factory.facility.stock import Stock
from hanse.factory.facility.vaults import new_name
from hanse.kernel.errors import CallerError, Conflict, Invalid, TooLarge

Also = Callable[[Any, DatasetVersion], None]
_TRIES: Final = 10


async def commit(stock: Stock, staging: Staging, key: bytes, staged: Staged, also: Also | None, *, once: bool = False) -> DatasetVersion:
    """Make a version of what is staged, and return it. With `once`, `also` runs for a new version only.

    Raises `Invalid` for one without files, `Conflict`, `StorageFailed`.
    """
    files = sorted(staged.files.values(), key=lambda one: one[0].path.encode())
    if not files:
        raise Invalid("A version without files cannot be stored.", where="files", rule="empty")
    if len(files) > MAX_FILES:
        raise TooLarge(f"A version has at most {MAX_FILES:,} files.", where="files")
    for _ in range(_TRIES):
        version = await _described(stock, staging, [held for held, _ in files])
        same = await stock.database.read(lambda tx, version=version: _same(tx, version))  # type: ignore[misc]
        if same is not None:
            await _end(stock, staging, same, None if once else also)
            return same
        manifest = await asyncio.to_thread(_manifest, version, files, staged, key)
        if await _publish(stock, staging, key, manifest, also):
            return version
    raise Conflict("Too many versions of this name are being stored at once.", where="name", hint="Try again.")


async def abandon(stock: Stock, staging: Staging) -> None:
    """Take away all that an intake has stored, unless it has ended, or somebody else has taken it up."""

    def work(tx: Any) -> list[Pack]:
        found = tx.facility.staging(staging.tenant, staging.id)
        return [] if found is None or found.holder != staging.holder else end_staging(tx, found, frozenset())

    await delete_packs(stock, await stock.database.run(work))


def end_staging(tx: Any, staging: Staging, kept: frozenset[str]) -> list[Pack]:
    """End an intake in the caller's transaction; return its packs that are not kept, forgotten, to be deleted then."""
    tx.facility.end_staging(staging.tenant, staging.id)
    packs: Sequence[Pack] = tx.facility.packs(staging.tenant, staging.vault)
    left = [one for one in packs if one.intake == staging.id and one.name not in kept]
    for one in left:
        tx.facility.drop_pack(one.tenant, one.vault, one.name)
    return left


async def delete_packs(stock: Stock, packs: Sequence[Pack]) -> None:
    """Delete packs that the database does not know any more, from both tiers."""
    for one in packs:
        await stock.hot.delete(pack_path(one.tenant, one.vault, one.name))
        await stock.cold.delete(pack_path(one.tenant, one.vault, one.name))


def held_by(tx: Any, staging: Staging) -> None:
    """Raise `Conflict` unless the intake is still there, and nobody else has taken it up."""
    found = tx.facility.staging(staging.tenant, staging.id)
    if found is None or found.holder != staging.holder:
        raise ended()


def ended() -> Conflict:
    """Return the error for an intake that is no longer its holder's."""
    return Conflict("This intake has ended, or somebody else has taken it up.", where="intake", rule="committed", hint="Ask for it anew.")


async def _described(stock: Stock, staging: Staging, files: Sequence[HeldFile]) -> DatasetVersion:
    wish, tenant = staging.intake, staging.tenant
    latest = await stock.database.read(lambda tx: tx.facility.latest(tenant, wish.name))
    return DatasetVersion(
        tenant=tenant,
        name=wish.name,
        number=1 if latest is None else latest.version.number + 1,
        root=await asyncio.to_thread(lambda: root_of_files([Object(one.path, one.sha256, one.size) for one in files])),
        count=len(files),
        size=sum(one.size for one in files),
        stored=stock.clock.now(),
        agreement=wish.agreement,
        provider=wish.provider,
        dataset=wish.dataset,
        offered=wish.offered,
        sums=wish.sums,
        origin=wish.origin,
        order=wish.order,
        space=wish.space,
        made_of=wish.made_of,
        under=wish.under,
        made_by=wish.made_by,
    )


def _same(tx: Any, version: DatasetVersion) -> DatasetVersion | None:
    """Return the newest version of the name, if it is the same."""
    latest: Stored | None = tx.facility.latest(version.tenant, version.name, whole=True)
    return None if latest is None or _origin(latest.version) != _origin(version) else latest.version


def _origin(version: DatasetVersion) -> tuple[object, ...]:
    return (version.root, version.agreement, version.made_of, version.made_by)


async def _end(stock: Stock, staging: Staging, version: DatasetVersion, also: Also | None) -> None:
    def work(tx: Any) -> list[Pack]:
        held_by(tx, staging)
        found = tx.facility.get(version.tenant, version.name, version.number)
        if found is None or found.farewell is not None:
            raise _gone()
        left = end_staging(tx, staging, frozenset())
        if also is not None:
            also(tx, version)
        return left

    await delete_packs(stock, await stock.database.run(work))


def _manifest(version: DatasetVersion, files: Sequence[tuple[HeldFile, bytes]], staged: Staged, key: bytes) -> Manifest:
    local: dict[int, int] = {}
    table, rows = bytearray(), []
    count = 0
    for held, own in files:
        first = count
        for row in staged.rows(own):
            table += write_row(structs.replace(row, pack=local.setdefault(row.pack, len(local))))
            count += 1
        rows.append(FileRow(held.path, held.size, held.sha256, held.media_type, first, count - first))
    packs = tuple(PackKey(staged.packs[one], pack_key(key, staged.packs[one]).hex()) for one in local)
    return Manifest(version=version, packs=packs, files=tuple(rows), chunks=base64.b64encode(table).decode())


async def _publish(stock: Stock, staging: Staging, key: bytes, manifest: Manifest, also: Also | None) -> bool:
    """Write the manifest, then show the version; tell whether that was possible: its number may be taken by now."""
    version, name = manifest.version, new_name()
    path = manifest_path(version.tenant, staging.vault, name)
    await stock.hot.put(path, await asyncio.to_thread(seal_manifest, manifest_key(key, name), path, manifest))

    def work(tx: Any) -> list[Pack] | None:
        held_by(tx, staging)
        _check_vault(tx, staging, manifest)
        latest = tx.facility.latest(version.tenant, version.name)
        if latest is not None and latest.version.number >= version.number:
            return None
        tx.facility.add(Stored(version=version, vault=staging.vault, manifest=name))
        left = end_staging(tx, staging, frozenset(one.name for one in manifest.packs))
        if also is not None:
            also(tx, version)
        tx.emit(VersionStored(version.tenant, version.id))
        return left

    try:
        left = await stock.database.run(work)
    except CallerError:  # that is certain; after any other error the version may be there all the same
        await stock.hot.delete(path)
        raise
    if left is None:
        await stock.hot.delete(path)
        return False
    await delete_packs(stock, left)
    return True


def _check_vault(tx: Any, staging: Staging, manifest: Manifest) -> None:
    """Raise `Conflict` if the vault was destroyed, or a pack was deleted, since the intake began. The vault's row stays locked."""
    vault = tx.facility.vault(staging.tenant, staging.vault)
    there = {one.name for one in tx.facility.packs(staging.tenant, staging.vault)}
    if vault is None or vault.destroyed is not None or vault.purges != staging.purges:
        raise _gone()
    if any(one.name not in there for one in manifest.packs):
        raise _gone()


def _gone() -> Conflict:
    hint = "Ask for the intake anew; it says what is still there."
    return Conflict("What this version rests on was deleted meanwhile.", where="intake", rule="committed", hint=hint)
