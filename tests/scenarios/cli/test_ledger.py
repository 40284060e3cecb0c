"""The ledger and what is stated under contracts, on the command line."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def contract(space, tmp_path_factory):
    """Get a dataset of alice's for bob; return (the contract's id, the folder)."""
    asset = space.offer("rain-ledger.csv")
    into = tmp_path_factory.mktemp("got") / "rain"
    got = space.json("get", asset, "--from", "alice", "--into", str(into), who="bob")
    return got["contract"]["id"], into


def test_a_use_is_stated_and_acknowledged(space, contract):
    shown = space.run("contracts", "state", contract[0], "--purpose", "dpv:ServiceProvision", who="bob").stdout
    assert "dpv:ServiceProvision" in shown
    assert "acknowledged" in shown
    listed = space.json("ledger", "--agreement", contract[0])
    assert "dpv:ServiceProvision" in next(one for one in listed if one["kind"] == "use-stated")["sentence"]
    table = space.run("ledger", "list", "--agreement", contract[0]).stdout
    assert "bob" in table


def test_nothing_stated_is_a_mistake(space, contract):
    assert "at least one" in space.run("contracts", "state", contract[0], who="bob", code=1).output


def test_data_is_deleted_and_the_provider_knows(space, contract):
    id, into = contract
    kept = space.run("contracts", "deleted", id, "--path", str(into), who="bob", code=1).output
    assert "still there" in kept
    assert list(into.iterdir())
    done = space.run("contracts", "deleted", id, "--path", str(into), "--delete", "--yes", who="bob").stdout
    assert "acknowledged" in done
    assert not into.exists()
    receipt = next(one for one in space.json("ledger", "--agreement", id) if one["kind"] == "receipt")
    assert space.json("ledger", "show", str(receipt["index"]))["says"]["count"] == 1
    assert "nothing to hash" in space.run("contracts", "deleted", id, "--path", str(into), who="bob", code=1).output


def test_a_contract_ends_with_its_reason_on_both_sides(space, contract):
    id, _ = contract
    for words in (("end", id), ("end", id, "--notice", "a", "--breach", "b")):
        assert space.run("contracts", *words, code=2)
    shown = space.run("contracts", "end", id, "--breach", "Not as described.", who="bob").stdout
    assert "Not as described" in shown
    for who in ("alice", "bob"):
        assert "Not as described" in space.run("explain", id, who=who).stdout
    entry = space.json("contracts", "show", id)["end_statement"]
    assert "Not as described" in space.run("explain", entry).stdout
    assert "Not as described" in space.run("ledger", "show", entry).stdout
    assert "ended" in space.run("contracts", "show", id).stdout


def test_what_is_owed_and_whether_it_was_done_is_told_after_the_end(space, tmp_path):
    asset = space.offer("rain-owed.csv", "--policy", "members + delete within P30D")
    into = tmp_path / "rain"
    id = space.json("get", asset, "--from", "alice", "--into", str(into), who="bob")["contract"]["id"]
    space.run("contracts", "end", id, "--notice", "Done.")
    for who in ("alice", "bob"):
        assert "due by 20" in space.json("explain", id, who=who)["related"]["owed, delete"]
    space.run("contracts", "deleted", id, "--path", str(into), "--delete", "--yes", who="bob")
    for who in ("alice", "bob"):
        assert "seen to" in space.run("explain", id, who=who).stdout


def test_the_log_is_verified_against_an_earlier_checkpoint(space, contract, tmp_path):
    path = tmp_path / "checkpoint.txt"
    path.write_text(space.run("ledger", "checkpoint").stdout, encoding="utf-8")
    assert "as they were written" in space.run("ledger", "verify").stdout
    assert space.json("ledger", "verify", "--against", str(path))["sound"]
    path.write_text(path.read_text("utf-8").replace("/ledger\n", "/legder\n", 1), encoding="utf-8")
    assert "not signed" in space.run("ledger", "verify", "--against", str(path), code=1).stdout
    assert json.loads(space.run("ledger", "verify", "--against", str(path), "--json", code=1).stdout)["count"] == 1


def test_what_it_is_for_is_stated_before_the_data_comes(space, tmp_path):
    asset = space.offer("rain-purpose.csv", "--policy", "members + purpose ServiceProvision")
    got = space.json("get", asset, "--from", "alice", "--into", str(tmp_path / "a"), "--purpose", "ServiceProvision", who="bob")
    entries = list(reversed(space.json("ledger", "--agreement", got["contract"]["id"])))
    kinds = [one["kind"] for one in entries]
    assert kinds.index("use-stated") < kinds.index("use-began")
    assert "dpv:ServiceProvision" in entries[kinds.index("use-stated")]["sentence"]
