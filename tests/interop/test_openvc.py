"""openvc-core, which this project did not write: VC 1.1 as JWT with status and presentations both ways, did:key and did:jwk.

It reads no VC 2.0 as JWT; of those it checks the signature only. It reads the machine's clock, so everything here is made now.
"""

import asyncio
import base64
import json
from datetime import timedelta

import msgspec
import pytest

from hanse.identity.credentials.issue import Draft, issue, status_entry
from hanse.identity.credentials.lists import issue_list
from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.credentials.present import present
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.did import did_document, key_id
from hanse.identity.key_did import jwk_did, key_did_document
from hanse.identity.keys import SigningKey
from hanse.identity.status import Bits, decode_bits, encode_bits
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import Unauthenticated
from tests.unit.identity.credentials.world import LIST_URL, World
from tests.unit.wallet.house import CITY, DID, House

pytest.importorskip("openvc")
from openvc import OpenvcError, VerificationPolicy, verify_credential
from openvc import keys as their_keys
from openvc.did.base import DidResolutionError, parse_did_document
from openvc.did.did_jwk import DidJwkResolver
from openvc.did.did_key import DidKeyResolver
from openvc.proof import vp_jwt
from openvc.proof.errors import ProofError
from openvc.proof.vc_jwt import VcJwtProofSuite
from openvc.proof.vp_jwt import VpJwtProofSuite
from openvc.resolvers import default_status_list_resolver
from openvc.status.bitstring import decode_bitstring, encode_bitstring, get_status_bit, new_bitstring, set_status_bit
from openvc.status.issue import build_status_list_credential, build_status_list_entry
from openvc.status.status_list import CredentialRevoked, CredentialSuspended

KINDS = {"P-256": their_keys.P256SigningKey, "P-384": their_keys.P384SigningKey, "Ed25519": their_keys.Ed25519SigningKey}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def now():
    return SystemClock().now().replace(microsecond=0)  # openvc reads the machine's clock


@pytest.mark.parametrize("kind", KINDS)
def test_they_verify_our_credentials(world, now, kind):
    key = SigningKey.generate(key_id(world.issuer.did, 1), kind)
    subject = {"id": world.holder.did, "level": "gold"}
    end = now + timedelta(days=1)
    draft = Draft(profile=VC11, types=("MembershipCredential",), subject=subject, valid_from=now, valid_until=end, id="urn:uuid:1")
    text = issue(key, draft, now)
    read = VcJwtProofSuite().verify(text, public_key_jwk=key.public_jwk, expected_types=["MembershipCredential"])
    assert (read.issuer, read.subject, read.credential["credentialSubject"]) == (world.issuer.did, world.holder.did, subject)
    with pytest.raises(ProofError):
        VcJwtProofSuite().verify(text, public_key_jwk=SigningKey.generate("x#1", kind).public_jwk)


@pytest.mark.parametrize("kind", KINDS)
def test_we_verify_their_credentials(world, now, kind):
    did = "did:web:foreign.example"
    key = KINDS[kind].generate(f"{did}#key-1")
    world.documents[did] = did_document(did, [(key.kid, key.public_jwk())])
    credential = {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "id": "urn:uuid:1",
        "type": ["VerifiableCredential", "MembershipCredential"],
        "issuer": {"id": did},
        "issuanceDate": now.isoformat(),
        "credentialSubject": {"id": world.holder.did, "level": "gold"},
    }
    text = VcJwtProofSuite().sign(credential, signing_key=key, expires_in_s=60)
    verified = world.verify(text, Rules(TrustedIssuers({"MembershipCredential": [did]})), now=now)
    assert verified.credential.subjects == (credential["credentialSubject"],)


