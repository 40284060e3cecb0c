import base64
import hmac
import json
from datetime import timedelta
from hashlib import sha256

import msgspec
import pytest

from hanse.identity.did import DidDocument, VerificationMethod, did_document, key_id
from hanse.identity.exchange import ResolveDid, drive
from hanse.identity.keys import SigningKey
from hanse.identity.self_issued import Caller, issue, verify
from hanse.kernel.errors import Invalid, Unauthenticated


@pytest.fixture
def check(sender, resolver_of):
    """Verify a token against the sender's document (or other answers) and return the caller and what was asked."""

    def run(token, *answers, now=sender.now, **options):
        resolver = resolver_of(*(answers or (sender.document,)))
        return drive(verify(token, sender.me, now, **options), resolver), resolver.asked

    return run


@pytest.fixture
def refused(sender, resolver_of):
    """Verify a token that must be refused; return the error and how many documents were asked for."""

    def run(token, *answers, now=sender.now):
        resolver = resolver_of(*(answers or (sender.document,)))
        with pytest.raises(Unauthenticated) as caught:
            drive(verify(token, sender.me, now), resolver)
        assert token == "" or token not in str(caught.value)
        for part in token.split("."):
            assert len(part) < 20 or part not in str(caught.value)
        return caught.value, resolver.asked

    return run


def second(sender, **by):
    return int((sender.now + timedelta(**by)).timestamp())


def test_what_we_issue_we_accept(sender, check):
    token = issue(sender.key, sender.did, sender.me, sender.now, "jti_1")
    caller, asked = check(token)
    assert caller == Caller(sender.did, sender.me, "jti_1", sender.now + timedelta(minutes=5, seconds=30), None)
    assert asked == [ResolveDid(sender.did)]


def test_the_token_claim_comes_through(sender, check):
    token = issue(sender.key, sender.did, sender.me, sender.now, "jti_1", timedelta(minutes=1), token="opaque")
    caller, _ = check(token)
    assert (caller.token, caller.expires) == ("opaque", sender.now + timedelta(seconds=90))


def test_a_token_has_the_claims_of_the_standard_and_no_more(sender):
    from hanse.identity.jws import parse_compact

    compact = parse_compact(issue(sender.key, sender.did, sender.me, sender.now, "jti_1"), 8192)
    now = second(sender)
    expected = {"iss": sender.did, "sub": sender.did, "aud": sender.me, "jti": "jti_1", "iat": now, "exp": now + 300}
    assert json.loads(compact.payload) == expected


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), timedelta(minutes=5, seconds=1)])
def test_our_tokens_live_five_minutes_at_most(sender, lifetime):
    with pytest.raises(Invalid):
        issue(sender.key, sender.did, sender.me, sender.now, "jti_1", lifetime)


def test_nobody_issues_with_another_ones_key(sender):
    with pytest.raises(Invalid):
        issue(sender.key, sender.me, sender.did, sender.now, "jti_1")


def test_the_test_tokens_are_good_unless_changed(sender, check):
    assert check(sender.token())[0].did == sender.did
    assert check(sender.token(aud=[sender.me]))[0].did == sender.did
    assert check(sender.token(iat=second(sender) + 0.5, nbf=second(sender) + 0.5))[0].did == sender.did
    assert check(sender.token(header={"typ": "JWT", "cty": "x", "x5t": "ignored", "strange": {"a": [1]}}))[0].did == sender.did
    assert check(sender.token(scope="more", more={"a": [1]}))[0].did == sender.did


# --- step 0: it can be read at all


@pytest.mark.parametrize(
    "changes", [{"header": {"typ": "vp+jwt"}}, {"header": {"typ": "hanse-access+jwt"}}, {"vp": {}}, {"vp": None}, {"vc": {"a": 1}}]
)
def test_a_presentation_or_statement_is_no_token(sender, refused, changes):
    fault, asked = refused(sender.token(**changes))
    assert (fault.rule, asked) == ("kind", [])


@pytest.mark.parametrize("token", ["", "Bearer x", "a.b.c", "é.é.é", "e30.e30.", "bnVsbA.bnVsbA.AA", "....", "\x00"])
def test_rubbish_is_refused_without_asking_anybody(refused, token):
    fault, asked = refused(token)
    assert (fault.rule, asked) == ("shape", [])


