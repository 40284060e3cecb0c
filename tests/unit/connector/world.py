"""Two complete connectors and a network between them that does only what a test tells it to.

Everything behind the ports is a second implementation: the network carries requests and answers as separate packets,
so that either can be lost, late, repeated or overtaken; time stands still until it is moved; nothing opens a socket.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hanse.connector.catalog import Catalog
from hanse.connector.kit import Changed, Kit, OwnAddresses, Sender
from hanse.connector.negotiations import Negotiations
from hanse.connector.offers import Description, Found, Offers
from hanse.connector.outbox import Outbox
from hanse.connector.ports import Delivery, Limits
from hanse.connector.records import Answering, FileSource
from hanse.connector.rules import OwnOffersRule, StartAtOnceRule
from hanse.connector.transfers import Transfers
from hanse.dsp import messages as m
from hanse.dsp.messages import DataAddress, Fault, Role
from hanse.dsp.versions import v2025_1 as wire
from hanse.http import errors
from hanse.http.wire import Wire20251
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Forbidden, HanseError, Invalid, PeerRefused, PeerUnreachable, SourceVanished, Unauthenticated
from hanse.odrl.templates import parse_template
from hanse.storage import open_database

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOT = "http://localhost:8400"
BUSY_ROUNDS = 20_000


def terms(text="members"):
    """The terms of a template."""
    return parse_template(text, START)


class SideIds:
    """Ids that tell whose they are: `neg_p1`."""

    def __init__(self, letter):
        self._letter, self._count = letter, 0

    def new(self, prefix):
        self._count += 1
        return f"{prefix}_{self._letter}{self._count}"


class ContextSealer:
    """Seals so that a test sees when something is opened in another place than it was sealed for."""

    def seal(self, plain, context):
        return hashlib.sha256(context.encode()).digest() + plain[::-1]

    def unseal(self, sealed, context):
        assert sealed[:32] == hashlib.sha256(context.encode()).digest()
        return sealed[:31:-1]


@dataclass(frozen=True)
class PlaneEvent:
    """What the data plane is told, once it has been committed."""

    what: str
    transfer: str


class Plane:
    """A data plane that remembers: `live` are the transfers with a token, `events` all that it was told."""

    def __init__(self):
        self.live: set[str] = set()
        self.events: list[tuple[str, str]] = []
        self.vanished = False
        self._tokens = 0

    def check(self, tx, tenant, source):
        if self.vanished:
            raise SourceVanished("The file is gone.")

    def start(self, tx, transfer, sink):
        self.check(tx, transfer.tenant, None)
        self._tokens += 1
        tx.emit(PlaneEvent("push" if sink else "serve", transfer.id))
        if sink is not None:
            return None
        properties = {"authorization": f"token-{self._tokens}", "authType": "bearer"}
        return DataAddress(endpoint_type="https://w3id.org/idsa/v4.1/HTTP", endpoint=f"{ROOT}/data/{transfer.id}", properties=properties)

    def started(self, tx, transfer, address):
        tx.emit(PlaneEvent("started", transfer.id))

    def halt(self, tx, transfer):
        tx.emit(PlaneEvent("halt", transfer.id))

    def on_event(self, event):
        if not isinstance(event, PlaneEvent):
            return
        self.events.append((event.what, event.transfer))
        if event.what in ("serve", "push"):
            self.live.add(event.transfer)
        elif event.what == "halt":
            self.live.discard(event.transfer)


class Members:
    """A space whose members a test names; `None` lets everybody in."""

    def __init__(self):
        self.strangers: set[str] = set()

    async def require(self, tenant, peer):
        if peer in self.strangers:
            raise Forbidden(f"{peer} is not a member of the space.")


class Looks:
    """Finds every source, and nothing out about it but its title."""

    async def inspect(self, tenant, source):
        return Found(title="Weather", byte_size=10)


@dataclass(eq=False)
class Packet:
    """A request on its way. `future` is what the sender waits for; the packet may outlive the wait."""

    source: Side
    target: Side
    url: str
    body: bytes | None
    jti: str
    expires: datetime
    future: asyncio.Future[Delivery]

    @property
    def step(self):
        """The end of its path, e.g. `agreement`."""
        return self.url.partition("/negotiations/")[2] or self.url.partition("/transfers/")[2]

    @property
    def name(self):
        """The last word of its path, or `state` for a look at one."""
        return "state" if self.body is None else self.url.rpartition("/")[2]


@dataclass(eq=False)
class Answer:
    """An answer on its way back."""

    packet: Packet
    delivery: Delivery


LOST = Delivery(None, b"", "The connection was reset.")


class Net:
    """Carries packets and answers when told."""

    def __init__(self, clock):
        self.clock = clock
        self.sides: dict[str, Side] = {}
        self.packets: list[Packet] = []
        self.answers: list[Answer] = []
        self.waiting: set[Packet] = set()
        self.sent: list[Packet] = []
        self.count = 0

    async def call(self, source, peer, url, body):
        self.count += 1
        expires = self.clock.now() + timedelta(minutes=5)
        packet = Packet(source, self.sides[peer], url, body, f"jti-{self.count}", expires, asyncio.get_running_loop().create_future())
        self.packets.append(packet)
        self.sent.append(packet)
        self.waiting.add(packet)
        try:
            return await packet.future
        finally:
            self.waiting.discard(packet)

    def deliver(self, packet, *, keep=False):
        """Let the request arrive; `keep` leaves a copy in the network."""
        if not keep:
            self.packets.remove(packet)
        packet.target.spawn(self._handle(packet))

    def lose(self, packet, *, ghost=False):
        """Let the sender hear nothing; a `ghost` may still arrive."""
        if not ghost:
            self.packets.remove(packet)
        self._resolve(packet, LOST)

    def back(self, answer, *, lost=False):
        """Let the answer arrive, or be lost."""
        self.answers.remove(answer)
        self._resolve(answer.packet, LOST if lost else answer.delivery)

    def timeout(self):
        """No sender waits any longer; what is in the network stays there."""
        for packet in list(self.waiting):
            self._resolve(packet, Delivery(None, b"", "No answer came in time."))

    def _resolve(self, packet, delivery):
        if not packet.future.done():
            packet.future.set_result(delivery)

    async def _handle(self, packet):
        delivery = LOST
        try:
            delivery = await packet.target.answer(packet)
        finally:
            self.answers.append(Answer(packet, delivery))


class Post:
    """One side's courier and its way to read from peers."""

    def __init__(self, net, side):
        self._net, self._side = net, side

    async def post(self, tenant, peer, url, body):
        return await self._net.call(self._side, peer, url, body)


