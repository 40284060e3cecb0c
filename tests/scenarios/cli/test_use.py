"""Uses and facts on the command line."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def contract(space, tmp_path_factory):
    """Get a dataset of alice's for bob, for two uses; return the contract's id."""
    asset = space.offer("rain-uses.csv", "--policy", "members + count 3")
    got = space.json("get", asset, "--from", "alice", "--into", str(tmp_path_factory.mktemp("got") / "rain"), who="bob")
    return got["contract"]["id"]


def test_what_was_fetched_is_opened_until_it_is_used_up(space, contract):
    assert "under way" in space.run("use", contract, "--purpose", "dpv:ServiceProvision", who="bob").stdout
    use = space.json("use", contract, who="bob")
    refused = space.run("use", contract, who="bob", code=1).output
    assert "3" in refused
    assert "does not permit" in refused
    assert space.run("use", "check", contract, who="bob", code=1).stdout
    listed = space.json("use", "list", "--contract", contract, who="bob")
    assert sorted(one["kind"] for one in listed) == ["opening", "opening", "transfer"]
    assert "ended" in space.run("use", "end", use["id"], who="bob").stdout
    assert "ended" in space.run("use", "show", use["id"], who="bob").stdout
    assert "opening" in space.run("explain", use["id"], who="bob").stdout
    assert "opening" in space.run("use", "--list", who="bob").stdout


def test_facts_are_told_and_taken_back(space, contract):
    told = space.run("facts", "tell", "payAmount", "500.00 EUR", "--about", contract, "--source", "invoice 17").stdout
    assert "500.00 EUR" in told
    assert space.json("facts")[0]["source"] == "invoice 17"
    assert "500.00" in space.run("facts").stdout
    assert "unknown" in space.run("facts", "untell", "payAmount", "--about", contract).stdout
    assert "Nothing was told" in space.run("facts", "list").output
    assert "measured" in space.run("facts", "tell", "count", "0", code=1).output
    assert space.run("facts", "tell", "paid", "current", "--expires", "tomorrow", code=2)
    assert space.run("facts", "tell", "paid", "current", "--expires", "2099-01-01T00:00:00", code=2)


def test_a_fact_is_about_what_there_is(space):
    told = space.json("facts", "tell", "consent", "given", "--about", "bob", "--expires", "2099-01-01")
    assert told["about"].startswith("did:")
    space.run("facts", "untell", "consent", "--about", "bob")
    assert "no member" in space.run("facts", "tell", "consent", "given", "--about", "nobody", code=1).output
    assert "no contract" in space.run("facts", "tell", "consent", "given", "--about", "agr_nothing", code=1).output


def test_data_that_may_only_train_is_fetched_and_used_for_nothing_else(space, tmp_path):
    asset = space.offer("train.csv", "--policy", "members + train + count 3")
    got = space.json("get", asset, "--from", "alice", "--into", str(tmp_path / "train"), who="bob")
    assert "another action" in space.run("use", got["contract"]["id"], who="bob", code=1).output
    used = space.run("use", got["contract"]["id"], "--action", "train", who="bob").stdout
    assert "train" in used
    assert "urn:" not in used


def test_a_purpose_with_a_slip_is_signed_by_nobody(space, contract):
    for words in (("use", contract), ("use", "check", contract), ("contracts", "state", contract)):
        refused = space.run(*words, "--purpose", "dpv:Marketingg", who="bob", code=1).output
        assert "not a purpose" in refused
        assert "dpv:Marketing," in refused


def test_who_provides_data_states_no_use_of_it(space, contract):
    assert "You provide" in space.run("contracts", "state", contract, "--purpose", "dpv:Marketing", code=1).output
