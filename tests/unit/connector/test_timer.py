"""One timer: a sweep at the start, asleep until something is due, woken when it is due earlier, not ended by a fault."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hanse.connector.timer import Timer
from hanse.kernel.errors import StorageFailed
from tests.unit.connector.world import run


def test_it_sweeps_at_once_and_again_when_it_is_woken():
    async def scenario(w):
        turns = []

        async def chore():
            turns.append(1)

        timer = Timer(w.consumer.db, w.clock, [chore])
        timer.start()
        await asyncio.sleep(0.02)
        assert len(turns) == 1
        timer.wake()
        await asyncio.sleep(0.02)
        assert len(turns) == 2
        await timer.stop()
        await Timer(w.consumer.db, w.clock, []).stop()

    run(scenario)


def test_it_sleeps_until_the_next_thing_is_due():
    async def scenario(w):
        timer = Timer(w.consumer.db, w.clock, [], patrol=timedelta(minutes=5))
        assert await timer._turn() == timedelta(minutes=5)
        asset = await w.provider.asset()
        await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        assert await timer._turn() == w.consumer.limits.lease
        w.clock.advance(minutes=1)
        assert await timer._turn() == timedelta(milliseconds=1)

    run(scenario)


def test_a_full_disk_does_not_end_it():
    async def scenario(w):
        async def chore():
            raise StorageFailed("The disk is full.")

        timer = Timer(w.consumer.db, w.clock, [chore])
        assert await timer._turn() == timedelta(seconds=5)

    run(scenario)


def test_a_deadline_is_kept_to_by_the_timer_alone():
    async def scenario(w):
        asset = await w.provider.asset(answering="hand")
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        await w.flow()
        w.clock.advance(days=15)
        timer = Timer(
            w.consumer.db, w.clock, [w.consumer.outbox.send_due, w.consumer.negotiations.end_overdue, w.consumer.transfers.end_overdue]
        )
        for _ in range(3):
            await timer._turn()
            await w.settle()
        assert [packet.name for packet in w.net.packets] == ["termination"]
        await w.flow()
        assert (await w.consumer.negotiation(begun.id)).state == "TERMINATED"
        assert [one.state for one in await w.provider.all_negotiations()] == ["TERMINATED"]

    run(scenario)