def test_a_token_has_at_most_8_kib(sender, check, refused):
    base = len(sender.token(pad=""))
    inside = sender.token(pad="x" * ((8192 - base) * 3 // 4 - 2))
    assert len(inside) <= 8192
    assert check(inside)[0].did == sender.did
    fault, asked = refused(sender.token(pad="x" * 6200))
    assert (fault.rule, asked) == ("shape", [])
    refused("a" * 10_000_000)


@pytest.mark.parametrize("bomb", [b"[" * 5000, b'{"a":' * 1000, b'{"x":' + b"[" * 2900 + b"]" * 2900 + b"}", b"{" * 6000])
def test_nested_payloads_are_refused_without_asking_anybody(sender, refused, bomb):
    fault, asked = refused(sender.signed(bomb))
    assert (fault.rule, asked) == ("claims", [])


def test_a_header_has_at_most_2048_characters_so_it_cannot_nest_deeply(sender, check, refused):

    _, body, signature = sender.token().split(".")
    for bomb in (
        b"[" * 5000,
        b'{"alg":"ES256","x":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"alg":' * 200,
        b'{"alg":"ES256","x":' + b"[" * 1500,
    ):
        fault, asked = refused(f"{base64.urlsafe_b64encode(bomb).decode().rstrip('=')[:7000]}.{body[:8]}.{signature[:8]}")
        assert (fault.rule, asked) == ("shape", [])
    nested = None
    for _ in range(500):
        nested = [nested]
    assert check(sender.token(header={"x": nested}))[0].did == sender.did  # unknown, small, and ignored


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b'"x"', b"{}", b"\xff\xfe", b'{"iss":"a"', b'{"iss":"\xff"}'])
def test_claims_that_are_no_claims(sender, refused, payload):
    fault, asked = refused(sender.signed(payload))
    assert fault.rule in {"claims", "shape"}
    assert asked == []


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "jti", "iat", "exp"])
@pytest.mark.parametrize("value", [..., None, True, {}, [1]], ids=["missing", "null", "true", "object", "numbers"])
def test_required_claims_are_there_and_of_their_type(sender, refused, name, value):
    fault, asked = refused(sender.token(**{name: value}))
    assert (fault.rule, asked) == ("claims", [])
    assert name in fault.message


@pytest.mark.parametrize("name", ["iss", "sub", "jti", "token"])
def test_texts_are_texts(sender, refused, name):
    fault, _ = refused(sender.token(**{name: 5}))
    assert fault.rule == "claims"
    assert name in fault.message


@pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
@pytest.mark.parametrize("value", ["1800000000", "2027-03-01T12:00:00Z", True, False, [], {}, -1, -0.5, 10**12, 10**30, 1e300])
def test_dates_are_numbers_in_range(sender, refused, name, value):
    fault, asked = refused(sender.token(**{name: value}))
    assert (fault.rule, asked) == ("claims", [])
    assert name in f"{fault.message} {fault.where}"


@pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 5000])
def test_dates_are_finite(sender, refused, name, value):
    raw = json.dumps(sender.claims(**{name: 12345})).replace("12345", value)
    assert value in raw
    fault, asked = refused(sender.signed(raw.encode()))
    assert (fault.rule, asked) == ("claims", [])


@pytest.mark.parametrize("jti", ["", "x" * 257])
def test_a_jti_has_1_to_256_characters(sender, check, refused, jti):
    assert refused(sender.token(jti=jti))[0].where == "jti"
    assert check(sender.token(jti="x" * 256))[0].jti == "x" * 256


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("crit", ["exp"]),
        ("crit", []),
        ("crit", None),
        ("b64", False),
        ("jku", "https://evil.example/keys"),
        ("x5u", "https://evil.example/cert"),
        ("x5c", ["MIIB"]),
    ],
)
def test_headers_that_bring_keys_or_demands_are_refused(sender, refused, name, value):
    fault, asked = refused(sender.token(header={name: value}))
    assert (fault.rule, fault.where, asked) == ("shape", f"header.{name}", [])


def test_an_embedded_key_is_never_believed(sender, refused):
    attacker = SigningKey.generate(sender.kid)
    fault, asked = refused(sender.token(header={"jwk": attacker.public_jwk}, key=attacker))
    assert (fault.where, asked) == ("header.jwk", [])


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "HS256", "HS512", "ES512", "ES256K", "RS256", "PS512", ""])
def test_other_algorithms_are_refused_without_asking_anybody(sender, refused, alg):
    fault, asked = refused(sender.token(header={"alg": alg}))
    assert (fault.rule, asked) == ("algorithm", [])


@pytest.mark.parametrize("alg", [None, 1, ["ES256"], ...])
def test_an_algorithm_is_a_text(sender, refused, alg):
    assert refused(sender.token(header={"alg": alg}))[0].rule == "shape"


def test_a_token_without_signature_is_refused(sender, refused):
    head, body, _ = sender.token().split(".")
    assert refused(f"{head}.{body}.")[0].rule == "signature"
    head, body, _ = sender.token(header={"alg": "none"}).split(".")
    assert refused(f"{head}.{body}.")[0].rule == "algorithm"


