"""Joining a space, step by step: who cannot be reached, what is missing, who waits, who was turned down, who leaves."""

from __future__ import annotations

import pytest
from msgspec import structs

from hanse.anchor.rulebook.document import read, write
from hanse.http.peer import PeerAnswer
from hanse.identity.rulebook import Automatic, Evidence, Joining, Rulebook, Terms
from hanse.participants.roles import SERVER
from tests.unit.http.api.rig import ROOT, did_of, run

URL = f"{ROOT}/spaces/harbour"
OWN = ["MembershipCredential", "DataProviderCredential", "DataConsumerCredential"]
PAPER = Evidence(title="Entry in a register", hint="The register and your number in it.")


def _escaped(name):
    return did_of(name).replace("%", "%25")


async def _publish(rig, change):
    """Publish acme's rulebook with a change to it."""
    book = read((await rig.good("GET", "/anchor/rulebook"))["text"])
    text = write(structs.replace(book, **change(book)))
    return await rig.good("POST", "/anchor/rulebook", body={"text": text})


def _asks_providers_for_a_paper(book: Rulebook):
    provider = structs.replace(book.roles["provider"], evidence=["registration"])
    return {"evidence": {"registration": PAPER}, "roles": {**book.roles, "provider": provider}}


def _has_terms(book: Rulebook):
    return {"terms": Terms(title="Terms of use", sha256="0" * 64, url="https://space.example/terms.pdf")}


async def _join(rig, who="other", **said):
    return await rig.good("POST", "/space/join", who, body={"url": URL, **said})


async def _decide(rig, verb, who="other", **said):
    await rig.good("POST", f"/anchor/applications/{_escaped(who)}/{verb}", body=said)
    await rig.arrived()


def _unreachable(rig, who="other", answer=PeerAnswer(404, {}, b"")):  # noqa: B008 - a tuple
    """Let nobody outside reach a participant's DID document."""
    ask = rig.peers.send

    async def send(method, url, body=None, headers=None, **said):
        if url.endswith(f"/participants/{who}/did.json"):
            return answer
        return await ask(method, url, body, headers, **said)

    rig.peers.send = send


def test_each_step_is_told(tmp_path):
    async def scenario(rig):
        invited = await rig.good("POST", "/anchor/invitations", body={"did": did_of("other")})
        joined = await _join(rig, invitation=invited["code"])
        said = " ".join(joined["steps"])
        for part in (
            "The space 'The Harbour' is anchored by",
            "Its rulebook is signed by the anchor: version 1",
            "The anchor reaches this participant",
            "the participant is member",
            "are pinned",
            "verified and are in the wallet: MembershipCredential, DataProviderCredential, DataConsumerCredential",
            "The signed register was verified: 3 members.",
        ):
            assert part in said, part
        assert invited["code"] not in said

    run(tmp_path, scenario)


def test_asking_again_changes_nothing(tmp_path):
    async def scenario(rig):
        invited = await rig.good("POST", "/anchor/invitations")
        await _join(rig, invitation=invited["code"])
        await rig.arrived()
        before = await rig.good("GET", "/space", "other"), await rig.good("GET", "/wallet/credentials", "other")
        requests = await rig.good("GET", "/wallet/requests", "other")
        rig.clock.advance(seconds=5)
        again = await _join(rig, invitation=invited["code"])
        assert (again["state"], again["credentials"]) == ("member", OWN)
        assert any("credentials are in the wallet" in step for step in again["steps"])
        assert (await rig.good("GET", "/space", "other"), await rig.good("GET", "/wallet/credentials", "other")) == before
        assert await rig.good("GET", "/wallet/requests", "other") == requests

    run(tmp_path, scenario)


def test_what_the_wallet_has_lost_is_asked_for_again(tmp_path):
    async def scenario(rig):
        held = (await rig.good("GET", "/wallet/credentials", "zoo"))["items"]
        await rig.ask("DELETE", f"/wallet/credentials/{held[0]['id']}", "zoo")
        joined = await _join(rig, "zoo")
        assert (joined["state"], sorted(joined["credentials"])) == ("member", sorted(OWN))
        asked = (await rig.good("GET", "/wallet/requests", "zoo"))["items"]
        assert [(one["types"], one["because"], one["state"]) for one in asked] == [(held[0]["types"], "joined", "issued")]

    run(tmp_path, scenario)


