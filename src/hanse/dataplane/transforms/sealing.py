"""Encryption to the recipient: a file that only the holder of one key can open, written and read as a stream.

The container, all numbers in big-endian:

| bytes | what |
|---|---|
| 8 | `HANSE-1` and a line feed |
| 4 | length of the header |
| … | the header, JSON: `kid` (the recipient's key in its DID document), `epk` (an ephemeral public JWK), `salt` (base64url) |
| … | chunks, each 1 MiB of content (the last one what is left, maybe nothing) as AES-256-GCM with its tag of 16 bytes behind |

The content key is HKDF-SHA-256 of the Diffie-Hellman secret of both keys (ECDH-ES, RFC 7518, 4.6, with a salt of 32 random
bytes), bound to all of the header through its `info`. Chunk n has the nonce of 7 zero bytes, n in 4 bytes, and one byte that is
1 for the last chunk only (the STREAM construction): so chunks cannot be swapped, repeated or left out, and an end that is cut
off is found. The ephemeral key is new for each file, so no nonce ever meets its key again.

Curves: X25519, P-256, P-384; an Ed25519 key is used on its birationally equivalent curve (RFC 7748, 4.1).
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Final, Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from hanse.dataplane.transforms.tables import Out
from hanse.kernel.errors import Invalid

MAGIC: Final = b"HANSE-1\n"
CHUNK: Final = 1 << 20
SUFFIX: Final = ".encrypted"
"""What is put behind the name of an encrypted file."""
LARGEST_HEADER: Final = 16 * 1024
"""Bytes of a header."""
LONGEST_START: Final = len(MAGIC) + 4 + LARGEST_HEADER
"""Bytes in which the header of any encrypted file lies."""

_TAG: Final = 16

_MOST_CHUNKS: Final = 1 << 32
_INFO: Final = b"hanse encrypted file 1\0"
_P25519: Final = (1 << 255) - 19
_CURVES: Final[Mapping[str, Callable[[], ec.EllipticCurve]]] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1}

Private = ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey
KeyFor = Callable[[bytes], bytes]
"""The recipient's part: returns the content key for a header, as its bytes (see `key_for`). Raises what it likes."""


class Header(Struct, frozen=True):
    """What stands before the chunks."""

    kid: str
    epk: dict[str, str]
    salt: str


class Recipient(Struct, frozen=True):
    """A key that files can be encrypted to: its name `DID#fragment` and its public JWK."""

    kid: str
    jwk: dict[str, str]

    @property
    def thumbprint(self) -> str:
        """Return a digest that no other key has."""
        members = {name: self.jwk.get(name, "") for name in ("crv", "kty", "x", "y")}
        return hashlib.sha256(msgspec.json.encode([self.kid, members])).hexdigest()


