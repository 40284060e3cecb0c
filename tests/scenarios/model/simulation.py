"""One random run: operators act, the network misbehaves, either side dies, time passes; then all is healed and must agree.

Everything follows from the seed. Time is virtual, and nothing happens that the run has not chosen.
"""

from __future__ import annotations

import random
from collections import Counter

from hanse.connector.kit import Changed
from hanse.connector.records import Answering
from hanse.connector.rules import Move
from hanse.connector.transfers import flows
from hanse.dsp import negotiation, transfer
from hanse.dsp.messages import Role
from hanse.kernel.errors import CallerError
from hanse.odrl.forms.write import write_agreement
from hanse.odrl.model import Offer
from tests.unit.connector.world import World, terms

TABLES = {"negotiation": negotiation, "transfer": transfer}
TEXTS = ("members", "members + until 2030-01-01", "open")
PAUSES = {0.3: 6, 2: 6, 8: 6, 25: 6, 70: 4, 400: 2, 1000: 2, 4000: 1}
LONG_PAUSES = (90_000, 1_000_000)
"""An outage as long as the patience with an unknown outcome cannot be decided by anybody, so there is one at most."""

MOVES = {Role.PROVIDER: {"offer": 3, "agree": 3, "terminate": 1}, Role.CONSUMER: {"request": 3, "accept": 4, "terminate": 1}}
TRANSFER_MOVES = {"suspend": 6, "start": 8, "complete": 1, "terminate": 0.4}
HEALED_ROUNDS = 3_000


class Violation(AssertionError):
    """An invariant does not hold."""


class Monitor:
    """Watches every committed step of both sides."""

    def __init__(self):
        self.states: dict[tuple[str, str], str] = {}
        self.roles: dict[tuple[str, str], Role] = {}
        self.story: list[str] = []

    def __call__(self, side, event):
        if not isinstance(event, Changed):
            return
        key = (side.name, event.id)
        before, table = self.states.get(key), TABLES[event.kind]
        self.story.append(f"{side.name} {event.id}: {before} -{event.step}{'' if event.ours else ' (peer)'}-> {event.state}")
        if before is None:
            first = Role.PROVIDER if event.step == "offer" else Role.CONSUMER
            self.roles[key] = first if event.ours else first.other
        sender = self.roles[key] if event.ours else self.roles[key].other
        handed_back = (before, sender, event.step) == ("STARTED", Role.PROVIDER, "start")
        unheard = before is None and event.ours and event.step == "terminate"
        if (
            not handed_back
            and not unheard
            and table.TABLE.get((before and table.State(before), sender, table.Step(event.step))) != event.state
        ):
            raise Violation(f"{key} left {before} for {event.state} by '{event.step}' of the {sender}")
        self.states[key] = event.state


