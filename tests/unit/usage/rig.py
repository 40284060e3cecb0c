"""A decision point on a database in memory, with a peer, statements and a data plane that a test sets."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hanse.dsp.messages import Role
from hanse.kernel.clock import ManualClock
from hanse.kernel.ids import CountedIds
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.facts import Fact
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import TRANSFORMS
from hanse.odrl.say import say_refusal
from hanse.storage import open_database
from hanse.usage.decision import DecisionPoint
from hanse.usage.duties import Capabilities
from hanse.usage.gather import World
from hanse.usage.obligations import Obligations
from hanse.usage.openings import Openings
from hanse.usage.ports import Origin, Proven
from hanse.usage.records import Deal, Use
from hanse.usage.telling import Telling
from hanse.usage.uses import Uses

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OWN, PEER = "did:web:localhost%3A8400:participants:acme", "did:web:localhost%3A8400:participants:zoo"


def gb(text):
    return {"@value": text, "@type": "urn:hanse:odrl:unit:GB"}


def permit(*constraints, action="use", duties=()):
    return Rule(action, tuple(constraints), duties=tuple(duties))


def terms(*constraints, duties=(), obligations=(), action="use"):
    return Terms(permissions=(permit(*constraints, action=action, duties=duties),), obligations=tuple(obligations))


class Book:
    """A ledger that remembers."""

    def __init__(self):
        self.lines = []

    def admitted(self, tx, deal, use, report):
        self.lines.append(("admitted", use.id))

    def refused(self, tx, deal, use, sentence):
        self.lines.append(("refused", use.id, sentence))

    def ended(self, tx, deal, use):
        self.lines.append(("ended", use.id, use.reason))


class Rig:
    """Also the peers, the statements, the data and the deals behind it."""

    def __init__(self, db, said, role=Role.PROVIDER):
        self.db, self.clock, self.role = db, ManualClock(START), role
        self.proven_now: Proven | None = Proven()
        self.said: dict[str, str] = {}
        self.has_service: bool | None = True
        self.transforms: set[str] = set()
        self.stored_as: frozenset[str] = frozenset()
        self.from_: Origin | None = None
        self.measures = None
        self.book = Book()
        self.deal_ = Deal(id="agr_1", tenant="acme", role=role, peer=PEER, own=OWN, target="ds_1", terms=said, since=START)
        world = World(peers=self, statements=self, data=self, operands=BUILT_IN)
        capabilities = Capabilities(operands=BUILT_IN, transforms=TRANSFORMS, ledger=True)
        self.point = DecisionPoint(world, capabilities, self.clock, lambda terms, report: say_refusal(report, terms=terms))
        self.uses = Uses(self.point, self.clock, self.book)
        self.obligations = Obligations(self.clock)
        self.openings = Openings(db, self.uses, self, self.clock, CountedIds())
        self.telling = Telling(db, BUILT_IN, self.clock)

    # The ports.

    def proven(self, tx, tenant, did, spaces=()):
        return self.proven_now

    def stated(self, tx, tenant, agreement):
        return {name: Fact(value, "statement", START, START + timedelta(days=30)) for name, value in self.said.items()}

    def listens(self, tenant, peer):
        return self.has_service

    def can(self, tx, tenant, target, duty):
        return duty.action in self.transforms

    def states(self, tx, tenant, target, terms):
        return self.stored_as

    def origin(self, tx, deal):
        return self.from_

    def quality(self, tx, deal):
        return self.measures

    def deal(self, tx, tenant, agreement):
        return self.deal_

    def past(self, tx, tenant, agreement):
        return self.deal_

    # What tests do.

    def use(self, id="trf_1", **changes):
        return Use(id=id, tenant="acme", agreement="agr_1", peer=PEER, role=self.role, reserved=self.clock.now(), **changes)

    async def admit(self, id="trf_1", **changes):
        return await self.db.run(lambda tx: self.uses.admit(tx, self.deal_, self.use(id, **changes)))

    async def again(self, id="trf_1"):
        return await self.db.read(lambda tx: self.uses.again(tx, self.deal_, self.use(id)))

    async def take(self, id="trf_1", **much):
        return await self.db.run(lambda tx: self.uses.take(tx, self.deal_, self.use(id), **much))

    async def give_back(self, id="trf_1", **much):
        await self.db.run(lambda tx: self.uses.give_back(tx, "acme", "agr_1", id, **much))

    async def end(self, id="trf_1", reason=""):
        await self.db.run(lambda tx: self.uses.end(tx, self.deal_, id, reason))

    async def tally(self):
        return await self.db.read(lambda tx: tx.uses.tally("acme", "agr_1"))

    async def prospect(self):
        return await self.db.read(lambda tx: self.point.prospect(tx, self.deal_))

    async def tell(self, name, value, about="agr_1", **more):
        return await self.telling.tell("acme", about, name, value, source="an operator", **more)


def run(said, scenario, role=Role.PROVIDER, *, came=True):
    """Run `async def scenario(rig)` with an agreement on these terms; to a consumer its data `came` once, before anything was counted."""

    async def whole():
        db = await open_database(":memory:")
        try:
            async with asyncio.timeout(60):
                rig = Rig(db, said, role)
                if role is Role.CONSUMER and came:
                    await db.run(lambda tx: tx.uses.put(rig.use("trf_0", began=START, ended=START)))
                return await scenario(rig)
        finally:
            await db.close()

    return asyncio.run(whole())


__all__ = ["OWN", "PEER", "START", "Atomic", "Rig", "Rule", "Terms", "gb", "permit", "run", "terms"]
