"""Moves versions between the hot place and the cold one. A pack is in both for a moment, so a reader always finds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import structs

from hanse.dcat.holding import DatasetVersion
from hanse.factory.facility.layout import pack_path
from hanse.factory.facility.records import Pack, State, Stored
from hanse.factory.facility.stock import Stock
from hanse.kernel.errors import Invalid, NotFound, StorageFailed

TIERS: Final = ("hot", "cold")


async def move(stock: Stock, stored: Stored, tier: str) -> DatasetVersion:
    """Move a version to a tier. A pack that another hot version needs as well stays hot. Raises `Invalid`, `StorageFailed`.

    Again after a crash it goes on. The version says where it is once all of it is there.
    """
    check(tier)
    contents = await stock.contents(stored)
    wanted = {one.name for one in contents.manifest.packs}
    if tier == "cold":
        wanted -= await _needed_hot(stock, stored)
    packs: Sequence[Pack] = await stock.database.read(lambda tx: tx.facility.packs(stored.tenant, stored.vault))
    for pack in packs:
        if pack.name in wanted:
            await _move_pack(stock, pack, tier)

    def work(tx: Any) -> DatasetVersion:
        found: Stored | None = tx.facility.get(stored.tenant, stored.version.name, stored.version.number)
        if found is None or found.state is not State.WHOLE:
            raise NotFound(f"The version {stored.version.id} was deleted.", where="version", rule="deleted")
        version = structs.replace(found.version, tier=tier)
        tx.facility.put(structs.replace(found, version=version))
        return version

    return await stock.database.run(work)


def check(tier: str) -> None:
    """Raise `Invalid` for what is no tier."""
    if tier not in TIERS:
        raise Invalid(f"There is no tier {tier[:40]!r}.", where="tier", hint="hot, or cold")


async def _needed_hot(stock: Stock, stored: Stored) -> set[str]:
    others: Sequence[Stored] = await stock.database.read(lambda tx: tx.facility.of_vault(stored.tenant, stored.vault, State.WHOLE))
    needed: set[str] = set()
    for other in others:
        if other.version.id != stored.version.id and other.version.tier == "hot":
            needed.update(one.name for one in (await stock.contents(other)).manifest.packs)
    return needed


async def _move_pack(stock: Stock, pack: Pack, tier: str) -> None:
    path = pack_path(pack.tenant, pack.vault, pack.name)
    source, target = (stock.hot, stock.cold) if tier == "cold" else (stock.cold, stock.hot)
    if pack.tier != tier:
        data = await source.get(path)
        await target.put(path, data)
        if await target.get(path) != data:
            raise StorageFailed("A pack is not in its new place as it was in the old one.", where=path, rule="damaged")

        def work(tx: Any) -> None:
            if any(one.name == pack.name for one in tx.facility.packs(pack.tenant, pack.vault)):
                tx.facility.put_pack(structs.replace(pack, tier=tier))

        await stock.database.run(work)
    await source.delete(path)
