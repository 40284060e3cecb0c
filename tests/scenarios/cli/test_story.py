"""The daily road on the command line, with a real server: offer, catalog, get, contracts, transfers, explain."""

from __future__ import annotations

import json

import pytest

from tests.services.processes import wait_until


def test_offered_found_and_fetched(space, tmp_path):
    id = space.offer("weather.csv", "--title", "Weather", "--language", "en", "--policy", "members + until 2090-01-01")
    shown = space.run("catalog", "--filter", "language=en", "--filter", "text=weather", "--terms", who="bob").stdout
    assert id in shown
    assert "before 1 January 2090" in shown
    got = space.json("get", id, "--into", str(tmp_path / "got"), who="bob")
    assert got["verified"]
    assert (tmp_path / "got" / "weather.csv").read_text() == "a,b\n1,2\n"
    again = space.json("get", id, "--from", "alice", "--into", str(tmp_path / "got"), who="bob")
    assert again["already_there"] == 1
    assert again["contract"]["id"] == got["contract"]["id"]
    assert any(one["id"] == got["contract"]["id"] for one in space.json("contracts", who="bob"))
    assert "1 January 2090" in space.run("contracts", "show", got["contract"]["id"], who="bob").stdout
    assert space.json("transfers", "show", got["transfer"], who="bob")["state"] == "COMPLETED"
    for name in (id, got["contract"]["id"], got["contract"]["negotiation"], got["transfer"]):
        who = "alice" if name == id else "bob"
        assert space.json("explain", name, who=who)["id"] == name
        assert space.run("explain", name, who=who).stdout


def test_quiet_prints_the_folder_alone(space, tmp_path):
    id = space.offer("quiet.csv")
    done = space.run("get", id, "--into", str(tmp_path / "q"), "--quiet", who="bob")
    assert (done.stdout.strip(), done.stderr) == (str(tmp_path / "q"), "")


def test_a_folder_is_fetched_as_a_folder(space, tmp_path):
    folder = space.data / "many"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.txt", "deep/b.txt"):
        (folder / name).write_text(name)
    id = space.json("offer", str(folder), "--title", "Many")["id"]
    space.run("get", id, "--into", str(tmp_path / "m"), who="bob")
    assert (tmp_path / "m" / "deep" / "b.txt").read_text() == "deep/b.txt"


def test_by_hand_a_person_answers_and_the_other_side_waits(space, tmp_path):
    id = space.offer("hand.csv", "--by-hand")
    done = space.run("get", id, "--from", "alice", "--into", str(tmp_path / "h"), "--patience", "1", who="bob", code=3)
    assert "waits for" in done.stderr
    asked = space.json("negotiations", "--open")[0]
    assert asked["dataset"] == id
    assert "you" in space.run("negotiations").stdout
    assert space.json("negotiations", "accept", asked["id"])["state"] == "FINALIZED"
    assert space.json("get", id, "--from", "alice", "--into", str(tmp_path / "h"), who="bob")["verified"]


def test_a_counter_offer_waits_and_is_taken(space, tmp_path):
    id = space.offer("counter.csv", "--by-hand", "--policy", "members + until 2090-01-01")
    road = ("get", id, "--from", "alice", "--into", str(tmp_path / "c"), "--policy", "members + until 2095-01-01", "--patience", "1")
    assert space.json(*road, who="bob", code=3)["error"]["rule"] == "waits-for-person"
    asked = space.json("negotiations", "--open")[0]
    space.run("negotiations", "counter", asked["id"], "members + until 2091-01-01", code=3)
    done = space.run(*road, who="bob", code=3)
    assert "2091" in done.stderr
    assert "hanse negotiations accept neg_" in done.stderr
    got = space.json("get", id, "--from", "alice", "--into", str(tmp_path / "c"), "--accept-counter", who="bob")
    assert any("2091" in sentence for sentence in got["contract"]["sentences"])


def test_two_servers_come_to_terms_within_their_limits(space, tmp_path):
    id = space.offer("limits.csv", "--policy", "members + count 1", "--negotiable", "members + count 3")
    assert "3" in space.run("offer", "show", id).stdout
    road = ("get", id, "--from", "alice", "--into", str(tmp_path / "l"), "--policy", "members + count 9", "--need", "count 2")
    got = space.json(*road, who="bob")
    assert got["verified"]
    constraints = got["contract"]["agreement"]["permission"][0]["constraint"]
    assert {"leftOperand": "count", "operator": "lteq", "rightOperand": "3"} in constraints
    again = (*road[:-1], "count 7", "--again")
    refused = space.json(*again, who="bob", code=1)["error"]
    assert "count" in refused["message"]
    space.run("offer", "edit", id, "--negotiable", "none")
    assert space.json("offer", "show", id)["preferences"] is None


