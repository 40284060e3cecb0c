"""What participants hold is looked up in rounds, which hold up nobody."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from hanse.app.rechecks import EVERY, Rechecks
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import NotFound, StorageFailed

START = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


class Wallets:
    """Four participants: one is gone when its turn comes, and one cannot be read."""

    def __init__(self):
        self.looked, self.gate = [], asyncio.Event()

    def names(self):
        return ["acme", "gone", "broken", "zoo"]

    def did_of(self, name):
        if name == "gone":
            raise NotFound("There is no such participant.")
        return f"did:web:{name}"

    async def recheck_all(self, tenant, did):
        await self.gate.wait()
        if tenant == "broken":
            raise StorageFailed("The disk is full.")
        self.looked.append((tenant, did))


def test_a_round_begins_when_it_is_time_and_the_last_one_is_over():
    async def scenario():
        clock, wallets = ManualClock(START), Wallets()
        chore = Rechecks(wallets, wallets, clock)
        wallets.gate.set()
        await chore.begin()
        assert chore._task is None, "it is not time yet"
        wallets.gate.clear()
        clock.advance(seconds=EVERY.total_seconds())
        await chore.begin()
        first = chore._task
        clock.advance(seconds=EVERY.total_seconds())
        await chore.begin()
        assert chore._task is first, "the last one is not over"
        wallets.gate.set()
        await first
        assert wallets.looked == [("acme", "did:web:acme"), ("zoo", "did:web:zoo")]
        await chore.begin()
        assert chore._task is not first
        await chore._task
        assert len(wallets.looked) == 4
        await chore.stop()

    asyncio.run(scenario())


def test_a_round_ends_when_the_server_stops():
    async def scenario():
        clock, wallets = ManualClock(START), Wallets()
        chore = Rechecks(wallets, wallets, clock)
        await chore.stop()
        clock.advance(seconds=EVERY.total_seconds())
        await chore.begin()
        await asyncio.sleep(0)
        await chore.stop()
        assert chore._task.done()
        assert wallets.looked == []

    asyncio.run(scenario())
