"""Attacks that the list does not name: on caches, on the anchor's pages, on whoever verifies, and by way of neighbours."""

from __future__ import annotations

import json
import threading
import time
from uuid import uuid4

import httpx
import msgspec
import pytest

from hanse.identity.did import DCP_CONTEXT, Service, did_document
from tests.scenarios.attacks.proof.world import ENTITY, MEMBERSHIP, Issuer, refused
from tests.scenarios.attacks.town import allow, check_problem, rows_of, say

# The verifier's caches.


def queries(outsider):
    return len([path for path in outsider.paths() if path.endswith("/presentations/query")])


def ask(harbour, caller, name, token):
    """Ask a participant for its catalogue, with that access token."""
    url = f"{harbour.host.root}/participants/{name}/dsp/2025-1/catalog/request"
    headers = {"Authorization": f"Bearer {caller.token(harbour.made[name].did, token=token)}"}
    return httpx.post(url, content=harbour.doors.message("catalog/request"), headers=headers)


def test_what_one_has_proved_counts_for_nobody_else(harbour):
    """The same access token in another's hands: its own credential service is asked, and it is refused."""
    token, member, stranger = uuid4().hex, harbour.member, harbour.stranger
    assert ask(harbour, member, "acme", token).status_code == 200
    before = queries(stranger)
    stranger.credentials = []
    refused(ask(harbour, stranger, "acme", token), 403)
    assert queries(stranger) == before + 1
    assert ask(harbour, member, "acme", token).status_code == 200  # and the refusal of the other takes nothing from it


def test_what_was_proved_to_one_participant_counts_at_no_other(harbour):
    """Neighbours on one server share a process, and no caches of claims: each asks for itself."""
    token, member = uuid4().hex, harbour.member
    before = queries(member)
    for name in ("acme", "zoo", "acme", "zoo"):
        assert ask(harbour, member, name, token).status_code == 200
    assert queries(member) == before + 2
    own, member.credentials = member.credentials, []
    try:
        refused(ask(harbour, member, "anchor", token), 403)
    finally:
        member.credentials = own


def test_a_refusal_is_explained_to_whom_it_concerns_and_to_nobody_else(harbour):
    member = harbour.member
    own, member.credentials = member.credentials, []
    try:
        told = refused(harbour.catalogue(), 403)["reason"][0]
    finally:
        member.credentials = own
    id = told.rpartition("quote ")[2].rstrip(".")
    assert id.startswith("rfs_")
    assert MEMBERSHIP in str(harbour.operators["acme"]("GET", f"/explain/{id}"))
    got, none = (harbour.operators["zoo"].ask("GET", f"/explain/{one}") for one in (id, id[:-4] + "zzzz"))
    check_problem(got, 404)
    assert got.text.replace(id, "ID") == none.text.replace(id[:-4] + "zzzz", "ID")


def test_refusals_of_a_stranger_do_not_pile_up(harbour):
    """Each of them is another one, and only so many are written down."""
    stranger = harbour.stranger

    def kept():
        found = harbour.host.call(lambda s: s.ground.database.read(lambda tx: tx.refusals.of_holder("acme", stranger.did, limit=500)))
        return len(found)

    for number in range(30):
        stranger.credentials = [stranger.issue(stranger.did, f"Odd{number}Credential"), stranger.issue(stranger.did, MEMBERSHIP, n=number)]
        stranger.credentials.reverse()
        refused(harbour.catalogue(stranger), 403, 401)
    assert kept() <= 20


# Schemas and lists of an issuer that is trusted and means no good.

EVIL = {
    "alternatives": {"properties": {"note": {"pattern": "(a|a)" * 27 + "b"}}},
    "options": {"properties": {"note": {"pattern": "a?" * 30 + "a" * 30}}},
    "names": {"additionalProperties": False, "patternProperties": {"a*a*a*b": {}}},
    "branches": {"$ref": "#/$defs/s0", "$defs": {f"s{n}": {"allOf": [{"$ref": f"#/$defs/s{(n + 1) % 40}"}] * 2} for n in range(40)}},
}


