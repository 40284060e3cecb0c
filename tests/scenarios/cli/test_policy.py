"""`hanse policy` with a real server: written, checked, offered under, agreed on, explained, simulated, compared."""

from __future__ import annotations

import json

SAID = "members + count 3 + until 2090-01-01"


def test_from_a_line_to_a_contract_that_is_explained(space, tmp_path):
    path = tmp_path / "three.json"
    assert space.run("policy", "new", SAID, "--out", str(path)).stdout.strip() == str(path)
    id = space.offer("three.csv", "--policy", str(path))
    (own,) = space.json("policy", "explain", id)
    assert own["terms"]["permission"] == json.loads(path.read_text())["permission"]
    got = space.json("get", id, "--from", "alice", "--into", str(tmp_path / "got"), who="bob")
    agreed = space.run("policy", "explain", got["contract"]["id"], who="bob").stdout
    assert "it is used at most 3 times" in agreed
    assert "ENFORCED" in agreed
    assert "höchstens 3" in space.run("policy", "explain", got["contract"]["id"], "--lang", "de", who="bob").stdout
    space.run("policy", "diff", got["contract"]["id"], SAID, who="bob")
    space.run("policy", "diff", got["contract"]["negotiation"], SAID, who="bob")


def test_members_of_the_space_are_simulated(space):
    found = space.json("policy", "simulate", "members + role nobody-has-it", code=1)
    assert {"alice", "bob"} <= {one["name"] for one in found["items"]}
    assert not any(one["permitted"] for one in found["items"])
    (bob,) = space.json("policy", "simulate", SAID, "--as", "bob", "--count", "3")["items"]
    assert bob["permitted"]
    assert bob["valid_until"].startswith("2090-01-01")
    (late,) = space.json("policy", "simulate", SAID, "--as", "bob", "--at", "2090-01-01", code=1)["items"]
    assert late["refusal"]


def test_what_could_not_be_offered_is_refused_both_ways(space, tmp_path):
    full = {
        "@context": "http://www.w3.org/ns/odrl.jsonld",
        "uid": "urn:example:1",
        "conflict": "perm",
        "permission": [{"action": "use", "target": "urn:example:elsewhere"}],
    }
    path = tmp_path / "full.json"
    path.write_text(json.dumps(full))
    shown = space.run("policy", "check", str(path), code=1).stdout
    assert "(conflict)" in shown
    assert "What would do: " in shown
    file = space.data / "full.csv"
    file.write_text("a\n1\n")
    refused = space.json("offer", str(file), "--policy", str(path), code=1)["error"]
    assert refused["where"].startswith("terms[0].")
    never = tmp_path / "never.json"
    constraint = [{"leftOperand": "count", "operator": operator, "rightOperand": "3"} for operator in ("lt", "gt")]
    never.write_text(json.dumps({"permission": [{"action": "use", "constraint": constraint}]}))
    space.run("policy", "check", str(never), code=1)
    assert space.json("offer", str(file), "--policy", str(never), code=1)["error"]["where"] == "terms[0].permission[0].constraint[1]"


def test_what_one_wants_is_matched_with_an_offer(space, tmp_path):
    id = space.offer("match.csv", "--policy", SAID)
    offer = space.json("offer", "show", id)["dataset"]["offers"][0]["id"]
    assert space.run("policy", "match", "members + count 2", offer, code=1).stdout.startswith("unknown")
    assert space.run("policy", "match", "members + count 2 + until 2080-01-01", offer).stdout.startswith("covered")
    counter = space.json("policy", "match", "members + count 5 + until 2080-01-01", offer, code=1)["counter"]
    path = tmp_path / "counter.json"
    path.write_text(json.dumps(counter))
    assert space.run("policy", "match", str(path), offer).stdout.startswith("covered")
    wanted = ("policy", "match", "count 2 + until 2080-01-01")
    assert space.run(*wanted, id, "--from", "alice", who="bob").stdout.startswith("covered")
    assert space.run(*wanted, offer, "--from", "alice", who="bob").stdout.startswith("covered")
    assert "ENFORCED" in space.run("policy", "explain", id, "--from", "alice", who="bob").stdout
    space.run("policy", "explain", offer, who="bob", code=1)
