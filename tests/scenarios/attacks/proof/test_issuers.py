"""Credentials that are well signed and prove nothing: said by the wrong issuer, beyond its bounds, or about somebody else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.credentials.present import present
from hanse.identity.dcp.messages import PresentationResponseMessage, write
from hanse.identity.did import did_document
from hanse.identity.keys import SigningKey
from tests.scenarios.attacks.proof.test_tokens import signed
from tests.scenarios.attacks.proof.world import ENTITY, MEMBERSHIP, Issuer, claims_of, refused
from tests.scenarios.attacks.town import allow, say


@pytest.fixture
def presenting(harbour):
    """Return a function by which a fresh outsider calls, presenting these credentials and nothing else."""
    made = []

    def ask(make, name="caller"):
        caller = Issuer(name)
        made.append(caller)
        allow(harbour.host, caller)
        caller.credentials = make(caller)
        return harbour.catalogue(caller)

    yield ask
    for caller in made:
        caller.close()


PROFILES = [VC20, VC11]


@pytest.mark.parametrize("profile", PROFILES)
def test_an_issuer_within_its_bounds_counts(harbour, profile):
    """Or else none of what follows would prove anything."""
    assert harbour.holding(harbour.chamber.issue(harbour.member.did, country="FI", profile=profile)).status_code == 200
    fit = harbour.applying(harbour.chamber.issue(harbour.stranger.did, profile=profile))
    assert fit.json()["decided_by"] == "automatic rule"
    fit = harbour.applying(harbour.chamber.issue(harbour.stranger.did, country="FI", profile=profile))
    assert fit.json()["decided_by"] == "1 operator"


BEYOND = {
    "another country": {"country": "FR"},
    "no country": {"country": None},
    "a list with one more": {"country": ["DE", "FR"]},
    "an empty list": {"country": []},
    "an object": {"country": {"DE": True}},
    "in lower case": {"country": "de"},
    "with a blank": {"country": "DE "},
    "a number": {"country": 1},
    "true": {"country": True},
    "lives for too long": {"days": 31},
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("beyond", BEYOND.values(), ids=BEYOND)
def test_an_issuer_outside_its_bounds(harbour, beyond, profile):
    """Refused where it is asked for; where it is not, it counts for nothing and is not kept."""
    for door in ("fit", "applications"):
        answer = refused(harbour.applying(harbour.chamber.issue(harbour.stranger.did, profile=profile, **beyond), door=door), 403)
        assert answer["type"] == "urn:hanse:problem:untrusted"
    text = harbour.chamber.issue(harbour.member.did, profile=profile, **beyond)
    assert harbour.holding(text).status_code == 200
    kept = harbour.host.call(lambda s: s.trust.verifier.presented("acme", harbour.member.did))
    assert kept
    assert text not in {one.text for one in kept}


def test_an_issuer_outside_its_bounds_by_a_type_that_is_not_its_own(harbour, presenting):
    """A trusted issuer of one thing says another: that somebody is a member, or has a role."""
    space = harbour.space.url
    answer = refused(presenting(lambda caller: [harbour.chamber.issue(caller.did, MEMBERSHIP, memberOf=space, name="Me")]), 403)
    assert (answer["code"], "is not trusted for MembershipCredential" in str(answer)) == ("untrusted", True)
    said = {"memberOf": space, "role": "ai-factory", "trustLevel": 3}
    harbour.holding(harbour.chamber.issue(harbour.member.did, "AIFactoryCredential", **said))
    known = harbour.host.call(lambda s: roles(s, harbour.member.did))
    assert "ai-factory" not in known


async def roles(server, peer):
    """Return the roles that a peer has proved to the provider."""
    spaces = [link.url for link in server.ground.tenants.find("acme").spaces]
    return frozenset().union(*(one.roles for one in server.trust.verifier.known("acme", peer, spaces)))


def test_an_issuer_outside_its_bounds_by_two_types_at_once(harbour, presenting):
    """A type that it may issue does not carry along one that it may not."""

    def make(caller):
        good = harbour.chamber.issue(caller.did, memberOf=harbour.space.url, name="Me")
        said = claims_of(good) | {"type": ["VerifiableCredential", ENTITY, MEMBERSHIP]}
        return [harbour.chamber.key.sign(json.dumps(said).encode(), {"typ": "vc+jwt"})]

    assert refused(presenting(make), 403)["code"] == "untrusted"


def test_an_issuer_outside_its_bounds_that_nobody_has_heard_of(harbour, presenting):
    """Who issues its own membership is not asked for its key, its schema or its list: it is no issuer."""
    asked = []

    def make(caller):
        asked.append(caller)
        own = {"memberOf": harbour.space.url, "name": "Me", "lists": [caller.root + "/lists/x"], "schema": caller.root + "/schema.json"}
        return [caller.issue(caller.did, MEMBERSHIP, **own)]

    assert refused(presenting(make), 403)["code"] == "untrusted"
    assert {path for path in asked[0].paths() if "list" in path or "schema" in path} == set()


def test_a_membership_of_another_space_of_the_same_anchor(harbour):
    """Both spaces call it MembershipCredential, and the same anchor signs: only what it is a membership of tells them apart."""
    other = harbour.host.call(lambda s: s.management.spaces.found("anchor", harbour.made["anchor"].did, "zone", "Zone"))
    invited = harbour.host.call(lambda s: s.management.members.invite("anchor", "zone"))
    bounds = "        claims:\n          memberOf: [space]\n    lifetime: 90 days\n"
    harbour.publish(lambda text: text.replace(bounds, "    lifetime: 90 days\n", 1))  # a rulebook that sets its anchor no bounds
    guest = Issuer("guest")
    allow(harbour.host, guest)
    try:
        guest.enter(harbour.host, other, invited.code)
        assert MEMBERSHIP in str([claims_of(text)["type"] for text in guest.credentials])
        answer = refused(harbour.catalogue(guest), 403)
        assert (answer["code"], "another space" in str(answer)) == ("untrusted", True)
    finally:
        guest.close()
        harbour.publish(lambda text: text.replace("    lifetime: 90 days\n", bounds, 1))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_credential_of_another_holder(harbour, presenting, profile):
    """Stolen, copied, or lent: it is about somebody else than who presents it."""
    answer = refused(presenting(lambda _: harbour.member.credentials), 403)
    assert answer["code"] == "holder"
    assert refused(harbour.holding(harbour.chamber.issue(harbour.stranger.did, profile=profile)), 403)["code"] == "holder"


def test_a_credential_of_another_holder_beside_ones_own(harbour):
    """A credential about two parties proves nothing about which of them holds it."""
    good = claims_of(harbour.chamber.issue(harbour.member.did))
    for subjects in (
        [{"id": harbour.member.did, "country": "DE"}, {"id": harbour.stranger.did, "country": "DE"}],
        [{"id": harbour.member.did, "country": "DE"}, {"country": "DE"}],
        [{"country": "DE"}],
        [{"id": [harbour.member.did], "country": "DE"}],
        [{"id": harbour.member.did + "#key-1", "country": "DE"}],
        [{"id": harbour.member.did + "x", "country": "DE"}],
        [{"id": harbour.member.did.upper(), "country": "DE"}],
    ):
        said = {name: value for name, value in good.items() if name != "sub"} | {"credentialSubject": subjects}
        text = harbour.chamber.key.sign(json.dumps(said).encode(), {"typ": "vc+jwt"})
        assert refused(harbour.holding(text), 403)["code"] in {"holder", "shape"}, subjects


def test_a_credential_of_another_holder_in_anothers_presentation(harbour, presenting):
    """A presentation that the member made for somebody: kept, and presented again by whoever it was made for."""
    member, acme = harbour.member, harbour.made["acme"].did

    def answering(made):
        def make(caller):
            body = write(PresentationResponseMessage(presentation=made(caller)))
            caller.answers[caller.dcp + "/presentations/query"] = lambda handler: say(handler, 200, body)
            return []

        return make

    now = datetime.now(UTC)
    stolen = present(member.key, acme, member.credentials, now, uuid4().hex)
    assert refused(presenting(answering(lambda _: stolen)), 403)["code"] == "holder"
    others = present(member.key, harbour.made["zoo"].did, member.credentials, now, uuid4().hex)
    member.answers[member.dcp + "/presentations/query"] = lambda h: say(h, 200, write(PresentationResponseMessage(presentation=[*others])))
    old = present(member.key, acme, member.credentials, now - timedelta(hours=2), uuid4().hex)
    try:
        assert refused(harbour.catalogue(), 403)["code"] == "audience"
        member.answers[member.dcp + "/presentations/query"] = lambda h: say(h, 200, write(PresentationResponseMessage(presentation=[*old])))
        assert refused(harbour.catalogue(), 403)["code"] == "expired"
    finally:
        del member.answers[member.dcp + "/presentations/query"]


PREFIXES = {
    "longer": lambda did: did + "x",
    "below": lambda did: did + ":below",
    "shorter": lambda did: did[:-1],
    "its host": lambda did: did.rpartition(":participants")[0],
    "in capitals": lambda did: did.upper(),
    "with a fragment": lambda did: did + "#key-1",
    "with a blank": lambda did: did + " ",
    "with a slash": lambda did: did + "/",
    "another port": lambda did: did.replace("%3A", "%3A1"),
    "another host": lambda did: did.replace("localhost", "localhost.example"),
    "another way to write it": lambda did: did.replace("%3A", "%3a"),
}


@pytest.mark.parametrize("change", PREFIXES.values(), ids=PREFIXES)
def test_issuer_names_matched_by_prefix(harbour, change):
    """The chamber's own key, under a name that begins like the trusted one or that the trusted one begins with."""
    name = change(harbour.chamber.did)
    said = claims_of(harbour.chamber.issue(harbour.stranger.did)) | {"issuer": name, "iss": name}
    header = {"alg": "ES256", "typ": "vc+jwt", "kid": f"{name}#key-1"}
    before = len(harbour.chamber.taken)
    answer = refused(harbour.applying(signed(harbour.chamber.key, header, said)), 403)
    assert answer["type"] == "urn:hanse:problem:untrusted"
    assert harbour.chamber.taken[before:] == []


