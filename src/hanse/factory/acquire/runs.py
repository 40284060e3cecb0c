"""Runs of orders: search, judge, rank, plan, and write the plan down in one transaction.

A run that is cut off leaves nothing behind but its claim, which soon lapses; then it is begun anew. Nothing is bought in a run: what
is approved, the running room takes further.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct, structs

from hanse.factory.acquire.choosing import Choice, Chooser
from hanse.factory.acquire.describing import facts_of
from hanse.factory.acquire.judging import Sight, judge, out
from hanse.factory.acquire.planning import Draft, Holding, Key, key_of, name_of, plan, unattended
from hanse.factory.acquire.ports import AcquireTx, Database, Describing, Holdings, Ledger, Promises, Purse, Retention, SpaceLinks, Spaces
from hanse.factory.acquire.purposes import given, wanted
from hanse.factory.acquire.query import read_query
from hanse.factory.acquire.ranking import rank
from hanse.factory.acquire.records import (
    MAX_ITEMS,
    Candidate,
    Happening,
    Item,
    LinkSpeed,
    Order,
    OrderChanged,
    Reason,
    Run,
    advance,
    standing_of,
    told,
)
from hanse.factory.acquire.searching import Looked, Searcher, Spotted
from hanse.factory.acquire.settling import state_order
from hanse.factory.acquire.states import Event, ItemState, OrderState
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.constraints.base import Operands

log = logging.getLogger("hanse.acquire")

CLAIM: Final = timedelta(seconds=60)
"""For so long a run is this server process's; it is renewed while the run goes on."""
_RENEW: Final = 20.0
AT_ONCE: Final = 4
"""Runs that one server process goes on with at the same time."""
_JUDGED_ANEW: Final = (ItemState.LEFT_OUT, ItemState.FAILED)
_AGAIN: Final = timedelta(minutes=5)


class Surroundings(Struct, frozen=True):
    """What a run asks besides catalogues."""

    spaces: Spaces
    promises: Promises
    holdings: Holdings
    describing: Describing
    operands: Operands


class _Found(Struct, frozen=True):
    """What a search has found out, before it is written down: the best first, what is held of it, and what links allow."""

    looked: Looked
    ranked: Sequence[Candidate]
    held: dict[Key, list[Holding]]
    purses: dict[str, Any]


