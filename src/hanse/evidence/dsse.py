"""DSSE v1: an envelope that signs bytes together with what they are (secure-systems-lab/dsse, protocol 1.0.2).

The signature is over the pre-authentication encoding, never over JSON: no canonical form is needed, and bytes that were
signed as one type cannot be read as another. Our envelopes have one signature, whose `keyid` is the key's DID URL; the
signature is that of JWA for the key's type (RFC 7518: for ECDSA the two numbers side by side).
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from hanse.kernel.errors import Malformed, TooLarge

IN_TOTO: Final = "application/vnd.in-toto+json"
"""The payload type of in-toto statements."""
MAX_ENVELOPE: Final = 512 * 1024
"""Bytes of an envelope."""
MAX_KEYID: Final = 640
"""Characters of a key's name: a DID of 512 and its fragment."""

Sign = Callable[[bytes], bytes]
"""Signs bytes."""
Check = Callable[[bytes, bytes], bool]
"""Tells whether the second bytes are a signature of the first."""

_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_encode = msgspec.json.Encoder().encode


class _Signature(Struct, frozen=True, forbid_unknown_fields=True):
    keyid: Annotated[str, Meta(min_length=1, max_length=MAX_KEYID)]
    sig: Annotated[str, Meta(min_length=4, max_length=1024)]


class _Wire(Struct, frozen=True, forbid_unknown_fields=True):
    payload_type: Annotated[str, Meta(max_length=128)] = msgspec.field(name="payloadType")
    payload: Annotated[str, Meta(min_length=4, max_length=MAX_ENVELOPE)]
    signatures: Annotated[list[_Signature], Meta(min_length=1, max_length=1)]


class Envelope(Struct, frozen=True):
    """What was signed, by the key of which name, and the signature. Nothing is believed until it was checked."""

    payload: bytes
    keyid: str
    signature: bytes

    @property
    def signed(self) -> bytes:
        """What the signature is about."""
        return pae(IN_TOTO, self.payload)

    @property
    def hash(self) -> str:
        """SHA-256 of the payload, in hexadecimal: names the statement, whatever its signature looks like."""
        return hashlib.sha256(self.payload).hexdigest()

    def encode(self) -> bytes:
        """Return the envelope as JSON, always in the same form."""
        signature = _Signature(self.keyid, b64encode(self.signature).decode("ascii"))
        return _encode(_Wire(payload_type=IN_TOTO, payload=b64encode(self.payload).decode("ascii"), signatures=[signature]))


def pae(kind: str, body: bytes) -> bytes:
    """Return the pre-authentication encoding of `body` as a `kind`."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(body), body)


def seal(payload: bytes, keyid: str, sign: Sign) -> Envelope:
    """Sign an in-toto statement. Raises `TooLarge` for what nobody would read."""
    if len(payload) > MAX_ENVELOPE * 3 // 4 - 4096:
        raise TooLarge("The statement is too large to be sent.", where="payload", hint="Say less in one statement.")
    return Envelope(payload, keyid, sign(pae(IN_TOTO, payload)))


_wire = msgspec.json.Decoder(_Wire)


def read_envelope(raw: bytes) -> Envelope:
    """Read an envelope strictly. Raises `TooLarge`, or `Malformed` for any other shape, type, number of signatures or base64."""
    if len(raw) > MAX_ENVELOPE:
        raise TooLarge(f"The envelope is larger than {MAX_ENVELOPE} bytes.", where="body")
    try:
        wire = _wire.decode(raw)
    except (ValueError, RecursionError):
        raise Malformed("This is no DSSE envelope with one signature.", where="body", rule="envelope") from None
    if wire.payload_type != IN_TOTO:
        raise Malformed("The envelope does not hold an in-toto statement.", where="payloadType", rule="envelope", hint=f"Use {IN_TOTO}.")
    one = wire.signatures[0]
    return Envelope(_plain(wire.payload, "payload"), one.keyid, _plain(one.sig, "signatures[0].sig"))


def _plain(text: str, where: str) -> bytes:
    # One text for the same bytes: what is left over in the last character must be zero, or a byte could be changed unseen.
    plain = b64decode(text) if _BASE64.fullmatch(text) else b""
    if not plain or b64encode(plain).decode("ascii") != text:
        raise Malformed("This is not base64 (RFC 4648, 4).", where=where, rule="base64")
    return plain
