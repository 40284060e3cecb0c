from datetime import timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.did import VerificationMethod, did_document, key_id
from hanse.identity.exchange import FetchSchema, FetchStatusList, ResolveDid
from hanse.identity.key_did import jwk_did
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import Invalid, Unauthenticated
from tests.unit.identity.credentials.world import FOREVER, LIST_URL, NOW, SCHEMA_URL, Party, World, b64, opened

SUBJECT_SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "properties": {"id": {"type": "string"}, "level": {"type": "string"}},
    "required": ["id", "level"],
}


def inner(body):
    return body.get("vc", body)


# --- what holds


def test_what_we_issue_we_accept(world, profile):
    verified = world.verify(world.credential(profile))
    credential = verified.credential
    assert (credential.profile, credential.issuer, credential.types) == (profile, world.issuer.did, ("MembershipCredential",))
    assert credential.subjects == ({"id": world.holder.did, "level": "gold"},)
    assert (credential.valid_from, credential.valid_until, verified.again) == (NOW, NOW + FOREVER, NOW + FOREVER)
    assert world.asked == [ResolveDid(world.issuer.did)]


@pytest.mark.parametrize("kind", ["P-256", "P-384", "Ed25519", "RSA"])
def test_every_type_of_key(world, profile, kind):
    world.issuer = Party("issuer.example", kind)
    world.documents[world.issuer.did] = world.issuer.document
    assert world.verify(world.credential(profile)).credential.issuer == world.issuer.did


def test_an_issuer_whose_did_is_its_key_is_not_asked_about(world, profile):
    public = SigningKey.generate("x#0")
    did = jwk_did(public.public_jwk)
    key = SigningKey.from_private_jwk(public.to_private_jwk(), f"{did}#0")
    rules = Rules(TrustedIssuers({"MembershipCredential": [did]}))
    assert world.verify(world.credential(profile, key=key), rules).credential.issuer == did
    assert world.asked == []


def test_the_forms_are_those_of_the_standards(world):
    head, body = opened(world.credential(VC20, statuses=world.entry()))
    assert head == {"alg": "ES256", "kid": world.issuer.key.kid, "typ": "vc+jwt", "cty": "vc"}
    assert body["@context"] == ["https://www.w3.org/ns/credentials/v2"]
    assert body["type"] == ["VerifiableCredential", "MembershipCredential"]
    assert (body["validFrom"], body["validUntil"]) == ("2027-03-01T12:00:00Z", "2027-03-31T12:00:00Z")
    assert {"vc", "vp", "nbf"}.isdisjoint(body)
    assert body["credentialStatus"] == {
        "id": f"{LIST_URL}#5",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "5",
        "statusListCredential": LIST_URL,
    }
    head, body = opened(world.credential(VC11))
    assert head == {"alg": "ES256", "kid": world.issuer.key.kid, "typ": "JWT"}
    vc = body.pop("vc")
    second = int(NOW.timestamp())
    expected = {"iss": world.issuer.did, "sub": world.holder.did, "jti": "urn:uuid:1", "iat": second, "nbf": second}
    assert body == {**expected, "exp": second + int(FOREVER.total_seconds())}
    assert vc["@context"] == ["https://www.w3.org/2018/credentials/v1"]
    assert (vc["issuanceDate"], vc["expirationDate"]) == ("2027-03-01T12:00:00Z", "2027-03-31T12:00:00Z")


def test_the_shapes_of_others_are_read(world):
    def kit(body):  # what the official kit writes: nulls, an own jti, texts with nanoseconds, no status
        body["jti"] = "f3a7"
        vc = body["vc"]
        vc |= {"expirationDate": None, "issuanceDate": "2027-03-01T12:00:00.123456789Z", "credentialSubject": [vc["credentialSubject"]]}

    credential = world.verify(world.changed(world.credential(VC11), kit)).credential
    assert credential.valid_until == NOW + FOREVER  # the token's

    def bare(body):  # everything that VCDM 1.1 allows to move into the token's claims
        vc = body["vc"]
        for name in ("issuer", "id", "issuanceDate", "expirationDate"):
            del vc[name]
        del vc["credentialSubject"]["id"]

    credential = world.verify(world.changed(world.credential(VC11), bare)).credential
    assert (credential.id, credential.valid_from, credential.subjects[0]["id"]) == ("urn:uuid:1", NOW, world.holder.did)

    def named(body):
        body["issuer"] = {"id": body["issuer"], "name": "The issuer"}

    assert world.verify(world.changed(world.credential(VC20), named)).credential.issuer == world.issuer.did