def test_what_a_need_leaves_open_waits_for_a_person(space, tmp_path):
    id = space.offer("open.csv", "--policy", "members + until 2090-01-01", "--negotiable", "members + until 2090-01-01")
    road = ("get", id, "--from", "alice", "--into", str(tmp_path / "o"), "--need", "count 2", "--patience", "5")
    assert space.json(*road, who="bob", code=3)["error"]["rule"] == "waits-for-person"
    mine = next(one for one in space.json("negotiations", who="bob") if one["dataset"] == id)
    assert "dateTime" in space.run("explain", mine["id"], who="bob").stdout
    assert space.json("get", id, "--from", "alice", "--into", str(tmp_path / "o"), "--accept-counter", who="bob")["verified"]


def test_a_purpose_is_short_for_a_need(space, tmp_path):
    id = space.offer("purpose.csv", "--policy", "members + purpose ResearchAndDevelopment")
    road = ("get", id, "--from", "alice", "--into", str(tmp_path / "p"), "--purpose", "AcademicResearch")
    got = space.json(*road, "--accept-declared", who="bob")
    assert got["verified"]
    other = ("get", id, "--from", "alice", "--into", str(tmp_path / "q"), "--purpose", "Marketing", "--again")
    assert "AcademicResearch" not in space.run(*other, "--accept-declared", who="bob", code=1).stderr


def test_a_refusal_ends_with_1_and_its_reason(space, tmp_path):
    id = space.offer("refused.csv", "--by-hand")
    road = ("get", id, "--from", "alice", "--into", str(tmp_path / "r"), "--patience", "1")
    space.run(*road, who="bob", code=3)
    asked = space.json("negotiations", "--open")[0]
    space.run("negotiations", "refuse", asked["id"], "--reason", "Not to you.")
    ended = space.json("negotiations", "show", asked["id"])
    assert ended["state"] == "TERMINATED"
    mine = next(one for one in space.json("negotiations", who="bob") if one["dataset"] == id)
    assert "Not to you." in space.run("explain", mine["id"], who="bob").stdout


def test_a_transfer_is_steered_from_both_sides(space, tmp_path):
    id = space.offer("steered.csv")
    contract = space.json("get", id, "--from", "alice", "--into", str(tmp_path / "s"), who="bob")["contract"]["id"]
    mine = space.json("transfers", "start", contract, who="bob")["id"]
    assert space.json("transfers", "suspend", mine, "--reason", "Lunch.", who="bob")["state"] == "SUSPENDED"
    assert space.json("transfers", "resume", mine, who="bob")["state"] == "STARTED"
    # The other side's last step may still be on its way to being acknowledged.
    wait_until(lambda: not space.json("transfers", "--open")[0]["pending"], space.process, space.folder / "up.log", "hanse")
    theirs = space.json("transfers", "--open")[0]
    assert space.json("transfers", "suspend", theirs["id"])["state"] == "SUSPENDED"
    assert space.run("get", id, "--from", "alice", "--into", str(tmp_path / "s2"), "--patience", "1", who="bob", code=3)
    assert space.json("transfers", "terminate", theirs["id"], "--reason", "Enough.")["state"] == "TERMINATED"
    space.run("transfers", "resume", mine, who="bob", code=1)


def test_an_offer_is_edited_and_withdrawn(space, tmp_path):
    id = space.offer("edited.csv", "--title", "Old")
    space.run("offer", "edit", id, "--title", "New", "--keyword", "k", "--visible-to", "alice")
    assert "New" in space.run("offer", "show", id).stdout
    assert id not in space.run("catalog", "alice", who="bob").stdout
    space.run("offer", "edit", id, "--visible-to-all")
    assert id in space.run("catalog", "alice", who="bob").stdout
    (space.data / "edited.csv").write_text("longer than before")
    assert space.json("offer", "refresh", id)["dataset"]["byte_size"] == 18
    space.run("offer", "withdraw", id)
    assert "withdrawn" in space.run("offer", "--list").stdout
    space.run("get", id, "--into", str(tmp_path / "w"), who="bob", code=1)


