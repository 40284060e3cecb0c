"""What limits oneself must not be got round: by limits for others that are wider, by a contract that has ended, by a fault."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from hanse.connector.offers import Description
from hanse.connector.preferences import Preferences
from hanse.connector.records import FileSource
from hanse.connector.timer import Timer
from hanse.dsp.messages import Role
from hanse.kernel.errors import Invalid
from hanse.odrl.model import Atomic, Rule, Terms
from tests.contract.storage.stage import agreement, contract
from tests.unit.connector.world import START, run, terms

SOURCE = FileSource(path="/data/weather.csv")
PASSED_ON = Terms(
    permissions=(Rule("use"), Rule("distribute")),
    obligations=(Rule("nextPolicy", (Atomic("urn:hanse:odrl:policy", "eq", "count 3"),)),),
)


def came_under(w, said=PASSED_ON, **changes):
    made = contract("agr_in", "prov", role=Role.CONSUMER, agreement=structs.replace(agreement("agr_in"), terms=said), **changes)
    return w.provider.db.run(lambda tx: tx.contracts.put(made))


def three():
    return terms("count 3")


def test_the_limits_of_negotiating_are_within_the_next_policy_too():
    async def scenario(w):
        await came_under(w)
        said = Description(terms=(three(),), derived_from=("agr_in",))
        await w.provider.offers.create("prov", SOURCE, said)
        wide = Description(terms=(three(),), derived_from=("agr_in",), preferences=Preferences(must=terms()))
        with pytest.raises(Invalid) as refused:
            await w.provider.offers.create("prov", SOURCE, wide)
        assert (refused.value.rule, refused.value.where) == ("next-policy", "preferences.must")

    run(scenario)


def test_nothing_is_passed_on_once_the_contract_has_ended_under_which_it_came():
    async def scenario(w):
        await came_under(w)
        asset = await w.provider.offers.create("prov", SOURCE, Description(terms=(three(),), derived_from=("agr_in",)))
        await came_under(w, ended=START)
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        await w.flow()
        found = await w.consumer.db.read(lambda tx: tx.negotiations.get("cons", begun.id))
        assert found.state == "TERMINATED"
        assert "has ended" in found.history[-1].detail

    run(scenario)


def test_a_fault_of_one_chore_does_not_end_the_timer():
    async def scenario(w):
        async def chore():
            raise ValueError("a fault of our own")

        assert await Timer(w.consumer.db, w.clock, [chore])._turn() == timedelta(seconds=5)

    run(scenario)
