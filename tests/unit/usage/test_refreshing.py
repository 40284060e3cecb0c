"""Hooks are asked before a decision, believed for a limited time, and asked again while data is used."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hanse.kernel.errors import PeerUnreachable
from hanse.odrl.names import HANSE
from hanse.usage.ports import HookAnswer
from hanse.usage.records import FactChanged
from hanse.usage.refreshing import Refreshing
from tests.unit.usage.rig import START, Atomic, run, terms

PAID = HANSE + "paid"
MAX_AGE = timedelta(minutes=5)


class Billing:
    def __init__(self):
        self.value: str | None = "current"
        self.expires = None
        self.asked = 0
        self.away = False

    async def ask(self, deal, name):
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise PeerUnreachable("away")
        return HookAnswer(value=self.value, source="billing", expires=self.expires)


def with_hook(scenario, said=None):
    async def whole(rig):
        billing = Billing()
        refreshing = Refreshing(rig.db, rig.point, rig, {PAID: billing}, rig.clock, MAX_AGE)
        await scenario(rig, billing, lambda: refreshing.refresh("acme", "agr_1"))

    run(said or terms(Atomic(PAID, "eq", "current")), whole)


def test_a_hook_is_asked_once_while_its_answer_is_fresh():
    async def scenario(rig, billing, refresh):
        await asyncio.gather(*(refresh() for _ in range(20)))
        answer = await rig.admit()
        assert answer.permitted
        assert answer.due == START + MAX_AGE
        assert billing.asked == 1
        rig.clock.advance(seconds=149)
        await refresh()
        assert billing.asked == 1
        rig.clock.advance(seconds=2)
        await refresh()
        assert billing.asked == 2
        assert (await rig.again()).due == START + timedelta(seconds=151) + MAX_AGE

    with_hook(scenario)


def test_a_hook_that_says_no_ends_the_right():
    async def scenario(rig, billing, refresh):
        await refresh()
        assert (await rig.admit()).permitted
        events = []
        rig.db.subscribe(events.append)
        billing.value = None
        rig.clock.advance(minutes=3)
        await refresh()
        assert FactChanged(tenant="acme", agreement="agr_1") in events
        assert not (await rig.again()).permitted

    with_hook(scenario)


def test_a_hook_that_is_away_is_asked_again_and_its_last_answer_grows_stale():
    async def scenario(rig, billing, refresh):
        await refresh()
        await rig.admit()
        billing.away = True
        rig.clock.advance(minutes=3)
        await refresh()
        await refresh()
        assert billing.asked == 2
        assert (await rig.again()).permitted
        rig.clock.advance(minutes=2, seconds=1)
        await refresh()
        assert billing.asked == 3
        stale = await rig.again()
        assert not stale.permitted
        assert not stale.certain

    with_hook(scenario)


def test_a_hook_may_say_until_when_but_not_beyond_the_maximum():
    async def scenario(rig, billing, refresh):
        billing.expires = START + timedelta(days=30)
        await refresh()
        assert (await rig.admit()).due == START + MAX_AGE
        billing.expires = START + timedelta(seconds=170)
        rig.clock.advance(seconds=160)
        await refresh()
        assert (await rig.again()).due == START + timedelta(seconds=170)

    with_hook(scenario)


@pytest.mark.parametrize("said", [terms(), terms(Atomic("count", "lteq", "3"))])
def test_nobody_is_asked_for_what_does_not_matter(said):
    async def scenario(rig, billing, refresh):
        await refresh()
        assert billing.asked == 0

    with_hook(scenario, said)


def test_a_clock_that_was_put_back_does_not_keep_an_answer_fresh():
    async def scenario(rig, billing, refresh):
        await refresh()
        rig.clock.advance(days=-1)
        await refresh()
        assert billing.asked == 2

    with_hook(scenario)
