"""Builds what carries orders out, and fills its ports with the connector, the facility, the transport and the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, cast

from hanse.app.build import Connector, Ground
from hanse.app.evidence import EvidenceSide
from hanse.app.neighbours import CHANGED
from hanse.connector.browse import Browser
from hanse.connector.exchange import PEER
from hanse.connector.records import Contract, Process
from hanse.connector.rules import Move
from hanse.connector.transfers import flows
from hanse.connector.views import Views
from hanse.connector.watch import Watch
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.dsp.messages import Role
from hanse.dsp.negotiation import Step as Talking
from hanse.dsp.transfer import Step as Flowing
from hanse.evidence import kinds as k
from hanse.factory.acquire.guard import may_agree
from hanse.factory.acquire.records import Item, Order, OrderChanged
from hanse.factory.acquire.running.faults import Rules
from hanse.factory.acquire.running.kit import Kit
from hanse.factory.acquire.running.ports import Deal, Documents, Fetched, Flow, Note, Progress, Staging, Talk
from hanse.factory.acquire.running.runner import Runner
from hanse.factory.acquire.settling import settle
from hanse.factory.facility import tiers
from hanse.factory.facility.facility import Facility
from hanse.factory.facility.records import Intake
from hanse.http.pull.ports import Fetcher, Sink
from hanse.kernel.errors import CallerError, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.match.coverage import match
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Atomic, Offer, Terms
from hanse.odrl.names import ACTIVE, MEMBERSHIP, PARTICIPANT
from hanse.odrl.normal import terms_hash
from hanse.storage.engine import RESYNC

ORDER = "order"
"""The broadcast that an order has changed; its payload is `TENANT ID`."""
_PULL = "HttpData-PULL"
_PAGE = 200


class RunningSide:
    """The runner on that ground, and how it hears of what other server processes do."""

    def __init__(
        self, ground: Ground, connector: Connector, evidence: EvidenceSide, facility: Facility, fetcher: Fetcher, documents: Documents
    ) -> None:
        database = ground.database
        self._watch = Watch(database.subscribe)
        views = Views(database, self._watch)
        self.dealings = ConnectorDealings(ground, connector, views, self._watch)
        kit = Kit(
            database=database,
            dealings=self.dealings,
            facility=FacilityShelf(facility),
            transport=PullTransport(fetcher),
            documents=documents,
            log=LedgerLog(evidence),
            settle=lambda tx, tenant, order: settle(tx, cast("Any", evidence.ledger), tenant, order, ground.clock.now()),
            may_agree=may_agree,
            clock=ground.clock,
            holder=ground.ids.new("tok"),
            rules=Rules(lease=ground.limits.lease),
        )
        self.runner = Runner(kit, alone=ground.settings.database == "")
        database.subscribe(self.runner.on_event)
        database.share(_told_of)
        database.on_broadcast(self._hear)

    def _hear(self, topic: str, payload: str) -> None:
        name, _, id = payload.partition(" ")
        if topic == CHANGED:
            self._watch.touched(Tenant(name), id)
        elif topic == ORDER:
            self.runner.changed(Tenant(name), id)
        elif topic == RESYNC:
            self._watch.touch_all()
            self.runner.missed()


class ConnectorDealings:
    """The connector's negotiations, agreements and transfers, as a consumer."""

    def __init__(self, ground: Ground, connector: Connector, views: Views, watch: Watch) -> None:
        self._database = ground.database
        self._operands = ground.operands
        self._browser = Browser(connector.kit)
        self._negotiations = connector.negotiations
        self._transfers = connector.transfers
        self._views = views
        self._watch = watch

    async def standing(self, tenant: Tenant, peer: Did, dataset: str) -> Sequence[Deal]:
        """Return the agreements in force that give us the dataset, newest first."""

        def fits(one: Contract) -> bool:
            return one.role is Role.CONSUMER and (one.peer, one.dataset) == (peer, dataset) and one.ended is None

        def work(tx: Any) -> list[Deal]:
            return [_deal(one) for one in _all(lambda after: tx.contracts.page(tenant, after=after, limit=_PAGE)) if fits(one)]

        return await self._database.read(work)

    def deal(self, tx: Any, tenant: Tenant, agreement: str) -> Deal | None:
        """Return an agreement, inside a transaction."""
        contract: Contract | None = tx.contracts.get(tenant, agreement)
        return None if contract is None else _deal(contract)

    async def covers(self, tenant: Tenant, planned: Terms, terms: Terms) -> bool:
        """Tell whether `terms` permit all that `planned` do, and ask for no more."""
        given = (Atomic(PARTICIPANT, "eq", self._negotiations.did_of(tenant)), Atomic(MEMBERSHIP, "eq", ACTIVE))
        # Comparing two large policies takes up to a second, in which others shall be served.
        found = await asyncio.to_thread(match, planned, terms, self._operands, given)
        return found.verdict is Verdict.COVERED

    async def under_way(self, tenant: Tenant, peer: Did, dataset: str, terms: str) -> str | None:
        """Return a negotiation that is open, in which we have asked for terms of that hash."""

        def work(tx: Any) -> str | None:
            for one in _all(lambda after: tx.negotiations.page(tenant, after=after, limit=_PAGE, open_only=True)):
                ours = one.role is Role.CONSUMER and (one.peer, one.dataset) == (peer, dataset) and one.asked is not None
                if ours and terms_hash(one.asked) == terms:
                    return str(one.id)
            return None

        return await self._database.read(work)

    async def negotiate(self, item: Item, by: str, note: Note) -> str:
        """Ask the provider for the item's terms, under an offer that it has now: the planned one, one of the same terms, or its first."""
        asked = item.need or item.offer.terms
        offers = await self._browser.offers(item.tenant, item.peer, item.dataset, None)
        fitting = (one for one in offers if one.id == item.offer.id or terms_hash(one.terms) == terms_hash(asked))
        offer = Offer(id=next(fitting, offers[0]).id, terms=asked)
        made = await self._negotiations.request(item.tenant, item.peer, item.dataset, offer, by=by, note=note)
        return made.id

    async def talk(self, tenant: Tenant, id: str, seconds: float = 0.0) -> Talk:
        """Return the negotiation, once it is final or stands still until we answer, or after so many seconds."""
        look = self._views.negotiation_when(tenant, id, (), seconds) if seconds else self._views.negotiation(tenant, id)
        seen = await look
        process = seen.process
        finalized = process.state == "FINALIZED" and process.agreement is not None
        return Talk(
            id=id,
            state=process.state or "",
            final=process.final,
            terms=process.offer.terms,
            agreement=process.agreement.id if finalized and process.agreement is not None else None,
            ours=process.state == "OFFERED" and seen.needs_person,
            refused=_refused(process),
            said=_said(process),
        )

    async def accept(self, tenant: Tenant, id: str, by: str) -> None:
        """Take what the provider has put on the table."""
        await self._negotiations.move(tenant, id, Move(Talking.ACCEPT), by)

    async def refuse(self, tenant: Tenant, id: str, reason: str) -> None:
        """End the negotiation, if it is not final."""
        with suppress(CallerError):
            await self._negotiations.move(tenant, id, Move(Talking.TERMINATE, reason=reason), "us")

    async def ask(self, item: Item, stated: dict[str, str], by: str, note: Note) -> str:
        """State what the data is for, signed, then ask for it."""
        made = await self._transfers.request(item.tenant, item.agreement or "", _PULL, stated=stated, by=by, note=note)
        return made.id

    async def flow(self, tenant: Tenant, id: str, until: Collection[str], seconds: float = 0.0) -> Flow:
        """Return the transfer, once it is final or in one of the states, or after so many seconds."""
        look = self._views.transfer_when(tenant, id, until, seconds) if seconds else self._views.transfer(tenant, id)
        process = (await look).process
        return Flow(
            id=id,
            state=process.state or "",
            final=process.final,
            halted=process.suspended_by is Role.CONSUMER,
            refused=_refused(process),
            said=_said(process),
        )

    async def left(self, tenant: Tenant, id: str) -> None:
        """Return as soon as data no longer flows in the transfer."""
        with self._watch.following(tenant, id) as changed:
            while True:
                # Cleared before looking: a change that comes between the two is not slept through.
                changed.clear()
                if not flows((await self._views.transfer(tenant, id)).process):
                    return
                await changed.wait()

    async def resume(self, tenant: Tenant, id: str) -> None:
        """Let a transfer go on that this side has halted."""
        await self._transfers.move(tenant, id, Move(Flowing.START), "us")

    async def complete(self, tenant: Tenant, id: str) -> None:
        """Say that the data is here, if the transfer is not final."""
        process = (await self._views.transfer(tenant, id)).process
        under_way = process.intent.step if process.intent is not None else None
        if not process.final and under_way != Flowing.COMPLETE:
            await self._transfers.move(tenant, id, Move(Flowing.COMPLETE), "us")

    async def end(self, tenant: Tenant, id: str, reason: str) -> None:
        """End the transfer, if it is not final."""
        with suppress(CallerError):
            await self._transfers.move(tenant, id, Move(Flowing.TERMINATE, reason=reason), "us")


