"""A provider that sends more than its catalogue said, and more than was ordered."""

from __future__ import annotations

import pytest

from hanse.factory.acquire.records import Limits
from hanse.factory.acquire.states import ItemState
from tests.unit.factory.acquire.running.test_runner import run


@pytest.mark.parametrize("wish", [{"max_size": 10}, {"limits": Limits(size=10)}])
def test_more_than_was_ordered_is_left_to_a_person(wish):
    async def scenario(world):
        await world.order(yes=True, **wish)
        await world.item(content={"rain.csv": b"day,rain\n" + b"1,2\n" * 10})
        await world.run_to_idle(world.runner())
        item = await world.look()
        assert item.state is ItemState.ASKING, item
        assert [one.about for one in item.questions] == ["size"]
        assert not world.shelf.versions
        await world.answer(True)
        await world.run_to_idle(world.runner())
        assert (await world.look()).state is ItemState.DONE

    run(scenario)
