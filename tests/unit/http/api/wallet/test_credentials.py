"""Wallets: what is held and what it says, requests for more, and keys."""

from __future__ import annotations

import base64
import json

import pytest

from hanse.participants.roles import SERVER
from tests.unit.http.api.rig import ROOT, START, did_of, run

OWN = ["MembershipCredential", "DataProviderCredential", "DataConsumerCredential"]
PAST = "2026-02-01T00:00:00Z"
PUBLIC = ("register", "rulebook", "status/revocation-1", "status/suspension-1")


async def _held(rig, who="zoo"):
    """Return what is held, by type: all of it was made at one moment, so the order of the list is by chance."""
    items = (await rig.good("GET", "/wallet/credentials", who, "read"))["items"]
    return {kind: one for one in items for kind in one["types"]}


async def _issued(rig, who="zoo"):
    found = await rig.good("GET", f"/anchor/credentials?holder={did_of(who).replace('%', '%25')}", "acme", "read")
    return {one["type"]: one for one in found["items"] if one["state"] == "good"}


def test_what_is_held_and_whether_it_counts(tmp_path):
    async def scenario(rig):
        held = await _held(rig)
        assert set(held) == set(OWN)
        assert {(one["issuer"], one["state"], one["counts"], one["why"]) for one in held.values()} == {(did_of("acme"), "good", True, "")}
        assert held[OWN[0]]["valid_until"] == "2026-05-30T12:00:00Z"
        page = await rig.good("GET", "/wallet/credentials?limit=2", "zoo")
        rest = await rig.good("GET", f"/wallet/credentials?limit=2&after={page['next']}", "zoo")
        assert ([*page["items"], *rest["items"]], rest["next"]) == ([*held.values()], None)
        rig.clock.advance(days=100)
        assert {(one["state"], one["counts"]) for one in (await _held(rig)).values()} == {("expired", False)}

    run(tmp_path, scenario)


def test_a_credential_is_opened(tmp_path):
    async def scenario(rig):
        one = await rig.good("GET", f"/wallet/credentials/{(await _held(rig))[OWN[1]]['id']}", "zoo", "read")
        space = "http://localhost:8400/spaces/harbour"
        assert one["claims"] == [{"id": did_of("zoo"), "memberOf": space, "role": "provider"}]
        assert [at["purpose"] for at in one["statuses"]] == ["revocation", "suspension"]
        assert one["statuses"][0]["list"] == f"{space}/status/revocation-1"
        assert one["credential_id"].startswith(f"{space}/credentials/vc_")
        (schema,) = one["schemas"]
        assert schema.startswith(f"{space}/schemas/DataProviderCredential-")
        assert "text" not in one

    run(tmp_path, scenario)


def test_without_a_space_nobody_says_whether_it_counts(tmp_path):
    async def scenario(rig):
        await rig.server.management.participants.leave(SERVER, "zoo", f"{ROOT}/spaces/harbour")
        one = (await _held(rig))[OWN[0]]
        assert one["counts"] is None
        assert {one["counts"] for one in (await rig.good("GET", "/status", "zoo"))["credentials"]} == {None}
        assert "joined no space" in one["why"]

    run(tmp_path, scenario)


def test_another_look_sees_that_it_was_taken_back(tmp_path):
    async def scenario(rig):
        held = (await _held(rig))[OWN[0]]
        id = (await _issued(rig))["MembershipCredential"]["id"]
        assert (await rig.ask("POST", f"/anchor/credentials/{id}/revoke", "acme", "approve", {"reason": "Lost."}))[0] == 403
        revoked = await rig.good("POST", f"/anchor/credentials/{id}/revoke", "acme", body={"reason": "Lost."})
        assert (revoked["state"], revoked["reason"], revoked["by"]) == ("revoked", "Lost.", "administrator")
        rig.clock.advance(seconds=61)
        assert (await rig.ask("POST", f"/wallet/credentials/{held['id']}/check", "zoo", "read"))[0] == 403
        checked = await rig.good("POST", f"/wallet/credentials/{held['id']}/check", "zoo", "operate")
        assert (checked["state"], checked["counts"], checked["why"]) == ("revoked", False, "It is revoked.")
        story = await rig.good("GET", f"/explain/{held['id']}", "zoo", "read")
        assert (story["kind"], story["state"], story["who"]) == ("held credential", "REVOKED", "the issuer")
        # The issuer's own name for it is understood, too.
        assert (await rig.good("GET", f"/explain/{id}", "zoo", "read"))["id"] == held["id"]
        anchors = await rig.good("GET", f"/explain/{id}", "acme", "read")
        assert (anchors["kind"], anchors["state"]) == ("issued credential", "REVOKED")
        assert "revoked by administrator. Lost." in anchors["summary"]

    run(tmp_path, scenario)


