"""Takes the bytes of a leaving version away. Doing it again does nothing, so it goes on after a crash."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec import structs

from hanse.factory.facility.committing import delete_packs
from hanse.factory.facility.layout import PACK_MAGIC, ROW_SIZE, TAG_SIZE, pack_path, rows_of
from hanse.factory.facility.ports import Objects
from hanse.factory.facility.records import Pack, State, Stored, Vault
from hanse.factory.facility.stock import Contents, Stock
from hanse.kernel.errors import NotFound, StorageFailed

Frames = dict[int, tuple[int, int]]
"""Frames of a pack by number: where each begins, and its size."""


async def purge(stock: Stock, stored: Stored) -> None:
    """Let nothing of a leaving version be readable. Raises `StorageFailed`."""
    vault = await stock.database.read(lambda tx: tx.facility.vault(stored.tenant, stored.vault))
    if vault is None or vault.destroyed is not None:
        stock.forget(stored.tenant, stored.manifest)
        await stock.vaults.destroy(stored.tenant, stored.vault)
        return
    try:
        leaving = await stock.contents(stored)
    except NotFound:
        return
    except StorageFailed as error:
        if error.rule != "damaged":
            raise
        return  # without its manifest there is no key of its packs; what no manifest names, `collect` takes away
    dead, live = await asyncio.to_thread(frames, leaving), await _live(stock, stored)
    packs: list[Pack] = await stock.database.read(lambda tx: tx.facility.packs(stored.tenant, stored.vault))
    for pack in packs:
        if pack.name in dead:
            await _take_out(stock, pack, dead[pack.name], live.get(pack.name, {}))
    stock.forget(stored.tenant, stored.manifest)


def frames(contents: Contents) -> dict[str, Frames]:
    """Return the frames that a version needs, by pack."""
    found: dict[str, Frames] = defaultdict(dict)
    names = [one.name for one in contents.manifest.packs]
    for row in rows_of(contents.table, 0, len(contents.table) // ROW_SIZE):
        found[names[row.pack]][row.frame] = (row.offset, row.size + TAG_SIZE)
    return found


async def _live(stock: Stock, leaving: Stored) -> dict[str, Frames]:
    """Return the frames that other versions of the vault need. What an open intake reuses besides makes its commit fail, and no more."""
    found: dict[str, Frames] = defaultdict(dict)
    others = await stock.database.read(lambda tx: tx.facility.of_vault(leaving.tenant, leaving.vault, State.WHOLE))
    for stored in others:
        needs = await asyncio.to_thread(frames, await stock.contents(stored))
        for name, needed in needs.items():
            found[name].update(needed)
    return found


async def _take_out(stock: Stock, pack: Pack, dead: Frames, live: Frames) -> None:
    if not live:

        def forget(tx: Any) -> None:
            tx.facility.drop_pack(pack.tenant, pack.vault, pack.name)

        await stock.database.run(forget)
        await delete_packs(stock, [pack])
        return
    gone = [dead[number] for number in dead.keys() - live.keys()]
    if not gone:
        return
    path = pack_path(pack.tenant, pack.vault, pack.name)
    for objects in (stock.hot, stock.cold):
        await _blank(objects, path, gone)
    size = len(PACK_MAGIC) + sum(length for _, length in live.values())
    await stock.database.run(lambda tx: tx.facility.put_pack(structs.replace(pack, size=min(size, pack.size))))


async def _blank(objects: Objects, path: str, gone: Iterable[tuple[int, int]]) -> None:
    try:
        data = bytearray(await objects.get(path))
    except NotFound:
        return
    for start, length in gone:
        data[start : start + length] = bytes(length)
    await objects.put(path, data)


async def clear(stock: Stock, vault: Vault) -> None:
    """Destroy the key of a vault that has been given up, and delete all that lies in it."""
    await stock.vaults.destroy(vault.tenant, vault.id)
    for objects in (stock.hot, stock.cold):
        for one in [one async for one in objects.list(f"{vault.tenant}/{vault.id}")]:
            await objects.delete(one.name)

    def forget(tx: Any) -> None:
        for pack in tx.facility.packs(vault.tenant, vault.id):
            tx.facility.drop_pack(pack.tenant, pack.vault, pack.name)
        found = tx.facility.vault(vault.tenant, vault.id)
        if found is not None:
            tx.facility.put_vault(structs.replace(found, cleared=stock.clock.now()))

    await stock.database.run(forget)