def test_issuer_names_matched_by_prefix_of_the_rulebook(harbour):
    """And the other way round: a rulebook that trusts a name of which the issuer's is a part."""
    before = f"did: {harbour.chamber.did}\n"
    harbour.publish(lambda text: text.replace(before, before.replace("\n", "x\n")))
    try:
        answer = refused(harbour.applying(harbour.chamber.issue(harbour.stranger.did)), 403)
        assert answer["type"] == "urn:hanse:problem:untrusted"
    finally:
        harbour.publish(lambda text: text.replace(before.replace("\n", "x\n"), before))
    assert harbour.applying(harbour.chamber.issue(harbour.stranger.did)).status_code == 200


FORGED = {
    "an unsigned one": lambda h, c: signed(
        SigningKey.generate(h.chamber.key.kid), {"alg": "none", "typ": "vc+jwt", "kid": h.chamber.key.kid}, c
    ),
    "a key of somebody else": lambda h, c: signed(h.stranger.key, {"alg": "ES256", "typ": "vc+jwt", "kid": h.chamber.key.kid}, c),
    "a kid of somebody else": lambda h, c: signed(h.stranger.key, {"alg": "ES256", "typ": "vc+jwt", "kid": h.stranger.key.kid}, c),
    "a key that it brings along": lambda h, c: signed(h.stranger.key, header(h) | {"jwk": h.stranger.key.public_jwk}, c),
    "a token's kind": lambda h, c: signed(h.chamber.key, header(h) | {"typ": "JWT"}, c),
    "dates as strings": lambda h, c: signed(h.chamber.key, header(h), c | {"exp": "2099-01-01T00:00:00Z"}),
    "dates as numbers": lambda h, c: signed(h.chamber.key, header(h), c | {"validUntil": 4_000_000_000}),
    "a date without a zone": lambda h, c: signed(h.chamber.key, header(h), c | {"validUntil": "2099-01-01T00:00:00"}),
    "expired": lambda h, c: signed(h.chamber.key, header(h), c | {"validUntil": "2020-01-01T00:00:00Z"}),
    "not yet": lambda h, c: signed(
        h.chamber.key, header(h), c | {"validFrom": "2098-01-01T00:00:00Z", "validUntil": "2098-01-02T00:00:00Z"}
    ),
    "changed afterwards": lambda h, c: spliced(signed(h.chamber.key, header(h), c), signed(h.chamber.key, header(h), c | {"id": "urn:x"})),
}