def test_who_waits_hears_so_and_gets_its_credentials_when_it_is_approved(tmp_path):
    async def scenario(rig):
        for _ in range(2):
            joined = await _join(rig)
            assert (joined["state"], joined["credentials"]) == ("pending", [])
        await _decide(rig, "approve")
        # Nobody has asked again: the anchor has offered, and the wallet has taken it up.
        held = (await rig.good("GET", "/wallet/credentials", "other"))["items"]
        assert sorted(kind for one in held for kind in one["types"]) == sorted(OWN)
        assert (await _join(rig))["state"] == "member"

    run(tmp_path, scenario)


def test_who_waits_does_not_need_to_say_everything_again(tmp_path):
    async def scenario(rig):
        await _publish(rig, _asks_providers_for_a_paper)
        missing = await _join(rig)
        assert missing["state"] == "missing"
        assert [check["what"] for check in missing["fit"]["checks"] if not check["met"]] == ["evidence registration"]
        assert any("The register and your number in it." in step for step in missing["steps"])
        assert (await rig.ask("GET", "/space", "other"))[0] == 404
        assert (await rig.good("GET", "/anchor/applications"))["items"] == []
        assert (await _join(rig, evidence={"registration": "HRB 1234"}))["state"] == "pending"
        assert (await _join(rig))["state"] == "pending"
        known = await rig.good("GET", f"/anchor/members/{_escaped('other')}")
        assert known["evidence"] == {"registration": "HRB 1234"}

    run(tmp_path, scenario)


def test_only_looking_asks_for_nothing(tmp_path):
    async def scenario(rig):
        fits = await _join(rig, check=True)
        assert (fits["state"], fits["fit"]["decided_by"]) == ("fits", "1 operator")
        assert "It would be decided by 1 operator." in fits["steps"]
        assert (await _join(rig, check=True, roles=["king"]))["state"] == "missing"
        assert (await rig.good("GET", "/anchor/applications"))["items"] == []
        assert (await rig.ask("GET", "/space", "other"))[0] == 404
        # Another space may be looked at, too.
        await rig.good("POST", "/anchor", "acme", body={"name": "meadow", "title": "The Meadow"})
        looked = await rig.good("POST", "/space/join", "zoo", body={"url": f"{ROOT}/spaces/meadow", "check": True})
        assert looked["state"] == "fits"
        assert (await rig.good("GET", "/space", "zoo"))["url"] == URL

    run(tmp_path, scenario)


def test_terms_are_shown_where_they_have_to_be_accepted(tmp_path):
    async def scenario(rig):
        await _publish(rig, _has_terms)
        missing = await _join(rig)
        assert (missing["state"], missing["terms"], missing["terms_url"]) == ("missing", "0" * 64, "https://space.example/terms.pdf")
        assert (await _join(rig, terms="1" * 64))["state"] == "missing"
        joined = await _join(rig, terms="0" * 64)
        assert (joined["state"], joined["terms"]) == ("pending", "")
        known = await rig.good("GET", f"/anchor/members/{_escaped('other')}")
        assert known["terms"] == "0" * 64

    run(tmp_path, scenario)


def test_an_invitation_is_for_its_own_roles(tmp_path):
    """What the roles ask for that one would have asked for otherwise is not asked of whoever is invited to others."""

    async def scenario(rig):
        await _publish(rig, _asks_providers_for_a_paper)
        invited = await rig.good("POST", "/anchor/invitations", body={"roles": ["consumer"]})
        joined = await _join(rig, invitation=invited["code"])
        assert (joined["state"], joined["credentials"]) == ("member", ["MembershipCredential", "DataConsumerCredential"])

    run(tmp_path, scenario)


def test_an_invitation_that_is_no_good_pins_nothing(tmp_path):
    async def scenario(rig):
        status, answer = await rig.ask("POST", "/space/join", "other", body={"url": URL, "invitation": "inv_1_" + "x" * 43})
        assert (status, answer["type"]) == (502, "urn:hanse:problem:peer-refused")
        assert "not valid" in answer["detail"]
        assert (await rig.ask("GET", "/space", "other"))[0] == 404

    run(tmp_path, scenario)


