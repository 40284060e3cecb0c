"""Witnesses of the log, on the command line."""

from __future__ import annotations

import time


def _witnesses(space, who, *, size=0):
    """Let the witnesses look until they saw the log as it is; what is appended meanwhile, they see the next time."""
    for _ in range(20):
        found = space.json("ledger", "witness", "list", "--now", who=who)
        if found["witnesses"] and all(one["size"] >= max(size, found["size"]) for one in found["witnesses"]):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_the_anchor_cosigns_the_log_of_a_member(space):
    asset = space.offer("rain-witness.csv")
    space.json("get", asset, "--from", "alice", "--into", str(space.folder / "witnessed"), who="bob")
    found = _witnesses(space, "bob")
    (anchor,) = found["witnesses"]
    assert (anchor["named"], anchor["problem"], anchor["alarm"]) == (False, "", "")
    text = space.run("ledger", "checkpoint", "--witnessed", who="bob").stdout
    assert f"{anchor['did']}/witness" in text
    table = space.run("ledger", "witness", who="bob").stdout
    assert "anchor" in table
    verdict = space.run("ledger", "verify", who="bob").stdout
    assert "what 1 witness saw" in verdict
    assert space.json("ledger", "verify", who="bob")["against"] == 1


def test_somebody_is_named_and_dismissed(space):
    bob, alice = (space.json("status", who=one)["participant"]["did"] for one in ("bob", "alice"))
    assert "no such witness" in space.run("ledger", "witness", "remove", bob, code=1).output.lower()
    named = space.json("ledger", "witness", "add", bob)
    assert [one["did"] for one in named["witnesses"] if one["named"]] == [bob]
    _witnesses(space, "alice")
    looked = space.json("ledger", "witness", "compare", alice, who="bob")
    assert not looked["forked"]
    assert space.json("ledger", "witness", "others", who="bob")[0]["name"] == f"{alice}/ledger"
    gone = space.json("ledger", "witness", "remove", bob)
    assert not [one for one in gone["witnesses"] if one["named"]]


def test_a_mistake_is_explained(space):
    assert "did:web" in space.run("ledger", "witness", "add", "bob", code=1).output
    alice = space.json("status")["participant"]["did"]
    assert "Nobody witnesses its own log" in space.run("ledger", "witness", "add", alice, code=1).output
    assert "goes on" in space.run("ledger", "restart", "--reason", "Just so.", code=1).output