def test_lists_both_ways():
    ours = Bits.zeros().with_bit(0, on=True).with_bit(94_567, on=True)
    theirs = decode_bitstring(encode_bits(ours))
    assert [index for index in range(131_072) if get_status_bit(theirs, index)] == [0, 94_567]
    bits = new_bitstring(131_072)
    set_status_bit(bits, 131_071, 1)
    assert decode_bits(encode_bitstring(bytes(bits))) == Bits.zeros().with_bit(131_071, on=True)


@pytest.mark.parametrize("kind", KINDS)
def test_they_resolve_our_did_jwk(kind):
    public = SigningKey.generate("x#0", kind).public_jwk
    assert public["x"] in str(DidJwkResolver().resolve(jwk_did(public)))


def test_both_read_did_key_alike():
    for did in ("did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"):
        jwk = key_did_document(did).verification_method[0].public_key_jwk
        assert str(jwk["x"]) in str(DidKeyResolver().resolve(did))


# --- with status lists, as a whole


class TheirVerifier:
    """openvc's pipeline, with our DID documents and lists in place of a network."""

    def __init__(self, documents, files=None):
        self.documents, self.files = documents, files if files is not None else {}

    def supports(self, did):
        return did in self.documents

    def resolve(self, did):
        if did not in self.documents:
            raise DidResolutionError(did)
        return parse_did_document(json.loads(msgspec.json.encode(self.documents[did])))

    def lists(self):
        return default_status_list_resolver(resolver=self, fetch=lambda url: self.files[url].decode())

    def verify(self, text, **policy):
        policy = VerificationPolicy(expected_types=["MembershipCredential"], require_status_issuer_binding=True, **policy)
        return verify_credential(text, policy=policy, resolver=self, resolve_status_list=self.lists())

    def verify_vp(self, text, audience, nonce, **options):
        options = {"resolver": self, "resolve_status_list": self.lists(), "require_holder_binding": True, **options}
        return VpJwtProofSuite().verify(text, audience=audience, nonce=nonce, **options)


@pytest.fixture
def they(world):
    return TheirVerifier(world.documents, world.files)


def drafted(world, now, **changes):
    fields = {"subject": {"id": world.holder.did, "level": "gold"}, "valid_from": now, "valid_until": now + timedelta(days=1)}
    return Draft(profile=VC11, types=("MembershipCredential",), **{**fields, "id": "urn:uuid:1", **changes})


def published(world, now, *set_bits, purpose="revocation", key=None):
    bits = Bits.zeros()
    for index in set_bits:
        bits = bits.with_bit(index, on=True)
    world.files[LIST_URL] = issue_list(key or world.issuer.key, LIST_URL, bits, VC11, now, purpose=purpose).encode()


@pytest.mark.parametrize(("purpose", "refusal"), [("revocation", CredentialRevoked), ("suspension", CredentialSuspended)])
def test_they_check_our_credentials_against_our_lists(world, they, now, purpose, refusal):
    text = issue(world.issuer.key, drafted(world, now, statuses=(status_entry(VC11, purpose, 94_567, LIST_URL),)), now)
    published(world, now, 94_566, 94_568, purpose=purpose)
    result = they.verify(text)
    assert (result.issuer, result.subject) == (world.issuer.did, world.holder.did)
    assert [entry.is_set for entry in result.status.entries] == [False]
    published(world, now, 94_567, purpose=purpose)
    with pytest.raises(refusal):
        they.verify(text)
    published(world, now, purpose="suspension" if purpose == "revocation" else "revocation")
    with pytest.raises(OpenvcError):
        they.verify(text)


def test_they_refuse_a_list_that_somebody_else_signed(world, they, now):
    text = issue(world.issuer.key, drafted(world, now, statuses=(status_entry(VC11, "revocation", 5, LIST_URL),)), now)
    published(world, now, key=world.stranger.key)
    with pytest.raises(OpenvcError):
        they.verify(text)


def foreign(world, kind="P-256"):
    did = "did:web:foreign.example"
    key = KINDS[kind].generate(f"{did}#key-1")
    world.documents[did] = did_document(did, [(key.kid, key.public_jwk())])
    return did, key


