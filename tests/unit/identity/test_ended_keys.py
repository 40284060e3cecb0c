"""A key that was revoked or has expired counts for what was signed before, whatever it signed (Controlled Identifiers 1.0, 2.2)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.identity.credentials.lists import StatusLists
from hanse.identity.credentials.model import VC11
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.dcp.access import grant, open_access
from hanse.identity.dcp.scopes import parse_scopes
from hanse.identity.did import DidDocument, VerificationMethod, decode_document
from hanse.identity.exchange import ResolveDid, drive
from hanse.identity.jws import parse_compact
from hanse.identity.proof import signed_by
from hanse.identity.self_issued import issue, verify
from hanse.identity.statements import REGISTER, Register, open_statement, sign_statement
from hanse.kernel.errors import Invalid, PeerInvalid, Unauthenticated
from tests.unit.identity.credentials.world import NOW, PROFILES, World

MEMBERS = ["revoked", "expires"]
EARLIER, LATER = "2027-03-01T11:59:59Z", "2027-03-01T12:00:01Z"
SCOPES = parse_scopes(["org.eclipse.dspace.dcp.vc.type:MembershipCredential:read"])


@pytest.fixture
def world():
    return World()


@pytest.fixture(params=PROFILES, ids=["vc20", "vc11"])
def profile(request):
    return request.param


@pytest.fixture(params=MEMBERS)
def member(request):
    return request.param


def end(world, party, **members):
    """Let the key of that party end."""
    methods = [msgspec.structs.replace(method, **members) for method in party.document.verification_method]
    document = msgspec.structs.replace(party.document, verification_method=methods)
    world.documents[party.did] = decode_document(msgspec.json.encode(document))  # as it comes over the wire


def token(world):
    text = issue(world.holder.key, world.holder.did, world.verifier.did, NOW, "jti_1")
    return drive(verify(text, world.verifier.did, NOW), world.answer)


def statement(world):
    text = sign_statement(world.holder.key, REGISTER, Register("demo", []), version=1, now=NOW, lifetime=timedelta(days=1))
    return drive(open_statement(text, REGISTER, Register, world.holder.did, NOW), world.answer)


def allowed(world):
    text = grant(world.holder.key, world.verifier.did, SCOPES, NOW, "jti_1")
    return drive(open_access(text, world.holder.did, world.verifier.did, NOW), world.answer)


def presentation(world):
    return world.verify_vp(world.present(world.credential())[0])


@pytest.mark.parametrize("signed", [token, statement, allowed, presentation])
def test_whatever_it_signs(world, member, signed):
    end(world, world.holder, **{member: LATER})
    assert signed(world)
    for moment in (EARLIER, "2027-03-01T12:00:00Z", "2027-03-01T12:59:59+01:00", "1999-12-31T00:00:00Z"):
        world.asked.clear()
        end(world, world.holder, **{member: moment})
        with pytest.raises((Unauthenticated, PeerInvalid)) as caught:
            signed(world)
        assert caught.value.rule == "key-revoked"
        assert world.asked == [ResolveDid(world.holder.did)]  # a fresh document would say the same


def test_the_earlier_of_both_counts(world):
    end(world, world.holder, revoked=LATER, expires=EARLIER)
    with pytest.raises(Unauthenticated, match="signed after that"):
        token(world)
    end(world, world.holder, revoked=LATER, expires=LATER)
    assert token(world)


@pytest.mark.parametrize("value", ["", "yesterday", "2027-03-01", "2027-03-01T12:00:00", 1803902400, True, [LATER], {"a": 1}])
@pytest.mark.parametrize("extreme", [None, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_what_cannot_be_read_makes_the_key_unusable_and_not_the_document(world, member, value, extreme):
    end(world, world.holder, **{member: extreme or value})
    with pytest.raises(Unauthenticated) as caught:
        token(world)
    assert caught.value.rule == "key-unusable"
    other = VerificationMethod("#b", "JsonWebKey2020", world.holder.did, dict(world.verifier.key.public_jwk))
    document = world.documents[world.holder.did]
    assert (
        decode_document(msgspec.json.encode(msgspec.structs.replace(document, authentication=[other]))).method(f"{world.holder.did}#b").key
    )


def test_null_is_the_same_as_absent(world):
    raw = msgspec.json.encode(world.holder.document).replace(b'"publicKeyJwk"', b'"revoked":null,"expires":null,"publicKeyJwk"')
    world.documents[world.holder.did] = decode_document(raw)
    assert token(world)


def test_a_key_that_serves_one_purpose_only_ends_too(world):
    method = msgspec.structs.replace(world.holder.document.verification_method[0], revoked=EARLIER)
    world.documents[world.holder.did] = DidDocument(world.holder.did, capability_invocation=[method])
    with pytest.raises(Unauthenticated) as caught:
        token(world)
    assert caught.value.rule == "key-revoked"


@given(st.integers(0, 4_000_000_000), st.integers(32_000_000, 4_000_000_000), st.sampled_from(MEMBERS))
def test_before_counts_and_after_does_not(signed, ended, member):
    party = World().holder
    moment = datetime.fromtimestamp(ended, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    method = msgspec.structs.replace(party.document.verification_method[0], **{member: moment})
    document = msgspec.structs.replace(party.document, verification_method=[method])
    compact = parse_compact(party.key.sign(b"x"), 8192)
    exchange = signed_by(compact, party.did, "assertionMethod", signed)
    if signed < ended:
        assert drive(exchange, lambda _: document) is document
    else:
        with pytest.raises(Unauthenticated) as caught:
            drive(exchange, lambda _: document)
        assert caught.value.rule == "key-revoked"


def test_without_a_moment_a_key_that_ends_counts_for_nothing(world, member):
    compact = parse_compact(world.holder.key.sign(b"x"), 8192)
    assert drive(signed_by(compact, world.holder.did, "assertionMethod", None), world.answer)
    end(world, world.holder, **{member: "2100-01-01T00:00:00Z"})
    with pytest.raises(Unauthenticated, match="does not say when") as caught:
        drive(signed_by(compact, world.holder.did, "assertionMethod", None), world.answer)
    assert caught.value.rule == "key-revoked"


@given(st.one_of(st.none(), st.text(max_size=30), st.integers(), st.floats(), st.lists(st.integers(), max_size=2), st.datetimes()))
def test_any_end_is_a_moment_nothing_or_unusable(value):
    method = VerificationMethod("#a", "JsonWebKey2020", "did:web:a", None, revoked=value)
    try:
        found = method.end
    except Invalid:
        return
    assert (found is None) == (value is None)


# --- credentials


def refusal(world, text, **options):
    with pytest.raises(Unauthenticated) as caught:
        world.verify(text, **options)
    return caught.value


def test_a_credential_of_before_counts_for_its_whole_life(world, profile):
    text = world.credential(profile)
    end(world, world.issuer, revoked=LATER)
    assert world.verify(text, now=NOW + timedelta(days=29))
    end(world, world.issuer, revoked=EARLIER)
    fault = refusal(world, text)
    assert (fault.rule, fault.where) == ("key-revoked", "header.kid")
    assert "revoked or has expired at 2027-03-01 11:59:59 UTC" in fault.message


def test_the_moment_of_signing_is_what_the_token_says(world, profile):
    """Not from when the credential is valid, if it says more: it may be made for later, or for an earlier time."""
    second = int(NOW.timestamp())
    text = world.credential(profile)
    later = world.changed(text, lambda body: body.update(iat=second + 5))
    end(world, world.issuer, revoked=LATER)
    assert world.verify(text)
    assert refusal(world, later).rule == "key-revoked"


def test_without_iat_it_is_the_moment_from_which_it_is_valid(world, profile):
    def undated(body):
        del body["iat"]

    text = world.changed(world.credential(profile), undated)
    end(world, world.issuer, revoked=LATER)
    assert world.verify(text)
    end(world, world.issuer, revoked=EARLIER)
    assert refusal(world, text).rule == "key-revoked"


def test_without_any_moment_it_does_not_count(world, profile):
    def undated(body):
        inner = body.get("vc", body)
        for name in ("iat", "nbf"):
            body.pop(name, None)
        if profile != VC11:  # VC 1.1 has to say from when
            inner.pop("validFrom")

    text = world.changed(world.credential(profile), undated)
    assert world.verify(text)
    end(world, world.issuer, revoked=EARLIER if profile == VC11 else LATER)
    assert refusal(world, text).rule == "key-revoked"


def test_a_list_that_was_signed_later_does_not_count(world, profile):
    text = world.credential(profile, statuses=world.entry(profile))
    world.publish(profile)
    end(world, world.issuer, revoked=LATER)
    assert world.verify(text)
    world.publish(profile, made=NOW + timedelta(seconds=20))
    assert refusal(world, text, rules=Rules(TrustedIssuers(world.trust))).rule == "key-revoked"


def test_a_presentation_without_moment_is_refused_either_way(world, profile):
    vp = world.changed(world.present(world.credential(profile))[0], lambda body: body.pop("iat"), world.holder)
    for moment, rule in ((None, "lifetime"), (LATER, "key-revoked")):
        end(world, world.holder, revoked=moment)
        with pytest.raises(Unauthenticated) as caught:
            world.verify_vp(vp)
        assert caught.value.rule == rule


def test_a_list_that_is_kept_is_not_asked_about_again(world):
    """What a verifier keeps, it keeps for a minute: a key's end is seen after that time, as a revocation is."""
    rules = Rules(TrustedIssuers(world.trust), lists=StatusLists())
    text = world.credential(statuses=world.entry())
    world.publish()
    world.verify(text, rules)
    end(world, world.issuer, revoked=LATER)
    world.publish(made=NOW + timedelta(seconds=20))
    assert world.verify(text, rules, now=NOW + timedelta(seconds=59))
    assert refusal(world, text, rules=rules, now=NOW + timedelta(seconds=60)).rule == "key-revoked"