def test_dates_in_other_time_zones_are_the_same_moments(world, profile):
    far = timezone(timedelta(hours=14))
    text = world.credential(profile, valid_from=NOW.astimezone(far), valid_until=(NOW + FOREVER).astimezone(far))
    assert world.verify(text).credential.valid_from == NOW

    def zoned(body):
        inner(body)["issuanceDate" if profile == VC11 else "validFrom"] = "2027-03-02T01:59:59+14:00"

    assert world.verify(world.changed(text, zoned)).credential.valid_from <= NOW


def test_an_old_key_verifies_until_its_credentials_end(world, profile):
    old = world.credential(profile)
    new = SigningKey.generate(key_id(world.issuer.did, 2))
    keys = [(world.issuer.key.kid, world.issuer.key.public_jwk), (new.kid, new.public_jwk)]
    world.documents[world.issuer.did] = did_document(world.issuer.did, keys)
    for text in (old, world.credential(profile, key=new)):
        assert world.verify(text).credential.issuer == world.issuer.did
    world.documents[world.issuer.did] = did_document(world.issuer.did, keys[1:])
    with pytest.raises(Unauthenticated) as caught:
        world.verify(old)
    assert caught.value.rule == "key-unknown"


# --- step by step, what does not


@pytest.mark.parametrize("text", ["", "a.b.c", "é.é.é", "e30.e30.", "bnVsbA.bnVsbA.AA", "A" * 70_000])
def test_rubbish(refused, world, text):
    assert refused(text).rule == "shape"
    assert world.asked == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "Other"),
        ("type", ["VerifiableCredential"]),
        ("type", []),
        ("type", ["VerifiableCredential", ""]),
        ("type", ["VerifiableCredential", "Member\nforged line in a log"]),
        ("issuer", "did:web:issuer.example\nforged line in a log"),
        ("type", ["VerifiableCredential", *map(str, range(20))]),
        ("@context", []),
        ("@context", ["https://example.com"]),
        ("@context", ["https://example.com", "https://www.w3.org/ns/credentials/v2"]),
        ("@context", None),
        ("issuer", ""),
        ("issuer", []),
        ("issuer", 5),
        ("credentialSubject", None),
        ("credentialSubject", []),
        ("credentialSubject", {}),
        ("credentialSubject", "did:web:holder.example"),
        ("credentialStatus", {}),
        ("credentialStatus", "https://issuer.example"),
        ("credentialSchema", {"id": "https://x.example", "type": "Other"}),
        ("credentialSchema", {"id": "file:///etc/passwd", "type": "JsonSchema"}),
    ],
)
def test_the_shape_is_the_standards(world, refused, profile, name, value):
    def change(body):
        inner(body)[name] = value

    assert refused(world.changed(world.credential(profile), change)).rule == "shape"
    assert world.asked == []


