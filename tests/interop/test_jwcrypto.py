"""jwcrypto, which this project did not write, verifies what we sign, and we verify what it signs."""

import asyncio
import base64
import gzip
import json

import msgspec
import pytest

from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.did import did_document, key_id
from hanse.identity.exchange import drive
from hanse.identity.key_did import jwk_did
from hanse.identity.keys import SigningKey
from hanse.identity.self_issued import issue, verify
from hanse.identity.status import Bits
from hanse.kernel.errors import Unauthenticated
from tests.unit.identity.credentials.world import FOREVER, LIST_URL, NOW, World, opened
from tests.unit.wallet.house import DID, House

jwk = pytest.importorskip("jwcrypto.jwk")
from jwcrypto import jws  # noqa: E402 - after importorskip

KINDS = [
    ("P-256", "ES256", {"kty": "EC", "crv": "P-256"}),
    ("P-384", "ES384", {"kty": "EC", "crv": "P-384"}),
    ("Ed25519", "EdDSA", {"kty": "OKP", "crv": "Ed25519"}),
    ("RSA", "PS256", {"kty": "RSA", "size": 2048}),
]
ALGORITHMS = [alg for _, alg, _ in KINDS]


@pytest.fixture(params=KINDS, ids=[kind for kind, _, _ in KINDS])
def kind(request):
    return request.param


@pytest.fixture(params=[VC20, VC11], ids=["vc20", "vc11"])
def profile(request):
    return request.param


@pytest.fixture
def world():
    return World()


def theirs(text: str, public: dict) -> dict:
    """What jwcrypto reads of a JWT of ours, its signature verified."""
    token = jws.JWS()
    token.allowed_algs = ALGORITHMS
    token.deserialize(text, jwk.JWK(**public))
    return json.loads(token.payload)


class Foreign:
    """A party whose key and signatures are jwcrypto's."""

    def __init__(self, host: str, alg: str, parameters: dict):
        self.did, self.alg = f"did:web:{host}", alg
        self.key = jwk.JWK.generate(**parameters)
        self.kid = key_id(self.did, 1)
        self.document = did_document(self.did, [(self.kid, self.key.export_public(as_dict=True))])

    def sign(self, payload: dict, **header: str) -> str:
        token = jws.JWS(json.dumps(payload))
        token.add_signature(self.key, protected=json.dumps({"alg": self.alg, "kid": self.kid, **header}))
        return token.serialize(compact=True)


def second(moment):
    return int(moment.timestamp())


def body(issuer, holder, **more):
    subject = {"id": holder, "level": "gold"}
    return {"type": ["VerifiableCredential", "MembershipCredential"], "issuer": issuer, "credentialSubject": subject, **more}


def foreign_credential(party, holder, profile, **more):
    if profile == VC20:
        dates = {"validFrom": "2027-03-01T13:00:00+01:00", "validUntil": "2027-03-31T12:00:00Z"}
        return party.sign({"@context": ["https://www.w3.org/ns/credentials/v2"], **body(party.did, holder, **dates, **more)}, typ="vc+jwt")
    dates = {"issuanceDate": "2027-03-01T12:00:00.5Z", "expirationDate": "2027-03-31T12:00:00Z"}
    vc = {"@context": ["https://www.w3.org/2018/credentials/v1"], **body(party.did, holder, **dates, **more)}
    return party.sign({"iss": party.did, "sub": holder, "nbf": second(NOW), "exp": second(NOW + FOREVER), "jti": "a", "vc": vc}, typ="JWT")


def foreign_list(party, profile, bits):
    form = "BitstringStatusList" if profile == VC20 else "StatusList2021"
    text = base64.urlsafe_b64encode(gzip.compress(bytes(bits))).rstrip(b"=").decode()
    subject = {"type": form, "statusPurpose": "revocation", "encodedList": ("u" if profile == VC20 else "") + text}
    credential = {"type": ["VerifiableCredential", form + "Credential"], "issuer": party.did, "id": LIST_URL, "credentialSubject": subject}
    if profile == VC20:
        return party.sign({"@context": ["https://www.w3.org/ns/credentials/v2"], **credential}, typ="vc+jwt")
    credential = {"@context": ["https://www.w3.org/2018/credentials/v1"], "issuanceDate": "2027-01-01T00:00:00Z", **credential}
    return party.sign({"iss": party.did, "vc": credential})