def test_who_cannot_be_reached_hears_why_and_who_would_host_it(tmp_path):
    async def scenario(rig):
        _unreachable(rig)
        joined = await _join(rig)
        assert (joined["state"], joined["hosts"]) == ("unreachable", [])
        assert any("DID document: not reached. Its address answered HTTP 404." in step for step in joined["steps"])
        assert "The space has no intermediary that could host this participant." in joined["steps"]
        zoo = {"roles": ["consumer", "intermediary"]}
        await rig.good("POST", f"/anchor/members/{_escaped('zoo')}/roles", body=zoo)
        assert (await _join(rig, "zoo", hosting="https://zoo.example/hosting"))["state"] == "member"
        joined = await _join(rig)
        assert joined["hosts"] == [{"did": did_of("zoo"), "name": "Zoo Ltd", "hosting": "https://zoo.example/hosting"}]
        assert "Zoo Ltd (https://zoo.example/hosting)" in joined["steps"][-1]
        assert (await rig.good("GET", "/anchor/applications"))["items"] == []

    run(tmp_path, scenario)


def test_an_intermediary_vouches_for_whom_it_hosts(tmp_path):
    async def scenario(rig):
        rule = Automatic(roles=["provider", "consumer"], sponsored=True)
        await _publish(rig, lambda _: {"joining": Joining(automatic=[rule])})
        body = {"url": URL, "sponsor": "zoo"}
        assert (await rig.ask("POST", "/space/join", "other", body=body))[0] == 403
        named = {"Hanse-Participant": "other"}
        # Not an intermediary yet.
        status, missing = await rig.ask("POST", "/space/join", None, body=body, headers=named)
        assert (status, missing["state"]) == (200, "missing")
        assert any("is no intermediary" in step for step in missing["steps"])
        await rig.good("POST", f"/anchor/members/{_escaped('zoo')}/roles", body={"roles": ["consumer", "intermediary"]})
        status, joined = await rig.ask("POST", "/space/join", None, body=body, headers=named)
        assert (status, joined["state"], joined["credentials"]) == (200, "member", OWN)
        known = await rig.good("GET", f"/anchor/members/{_escaped('other')}")
        assert known["sponsor"] == did_of("zoo")
        assert known["history"][-1]["what"] == "admitted by a rule"
        assert (await rig.ask("POST", "/space/join", None, body=body | {"sponsor": "nobody"}, headers=named))[0] == 404

    run(tmp_path, scenario)


def test_who_was_refused_hears_it_once_and_may_apply_again(tmp_path):
    async def scenario(rig):
        assert (await _join(rig))["state"] == "pending"
        await _decide(rig, "refuse", reason="Not known to us.")
        told = await _join(rig)
        assert told["state"] == "refused"
        assert "The anchor has refused the application. Not known to us." in told["steps"]
        assert (await rig.ask("GET", "/space", "other"))[0] == 404
        assert (await _join(rig))["state"] == "pending"

    run(tmp_path, scenario)


def test_who_was_suspended_or_removed_hears_it(tmp_path):
    async def scenario(rig):
        member = f"/anchor/members/{_escaped('zoo')}"
        await rig.good("POST", member + "/suspend", body={"reason": "Unpaid."})
        for _ in range(2):
            told = await _join(rig, "zoo")
            assert (told["state"], told["steps"][-1]) == ("suspended", "The anchor has suspended this participant. Unpaid.")
        await rig.good("POST", member + "/remove", body={"reason": "Still unpaid."})
        assert (await _join(rig, "zoo"))["state"] == "removed"
        assert (await _join(rig, "zoo"))["state"] == "pending"

    run(tmp_path, scenario)


def test_who_leaves_is_no_member_any_more_on_either_side(tmp_path):
    async def scenario(rig):
        left = await rig.good("POST", "/space/leave", "zoo")
        assert left["state"] == "left"
        assert (await rig.ask("GET", "/space", "zoo"))[0] == 404
        known = await rig.good("GET", f"/anchor/members/{_escaped('zoo')}")
        assert (known["status"], {one["state"] for one in known["credentials"]}) == ("left", {"revoked"})
        assert (await rig.ask("POST", "/space/leave", "zoo"))[0] == 409
        assert (await rig.ask("POST", "/space/leave", "acme"))[0] == 409

    run(tmp_path, scenario)