def header(harbour):
    """Return the header of a good credential of the chamber's."""
    return {"alg": "ES256", "typ": "vc+jwt", "kid": harbour.chamber.key.kid}


def spliced(one, two):
    """Return what the one says with the signature of the other."""
    return f"{one.rpartition('.')[0]}.{two.rpartition('.')[2]}"


@pytest.mark.parametrize("make", FORGED.values(), ids=FORGED)
def test_a_credential_with_one_thing_wrong_is_refused(harbour, make):
    said = claims_of(harbour.chamber.issue(harbour.member.did))
    refused(harbour.holding(make(harbour, said)), 403)


def test_a_key_that_is_not_for_credentials_issues_none(harbour):
    """A key in `authentication` alone signs presentations, and no statement about others."""
    chamber, second = harbour.chamber, SigningKey.generate(harbour.chamber.did + "#key-2")
    document = did_document(chamber.did, [(chamber.key.kid, chamber.key.public_jwk), (second.kid, second.public_jwk, ("authentication",))])
    chamber.answers[chamber.document] = lambda handler: say(handler, 200, msgspec.json.encode(document))
    harbour.host.call(forget)
    try:
        assert refused(harbour.holding(chamber.issue(harbour.member.did, key=second)), 403)["code"] == "key-purpose"
        assert harbour.holding(chamber.issue(harbour.member.did)).status_code == 200
    finally:
        del chamber.answers[chamber.document]
        harbour.host.call(forget)


async def forget(server):
    server.ground.resolver.forget()