def test_the_public_key_is_no_shared_secret(sender, refused):
    head, body, _ = sender.token(header={"alg": "HS256"}).split(".")

    for secret in (json.dumps(sender.key.public_jwk).encode(), sender.key.public_jwk["x"].encode()):
        mac = base64.urlsafe_b64encode(hmac.new(secret, f"{head}.{body}".encode(), sha256).digest()).rstrip(b"=").decode()
        assert refused(f"{head}.{body}.{mac}")[0].rule == "algorithm"


# --- steps 1 and 2: who speaks to whom


def test_1_the_sender_speaks_for_itself(sender, refused):
    for changes in ({"iss": sender.me}, {"sub": sender.me}, {"sub": sender.did + " "}):
        fault, asked = refused(sender.token(**changes))
        assert (fault.where, fault.rule, asked) == ("iss", "issuer", [])


@pytest.mark.parametrize("aud", ["", "did:web:example.com", [], ["x"]])
def test_2_the_token_is_for_us(sender, refused, aud):
    fault, asked = refused(sender.token(aud=aud))
    assert (fault.where, fault.rule, asked) == ("aud", "audience", [])


def test_2_the_token_is_for_us_alone(sender, refused):
    for aud in ([sender.me, sender.did], [sender.me, sender.me], sender.me + ",x", sender.me.upper(), sender.me[:-1]):
        assert refused(sender.token(aud=aud))[0].rule == "audience"


def test_1_comes_before_2(sender, refused):
    assert refused(sender.token(sub="did:web:x.example", aud="nobody"))[0].where == "iss"


# --- step 3: the key


def test_3_a_kid_is_required(sender, refused):
    for kid in (..., None):
        fault, asked = refused(sender.token(header={"kid": kid}))
        assert (fault.rule, asked) == ("kid", [])


def test_3_the_kid_is_a_key_of_the_issuer(sender, refused):
    for kid in ("", "#key-1", "key-1", sender.did, sender.did + "#", sender.me + "#key-1", sender.did + "x#key-1"):
        fault, asked = refused(sender.token(header={"kid": kid}))
        assert (fault.rule, asked) == ("kid", []), kid


def test_3_only_did_web_is_resolved(sender, refused):
    for did in ("did:key:z6Mk", "https://example.com", "did:web:10.0.0.1", "did:web:user@example.com", "did:web:a:..:b"):
        fault, asked = refused(sender.token(iss=did, sub=did, header={"kid": did + "#key-1"}))
        assert (fault.rule, asked) == ("issuer", []), did


def test_3_a_document_that_cannot_be_had_proves_nothing(sender, refused, unreachable):
    fault, asked = refused(sender.token(), unreachable)
    assert (fault.rule, len(asked)) == ("unresolved", 1)
    assert "10.1.2.3" not in str(fault)


def test_3_an_unknown_kid_is_asked_about_once_more_and_no_more(sender, refused):
    fault, asked = refused(sender.token(header={"kid": key_id(sender.did, 2)}))
    assert fault.rule == "key-unknown"
    assert asked == [ResolveDid(sender.did), ResolveDid(sender.did, fresh=True)]


def test_3_a_failed_signature_is_asked_about_once_more_and_no_more(sender, refused):
    fault, asked = refused(sender.token(key=SigningKey.generate(sender.kid)))
    assert fault.rule == "signature"
    assert asked == [ResolveDid(sender.did), ResolveDid(sender.did, fresh=True)]


def test_3_a_rotated_key_is_found_in_the_fresh_document(sender, check):
    kid = key_id(sender.did, 2)
    new = SigningKey.generate(kid)
    rotated = did_document(sender.did, [(sender.kid, sender.key.public_jwk), (kid, new.public_jwk)])
    token = issue(new, sender.did, sender.me, sender.now, "jti_1")
    caller, asked = check(token, sender.document, rotated)
    assert (caller.did, [request.fresh for request in asked]) == (sender.did, [False, True])


def test_3_a_key_replaced_under_its_name_is_found_in_the_fresh_document(sender, check):
    new = SigningKey.generate(sender.kid)
    replaced = did_document(sender.did, [(sender.kid, new.public_jwk)])
    caller, asked = check(issue(new, sender.did, sender.me, sender.now, "jti_1"), sender.document, replaced)
    assert (caller.did, [request.fresh for request in asked]) == (sender.did, [False, True])


def test_3_a_key_that_was_removed_is_gone_once_the_document_is_fresh(sender, refused):
    gone = did_document(sender.did, [])
    assert refused(sender.token(), gone)[0].rule == "key-unknown"


def test_3_a_failing_second_fetch_leaves_the_first_verdict(sender, refused, unreachable):
    fault, asked = refused(sender.token(key=SigningKey.generate(sender.kid)), sender.document, unreachable)
    assert (fault.rule, len(asked)) == ("signature", 2)


