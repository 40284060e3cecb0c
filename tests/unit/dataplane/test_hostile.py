"""Whatever fails while data flows, and however: it ends the flow."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hanse.dataplane.metering import Meters
from hanse.dataplane.records import Permit, Place
from hanse.dataplane.running import Running
from hanse.kernel.clock import ManualClock
from tests.unit.dataplane.world import ACME, Memory

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TIMED = Permit("ds_1", Place("file", "/x"), agreement="agr_1", time=True)


async def settled(done):
    for _ in range(200):
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def test_a_decision_that_fails_in_an_unforeseen_way_cuts_the_response():
    async def scenario():
        clock, cuts = ManualClock(NOW), []
        with Running(clock).enter(ACME, "trf_1", lambda: cuts.append(1)) as response:

            async def again():
                raise ValueError("a fault of our own")

            response.until(NOW - timedelta(seconds=1), again)
            await settled(lambda: cuts)

    asyncio.run(scenario())


class Broken:
    """Grants one lease, and then fails in an unforeseen way."""

    def __init__(self):
        self.prepared = 0
        self.calls = 0

    async def prepare(self, tenant, agreement, consumer):
        self.prepared += 1

    def take(self, tx, tenant, transfer, permit, volume, seconds):
        self.calls += 1
        if self.calls > 1:
            raise ValueError("a fault of our own")

    def sent(self, tx, tenant, transfer, volume):
        pass

    def give_back(self, tx, tenant, transfer, permit, volume, seconds):
        pass


def test_time_that_cannot_be_counted_is_not_given():
    async def scenario():
        async def sleep(_seconds):
            await asyncio.sleep(0)

        broken, cuts, running = Broken(), [], Running(ManualClock(NOW))
        meters = Meters(Memory(), broken, running, sleep=sleep)
        with running.enter(ACME, "trf_1", lambda: cuts.append(1)):
            async with meters.released(ACME, "trf_1", TIMED, 10):
                await settled(lambda: cuts)
        assert broken.prepared  # facts that others know are asked for before each lease

    asyncio.run(scenario())
