"""Stored data is opened under its agreement: decided and counted by the consumer's own server."""

from __future__ import annotations

import pytest

from hanse.dsp.messages import Role
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from hanse.odrl.names import TRAIN
from hanse.usage.records import UseRefused
from tests.unit.usage.rig import Atomic, run, terms

RESEARCH = "https://w3id.org/dpv#ResearchAndDevelopment"
SAID = terms(Atomic("purpose", "isA", RESEARCH), Atomic("count", "lteq", "2"))


def test_an_opening_is_counted_and_logged():
    async def scenario(rig):
        use = await rig.openings.open("acme", "agr_1", "use", {"purpose": RESEARCH})
        assert use.id.startswith("use_")
        await rig.openings.open("acme", "agr_1", "use", {"purpose": RESEARCH})
        events = []
        rig.db.subscribe(events.append)
        with pytest.raises(Forbidden) as caught:
            await rig.openings.open("acme", "agr_1", "use", {"purpose": RESEARCH})
        assert caught.value.rule == "policy"
        assert [type(one) for one in events] == [UseRefused]
        assert [line[0] for line in rig.book.lines] == ["admitted", "admitted", "refused"]
        assert [one.id for one in await rig.openings.page("acme", agreement="agr_1", after=None, limit=9)][-2] == use.id
        closed = await rig.openings.close("acme", use.id)
        assert closed.ended is not None
        with pytest.raises(Forbidden):
            await rig.openings.open("acme", "agr_1", "use", {"purpose": RESEARCH})

    run(SAID, scenario, Role.CONSUMER)


def test_many_openings_at_once_are_counted_all_or_none():
    async def scenario(rig):
        with pytest.raises(Forbidden, match="at most 2 times"):
            await rig.openings.open_all("acme", "agr_1", "use", {"purpose": RESEARCH}, 3)
        assert [one.kind for one in await rig.openings.page("acme", agreement="agr_1", after=None, limit=9)].count("opening") == 0
        assert len(await rig.openings.open_all("acme", "agr_1", "use", {"purpose": RESEARCH}, 2)) == 2
        with pytest.raises(Forbidden):
            await rig.openings.open("acme", "agr_1", "use", {"purpose": RESEARCH})

    run(SAID, scenario, Role.CONSUMER)


def test_what_stands_under_several_agreements_is_counted_under_each_of_them_or_under_none():
    async def scenario(rig):
        both = ("agr_1", "agr_1")  # two that count together: what the second refuses, the first does not count
        with pytest.raises(Forbidden, match="at most 2 times") as refused:
            await rig.openings.open_each("acme", both, "use", {"purpose": RESEARCH}, 2)
        assert refused.value.where == "agr_1"
        assert [one.kind for one in await rig.openings.page("acme", agreement="agr_1", after=None, limit=9)].count("opening") == 0
        assert len(await rig.openings.open_each("acme", both, "use", {"purpose": RESEARCH}, 1)) == 2

    run(SAID, scenario, Role.CONSUMER)


@pytest.mark.parametrize("stated", [{}, {"purpose": "https://w3id.org/dpv#Marketing"}])
def test_the_purpose_has_to_be_stated_and_to_fit(stated):
    async def scenario(rig):
        with pytest.raises(Forbidden):
            await rig.openings.open("acme", "agr_1", "use", stated)

    run(SAID, scenario, Role.CONSUMER)


def test_an_action_has_to_be_permitted():
    async def scenario(rig):
        await rig.openings.open("acme", "agr_1", TRAIN, {})
        with pytest.raises(Forbidden):
            await rig.openings.open("acme", "agr_1", "use", {})
        with pytest.raises(Forbidden):
            await rig.openings.open("acme", "agr_1", "sell", {})

    run(terms(action=TRAIN), scenario, Role.CONSUMER)


def test_nothing_is_opened_before_any_data_has_come():
    async def scenario(rig):
        for ask in (rig.openings.open, rig.openings.check):
            with pytest.raises(Conflict) as caught:
                await ask("acme", "agr_1", "use", {})
            assert caught.value.rule == "no-data"
        assert (await rig.tally()).count == 0

    run(terms(Atomic("urn:hanse:odrl:consent", "eq", "given")), scenario, Role.CONSUMER, came=False)


def test_what_makes_no_sense_is_refused():
    async def scenario(rig):
        for stated in ({"mood": "good"}, {"purpose": ""}, {"purpose": "x" * 3000}):
            with pytest.raises(Invalid):
                await rig.openings.open("acme", "agr_1", "use", stated)
        with pytest.raises(NotFound):
            await rig.openings.get("acme", "use_9")

    run(terms(), scenario, Role.CONSUMER)


def test_a_provider_does_not_open_its_own_data():
    async def scenario(rig):
        with pytest.raises(Conflict):
            await rig.openings.open("acme", "agr_1", "use", {})
        await rig.admit("trf_1")
        with pytest.raises(Conflict):
            await rig.openings.close("acme", "trf_1")

    run(terms(), scenario)
