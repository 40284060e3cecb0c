"""From a transfer that was asked for to data that is here whole: wait for its start, fetch, and stop as soon as it may not flow."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from hanse.factory.acquire.records import Item, Order, Question
from hanse.factory.acquire.running.kit import NO_TROUBLE, Kit, Slots, ended_agreement
from hanse.factory.acquire.running.ports import Deal, Fetched, Flow
from hanse.factory.acquire.states import Event
from hanse.kernel.errors import Conflict, HanseError, NotReady, PeerRefused, PeerUnreachable, TooLarge, TooMany
from hanse.odrl.price import cost_of

_AWAY: Final = frozenset({PeerUnreachable.rule, TooMany.rule, NotReady.rule})
PAYMENT = "payment"
"""The question whether what the agreement costs is paid."""
SIZE: Final = "size"
"""The question whether more may come than was ordered."""
_BEYOND: Final = "beyond-order"


class Receiving:
    """The step of an item that is TRANSFERRING."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._slots = Slots(*kit.rules.fetching)

    async def transferring(self, order: Order, item: Item) -> None:
        """Have all files staged and verified; or find out why that cannot be."""
        kit, id = self._kit, item.transfer or ""
        flow = await kit.dealings.flow(item.tenant, id, ("STARTED", "SUSPENDED"), kit.rules.watch)
        if flow.final:
            await self._ended(order, item, flow)
        elif flow.state == "SUSPENDED" and flow.halted:
            await kit.dealings.resume(item.tenant, id)
        elif flow.state == "SUSPENDED":
            await kit.dealings.flow(item.tenant, id, ("STARTED",), kit.rules.watch)
        elif flow.state == "STARTED":
            async with self._slots.one(item.tenant, item.peer):
                await self._receive(order, item, id)

    async def _receive(self, order: Order, item: Item, id: str) -> None:
        try:
            fetched = await self._fetch(order, item, id)
        except TooLarge as error:
            if error.rule != _BEYOND:
                raise
            await self._kit.step(item, Event.ASK, error.message, questions=(Question(SIZE, error.message),), **NO_TROUBLE)
            return
        if fetched is None:
            return  # halted or ended meanwhile: the next look tells
        moved = item.moved + fetched.moved
        changes = {"size": fetched.size, "files": fetched.files, "done": fetched.size, "moved": moved, "verified": fetched.verified}
        await self._kit.step(item, Event.STORE, "", **changes)

    async def _fetch(self, order: Order, item: Item, id: str) -> Fetched | None:
        kit = self._kit
        staging = await kit.facility.stage(order, item)
        latest = await kit.facility.latest(item.tenant, item.name)
        previous = latest if latest is not None and latest.agreement == item.agreement else None
        progress = _Progress(_most(order, item))
        fetching = asyncio.ensure_future(kit.transport.fetch(item.tenant, id, staging, previous, progress.tell))
        # What may not flow any more is cut by us, too, not only by whoever sends it.
        leaving = asyncio.ensure_future(kit.dealings.left(item.tenant, id))
        telling = asyncio.ensure_future(self._tell(item, progress))
        try:
            await asyncio.wait((fetching, leaving), return_when=asyncio.FIRST_COMPLETED)
            fetched = await self._outcome(item, id, fetching) if fetching.done() else None
            if fetched is not None:
                await staging.suspend()  # what is said to be here has to be here after a crash, too
            return fetched
        finally:
            for task in (fetching, leaving, telling):
                task.cancel()
            await asyncio.gather(fetching, leaving, telling, return_exceptions=True)
            with suppress(HanseError):
                await progress.keep(kit, item)
            with suppress(HanseError):
                await staging.suspend()  # what came before a fault need not come again

    async def _outcome(self, item: Item, id: str, fetching: asyncio.Future[Fetched]) -> Fetched | None:
        try:
            return fetching.result()
        except PeerRefused:
            now = await self._kit.dealings.flow(item.tenant, id, ())
            if now.state != "STARTED":
                return None
            raise

    async def _tell(self, item: Item, progress: _Progress) -> None:
        """Write progress down now and then."""
        while True:
            await asyncio.sleep(self._kit.rules.tell)
            with suppress(HanseError):
                await progress.keep(self._kit, item)

    async def _ended(self, order: Order, item: Item, flow: Flow) -> None:
        kit, agreement = self._kit, item.agreement or ""
        deal = await kit.database.read(lambda tx: kit.dealings.deal(tx, item.tenant, agreement))
        if item.joined and not item.done:
            # It stood before, and gives no more, e.g. because it was counted out: another one is negotiated.
            spent = (*item.spent, agreement)
            await kit.step(item, Event.RETRY, flow.said, agreement=None, negotiation=None, transfer=None, joined=False, spent=spent)
        elif deal is None or deal.ended:
            raise ended_agreement(flow.said if deal is None else deal.ended, agreement)
        elif flow.refused:
            await self._refused(order, item, deal, flow.said or "it gave no reason.")
        else:
            await kit.step(item, Event.RETRY, flow.said, transfer=None)
            raise PeerUnreachable(f"The transfer {flow.id} came to no end: {flow.said}".strip())

    async def _refused(self, order: Order, item: Item, deal: Deal, said: str) -> None:
        """Let a person pay where something is to be paid and nothing was given yet; else it is over."""
        cost = cost_of(deal.terms, order.wish.action)
        if cost.free or item.done:
            raise Conflict(f"The provider ended the transfer: {said}", where="transfer", rule="refused")
        due = f"{cost.price} are" if cost.price is not None else "money is"
        asked = f"Under the agreement {deal.id} {due} to be paid to the provider, which gives no data yet: {said} Is it paid?"
        await self._kit.step(item, Event.ASK, asked, questions=(Question(PAYMENT, asked),), transfer=None, **NO_TROUBLE)


class _Progress:
    """What a fetch has told last, and what of it is written down."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._told: tuple[int, int, int | None] | None = None
        self._kept: tuple[int, int, int | None] | None = None

    def tell(self, moved: int, done: int, size: int | None) -> None:
        """Remember it. Raises `TooLarge` for more than was ordered: a catalogue may say of its data what it likes."""
        self._told = (moved, done, size)
        if self._most is not None and max(done, size or 0) > self._most:
            raise TooLarge(
                f"The provider sends {max(done, size or 0)} bytes; at most {self._most} are ordered.", where="size", rule=_BEYOND
            )

    async def keep(self, kit: Kit, item: Item) -> None:
        told = self._told
        if told is None or told == self._kept:
            return
        moved, done, size = told
        # A provider that sends again is no longer away; one that sends what is wrong may do so as often as before.
        better = self._kept is not None and moved > self._kept[0] and item.rule in _AWAY
        await kit.change(
            item, done=done, size=size if size is not None else item.size, moved=item.moved + moved, **(NO_TROUBLE if better else {})
        )
        self._kept = told


def _most(order: Order, item: Item) -> int | None:
    """Return how many bytes may come without a person: none are too many where one said yes to the size."""
    standing = order.wish.standing
    limits = (order.wish.max_size, order.wish.limits.size, None if standing is None else standing.total.size)
    return None if SIZE in item.answered else min((one for one in limits if one is not None), default=None)
