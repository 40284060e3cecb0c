"""Negotiating within limits through the interface."""

from __future__ import annotations

import pytest

from tests.unit.http.api.rig import did_of, run


def _ask(asset, need, **more):
    limits = {"must": need} | {name: more.pop(name) for name in ("max_rounds", "ask_declared") if name in more}
    offer = asset["dataset"]["offers"][0]["id"]
    return {"peer": did_of("acme"), "dataset": asset["id"], "offer": offer, "preferences": limits} | more


def test_limits_are_shown_changed_and_taken_back(tmp_path):
    async def scenario(rig):
        asset = await rig.asset("count 1", preferences={"must": "members + count 3", "max_rounds": 2})
        assert asset["preferences"]["max_rounds"] == 2
        assert asset["preferences"]["ask_declared"] is True
        assert any("3" in sentence for sentence in asset["preferences"]["sentences"])
        path = f"/assets/{asset['id']}"
        assert (await rig.good("PATCH", path, body={"title": "Other"}))["preferences"] == asset["preferences"]
        assert (await rig.good("PATCH", path, body={"preferences": None}))["preferences"] is None
        catalogue = await rig.good("POST", "/catalog", "zoo", "read", {"peer": did_of("acme")})
        assert "preferences" not in str(catalogue)

    run(tmp_path, scenario)


def test_two_participants_come_to_terms_within_their_limits(tmp_path):
    async def scenario(rig):
        asset = await rig.asset("count 1", preferences={"must": "members + count 3"})
        begun = await rig.good("POST", "/negotiations", "zoo", "operate", _ask(asset, "count 2", terms="count 9"))
        done = await rig.until(f"/negotiations/{begun['id']}", "zoo", "FINALIZED")
        contract = await rig.good("GET", f"/contracts/{done['contract']}", "zoo", "read")
        assert {"leftOperand": "count", "operator": "lteq", "rightOperand": "3"} in contract["agreement"]["permission"][0]["constraint"]

    run(tmp_path, scenario)


def test_an_offer_that_covers_the_need_is_asked_for_as_it_is(tmp_path):
    async def scenario(rig):
        asset = await rig.asset("members + count 5")
        begun = await rig.good("POST", "/negotiations", "zoo", "operate", _ask(asset, "count 2"))
        assert begun["offer"]["terms"] == asset["dataset"]["offers"][0]["terms"]
        any_offer = _ask(asset, "count 2")
        del any_offer["offer"]
        assert (await rig.good("POST", "/negotiations", "zoo", "operate", any_offer))["offer"]["id"] == begun["offer"]["id"]

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"must": "whatever"}, "preferences.must"),
        ({"must": {"permission": [{"action": "fly"}]}}, "preferences.must.permission[0].action"),
        ({"must": "members", "max_rounds": 0}, "preferences.max_rounds"),
        ({"must": "members", "max_rounds": 21}, "preferences.max_rounds"),
        ({"must": "members", "rounds": 2}, "preferences.rounds"),
        ({}, "preferences"),
    ],
)
def test_limits_that_are_wrong_are_refused_with_the_field(tmp_path, limits, field):
    async def scenario(rig):
        asset = await rig.asset("members")
        status, problem = await rig.ask("PATCH", f"/assets/{asset['id']}", body={"preferences": limits})
        assert (status, problem["field"].startswith(field)) == (422, True), problem
        body = _ask(asset, "members") | {"preferences": limits}
        status, problem = await rig.ask("POST", "/negotiations", "zoo", "operate", body)
        assert (status, problem["field"].startswith(field)) == (422, True), problem
        assert (await rig.good("GET", "/negotiations", "zoo"))["items"] == []

    run(tmp_path, scenario)