def their_credential(did, key, holder, now, **more):
    credential = {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "id": "urn:uuid:1",
        "type": ["VerifiableCredential", "MembershipCredential"],
        "issuer": did,
        "issuanceDate": now.isoformat(),
        "credentialSubject": {"id": holder},
        **more,
    }
    return VcJwtProofSuite().sign(credential, signing_key=key, expires_in_s=60)


@pytest.mark.parametrize("set_bit", [94_566, 94_567])
def test_we_check_their_credentials_against_their_lists(world, now, set_bit):
    did, key = foreign(world)
    entry = build_status_list_entry(status_list_credential=LIST_URL, index=94_567)
    text = their_credential(did, key, world.holder.did, now, credentialStatus=entry)
    bits = new_bitstring(131_072)
    set_status_bit(bits, set_bit, 1)
    contexts = ["https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/status/v1"]
    made = build_status_list_credential(id=LIST_URL, issuer=did, status_purpose="revocation", bitstring=bytes(bits), contexts=contexts)
    world.files[LIST_URL] = VcJwtProofSuite().sign(made, signing_key=key, expires_in_s=60).encode()
    rules = Rules(TrustedIssuers({"MembershipCredential": [did]}))
    if set_bit != 94_567:
        assert world.verify(text, rules, now=now)
        return
    with pytest.raises(Unauthenticated) as caught:
        world.verify(text, rules, now=now)
    assert caught.value.rule == "revoked"


# --- presentations


@pytest.mark.parametrize("kind", KINDS)
def test_they_verify_our_presentations(world, they, now, kind):
    holder = SigningKey.generate(key_id(world.holder.did, 1), kind)
    world.documents[world.holder.did] = did_document(world.holder.did, [(holder.kid, holder.public_jwk)])
    statuses = (status_entry(VC11, "revocation", 5, LIST_URL),)
    texts = [issue(world.issuer.key, drafted(world, now, statuses=statuses, id=f"urn:uuid:{number}"), now) for number in range(3)]
    (vp,) = present(holder, world.verifier.did, texts, now, "jti_1", nonce="n")
    published(world, now)
    read = they.verify_vp(vp, world.verifier.did, "n")
    assert (read.holder, len(read.credentials)) == (world.holder.did, 3)
    assert {one.credential["credentialSubject"]["level"] for one in read.credentials} == {"gold"}
    for audience, nonce in ((world.stranger.did, "n"), (world.verifier.did, "m")):
        with pytest.raises(OpenvcError):
            they.verify_vp(vp, audience, nonce)
    published(world, now, 5)
    with pytest.raises(CredentialRevoked):
        they.verify_vp(vp, world.verifier.did, "n")


def test_they_see_whose_credential_is_presented(world, they, now):
    other = issue(world.issuer.key, drafted(world, now, subject={"id": world.stranger.did}), now)
    (vp,) = present(world.holder.key, world.verifier.did, [other], now, "jti_1", nonce="n")
    with pytest.raises(OpenvcError):
        they.verify_vp(vp, world.verifier.did, "n")


@pytest.mark.parametrize("kind", KINDS)
def test_we_verify_their_presentations(world, now, kind, monkeypatch):
    did, key = foreign(world, kind)
    text = issue(world.issuer.key, drafted(world, now, subject={"id": did}), now)
    made = {"holder_key": key, "audience": world.verifier.did, "nonce": "n", "expires_in_s": 60}
    mixed = VpJwtProofSuite().sign([text], **made)
    with pytest.raises(Unauthenticated) as caught:  # the context of VC 2.0 in a claim of VC 1.1
        world.verify_vp(mixed, holder=did, now=now)
    assert (caught.value.rule, caught.value.where) == ("shape", "@context")
    monkeypatch.setattr(vp_jwt, "_VP_CONTEXT", "https://www.w3.org/2018/credentials/v1")
    vp = VpJwtProofSuite().sign([text], **made)
    presented = world.verify_vp(vp, holder=did, now=now)
    assert [one.credential.subjects[0]["id"] for one in presented.credentials] == [did]
    with pytest.raises(Unauthenticated) as caught:
        world.verify_vp(VpJwtProofSuite().sign([text], **{**made, "audience": world.stranger.did}), holder=did, now=now)
    assert caught.value.rule == "audience"