class Reads:
    """One side's reading from peers."""

    def __init__(self, net, side):
        self._net, self._side = net, side

    async def base_of(self, tenant, peer):
        return self._net.sides[peer].kit.own.base(self._net.sides[peer].tenant)

    async def get(self, tenant, peer, url):
        delivery = await self._net.call(self._side, peer, url, None)
        if delivery.status is None or delivery.status >= 500:
            raise PeerUnreachable(delivery.error or "trouble")
        if delivery.status >= 300:
            raise PeerRefused("no", status=delivery.status)
        return delivery.body

    async def post(self, tenant, peer, url, body):
        raise AssertionError("nothing here reads a catalogue")


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
        own = OwnAddresses(ROOT, wire.PATH)
        self.kit = Kit(self.db, self.outbox, Reads(self.net, self), self.members, self.plane, sealer, Wire20251(), clock, self.ids, own, self.limits)
        self.negotiations = self.negotiations_type(self.kit, OwnOffersRule(clock), lambda tx, tenant: self.did)
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
        dead = [*self.tasks, *self.outbox._tasks]
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
        exchange, encode = (self.negotiations, wire.encode_negotiation) if kind == "negotiations" else (self.transfers, wire.encode_transfer)
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


def _path(folder, name):
    return ":memory:" if folder is None else str(folder / f"{name}.sqlite")


def run(scenario):
    """Run `async def scenario(w)` in a fresh world."""

    async def whole():
        async with World() as world:
            return await scenario(world)

    return asyncio.run(whole())


__all__ = ["LOST", "Answering", "Changed", "Delivery", "Invalid", "Role", "Side", "World", "m", "run", "terms"]