def test_who_is_no_member_leaves_all_the_same(tmp_path):
    async def scenario(rig):
        assert (await _join(rig))["state"] == "pending"
        await _decide(rig, "refuse")
        left = await rig.good("POST", "/space/leave", "other")
        assert (left["state"], (await rig.ask("GET", "/space", "other"))[0]) == ("left", 404)

    run(tmp_path, scenario)


def test_another_anchor_at_the_address_of_the_pinned_one_is_not_believed(tmp_path):
    async def scenario(rig):
        await rig.server.management.participants.join(SERVER, "zoo", URL, did_of("other"))
        status, answer = await rig.ask("POST", "/space/join", "zoo", body={"url": URL})
        assert (status, answer["type"]) == (409, "urn:hanse:problem:other-anchor")
        assert (await _join(rig, "zoo", replace=True))["state"] == "member"
        assert (await rig.good("GET", "/space", "zoo"))["anchor"] == did_of("acme")

    run(tmp_path, scenario)


def test_a_new_member_whose_request_is_turned_down_hears_why(tmp_path):
    async def scenario(rig):
        ask = rig.peers.send

        async def send(method, url, body=None, headers=None, **said):
            turned_down = url.endswith("/dcp/issuer/credentials")
            return PeerAnswer(400, {}, b"{}") if turned_down else await ask(method, url, body, headers, **said)

        rig.peers.send = send
        invited = await rig.good("POST", "/anchor/invitations", body={})
        joined = await _join(rig, invitation=invited["code"])
        assert (joined["state"], joined["credentials"]) == ("member", [])
        assert joined["problem"].startswith("The anchor's credentials did not come. ")
        assert "`hanse explain req_" in joined["problem"]
        assert "`hanse wallet request`" in joined["problem"]

    run(tmp_path, scenario)


# In several spaces.

MEADOW = f"{ROOT}/spaces/meadow"


async def _found_meadow(rig):
    """Let `other` found a second space and join it."""
    await rig.good("POST", "/anchor", "other", body={"name": "meadow", "title": "The Meadow"})


async def _join_meadow(rig, who="zoo", **said):
    return await rig.good("POST", "/space/join", who, body={"url": MEADOW, **said})


async def _anchors_list(rig):
    """Return what harbour's anchor says of zoo: its standing, and the states of its credentials."""
    known = await rig.good("GET", f"/anchor/members/{_escaped('zoo')}")
    return known["status"], {one["state"] for one in known["credentials"]}


async def _issuers(rig, who="zoo"):
    return {one["issuer"] for one in (await rig.good("GET", "/wallet/credentials", who))["items"]}


async def _standings(rig, who="zoo"):
    """Return how the participant stands in each space, by its name."""
    return {one["url"].rpartition("/")[2]: one["state"] for one in (await rig.good("GET", "/spaces", who))["items"]}


def _anchor_down(rig, url=URL):
    """Let nobody reach what lies below an address."""
    ask = rig.peers.send

    async def send(method, asked, body=None, headers=None, **said):
        return PeerAnswer(503, {}, b"") if asked.startswith(url) else await ask(method, asked, body, headers, **said)

    rig.peers.send = send


def test_a_member_of_one_space_joins_another_and_is_in_both(tmp_path):
    async def scenario(rig):
        await _found_meadow(rig)
        waits = await _join_meadow(rig)
        assert waits["state"] == "pending"
        assert await _standings(rig) == {"harbour": "member", "meadow": "pending"}
        await rig.good("POST", f"/anchor/applications/{_escaped('zoo')}/approve", "other", body={})
        await rig.arrived()
        assert await _standings(rig) == {"harbour": "member", "meadow": "member"}
        assert await _anchors_list(rig) == ("active", {"good"})
        assert await _issuers(rig) == {did_of("acme"), did_of("other")}
        assert (await rig.good("GET", "/space?space=meadow", "zoo"))["anchor"] == did_of("other")
        status, answer = await rig.ask("GET", "/space", "zoo")
        assert (status, answer["type"], URL in answer["hint"]) == (422, "urn:hanse:problem:which-space", True)

    run(tmp_path, scenario)