class Sealing:
    """Encrypts what is written to it. Nothing is whole before `close`."""

    def __init__(self, out: Out, recipient: Recipient) -> None:
        ephemeral, secret = ephemeral_for(recipient.jwk)
        header = msgspec.json.encode(Header(recipient.kid, ephemeral, _b64(os.urandom(32))))
        self._begin(out, header, _content_key(secret, header))

    @classmethod
    def again(cls, out: Out, header: bytes, key: bytes) -> Self:
        """Make the file with this header, of which that is the content key, once more: from the same content, the same bytes.

        For comparing only: from other content they would meet a nonce again, and must not be told to anybody.
        """
        sealing = cls.__new__(cls)
        sealing._begin(out, header, key)
        return sealing

    def _begin(self, out: Out, header: bytes, key: bytes) -> None:
        self._out = out
        self._cipher = AESGCM(key)
        self._held = bytearray()
        self._number = 0
        out.write(MAGIC + len(header).to_bytes(4) + header)

    def write(self, data: bytes | memoryview) -> int:
        """Take bytes."""
        self._held += data
        while len(self._held) > CHUNK:  # a full chunk is held back until it is known not to be the last
            self._chunk(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Write the last chunk."""
        self._chunk(bytes(self._held), last=True)
        self._held.clear()

    def _chunk(self, data: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last=last), data, None))
        self._number += 1


def unseal(sealed: BinaryIO, key_for: KeyFor) -> Iterator[bytes]:
    """Yield the content. Raises `Invalid` when it was changed, cut short, or is encrypted to another key.

    What was yielded before the error is not to be used: keep it under another name until the end has come.
    """
    unsealing = Unsealing(key_for(read_header(sealed)))
    while data := sealed.read(CHUNK):
        yield from unsealing.feed(data)
    yield from unsealing.end()


class Unsealing:
    """Opens what stands behind the header, as it comes. Raises `Invalid` as `unseal` does, and says the same of what it yields."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._held = bytearray()
        self._number = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, and yield the content of what is whole by now."""
        self._held += data
        while len(self._held) > CHUNK + _TAG:  # a full chunk is held back until it is known not to be the last
            yield self._open(bytes(self._held[: CHUNK + _TAG]), last=False)
            del self._held[: CHUNK + _TAG]

    def end(self) -> Iterator[bytes]:
        """Yield the rest of the content."""
        yield self._open(bytes(self._held), last=True)

    def _open(self, sealed: bytes, *, last: bool) -> bytes:
        try:
            content = self._cipher.decrypt(_nonce(self._number, last=last), sealed, None)
        except InvalidTag:
            raise _broken("It was changed or cut short, or is meant for another key.") from None
        self._number += 1
        return content


def sealed_size(header: bytes, size: int) -> int:
    """Return how many bytes the encrypted file with this header has, for `size` bytes of content."""
    return len(MAGIC) + 4 + len(header) + size + _TAG * max(1, -(-size // CHUNK))


def is_sealed(file: BinaryIO) -> bool:
    """Tell whether a file begins as an encrypted one; the file is read from its beginning afterwards."""
    file.seek(0)
    found = file.read(len(MAGIC)) == MAGIC
    file.seek(0)
    return found


def header_of(begins: bytes) -> bytes | None:
    """Return the header of an encrypted file that begins like this (`LONGEST_START` bytes do), or nothing for any other file."""
    if not begins.startswith(MAGIC):
        return None
    try:
        return read_header(io.BytesIO(begins))
    except Invalid:
        return None


def read_header(sealed: BinaryIO) -> bytes:
    """Return the bytes of the header, from the beginning of a file. Raises `Invalid`."""
    if sealed.read(len(MAGIC)) != MAGIC:
        raise _broken("It does not begin as one.")
    length = int.from_bytes(sealed.read(4))
    raw = sealed.read(length) if 0 < length <= LARGEST_HEADER else b""
    decode_header(raw)
    return raw


def decode_header(raw: bytes) -> Header:
    """Return what a header says. Raises `Invalid`."""
    try:
        header = msgspec.json.decode(raw, type=Header)
        base64.urlsafe_b64decode(header.salt + "==")
    except (ValueError, RecursionError):
        raise _broken("Its header cannot be read.") from None
    return header


def key_for(private: Private, header: bytes) -> bytes:
    """Return the content key of the file with this header, for the holder of the private key. Raises `Invalid`."""
    return _content_key(agree_with(private, decode_header(header).epk), header)


def private_from_pem(pem: bytes) -> Private:
    """Return a private key that files can be opened with, from PKCS#8; an Ed25519 key as its X25519 twin. Raises `Invalid`."""
    key = load_pem_private_key(pem, None)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return x25519.X25519PrivateKey.from_private_bytes(hashlib.sha512(key.private_bytes_raw()).digest()[:32])
    if isinstance(key, ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey):
        return key
    raise Invalid("Files are not encrypted to keys of this type.", where="key", rule="key")


def ephemeral_for(jwk: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    """Return a new public JWK on the recipient's curve, and its secret with the recipient. Raises `Invalid` for other keys."""
    curve = _curve_of(jwk)
    if curve == "X25519":
        private = x25519.X25519PrivateKey.generate()
        return {"kty": "OKP", "crv": curve, "x": _b64(private.public_key().public_bytes_raw())}, agree_with(private, jwk)
    own = ec.generate_private_key(_CURVES[curve]())
    return _ec_jwk(curve, own.public_key()), agree_with(own, jwk)


def agree_with(private: Private, epk: Mapping[str, str]) -> bytes:
    """Return the secret of a private key with a public JWK. Raises `Invalid` if they do not fit, or the point is a weak one."""
    try:
        if isinstance(private, x25519.X25519PrivateKey):
            return private.exchange(_montgomery(epk))
        return private.exchange(ec.ECDH(), _point(epk))
    except ValueError:
        raise _no_key() from None


def usable(jwk: Mapping[str, object]) -> dict[str, str] | None:
    """Return the public members of a key that files can be encrypted to, or nothing for any other."""
    members = {name: value for name in ("kty", "crv", "x", "y") if isinstance(value := jwk.get(name), str)}
    if "d" in jwk:
        return None
    try:
        ephemeral_for(members)
    except Invalid:
        return None
    return members


def _curve_of(jwk: Mapping[str, str]) -> str:
    match jwk.get("kty"), jwk.get("crv"):
        case "OKP", ("X25519" | "Ed25519"):
            return "X25519"
        case "EC", ("P-256" | "P-384") as curve:
            return str(curve)
    raise Invalid(
        "Nothing can be encrypted to a key of this type.", where="publicKeyJwk", rule="key", hint="Publish an X25519 or a P-256 key."
    )


def _montgomery(jwk: Mapping[str, str]) -> x25519.X25519PublicKey:
    raw = _raw(jwk, "x", 32)
    if jwk.get("crv") == "Ed25519":
        y = (int.from_bytes(raw, "little") & ((1 << 255) - 1)) % _P25519
        raw = ((1 + y) * pow(1 - y, -1, _P25519) % _P25519).to_bytes(32, "little") if y != 1 else bytes(32)
    try:
        return x25519.X25519PublicKey.from_public_bytes(raw)
    except ValueError:
        raise _no_key() from None


def _point(jwk: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    curve = _CURVES.get(jwk.get("crv", ""))
    if curve is None:
        raise _no_key()
    size = (curve().key_size + 7) // 8
    x, y = (int.from_bytes(_raw(jwk, name, size)) for name in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, curve()).public_key()
    except ValueError:
        raise _no_key() from None


def _ec_jwk(curve: str, key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers, size = key.public_numbers(), (key.curve.key_size + 7) // 8
    return {"kty": "EC", "crv": curve, "x": _b64(numbers.x.to_bytes(size)), "y": _b64(numbers.y.to_bytes(size))}


def _raw(jwk: Mapping[str, str], name: str, size: int) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(jwk.get(name, "") + "==")
    except (ValueError, TypeError):
        raw = b""
    if len(raw) != size:
        raise _no_key()
    return raw


def _content_key(secret: bytes, header: bytes) -> bytes:
    salt = base64.urlsafe_b64decode(msgspec.json.decode(header, type=Header).salt + "==")
    return HKDF(SHA256(), 32, salt, _INFO + hashlib.sha256(header).digest()).derive(secret)


def _nonce(number: int, *, last: bool) -> bytes:
    if number >= _MOST_CHUNKS:
        raise Invalid("The content is too large for one encrypted file.", rule="sealed")
    return bytes(7) + number.to_bytes(4) + (b"\1" if last else b"\0")


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _broken(why: str) -> Invalid:
    return Invalid(f"This is no whole encrypted file. {why}", where="file", rule="sealed", hint="Fetch it again.")


def _no_key() -> Invalid:
    return Invalid("The public key cannot be read.", where="publicKeyJwk", rule="key")
