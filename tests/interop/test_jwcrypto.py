"""jwcrypto, which this project did not write, verifies what we sign, and we verify what it signs."""

import base64
import gzip
import json

import pytest

from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.did import did_document, key_id
from hanse.identity.exchange import drive
from hanse.identity.key_did import jwk_did
from hanse.identity.keys import SigningKey
from hanse.identity.self_issued import issue, verify
from hanse.kernel.errors import Unauthenticated
from tests.unit.identity.credentials.world import FOREVER, LIST_URL, NOW, World

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