class FacilityShelf:
    """The facility, as far as items need it."""

    def __init__(self, facility: Facility) -> None:
        self._facility = facility

    async def stage(self, order: Order, item: Item) -> Staging:
        """Begin the item's version, or go on with it."""
        intake = Intake(
            name=item.name,
            agreement=item.agreement,
            provider=item.peer,
            dataset=item.dataset,
            offered=item.offered,
            origin=item.candidate.origin,
            order=order.id,
            space=item.space,
            sums="provider" if item.verified else "measured",
            run=str(item.run),
        )
        return cast("Staging", await self._facility.intake(item.tenant, intake))

    async def version(self, tenant: Tenant, id: str) -> DatasetVersion:
        """Return the version `name@number`."""
        name, _, number = id.rpartition("@")
        return await self._facility.version(tenant, name, int(number))

    async def latest(self, tenant: Tenant, name: str) -> DatasetVersion | None:
        """Return the newest version of that name that is held, or nothing."""
        try:
            return await self._facility.version(tenant, name)
        except NotFound:
            return None

    async def files(self, version: DatasetVersion) -> Sequence[HeldFile]:
        """Return the files of a version."""
        return await self._facility.files(version.tenant, version.id)

    async def move(self, tenant: Tenant, id: str, place: str) -> None:
        """Move a version to a place."""
        await tiers.move(self._facility.stock, await self._facility.stored(tenant, id), place)

    def read(self, version: DatasetVersion, path: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield bytes of a version's file."""
        return self._facility.read(version.tenant, version.id, path, start, end)


class PullTransport:
    """The transport, as far as items need it."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    async def fetch(self, tenant: Tenant, transfer: str, staging: Staging, previous: DatasetVersion | None, progress: Progress) -> Fetched:
        """Stage all files of a started transfer."""
        found = await self._fetcher.fetch(tenant, transfer, cast("Sink", staging), previous, progress)
        return Fetched(size=found.size, files=found.files, moved=found.moved, verified=found.verified)


class LedgerLog:
    """The participant's signed log."""

    def __init__(self, evidence: EvidenceSide) -> None:
        self._ledger = evidence.ledger

    def acquired(self, tx: Any, order: Order, item: Item, version: DatasetVersion, changes: Sequence[str]) -> None:
        """State in this transaction that a version was acquired."""
        says = k.Acquired(
            agreement=item.agreement or "",
            version=version.id,
            dataset=item.dataset,
            provider=item.peer,
            root=version.root,
            count=version.count,
            size=version.size,
            moved=item.moved,
            sums="provider" if version.sums == "provider" else "measured",
            order=order.id,
            changes=tuple(changes),
        )
        self._ledger.append(tx, item.tenant, says)


def _told_of(event: object) -> tuple[str, str] | None:
    return (ORDER, f"{event.tenant} {event.order}") if isinstance(event, OrderChanged) else None


def _deal(contract: Contract) -> Deal:
    ended = "" if contract.ended is None else contract.end_reason or f"it ended on {contract.ended:%Y-%m-%d}"
    return Deal(id=contract.id, terms=contract.agreement.terms, ended=ended)


def _all(page: Callable[[str | None], Sequence[Any]]) -> list[Any]:
    found: list[Any] = []
    while part := page(found[-1].id if found else None):
        found += part
    return found


def _refused(process: Process) -> bool:
    """Tell whether it was the other side that ended it."""
    return any(one.by == PEER and (one.what.startswith("terminate") or one.what.endswith(": refused")) for one in process.history)


def _said(process: Process) -> str:
    return next((one.detail for one in reversed(process.history) if one.detail), "")
