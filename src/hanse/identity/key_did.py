"""DIDs that are their own document: did:jwk and did:key. Nothing is fetched, and nothing can be rotated or taken back.

did:jwk holds a public JWK; did:key holds a multicodec of a public key in base58 (did:key method, W3C CCG). Of the
latter we read P-256, P-384 and Ed25519. What the document says follows from the text alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurve, EllipticCurvePublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from hanse.identity.did import DidDocument, VerificationMethod
from hanse.identity.keys import VerifyingKey
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Did

MAX_KEY_DID: Final = 1280
"""Characters of a did:jwk or did:key: enough for an RSA key of 4096 bits."""

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final[Mapping[str, int]] = {letter: value for value, letter in enumerate(_ALPHABET)}
_MAX_BASE58: Final = 80  # 51 bytes have 70 letters; conversion costs the square of the length

# Multicodec: the code as unsigned varint in front, then the raw key (Ed25519) or the compressed point.
_ED25519: Final = b"\xed\x01"
_CURVES: Final[Mapping[bytes, tuple[EllipticCurve, int]]] = {b"\x80\x24": (SECP256R1(), 33), b"\x81\x24": (SECP384R1(), 49)}


def is_key_did(did: str) -> bool:
    """Tell whether `did` is of a method that needs no resolution. Whether it can be read is another question."""
    return did.startswith(("did:jwk:", "did:key:"))


def key_did_document(did: str) -> DidDocument:
    """Return the document of a did:jwk or did:key. Raises `Invalid` for what is none, or holds a key that we cannot use."""
    if len(did) > MAX_KEY_DID:
        raise Invalid(f"This DID is longer than {MAX_KEY_DID} characters.", where="did", rule="did")
    method, _, identifier = did.removeprefix("did:").partition(":")
    if method == "jwk":
        return _document(did, f"{did}#0", _jwk_of(identifier))
    if method == "key":
        return _document(did, f"{did}#{identifier}", _multikey(identifier))
    raise Invalid("This is neither a did:jwk nor a did:key.", where="did", rule="did")


def jwk_did(public_jwk: Mapping[str, str]) -> Did:
    """Return the did:jwk of a public key; its key's name is `DID#0`."""
    return Did("did:jwk:" + urlsafe_b64encode(msgspec.json.encode(dict(public_jwk))).decode("ascii"))


def _document(did: str, kid: str, jwk: dict[str, object]) -> DidDocument:
    VerifyingKey.from_jwk(jwk)  # a key that is not meant for signatures is refused here already
    names: list[str | VerificationMethod] = [kid]
    method = VerificationMethod(kid, "JsonWebKey2020", did, jwk)
    return DidDocument(id=did, verification_method=[method], authentication=names, assertion_method=names, capability_invocation=names)


def _jwk_of(identifier: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(urlsafe_b64decode(identifier.encode("ascii")), type=dict[str, object])
    except (ValueError, RecursionError) as fault:
        raise Invalid("This did:jwk does not hold a JWK in base64url.", where="did", rule="did") from fault


def _multikey(identifier: str) -> dict[str, object]:
    raw = _base58(identifier.removeprefix("z")) if identifier.startswith("z") else b""
    code, key = raw[:2], raw[2:]
    if code == _ED25519 and len(key) == 32:
        return {"kty": "OKP", "crv": "Ed25519", "x": urlsafe_b64encode(key).decode("ascii")}
    curve, length = _CURVES.get(code, (None, 0))
    if curve is None or len(key) != length or key[0] not in (2, 3):
        raise Invalid("This did:key holds no P-256, P-384 or Ed25519 key.", where="did", rule="did")
    try:
        point = EllipticCurvePublicKey.from_encoded_point(curve, key)
        return {name: str(value) for name, value in ECKey.import_key(point).as_dict(private=False).items()}
    except (JoseError, ValueError) as fault:
        raise Invalid("This did:key holds no point on its curve.", where="did", rule="did") from fault


def _base58(text: str) -> bytes:
    """Return the bytes of a base58btc text (multibase `z`), empty for what is none. Leading zero bytes are leading `1`s."""
    if not 0 < len(text) <= _MAX_BASE58 or any(letter not in _DIGITS for letter in text):
        return b""
    number = 0
    for letter in text:
        number = number * 58 + _DIGITS[letter]
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
