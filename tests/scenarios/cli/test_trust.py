"""Trust on the command line, with a real server: rulebook, four eyes, wallets, keys, revocation, and why somebody was refused."""

from __future__ import annotations

import re
from itertools import count
from typing import NamedTuple

import pytest

from tests.services.processes import wait_until

NUMBER = count(1)
OWN = {"MembershipCredential", "DataProviderCredential", "DataConsumerCredential"}


class Erin(NamedTuple):
    """A participant's name and DID."""

    name: str
    did: str


@pytest.fixture
def erin(space):
    """Yield a participant that has not joined, and is gone afterwards; no name is given twice."""
    name = f"erin-{next(NUMBER)}"
    space.run("participant", "add", name, who="host")
    yield Erin(name, space.json("participant", "show", name, who="host")["did"])
    space.run("participant", "erase", name, "--yes", who="host")


def _url(space):
    return space.json("status")["spaces"][0]["url"]


def _publish(space, tmp_path, *replaced):
    """Publish the rulebook with some texts replaced; return what it was before."""
    before = space.run("anchor", "rulebook", who="anchor").stdout
    text = before
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "rulebook.yaml").write_text(text)
    return before, space.json("anchor", "rulebook", "publish", str(tmp_path / "rulebook.yaml"), who="anchor")


def test_what_the_wallet_holds_is_listed_and_shown(space):
    held = space.json("wallet", "list", who="bob")
    assert {kind for one in held for kind in one["types"]} == OWN
    assert {(one["state"], one["counts"]) for one in held} == {("good", True)}
    id = next(one["id"] for one in held if one["types"] == ["DataProviderCredential"])
    shown = space.run("wallet", "show", id, "--check", who="bob").stdout
    assert re.search(r"^role +provider$", shown, re.MULTILINE)
    assert "/status/revocation-1, index" in shown
    assert id in space.run("wallet", who="bob").stdout
    assert "MembershipCredential, good until" in space.run("status", who="bob").stdout
    assert space.json("explain", id, who="bob")["state"] == "GOOD"
    space.run("wallet", "show", id, who="alice", code=1)


def test_what_was_thrown_away_is_asked_for_again(space):
    id = next(one["id"] for one in space.json("wallet", "list", who="bob") if one["types"] == ["DataConsumerCredential"])
    space.run("wallet", "remove", id, "--yes", who="bob")
    asked = space.json("wallet", "request", "DataConsumerCredential", who="bob")
    assert asked["state"] == "issued"
    refused = space.run("wallet", "request", "AuditorCredential", who="bob", code=1)
    assert "role auditor" in refused.stdout
    assert {one["state"] for one in space.json("wallet", "requests", who="bob")} == {"issued", "rejected"}
    assert space.json("explain", asked["id"], who="bob")["kind"] == "request for credentials"
    assert "makes" in space.run("wallet", "request", "StrangeCredential", who="bob", code=1).stderr


def test_keys_are_rotated_declared_compromised_and_released(space, tmp_path):
    first = space.json("wallet", "keys", who="bob")[-1]["kid"]
    made = space.json("wallet", "rotate", "--kind", "Ed25519", who="bob")
    assert made["kind"] == "Ed25519"
    assert made["kid"].rpartition("#")[2] in space.run("wallet", "keys", who="bob").stdout.split()
    space.run("wallet", "release", made["kid"], who="bob", code=1)
    said = space.json("wallet", "compromised", first, "--since", "2026-01-01", who="bob")
    assert (said["compromised"]["state"], said["offered"]) == ("compromised", 0)
    space.run("wallet", "release", first, who="bob")
    space.run("wallet", "compromised", first, "--since", "yesterday", who="bob", code=2)
    space.run("wallet", "compromised", first, "--since", "2999-01-01", who="bob", code=1)
    id = space.offer("after-rotation.csv")
    assert space.json("get", id, "--from", "alice", "--into", str(tmp_path / "k"), who="bob")["verified"]