def test_they_verify_our_credentials_and_presentations(world, kind, profile):
    name, _, _ = kind
    key = SigningKey.generate(key_id(world.issuer.did, 1), name)
    text = world.credential(profile, key=key)
    assert theirs(text, key.public_jwk)["iss"] == world.issuer.did
    holder = SigningKey.generate(key_id(world.holder.did, 1), name)
    assert theirs(world.present(text, key=holder)[0], holder.public_jwk)["aud"] == world.verifier.did
    with pytest.raises(jws.InvalidJWSSignature):
        theirs(text, SigningKey.generate("x#1", name).public_jwk)


def test_they_read_our_keys(kind):
    key = SigningKey.generate("x#1", kind[0])
    assert jwk.JWK.from_pem(key.to_pem()).export_public(as_dict=True).items() >= key.public_jwk.items()
    assert jwk.JWK.from_json(key.to_private_jwk().decode()).has_private


def test_we_read_their_keys(kind):
    theirs_ = jwk.JWK.generate(**kind[2])
    for key in (
        SigningKey.from_pem(theirs_.export_to_pem(private_key=True, password=None), "x#1"),
        SigningKey.from_private_jwk(theirs_.export_private().encode(), "x#1"),
    ):
        assert key.public_jwk.items() <= theirs_.export_public(as_dict=True).items()


def test_we_verify_their_credentials(world, kind, profile):
    party = Foreign("foreign.example", *kind[1:])
    world.documents[party.did] = party.document
    rules = Rules(TrustedIssuers({"MembershipCredential": [party.did]}))
    text = foreign_credential(party, world.holder.did, profile)
    assert world.verify(text, rules).credential.subjects[0]["level"] == "gold"
    head, payload, signature = text.split(".")
    with pytest.raises(Unauthenticated):
        world.verify(f"{head}.{payload}.{signature[::-1]}", rules)


def test_we_read_their_lists(world, kind, profile):
    party = Foreign("foreign.example", *kind[1:])
    world.documents[party.did] = party.document
    type_ = "BitstringStatusListEntry" if profile == VC20 else "StatusList2021Entry"
    entry = {"type": type_, "statusPurpose": "revocation", "statusListIndex": "9", "statusListCredential": LIST_URL}
    text = foreign_credential(party, world.holder.did, profile, credentialStatus=entry)
    bits = bytearray(16384)
    for bit, refused in ((0x80, False), (0x40, True)):
        bits[1] = bit
        world.files[LIST_URL] = foreign_list(party, profile, bits).encode()
        rules = Rules(TrustedIssuers({"MembershipCredential": [party.did]}))
        if refused:
            with pytest.raises(Unauthenticated) as caught:
                world.verify(text, rules)
            assert caught.value.rule == "revoked"
        else:
            assert world.verify(text, rules)


def test_we_verify_their_presentations(world, kind, profile):
    party = Foreign("foreign.example", *kind[1:])
    world.documents[party.did] = party.document
    credential = world.credential(profile, subject={"id": party.did})
    times = {"iat": second(NOW), "exp": second(NOW) + 60, "aud": [world.verifier.did], "iss": party.did}
    if profile == VC20:
        context = "https://www.w3.org/ns/credentials/v2"
        envelope = {"@context": context, "id": "data:application/vc+jwt," + credential, "type": ["EnvelopedVerifiableCredential"]}
        vp = {"@context": [context], "type": "VerifiablePresentation", "verifiableCredential": [envelope]}
        text = party.sign({**vp, **times}, typ="vp+jwt")
    else:
        vp = {
            "@context": ["https://www.w3.org/2018/credentials/v1"],
            "type": ["VerifiablePresentation"],
            "verifiableCredential": [credential],
        }
        text = party.sign({**times, "vp": vp})
    assert world.verify_vp(text, holder=party.did).credentials[0].credential.subjects[0]["id"] == party.did