class Run:
    """One run. `steps` is how often something is chosen before all is healed.

    Every second run begins with a transfer under way, on which the operators then act most of the time.
    """

    def __init__(self, seed, steps=90, folder=None, **types):
        self.seed, self.steps = seed, steps
        self.chance = random.Random(seed)
        random.seed(seed)  # the outbox's jitter
        self.monitor = Monitor()
        self.world = World(folder=folder, watch=self.watch, provider=types, consumer=types)
        self.violation: Violation | None = None
        self.begun: list[str] = []
        self.long_pause = 0.0
        self.running = bool(seed % 2)
        self.log: list[str] = []

    def watch(self, side, event):
        # A subscriber's error is only logged by the database, so it is kept for the next check.
        try:
            self.monitor(side, event)
        except Violation as violation:
            self.violation = violation

    async def play(self):
        async with self.world as w:
            self.assets = [await w.provider.asset(*TEXTS[:2]), await w.provider.asset(TEXTS[0], answering=Answering.HAND)]
            await self.begin(w.consumer)
            if self.running:
                await w.started()
                self.begun += [one.id for one in [*await w.consumer.all_negotiations(), *await w.consumer.all_transfers()]]
            for _ in range(self.steps):
                await self.choose()
                await self.check()
            await self.rest()
            await self.resume_all()
            await self.heal()
            await self.agree()
            w.check()

    # What can happen.

    async def choose(self):
        w, chance = self.world, self.chance
        acts = [(6, self.network), (2, self.operate), (1, self.transfer), (0.7, self.pause), (0.4, self.kill), (0.15, self.begin_any)]
        act = chance.choices([act for _, act in acts], [weight for weight, _ in acts])[0]
        await act()
        if chance.random() < 0.7:
            await w.settle()

    async def network(self):
        net, chance = self.world.net, self.chance
        if net.answers and (not net.packets or chance.random() < 0.5):
            net.back(chance.choice(net.answers), lost=chance.random() < 0.25)
        elif net.packets:
            packet = chance.choice(net.packets)
            luck = chance.random()
            if luck < 0.65:
                net.deliver(packet)
            elif luck < 0.75:
                net.deliver(packet, keep=True)
            else:
                net.lose(packet, ghost=luck > 0.87)

    async def pause(self):
        seconds = self.chance.choices(list(PAUSES), list(PAUSES.values()))[0]
        if not self.long_pause and self.chance.random() < 0.02:
            self.long_pause = seconds = self.chance.choice(LONG_PAUSES)
        if seconds > 20:
            self.world.net.timeout()
            await self.world.settle()
        self.log.append(f"pause {seconds}")
        await self.world.tick(seconds=seconds)

    async def kill(self):
        side = self.chance.choice(self.world.sides)
        self.log.append(f"kill {side.name}")
        await side.kill()

    async def begin_any(self):
        if len(self.begun) < 4:
            await self.begin(self.chance.choice(self.world.sides))

    async def begin(self, side):
        w, asset = self.world, self.chance.choice(self.assets)
        offer = self.chance.choice(asset.dataset.offers)
        if side is w.provider:
            begun = await side.negotiations.offer("prov", w.consumer.did, asset.id, offer)
        else:
            placed = offer if self.chance.random() < 0.6 else Offer(id=offer.id, terms=terms(self.chance.choice(TEXTS)))
            answering = self.chance.choice(list(Answering))
            begun = await side.negotiations.request("cons", w.provider.did, asset.id, placed, answering=answering)
        self.begun.append(begun.id)

    async def operate(self):
        """An operator does something to something, which may not be possible: then nothing changes."""
        side = self.chance.choice(self.world.sides)
        kind = self.chance.choices((side.negotiations, side.transfers), (1, 4 if self.running else 1))[0]
        found = await (side.all_negotiations() if kind is side.negotiations else side.all_transfers())
        if not found:
            return
        process = self.chance.choice(found)
        steps = MOVES[process.role] if kind is side.negotiations else TRANSFER_MOVES
        step = self.chance.choices(list(steps), list(steps.values()))[0]
        offer = Offer(id=side.ids.new("off"), terms=terms(self.chance.choice(TEXTS)))
        await self.move(side, kind, process.id, Move(step, offer=offer, reason="an operator says so" if step == "terminate" else ""))

    async def move(self, side, kind, id, move):
        try:
            await kind.move(side.tenant, id, move, "op")
        except CallerError as error:
            self.log.append(f"{side.name} {id} {move.step}: {error.message}")
            return
        self.log.append(f"{side.name} {id} {move.step}: done")
        if move.step in ("suspend", "complete", "terminate") and kind is side.transfers:
            process = await side.transfer(id)
            self.expect(not flows(process) and id not in side.plane.live, f"data flows after our own '{move.step}'")

    async def transfer(self):
        side = self.world.consumer
        contracts = [one for one in await side.all_contracts() if one.role is Role.CONSUMER]
        if contracts and len(await side.all_transfers()) < 4:
            begun = await side.transfers.request("cons", self.chance.choice(contracts).id, "HttpData-PULL")
            self.begun.append(begun.id)

    # What must hold.

    def expect(self, holds, what):
        if not holds:
            raise Violation(what)

    async def check(self):
        if self.violation:
            raise self.violation
        provider = self.world.provider
        contracts = {one.id: one for one in await provider.all_contracts()}
        for one in await provider.all_transfers():
            if flows(one):
                contract = contracts.get(one.agreement_id)
                self.expect(contract is not None and contract.ended is None, f"{one.id} flows without a contract")
                state = self.monitor.states.get(("prov", contract.negotiation))
                self.expect(state == "FINALIZED", f"{one.id} flows while the negotiation is {state}")
            else:
                self.expect(one.id not in provider.plane.live, f"{one.id} has a token in {one.state}, {one.intent}")

    async def rest(self):
        """No more losses: everything that is on its way arrives, but no deadline runs yet."""
        w = self.world
        for _ in range(HEALED_ROUNDS):
            await w.flow()
            moments = [moment for side in w.sides if (moment := await side.read(lambda tx: tx.outbox.next_due())) is not None]
            if not moments:
                return
            w.clock.advance(seconds=max(0.001, (min(moments) - w.clock.now()).total_seconds()))
            await w.tick()
        raise Violation("the two sides never stop talking")

    async def resume_all(self):
        """Whoever has suspended a transfer can resume it, and only one of the two has; then data can be had again."""
        w = self.world
        theirs = {one.id: one for one in await w.provider.all_transfers()}
        for ours in await w.consumer.all_transfers():
            other = theirs.get(ours.peer_pid)
            if other is None or not (ours.state == other.state == "SUSPENDED"):
                continue
            self.expect(ours.suspended_by is other.suspended_by, f"{ours.id}: suspended by {ours.suspended_by} and by {other.suspended_by}")
            side, id = (w.consumer, ours.id) if ours.suspended_by is Role.CONSUMER else (w.provider, other.id)
            await side.transfers.move(side.tenant, id, Move("start"), "op")
            await w.flow()
            states = (await w.consumer.transfer(ours.id)).state, (await w.provider.transfer(other.id)).state
            self.expect(states == ("STARTED", "STARTED"), f"{ours.id}: {states} after it was resumed")
            self.expect(other.id in w.provider.plane.live, f"{other.id} was resumed, but gives no data")

    async def heal(self):
        """No more losses: everything arrives, deadlines run, and operators complete what would flow for ever."""
        w = self.world
        for _ in range(HEALED_ROUNDS):
            await w.flow()
            await self.check()
            moments = [moment for side in w.sides if (moment := await side.next_moment()) is not None]
            if moments:
                w.clock.advance(seconds=max(0.001, (min(moments) - w.clock.now()).total_seconds()))
                await w.tick()
            elif not await self.complete_all():
                return
        raise Violation("the two sides never come to rest")

    async def complete_all(self):
        w, acted = self.world, False
        for side in w.sides:
            for one in await side.all_transfers():
                if one.state == "STARTED" and not one.intent:
                    acted = True
                    await self.move(side, side.transfers, one.id, Move("complete"))
                    await w.flow()
        return acted

    async def agree(self):
        w = self.world
        await self.pairs(await w.consumer.all_negotiations(), await w.provider.all_negotiations(), self.same_negotiation)
        await self.pairs(await w.consumer.all_transfers(), await w.provider.all_transfers(), self.same_transfer)
        for side in w.sides:
            finalized = Counter(one.id for one in await side.all_negotiations() if one.state == "FINALIZED")
            contracts = Counter(one.negotiation for one in await side.all_contracts())
            self.expect(finalized == contracts, f"{side.name}: contracts {contracts} for {finalized}")
            self.expect(not side.plane.live, f"{side.name} still serves {side.plane.live}")

    async def pairs(self, ours, theirs, same):
        for one, others in [(one, theirs) for one in ours] + [(one, ours) for one in theirs]:
            self.expect(one.final, f"{one.id} is stuck in {one.state}, {one.intent}")
            found = [other for other in others if other.id == one.peer_pid or other.peer_pid == one.id]
            self.expect(len(found) <= 1, f"{one.id} has {len(found)} counterparts")
            if found:
                same(one, found[0])
            else:
                self.expect(one.id in self.begun, f"{one.id} has been begun by nobody")
                self.expect(one.state == "TERMINATED", f"{one.id} is {one.state}, and the peer has never heard of it")

    def same_negotiation(self, one, other):
        self.same_state(one, other)
        if one.state == "FINALIZED":
            self.expect(write_agreement(one.agreement) == write_agreement(other.agreement), f"{one.id}: two agreements")

    def same_transfer(self, one, other):
        self.same_state(one, other)

    def same_state(self, one, other):
        self.expect(one.state == other.state, f"{one.id} is {one.state}, {other.id} is {other.state}")
