"""What ends a mirror besides its agreement: the role's trust, the membership, the link; and an end while a refresh runs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs

from hanse.anchor.records import Approval
from hanse.anchor.rulebook.document import read, write
from hanse.app.space import hand_over
from hanse.dcat.holding import Source
from hanse.evidence import kinds as k
from hanse.factory.facility.records import Intake, State
from hanse.factory.links.links import Wanted as Link
from hanse.factory.links.records import Mode
from hanse.factory.mirrors.records import MirrorState, Wanted
from hanse.kernel.errors import Forbidden, NotFound
from hanse.ledger.records import Delivery
from tests.scenarios.factory.mirrors.town import run
from tests.scenarios.operations.world import until


async def trust(world, *what):
    """Publish the rulebook anew, in which AI factories are trusted with this."""
    rulebooks = world.up.management.rulebooks
    book = read((await rulebooks.published("harbour")).text)
    roles = {**book.roles, "ai-factory": structs.replace(book.roles["ai-factory"], trust=list(what))}
    by = Approval(operator="op_1", name="Ann", at=world.clock.now())
    await rulebooks.publish("anchor", "harbour", write(structs.replace(book, roles=roles)), by)
    later(world)


def later(world, **time):
    """Let time go by: what is known of the space is looked at anew, and so are all mirrors."""
    world.clock.ahead += timedelta(**(time or {"hours": 1, "minutes": 1}))
    world.down.connector.timer.wake()


async def become(world, *roles):
    """Give the factory other roles, and hand it the credentials for them."""
    await world.up.management.members.change_roles("anchor", "harbour", world.zoo, roles)
    await hand_over(world.up, world.space, "zoo", world.zoo, world.down)
    later(world)


def test_where_the_rulebook_asks_for_trust_it_is_needed_and_its_loss_purges(tmp_path):
    async def scenario(world):
        await world.offer_collection()
        await trust(world, "mirror")
        wanted = Wanted(provider=world.acme.did, dataset=world.asset.id, name="mirror")
        with pytest.raises(Forbidden) as refused:
            await world.mirrors.make("zoo", wanted, "ann")
        assert refused.value.rule == "mirror"
        await become(world, "consumer", "ai-factory")
        with pytest.raises(Forbidden):  # the mode of the link does not say so yet
            await world.mirrors.make("zoo", wanted, "ann")
        await world.down.factory.links.links.set("zoo", world.space.url, Link(mode=Mode.OWN_ROLE), "ann")
        mirror = await world.make()
        assert (mirror.version, mirror.trusted, mirror.space) == ("mirror@1", True, world.space.url)
        await trust(world)
        ended = await world.ended()
        assert "Ask the anchor" in ended.why
        assert [one.obligation for one in await world.arrived("receipt", mirror.agreement)] == ["mirror@1"]
        # The agreement itself stands: it gives the data, only no mirror.
        contract = await world.down.ground.database.read(lambda tx: tx.contracts.get("zoo", mirror.agreement))
        assert contract.ended is None
        assert world.objects() == []

    run(tmp_path, scenario)


def test_with_the_membership_the_mirror_goes_and_the_provider_has_the_proof(tmp_path):
    async def scenario(world):
        await world.offer_collection()
        mirror = await world.make()
        await world.up.management.members.remove("anchor", "harbour", world.zoo, "Unpaid.")
        later(world)
        await world.ended()
        assert world.objects() == []
        assert len(await world.stated(world.down, "zoo", "receipt", mirror.agreement)) == 1
        assert len(await world.arrived("receipt", mirror.agreement)) == 1
        # That is all that a former member may still state: nothing on which a use could rest.
        evidence = world.down.evidence.evidence
        sent = await evidence.send("zoo", k.UseStated(agreement=mirror.agreement, purpose="dpv:ResearchAndDevelopment"))
        assert (await evidence.settled("zoo", sent.id, 10)).state is Delivery.REFUSED
        sent = await evidence.send("zoo", k.Notice(agreement=mirror.agreement, about="hello", text="Hello."))
        assert (await evidence.settled("zoo", sent.id, 10)).state is Delivery.ACKNOWLEDGED

    run(tmp_path, scenario)


def test_an_ended_link_ends_its_mirrors(tmp_path):
    async def scenario(world):
        await world.offer_collection()
        mirror = await world.make()
        links = world.down.factory.links.links
        until_then = world.clock.now() + timedelta(days=7)
        await links.set("zoo", world.space.url, Link(mode=Mode.AD_HOC, project="flood", until=until_then), "ann")
        assert (await world.refresh()).problem == ""
        later(world, days=7, minutes=1)
        ended = await world.ended()
        assert "The project flood is over." in ended.why
        assert len(await world.arrived("receipt", mirror.agreement)) == 1

    run(tmp_path, scenario)


def test_what_was_acquired_under_the_same_agreement_stays_as_its_terms_say(tmp_path):
    async def scenario(world):
        await world.offer_collection()
        mirror = await world.make()

        async def pieces():
            yield b"1\n"

        async def store(name, of=None):
            made_of = () if of is None else (Source(of, "0" * 64, (mirror.agreement,)),)
            ground = {"agreement": mirror.agreement} if of is None else {"made_of": made_of, "under": (mirror.agreement,)}
            intaking = await world.facility.intake("zoo", Intake(name=name, **ground))
            await intaking.put("a.csv", pieces(), sha256=None, size=2)
            await intaking.commit()

        await store("bought")
        for name, of in (("of-bought", "bought@1"), ("of-mirror", "mirror@1"), ("of-that", "of-mirror@1")):
            await store(name, of)
        for of in ("bought@1", "of-mirror@1"):  # somebody sends what was made of these, at this very moment
            wish = Intake(name=f"half-{of[:-2]}", made_of=(Source(of, "0" * 64, (mirror.agreement,)),), under=(mirror.agreement,))
            await (await world.facility.intake("zoo", wish)).put("a.csv", pieces(), sha256=None, size=2)
        ended = await world.mirrors.end("zoo", "mirror", "")
        assert (ended.state, len(ended.receipts)) == (MirrorState.ENDED, 3)
        assert await world.content("bought@1") == await world.content("of-bought@1") == {"a.csv": b"1\n"}
        for gone in ("mirror@1", "of-mirror@1", "of-that@1"):  # what was made of a mirror goes with it
            with pytest.raises(NotFound):
                await world.content(gone)
        begun = await world.down.ground.database.read(lambda tx: tx.facility.stagings("zoo"))
        assert [one.intake.name for one in begun] == ["half-bought"]
        # The name is free again.
        assert (await world.make()).version == "mirror@2"

    run(tmp_path, scenario)


class SlowObjects:
    """Objects that are stored only once somebody says so: the second implementation of the facility's port that does that."""

    def __init__(self, objects):
        self._objects = objects
        self.go, self.asked = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._objects, name)

    async def put(self, name, data):
        if "/packs/" in name:
            self.asked.set()
            await self.go.wait()
        await self._objects.put(name, data)


