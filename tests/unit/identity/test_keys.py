import base64
import copy
import json
import pickle

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa, x25519

from hanse.identity.jws import parse_compact
from hanse.identity.keys import SigningKey, VerifyingKey
from hanse.kernel.errors import Invalid, Malformed, TooLarge

KID = "did:web:example.com#key-1"
KINDS = [("P-256", ("ES256",)), ("P-384", ("ES384",)), ("Ed25519", ("EdDSA", "Ed25519")), ("RSA", ("PS256",))]


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture(params=KINDS, ids=[kind for kind, _ in KINDS])
def any_kind(request):
    return request.param


@pytest.fixture
def key():
    return SigningKey.generate(KID)


def test_what_a_key_signs_its_public_part_verifies(key):
    compact = parse_compact(key.sign(b"hello", {"typ": "JWT"}), 8192)
    assert (compact.payload, compact.header.alg, compact.header.kid, compact.header.typ) == (b"hello", "ES256", KID, "JWT")
    assert VerifyingKey.from_jwk(key.public_jwk).verify(compact)
    assert not VerifyingKey.from_jwk(SigningKey.generate(KID).public_jwk).verify(compact)


def test_the_header_cannot_change_algorithm_and_name(key):
    compact = parse_compact(key.sign(b"hello", {"alg": "none", "kid": "other"}), 8192)
    assert (compact.header.alg, compact.header.kid) == ("ES256", KID)


def test_a_key_survives_jwk_and_pem(key):
    for again in (SigningKey.from_private_jwk(key.to_private_jwk(), KID), SigningKey.from_pem(key.to_pem(), KID)):
        assert again.public_jwk == key.public_jwk
        assert VerifyingKey.from_jwk(key.public_jwk).verify(parse_compact(again.sign(b"x"), 8192))


def test_the_public_part_holds_no_secret(key):
    assert set(key.public_jwk) == {"kty", "crv", "x", "y"}
    assert json.loads(key.to_private_jwk())["d"] not in json.dumps(key.public_jwk)


def test_a_key_shows_its_name_only(key):
    assert repr(key) == f"SigningKey('{KID}')" == str(key)
    assert key.did == "did:web:example.com"
    for copier in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            copier(key)


def pem(private):
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def test_what_a_key_is_decides_how_it_signs(any_kind):
    kind, algorithms = any_kind
    key = SigningKey.generate(KID, kind)
    verifying = VerifyingKey.from_jwk(key.public_jwk)
    compact = parse_compact(key.sign(b"hello", {"typ": "JWT"}), 8192)
    assert compact.header.alg == algorithms[0]
    assert verifying.algorithms == algorithms
    assert verifying.verify(compact)
    for again in (SigningKey.from_private_jwk(key.to_private_jwk(), KID), SigningKey.from_pem(key.to_pem(), KID)):
        assert again.public_jwk == key.public_jwk
        assert verifying.verify(parse_compact(again.sign(b"x"), 8192))


def test_the_token_never_chooses_the_algorithm(any_kind):
    kind, algorithms = any_kind
    key = SigningKey.generate(KID, kind)
    verifying = VerifyingKey.from_jwk(key.public_jwk)
    head, body, signature = key.sign(b"hello").split(".")
    for alg in ("none", "HS256", "HS512", "RS256", "ES256", "ES384", "PS256", "PS512", "EdDSA", "Ed25519", "Ed448"):
        if alg not in algorithms:
            forged = b64(json.dumps({"alg": alg, "kid": KID}).encode())
            assert not verifying.verify(parse_compact(f"{forged}.{body}.{signature}", 8192))
            assert not verifying.verify(parse_compact(f"{forged}.{body}.", 8192))
    assert head


def test_a_public_rsa_key_is_no_shared_secret():
    import hmac

    key = SigningKey.generate(KID, "RSA")
    pem = serialization.load_pem_private_key(key.to_pem(), None).public_key()
    secret = pem.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{b64(json.dumps({'alg': 'HS256', 'kid': KID}).encode())}.{b64(b'hello')}"
    forged = f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}"
    assert not VerifyingKey.from_jwk(key.public_jwk).verify(parse_compact(forged, 8192))