def test_a_credential_is_thrown_away_and_asked_for_again(tmp_path):
    async def scenario(rig):
        held = await _held(rig)
        assert (await rig.ask("DELETE", f"/wallet/credentials/{held[OWN[2]]['id']}", "zoo", "read"))[0] == 403
        assert await rig.ask("DELETE", f"/wallet/credentials/{held[OWN[2]]['id']}", "zoo", "operate") == (204, None)
        assert len(await _held(rig)) == 2
        asked = await rig.good("POST", "/wallet/requests", "zoo", "operate", {"types": ["DataConsumerCredential"]})
        assert (asked["issuer"], asked["types"], asked["because"]) == (did_of("acme"), ["DataConsumerCredential"], "by hand")
        answered = await rig.good("GET", f"/wallet/requests/{asked['id']}?wait=10", "zoo", "read")
        assert (answered["state"], answered["waits_for"]) == ("issued", "")
        assert set(await _held(rig)) == set(OWN)
        assert [one["id"] for one in (await rig.good("GET", "/wallet/requests", "zoo"))["items"]] == [asked["id"]]
        story = await rig.good("GET", f"/explain/{asked['id']}", "zoo", "read")
        assert (story["kind"], story["state"]) == ("request for credentials", "ISSUED")
        known = await rig.good("GET", f"/anchor/members/{did_of('zoo').replace('%', '%25')}", "acme")
        theirs = await rig.good("GET", f"/explain/{known['requests'][0]['id']}", "acme", "read")
        assert (theirs["kind"], theirs["state"], theirs["related"]["holder's id"]) == ("holder's request", "ISSUED", asked["id"])

    run(tmp_path, scenario)


def test_without_types_it_is_asked_for_what_a_member_is_entitled_to(tmp_path):
    async def scenario(rig):
        asked = await rig.good("POST", "/wallet/requests", "zoo", "operate")
        assert asked["types"] == OWN
        assert (await rig.good("GET", f"/wallet/requests/{asked['id']}?wait=10", "zoo"))["state"] == "issued"
        status, answer = await rig.ask("POST", "/wallet/requests", "other")
        assert (status, answer["field"]) == (422, "issuer")
        assert (await rig.good("POST", "/space/join", "other", body={"url": "http://localhost:8400/spaces/harbour"}))["state"] == "pending"
        await rig.arrived()
        status, answer = await rig.ask("POST", "/wallet/requests", "other")
        assert (status, answer["type"]) == (409, "urn:hanse:problem:not-a-member")

    run(tmp_path, scenario)


def test_what_one_is_not_entitled_to_is_rejected_with_the_reason(tmp_path):
    async def scenario(rig):
        asked = await rig.good("POST", "/wallet/requests", "zoo", body={"types": ["AuditorCredential"]})
        answered = await rig.good("GET", f"/wallet/requests/{asked['id']}?wait=10", "zoo")
        assert answered["state"] == "rejected"
        assert "role auditor" in answered["reason"]
        story = await rig.good("GET", f"/explain/{asked['id']}", "zoo")
        assert "role auditor" in story["last_error"]

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"types": ["StrangeCredential"]}, 422, "types"),
        ({"types": []}, 422, "types"),
        ({"types": ["../x"]}, 422, "types[0]"),
        ({"issuer": "acme"}, 422, "issuer"),
        ({"issuer": did_of("nobody")}, 504, None),
        ({"isuer": did_of("acme")}, 422, "isuer"),
    ],
)
def test_requests_that_are_refused(tmp_path, body, status, field):
    async def scenario(rig):
        answered, problem = await rig.ask("POST", "/wallet/requests", "zoo", body=body)
        assert (answered, problem.get("field")) == (status, field), problem

    run(tmp_path, scenario)


def test_the_status_tells_what_is_held(tmp_path):
    async def scenario(rig):
        told = (await rig.good("GET", "/status", "zoo", "read"))["credentials"]
        assert sorted(kind for one in told for kind in one["types"]) == sorted(OWN)
        assert {(one["state"], one["until"]) for one in told} == {("good", "2026-05-30T12:00:00Z")}
        assert (await rig.ask("GET", "/status", None, headers={"Hanse-Participant": "zoo"}))[1]["credentials"] is None

    run(tmp_path, scenario)


async def _signed_with(rig, page):
    answer = await rig.get(f"/spaces/harbour/{page}")
    head = answer.text.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]