@pytest.mark.parametrize(
    ("words", "needle"),
    [
        (("offer", "/nowhere/at/all"), "no file and no folder"),
        (("offer", "/etc/hostname"), "may not offer"),
        (("offer", "DATA", "--policy", "nonsense"), "policy list"),
        (("offer", "DATA", "--policy", "until 1999-01-01"), "past"),
        (("offer", "show", "ds_none"), "ds_none"),
        (("catalog", "--filter", "nonsense=1"), "Known fields"),
        (("catalog", "nobody"), "nobody"),
        (("get", "ds_none"), "hanse catalog"),
        (("explain", "neg_none"), "neg_none"),
        (("negotiations", "accept", "neg_none"), "neg_none"),
        (("transfers", "start", "agr_none"), "agr_none"),
        (("join", "http://localhost:1/spaces/x"), "hanse:"),
        (("operator", "remove", "op_none"), "op_none"),
    ],
)
def test_a_mistake_ends_with_1_and_says_what_helps(space, words, needle):
    (space.data / "mistake.csv").write_text("x")
    words = tuple(str(space.data / "mistake.csv") if word == "DATA" else word for word in words)
    done = space.run(*words, code=1)
    assert needle in done.stderr
    assert done.stdout == ""
    assert "error" in space.json(*words, code=1)


def test_people_and_their_tokens(space):
    issued = space.json("operator", "add", "night", "--role", "read")
    token, id = issued["token"], issued["operator"]["id"]
    url = f"http://localhost:{space.port}"
    assert space.run("status", "--json", HANSE_URL=url, HANSE_TOKEN=token).exit_code == 0
    refused = space.run("offer", str(space.data), code=1, HANSE_URL=url, HANSE_TOKEN=token)
    assert "role" in refused.stderr
    assert token not in refused.output
    fresh = space.json("operator", "rotate", id)["token"]
    space.run("status", code=1, HANSE_URL=url, HANSE_TOKEN=token)
    space.run("status", HANSE_URL=url, HANSE_TOKEN=fresh)
    space.run("operator", "remove", id)
    space.run("status", code=1, HANSE_URL=url, HANSE_TOKEN=fresh)


def test_the_own_token_is_replaced_in_the_profiles_and_not_shown(space):
    from hanse.client.profiles import choose

    before = choose(space.home, "bob", {}).token
    done = space.run("operator", "rotate", who="bob")
    after = choose(space.home, "bob", {}).token
    assert before != after
    assert after not in done.output
    space.run("status", who="bob")


def test_who_applies_is_admitted_by_the_anchor(space):
    space.run("participant", "add", "carol", who="host")
    did = space.json("participant", "show", "carol", who="host")["did"]
    url = space.json("status")["spaces"][0]["url"]
    assert space.json("join", url, who="carol", code=3)["state"] == "pending"
    assert did in space.run("anchor", "applications", who="anchor").stdout
    space.run("anchor", "approve", did, who="anchor")
    assert space.json("join", url, who="carol")["state"] == "member"
    space.run("anchor", "suspend", did, "--reason", "A test.", who="anchor")
    space.run("anchor", "reinstate", did, who="anchor")
    space.run("anchor", "remove", did, who="anchor")
    code = space.json("anchor", "invite", "--role", "consumer", who="anchor")["code"]
    assert code
    receipt = space.json("participant", "erase", "carol", "--yes", who="host")
    assert receipt["did"] == did
    space.run("status", who="carol", code=1)


def test_an_invitation_lets_in_at_once(space):
    space.run("participant", "add", "dave", who="host")
    url = space.json("status")["spaces"][0]["url"]
    code = space.json("anchor", "invite", who="anchor")["code"]
    done = space.run("join", url, "--invitation", code, who="dave")
    assert "member" in done.stdout
    assert space.run("status", "--members", who="dave").stdout.count("did:web:") >= 4


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("status", "--members"),
        ("offer", "--list"),
        ("catalog",),
        ("negotiations",),
        ("contracts",),
        ("transfers",),
        ("settings",),
        ("operator", "list"),
        ("policy", "list"),
        ("policy", "check", "members"),
        ("participant", "list"),
        ("anchor", "members"),
        ("anchor", "applications"),
        ("anchor", "issuers"),
        ("anchor", "credentials"),
        ("anchor", "rulebook", "versions"),
        ("wallet",),
        ("wallet", "requests"),
        ("wallet", "keys"),
        ("completion", "fish"),
    ],
)
def test_every_list_is_json_or_fits_80_columns(space, words):
    who = {"participant": "host", "anchor": "anchor"}.get(words[0], "alice")
    assert isinstance(space.json(*words, who=who), dict | list)
    shown = space.run(*words, who=who).stdout
    assert "\x1b" not in shown
    if words[0] not in ("completion", "status", "settings", "anchor", "wallet") and "check" not in words:
        assert max((len(line) for line in shown.splitlines()), default=0) <= 100


def test_what_cannot_be_offered_here_ends_with_1(space):
    policy = json.dumps(
        {"permission": [{"action": "use", "constraint": [{"leftOperand": "moon", "operator": "eq", "rightOperand": "full"}]}]}
    )
    done = space.run("policy", "check", policy, code=1)
    assert "cannot be offered here" in done.stdout
