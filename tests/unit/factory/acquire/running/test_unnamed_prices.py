"""A provider that asks, in a counter-offer, for money that nobody can name: that is never agreed on without a person."""

from __future__ import annotations

import pytest
from msgspec import structs

from hanse.factory.acquire.records import Limits
from hanse.factory.acquire.states import ItemState
from hanse.odrl.model import Atomic
from hanse.odrl.price import cost_of, read_price
from tests.unit.factory.acquire.running.fakes import terms
from tests.unit.factory.acquire.running.test_runner import run
from tests.unit.factory.acquire.running.world import TRAIN


def paying(operator):
    """Terms that ask for 5 EUR, compared with that operator."""
    said = terms("train + pay 5 EUR")

    def other(rule):
        found = [structs.replace(one, operator=operator) if isinstance(one, Atomic) else one for one in rule.constraints]
        return structs.replace(rule, constraints=tuple(found))

    permissions = tuple(structs.replace(rule, duties=tuple(map(other, rule.duties))) for rule in said.permissions)
    return structs.replace(said, permissions=permissions, obligations=tuple(map(other, said.obligations)))


@pytest.mark.parametrize("operator", ["gt", "lteq", "lt", "neq", "isAnyOf"])
def test_a_counter_offer_without_a_sum_is_left_to_a_person(operator):
    async def scenario(world):
        world.provider.terms = paying("gteq")
        world.provider.counter = paying(operator)
        assert cost_of(world.provider.counter, TRAIN).unknown
        await world.order(yes=True)
        await world.item(price=read_price("5EUR"))
        await world.run_to_idle(world.runner())
        item = await world.look()
        assert item.state is ItemState.ASKING, item
        assert not world.provider.deals

    run(scenario)


def test_nothing_is_asked_for_whose_money_went_elsewhere():
    async def scenario(world):
        world.provider.terms = terms("train + pay 5 EUR")
        await world.order(yes=True, limits=Limits(budget=read_price("8EUR")))
        bought = await world.item(number=1, dataset="ds_1", price=read_price("5EUR"))
        again = await world.item(number=2, dataset="ds_2", price=read_price("5EUR"))
        for one in (bought, again):
            await world.database.run(lambda tx, one=one: tx.orders.put_item(structs.replace(one, approved_by="")))
        await world.run_to_idle(world.runner())
        assert [(await world.look(number)).state for number in (1, 2)] == [ItemState.DONE, ItemState.REFUSED]
        assert len(world.provider.deals) == 1

    run(scenario)


def test_two_counter_offers_do_not_spend_the_same_money():
    async def scenario(world):
        world.provider.terms = terms("train + pay 5 EUR")
        world.provider.counter = terms("train + pay 7 EUR")
        await world.order(yes=True, limits=Limits(budget=read_price("12EUR")))
        for number in (1, 2):
            one = await world.item(number=number, dataset=f"ds_{number}", price=read_price("5EUR"))
            await world.database.run(lambda tx, one=one: tx.orders.put_item(structs.replace(one, approved_by="")))
        await world.run_to_idle(world.runner())
        items = [await world.look(number) for number in (1, 2)]
        assert len(world.provider.deals) == 1
        assert sorted(item.state for item in items) == [ItemState.DONE, ItemState.REFUSED]
        assert [item.price for item in items if item.state is ItemState.DONE] == [read_price("7EUR")]

    run(scenario)
