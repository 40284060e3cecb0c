"""Whether a space lets us keep mirrors: revoked, not asked for, and not to be told now are three different things."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from hanse.app.factory.mirrors import MirrorSpaces
from hanse.factory.links.links import Wanted
from hanse.factory.links.records import Mode
from hanse.factory.mirrors.records import Judgement
from hanse.kernel.errors import PeerUnreachable
from tests.unit.factory.links.memory import HARBOUR, MEADOW, NOON, US, Factory


class Town:
    """Links in memory, and rulebooks that trust roles with mirrors, or cannot be had."""

    def __init__(self):
        self.factory = Factory()
        self.trusting = ()
        self.away = False
        self.spaces = MirrorSpaces(SimpleNamespace(directory=self), self.factory.links)

    async def rulebook(self, tenant, space):
        if self.away:
            raise PeerUnreachable("The anchor does not answer.")
        return SimpleNamespace(trusting=lambda what: self.trusting if what == "mirror" else ())

    def trust(self, *roles, ours=True):
        self.trusting = roles
        held = frozenset({"ai-factory"}) if ours else frozenset()
        self.factory.change(HARBOUR, trust={"mirror": roles, "replicate": ()}, roles=held, proved=held)

    def judge(self, trusted=None, space=HARBOUR):
        return asyncio.run(self.spaces.judge(US, space, trusted))


@pytest.fixture
def town():
    return Town()


def own_role(town):
    asyncio.run(town.factory.links.set(US, HARBOUR, Wanted(mode=Mode.OWN_ROLE), "ann"))


def test_a_space_that_asks_for_no_trust_asks_for_the_membership(town):
    assert town.judge() == Judgement(yes=True, trusted=False)
    town.factory.change(HARBOUR, listed=False)
    assert town.judge().yes is False
    assert town.judge(space=MEADOW).yes is False


def test_a_space_that_trusts_a_role_asks_for_it_and_for_the_mode(town):
    town.trust("ai-factory", ours=False)
    judged = town.judge()
    assert (judged.yes, judged.trusted, judged.why != "") == (False, True, True)
    town.trust("ai-factory")
    assert town.judge().yes is False
    own_role(town)
    assert town.judge() == Judgement(yes=True, trusted=True)
    # Trust that is taken back from everybody does not make the mirrors that rest on it ordinary ones.
    town.trust()
    assert town.judge(trusted=True).yes is False
    assert town.judge(trusted=False).yes is False  # the mode needs it: `hanse link set participant` is the way back


def test_trust_that_others_get_ends_no_mirror_that_never_rested_on_it(town):
    town.trust("ai-factory", ours=False)
    assert town.judge(trusted=False).yes is True


def test_what_cannot_be_told_is_neither_yes_nor_no(town):
    town.factory.change(HARBOUR, problem="The anchor does not answer.")
    for trusted in (None, True, False):
        assert town.judge(trusted).yes is None
    town.factory.change(HARBOUR, problem="")
    town.away = True
    assert town.judge().yes is None
    assert town.judge(trusted=False).yes is True  # the rulebook need not be asked


def test_an_ended_link_is_over(town):
    asyncio.run(town.factory.links.set(US, HARBOUR, Wanted(mode=Mode.AD_HOC, project="flood", until=NOON.replace(day=27)), "ann"))
    assert town.judge().yes is True
    asyncio.run(town.factory.links.end(US, HARBOUR, "Done."))
    judged = town.judge(trusted=False)
    assert (judged.yes, "has ended" in judged.why) == (False, True)
    town.factory.change(HARBOUR, problem="The anchor does not answer.")
    assert town.judge(trusted=False).yes is False