@pytest.mark.parametrize(
    "value",
    [
        "2027-03-01",
        "2027-03-01T12:00:00",
        "yesterday",
        "1803902400",
        1803902400,
        True,
        [],
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_dates_are_moments_with_a_zone(world, refused, profile, value):
    names = ("issuanceDate", "expirationDate") if profile == VC11 else ("validFrom", "validUntil")
    for name in names:

        def change(body, name=name):
            inner(body)[name] = value

        assert refused(world.changed(world.credential(profile), change)).rule == "shape"


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["1803902400", "2027-03-01T12:00:00Z", True, [1], -1, 1e300])
def test_dates_of_the_token_are_numbers(world, refused, profile, name, value):
    assert refused(world.changed(world.credential(profile), lambda body: body.update({name: value}))).rule == "shape"


def test_deep_subjects_are_refused(world, refused, profile):
    nested = "x"
    for _ in range(30):
        nested = [nested]
    assert refused(world.credential(profile, subject={"id": world.holder.did, "x": nested})).rule == "shape"


def test_a_typ_fits_its_content(world, refused):
    for profile, typ in ((VC20, "JWT"), (VC20, "vp+jwt"), (VC11, "vc+jwt"), (VC11, "hanse-access+jwt")):
        assert refused(world.changed(world.credential(profile), lambda _: None, header={"typ": typ})).rule == "kind"


def test_a_presentation_is_no_credential(world, refused, profile):
    assert refused(world.present(world.credential(profile))[0]).rule in {"shape", "kind"}


def test_token_and_content_name_the_same_parties(world, refused, profile):
    text = world.credential(profile)
    assert refused(world.changed(text, lambda body: body.update(iss=world.stranger.did))).rule == "issuer"
    assert refused(world.changed(text, lambda body: body.update(sub=world.stranger.did))).rule == "subject"
    assert world.asked == []


def test_embedded_keys_are_refused(world, refused, profile):
    for name, value in (
        ("jwk", world.stranger.key.public_jwk),
        ("jku", "https://evil.example"),
        ("x5c", ["AA"]),
        ("x5u", "https://e.example"),
    ):
        forged = world.changed(world.credential(profile), lambda _: None, world.stranger, {name: value})
        assert refused(forged).rule == "shape"
    assert world.asked == []


def test_an_untrusted_issuer_causes_no_fetch(world, refused, profile):
    fault = refused(world.credential(profile, key=world.stranger.key, statuses=world.entry(profile)))
    assert (fault.rule, fault.where, world.asked) == ("untrusted", "issuer", [])
    assert "MembershipCredential by did:web:issuer.example.evil" in fault.message


@pytest.mark.parametrize(
    "did",
    ["did:web:issuer.example.evil", "did:web:issuer.example:evil", "did:web:issuer", "DID:WEB:ISSUER.EXAMPLE", "did:web:issuer.example "],
)
def test_issuers_are_compared_whole(did):
    world = World()
    credential = world.verify(world.credential()).credential
    assert TrustedIssuers({"MembershipCredential": [did]}).objection(credential)


def test_an_issuer_speaks_within_its_types_only(world, refused, profile):
    assert refused(world.credential(profile, types=("AuditorCredential",))).rule == "untrusted"
    assert refused(world.credential(profile, types=("MembershipCredential", "AuditorCredential"))).rule == "untrusted"


def test_another_ones_key_does_not_sign(world, refused, profile):
    forged = world.changed(world.credential(profile), lambda _: None, world.stranger)
    assert refused(forged).rule == "kid"
    head, body, signature = forged.split(".")
    named = b64(b'{"alg":"ES256","kid":"%s","typ":"%s"}' % (world.issuer.key.kid.encode(), b"JWT" if profile == VC11 else b"vc+jwt"))
    assert refused(f"{named}.{body}.{signature}").rule == "signature"
    assert head


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES512"])
def test_algorithms_that_nobody_accepts(world, refused, profile, alg):
    _, body, signature = world.credential(profile).split(".")
    typ = "JWT" if profile == VC11 else "vc+jwt"
    head = b64(f'{{"alg":"{alg}","kid":"{world.issuer.key.kid}","typ":"{typ}"}}'.encode())
    assert refused(f"{head}.{body}.{signature}").rule == "algorithm"
    assert refused(f"{head}.{body}.").rule == "algorithm"
    assert world.asked == []


def test_the_key_makes_statements(world, refused, profile):
    names = [world.issuer.key.kid]
    method = VerificationMethod(names[0], "JsonWebKey2020", world.issuer.did, dict(world.issuer.key.public_jwk))
    from hanse.identity.did import DidDocument

    world.documents[world.issuer.did] = DidDocument(
        id=world.issuer.did, verification_method=[method], authentication=list(names), capability_invocation=list(names)
    )
    assert refused(world.credential(profile)).rule == "key-purpose"


def test_the_document_is_the_issuers(world, refused, profile):
    import msgspec

    world.documents[world.issuer.did] = msgspec.structs.replace(world.issuer.document, id=world.stranger.did)
    assert refused(world.credential(profile)).rule == "document"


def test_a_document_that_cannot_be_had(world, refused, profile):
    del world.documents[world.issuer.did]
    fault = refused(world.credential(profile))
    assert (fault.rule, fault.hint) == ("unresolved", "Trying again can help.")


def test_not_before_and_not_after_its_dates(world, refused, profile):
    text = world.credential(profile)
    for late in (FOREVER + timedelta(seconds=30), FOREVER + timedelta(days=900)):
        assert refused(text, now=NOW + late).rule == "expired"
    world.verify(text, now=NOW + FOREVER + timedelta(seconds=29))
    world.verify(text, now=NOW - timedelta(seconds=30))
    assert refused(text, now=NOW - timedelta(seconds=31)).rule == "not-yet"


def test_the_narrowest_dates_count(world, refused, profile):
    second = int(NOW.timestamp())
    text = world.credential(profile)
    assert refused(world.changed(text, lambda body: body.update(exp=second - 60))).rule in {"expired", "dates"}
    assert refused(world.changed(text, lambda body: body.update(nbf=second + 3600))).rule == "not-yet"

    def expired(body):
        inner(body)["expirationDate" if profile == VC11 else "validUntil"] = "2027-03-01T11:58:20Z"
        inner(body)["issuanceDate" if profile == VC11 else "validFrom"] = "2026-03-01T11:58:20Z"
        body.pop("nbf", None)

    assert refused(world.changed(text, expired)).rule == "expired"

    def future(body):
        inner(body)["issuanceDate" if profile == VC11 else "validFrom"] = "2027-03-01T13:00:00Z"

    assert refused(world.changed(text, future)).rule == "not-yet"

    def backwards(body):
        inner(body)["expirationDate" if profile == VC11 else "validUntil"] = "2027-03-01T11:00:00Z"

    assert refused(world.changed(text, backwards)).rule == "dates"


def test_the_token_of_a_vc_1_1_repeats_its_dates(world, refused):
    second = int(NOW.timestamp())
    text = world.credential(VC11)
    fault = refused(world.changed(text, lambda body: body.update(exp=second + 3600)))
    assert (fault.rule, fault.where) == ("dates-differ", "exp")
    fault = refused(world.changed(text, lambda body: body.update(nbf=second - 3600)))
    assert (fault.rule, fault.where) == ("dates-differ", "nbf")
    world.verify(world.changed(text, lambda body: body.update(nbf=second - 59)))


def test_where_a_tests_rules_let_the_dates_differ_the_narrowest_count(world):
    loose = Rules(world.rules.trust, exact_dates=False)
    end = int(NOW.timestamp()) + 300
    text = world.changed(world.credential(VC11), lambda body: body.update(exp=end))

    verified = world.verify(text, loose)

    assert verified.credential.valid_until.timestamp() == end


def test_another_holders_credential(world, refused, profile):
    assert refused(world.credential(profile), holder=world.stranger.did).rule == "holder"
    assert refused(world.credential(profile), holder=world.holder.did + ":a").rule == "holder"

    def both(body):
        body.pop("sub")
        one = inner(body)["credentialSubject"]
        inner(body)["credentialSubject"] = [one, {**one, "id": world.stranger.did}]

    def nobody(body):
        body.pop("sub")
        inner(body)["credentialSubject"] = {"level": "gold"}

    for change in (both, nobody):
        assert refused(world.changed(world.credential(profile), change)).rule == "holder"


def test_the_subject_keeps_to_its_schema(world, refused, profile):
    schemas = world.schema(SUBJECT_SCHEMA)
    world.verify(world.credential(profile, schemas=schemas))
    assert world.asked[-1] == FetchSchema(SCHEMA_URL)
    fault = refused(world.credential(profile, schemas=schemas, subject={"id": world.holder.did, "other": "secret"}))
    assert (fault.rule, "secret" in fault.message, "required" in fault.message) == ("schema", False, True)


def test_a_whole_credential_keeps_to_its_schema(world, refused, profile):
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"credentialSubject": {"$ref": "#/$defs/subject"}, "issuer": {"const": world.issuer.did}},
        "required": ["credentialSubject", "issuer"],
        "$defs": {"subject": {"type": "object", "required": ["level"]}},
    }
    schemas = world.schema(whole, "JsonSchema")
    world.verify(world.credential(profile, schemas=schemas))
    assert refused(world.credential(profile, schemas=schemas, subject={"id": world.holder.did})).rule == "schema"