@pytest.mark.parametrize("name", EVIL)
def test_a_schema_keeps_nobody_waiting(harbour, name):
    chamber, member = harbour.chamber, harbour.member
    path = f"/schemas/{uuid4().hex}.json"
    chamber.files[path] = json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **EVIL[name]}).encode()
    text = chamber.issue(member.did, schema=chamber.root + path, note="a" * 40, **{"a" * 20_000: 1})
    slowest, stop = [0.0], threading.Event()

    def watch():
        while not stop.is_set():
            begun = time.monotonic()
            httpx.get(f"{harbour.host.root}/healthz", timeout=30)
            slowest[0] = max(slowest[0], time.monotonic() - begun)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        assert refused(harbour.holding(*[text] * 3), 403)["code"] == "schema-unusable"
    finally:
        stop.set()
        thread.join()
    assert slowest[0] < 2


def test_a_list_is_fetched_once_however_often_somebody_applies(harbour):
    """Whoever holds one good credential cannot make the anchor fetch its issuer's list as often as it likes."""
    chamber = harbour.chamber
    url = chamber.publish("/lists/wanted")
    before = len(chamber.taken)
    for _ in range(5):
        assert harbour.applying(chamber.issue(harbour.stranger.did, lists=[url])).status_code == 200
    assert [path for _, path, _, _ in chamber.taken[before:] if path == "/lists/wanted"] == ["/lists/wanted"]


# Offers and deliveries of strangers.


def test_an_offer_of_a_stranger_makes_nobody_ask_for_anything(harbour):
    """Not even one that names what the anchor makes, or that is made in the anchor's name."""
    stranger, acme, space = harbour.stranger, harbour.made["acme"].did, harbour.space
    before = rows_of(harbour.folder / "home")
    anchors = f"{space.url}/credentials/{MEMBERSHIP}/vc20-bssl-jwt"
    full = {"type": "CredentialObject", "credentialType": MEMBERSHIP, "profile": "vc20-bssl/jwt"}
    for issuer, entry in (
        (stranger.did, {"id": anchors, **full}),
        (space.anchor, {"id": anchors, **full}),
        (stranger.did, {"id": "urn:x", **full, "credentialType": ENTITY}),
        (stranger.did + "x", {"id": "urn:x", **full}),
    ):
        message = {"@context": [DCP_CONTEXT], "type": "CredentialOfferMessage", "issuer": issuer, "credentials": [entry]}
        answer = harbour.doors.knock("offers", stranger.token(acme), body=json.dumps(message).encode())
        assert answer.status_code == (200 if issuer == stranger.did else 403)
    after = rows_of(harbour.folder / "home")
    assert {name for name in after if after[name] != before[name]} == set()
    assert [path for path in stranger.paths() if "issuer" in path] == []


def test_the_metadata_of_a_stranger_is_bounded_like_everything_else(harbour):
    guide = Issuer("bulky")
    allow(harbour.host, guide)
    path, acme = f"{guide.dcp}/issuer/metadata", harbour.made["acme"].did
    of_another = {"@context": [DCP_CONTEXT], "type": "IssuerMetadata", "issuer": "did:web:x", "credentialsSupported": []}
    answers = [
        lambda h: say(h, 200, b" " * (5 << 20)),
        lambda h: say(h, 200, b'{"a":' * 50_000),
        lambda h: say(h, 200, b"[]"),
        lambda h: say(h, 302, b"", Location="http://169.254.169.254/"),
        lambda h: say(h, 200, json.dumps(of_another).encode()),
    ]
    try:
        for answer in answers:
            guide.answers[path] = answer
            message = {"@context": [DCP_CONTEXT], "type": "CredentialOfferMessage", "issuer": guide.did, "credentials": [{"id": "urn:x"}]}
            check_problem(harbour.doors.knock("offers", guide.token(acme), body=json.dumps(message).encode()), 400, 502, 504, 422)
    finally:
        guide.close()


