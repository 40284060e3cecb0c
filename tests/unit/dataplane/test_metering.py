"""Bytes and time are reserved before they are released; a response is decided again at its boundary."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from hanse.dataplane.metering import Meters
from hanse.dataplane.records import Permit, Place
from hanse.dataplane.running import Running
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Forbidden
from tests.unit.dataplane.world import ACME, Memory

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = Permit("ds_1", Place("file", "/x"), begun=False)


class Limits:
    """Grants up to so many bytes and seconds."""

    def __init__(self, volume=0, seconds=0):
        self.left = [volume, seconds]
        self.calls = []

    async def prepare(self, tenant, agreement, consumer):
        pass

    def take(self, tx, tenant, transfer, permit, volume, seconds):
        self.calls.append((volume, seconds))
        if volume > self.left[0] or seconds > self.left[1]:
            raise Forbidden("No more.")
        self.left = [self.left[0] - volume, self.left[1] - seconds]

    def sent(self, tx, tenant, transfer, volume):
        self.calls.append(("sent", volume))

    def give_back(self, tx, tenant, transfer, permit, volume, seconds):
        self.left = [self.left[0] + volume, self.left[1] + seconds]


class Sleeps:
    """A sleep that ends when the test lets it."""

    def __init__(self):
        self.waits = []

    async def __call__(self, seconds):
        gate = asyncio.Event()
        self.waits.append((seconds, gate))
        await gate.wait()


async def turns():
    """Let everybody else go on."""
    for _ in range(10):
        await asyncio.sleep(0)


def meters(limits, **options):
    running = Running(ManualClock(NOW))
    return Meters(Memory(), limits, running, **options), running


def test_a_use_begins_once_and_unmetered_responses_cost_nothing():
    async def scenario():
        limits = Limits()
        one, _ = meters(limits)
        async with one.released(ACME, "trf_1", PLAIN, 10):
            pass
        async with one.released(ACME, "trf_1", structs.replace(PLAIN, begun=True), 10):
            pass
        assert limits.calls == [(0, 0)]


def test_what_was_sent_is_written_down_large_responses_at_once():
    async def scenario():
        limits = Limits()
        one, _ = meters(limits)
        permit = structs.replace(PLAIN, begun=True)
        for size in (1000, 2000):
            async with one.released(ACME, "trf_1", permit, size) as account:
                account.sent = size
        assert limits.calls == []
        async with one.released(ACME, "trf_2", permit, 1 << 30) as account:
            account.sent = 1 << 30
        assert limits.calls == [("sent", 1 << 30)]
        await asyncio.sleep(0.2)
        assert limits.calls == [("sent", 1 << 30), ("sent", 3000)]

    asyncio.run(scenario())


def test_a_use_that_begins_is_reserved_first():
    async def scenario():
        limits = Limits()
        one, _ = meters(limits)
        async with one.released(ACME, "trf_1", PLAIN, 10):
            assert limits.calls == [(0, 0)]

    asyncio.run(scenario())


def test_what_was_not_sent_is_given_back_whatever_ends_the_response():
    async def scenario():
        limits = Limits(volume=100)
        one, _ = meters(limits)
        permit = structs.replace(PLAIN, volume=True)
        with suppress(ConnectionError):
            async with one.released(ACME, "trf_1", permit, 60) as account:
                account.sent = 25
                raise ConnectionResetError
        assert limits.left[0] == 75
        with pytest.raises(Forbidden):
            async with one.released(ACME, "trf_1", permit, 76):
                raise AssertionError("released")
        assert limits.left[0] == 75

    asyncio.run(scenario())


def test_time_is_leased_in_shorter_pieces_towards_its_end_and_then_the_response_is_cut():
    async def scenario():
        limits, sleeps = Limits(seconds=13), Sleeps()
        one, running = meters(limits, sleep=sleeps)
        cut = asyncio.Event()
        released = one.released(ACME, "trf_1", structs.replace(PLAIN, time=True), 0)
        with running.enter(ACME, "trf_1", cut.set):
            async with released:
                for left in (3, 1, 0):
                    await turns()
                    assert limits.left[1] == left
                    sleeps.waits[-1][1].set()
                await turns()
                assert cut.is_set()
        assert limits.left[1] == 12  # hardly any time has passed, and a second that has begun counts

    asyncio.run(scenario())


def test_responses_side_by_side_share_the_time():
    async def scenario():
        limits, sleeps = Limits(seconds=10), Sleeps()
        one, _ = meters(limits, sleep=sleeps)
        permit = structs.replace(PLAIN, time=True)
        async with one.released(ACME, "trf_1", permit, 0), one.released(ACME, "trf_1", permit, 0):
            await turns()
            assert limits.left[1] == 0
            assert len(sleeps.waits) == 1
        assert limits.left[1] == 9

    asyncio.run(scenario())


def test_no_time_at_all_is_refused():
    async def scenario():
        one, _ = meters(Limits())
        with pytest.raises(Forbidden):
            async with one.released(ACME, "trf_1", structs.replace(PLAIN, time=True), 0):
                raise AssertionError("released")

    asyncio.run(scenario())


async def _settle():
    await asyncio.sleep(0.6)


@pytest.mark.parametrize("step", [timedelta(hours=2), timedelta(hours=1)])
def test_a_response_is_asked_again_at_its_moment_wherever_the_clock_jumped(step):
    async def scenario():
        clock, cut, asked = ManualClock(NOW), [], []
        running = Running(clock)
        moments = iter([clock.now() + timedelta(hours=5), None])

        async def again():
            asked.append(clock.now())
            return next(moments)

        with running.enter(ACME, "trf_1", lambda: cut.append(1)) as response:
            response.until(NOW + timedelta(hours=1), again)
            await _settle()
            assert not asked
            clock.advance(seconds=step.total_seconds())
            await _settle()
            assert len(asked) == 1
            clock.advance(hours=6)
            await _settle()
            assert len(asked) == 2
            assert not cut

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", ["refused", "past", "slow", "none"])
def test_a_response_that_may_not_go_on_is_cut(answer):
    async def again():
        if answer == "refused":
            raise Forbidden("It is over.")
        if answer == "slow":
            await asyncio.sleep(30)
        return NOW

    async def scenario():
        cut = asyncio.Event()
        running = Running(ManualClock(NOW))
        with running.enter(ACME, "trf_1", cut.set) as response:
            response.until(NOW, None if answer == "none" else again)
            async with asyncio.timeout(1):
                await cut.wait()

    asyncio.run(scenario())
