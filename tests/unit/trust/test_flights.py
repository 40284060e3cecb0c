"""Shared work and remembered failures, and the bounded dictionary under them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import PeerError, PeerUnreachable, StorageFailed
from hanse.trust.bounded import Bounded
from hanse.trust.flights import Flights


class Work:
    """Does what it is told, when it is let."""

    def __init__(self, outcome):
        self.outcome, self.count, self.go = outcome, 0, asyncio.Event()
        self.begun = asyncio.Event()

    async def __call__(self):
        self.count += 1
        self.begun.set()
        await self.go.wait()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def clock():
    return ManualClock(datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture
def flights(clock):
    return Flights(clock, PeerError, timedelta(seconds=2))


def test_different_keys_are_different_work(flights):
    async def scene():
        work = Work(1)
        work.go.set()
        assert await asyncio.gather(*(flights.run(key, work) for key in ("a", "b", "a"))) == [1, 1, 1]
        assert work.count == 2
        assert await flights.run("a", work) == 1
        assert work.count == 3

    asyncio.run(scene())


def test_a_failure_is_a_result_and_is_remembered_for_a_while(flights, clock):
    async def scene():
        fault = PeerUnreachable("gone")
        work = Work(fault)
        work.go.set()
        assert await flights.run("a", work) is fault
        clock.advance(seconds=1.9)
        assert await flights.run("a", work) is fault
        assert work.count == 1
        work.outcome = 1
        assert await flights.run("b", work) == 1
        clock.advance(seconds=0.1)
        assert await flights.run("a", work) == 1
        clock.advance(seconds=-10)
        assert await flights.run("a", work) == 1

    asyncio.run(scene())


def test_other_exceptions_go_to_all_who_wait_and_are_not_remembered(flights):
    async def scene():
        work = Work(StorageFailed("full"))
        work.go.set()
        outcomes = await asyncio.gather(*(flights.run("a", work) for _ in range(3)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StorageFailed] * 3
        work.outcome = 1
        assert await flights.run("a", work) == 1
        assert work.count == 2

    asyncio.run(scene())


def test_nobody_waits_for_what_began_before_it_was_forgotten(flights):
    async def scene():
        old, new = Work(PeerUnreachable("gone")), Work(2)
        before = asyncio.create_task(flights.run("a", old))
        await old.begun.wait()
        flights.forget(lambda key: key == "b")
        joined = asyncio.create_task(flights.run("a", new))
        await asyncio.sleep(0)
        assert new.count == 0
        flights.forget()
        after = asyncio.create_task(flights.run("a", new))
        await new.begun.wait()
        old.go.set()
        assert isinstance(await before, PeerUnreachable)
        assert isinstance(await joined, PeerUnreachable)
        late = asyncio.create_task(flights.run("a", old))  # joins the new one, whose failure the old one's is not
        await asyncio.sleep(0)
        new.go.set()
        assert await after == await late == 2
        assert old.count == new.count == 1

    asyncio.run(scene())


def test_what_all_have_turned_away_from_ends_quietly(flights):
    async def scene():
        work = Work(StorageFailed("full"))
        call = asyncio.create_task(flights.run("a", work))
        await work.begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        work.go.set()
        while flights._running:  # noqa: ASYNC110 - nobody is told when it ends
            await asyncio.sleep(0)

    asyncio.run(scene())


def test_what_was_used_longest_ago_leaves_first():
    kept = Bounded(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == (1, None, 3, 2)
    kept.put("a", 4)
    assert (kept.get("a"), len(kept)) == (4, 2)


def test_sizes_are_counted():
    kept = Bounded(9, 10)
    kept.put("a", 1, 6)
    kept.put("b", 2, 4)
    assert len(kept) == 2
    kept.put("b", 2, 5)
    assert (kept.get("a"), kept.get("b")) == (None, 2)
    kept.put("huge", 3, 11)
    assert len(kept) == 0
    kept.put("c", 4, 10)
    assert kept.pop("c") == 4
    assert kept.pop("c") is None
    kept.put("d", 5, 10)
    kept.drop(lambda key, value: (key, value) == ("d", 5))
    kept.put("e", 6, 10)
    kept.clear()
    kept.put("f", 7, 10)
    assert kept.get("f") == 7