def test_members_are_listed_with_the_spaces_in_which_they_are(tmp_path):
    async def scenario(rig):
        await _found_meadow(rig)
        invited = await rig.good("POST", "/anchor/invitations", "other", body={"did": did_of("zoo")})
        await _join_meadow(rig, invitation=invited["code"])
        listed = {one["did"]: one["spaces"] for one in (await rig.good("GET", "/members", "zoo"))["items"]}
        assert listed == {did_of("acme"): [URL], did_of("zoo"): [URL, MEADOW], did_of("other"): [MEADOW]}
        of_meadow = (await rig.good("GET", "/members?space=meadow", "zoo"))["items"]
        assert {one["did"] for one in of_meadow} == {did_of("zoo"), did_of("other")}
        assert (await rig.ask("GET", "/members?space=desert", "zoo"))[0] == 404

    run(tmp_path, scenario)


def test_of_several_spaces_the_one_to_be_left_is_named_and_the_others_stay(tmp_path):
    async def scenario(rig):
        await _found_meadow(rig)
        invited = await rig.good("POST", "/anchor/invitations", "other", body={"did": did_of("zoo")})
        await _join_meadow(rig, invitation=invited["code"])
        assert (await rig.ask("POST", "/space/leave", "zoo"))[0] == 422
        left = await rig.good("POST", "/space/leave", "zoo", body={"url": "harbour"})
        assert f"The anchor of {URL} was told, and takes the credentials back." in left["steps"]
        assert await _standings(rig) == {"meadow": "member"}
        assert await _anchors_list(rig) == ("left", {"revoked"})
        assert await _issuers(rig) == {did_of("other")}

    run(tmp_path, scenario)


def test_an_anchor_that_is_away_keeps_nobody_from_joining_another_space(tmp_path):
    async def scenario(rig):
        await _found_meadow(rig)
        invited = await rig.good("POST", "/anchor/invitations", "other", body={})
        _anchor_down(rig)
        assert (await _join_meadow(rig, invitation=invited["code"]))["state"] == "member"
        assert (await _standings(rig))["meadow"] == "member"

    run(tmp_path, scenario)


def test_an_anchor_that_joins_another_space_goes_on_with_its_own(tmp_path):
    async def scenario(rig):
        await _found_meadow(rig)
        invited = await rig.good("POST", "/anchor/invitations", "other", body={})
        assert (await _join_meadow(rig, "acme", invitation=invited["code"]))["state"] == "member"
        assert await _standings(rig, "acme") == {"harbour": "member", "meadow": "member"}
        assert await _issuers(rig, "acme") == {did_of("acme"), did_of("other")}
        assert (await rig.get("/spaces/harbour/register")).status_code == 200

    run(tmp_path, scenario)


def test_a_refusal_by_another_space_is_heard(tmp_path):
    async def scenario(rig):
        await _found_meadow(rig)
        await _join_meadow(rig)
        await rig.good("POST", f"/anchor/applications/{_escaped('zoo')}/refuse", "other", body={"reason": "Not known to us."})
        again = await _join_meadow(rig)
        assert (again["state"], "The anchor has refused the application. Not known to us." in again["steps"]) == ("refused", True)
        assert (await rig.good("GET", "/space", "zoo"))["url"] == URL

    run(tmp_path, scenario)


# Leaving.


def test_who_leaves_loses_the_credentials(tmp_path):
    async def scenario(rig):
        left = await rig.good("POST", "/space/leave", "zoo")
        assert any("Its credentials are gone from the wallet: " in step for step in left["steps"])
        assert (await rig.good("GET", "/wallet/credentials", "zoo"))["items"] == []

    run(tmp_path, scenario)


def test_who_was_removed_loses_them_too(tmp_path):
    async def scenario(rig):
        await rig.good("POST", f"/anchor/members/{_escaped('zoo')}/remove", body={"reason": "Unpaid."})
        left = await rig.good("POST", "/space/leave", "zoo")
        assert "this participant is no active member there" in left["steps"][0]
        assert (await rig.good("GET", "/wallet/credentials", "zoo"))["items"] == []

    run(tmp_path, scenario)