class Runs:
    """Begins the runs that are due, and sees them through."""

    def __init__(self, database: Database, ledger: Ledger, searcher: Searcher, around: Surroundings, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._searcher = searcher
        self._around = around
        self._clock = clock
        self._running: dict[tuple[Tenant, str], asyncio.Task[None]] = {}
        self._purse: defaultdict[Tenant, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._stopped = False
        self.links: SpaceLinks | None = None
        """How the participant works with each space; filled in by whoever builds that room."""
        self.retention: Retention | None = None
        """Whether terms permit to keep data as long as it has to be kept; filled in by whoever builds that room."""
        self.wake: Callable[[], None] = lambda: None
        """Called when a run has ended: another one may begin, and the next one of the same order is due later."""

    async def take_up(self) -> None:
        """Let runs that a former process was cut off in be due at once, where no other process can have them."""
        await self._database.run(self._free)

    async def begin_due(self) -> None:
        """Begin what is due (a chore of the timer); what is under way goes on beside it."""
        free = AT_ONCE - len(self._running)
        if free <= 0 or self._stopped:
            return
        due = await self._database.read(lambda tx: tx.orders.next_due())
        if due is None or due > self._clock.now():
            return
        for order in await self._database.run(lambda tx: self._claim(tx, free)):
            self._begin(order)

    def _begin(self, order: Order) -> None:
        key = (order.tenant, order.id)

        def ended(_task: asyncio.Task[None]) -> None:
            del self._running[key]
            self.wake()

        self._running[key] = asyncio.get_running_loop().create_task(self._see_through(order))
        self._running[key].add_done_callback(ended)

    async def next_due(self) -> datetime | None:
        """Return when there is something to begin."""
        if len(self._running) >= AT_ONCE:
            return None
        return await self._database.read(lambda tx: tx.orders.next_due())

    async def idle(self) -> None:
        """Return once no run is under way."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def stop(self) -> None:
        """End what runs, and begin nothing more; it is begun anew after the next start."""
        self._stopped = True
        for task in list(self._running.values()):
            task.cancel()
        await self.idle()

    def _free(self, tx: AcquireTx) -> None:
        now = self._clock.now()
        for order in tx.orders.due(now + CLAIM, MAX_ITEMS):
            if order.state is OrderState.SEARCHING:
                tx.orders.put(structs.replace(order, due=now))

    def _claim(self, tx: AcquireTx, most: int) -> list[Order]:
        due = tx.orders.due(self._clock.now(), most + len(self._running))
        orders = [one for one in due if (one.tenant, one.id) not in self._running]
        return [claimed for order in orders[:most] if (claimed := self._claimed(tx, order)) is not None]

    def _claimed(self, tx: AcquireTx, order: Order) -> Order | None:
        """Return the order in a run that is ours. A run that was cut off keeps its number."""
        now = self._clock.now()
        if order.cancelled is not None or order.ended:
            tx.orders.put(structs.replace(order, due=None))
            return None
        number = 1 if order.run is None else order.run.number + (order.state is not OrderState.SEARCHING)
        run = Run(number=number, began=now)
        claimed = structs.replace(order, state=OrderState.SEARCHING, due=now + CLAIM, run=run, updated=now)
        tx.orders.put(claimed)
        tx.emit(OrderChanged(order.tenant, order.id))
        return claimed

    async def _see_through(self, order: Order) -> None:
        work = asyncio.ensure_future(self._run(order))
        try:
            while not (await asyncio.wait({work}, timeout=_RENEW))[0]:
                await self._database.run(lambda tx: self._renew(tx, order))
            await work
        except HanseError as error:
            why = error.message
            await self._database.run(lambda tx: self._failed(tx, order, why))
        except Exception:
            log.exception("order %s: a run failed", order.id)
            await self._database.run(lambda tx: self._failed(tx, order, "A fault of this program; its log says more."))
        finally:
            work.cancel()

    def _renew(self, tx: AcquireTx, order: Order) -> None:
        kept = _same_run(tx, order)
        if kept is not None:
            tx.orders.put(structs.replace(kept, due=self._clock.now() + CLAIM))

    async def _run(self, order: Order) -> None:
        looked = await self._searcher.search(order.tenant, read_query(order.wish.query))
        ranked = await self._allowed(order, await self._ranked(order, looked.found))
        held = {key_of(one): await self._holding(order, one) for one in ranked if not out(one)}
        # One after the other: two runs that looked into the same purse at once would both spend what is in it.
        async with self._purse[order.tenant]:
            purses = await self._purses(order, ranked)
            found = _Found(looked=looked, ranked=ranked, held=held, purses=purses)
            await self._database.run(lambda tx: self._write(tx, order, found))

    async def _ranked(self, order: Order, found: Sequence[Spotted]) -> list[Candidate]:
        wish, now, peers = order.wish, self._clock.now(), {one.member.did for one in found}
        chooser = await self._chooser(order, now)
        choices = await asyncio.to_thread(lambda: [chooser.choose(one.dataset.offers, facts_of(one.dataset)) for one in found])
        links = await self._database.read(lambda tx: {peer: tx.link_speeds.get(order.tenant, peer) for peer in peers})
        sights = [await self._sight(order, one, choice, links) for one, choice in zip(found, choices, strict=True)]
        return rank([judge(sight, wish) for sight in sights], wish, read_query(wish.query), now)

    async def _allowed(self, order: Order, ranked: list[Candidate]) -> list[Candidate]:
        """Leave out what is in a space from which the link with it allows nothing to be acquired."""
        if self.links is None:
            return ranked
        spaces = sorted({one.space for one in ranked})
        may = {space: await self.links.may(order.tenant, space, "acquire") for space in spaces}
        refused = {space: Reason("link", False, one.why) for space, one in may.items() if not one.yes}
        return [structs.replace(one, reasons=(*one.reasons, refused[one.space])) if one.space in refused else one for one in ranked]

    async def _purses(self, order: Order, ranked: Sequence[Candidate]) -> dict[str, Purse | str]:
        """Return what may come from each space without a person, for an order that nobody watches."""
        if self.links is None or order.wish.standing is None:
            return {}
        spaces = sorted({one.space for one in ranked if not out(one)})
        return {space: await self.links.purse(order.tenant, space) for space in spaces}

    async def _chooser(self, order: Order, now: datetime) -> Chooser:
        own = await self._around.spaces.own(order.tenant)
        return Chooser(wanted(order.wish), given(order.wish, own, now), order.wish.action, self._around.operands)

    async def _sight(self, order: Order, spotted: Spotted, choice: Choice | None, links: Mapping[Did, LinkSpeed | None]) -> Sight:
        peer = spotted.member.did
        declared = () if choice is None else await self._around.promises.declared(order.tenant, peer, choice.terms)
        return Sight(
            spotted=spotted,
            choice=choice,
            declared=declared,
            described=self._around.describing.of(spotted.dataset),
            link=links[peer],
            kept=None if choice is None or self.retention is None else self.retention.conflict(choice.terms, order.wish.action),
        )

    async def _holding(self, order: Order, candidate: Candidate) -> list[Holding]:
        held = await self._around.holdings.held(order.tenant, name_of(candidate))
        versions = [one for one in held if (one.provider, one.dataset) == key_of(candidate)]
        if not versions:
            return []
        chooser = await self._chooser(order, self._clock.now())
        found = []
        for version in versions:
            terms = None if version.agreement is None else await self._around.holdings.agreed(order.tenant, version.agreement)
            found.append(Holding(version, terms if terms is not None and chooser.covers(terms) else None))
        return found

    def _write(self, tx: AcquireTx, order: Order, found: _Found) -> None:
        kept, now = _same_run(tx, order), self._clock.now()
        if kept is None or kept.run is None:
            return
        looked, before = found.looked, list(tx.orders.items(order.tenant, order.id))
        elsewhere = [item for one in found.ranked for item in tx.orders.of_dataset(order.tenant, *key_of(one)) if item.order != order.id]
        drafts = plan(kept, found.ranked, found.held, before, elsewhere)
        if found.purses:
            drafts = unattended(drafts, found.purses)
        made = _items(kept, drafts, before, now)
        for item in made:
            tx.orders.put_item(item)
        run = structs.replace(
            kept.run,
            ended=now,
            spaces=looked.spaces,
            asked=looked.asked,
            silent=looked.silent,
            seen=looked.seen,
            found=len(looked.found),
            unread=looked.unread,
            why="" if len(made) == len(drafts) else f"An order has at most {MAX_ITEMS} items; {len(drafts) - len(made)} were not kept.",
        )
        state_order(tx, self._ledger, kept, "searched", reasons=[_decided(item) for item in made])
        self._end(tx, structs.replace(kept, run=run), tuple(tx.orders.items(order.tenant, order.id)))

    def _end(self, tx: AcquireTx, order: Order, items: tuple[Item, ...], why: str = "") -> None:
        """Bring the order out of its search."""
        now, standing = self._clock.now(), order.wish.standing
        state = OrderState.PLANNED if order.wish.dry_run else standing_of(structs.replace(order, state=OrderState.RUNNING), items)
        if why and standing is None:
            state = OrderState.FAILED
        line = Happening(now, "searched", detail=why or _counted(items, order))
        pause = timedelta(0) if standing is None else min(standing.every, _AGAIN) if why else standing.every
        due = None if standing is None else now + pause
        tx.orders.put(structs.replace(order, state=state, due=due, updated=now, why=why, story=told(order.story, line)))
        if state is OrderState.DONE or state is OrderState.FAILED:
            state_order(tx, self._ledger, order, "finished" if state is OrderState.DONE else "failed", reasons=[why] if why else [])
        tx.emit(OrderChanged(order.tenant, order.id))

    def _failed(self, tx: AcquireTx, order: Order, why: str) -> None:
        kept = _same_run(tx, order)
        if kept is not None and kept.run is not None:
            run = structs.replace(kept.run, ended=self._clock.now(), why=why)
            self._end(tx, structs.replace(kept, run=run), tuple(tx.orders.items(order.tenant, order.id)), why)


def _same_run(tx: AcquireTx, order: Order) -> Order | None:
    """Return the order as it is now, if it still is in the run that we do; else somebody has ended it, or taken it over."""
    kept = tx.orders.get(order.tenant, order.id)
    same = kept is not None and kept.state is OrderState.SEARCHING and kept.cancelled is None and kept.run == order.run
    return kept if same else None


def _items(order: Order, drafts: Sequence[Draft], before: Sequence[Item], now: datetime) -> list[Item]:
    """Return an item per draft. What was left out or has failed is judged anew under its old number: an order does not grow with time."""
    assert order.run is not None
    left_out = {key_of(item): item for item in before if item.state in _JUDGED_ANEW and not item.loose}
    number = max((item.number for item in before), default=0)
    made = []
    for draft in drafts:
        old = left_out.get(key_of(draft.candidate))
        if old is None:
            number += 1
        if number > MAX_ITEMS:
            break
        item = Item(
            tenant=order.tenant,
            order=order.id,
            number=number if old is None else old.number,
            run=order.run.number,
            state=ItemState.CANDIDATE,
            name=draft.name,
            candidate=draft.candidate,
            created=now if old is None else old.created,
            updated=now,
            story=() if old is None else old.story,
            price=draft.price,
            agreement=draft.agreement,
            version=draft.version,
            joined=draft.agreement is not None,
        )
        made.append(_decide(item, draft, now, dry=order.wish.dry_run))
    return made


def _decide(item: Item, draft: Draft, now: datetime, *, dry: bool) -> Item:
    if draft.out:
        return advance(item, Event.LEAVE_OUT, now, why=" ".join(draft.out))
    if dry:
        return structs.replace(item, questions=draft.questions)
    if draft.questions:
        return advance(item, Event.ASK, now, why="A person has to decide.", questions=draft.questions)
    return advance(item, Event.APPROVE, now, why="It is within the limits of the order.")


def _decided(item: Item) -> str:
    return f"{item.number}: {item.dataset} of {item.peer}: {item.state}. {item.why}".strip()


def _counted(items: Sequence[Item], order: Order) -> str:
    assert order.run is not None
    mine = [item for item in items if item.run == order.run.number]
    out = sum(item.state is ItemState.LEFT_OUT for item in mine)
    counts = ((order.run.asked, "member"), (len(mine), "dataset"))
    members, datasets = (f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts)
    silent = f", {len(order.run.silent)} silent" if order.run.silent else ""
    return f"{members} asked{silent}; {datasets} found" + (f", {out} left out" if out else "")
