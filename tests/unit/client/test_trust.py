"""The steps of wallet, anchor and joining: what they ask, and what they make of the answers."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from hanse.client import anchoring, road, spaces, wallet
from hanse.client.core import Response
from hanse.kernel.errors import Conflict, Invalid, NotFound, PeerRefused
from tests.unit.client.responder import NOW, Responder, page

ME = "did:web:localhost%3A8400:participants:acme"
JOINED = {"state": "member", "steps": ["Done."]}


def request(state, **more):
    return {"id": "req_1", "issuer": "did:web:anchor", "types": ["A"], "state": state, "created": NOW, "updated": NOW} | more


def member(**more):
    return {"did": ME, "name": "Acme", "status": "active", "created": NOW, "updated": NOW} | more


def sent(api, number=-1):
    """Return what a request said: its query and its body."""
    one = api.requests[number]
    return dict(one.query), None if one.body is None else msgspec.json.decode(one.body)


def test_a_request_is_waited_for_until_it_is_answered():
    api = Responder({"POST /wallet/requests": request("asked"), "GET /wallet/requests/req_1": (request("received"), request("issued"))})
    assert api.drive(wallet.request(["A"], patience=50)).state == "issued"
    assert sent(api, 0) == ({}, {"types": ["A"]})
    assert [dict(one.query) for one in api.requests[1:]] == [{"wait": "30"}, {"wait": "20"}]


def test_a_request_that_is_not_answered_is_told_as_it_is():
    api = Responder({"POST /wallet/requests": request("asked"), "GET /wallet/requests/req_1": request("received", waits_for="the issuer")})
    found = api.drive(wallet.request(issuer="did:web:chamber", patience=0))
    assert (found.open, found.waits_for) == (True, "the issuer")
    assert sent(api, 0) == ({}, {"issuer": "did:web:chamber"})
    assert len(api.requests) == 2


def test_keys():
    key = {"kid": f"{ME}#key-1", "kind": "P-256", "state": "compromised", "created": NOW}
    api = Responder(
        {
            "POST /wallet/keys/rotate": key,
            "POST /wallet/keys/compromise": {"compromised": key, "active": key, "offered": 3, "depending": 4},
            "POST /wallet/keys/release": Response(status=409, body=b'{"type": "urn:hanse:problem:key-needed", "detail": "Needed."}'),
        }
    )
    api.drive(wallet.rotate_key())
    assert sent(api) == ({}, {})
    since = datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert api.drive(wallet.compromise_key(key["kid"], since)).offered == 3
    assert sent(api) == ({}, {"kid": key["kid"], "since": "2026-11-20T08:00:00Z"})
    with pytest.raises(Conflict) as caught:
        api.drive(wallet.release_key(key["kid"]))
    assert caught.value.rule == "key-needed"
    assert sent(api) == ({}, {"kid": key["kid"]})
    with pytest.raises(Conflict):
        api.drive(wallet.release_key(key["kid"], anyway=True))
    assert sent(api)[1] == {"kid": key["kid"], "anyway": True}


def test_a_credential_cannot_lead_out_of_its_part_of_the_path():
    api = Responder({})
    for steps in (wallet.get_credential, wallet.check_credential, wallet.remove_credential, anchoring.get_issued, anchoring.revoke):
        with pytest.raises(NotFound):
            api.drive(steps("../keys?x=#"))
        assert "..%2Fkeys%3Fx%3D%23" in api.requests[-1].path


def test_joining_says_only_what_was_said():
    api = Responder({"POST /space/join": JOINED})
    assert api.drive(spaces.join("http://x/spaces/y")).state == "member"
    assert sent(api) == ({}, {"url": "http://x/spaces/y"})
    api.drive(
        spaces.join(
            "http://x/spaces/y",
            "inv_1",
            roles=["consumer"],
            evidence={"registration": "1"},
            terms="0" * 64,
            sponsor="host",
            hosting="https://h",
            check=True,
            replace=True,
            participant="acme",
        )
    )
    assert sent(api)[1] == {
        "url": "http://x/spaces/y",
        "invitation": "inv_1",
        "roles": ["consumer"],
        "evidence": {"registration": "1"},
        "terms": "0" * 64,
        "sponsor": "host",
        "hosting": "https://h",
        "check": True,
        "replace": True,
    }
    assert api.requests[-1].headers == {"Hanse-Participant": "acme"}


def test_decisions_name_the_space_where_that_was_said():
    at = f"/anchor/members/{ME.replace('%', '%25').replace(':', '%3A')}"
    api = Responder({f"POST {at}/roles": member(), f"POST {at}/claims": member(approvals=[{"operator": "op_1", "name": "Ann", "at": NOW}])})
    api.drive(anchoring.change_roles(ME, ["provider"], "Why.", space="harbour"))
    assert sent(api) == ({"space": "harbour"}, {"roles": ["provider"], "reason": "Why."})
    found = api.drive(anchoring.set_claims(ME, "ai-factory", {"trustLevel": 2}))
    assert sent(api) == ({}, {"role": "ai-factory", "claims": {"trustLevel": 2}, "reason": ""})
    assert [one.name for one in found.approvals] == ["Ann"]


def test_lists_of_an_anchor_are_read_page_after_page():
    one = {"id": "vc_1", "holder": ME, "type": "A", "profile": "vc20-bssl/jwt", "state": "good", "valid_from": NOW, "valid_until": NOW}
    api = Responder({"GET /anchor/credentials": (page(one, then="vc_1"), page(one))})
    assert len(api.drive(anchoring.issued(holder=ME, space="harbour"))) == 2
    assert sent(api)[0] == {"holder": ME, "space": "harbour", "limit": "500", "after": "vc_1"}


def test_the_rulebook_of_a_version():
    version = {"version": 3, "published": NOW, "by": "Ann", "sha256": "0" * 64, "text": "space: x\n"}
    api = Responder({"GET /anchor/rulebook": version, "POST /anchor/rulebook": version | {"changes": ["A."], "offered": 2}})
    assert api.drive(anchoring.rulebook(3)).text == "space: x\n"
    assert sent(api) == ({"version": "3"}, None)
    assert api.drive(anchoring.publish_rulebook("space: x\n")).offered == 2


def test_why_members_refused_is_told_where_nobody_has_the_dataset():
    """Else whoever has lost its credentials would look for a dataset that is there."""
    members = [{"did": f"did:web:{name}", "name": name.title(), "since": NOW} for name in ("acme", "zoo", "dead")]
    answers = {
        "did:web:acme": PeerRefused("The other side refused with HTTP 403: It is revoked.", status=502),
        "did:web:zoo": Response(status=404, body=b'{"type": "urn:hanse:problem:not-found", "detail": "Not there."}'),
        "did:web:dead": Response(status=504, body=b'{"type": "urn:hanse:problem:peer-unreachable", "detail": "Nobody there."}'),
    }
    api = Responder(
        {
            "GET /whoami": {"operator": "op_1", "name": "a", "role": "administer"},
            "GET /contracts": page(),
            "GET /negotiations": page(),
            "GET /members": page(*members),
            "GET /catalog/datasets": lambda asked: answers[asked.query["peer"]],
        }
    )
    with pytest.raises(NotFound) as caught:
        api.drive(road.get("ds_1"))
    assert caught.value.message == (
        "No member that can be reached offers you 'ds_1'. Acme: The other side refused with HTTP 403: It is revoked."
    )


BOB = "did:web:localhost%3A8400:participants:bob"


@pytest.mark.parametrize("name", ["Bob & Co", "bob", BOB])
def test_a_member_may_be_named_otherwise_than_by_its_did(name):
    at = f"/anchor/members/{BOB.replace('%', '%25').replace(':', '%3A')}"
    bob = member(did=BOB, name="Bob & Co", status="suspended")
    api = Responder({"GET /anchor/members": page(member(), bob), f"POST {at}/suspend": bob})
    assert api.drive(anchoring.suspend(name, "Why.", space="harbour")).did == BOB
    assert all(one.query["space"] == "harbour" for one in api.requests)


def test_a_name_that_several_have_is_refused_and_one_that_nobody_has_is_not_found():
    api = Responder({"GET /anchor/members": page(member(name="bob"), member(did=BOB, name="Bob & Co"))})
    with pytest.raises(Invalid) as several:
        api.drive(anchoring.approve("bob"))
    assert several.value.hint == f"Say which: {ME}, {BOB}."
    with pytest.raises(NotFound):
        api.drive(anchoring.issued(holder="nobody"))
    assert {one.method for one in api.requests} == {"GET"}


@pytest.mark.parametrize("name", ["key-2", "#key-2", f"{ME}#key-2"])
def test_a_key_may_be_named_by_its_last_part(name):
    one = {"kid": f"{ME}#key-2", "kind": "P-256", "state": "retired", "created": NOW}
    api = Responder({"GET /wallet/keys": page(one | {"kid": f"{ME}#key-1"}, one), "POST /wallet/keys/release": one})
    api.drive(wallet.release_key(name))
    assert sent(api)[1] == {"kid": f"{ME}#key-2"}
    with pytest.raises(NotFound):
        api.drive(wallet.compromise_key("key-3", NOW))
