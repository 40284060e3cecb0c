"""The plan of an order asks a person where the terms owe the deletion of what has to be kept."""

from __future__ import annotations

import pytest

from hanse.app.factory.custody import TermDeadlines
from hanse.factory.acquire.states import ItemState
from hanse.factory.custody.retention import Retention
from hanse.odrl.model import Atomic, Offer, Rule, Terms
from hanse.odrl.names import EVALUATE, TRAIN
from tests.unit.factory.acquire.space import SPACE, dataset, did, play, wish

DELETE = Rule("delete", (Atomic("dateTime", "lteq", "2027-06-30T00:00:00Z"),))
TERMS = Terms(permissions=(Rule("use"),), obligations=(DELETE,))


@pytest.mark.parametrize(("action", "asked"), [(TRAIN, True), (EVALUATE, False)])
def test_it_is_asked_before_anything_is_agreed_on(action, asked):
    async def scenario(world):
        world.runs.retention = Retention(TermDeadlines(), 10, world.clock)
        world.spaces = {SPACE: ["zoo"]}
        world.catalogues = {did("zoo"): [dataset(terms=(Offer(id="off_1", terms=TERMS),))]}
        [item] = (await world.run(wish(action=action, declared=True))).items
        questions = [one.said for one in item.questions if one.about == "custody"]
        assert bool(questions) is asked
        if asked:
            assert item.state is ItemState.ASKING
            assert "its deletion by 2027-06-30 (obligation[0])" in questions[0]
            assert "kept for 10 years" in questions[0]

    play(scenario)