def test_a_revoked_member_is_refused_in_one_line_and_both_sides_can_tell_why(space, tmp_path):
    # Before the tests that change bob's roles: after a change the anchor offers a member what it lacks.
    id = space.offer("revoked.csv")
    bob = space.json("participant", "show", "bob", who="host")["did"]
    issued = space.json("anchor", "credentials", "--holder", bob, who="anchor")
    membership = next(one for one in issued if one["type"] == "MembershipCredential" and one["state"] == "good")
    assert space.json("explain", membership["id"], who="bob")["kind"] == "held credential"  # by its issuer's name for it
    assert "is revoked" in space.run("anchor", "revoke", membership["id"], "--reason", "Key lost.", who="anchor").stdout
    refused = space.run("catalog", "alice", who="bob", code=1).stderr
    line = refused.splitlines()[0]
    assert re.search(r"HTTP 403: The credential MembershipCredential by did:web:\S+ is refused\. It is revoked\.", line)
    refusal = re.search(r"rfs_[0-9a-z]+", line)[0]
    for words in (("get", id), ("get", id, "--from", "alice")):
        told = space.run(*words, "--into", str(tmp_path / "x"), who="bob", code=1).stderr
        assert "It is revoked." in told.splitlines()[0]
    story = space.run("explain", refusal, who="alice").stdout
    assert "has its issuer taken it back? (revoked)" in story
    assert "Ask its issuer." in story
    assert refusal in space.run("explain", bob, who="alice").stdout
    assert "Key lost." in space.run("explain", membership["id"], who="anchor").stdout
    assert space.json("wallet", "request", who="bob")["state"] == "issued"
    # A refusal is remembered for two seconds, so that nobody is asked at the rate at which it calls.
    wait_until(lambda: space.run("catalog", "alice", who="bob", code=None).exit_code == 0, space.process, space.folder / "up.log", "hanse")


def test_the_rulebook_is_read_checked_and_published(space, tmp_path):
    version = space.json("anchor", "rulebook", who="anchor")["version"]
    file = tmp_path / "rulebook.yaml"
    text = space.run("anchor", "rulebook", "show", who="anchor").stdout
    file.write_text(text)
    assert space.run("anchor", "rulebook", "check", str(file), who="anchor").stdout == "Nothing would change.\n"
    file.write_text(text.replace("title: Looks at whether the rules are kept", "title: Looks"))
    assert "The role auditor is called 'Looks'." in space.run("anchor", "rulebook", "check", str(file), who="anchor").stdout
    assert f"Version {version + 1} holds." in space.run("anchor", "rulebook", "publish", str(file), who="anchor").stdout
    versions = space.json("anchor", "rulebook", "versions", who="anchor")
    assert [one["version"] for one in versions] == [*range(version + 1, 0, -1)]
    assert "AIFactoryCredential" in space.run("anchor", "issuers", who="anchor").stdout
    file.write_text(text.replace("approvals: 1", "approvals: many"))
    wrong = space.run("anchor", "rulebook", "publish", str(file), who="anchor", code=1).stderr
    assert "Line " in wrong
    assert "joining.approvals" in wrong
    assert "There is no such rulebook file" in space.run("anchor", "rulebook", "check", str(tmp_path / "none"), who="anchor", code=1).stderr


def test_four_eyes_approve(space, tmp_path, erin):
    before, _ = _publish(space, tmp_path, ("approvals: 1", "approvals: 2"))
    try:
        assert space.json("join", _url(space), who=erin.name, code=3)["state"] == "pending"
        done = space.run("anchor", "approve", erin.did, who="anchor", code=3)
        assert "1 of 2 approvals to admit as consumer, provider, another operator has to approve." in done.stdout
        assert "same-operator" in space.run("anchor", "approve", erin.did, "--json", who="anchor", code=1).stdout
        (waiting,) = space.json("anchor", "applications", who="anchor")
        assert (waiting["did"], len(waiting["approvals"]), waiting["approvals_needed"]) == (erin.did, 1, 2)
        issued = space.json("operator", "add", "second pair of eyes", "--role", "approve", who="anchor")
        second = {"HANSE_URL": f"http://localhost:{space.port}", "HANSE_TOKEN": issued["token"]}
        assert "is active" in space.run("anchor", "approve", erin.did, **second).stdout
        assert space.json("join", _url(space), who=erin.name)["state"] == "member"
        shown = space.run("anchor", "show", erin.did, who="anchor").stdout
        assert "second pair of eyes" in shown
        assert "MembershipCredential" in shown
    finally:
        file = tmp_path / "rulebook.yaml"
        file.write_text(before)
        # Nobody does away with the second operator alone.
        waits = space.run("anchor", "rulebook", "publish", str(file), who="anchor", code=3).stdout
        assert "1 of 2 approvals" in waits
        assert "same-operator" in space.run("anchor", "rulebook", "publish", str(file), "--json", who="anchor", code=1).stdout
        assert "Another operator has to publish the same file." in space.run("anchor", "rulebook", "versions", who="anchor").stderr
        assert "holds." in space.run("anchor", "rulebook", "publish", str(file), **second).stdout


