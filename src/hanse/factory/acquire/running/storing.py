"""From staged data to a version that everybody sees: look inside first, commit with the statement, document, complete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from msgspec import structs

from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.factory.acquire.records import Item, ItemChanged, Order, Question
from hanse.factory.acquire.running import drift, inside
from hanse.factory.acquire.running.kit import NO_TROUBLE, Kit, ended_agreement
from hanse.factory.acquire.running.ports import Staging
from hanse.factory.acquire.states import Event
from hanse.kernel.errors import Conflict, HanseError, StorageFailed

DRIFT: Final = "drift"
"""The question whether a version whose columns changed is to be stored."""
_SHOWN: Final = 10


class Storing:
    """The steps of an item that is STORING or DOCUMENTED."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def storing(self, order: Order, item: Item) -> None:
        """Make the version, once nothing in the data speaks against it; then its documents."""
        if item.version is None:
            await self._store(order, item)
        else:
            await self._document(order, item, item.version)

    async def documented(self, order: Order, item: Item) -> None:
        """Tell the provider that the data is here. The version is, whatever comes of that."""
        del order
        notes = item.notes
        try:
            if item.transfer is not None:
                await self._kit.dealings.complete(item.tenant, item.transfer)
        except HanseError as error:
            notes = (*notes, f"The transfer could not be completed: {error.message}")
        await self._kit.step(item, Event.FINISH, notes=notes, tidy=True, **NO_TROUBLE)

    async def _store(self, order: Order, item: Item) -> None:
        staging = await self._kit.facility.stage(order, item)
        files = await staging.files()
        if len(files) != item.files or sum(file.size for file in files) != item.size:
            await self._kit.step(item, Event.RETRY, "What was fetched is not all here any more.")
            raise StorageFailed("What was fetched is not all here any more; it is fetched again.")
        await self._look_inside(order, item, staging, files)
        changes = await self._changes(item, staging, files)
        if changes and order.wish.drift == "ask" and DRIFT not in item.answered:
            said = f"The columns changed since the version before: {' '.join(changes[:_SHOWN])}"
            await self._kit.step(item, Event.ASK, said, questions=(Question(DRIFT, said),), **NO_TROUBLE)
            return
        await staging.commit(self._with(order, item, changes))

    async def _look_inside(self, order: Order, item: Item, staging: Staging, files: Sequence[HeldFile]) -> None:
        found = await inside.look(files, _reading(staging.read))
        deal = await self._kit.database.read(lambda tx: self._kit.dealings.deal(tx, item.tenant, item.agreement or ""))
        if deal is None or deal.ended:
            raise ended_agreement("it is gone" if deal is None else deal.ended, item.agreement or "")
        said = inside.objections(found, order.wish, deal.terms)
        if said:
            raise Conflict(
                f"What lies in the data forbids the use that it was ordered for. {' '.join(said[:_SHOWN])}",
                where="data",
                rule="forbidden-inside",
                hint="Ask the provider which of the two holds: its offer, or what it has put into the data.",
            )

    async def _changes(self, item: Item, staging: Staging, files: Sequence[HeldFile]) -> tuple[str, ...]:
        before = await self._kit.facility.latest(item.tenant, item.name)
        if before is None:
            return ()

        async def old(path: str, start: int, end: int) -> bytes:
            return await _whole(self._kit.facility.read(before, path, start, end), end - start)

        return await drift.changes(await self._kit.facility.files(before), old, files, _reading(staging.read))

    def _with(self, order: Order, item: Item, changes: tuple[str, ...]) -> Callable[[Any, DatasetVersion], None]:
        """Return what commits together with the version: the statement in the log, and the item that names it."""
        kit = self._kit

        def also(tx: Any, version: DatasetVersion) -> None:
            now = kit.current(tx, item)
            deal = kit.dealings.deal(tx, item.tenant, item.agreement or "")
            if deal is None or deal.ended:
                raise ended_agreement("it is gone" if deal is None else deal.ended, item.agreement or "")
            kit.log.acquired(tx, order, now, version, changes)
            notes = (*now.notes, *(f"Changed since the version before: {one}" for one in changes))
            tx.orders.put_item(structs.replace(now, version=version.id, notes=notes, updated=kit.clock.now(), **NO_TROUBLE))
            tx.emit(ItemChanged(item.tenant, item.order, item.number, now.state))

        return also

    async def _document(self, order: Order, item: Item, id: str) -> None:
        notes = item.notes
        try:
            await self._kit.documents.materialised(item.tenant, await self._kit.facility.version(item.tenant, id))
        except HanseError as error:
            # The version is whole without them, and they can be made at any time: but nobody shall believe that they are there.
            notes = (*notes, f"not documented: {error.message}")
        if order.wish.into == "cold":
            try:
                await self._kit.facility.move(item.tenant, id, "cold")
            except HanseError as error:
                notes = (*notes, f"It is still in the hot place: {error.message}")
        await self._kit.step(item, Event.DOCUMENT, notes=notes)


def _reading(read: Callable[[str, int, int | None], AsyncIterator[bytes]]) -> drift.Read:
    async def piece(path: str, start: int, end: int) -> bytes:
        return await _whole(read(path, start, end), end - start)

    return piece


async def _whole(pieces: AsyncIterator[bytes], most: int) -> bytes:
    found = bytearray()
    async for piece in pieces:
        found += piece
        if len(found) >= most:
            break
        await asyncio.sleep(0)
    return bytes(found[:most])