def test_a_schema_that_cannot_be_had_refuses(world, refused, profile):
    schemas = world.schema(SUBJECT_SCHEMA)
    world.files.clear()
    assert refused(world.credential(profile, schemas=schemas)).rule == "schema-unavailable"


def test_the_checks_come_in_their_order(world, refused, profile):
    """Everything is wrong; one thing after the other is mended."""
    text = world.credential(
        profile,
        key=world.stranger.key,
        subject={"id": world.stranger.did},
        valid_until=NOW + timedelta(seconds=1),
        schemas=world.schema(SUBJECT_SCHEMA),
        statuses=world.entry(profile),
    )
    later = NOW + timedelta(days=1)
    assert refused(text, now=later).rule == "untrusted"
    rules = Rules(TrustedIssuers({"MembershipCredential": [world.stranger.did]}))
    document = world.documents.pop(world.stranger.did)
    assert refused(text, rules=rules, now=later).rule == "unresolved"
    world.documents[world.stranger.did] = document
    assert refused(text, rules=rules, now=later).rule == "expired"
    assert refused(text, rules=rules).rule == "holder"
    assert refused(text, rules=rules, holder=world.stranger.did).rule == "schema"
    world.schema({**SUBJECT_SCHEMA, "required": ["id"]})
    assert refused(text, rules=rules, holder=world.stranger.did).rule == "status-unavailable"
    assert world.asked[-1] == FetchStatusList(LIST_URL)
    world.publish(profile, party=world.stranger)
    assert world.verify(text, rules=rules, holder=world.stranger.did)


