"""From an approved item to a transfer that was asked for: the agreement that stands, or a negotiation, and the look at its price."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from hanse.factory.acquire.records import Item, Order, Question
from hanse.factory.acquire.running.kit import NO_TROUBLE, Kit, Slots, ended_agreement
from hanse.factory.acquire.running.ports import Deal, Talk
from hanse.factory.acquire.states import Event
from hanse.kernel.errors import Conflict, PeerUnreachable
from hanse.odrl.model import Terms
from hanse.odrl.normal import terms_hash
from hanse.odrl.price import Price, cost_of
from hanse.odrl.say import say_terms

TERMS = "terms:"
"""Begins the name of the question whether a counter-offer is to be taken; the hash of its terms follows."""
_SAID = 2_000


class Agreeing:
    """The steps of an item that is APPROVED, NEGOTIATING or AGREED. Each takes up what is there."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._slots = Slots(*kit.rules.asking)

    async def approved(self, order: Order, item: Item) -> None:
        """Find an agreement that stands, or a negotiation; else begin one."""
        if item.agreement is not None:
            await self._again(item, item.agreement)
        elif item.negotiation is not None:
            await self._go_on(item, item.negotiation)
        else:
            async with self._kit.locks.one(item.tenant, item.peer, item.dataset):
                await self._begin(order, item)

    async def negotiating(self, order: Order, item: Item) -> None:
        """Wait for the other side, and answer it."""
        if item.negotiation is None:
            raise Conflict("The negotiation of this item is not known.", where="item", rule="state")
        talk = await self._kit.dealings.talk(item.tenant, item.negotiation, self._kit.rules.watch)
        if talk.agreement is not None:
            await self._kit.step(item, Event.AGREE, agreement=talk.agreement, **NO_TROUBLE)
        elif talk.final:
            await self._over(item, talk)
        elif talk.ours:
            await self._answer(order, item, talk)

    async def agreed(self, order: Order, item: Item) -> None:
        """Compare what was agreed with what was planned, then say what the data is for, and ask for it."""
        kit, agreement = self._kit, item.agreement or ""
        deal = await kit.database.read(lambda tx: kit.dealings.deal(tx, item.tenant, agreement))
        if deal is None or deal.ended:
            await self._no_more(item, deal, agreement)
            return
        why = "" if item.joined and await self._fits(item, deal) else await self._objection(item, deal.terms)
        if why:
            hint = f"The agreement {agreement} stands."
            raise Conflict(f"What was agreed is not what was planned: {why}.", where="agreement", rule="terms", hint=hint)
        if item.transfer is not None:
            flow = await kit.dealings.flow(item.tenant, item.transfer, ())
            if not flow.final:
                await kit.step(item, Event.TRANSFER)
                return

        def note(tx: Any, id: str) -> None:
            kit.stepped(tx, item, Event.TRANSFER, transfer=id)

        await kit.dealings.ask(item, order.wish.stated, _by(item), note)

    async def _again(self, item: Item, agreement: str) -> None:
        """Go on under the agreement that was reached before; if it has ended since, begin anew."""
        kit = self._kit
        deal = await kit.database.read(lambda tx: kit.dealings.deal(tx, item.tenant, agreement))
        if deal is not None and not deal.ended:
            await kit.step(item, Event.AGREE)
            return
        await kit.change(item, agreement=None, negotiation=None, transfer=None, spent=(*item.spent, agreement))

    async def _go_on(self, item: Item, negotiation: str) -> None:
        talk = await self._kit.dealings.talk(item.tenant, negotiation)
        if talk.agreement is not None:
            await self._kit.step(item, Event.AGREE, agreement=talk.agreement)
        elif talk.final:
            await self._kit.change(item, negotiation=None, joined=False)
        else:
            await self._kit.step(item, Event.NEGOTIATE)

    async def _begin(self, order: Order, item: Item) -> None:
        kit = self._kit
        for deal in await kit.dealings.standing(item.tenant, item.peer, item.dataset):
            if deal.id not in item.spent and await self._fits(item, deal):
                note = f"The agreement {deal.id} stood already; no other was made."
                await kit.step(item, Event.AGREE, agreement=deal.id, joined=True, notes=(*item.notes, note))
                return
        under_way = await kit.dealings.under_way(item.tenant, item.peer, item.dataset, item.terms_hash)
        if under_way is not None:
            await kit.step(item, Event.NEGOTIATE, negotiation=under_way, joined=True)
            return

        # Looked at before anything is asked for: what is asked for, the provider can make an agreement of.
        now, items = await kit.others(item)
        why = kit.may_agree(now, items, item, item.need or item.offer.terms)
        if why:
            raise Conflict(f"It is not asked for any more: {why}.", where="price", rule="price")

        def note_id(tx: Any, id: str) -> None:
            kit.stepped(tx, item, Event.NEGOTIATE, negotiation=id, joined=False)

        async with self._slots.one(item.tenant, item.peer):
            id = await kit.dealings.negotiate(item, _by(item), note_id)
            # As long as rules answer this takes moments; whoever answers by hand keeps nobody else waiting.
            await kit.dealings.talk(item.tenant, id, min(kit.rules.watch, 5.0))

    async def _fits(self, item: Item, deal: Deal) -> bool:
        return terms_hash(deal.terms) == item.terms_hash or await self._covered(item, deal.terms)

    async def _covered(self, item: Item, terms: Terms) -> bool:
        return await self._kit.dealings.covers(item.tenant, item.need or item.offer.terms, terms)

    async def _over(self, item: Item, talk: Talk) -> None:
        if not talk.refused:  # nobody said no: it could not be delivered, or was not answered in time
            await self._kit.step(item, Event.RETRY, talk.said, negotiation=None, joined=False)
            raise PeerUnreachable(f"The negotiation {talk.id} came to no end: {talk.said}".strip())
        raise Conflict(f"The provider refused: {talk.said or 'it gave no reason.'}", where="negotiation", rule="refused")

    async def _answer(self, order: Order, item: Item, talk: Talk) -> None:
        """Take a counter-offer that asks for no more than was planned, or to which a person said yes; refuse what is dearer; else ask."""
        kit, question = self._kit, TERMS + terms_hash(talk.terms)
        why = await self._objection(item, talk.terms)
        if not why:
            await self._reserve(item, talk.terms)
            await kit.dealings.accept(item.tenant, talk.id, _by(item))
            return
        if _dearer(item, cost_of(talk.terms, order.wish.action).price):
            raise Conflict(f"The provider made a counter-offer that is not within the plan: {why}.", where="price", rule="price")
        said = f"The provider made a counter-offer: {' '.join(say_terms(talk.terms))[:_SAID]} It is not what was planned: {why}."
        await kit.step(item, Event.ASK, said, questions=(Question(question, said),), **NO_TROUBLE)

    async def _reserve(self, item: Item, terms: Terms) -> None:
        """Count a higher price for the item before it is agreed on, so that no other item spends the same money. Raises `Conflict`."""
        kit = self._kit

        def work(tx: Any) -> None:
            order, items = tx.orders.get(item.tenant, item.order), tx.orders.items(item.tenant, item.order)
            now = kit.current(tx, item)
            price = cost_of(terms, order.wish.action).price
            if price is None or not _dearer(now, price):
                return
            why = "" if TERMS + terms_hash(terms) in now.answered else kit.may_agree(order, items, now, terms)
            if why:
                raise Conflict(f"The provider made a counter-offer that is not within the plan: {why}.", where="price", rule="price")
            tx.orders.put_item(structs.replace(now, price=price))

        await kit.database.run(work)

    async def _objection(self, item: Item, terms: Terms) -> str:
        """Return why these terms may not be agreed on, in words; nothing if they may."""
        if TERMS + terms_hash(terms) in item.answered:
            return ""
        order, items = await self._kit.others(item)
        why = self._kit.may_agree(order, items, item, terms)
        cost = cost_of(terms, order.wish.action)
        # Terms can cover what was planned and still ask for money that nobody can name: that is for a person.
        if not why or cost.unknown or _dearer(item, cost.price):
            return why
        return "" if await self._covered(item, terms) else why

    async def _no_more(self, item: Item, deal: Deal | None, agreement: str) -> None:
        why = "it is gone" if deal is None else deal.ended
        if item.joined:
            spent = (*item.spent, agreement)
            await self._kit.step(item, Event.RETRY, why, agreement=None, negotiation=None, transfer=None, joined=False, spent=spent)
            return
        raise ended_agreement(why, agreement)


def _by(item: Item) -> str:
    return item.approved_by or "us"


def _dearer(item: Item, price: Price | None) -> bool:
    """Tell whether a price is more than was approved; what cannot be compared is."""
    most = item.price
    return price is not None and (most is None or most.currency != price.currency or price.amount > most.amount)