def test_a_contract_that_ends_while_a_refresh_runs_leaves_nothing(tmp_path):
    async def scenario(world):
        await world.offer_collection()
        mirror = await world.make()
        (world.collection / "more.bin").write_bytes(bytes(range(256)) * 8_192)
        stock = world.facility.stock
        stock.hot = slow = SlowObjects(stock.hot)
        await world.mirrors.refresh("zoo", "mirror")
        await asyncio.wait_for(slow.asked.wait(), 10)
        await world.end_contract(mirror.agreement)

        async def known():
            return (await world.down.ground.database.read(lambda tx: tx.contracts.get("zoo", mirror.agreement))).ended

        await until(known, "the end of the contract")
        slow.go.set()
        ended = await world.ended()
        await world.mirrors.settle()
        assert "It is over." in ended.why

        async def nothing():
            return world.objects() == []

        await until(nothing, "an empty facility")
        assert await world.down.ground.database.read(lambda tx: tx.facility.stagings("zoo")) == []
        stored = await world.down.ground.database.read(lambda tx: tx.facility.of_agreement("zoo", mirror.agreement))
        assert [(one.version.id, one.state) for one in stored] == [("mirror@1", State.GONE)]
        assert [one.obligation for one in await world.arrived("receipt", mirror.agreement)] == ["mirror@1"]

    run(tmp_path, scenario)
