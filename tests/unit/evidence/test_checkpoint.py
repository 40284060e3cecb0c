"""Checkpoints as C2SP has them, for every type of key."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from hanse.evidence.checkpoint import Checkpoint, key_id, origin_of, read_checkpoint, sign_checkpoint
from hanse.evidence.merkle import EMPTY_ROOT
from hanse.kernel.errors import Malformed
from tests.unit.evidence.conftest import DID, Signer

ORIGIN = origin_of(DID)
LOG = Checkpoint(ORIGIN, 20852163, hashlib.sha256(b"x").digest())


def test_it_comes_back_and_proves_its_log(signer):
    text = sign_checkpoint(LOG, signer.jwk, signer.sign)
    back = read_checkpoint(text)
    assert back.checkpoint == LOG
    assert back.signed_with(signer.jwk, signer.check)
    other = Signer()
    assert not back.signed_with(other.jwk, other.check)


@pytest.mark.parametrize(("old", "new"), [("20852163", "20852164"), (ORIGIN + "\n2", "did:web:other/ledger\n2")])
def test_what_was_changed_is_not_signed(signer, old, new):
    text = sign_checkpoint(LOG, signer.jwk, signer.sign)
    assert not read_checkpoint(text.replace(old, new, 1)).signed_with(signer.jwk, signer.check)


def test_ed25519_is_the_type_of_the_standard():
    signer = Signer("Ed25519")
    raw = base64.urlsafe_b64decode(signer.jwk["x"] + "=")
    assert key_id(ORIGIN, signer.jwk) == hashlib.sha256(ORIGIN.encode() + b"\n\x01" + raw).digest()[:4]


def test_p256_is_what_ecdsa_verifiers_of_notes_take():
    signer = Signer("P-256")
    public = load_pem_private_key(signer.key.to_pem(), None).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert key_id(ORIGIN, signer.jwk) == hashlib.sha256(spki).digest()[:4]
    one = read_checkpoint(sign_checkpoint(LOG, signer.jwk, signer.sign)).signatures[0]
    public.verify(one.signature, LOG.text.encode(), ECDSA(SHA256()))


def test_signatures_of_others_are_passed_over():
    signer = Signer()
    text = sign_checkpoint(LOG, signer.jwk, signer.sign)
    witness = "\N{EM DASH} witness.example " + base64.b64encode(b"1234" + b"s" * 64).decode() + "\n"
    assert read_checkpoint(text + witness).signed_with(signer.jwk, signer.check)
    assert not read_checkpoint(text.partition("\n\n")[0] + "\n\n" + witness).signed_with(signer.jwk, signer.check)


def test_an_empty_log_has_a_checkpoint():
    signer = Signer()
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert read_checkpoint(sign_checkpoint(empty, signer.jwk, signer.sign)).checkpoint == empty


GOOD = sign_checkpoint(LOG, Signer().jwk, Signer().sign)
BAD = {
    "nothing": "",
    "no signature": LOG.text,
    "no gap": GOOD.replace("\n\n", "\n"),
    "a leading zero": GOOD.replace("20852163", "020852163"),
    "too large": GOOD.replace("20852163", "9" * 20),
    "negative": GOOD.replace("20852163", "-1"),
    "a short root": GOOD.replace("\n\n", "\n", 1).replace(base64.b64encode(LOG.root).decode(), "YWJj\n"),
    "an extension": GOOD.replace("\n\n", "\nmore\n\n"),
    "a space in the origin": GOOD.replace(ORIGIN, "a b"),
    "no dash": GOOD.replace("\N{EM DASH}", "-"),
    "control": GOOD.replace("20852163", "2085\x002163"),
    "not base64": GOOD[:-4] + "*\n",
    "no end": GOOD[:-1],
    "long": GOOD + "\N{EM DASH} a " + "A" * 20_000 + "\n",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_other_texts_are_refused(text):
    with pytest.raises(Malformed):
        read_checkpoint(text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    for one in (text, GOOD[: len(text)] + text, LOG.text + "\n" + text):
        try:
            read_checkpoint(one)
        except Malformed:
            continue
