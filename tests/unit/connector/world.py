"""Two complete connectors and a network between them that does only what a test tells it to.

Everything behind the ports is a second implementation: the network carries requests and answers as separate packets,
so that either can be lost, late, repeated or overtaken; time stands still until it is moved; nothing opens a socket.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from hanse.app.usage import UsageSide
from hanse.config import Settings
from hanse.connector.bargain import Bargaining, PreferencesRule
from hanse.connector.catalog import Catalog
from hanse.connector.kit import Kit, OwnAddresses, Sender
from hanse.connector.negotiations import Negotiations
from hanse.connector.offers import Description, Offers
from hanse.connector.outbox import Outbox
from hanse.connector.ports import Delivery, Limits
from hanse.connector.records import FileSource
from hanse.connector.rules import OwnOffersRule, StartAtOnceRule
from hanse.connector.transfers import Transfers
from hanse.dsp.messages import Fault
from hanse.dsp.versions import v2025_1 as wire
from hanse.http import errors
from hanse.http.wire import Wire20251
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import HanseError, Unauthenticated
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.templates import parse_template
from hanse.storage import open_database
from tests.unit.connector.fakes import ROOT, ContextSealer, Looks, Members, Net, Packet, Plane, Post, Reads, SideIds

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BUSY_ROUNDS = 20_000


def terms(text="members"):
    """The terms of a template."""
    return parse_template(text, START)


@dataclass(eq=False)
class Side:
    """One participant's connector. `build` makes its objects anew, as a restart does; the database stays."""

    name: str
    net: Net
    clock: ManualClock
    address: str = ":memory:"
    limits: Limits = field(default_factory=Limits)
    negotiations_type: type[Negotiations] = Negotiations
    transfers_type: type[Transfers] = Transfers
    watch: Callable[[Side, object], None] = lambda side, event: None
    tasks: set[asyncio.Task] = field(default_factory=set)
    faults: list[BaseException] = field(default_factory=list)

    def __post_init__(self):
        self.tenant = self.name
        self.did = f"did:web:localhost%3A8400:participants:{self.name}"
        self.ids = SideIds(self.name[0])
        self.plane, self.members = Plane(), Members()
        self.net.sides[self.did] = self

    async def open(self):
        self.db = await open_database(self.address)
        self.db.subscribe(self._heard)
        self.build()
        return self

    def build(self):
        clock, sealer = self.clock, ContextSealer()
        self.outbox = Outbox(self.db, Post(self.net, self), sealer, clock, self.ids, self.limits)
        own, reads = OwnAddresses(ROOT, wire.PATH), Reads(self.net, self)
        ground = SimpleNamespace(clock=clock, database=self.db, operands=BUILT_IN, ids=self.ids, settings=Settings())
        self.usage = UsageSide(ground, self.members)
        usage = self.usage.bridge
        parts = (self.db, self.outbox, reads, self.members, self.plane, usage, sealer, Wire20251(), clock, self.ids, own, self.limits)
        self.kit = Kit(*parts)
        self.bargaining = Bargaining(BUILT_IN, usage)
        rule = PreferencesRule(OwnOffersRule(usage), self.bargaining)
        self.negotiations = self.negotiations_type(self.kit, rule, lambda tenant: self.did)
        self.transfers = self.transfers_type(self.kit, StartAtOnceRule(), self.negotiations)
        self.offers = Offers(self.kit, Looks())
        self.catalog = Catalog(self.kit)

    def _heard(self, event):
        self.plane.on_event(event)
        self.watch(self, event)
        self.outbox.on_event(event)

    def spawn(self, work: Awaitable):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.faults.append(task.exception())

    async def kill(self):
        """Lose everything but the database; what had been sent stays in the network."""
        dead = sorted([*self.tasks, *self.outbox._tasks], key=_age)
        for task in dead:
            task.cancel()
        await asyncio.gather(*dead, return_exceptions=True)
        if self.address != ":memory:":
            await self.db.close()
            await self.open()
        else:
            self.build()
        self.sweep()

    def sweep(self):
        """What the timer does when something may be due."""
        for chore in (self.outbox.send_due, self.negotiations.end_overdue, self.transfers.end_overdue):
            self.spawn(chore())

    # What a peer reaches.

    async def answer(self, packet):
        sender = Sender(self.tenant, packet.source.did, packet.jti, packet.expires)
        try:
            if self.clock.now() > packet.expires:
                raise Unauthenticated("The token has expired.", rule="expired")
            return await self._routed(sender, packet)
        except HanseError as error:
            status, code, reason = errors.dsp_problem(error)
            retry = error.retry_after if hasattr(error, "retry_after") else None
            return Delivery(status, wire.encode_negotiation_error(Fault(code=code, reason=(reason,))), "", retry)

    async def _routed(self, sender, packet):
        kind, _, rest = packet.url.partition(self.kit.own.base(self.tenant) + "/")[2].partition("/")
        ours = {"negotiations": (self.negotiations, wire.encode_negotiation), "transfers": (self.transfers, wire.encode_transfer)}
        exchange, encode = ours[kind]
        pid, _, tail = rest.partition("/")
        if packet.body is None:
            return Delivery(200, encode(await exchange.state(sender, pid)))
        message, print_ = wire.decode(packet.body), hashlib.sha256(packet.body).hexdigest()[:32]
        if not tail:
            return Delivery(201, encode(await exchange.receive_first(sender, message, print_)))
        await exchange.receive_next(sender, pid, message, print_)
        return Delivery(200, b"")

    # What tests look at.

    async def read(self, work):
        return await self.db.read(work)

    async def negotiation(self, id):
        return await self.read(lambda tx: tx.negotiations.get(self.tenant, id))

    async def transfer(self, id):
        return await self.read(lambda tx: tx.transfers.get(self.tenant, id))

    async def all_negotiations(self):
        return await self.read(lambda tx: list(tx.negotiations.page(self.tenant, after=None, limit=500)))

    async def all_transfers(self):
        return await self.read(lambda tx: list(tx.transfers.page(self.tenant, after=None, limit=500)))

    async def all_contracts(self):
        return await self.read(lambda tx: list(tx.contracts.page(self.tenant, after=None, limit=500)))

    async def next_moment(self):
        def work(tx):
            moments = (tx.outbox.next_due(), tx.negotiations.next_deadline(), tx.transfers.next_deadline())
            return min((moment for moment in moments if moment is not None), default=None)

        return await self.read(work)

    async def asset(self, *texts, **said):
        """Put an asset on offer."""
        description = Description(terms=tuple(terms(text) for text in texts or ("members",)), **said)
        return await self.offers.create(self.tenant, FileSource(path="/data/weather.csv"), description)


