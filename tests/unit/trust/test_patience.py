"""How long one presentation may keep us busy, and what an anchor remembers of those that it has looked at."""

from __future__ import annotations

import asyncio

import pytest

from hanse.identity.rulebook import SpaceTrust
from hanse.kernel.errors import ClaimsRefused, Unauthenticated
from hanse.trust import examine
from hanse.trust.examine import Examiner
from tests.unit.trust.world import AUDITOR, US, World, run


class Slow(World):
    """Lists that come, each after a while: none of them is too slow, all of them together are."""

    each = 0.02

    async def fetch(self, request):
        if hasattr(request, "url"):
            await asyncio.sleep(self.each)
        return await super().fetch(request)


@pytest.fixture
def slow():
    return Slow()


def test_a_presentation_that_takes_too_long_is_given_up(slow, refused):
    """Each list is in time, all of them together are not; the refusal is written down, and passes."""
    slow.restart(patience=0.05)
    slow.member(slow.acme)
    slow.each = 0.04
    fault = refused(slow.admit)
    assert (type(fault), fault.rule, fault.where) == (Unauthenticated, "too-slow", "token")
    (noted,) = run(slow.verifier.explain(US, slow.acme.did))
    assert noted.rule == "too-slow"
    slow.each = 0.0
    slow.clock.advance(seconds=3)
    assert slow.admit(token="access-2").member


def examined(world, examiner):
    return run(examiner.examine(US, world.acme.caller(), [AUDITOR], SpaceTrust(world.current.rulebook)))


def test_an_applicant_that_takes_too_long_is_given_up(slow, monkeypatch):
    monkeypatch.setattr(examine, "PATIENCE", 0.05)
    slow.acme.holds.append(slow.north.issue(AUDITOR, slow.acme.did, days=20))
    slow.each = 5
    with pytest.raises(Unauthenticated) as caught:
        examined(slow, Examiner(slow.clock, slow, slow))
    assert caught.value.rule == "too-slow"


def test_a_list_is_fetched_once_for_many_applicants_and_anew_in_time(world):
    world.acme.holds.append(world.north.issue(AUDITOR, world.acme.did, days=20))
    examiner = Examiner(world.clock, world, world)
    for _ in range(3):
        assert len(examined(world, examiner)) == 1
    assert len(world.fetched) == len(set(world.fetched)) == 2  # revoked, suspended
    world.north.flip(world.acme.holds[0])
    world.clock.advance(seconds=60)
    with pytest.raises(ClaimsRefused):
        examined(world, examiner)
