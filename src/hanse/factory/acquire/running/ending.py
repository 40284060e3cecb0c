"""Ends what an item had begun: politely towards the provider, without a trace in the facility, and naming what stands all the same."""

from __future__ import annotations

from contextlib import suppress

from hanse.factory.acquire.records import Item, Order
from hanse.factory.acquire.running.kit import Kit
from hanse.factory.acquire.states import Event
from hanse.kernel.errors import CallerError

_LONGEST = 900
_TRIES = 5


class Ending:
    """Failing, refusing and cancelling. Each can be done again after any interruption."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def cancel(self, order: Order, item: Item) -> None:
        """End an item because its order was cancelled."""
        why = "The order was cancelled."
        agreement = await self.undo(order, item, why)
        await self._kit.step(item, Event.CANCEL, _told(why, agreement), agreement=agreement, tidy=True)

    async def stop(self, order: Order, item: Item, event: Event, why: str, rule: str, hint: str) -> None:
        """End an item that cannot go on."""
        agreement = await self.undo(order, item, why)
        await self._kit.step(item, event, _told(why, agreement), rule=rule, hint=hint, agreement=agreement, tidy=True)

    async def tidy(self, order: Order, item: Item) -> None:
        """End what an item had begun that somebody else has ended."""
        agreement = await self.undo(order, item, item.why or "It is no longer wanted.")
        await self._kit.change(item, agreement=agreement, tidy=True, why=_told(item.why, agreement))

    async def undo(self, order: Order, item: Item, why: str) -> str | None:
        """End the negotiation and the transfer, and sweep what is staged; return the agreement that stands."""
        dealings, agreement = self._kit.dealings, item.agreement
        if item.negotiation is not None and agreement is None and not item.joined:
            await dealings.refuse(item.tenant, item.negotiation, why[:_LONGEST])
            # It may have become final in that moment.
            agreement = (await dealings.talk(item.tenant, item.negotiation)).agreement
        if item.transfer is not None:
            with suppress(CallerError):  # it is final, or gone
                await dealings.end(item.tenant, item.transfer, why[:_LONGEST])
        if item.transfer is not None and item.agreement is not None and item.version is None:
            staging = await self._kit.facility.stage(order, item)
            await staging.abandon()
        return agreement


def _told(why: str, agreement: str | None) -> str:
    if agreement is None or agreement in why:
        return why
    return f"{why} The agreement {agreement} stands; `hanse contracts end {agreement}` ends it.".lstrip()