# The anchor's pages for whoever is no member yet.


def probe(harbour, did):
    return harbour.doors.client.post(f"{harbour.host.root}/spaces/port/probe", json={"did": did})


def pointing(harbour, outsider, url):
    """Let an outsider's document name these services; return what the anchor says of it."""
    services = [Service(f"{outsider.did}#{kind}", kind, url) for kind in ("CredentialService", "DataService")]
    document = did_document(outsider.did, [(outsider.key.kid, outsider.key.public_jwk)], services)
    outsider.answers[outsider.document] = lambda handler: say(handler, 200, msgspec.json.encode(document))
    return probe(harbour, outsider.did)


@pytest.fixture
def guide(harbour):
    made = Issuer("guide")
    allow(harbour.host, made)
    yield made
    made.close()


def test_the_probe_is_no_scanner_of_what_only_the_anchor_reaches(harbour, guide):
    """Whatever is at an address that the anchor may reach and the asker may not: the answer is the same, unless it speaks the protocol."""
    inner, seen = harbour.chamber, set()
    statuses = {"/found": 200, "/teapot": 418, "/denied": 403, "/gone": 404, "/broken": 500, "/busy": 503, "/moved": 302}
    for path, status in statuses.items():
        inner.answers[path] = lambda handler, s=status: say(handler, s, b"secret", Location="/x")
        inner.answers[path + "/presentations/query"] = lambda handler, s=status: say(handler, s, b"secret")
        answer = pointing(harbour, guide, inner.root + path)
        checks = answer.json()["checks"]
        assert [check["met"] for check in checks] == [True, False, False]
        seen.add(json.dumps(checks))
        assert str(status) not in json.dumps(checks)
        assert "secret" not in answer.text
    assert len(seen) == 1, seen


def test_the_probe_asks_only_what_anybody_may_ask(harbour, guide):
    """No token of ours, no credential, no path but those of the protocol."""
    before = len(guide.taken)
    pointing(harbour, guide, f"{guide.root}/any/where?x=")
    for method, path, headers, body in guide.taken[before:]:
        assert "authorization" not in {name.lower() for name in headers}
        assert (method, body) in {("GET", b""), ("POST", b"{}")}
        assert path in {guide.document, "/any/where?x=", "/any/where?x=/presentations/query"}


def test_the_probe_is_no_amplifier(harbour, guide):
    """One host that the documents of others name is asked a few times, and then no more for a while."""
    victim, asked = harbour.chamber, []
    before = len(victim.taken)
    for number in range(60):
        did = f"did:web:localhost%3A{guide.port}:people:p{number}"
        services = [Service(f"{did}#{kind}", kind, f"{victim.root}/victim") for kind in ("CredentialService", "DataService")]
        document = msgspec.json.encode(did_document(did, [(f"{did}#key-1", guide.key.public_jwk)], services))
        guide.answers[f"/people/p{number}/did.json"] = lambda handler, d=document: say(handler, 200, d)
        asked.append(probe(harbour, did).status_code)
    assert set(asked) <= {200, 429}
    assert 429 in asked
    assert len(victim.taken) - before < 40


def test_the_probe_of_one_did_is_asked_for_seldom(harbour):
    did = f"did:web:localhost%3A{harbour.chamber.port}:nowhere"
    got = [probe(harbour, did) for _ in range(120)]
    assert {answer.status_code for answer in got} == {200, 429}
    assert int(next(answer for answer in got if answer.status_code == 429).headers["Retry-After"]) >= 1


ODD = [
    {},
    {"did": ""},
    {"did": "x"},
    {"did": "did:web:" + "x" * 3000},
    {"did": "did:key:z6Mk"},
    {"did": "did:web:x", "more": 1},
    {"did": 7},
    [],
]


@pytest.mark.parametrize("body", ODD)
def test_the_probe_bounds_what_it_is_asked(harbour, body):
    answer = httpx.post(f"{harbour.host.root}/spaces/port/probe", json=body)
    assert answer.status_code in (200, 400, 422)
    assert answer.status_code != 200 or not answer.json()["reachable"]


