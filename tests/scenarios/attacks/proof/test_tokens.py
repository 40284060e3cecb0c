"""Self-issued tokens with one thing wrong, at every door that takes them: DCP's three services, the anchor's pages, the catalogue."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from joserfc.jws import JWSRegistry

from hanse.identity.key_did import jwk_did
from hanse.identity.keys import SigningKey
from tests.scenarios.attacks.proof.world import Doors, refused
from tests.scenarios.attacks.town import unsigned


@pytest.mark.parametrize("door", Doors.NAMES)
def test_a_good_token_opens_every_door(doors, door):
    """Or else none of what follows would prove anything."""
    answer = doors.knock(door, doors.token(door))
    assert answer.is_success, answer.text


def opens_nothing(doors, make):
    """Knock at every door with the token that `make(aud)` returns for it."""
    for door in Doors.NAMES:
        token = make(doors.audience(door))
        doors.member.seen.add(token)
        body = refused(doors.knock(door, token), 401)
        assert "MembershipCredential" not in str(body), (door, body)  # the token was refused, not what it presents


AUDIENCES = {
    "none": lambda d, aud: None,
    "of nobody": lambda d, aud: "",
    "empty list": lambda d, aud: [],
    "a neighbour on the same server": lambda d, aud: aud.rpartition(":")[0] + ":zoo",
    "this one and a neighbour": lambda d, aud: [aud, aud.rpartition(":")[0] + ":zoo"],
    "this one twice": lambda d, aud: [aud, aud],
    "begins like it": lambda d, aud: aud + "x",
    "it begins like that": lambda d, aud: aud[:-1],
    "its server": lambda d, aud: aud.partition(":participants")[0],
    "its address": lambda d, aud: f"{d.host.root}/participants/{d.acme.name}",
    "in capitals": lambda d, aud: aud.upper(),
    "a key of it": lambda d, aud: f"{aud}#key-1",
    "the sender": lambda d, aud: d.member.did,
    "anybody": lambda d, aud: "*",
    "a number": lambda d, aud: 7,
    "an object": lambda d, aud: {"id": aud},
}


@pytest.mark.parametrize("audience", AUDIENCES.values(), ids=AUDIENCES)
@pytest.mark.usefixtures("unmoved")
def test_a_token_without_or_with_a_wrong_aud(doors, audience):
    opens_nothing(doors, lambda aud: doors.member.token(audience(doors, aud)))


KIDS = {
    "none": lambda d: None,
    "empty": lambda d: "",
    "a fragment alone": lambda d: "#key-1",
    "the DID alone": lambda d: d.member.did,
    "a key that it does not have": lambda d: f"{d.member.did}#key-2",
    "another DID that begins alike": lambda d: f"{d.member.did}x#key-1",
    "a DID that it begins with": lambda d: f"{d.member.did[:-1]}#key-1",
    "below its DID": lambda d: f"{d.member.did}:more#key-1",
    "a participant of this server": lambda d: f"{d.acme.did}#key-1",
    "a path": lambda d: "../../../../etc/passwd",
    "an address": lambda d: "http://169.254.169.254/latest#key-1",
    "SQL": lambda d: "' OR 1=1 --",
    "an object": lambda d: {"kid": f"{d.member.did}#key-1"},
    "a list": lambda d: [f"{d.member.did}#key-1"],
}


@pytest.mark.parametrize("kid", KIDS.values(), ids=KIDS)
@pytest.mark.usefixtures("unmoved")
def test_a_kid_that_is_not_the_issuers(doors, kid):
    header = {"alg": "ES256", "typ": "JWT", "kid": kid(doors)}
    if header["kid"] is None:
        del header["kid"]
    opens_nothing(doors, lambda aud: signed(doors.member.key, header, claims(doors.member.did, aud)))


@pytest.mark.usefixtures("unmoved")
def test_a_kid_that_is_not_the_issuers_with_a_good_signature_of_its_owner(doors, harbour):
    """Somebody who has a key speaks for somebody else, and is named, or names, the other way round."""
    stranger, member = harbour.stranger, doors.member
    for iss, sub in ((member.did, member.did), (stranger.did, member.did), (member.did, stranger.did)):
        opens_nothing(doors, lambda aud, iss=iss, sub=sub: stranger.token(aud, iss=iss, sub=sub))
    forged = SigningKey.generate(member.key.kid)
    opens_nothing(doors, lambda aud: member.token(aud, key=forged))


@pytest.mark.parametrize("ahead", [45, 600, 86_400 * 365])
@pytest.mark.usefixtures("unmoved")
def test_a_future_iat(doors, ahead):
    def make(aud):
        now = int(time.time())
        return doors.member.token(aud, iat=now + ahead, exp=now + ahead + 120)

    opens_nothing(doors, make)


DATES = {
    "iat as text": {"iat": "now"},
    "iat as text of a number": {"iat": str},
    "exp as text of a number": {"exp": lambda now: str(now + 100)},
    "nbf as text of a number": {"nbf": str},
    "iat as ISO 8601": {"iat": lambda now: datetime.fromtimestamp(now, UTC).isoformat()},
    "exp as ISO 8601": {"exp": lambda now: datetime.fromtimestamp(now + 100, UTC).isoformat()},
    "iat and exp as text": {"iat": str, "exp": lambda now: str(now + 100)},
    "iat in a list": {"iat": lambda now: [now]},
    "exp in an object": {"exp": lambda now: {"seconds": now + 100}},
    "true": {"iat": True, "exp": True},
    "no iat": {"iat": None},
    "no exp": {"exp": None},
    "exp in milliseconds": {"exp": lambda now: (now + 100) * 1000},
    "beyond all calendars": {"exp": 1e300},
    "before all calendars": {"iat": -1e18},
}


@pytest.mark.parametrize("dates", DATES.values(), ids=DATES)
@pytest.mark.usefixtures("unmoved")
def test_dates_as_strings(doors, dates):
    def make(aud):
        now = int(time.time())
        return doors.member.token(aud, **{name: value(now) if callable(value) else value for name, value in dates.items()})

    opens_nothing(doors, make)


ALGORITHMS = [
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "PS256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "es256",
    "dir",
]


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.usefixtures("unmoved")
def test_algorithm_confusion_by_a_header_that_the_key_does_not_fit(doors, name):
    """Without a signature, and with the one that the member's own key makes over just that header."""
    header = {"alg": name, "typ": "JWT", "kid": doors.member.key.kid}
    opens_nothing(doors, lambda aud: unsigned(header, claims(doors.member.did, aud)))
    opens_nothing(doors, lambda aud: signed(doors.member.key, header, claims(doors.member.did, aud)))