def test_a_key_is_rotated_and_the_old_one_stays_for_a_while(tmp_path):
    async def scenario(rig):
        (first,) = (await rig.good("GET", "/wallet/keys", "zoo", "read"))["items"]
        assert (first["state"], first["kind"], first["until"]) == ("active", "P-256", None)
        assert "secret" not in str(first)
        assert set(first) == {"kid", "kind", "state", "created", "until", "compromised"}
        made = await rig.good("POST", "/wallet/keys/rotate", "zoo", body={"kind": "Ed25519"})
        assert (made["kind"], made["state"]) == ("Ed25519", "active")
        assert [one["state"] for one in (await rig.good("GET", "/wallet/keys", "zoo"))["items"]] == ["retired", "active"]
        assert (await rig.good("POST", "/wallet/keys/rotate", "zoo"))["kind"] == "Ed25519"
        # What the new key signs is believed: the DID document has it.
        assert await rig.agreed()
        assert (await rig.ask("POST", "/wallet/keys/rotate", "zoo", body={"kind": "HS256"}))[0] == 422
        for role in ("read", "operate", "approve"):
            assert (await rig.ask("POST", "/wallet/keys/rotate", "zoo", role))[0] == 403

    run(tmp_path, scenario)


def test_a_compromised_key_of_an_anchor_has_what_it_signed_offered_anew(tmp_path):
    async def scenario(rig):
        (key,) = (await rig.good("GET", "/wallet/keys"))["items"]
        before = await _issued(rig)
        rig.clock.advance(seconds=5)
        said = await rig.good("POST", "/wallet/keys/compromise", body={"kid": key["kid"], "since": PAST})
        assert (said["compromised"]["state"], said["compromised"]["compromised"], said["active"]["state"]) == (
            "compromised",
            PAST,
            "active",
        )
        assert (said["offered"], said["depending"]) == (2, 4)  # acme is a member, too
        await rig.arrived()
        after = await _issued(rig)
        assert {one["kid"] for one in before.values()} == {key["kid"]}
        assert {kind: one["kid"] for kind, one in after.items()} == dict.fromkeys(OWN, said["active"]["kid"])
        assert {one["counts"] for one in (await _held(rig)).values()} == {True}
        again = await rig.good("POST", "/wallet/keys/compromise", body={"kid": key["kid"], "since": "2026-02-02T00:00:00Z"})
        assert (again["compromised"]["compromised"], again["active"], again["offered"], again["depending"]) == (PAST, said["active"], 0, 0)
        released = await rig.good("POST", "/wallet/keys/release", body={"kid": key["kid"]})
        assert released["state"] == "compromised"

    run(tmp_path, scenario)


def test_what_a_compromised_key_signed_for_the_public_is_signed_anew_at_once(tmp_path):
    async def scenario(rig):
        (key,) = (await rig.good("GET", "/wallet/keys"))["items"]
        before = [await _signed_with(rig, page) for page in PUBLIC]
        said = await rig.good("POST", "/wallet/keys/compromise", body={"kid": key["kid"], "since": PAST})
        await rig.settle()
        assert before == [key["kid"]] * len(PUBLIC)
        assert [await _signed_with(rig, page) for page in PUBLIC] == [said["active"]["kid"]] * len(PUBLIC)

    run(tmp_path, scenario)


def test_a_key_that_credentials_depend_on_is_released_only_anyway(tmp_path):
    async def scenario(rig):
        (key,) = (await rig.good("GET", "/wallet/keys"))["items"]
        status, answer = await rig.ask("POST", "/wallet/keys/release", body={"kid": key["kid"]})
        assert (status, answer["type"]) == (409, "urn:hanse:problem:key-active")
        await rig.good("POST", "/wallet/keys/rotate")
        status, answer = await rig.ask("POST", "/wallet/keys/release", body={"kid": key["kid"]})
        assert (status, answer["type"]) == (409, "urn:hanse:problem:key-needed")
        assert "4 credentials" in answer["detail"]
        assert (await rig.good("POST", "/wallet/keys/release", body={"kid": key["kid"], "anyway": True}))["state"] == "retired"

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kid": "did:web:x#key-1", "since": PAST}, "kid"),
        ({"kid": "KID", "since": "2026-02-01T00:00:00"}, "since"),
        ({"kid": "KID", "since": f"{START:%Y-%m-%d}T12:00:01Z"}, "since"),
        ({"kid": "KID"}, "since"),
    ],
)
def test_a_compromise_that_cannot_be(tmp_path, body, field):
    async def scenario(rig):
        kid = (await rig.good("GET", "/wallet/keys", "zoo"))["items"][0]["kid"]
        said = body | {"kid": kid if body["kid"] == "KID" else body["kid"]}
        status, answer = await rig.ask("POST", "/wallet/keys/compromise", "zoo", body=said)
        assert (status in (404, 422), answer["field"]) == (True, field), answer

    run(tmp_path, scenario)


def test_a_member_asks_for_the_credentials_of_its_own_space(tmp_path):
    async def scenario(rig):
        await rig.good("POST", "/anchor", body={"name": "alpha", "title": "Before the harbour in every list"})
        asked = await rig.good("POST", "/wallet/requests", "zoo", body={})
        await rig.arrived()
        assert (await rig.good("GET", f"/wallet/requests/{asked['id']}", "zoo"))["state"] == "issued"

    run(tmp_path, scenario)