def test_any_changed_character_is_noticed(world, profile):
    text = world.credential(profile)
    for place in range(0, len(text), 7):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(Unauthenticated):
            world.verify(changed)


def test_a_vc_1_1_says_from_when(world, refused):
    def dateless(body):
        del body["vc"]["issuanceDate"], body["nbf"]

    assert refused(world.changed(world.credential(VC11), dateless)).where == "issuanceDate"


def test_errors_do_not_repeat_long_input(world, refused, profile):
    def change(body):
        inner(body)["credentialStatus"] = {"statusPurpose": "x" * 10_000}

    assert len(str(refused(world.changed(world.credential(profile), change)))) < 400


@pytest.mark.parametrize("leeway", [timedelta(seconds=-1), timedelta(seconds=60)])
def test_the_leeway_stays_below_a_minute(leeway):
    with pytest.raises(Invalid):
        Rules(TrustedIssuers({}), leeway=leeway)


# --- what we do not make


@pytest.mark.parametrize(
    "changes",
    [
        {"types": ()},
        {"types": ("VerifiableCredential",)},
        {"types": ("",)},
        {"subject": {"level": "gold"}},
        {"subject": {"id": ""}},
        {"subject": {"id": 5}},
        {"valid_until": NOW},
        {"valid_until": NOW - timedelta(days=1)},
        {"valid_from": NOW.replace(tzinfo=None)},
        {"valid_until": (NOW + FOREVER).replace(tzinfo=None)},
        {"subject": {"id": "did:web:holder.example", "x": "y" * 70_000}},
    ],
)
def test_what_nobody_would_accept_is_not_issued(world, profile, changes):
    with pytest.raises(Invalid):
        world.credential(profile, **changes)


def test_a_status_is_in_the_list_of_its_profile(world):
    with pytest.raises(Invalid):
        world.credential(VC20, statuses=world.entry(VC11))
    with pytest.raises(Invalid):
        world.credential(VC11, statuses=world.entry(VC20))


_WORLD = World()
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda v: st.lists(v) | st.dictionaries(st.text(), v),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([VC20, VC11]), st.dictionaries(st.text().filter(lambda name: name != "id"), _VALUES, max_size=4), st.integers(1, 10**8)
)
def test_what_goes_in_comes_out(profile, claims, seconds):
    subject = {"id": _WORLD.holder.did, **claims}
    end = NOW + timedelta(seconds=seconds)
    credential = _WORLD.verify(_WORLD.credential(profile, subject=subject, valid_until=end)).credential
    assert credential.subjects == (subject,)
    assert credential.valid_until == end