def test_joining_says_what_is_missing_and_takes_it(space, tmp_path, erin):
    asks = (
        ("    credential: DataProviderCredential\n", "    credential: DataProviderCredential\n    evidence: [registration]\n"),
        (
            "\n# What applicants can be asked",
            "\nevidence:\n  registration:\n    title: Register entry\n    hint: Its number.\n# What applicants can",
        ),
        ("# terms:\n#   title: Terms of use of the space\n#   text: |", "terms:\n  title: Terms of use\n  text: Be kind.\n#   text: |"),
    )
    before, published = _publish(space, tmp_path, *asks)
    try:
        assert published["changes"]
        missing = space.run("join", _url(space), who=erin.name, code=1).stdout
        assert "evidence registration: missing." in missing
        assert "Its number." in missing
        terms = re.search(r"--accept-terms ([0-9a-f]{64})", missing)[1]
        given = ("--evidence", "registration=HRB 1234", "--accept-terms", terms)
        looked = space.json("join", _url(space), "--check", *given, who=erin.name)
        assert looked["state"] == "fits"
        assert space.json("join", _url(space), "--role", "provider", *given, who=erin.name, code=3)["state"] == "pending"
        shown = space.run("anchor", "show", erin.did, who="anchor").stdout
        assert "HRB 1234" in shown
        assert terms in shown
        space.run("anchor", "refuse", erin.did, "--reason", "Not now.", who="anchor")
        assert "Not now." in space.run("join", _url(space), who=erin.name, code=1).stdout
        assert "NAME=VALUE" in space.run("join", _url(space), "--evidence", "nonsense", who=erin.name, code=2).stderr
    finally:
        (tmp_path / "rulebook.yaml").write_text(before)
        space.run("anchor", "rulebook", "publish", str(tmp_path / "rulebook.yaml"), who="anchor")


def test_an_intermediary_vouches_and_the_member_leaves(space, tmp_path, erin):
    rule = "  automatic:\n    - roles: [provider, consumer]\n      sponsored: true\n"
    before, _ = _publish(space, tmp_path, ("  approvals: 1\n", "  approvals: 1\n" + rule))
    bob = space.json("participant", "show", "bob", who="host")["did"]
    try:
        space.run("anchor", "roles", bob, "provider", "consumer", "intermediary", who="anchor")
        joined = space.json("join", _url(space), "--sponsor", "bob", who=erin.name)
        assert joined["state"] == "member"
        assert {kind for one in space.json("wallet", "list", who=erin.name) for kind in one["types"]} == OWN
        space.run("anchor", "claims", erin.did, "provider", "x=1", who="anchor", code=1)
        assert space.json("leave", "--yes", who=erin.name)["state"] == "left"
        assert {one["state"] for one in space.json("anchor", "credentials", "--holder", erin.did, who="anchor")} == {"revoked"}
        space.run("leave", "--yes", who=erin.name, code=1)
    finally:
        space.run("anchor", "roles", bob, "provider", "consumer", who="anchor")
        (tmp_path / "rulebook.yaml").write_text(before)
        space.run("anchor", "rulebook", "publish", str(tmp_path / "rulebook.yaml"), who="anchor")


def test_an_ai_factory_has_its_trust_level(space, erin):
    space.json("join", _url(space), "--role", "ai-factory", who=erin.name, code=3)
    space.run("anchor", "approve", erin.did, who="anchor")
    assert space.json("join", _url(space), who=erin.name)["credentials"] == ["MembershipCredential", "AIFactoryCredential"]
    said = space.json("anchor", "claims", erin.did, "ai-factory", "trustLevel=2", who="anchor")
    assert said["status"] == "active"
    assert "trustLevel=2" in space.run("anchor", "show", erin.did, who="anchor").stdout
    space.run("anchor", "claims", erin.did, "ai-factory", "trustLevel=9", who="anchor", code=1)
    space.run("anchor", "claims", erin.did, "ai-factory", "trustLevel", who="anchor", code=2)