class _Complaints(logging.Handler):
    """What the program itself found alarming."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record):
        self.texts.append(record.getMessage())


class World:
    """A provider, a consumer, the network and the clock. Use as `async with World() as w`."""

    def __init__(self, *, folder=None, provider=None, consumer=None, limits=None, watch=None):
        self.clock = ManualClock(START)
        self.net = Net(self.clock)
        common = {"limits": limits or Limits()} | ({"watch": watch} if watch else {})
        self.provider = Side("prov", self.net, self.clock, _path(folder, "prov"), **common, **(provider or {}))
        self.consumer = Side("cons", self.net, self.clock, _path(folder, "cons"), **common, **(consumer or {}))
        self.complaints = _Complaints()

    @property
    def sides(self):
        return (self.provider, self.consumer)

    async def __aenter__(self):
        for side in self.sides:
            await side.open()
        for name in ("hanse.outbox", "hanse.http"):
            logging.getLogger(name).addHandler(self.complaints)
        return self

    async def __aexit__(self, kind, error, trace):
        for name in ("hanse.outbox", "hanse.http"):
            logging.getLogger(name).removeHandler(self.complaints)
        for side in self.sides:
            dead = [*side.tasks, *side.outbox._tasks]
            for task in dead:
                task.cancel()
            await asyncio.gather(*dead, return_exceptions=True)
            await side.db.close()
        if error is None:
            self.check()

    def check(self):
        """Nothing has failed in a way that nobody has foreseen."""
        for side in self.sides:
            for fault in side.faults:
                if not isinstance(fault, HanseError):
                    raise fault
        assert not self.complaints.texts, self.complaints.texts

    async def settle(self):
        """Let everything run that does not wait for the network."""
        for turn in range(BUSY_ROUNDS):
            waiting = sum(1 for packet in self.net.waiting if not packet.future.done())
            if len(asyncio.all_tasks()) - 1 <= waiting:
                await asyncio.sleep(0)  # what a task does when it is done
                if len(asyncio.all_tasks()) - 1 <= waiting:
                    return
            await asyncio.sleep(0 if turn < 200 else 0.0005)
        raise AssertionError("something runs for ever")

    async def flow(self, rounds=200):
        """Let the network carry everything, in order, until it is quiet."""
        for _ in range(rounds):
            await self.settle()
            if self.net.packets:
                self.net.deliver(self.net.packets[0])
            elif self.net.answers:
                self.net.back(self.net.answers[0])
            else:
                return
        raise AssertionError("the two sides never stop talking")

    async def arrive(self, name=None):
        """Let the oldest request (whose path ends with `name`) arrive, not yet its answer."""
        await self.settle()
        packet = next(p for p in self.net.packets if name in (None, p.name))
        self.net.deliver(packet)
        await self.settle()
        return packet

    async def lose_answers(self):
        await self.settle()
        for answer in list(self.net.answers):
            self.net.back(answer, lost=True)
        await self.settle()

    async def tick(self, **by):
        """Move the time, and let both sides do what is due."""
        self.clock.advance(**by)
        for side in self.sides:
            side.sweep()
        await self.settle()

    async def say(self, target, message, pid=None, *, by=None, jti=None, body=None):
        """Hand a message of one's own making to a side, as if `by` (a DID; else the other side) had sent it; return the answer."""
        self.net.count += 1
        did = by or next(side.did for side in self.sides if side is not target)
        url = target.kit.own.base(target.tenant) + wire.path_of(message, pid)
        expires = self.clock.now() + timedelta(minutes=5)
        future = asyncio.get_running_loop().create_future()
        packet = Packet(
            SimpleNamespace(did=did), target, url, body or wire.encode(message), jti or f"said-{self.net.count}", expires, future
        )
        answer = await target.answer(packet)
        await self.settle()
        return answer

    async def look(self, target, kind, pid, by=None):
        """GET the state of a process; return (status, state)."""
        self.net.count += 1
        did = by or next(side.did for side in self.sides if side is not target)
        url = f"{target.kit.own.base(target.tenant)}/{kind}/{pid}"
        future = asyncio.get_running_loop().create_future()
        answer = await target.answer(
            Packet(SimpleNamespace(did=did), target, url, None, f"look-{self.net.count}", self.clock.now(), future)
        )
        return answer.status, (json.loads(answer.body).get("state"))

    # Shortcuts of the main job.

    async def agreed(self, text="members", **said):
        """Return (asset, the consumer's negotiation) after a negotiation by rule."""
        asset = await self.provider.asset(text, **said)
        begun = await self.consumer.negotiations.request("cons", self.provider.did, asset.id, asset.dataset.offers[0])
        await self.flow()
        found = await self.consumer.negotiation(begun.id)
        assert found.state == "FINALIZED", found
        return asset, found

    async def started(self, format="HttpData-PULL", sink=None, text="members"):
        """Return (consumer's transfer, provider's transfer), both STARTED."""
        _, negotiation = await self.agreed(text)
        begun = await self.consumer.transfers.request("cons", negotiation.agreement.id, format, sink)
        await self.flow()
        ours = await self.consumer.transfer(begun.id)
        theirs = await self.provider.transfer(ours.peer_pid)
        assert (ours.state, theirs.state) == ("STARTED", "STARTED")
        return ours, theirs


def _age(task):
    return int(task.get_name().rpartition("-")[2])


def _path(folder, name):
    return ":memory:" if folder is None else str(folder / f"{name}.sqlite")


def run(scenario):
    """Run `async def scenario(w)` in a fresh world."""

    async def whole():
        async with World() as world:
            return await scenario(world)

    return asyncio.run(whole())
