"""The custody register: what stays, what wins over what, who is told, and what the log says of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs

from hanse.factory.custody.records import Owed
from hanse.kernel.errors import Conflict, Invalid, NotFound
from tests.unit.factory.custody.world import ACME, AGREEMENT, NOW, PROVIDER, World, version


def due(days=None, **more):
    moment = None if days is None else NOW + timedelta(days=days)
    return Owed(path="obligation[0]", due=moment, words="P30D after the contract ends", **more)


def test_what_is_kept_stays_until_then_and_no_longer():
    async def scenario():
        world = World(years=10)
        one = world.put(version())
        assert world.register.keeper(world.tx, one) is None
        custody = await world.register.keep(ACME, one.id, why="Our auditors.")
        assert custody.keepings[0].until.year == NOW.year + 10
        assert "in custody until 2036-03-01" in world.register.keeper(world.tx, one)
        world.clock.advance(days=3653)
        assert world.register.keeper(world.tx, one) is None

    asyncio.run(scenario())


def test_what_others_keep_is_written_down_and_stops_nothing():
    async def scenario():
        world = World()
        one = world.put(version(agreement=AGREEMENT))
        await world.register.keep(ACME, one.id, keeper=PROVIDER)
        assert world.register.keeper(world.tx, one) is None
        gone = world.put(version(number=2, deleted=NOW))
        await world.register.keep(ACME, gone.id, keeper="National Archive")
        with pytest.raises(Conflict, match="deleted here"):
            await world.register.keep(ACME, gone.id)
        with pytest.raises(Invalid, match="over"):
            await world.register.keep(ACME, one.id, until=NOW)
        with pytest.raises(NotFound):
            await world.register.keep(ACME, "nothing@1")
        with pytest.raises(Invalid) as refused:
            await world.register.keep(ACME, one.id, keeper="ann@example.org")
        assert refused.value.rule == "personal"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("owed", "stays"),
    [
        (due(30), True),
        (due(None), True),
        (due(0.03), False),
        (due(-1, overdue=True), False),
        (due(-1, done=True), True),
    ],
    ids=["later", "not known yet", "within the hour", "overdue", "done"],
)
def test_a_deletion_that_has_come_due_wins_over_custody(owed, stays):
    async def scenario():
        world = World()
        one = world.put(version(agreement=AGREEMENT))
        await world.register.keep(ACME, one.id)
        world.owed = [owed]
        assert (world.register.keeper(world.tx, one) is not None) is stays
        [hold] = await world.register.hold(ACME, one.id, "a court wants it")
        assert hold.id in world.register.keeper(world.tx, one)  # nothing wins over that

    asyncio.run(scenario())


def test_a_contradiction_is_told_until_it_is_settled():
    async def scenario():
        world = World(years=10)
        one = world.put(version(agreement=AGREEMENT))
        world.owed = [due(30)]
        [conflict] = (await world.register.keep(ACME, one.id)).conflicts
        assert conflict.delete == NOW + timedelta(days=30)
        assert "owes its deletion by 2026-03-31 (obligation[0])" in conflict.text
        world.owed = [due(None)]
        [conflict] = (await world.register.of(ACME, one.id)).conflicts
        assert "P30D after the contract ends" in conflict.text
        world.owed = [due(365 * 20)]
        assert (await world.register.of(ACME, one.id)).conflicts == ()
        world.owed = [due(30)]
        await world.register.release(ACME, one.id)
        assert (await world.register.of(ACME, one.id)).conflicts == ()
        with pytest.raises(NotFound):
            await world.register.release(ACME, one.id)
        assert world.kinds() == ["kept", "kept"]
        assert world.entries[-1].says.what == "released"

    asyncio.run(scenario())


@pytest.mark.parametrize(("owed", "told"), [([due(30)], 2), ([], 0), ([due(-1, done=True)], 0)])
def test_the_provider_is_told_of_a_hold_if_it_is_owed_a_deletion(owed, told):
    async def scenario():
        world = World()
        world.put(version(agreement=AGREEMENT))
        world.put(version(number=2, agreement=AGREEMENT, deleted=NOW))
        world.owed = owed
        [hold] = await world.register.hold(ACME, AGREEMENT, "The case of Ann.")
        await world.register.lift(ACME, hold.id, "Ann's case is closed.")
        assert len(world.told) == told
        assert all("Ann" not in one.text for one in world.told)
        assert world.kinds() == ["held", "held"]
        assert all("Ann" not in str(one.says) for one in world.entries)
        # Whoever has the words and the salt can prove later that these were the words.
        assert world.entries[0].says.note == (await world.register.find(ACME, hold.id)).note.digest
        with pytest.raises(Conflict, match="before"):
            await world.register.lift(ACME, hold.id)

    asyncio.run(scenario())


def test_holds_that_cannot_be():
    async def scenario():
        world = World()
        one = world.put(version())
        world.put(version(number=2, deleted=NOW))
        for about, reason, until, error in (
            (one.id, " ", None, Invalid),
            (one.id, "why", NOW, Invalid),
            ("nothing@1", "why", None, NotFound),
            ("agr_9", "why", None, NotFound),
            ("rain@2", "why", None, Conflict),
        ):
            with pytest.raises(error):
                await world.register.hold(ACME, about, reason, until)
        with pytest.raises(NotFound):
            await world.register.lift(ACME, "hld_9")
        assert world.entries == []

    asyncio.run(scenario())


def test_drills_fall_due_and_what_comes_back_wrong_is_told():
    async def scenario():
        world = World(drill_days=30)
        one, other = world.put(version()), world.put(version(number=2))
        await world.register.keep(ACME, one.id)
        assert (await world.register.of(ACME, one.id)).drill_due == NOW + timedelta(days=30)
        assert await world.drilling.choose(ACME) == []
        world.clock.advance(days=30)
        assert await world.drilling.choose(ACME) == [one]
        heard = []
        report = await world.drilling.run(ACME, [one], lambda done, whole: heard.append((done, whole)))
        assert (report.sound, report.size, report.seconds, heard) == (True, 100, 2.0, [(100, 100)])
        assert report.drills[0].rate == 50
        assert await world.drilling.choose(ACME) == []
        assert await world.drilling.choose(ACME, sample=9) == [one]
        world.shelf.faults[other.id] = ["maria.txt: the file does not have its SHA-256"]
        report = await world.drilling.run(ACME, await world.drilling.choose(ACME, [one.id, other.id]))
        assert [each.sound for each in report.drills] == [True, False]
        assert report.drills[1].problems == ("maria.txt: the file does not have its SHA-256",)
        assert "maria" not in str(world.entries[-1].says)
        world.put(structs.replace(one, count=2))
        world.shelf.fetch = _less(world)
        assert (await world.drilling.run(ACME, [world.shelf.versions[one.id]])).drills[0].problems == ("not all of it came back",)
        with pytest.raises(NotFound):
            await world.drilling.choose(ACME, ["nothing@1"])
        with pytest.raises(Invalid):
            await world.drilling.choose(ACME, sample=0)

    asyncio.run(scenario())


def _less(world):
    from hanse.factory.custody.ports import Fetched

    async def fetch(_tenant, _id, _progress):
        return Fetched(files=1, size=50)

    return fetch


def test_a_sample_is_drawn_from_all_where_nothing_is_in_custody():
    async def scenario():
        world = World()
        for number in range(1, 9):
            world.put(version(number=number, deleted=NOW if number == 3 else None))
        drawn = await world.drilling.choose(ACME, sample=4)
        assert len({one.id for one in drawn}) == 4
        assert all(one.number != 3 for one in await world.drilling.choose(ACME, sample=99))

    asyncio.run(scenario())
