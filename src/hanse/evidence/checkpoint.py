"""Checkpoints: what a log says about itself, as a signed note (C2SP tlog-checkpoint 1.0, signed-note 1.0).

    did:web:example.com:participants:acme/ledger
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — did:web:example.com:participants:acme/ledger Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+…

A participant signs with the key of its wallet, so the signature's type follows the key: Ed25519 is type 0x01; ECDSA on P-256
is type 0x02 (ASN.1 signature over SHA-256, key id from the SPKI); P-384 and RSA have no type of their own, so they are 0xff
followed by `urn:hanse:note:ALG`, with the signature of JWA. A second line is by the participant's note key (Ed25519, type 0x01),
which everybody who reads notes can check; witnesses add lines of their own (`cosignature`).
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode, urlsafe_b64decode
from binascii import Error
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from msgspec import Struct

from hanse.evidence.dsse import Check, Sign
from hanse.evidence.merkle import HASH_SIZE
from hanse.kernel.errors import Malformed

MAX_CHECKPOINT: Final = 16 * 1024
"""Bytes of a checkpoint with its signatures."""
MAX_SIZE: Final = 1 << 63
MAX_SIGNATURES: Final = 64
"""Signatures of a note that are looked at."""
_MARK: Final = "\N{EM DASH} "
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME: Final = re.compile(r"[^\s+]{1,600}")
_ORIGIN: Final = re.compile(r"(did:[^\s+]{1,540})/ledger(?:-([2-9]|[1-9][0-9]{1,3}))?")
_SPKI_P256: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


class Checkpoint(Struct, frozen=True):
    """A log's name, its number of entries and its root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text, which is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode('ascii')}\n"


class Signature(Struct, frozen=True):
    """One signature line: who, which key, and the signature."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line in a note, with its end."""
        return f"{_MARK}{self.name} {b64encode(self.key_id + self.signature).decode('ascii')}\n"


class SignedCheckpoint(Struct, frozen=True):
    """A checkpoint that was read and not yet believed."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    def signed_with(self, jwk: Mapping[str, str], check: Check) -> bool:
        """Tell whether the log itself signed it with that key; `check` verifies a JWA signature with it."""
        origin = self.checkpoint.origin
        wanted = key_id(origin, jwk)
        text = self.checkpoint.text.encode()
        return any(check(text, _jwa(jwk, one.signature)) for one in self.named(origin, wanted))

    def named(self, name: str, id: bytes) -> tuple[Signature, ...]:
        """Return the signatures that say they are by that key of that name."""
        return tuple(one for one in self.signatures[:MAX_SIGNATURES] if one.name == name and one.key_id == id)

    @property
    def note(self) -> str:
        """The note as it was written."""
        return f"{self.checkpoint.text}\n" + "".join(one.line for one in self.signatures)


def origin_of(did: str, log: int = 1) -> str:
    """Return the name of a participant's log; `log` counts from 1, and grows when a log that lost entries has to begin anew."""
    return f"{did}/ledger" if log == 1 else f"{did}/ledger-{log}"


def did_of_origin(origin: str) -> str:
    """Return whose log it is, by its name; empty if it is no name of a participant's log."""
    found = _ORIGIN.fullmatch(origin)
    return found[1] if found else ""


def key_id(name: str, jwk: Mapping[str, str]) -> bytes:
    """Return the four bytes by which a note names a key."""
    crv = jwk.get("crv", "")
    if crv == "P-256":
        return hashlib.sha256(_SPKI_P256 + _plain(jwk["x"]) + _plain(jwk["y"])).digest()[:4]
    if crv == "Ed25519":
        kind, public = b"\x01", _plain(jwk["x"])
    else:
        algorithm, members = ("ES384", ("x", "y")) if crv == "P-384" else ("PS256", ("n", "e"))
        kind, public = b"\xffurn:hanse:note:" + algorithm.encode(), b"".join(_plain(jwk[name]) for name in members)
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def sign_checkpoint(checkpoint: Checkpoint, jwk: Mapping[str, str], sign: Sign) -> str:
    """Return the signed note. `sign` makes JWA signatures with the key whose public JWK is `jwk`."""
    return f"{checkpoint.text}\n{signature_line(checkpoint, jwk, sign)}"


def signature_line(checkpoint: Checkpoint, jwk: Mapping[str, str], sign: Sign) -> str:
    """Return the log's own signature of a checkpoint as the line of a note."""
    signature = sign(checkpoint.text.encode())
    if jwk.get("crv") == "P-256":
        signature = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    return Signature(checkpoint.origin, key_id(checkpoint.origin, jwk), signature).line


def read_checkpoint(text: str) -> SignedCheckpoint:
    """Read a signed checkpoint without extension lines. Raises `Malformed`."""
    body, gap, lines = text.rpartition("\n\n")
    rows = body.split("\n")
    if len(text) > MAX_CHECKPOINT or not gap or len(rows) != 3 or not lines.endswith("\n") or not _printable(text):
        raise _wrong("This is no signed checkpoint: origin, size, root, an empty line, signatures.")
    origin, size, root = rows
    if not _NAME.fullmatch(origin) or not _SIZE.fullmatch(size) or int(size) >= MAX_SIZE:
        raise _wrong("The checkpoint's origin or size cannot be read.")
    plain = _base64(root)
    if len(plain) != HASH_SIZE:
        raise _wrong("The checkpoint's root is not a hash of 32 bytes.")
    signatures = tuple(read_signature(line) for line in lines[:-1].split("\n"))
    return SignedCheckpoint(Checkpoint(origin, int(size), plain), signatures)


def read_signature(line: str) -> Signature:
    """Read one signature line, without its end. Raises `Malformed`."""
    name, gap, encoded = line.removeprefix(_MARK).partition(" ")
    plain = _base64(encoded)
    if not line.startswith(_MARK) or not gap or not _NAME.fullmatch(name) or len(plain) < 5:
        raise _wrong("A signature of the checkpoint cannot be read.")
    return Signature(name, plain[:4], plain[4:])


def _jwa(jwk: Mapping[str, str], signature: bytes) -> bytes:
    if jwk.get("crv") != "P-256":
        return signature
    try:
        r, s = decode_dss_signature(signature)
        return r.to_bytes(32) + s.to_bytes(32)
    except (ValueError, OverflowError):
        return b""


def _base64(text: str) -> bytes:
    try:
        plain = b64decode(text, validate=True)
    except (ValueError, Error):
        plain = b""
    if b64encode(plain).decode("ascii") != text:
        raise _wrong("The checkpoint holds something that is not base64.")
    return plain


def _plain(member: str) -> bytes:
    return urlsafe_b64decode(member + "=" * (-len(member) % 4))


def _printable(text: str) -> bool:
    return all(character >= " " or character == "\n" for character in text)


def _wrong(problem: str) -> Malformed:
    return Malformed(problem, where="checkpoint", rule="checkpoint")
