"""Mirrors over ports in memory: what is made, refused, refreshed, given up, purged and reported."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs

from hanse.factory.mirrors.mirrors import Mirrors
from hanse.factory.mirrors.records import Deal, Judgement, Line, MirrorState
from hanse.factory.mirrors.reporting import digest
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PeerRefused
from tests.unit.factory.mirrors.memory import HARBOUR, NOON, US, WANTED, World, away

MEADOW = "https://land.example/spaces/meadow"


def run(scenario):
    async def whole():
        async with asyncio.timeout(10):
            await scenario(World())

    asyncio.run(whole())


def test_an_agreement_that_stands_is_taken_up_and_else_one_is_made():
    async def scenario(world):
        world.deals.append(Deal(id="agr_old", spaces=(HARBOUR,)))
        mirror = await world.make()
        assert (mirror.agreement, mirror.version, mirror.count, mirror.size, world.agreed) == ("agr_old", "rain@1", 2, 150, 0)
        world.end_agreement()
        await world.later(hours=1)
        again = await world.make()
        assert (again.agreement, again.version, world.agreed) == ("agr_1", "rain@2", 1)

    run(scenario)


def test_what_a_space_does_not_trust_us_with_is_refused_before_anything_is_agreed_on():
    async def scenario(world):
        world.judgements[HARBOUR] = Judgement(yes=False, why="No role of yours may.")
        with pytest.raises(Forbidden, match="No role of yours may"):
            await world.mirrors.make(US, WANTED, "ann")
        world.judgements[HARBOUR] = Judgement(yes=None, why="The anchor is away.")
        with pytest.raises(Forbidden, match="away"):
            await world.mirrors.make(US, WANTED, "ann")
        assert world.agreed == 0
        # One space that lets us is enough; but it has to be one of the agreement's.
        world.judgements[MEADOW] = Judgement(yes=True)
        with pytest.raises(Forbidden):
            await world.mirrors.make(US, WANTED, "ann")
        world.judgements.clear()
        world.deals.clear()
        with pytest.raises(Forbidden, match="in no space"):
            await world.mirrors.make(US, WANTED, "ann")

    run(scenario)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Rain"},
        {"every": timedelta(minutes=4)},
        {"every": timedelta(days=367)},
        {"keep": 0},
        {"keep": 1_001},
        {"stated": {str(number): "x" for number in range(17)}},
    ],
)
def test_what_cannot_be_is_refused(wrong):
    async def scenario(world):
        with pytest.raises(Invalid):
            await world.mirrors.make(US, structs.replace(WANTED, **wrong), "ann")
        assert world.agreed == 0

    run(scenario)


def test_a_name_is_taken_once():
    async def scenario(world):
        await world.make()
        with pytest.raises(Conflict, match="a mirror rain already"):
            await world.mirrors.make(US, WANTED, "ann")
        world.tx.shelf[US, "own"] = world.tx.shelf[US, "rain"]
        with pytest.raises(Conflict, match="stored data of the name own"):
            await world.mirrors.make(US, structs.replace(WANTED, name="own"), "ann")
        for call in (world.mirrors.show, world.mirrors.refresh, world.mirrors.report):
            with pytest.raises(NotFound):
                await call(US, "nothing")
            with pytest.raises(NotFound):
                await call("they", "rain")

    run(scenario)


def test_a_refresh_goes_by_difference_and_says_what_vanished():
    async def scenario(world):
        await world.make()
        world.offered = {"a": 101, "c": 7}
        await world.refresh()
        await world.refresh()  # nothing changed: no version, no statement
        assert world.previous == [None, "rain@1", "rain@2"]
        assert world.tx.log == [("mirrored", "rain@1", 10, 0), ("mirrored", "rain@2", 10, 1)]
        assert world.transfers == ["trf_1 done", "trf_2 done", "trf_3 done"]
        mirror = world.mirror()
        assert (mirror.version, mirror.moved, mirror.moved_ever, mirror.run, mirror.transfer) == ("rain@2", 10, 30, 4, "")

    run(scenario)


def test_the_timer_refreshes_and_what_fails_is_tried_again_later_and_later():
    async def scenario(world):
        mirror = await world.make(every=timedelta(hours=6))
        assert mirror.due == NOON + timedelta(hours=6)
        assert await world.mirrors.next_due() == mirror.due
        assert (await world.later(hours=5)).moved_ever == 10
        world.fetching = [away, away]
        failed = await world.later(hours=1)
        assert (failed.problem, failed.failures, failed.due) == ("Nobody answers.", 1, world.clock.now() + timedelta(minutes=1))
        assert world.dropped[0][0] == "trf_2"
        failed = await world.later(minutes=1)
        assert (failed.failures, failed.due) == (2, world.clock.now() + timedelta(minutes=2))
        done = await world.later(minutes=2)
        assert (done.problem, done.failures, done.due) == ("", 0, world.clock.now() + timedelta(hours=6))
        by_hand = await world.mirrors.schedule(US, "rain", None, 5)
        assert (by_hand.due, by_hand.keep) == (None, 5)
        assert await world.mirrors.next_due() is None

    run(scenario)


def test_of_two_server_processes_one_refreshes():
    async def scenario(world):
        await world.make(every=timedelta(hours=6))
        world.clock.advance(hours=6)
        other = Mirrors(world.kit)
        await asyncio.gather(world.mirrors.begin_due(), other.begin_due())
        await asyncio.gather(world.mirrors.settle(), other.settle())
        assert world.previous == [None, "rain@1"]
        assert world.mirror().moved_ever == 20

    run(scenario)


def test_old_versions_are_dropped_unless_offered_or_kept():
    async def scenario(world):
        await world.make(keep=2)
        world.pinned_versions, world.kept = frozenset({"rain@1"}), {"rain@2": "a court"}
        for size in range(5):
            world.offered = {"a": size}
            await world.refresh()
        assert [one.id for one in await world.versions(US, "rain")] == ["rain@1", "rain@2", "rain@5", "rain@6"]

    run(scenario)


@pytest.mark.parametrize("when", ["fetching", "committing"])
def test_an_agreement_that_ends_while_a_refresh_runs_leaves_no_version(when):
    async def scenario(world):
        await world.make()
        world.offered = {"a": 1}

        async def ends():
            world.end_agreement()
            if when == "fetching":
                world.flowing.set()
                await asyncio.sleep(3600)

        world.fetching = [ends]
        mirror = await world.refresh()
        assert (mirror.state, mirror.why) == (MirrorState.ENDED, "The agreement has ended. It is over.")
        assert await world.versions(US, "rain") == []
        assert [one for one in world.tx.log if one[0] == "mirrored"] == [("mirrored", "rain@1", 10, 0)]

    run(scenario)


def test_a_recall_that_comes_while_a_refresh_runs_leaves_no_version():
    async def scenario(world):
        await world.make()
        world.offered = {"a": 1}

        async def recalled():
            await world.run(lambda tx: world.mirrors.recalled(tx, US, "agr_1", "Wrong."))

        world.fetching = [recalled]
        await world.refresh()
        assert [one[1] for one in world.tx.log if one[0] == "mirrored"] == ["rain@1"]
        assert (await world.later(seconds=0)).state is MirrorState.ENDED
        assert await world.versions(US, "rain") == []

    run(scenario)


def test_a_transfer_that_is_left_ends_the_fetch_with_its_reason():
    async def scenario(world):
        await world.make()

        async def forever():
            world.flowing.set()
            await asyncio.sleep(3600)

        world.fetching = [forever]
        mirror = await world.refresh()
        assert (mirror.state, mirror.problem) == (MirrorState.ACTIVE, "The transfer was ended while its data was fetched.")

    run(scenario)


def test_what_is_stored_under_the_name_without_the_agreement_is_no_earlier_version():
    async def scenario(world):
        await world.make()
        version, files = world.tx.shelf[US, "rain"][1]
        world.tx.shelf[US, "rain"][2] = (structs.replace(version, number=2, agreement=None), {"mine": 1})
        await world.refresh()
        assert world.previous == [None, None]
        assert world.tx.log[-1] == ("mirrored", "rain@3", 10, 0)
        assert files == world.offered

    run(scenario)


def test_an_owner_who_ends_it_does_not_wait_for_the_refresh():
    async def scenario(world):
        await world.make()

        begun = asyncio.Event()

        async def forever():
            begun.set()
            await asyncio.sleep(3600)

        world.fetching = [forever]
        await world.mirrors.refresh(US, "rain")
        await begun.wait()
        ended = await world.mirrors.end(US, "rain", "Enough.")
        assert (ended.state, ended.why, ended.receipts, world.withdrawn) == (MirrorState.ENDED, "Enough.", ("led_1",), ["rain"])
        for call in (lambda: world.mirrors.refresh(US, "rain"), lambda: world.mirrors.end(US, "rain", "")):
            with pytest.raises(Conflict, match="has ended"):
                await call()

    run(scenario)


def test_a_loss_of_trust_purges_and_what_cannot_be_told_destroys_nothing():
    async def scenario(world):
        await world.make()
        world.judgements[HARBOUR] = Judgement(yes=None, why="The anchor is away.")
        world.mirrors.space_changed(HARBOUR)
        await world.mirrors.settle()
        mirror = await world.refresh()
        assert (mirror.state, "The anchor is away." in mirror.problem) == (MirrorState.ACTIVE, True)
        assert world.transfers == ["trf_1 done"]  # nor is anything fetched
        world.judgements[HARBOUR] = Judgement(yes=False, why="The role was taken back.")
        world.mirrors.space_changed(MEADOW)
        world.mirrors.space_changed(HARBOUR, "they")
        await world.mirrors.settle()
        assert world.mirror().state is MirrorState.ACTIVE
        world.mirrors.space_changed(HARBOUR)
        await world.mirrors.settle()
        assert (world.mirror().state, world.mirror().why) == (MirrorState.ENDED, "The role was taken back.")

    run(scenario)


def test_what_was_revoked_while_the_server_was_down_is_purged_at_the_start():
    async def scenario(world):
        await world.make()
        world.end_agreement()
        await world.mirrors.start()
        await world.mirrors.settle()
        assert world.mirror().state is MirrorState.ENDED

    run(scenario)


@pytest.mark.parametrize("alone", [True, False])
def test_a_refresh_that_a_stop_cut_off_is_taken_up(alone):
    async def scenario(world):
        await world.make()
        begun = asyncio.Event()

        async def forever():
            begun.set()
            await asyncio.sleep(3600)

        world.fetching, world.offered = [forever], {"a": 1}
        await world.mirrors.refresh(US, "rain")
        await begun.wait()
        await world.mirrors.stop()
        assert (world.mirror().transfer, world.mirror().version) == ("trf_2", "rain@1")
        assert world.mirrors.busy(world.mirror())
        world.mirrors = Mirrors(world.kit, alone=alone)
        await world.mirrors.start()
        await world.mirrors.settle()
        if not alone:
            assert world.mirror().version == "rain@1"
            await world.later(minutes=10)
        assert (world.mirror().version, world.mirror().transfer) == ("rain@2", "")

    run(scenario)


def test_what_somebody_keeps_is_told_once_and_tried_again():
    async def scenario(world):
        await world.make()
        world.kept = {"rain@1": "a court"}
        held = await world.mirrors.end(US, "rain", "")
        assert (held.state, [one.version for one in held.held]) == (MirrorState.PURGING, ["rain@1"])
        await world.later(hours=1)
        world.kept = {"rain@1": "another court"}
        await world.later(hours=1)
        assert [one for one in world.tx.log if one[0] == "kept"] == [("kept", "rain@1: a court"), ("kept", "rain@1: another court")]
        world.kept = {}
        assert (await world.later(hours=1)).state is MirrorState.ENDED

    run(scenario)


def test_a_recall_dooms_in_the_transaction_that_takes_the_providers_word():
    async def scenario(world):
        await world.make()
        await world.run(lambda tx: world.mirrors.recalled(tx, US, "agr_9", "Wrong."))
        assert world.mirror().state is MirrorState.ACTIVE
        await world.run(lambda tx: world.mirrors.recalled(tx, US, "agr_1", "Wrong."))
        assert world.mirror().state is MirrorState.PURGING
        assert "Wrong." in (await world.later(seconds=0)).why
        assert world.mirror().state is MirrorState.ENDED

    run(scenario)


def line(who, use, at, size=1):
    return Line(who=who, use=use, action="use", at=at, size=size)


def test_each_use_is_in_one_report_and_no_report_names_anybody():
    async def scenario(world):
        await world.make()
        now = NOON + timedelta(hours=1)
        world.clock.advance(hours=1)
        world.lines = [line("did:web:ann", "trf_1", now - timedelta(minutes=9), 5), line("did:web:bob", "trf_2", now)]
        first = await world.mirrors.report(US, "rain")
        assert (first.uses, first.size, [one.uses for one in first.users]) == (1, 5, [1])  # the other one may not be written down yet
        # One that was written down late, and one that is new.
        world.lines.append(line("did:web:ann", "trf_3", now - timedelta(seconds=30)))
        world.clock.advance(seconds=5)
        second = await world.mirrors.report(US, "rain")
        assert (second.uses, len(second.users)) == (2, 2)
        third = await world.mirrors.report(US, "rain")
        assert (third.uses, third.statements) == (0, ())
        told = [one for _, lines in [entry for entry in world.tx.log if entry[0] == "report"] for one in lines]
        assert sorted(use for _, use, _ in told) == ["trf_1", "trf_2", "trf_3"]
        assert {user for user, _, _ in told} == {digest("salt", "did:web:ann"), digest("salt", "did:web:bob")}
        assert "did:web" not in repr(world.tx.log)

    run(scenario)


def test_reports_are_made_once_a_day_and_at_the_end():
    async def scenario(world):
        await world.make()
        world.lines = [line("did:web:ann", "trf_1", NOON + timedelta(minutes=1))]
        await world.later(hours=23)
        assert [one for one in world.tx.log if one[0] == "report"] == []
        await world.later(hours=1, minutes=1)
        assert len([one for one in world.tx.log if one[0] == "report"]) == 1
        world.lines.append(line("did:web:ann", "trf_2", world.clock.now() - timedelta(minutes=1)))
        await world.mirrors.end(US, "rain", "")
        assert len([one for one in world.tx.log if one[0] == "report"]) == 2

    run(scenario)


def test_a_transfer_that_is_halted_ends_the_fetch_and_is_no_reason_to_purge():
    async def scenario(world):
        await world.make()

        async def halted():
            raise PeerRefused("The transfer was halted.", status=403)

        world.fetching = [halted]
        mirror = await world.refresh()
        assert (mirror.state, mirror.problem, mirror.version) == (MirrorState.ACTIVE, "The transfer was halted.", "rain@1")

    run(scenario)
