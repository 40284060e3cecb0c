import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.identity.exchange import drive
from hanse.identity.jws import parse_compact
from hanse.identity.key_did import is_key_did, jwk_did, key_did_document
from hanse.identity.keys import SigningKey
from hanse.identity.proof import signed_by
from hanse.kernel.errors import Invalid, Unauthenticated

# The did:key method's own examples.
P256 = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"
P384 = "did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9"
ED25519 = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def nobody(request):
    raise AssertionError("nothing is to be asked for")


@pytest.mark.parametrize(
    ("did", "jwk"),
    [
        (P256, {"crv": "P-256", "x": "fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI", "y": "hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU"}),
        (
            P384,
            {
                "crv": "P-384",
                "x": "lInTxl8fjLKp_UCrxI0WDklahi-7-_6JbtiHjiRvMvhedhKVdHBfi2HCY8t_QJyc",
                "y": "y6N1IC-2mXxHreETBW7K3mBcw0qGr3CWHCs-yl09yCQRLcyfGv7XhqAngHOu51Zv",
            },
        ),
        (ED25519, {"crv": "Ed25519", "x": "Lm_M42cB3HkUiODQsXRcweM6TByfzEHGO9ND274JcOY"}),
    ],
)
def test_the_examples_of_did_key(did, jwk):
    document = key_did_document(did)
    kid = f"{did}#{did.removeprefix('did:key:')}"
    method = document.method(kid)
    assert {name: method.public_key_jwk.get(name) for name in jwk} == jwk
    assert document.id == did
    for relationship in ("authentication", "assertionMethod", "capabilityInvocation"):
        assert document.allows(relationship, kid)
    assert method.key.algorithms


@pytest.mark.parametrize("kind", ["P-256", "P-384", "Ed25519", "RSA"])
def test_a_did_jwk_holds_its_key(kind):
    loose = SigningKey.generate("x#0", kind)
    did = jwk_did(loose.public_jwk)
    key = SigningKey.from_private_jwk(loose.to_private_jwk(), f"{did}#0")
    assert is_key_did(did)
    assert key_did_document(did).method(f"{did}#0").public_key_jwk == key.public_jwk
    compact = parse_compact(key.sign(b"x"), 8192)
    assert drive(signed_by(compact, did, "assertionMethod", None, "any"), nobody).id == did


def test_where_only_did_web_may_sign_it_does_not():
    loose = SigningKey.generate("x#0")
    did = jwk_did(loose.public_jwk)
    compact = parse_compact(SigningKey.from_private_jwk(loose.to_private_jwk(), f"{did}#0").sign(b"x"), 8192)
    with pytest.raises(Unauthenticated) as caught:
        drive(signed_by(compact, did, "capabilityInvocation", None), nobody)
    assert caught.value.rule == "issuer"


def test_another_ones_key_and_fragment():
    loose = SigningKey.generate("x#0")
    did = jwk_did(SigningKey.generate("x#0").public_jwk)
    for fragment, rule in (("0", "signature"), ("1", "key-unknown")):
        compact = parse_compact(SigningKey.from_private_jwk(loose.to_private_jwk(), f"{did}#{fragment}").sign(b"x"), 8192)
        with pytest.raises(Unauthenticated) as caught:
            drive(signed_by(compact, did, "assertionMethod", None, "any"), nobody)
        assert caught.value.rule == rule


@pytest.mark.parametrize(
    "did",
    [
        "did:web:example.com",
        "did:key:",
        "did:key:z",
        "did:key:6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        ED25519[:-1],
        ED25519 + "1",
        ED25519.replace("z6Mk", "z6M0"),
        P256[:-1],
        P256 + "1",
        "did:key:z" + "1" * 60,
        "did:key:z" + "z" * 2000,
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",  # secp256k1
        "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",  # X25519
        "did:jwk:",
        "did:jwk:e30",
        "did:jwk:bnVsbA",
        "did:jwk:!",
        "did:jwk:é",
        "did:jwk:" + "W" * 1000,
        jwk_did({"kty": "oct", "k": "AAAA"}),
        jwk_did({**SigningKey.generate("x#0").public_jwk, "use": "enc"}),
        jwk_did(json.loads(SigningKey.generate("x#0").to_private_jwk())),
    ],
)
def test_what_is_no_key(did):
    with pytest.raises(Invalid):
        key_did_document(did)


@given(st.text(alphabet="123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=90))
def test_any_text_is_a_key_or_refused(text):
    try:
        document = key_did_document("did:key:z" + text)
    except Invalid:
        return
    assert msgspec.json.encode(document)