def test_tokens_both_ways(world, kind):
    name, alg, parameters = kind
    party = Foreign("foreign.example", alg, parameters)
    claims = {"iss": party.did, "sub": party.did, "aud": world.verifier.did, "jti": "x", "iat": second(NOW), "exp": second(NOW) + 60}
    assert drive(verify(party.sign(claims, typ="JWT"), world.verifier.did, NOW), lambda _: party.document).did == party.did
    key = SigningKey.generate(key_id(world.holder.did, 1), name)
    assert theirs(issue(key, world.holder.did, party.did, NOW, "jti_1"), key.public_jwk)["aud"] == party.did


def test_their_did_jwk(kind):
    public = jwk.JWK.generate(**kind[2]).export_public(as_dict=True)
    assert jwk_did(public).startswith("did:jwk:")


# --- keys that change


def named(text, document, relationship="assertionMethod"):
    """What jwcrypto reads of a JWT of ours with the key that its kid names in our DID document as it goes over the wire."""
    published = json.loads(msgspec.json.encode(document))
    kid = opened(text)[0]["kid"]
    assert kid in published[relationship]
    return theirs(text, next(method["publicKeyJwk"] for method in published["verificationMethod"] if method["id"] == kid))


def test_they_verify_our_credentials_and_lists_over_rotations(profile):
    house, made = House(), []
    for kind, _, _ in KINDS:
        house.rotate(kind)
        made.append(house.issue(profile)[0])
        made.append(asyncio.run(house.wallet.issue_list("acme", LIST_URL, Bits.zeros(), profile)))
    house.rotate()
    house.clock.advance(hours=2)
    document = house.document()
    assert [named(text, document)["iss"] for text in made] == [DID] * 8
    assert named(house.token(), document, "capabilityInvocation")["iss"] == DID


def test_they_read_a_document_with_a_revoked_key(profile):
    house = House()
    text, _ = house.issue(profile)
    house.compromise()
    document = house.document()
    assert json.loads(msgspec.json.encode(document))["verificationMethod"][0]["revoked"] == "2027-03-01T12:00:00Z"
    assert named(text, document)["iss"] == DID  # whoever does not read `revoked` takes it


def test_we_verify_their_credentials_over_a_rotation(world, kind, profile):
    party = Foreign("foreign.example", *kind[1:])
    rules = Rules(TrustedIssuers({"MembershipCredential": [party.did]}))
    before = foreign_credential(party, world.holder.did, profile, credentialStatus=None)
    old, party.key, party.kid = party.key, jwk.JWK.generate(**kind[2]), key_id(party.did, 2)
    after = foreign_credential(party, world.holder.did, profile)
    keys = [(key_id(party.did, number), key.export_public(as_dict=True)) for number, key in ((1, old), (2, party.key))]
    world.documents[party.did] = did_document(party.did, keys)
    for text in (before, after):
        assert world.verify(text, rules).credential.issuer == party.did
    world.documents[party.did] = did_document(party.did, keys[1:])
    assert world.verify(after, rules)
    with pytest.raises(Unauthenticated) as caught:
        world.verify(before, rules)
    assert caught.value.rule == "key-unknown"


@pytest.mark.parametrize("member", ["revoked", "expires"])
@pytest.mark.parametrize(
    ("moment", "counts"), [("2027-03-01T12:00:01Z", True), ("2027-03-01T13:00:00.25+01:00", None), ("2027-03-01T12:00:00Z", False)]
)
def test_we_look_at_when_their_key_ends(world, kind, profile, member, moment, counts):
    """Their credentials say no iat: when they were signed is from when they are valid, 12:00:00 or (VC 1.1) half a second later."""
    party = Foreign("foreign.example", *kind[1:])
    method = msgspec.structs.replace(party.document.verification_method[0], **{member: moment})
    world.documents[party.did] = msgspec.structs.replace(party.document, verification_method=[method])
    rules = Rules(TrustedIssuers({"MembershipCredential": [party.did]}))
    text = foreign_credential(party, world.holder.did, profile)
    if counts or (counts is None and profile == VC20):
        assert world.verify(text, rules)
        return
    with pytest.raises(Unauthenticated) as caught:
        world.verify(text, rules)
    assert caught.value.rule == "key-revoked"
