"""Encryption to the recipient."""

from __future__ import annotations

import io
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from hanse.dataplane.transforms.sealing import (
    CHUNK,
    MAGIC,
    Recipient,
    Sealing,
    decode_header,
    is_sealed,
    key_for,
    private_from_pem,
    read_header,
    unseal,
    usable,
)
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import Invalid

KID = "did:web:example.com#key-1"
P256 = SigningKey.generate(KID)


def private_of(key: SigningKey):
    return private_from_pem(key.to_pem())


def sealed(content: bytes, jwk=None, piece: int = 1 << 19) -> bytes:
    out = io.BytesIO()
    sealing = Sealing(out, Recipient(KID, jwk or P256.public_jwk))
    for start in range(0, len(content), piece):
        sealing.write(content[start : start + piece])
    sealing.close()
    return out.getvalue()


def opened(container: bytes, private=None) -> bytes:
    return b"".join(unseal(io.BytesIO(container), lambda header: key_for(private or private_of(P256), header)))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
@pytest.mark.parametrize("piece", [CHUNK // 3, 5 * CHUNK])
def test_what_is_encrypted_can_be_read_by_the_recipient(size, piece):
    content = os.urandom(size)
    assert opened(sealed(content, piece=piece)) == content


def test_the_same_content_never_looks_the_same():
    one, two = sealed(b"content"), sealed(b"content")
    assert one != two
    assert b"content" not in one
    assert decode_header(read_header(io.BytesIO(one))).kid == KID
    assert is_sealed(io.BytesIO(one))
    assert not is_sealed(io.BytesIO(b"id,name"))


@pytest.mark.parametrize("kind", ["P-384", "X25519", "Ed25519"])
def test_other_curves(kind):
    if kind == "X25519":
        private = x25519.X25519PrivateKey.generate()
        jwk = {"kty": "OKP", "crv": "X25519", "x": b64(private.public_key().public_bytes_raw())}
    else:
        key = SigningKey.generate(KID, kind)
        private, jwk = private_of(key), key.public_jwk
    assert usable(jwk) == jwk
    assert opened(sealed(b"content", jwk), private) == b"content"


def b64(raw: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def body_of(container: bytes) -> int:
    file = io.BytesIO(container)
    read_header(file)
    return file.tell()


def spoilt(name: str) -> bytes:
    whole = sealed(os.urandom(2 * CHUNK + 5))
    start, one = body_of(whole), CHUNK + 16
    first, second, last = whole[start : start + one], whole[start + one : start + 2 * one], whole[start + 2 * one :]
    head = whole[:start]
    return {
        "the last chunk cut off": head + first + second,
        "all but the header cut off": head,
        "cut within a chunk": whole[:-3],
        "chunks swapped": head + second + first + last,
        "a chunk repeated": head + first + first + second + last,
        "a chunk left out": head + second + last,
        "bytes behind": whole + b"x",
        "a changed byte": whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:],
        "a changed header": whole.replace(b"key-1", b"key-2"),
        "another beginning": b"X" + whole[1:],
        "nothing": b"",
        "a header without an end": MAGIC + (1 << 30).to_bytes(4) + b"{}",
        "a header of something else": MAGIC + (2).to_bytes(4) + b"[]" + first,
        "a salt that is none": head.replace(b'"salt":"', b'"salt":"!')[: len(head)] + first,
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "the last chunk cut off",
        "all but the header cut off",
        "cut within a chunk",
        "chunks swapped",
        "a chunk repeated",
        "a chunk left out",
        "bytes behind",
        "a changed byte",
        "a changed header",
        "another beginning",
        "nothing",
        "a header without an end",
        "a header of something else",
        "a salt that is none",
    ],
)
def test_what_was_changed_or_cut_is_found(name):
    with pytest.raises(Invalid):
        opened(spoilt(name))


def test_another_key_opens_nothing():
    with pytest.raises(Invalid):
        opened(sealed(b"content"), ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(Invalid):
        opened(sealed(b"content"), x25519.X25519PrivateKey.generate())


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "RSA", "n": "x", "e": "AQAB"},
        {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": b64(bytes(32)), "y": b64(bytes(32))},
        {"kty": "OKP", "crv": "X25519", "x": b64(bytes(32))},
        {"kty": "OKP", "crv": "X25519", "x": b64(b"\1" + bytes(31))},
        {"kty": "OKP", "crv": "Ed25519", "x": b64(b"\1" + bytes(31))},
        {"kty": "OKP", "crv": "X25519", "x": "%%"},
        {"kty": "OKP", "crv": "X25519", "x": 7},
        dict(P256.public_jwk, d="AA"),
    ],
)
def test_keys_that_nothing_can_be_encrypted_to(jwk):
    assert usable(jwk) is None
