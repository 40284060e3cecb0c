"""Second implementations of what the connector needs from outside: the network, the data plane, the space, the seal."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hanse.connector.offers import Found
from hanse.connector.ports import Delivery
from hanse.dsp.messages import DataAddress
from hanse.kernel.errors import ClaimsRefused, Forbidden, PeerRefused, PeerUnreachable, SourceVanished
from hanse.odrl.proofs import Proofs
from hanse.usage.ports import Proven

if TYPE_CHECKING:
    from tests.unit.connector.world import Side

ROOT = "http://localhost:8400"


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
        self.proved: dict[str, Proofs] = {}
        self.asked: list[tuple[str, Proofs]] = []

    async def require(self, tenant, peer):
        if peer in self.strangers:
            raise Forbidden(f"{peer} is not a member of the space.")

    async def admit(self, sender, asked):
        self.asked.append((sender.did, asked))
        if sender.did in self.strangers:
            raise ClaimsRefused(f"{sender.did} has no membership credential.")

    async def standing(self, tenant, peer, spaces=()):
        await self.require(tenant, peer)

    def spaces(self, tx, tenant, peer):
        return ()

    def proven(self, tx, tenant, did, spaces=()):
        known = self.proved.get(did, Proofs())
        return Proven(roles=known.roles, credentials=dict.fromkeys(known.credentials, ({},)))


class Looks:
    """Finds every source, and nothing out about it but its title."""

    async def inspect(self, tenant, source):
        return Found(title="Weather", byte_size=10)

    def keep(self, tx, asset, found):
        pass


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
        self.waiting: dict[Packet, None] = {}  # not a set: the same seed must give the same order
        self.sent: list[Packet] = []
        self.count = 0

    async def call(self, source, peer, url, body):
        if peer not in self.sides:
            return Delivery(None, b"", "There is no such host.")
        self.count += 1
        expires = self.clock.now() + timedelta(minutes=5)
        packet = Packet(source, self.sides[peer], url, body, f"jti-{self.count}", expires, asyncio.get_running_loop().create_future())
        self.packets.append(packet)
        self.sent.append(packet)
        self.waiting[packet] = None
        try:
            return await packet.future
        finally:
            self.waiting.pop(packet, None)

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

    async def deliver(self, tenant, peer, url, body):
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