@pytest.mark.usefixtures("unmoved")
def test_algorithm_confusion_by_a_public_key_as_a_secret(doors):
    key = doors.member.key
    public = key._key.raw_value.public_key() if hasattr(key._key.raw_value, "public_key") else key._key.raw_value
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    secrets = [
        public.public_bytes(serialization.Encoding.PEM, info),
        public.public_bytes(serialization.Encoding.DER, info),
        point,
        json.dumps(key.public_jwk).encode(),
        json.dumps(key.public_jwk, separators=(",", ":"), sort_keys=True).encode(),
        key.public_jwk["x"].encode(),
        b"",
    ]
    for secret in secrets:
        for name, digest in (("HS256", hashlib.sha256), ("HS512", hashlib.sha512)):

            def make(aud, secret=secret, name=name, digest=digest):
                plain = unsigned({"alg": name, "typ": "JWT", "kid": key.kid}, claims(doors.member.did, aud)).rpartition(".")[0]
                return f"{plain}.{encoded(hmac.new(secret, plain.encode(), digest).digest())}"

            opens_nothing(doors, make)


EMBEDDED = {
    "jwk": lambda key, _: {"jwk": key.public_jwk},
    "jku": lambda _, root: {"jku": f"{root}/jwks.json"},
    "x5u": lambda _, root: {"x5u": f"{root}/chain.pem"},
    "x5c": lambda key, _: {"x5c": [certificate(key)]},
    "x5c and x5t": lambda key, _: {"x5c": [certificate(key)], "x5t": "AAAA"},
    "crit": lambda *_: {"crit": ["exp"]},
    "b64": lambda *_: {"b64": False, "crit": ["b64"]},
}


@pytest.mark.parametrize("extra", EMBEDDED.values(), ids=EMBEDDED)
@pytest.mark.parametrize("kid", ["the issuer's", "the key's own"])
@pytest.mark.usefixtures("unmoved")
def test_embedded_keys(doors, harbour, extra, kid):
    """A good signature of a key that the token brings along, or says where to fetch."""
    stranger = harbour.stranger
    mine = SigningKey.generate(f"{doors.member.did}#key-9")
    stranger.files["/jwks.json"] = json.dumps({"keys": [mine.public_jwk | {"kid": mine.kid}]}).encode()
    before = len(stranger.taken)
    named = doors.member.key.kid if kid == "the issuer's" else mine.kid
    header = {"alg": "ES256", "typ": "JWT", "kid": named, **extra(mine, stranger.root)}
    opens_nothing(doors, lambda aud: signed(mine, header, claims(doors.member.did, aud)))
    assert stranger.taken[before:] == []


@pytest.mark.usefixtures("unmoved")
def test_embedded_keys_in_a_did(doors):
    """A did:jwk is its own document: nobody can be reached there, so nobody calls in its name."""
    mine = SigningKey.generate("did:jwk:x#0")
    did = jwk_did(mine.public_jwk)
    header = {"alg": "ES256", "typ": "JWT", "kid": f"{did}#0"}
    opens_nothing(doors, lambda aud: signed(mine, header, claims(did, aud)))


def claims(did, aud):
    now = int(time.time())
    return {"iss": did, "sub": did, "aud": aud, "jti": uuid4().hex, "iat": now, "exp": now + 100, "token": f"{did}-opens-itself"}


def encoded(raw):
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(key, header, said):
    """Sign with an ES256 key under any header at all."""
    text = unsigned(header, said).rpartition(".")[0].encode()
    return f"{text.decode()}.{encoded(JWSRegistry.algorithms['ES256'].sign(text, key._key))}"


def certificate(key):
    """Return a certificate that the key has signed for itself, as `x5c` has it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    private = serialization.load_pem_private_key(key.to_pem(), None)
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    return b64encode(built.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.DER)).decode()