APPLICATIONS = {
    "too many papers": {"evidence": {f"p{n}": "x" for n in range(33)}},
    "a long paper": {"evidence": {"p": "x" * 4001}},
    "an unreadable paper": {"evidence": {"p": "a\x00b"}},
    "a paper of no such name": {"evidence": {"p": "x"}},
    "a name of two lines": {"name": "A\nB"},
    "a name that turns the line": {"name": "A\u202eB"},
    "a long name": {"name": "x" * 201},
    "no name": {"name": " "},
    "too many roles": {"roles": [f"r{n}" for n in range(17)]},
    "the anchor's role": {"roles": ["anchor"]},
    "a role of no such name": {"roles": ["king"]},
    "an odd role": {"roles": ["Provider"]},
    "an address that is none": {"hosting": "javascript:alert(1)"},
    "an address with a name in it": {"hosting": "https://a@b/"},
    "hosting without that role": {"hosting": "https://x.example/"},
    "a long sponsor": {"sponsor": "x" * 8193},
    "a sponsor that is no token": {"sponsor": "a.b.c"},
    "an unknown member": {"status": "active"},
    "an operator's say": {"approvals": [{"name": "Ann"}]},
    "invited with rubbish": {"invitation": "inv_x_" + "a" * 43},
    "invited with SQL": {"invitation": "' OR 1=1 --"},
}


@pytest.mark.parametrize("door", ["fit", "applications"])
@pytest.mark.parametrize("said", APPLICATIONS.values(), ids=APPLICATIONS)
@pytest.mark.usefixtures("unmoved")
def test_applications_that_ask_for_too_much(harbour, said, door):
    body = json.dumps({"name": "Stranger", "roles": ["consumer"], **said}).encode()
    token = harbour.stranger.token(harbour.space.anchor, token=None)
    answer = harbour.doors.knock(door, token, body=body)
    if door == "fit" and answer.status_code == 200:
        assert not answer.json()["fits"] or "name" in said  # of which the report says nothing
    else:
        refused(answer, 400, 401, 403, 422)


def test_nobody_vouches_for_itself_or_without_being_an_intermediary(harbour):
    stranger, member = harbour.stranger, harbour.member
    for sponsor in (stranger, member):
        body = json.dumps({"name": "Stranger", "sponsor": sponsor.token(harbour.space.anchor, token=None)}).encode()
        refused(harbour.doors.knock("applications", stranger.token(harbour.space.anchor, token=None), body=body), 422)
    for audience in (harbour.made["acme"].did, None):
        body = json.dumps({"name": "Stranger", "sponsor": member.token(audience, token=None)}).encode()
        refused(harbour.doors.knock("applications", stranger.token(harbour.space.anchor, token=None), body=body), 401)


def test_an_operator_of_another_decides_about_nobody_here(harbour):
    """The applicant's own operator, and that of a member, have no say; nor has an applicant about others."""
    did = harbour.stranger.did.replace("%", "%25")
    for name in ("acme", "zoo"):
        for path in (f"/anchor/applications/{did}/approve", f"/anchor/members/{did}/suspend", f"/anchor/members/{did}/reinstate"):
            check_problem(harbour.operators[name].ask("POST", path, {"reason": "x"}), 404)
        for path in ("/anchor", "/anchor/members", "/anchor/credentials", "/anchor/applications"):
            check_problem(harbour.operators[name].ask("GET", f"{path}?space=port"), 404)


def test_who_leaves_is_who_says_so(harbour):
    """Leaving takes a token for the anchor, of the member itself."""
    for token in (harbour.stranger.token(harbour.space.anchor), harbour.member.token(harbour.made["acme"].did)):
        refused(harbour.doors.knock("leave", token), 401, 404)
    answer = harbour.doors.knock("standing", harbour.doors.token("standing"))
    assert answer.json()["state"] == "active"