# --- keys that change


@pytest.fixture
def house(now):
    return House(now)


def theirs(house):
    return TheirVerifier({DID: house.document()})


def test_they_verify_our_credentials_over_rotations(house):
    made = [house.issue(VC11)[0]]
    for kind in ("P-384", "Ed25519", "P-256"):
        house.rotate(kind)
        made.append(house.issue(VC11)[0])
    house.clock.advance(hours=2)  # the old ones verify, and do nothing else
    assert [uses for uses, _ in house.shown().values()] == [("assertionMethod",)] * 3 + [
        ("authentication", "assertionMethod", "capabilityInvocation")
    ]
    for text in made:
        assert theirs(house).verify(text).issuer == DID
    house.compromise(4)
    house.release(4)
    with pytest.raises(OpenvcError):
        theirs(house).verify(made[3])
    assert all(theirs(house).verify(text) for text in made[:3])


def test_they_read_a_document_with_a_revoked_key(house):
    """They do not look at `revoked`: what a compromised key signed stays good there, until the key is released."""
    text, _ = house.issue(VC11)
    house.compromise()
    assert house.shown()[1][1] is not None
    assert theirs(house).verify(text).issuer == DID
    house.release()
    with pytest.raises(OpenvcError):
        theirs(house).verify(text)


def test_their_signature_check_takes_our_credentials_of_vc_2_0(house):
    for kind in ("P-256", "P-384", "Ed25519"):
        house.rotate(kind)
        text, kid = house.issue(VC20)
        head, body, signature = text.split(".")
        method = parse_did_document(json.loads(msgspec.json.encode(house.document()))).key_for_purpose(kid, "assertionMethod")
        raw = base64.urlsafe_b64decode(signature + "==")
        alg = json.loads(base64.urlsafe_b64decode(head + "=="))["alg"]
        arguments = {"alg": alg, "public_jwk": method.public_key_jwk, "signing_input": f"{head}.{body}".encode()}
        assert their_keys.verify_signature(**arguments, signature=raw)
        assert not their_keys.verify_signature(**arguments, signature=raw[::-1])


def test_we_verify_their_credentials_over_a_rotation(world, now):
    did, old = foreign(world)
    before = their_credential(did, old, world.holder.did, now)
    new = KINDS["Ed25519"].generate(f"{did}#key-2")
    world.documents[did] = did_document(did, [(key.kid, key.public_jwk()) for key in (old, new)])
    rules = Rules(TrustedIssuers({"MembershipCredential": [did]}))
    for text in (before, their_credential(did, new, world.holder.did, now)):
        assert world.verify(text, rules, now=now).credential.issuer == did
    world.documents[did] = did_document(did, [(new.kid, new.public_jwk())])
    with pytest.raises(Unauthenticated) as caught:
        world.verify(before, rules, now=now)
    assert caught.value.rule == "key-unknown"


def test_a_list_of_ours_survives_a_rotation_with_them(house):
    text, _ = house.issue(VC11, statuses=(status_entry(VC11, "revocation", 9, LIST_URL),))
    house.rotate("Ed25519")
    for on in (False, True):
        listed = asyncio.run(house.wallet.issue_list("acme", LIST_URL, Bits.zeros().with_bit(9, on=on), VC11))
        they = TheirVerifier({DID: house.document()}, {LIST_URL: listed.encode()})
        if on:
            with pytest.raises(CredentialRevoked):
                they.verify(text)
        else:
            assert they.verify(text).subject == CITY