def changed(document, **by):
    return msgspec.structs.replace(document, **by)


def test_3_the_key_may_invoke_capabilities(sender, refused):
    fault, asked = refused(sender.token(), changed(sender.document, capability_invocation=[]))
    assert (fault.rule, len(asked)) == ("key-purpose", 1)
    other = changed(sender.document, capability_invocation=[key_id(sender.did, 2)])
    assert refused(sender.token(), other)[0].rule == "key-purpose"


def test_3_a_key_that_is_listed_for_another_purpose_only_is_refused(sender, refused):
    method = sender.document.verification_method[0]
    document = DidDocument(sender.did, authentication=[method], assertion_method=[sender.kid])
    assert refused(sender.token(), document)[0].rule == "key-purpose"


def test_3_a_relative_reference_is_the_documents_own_key(sender, check):
    assert check(sender.token(), changed(sender.document, capability_invocation=["#key-1"]))[0].did == sender.did


@pytest.mark.parametrize("jwk", [None, {}, {"kty": "oct", "k": "AAAA"}, {"kty": "OKP", "crv": "Ed25519", "x": "A" * 42}])
def test_3_a_key_that_cannot_verify_is_refused(sender, refused, jwk):
    method = VerificationMethod(sender.kid, "JsonWebKey2020", sender.did, jwk)
    fault, asked = refused(sender.token(), changed(sender.document, verification_method=[method]))
    assert (fault.rule, len(asked)) == ("key-unusable", 1)


def test_3_changed_claims_break_the_signature(sender, refused):
    head, _, signature = sender.token().split(".")
    _, body, _ = sender.token(jti="jti_2").split(".")
    assert refused(f"{head}.{body}.{signature}")[0].rule == "signature"


# --- step 4: the document


def test_4_the_document_is_the_subjects(sender, refused):
    fault, asked = refused(sender.token(), changed(sender.document, id=sender.me))
    assert (fault.rule, fault.where, len(asked)) == ("document", "sub", 1)


def test_3_and_4_come_before_the_dates(sender, refused):
    assert refused(sender.token(exp=1, key=SigningKey.generate(sender.kid)))[0].rule == "signature"
    assert refused(sender.token(exp=1), changed(sender.document, id=sender.me))[0].rule == "document"


# --- steps 5 and 6: the dates


def test_5_not_before_its_time(sender, check, refused):
    assert check(sender.token(nbf=second(sender, seconds=30)))[0]
    fault, _ = refused(sender.token(nbf=second(sender, seconds=31)))
    assert (fault.where, fault.rule) == ("nbf", "not-yet")


def test_5_comes_before_6(sender, refused):
    assert refused(sender.token(nbf=second(sender, hours=1), exp=1, iat=0))[0].where == "nbf"


def test_6_not_after_its_time(sender, check, refused):
    token = sender.token(iat=second(sender, minutes=-5), exp=second(sender, seconds=-29))
    assert check(token)[0].expires == sender.now + timedelta(seconds=1)
    fault, _ = refused(sender.token(iat=second(sender, minutes=-5), exp=second(sender, seconds=-30)))
    assert (fault.where, fault.rule) == ("exp", "expired")


def test_6_expires_is_the_very_moment_from_which_it_is_refused(sender, check, refused):
    token = sender.token()
    until = check(token)[0].expires
    assert check(token, now=until - timedelta(milliseconds=1))[0].expires == until
    assert refused(token, now=until)[0].rule == "expired"


def test_6_not_made_in_the_future(sender, check, refused):
    assert check(sender.token(iat=second(sender, seconds=30)))[0]
    fault, _ = refused(sender.token(iat=second(sender, seconds=31)))
    assert (fault.where, fault.rule) == ("iat", "not-yet")


def test_6_not_for_longer_than_ten_minutes_and_the_second_of_another_look_at_the_clock(sender, check, refused):
    assert check(sender.token(exp=second(sender, minutes=10)))[0]
    assert check(sender.token(exp=second(sender, minutes=10, seconds=1)))[0]
    assert refused(sender.token(exp=second(sender, minutes=10, seconds=2)))[0].rule == "lifetime"
    assert refused(sender.token(iat=0))[0].rule == "lifetime"


def test_6_not_ending_before_it_begins(sender, refused):
    for end in (0, -1):
        assert refused(sender.token(exp=second(sender, seconds=end)))[0].rule == "lifetime"


def test_the_leeway_stays_below_a_minute(sender, check):
    with pytest.raises(Invalid):
        check(sender.token(), leeway=timedelta(seconds=60))
    with pytest.raises(Invalid):
        check(sender.token(), leeway=timedelta(seconds=-1))
    assert check(sender.token(), leeway=timedelta(0))[0].expires == sender.now + timedelta(minutes=5)