@pytest.mark.parametrize(
    "private",
    [
        rsa.generate_private_key(65537, 1024),
        rsa.generate_private_key(3, 2048),
        ec.generate_private_key(ec.SECP521R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate(),
        x25519.X25519PrivateKey.generate(),
    ],
    ids=["rsa-1024", "rsa-e3", "p521", "secp256k1", "ed448", "x25519"],
)
@pytest.mark.filterwarnings("ignore:Key size")
def test_other_keys_do_not_sign(private):
    with pytest.raises(Invalid):
        SigningKey.from_pem(pem(private), KID)


@pytest.mark.parametrize(("bits", "exponent"), [(1024, 65537), (2040, 65537), (2048, 3), (4104, 65537)])
@pytest.mark.filterwarnings("ignore:Key size")
def test_rsa_keys_that_do_not_verify(bits, exponent):
    number = (1 << bits) - 1
    n = b64(number.to_bytes(bits // 8, "big"))
    e = b64(exponent.to_bytes((exponent.bit_length() + 7) // 8, "big"))
    with pytest.raises(Invalid):
        VerifyingKey.from_jwk({"kty": "RSA", "n": n, "e": e})


def test_a_private_part_that_is_anothers_is_refused(any_kind):
    kind, _ = any_kind
    one, other = (json.loads(SigningKey.generate(KID, kind).to_private_jwk()) for _ in range(2))
    for name in {"x", "n"} & set(one):
        with pytest.raises(Invalid):
            SigningKey.from_private_jwk(json.dumps({**one, name: other[name]}).encode(), KID)


def test_public_keys_and_rubbish_do_not_sign(key):
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for text in (spki, b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff"):
        with pytest.raises(Invalid):
            SigningKey.from_pem(text, KID)
    for text in (json.dumps(key.public_jwk).encode(), b"", b"[]", b"{}", b'{"kty": 1}', b"[" * 5000):
        with pytest.raises(Invalid):
            SigningKey.from_private_jwk(text, KID)
    with pytest.raises(Invalid):
        SigningKey.generate("did:web:example.com")


def test_a_damaged_private_key_is_refused_without_quoting_it(key):
    jwk = json.loads(key.to_private_jwk())
    other = json.loads(SigningKey.generate(KID).to_private_jwk())
    for changed in ({**jwk, "d": other["d"]}, {**jwk, "d": jwk["d"][:-4] + "!!!!"}, {**jwk, "x": other["x"]}, {**jwk, "crv": "P-384"}):
        with pytest.raises(Invalid) as caught:
            SigningKey.from_private_jwk(json.dumps(changed).encode(), KID)
        assert changed["d"] not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA"},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"crv": None},
        {"kty": ["EC"]},
        {"x": None},
        {"x": 5},
        {"x": "AA"},
        {"x": "A" * 43},
        {"x": "!" * 43},
        {"y": "A" * 44},
        {"d": "A" * 43},
        {"use": "enc"},
        {"use": None},
        {"alg": "HS256"},
        {"alg": "none"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
    ],
)
def test_public_keys_that_are_refused(key, change):
    with pytest.raises(Invalid):
        VerifyingKey.from_jwk({**key.public_jwk, **change})


def test_a_coordinate_is_written_in_one_way_only(key):
    for name in ("x", "y"):
        with pytest.raises(Invalid):
            VerifyingKey.from_jwk({**key.public_jwk, name: "AAAA" + key.public_jwk[name]})


def test_a_public_key_may_say_what_it_is_for(key):
    jwk = {**key.public_jwk, "use": "sig", "alg": "ES256", "key_ops": ["verify"], "kid": "x", "x5c": ["ignored"]}
    assert VerifyingKey.from_jwk(jwk).verify(parse_compact(key.sign(b"x"), 8192))


def test_any_changed_character_breaks_the_signature(key):
    verifying = VerifyingKey.from_jwk(key.public_jwk)
    text = key.sign(b'{"a":1}')
    kept = 0
    for place in range(len(text)):
        if text[place] == ".":
            continue
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        try:
            kept += verifying.verify(parse_compact(changed, 8192))
        except Malformed:
            continue
    assert kept == 0
    assert verifying.verify(parse_compact(text, 8192))


def test_a_signature_of_another_length_is_no_signature(key):
    verifying = VerifyingKey.from_jwk(key.public_jwk)
    text = key.sign(b"x")
    for changed in (text[: text.rindex(".") + 1], text[:-2], text + "AAAA", text[: text.rindex(".") + 1] + "A" * 86):
        assert not verifying.verify(parse_compact(changed, 8192))


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c.d", "..", "a..c", "a.b.c ", "a.b.c\n", "a.b=.c", "é.b.c", "e30.e30.AA", "bnVsbA.e30.AA"]
)
def test_what_is_no_compact_jws(text):
    with pytest.raises(Malformed):
        parse_compact(text, 8192)


def test_size_is_looked_at_first():
    with pytest.raises(TooLarge):
        parse_compact("é" * 8193, 8192)
    with pytest.raises(TooLarge):
        parse_compact("A" * 3000 + ".AA.AA", 8192)