def test_an_anchor_that_is_down_holds_nobody(tmp_path):
    async def scenario(rig):
        _anchor_down(rig)
        status, answer = await rig.ask("POST", "/space/leave", "zoo")
        assert (status, (await rig.ask("GET", "/space", "zoo"))[0]) == (504, 200)
        assert "hanse leave --anyway" in answer["hint"]
        left = await rig.good("POST", "/space/leave", "zoo", body={"anyway": True})
        assert "was not told" in left["steps"][0]
        assert (await rig.ask("GET", "/space", "zoo"))[0] == 404
        assert (await rig.good("GET", "/wallet/credentials", "zoo"))["items"] == []

    run(tmp_path, scenario)


# What is missing, and terms that change.


def test_evidence_is_asked_for_by_name_and_a_slip_is_told(tmp_path):
    async def scenario(rig):
        await _publish(rig, _asks_providers_for_a_paper)
        missing = await _join(rig, evidence={"registraton": "HRB 1234"}, check=True)
        said = "\n".join(missing["steps"])
        assert "evidence registraton: unknown." in said
        assert "Did you mean registration?" in said
        assert "evidence registration: missing." in said
        assert "Give it with --evidence registration=…" in said
        assert "would not take this application" in said

    run(tmp_path, scenario)


def test_a_member_hears_that_the_terms_changed_until_it_accepts_them(tmp_path):
    async def scenario(rig):
        assert (await rig.good("GET", "/space", "zoo"))["terms"] == ""
        await _publish(rig, _has_terms)
        shown = await rig.good("GET", "/space", "zoo")
        assert (shown["state"], shown["terms"], shown["terms_url"]) == ("member", "0" * 64, "https://space.example/terms.pdf")
        joined = await _join(rig, "zoo")
        assert (joined["state"], joined["terms"], joined["terms_url"]) == ("member", "0" * 64, "https://space.example/terms.pdf")
        accepted = await _join(rig, "zoo", terms="0" * 64)
        assert accepted["terms"] == ""
        assert "The terms are accepted." in accepted["steps"]
        assert (await rig.good("GET", "/space", "zoo"))["terms"] == ""

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("said", "field"),
    [({"evidence": {"x": 1}}, "evidence[...]"), ({"terms": "abc"}, "terms"), ({"roles": []}, "roles"), ({"sponser": "zoo"}, "sponser")],
)
def test_what_cannot_be_read_is_named(tmp_path, said, field):
    async def scenario(rig):
        status, answer = await rig.ask("POST", "/space/join", "other", body={"url": URL, **said})
        assert (status, answer["field"]) == (422, field)

    run(tmp_path, scenario)


async def _member_of(rig, who="other"):
    """Return of which spaces the credentials in a wallet say that they are."""
    items = (await rig.good("GET", "/wallet/credentials", who))["items"]
    opened = [await rig.good("GET", f"/wallet/credentials/{one['id']}", who) for one in items]
    return {one["claims"][0]["memberOf"] for one in opened}


def test_each_space_of_one_anchor_has_its_own_credentials(tmp_path):
    async def scenario(rig):
        people = rig.server.management
        alpha = await people.spaces.found("acme", did_of("acme"), "alpha", "Alpha")  # before harbour in every list
        await _join(rig)
        await rig.good("POST", f"/anchor/applications/{_escaped('other')}/approve?space=harbour")
        await rig.arrived()
        assert (await _join(rig))["state"] == "member"
        assert await _member_of(rig) == {URL}
        asked = await rig.good("POST", "/wallet/requests", "other", body={})
        await rig.arrived()
        assert (await rig.good("GET", f"/wallet/requests/{asked['id']}", "other"))["state"] == "issued"
        assert await _member_of(rig) == {URL}
        await rig.good("POST", "/space/join", "other", body={"url": alpha.url, "replace": True})
        await rig.good("POST", f"/anchor/applications/{_escaped('other')}/approve?space=alpha")
        await rig.arrived()
        joined = await rig.good("POST", "/space/join", "other", body={"url": alpha.url, "replace": True})
        assert (joined["state"], sorted(joined["credentials"])) == ("member", sorted(OWN))
        await rig.arrived()
        assert alpha.url in await _member_of(rig)

    run(tmp_path, scenario)
