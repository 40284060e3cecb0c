"""Compact JWS, read strictly (RFC 7515, 7.1): three base64url parts, a small header, nothing that points at a key.

What may be believed is decided elsewhere: `keys` checks a signature, `proof` finds the key that must have made it.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from joserfc.util import urlsafe_b64decode
from msgspec import UNSET, Struct

from hanse.kernel.errors import Malformed, TooLarge

MAX_HEADER: Final = 2048
"""Characters of the encoded header: enough for a `kid` of the longest DID that we read."""

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")

# Members that offer a key, change what is signed, or demand what we do not do. A key comes from the DID document only.
_REFUSED: Final = ("crit", "b64", "jwk", "jku", "x5u", "x5c")


class Header(Struct, frozen=True):
    """What we read of a protected header. Unknown members are ignored (RFC 7515, 4), those in `_REFUSED` are not."""

    alg: str
    kid: str | None = None
    typ: str | None = None
    crit: object = UNSET
    b64: object = UNSET
    jwk: object = UNSET
    jku: object = UNSET
    x5u: object = UNSET
    x5c: object = UNSET


class Compact(Struct, frozen=True):
    """A JWS that was read and not yet believed: header, payload (bytes) and the three parts as they came."""

    header: Header
    payload: bytes
    parts: tuple[bytes, bytes, bytes]
    signature: bytes

    @property
    def signed(self) -> bytes:
        """What the signature is about: header and payload as they came (RFC 7515, 5.2)."""
        return self.parts[0] + b"." + self.parts[1]


_header = msgspec.json.Decoder(Header)


def parse_compact(text: str, limit: int) -> Compact:
    """Read a compact JWS of at most `limit` characters.

    Raises `TooLarge`, or `Malformed` if it is no compact JWS, its header cannot be read, or its header carries a
    member that we refuse: `crit`, `b64` and everything that brings a key along (`jwk`, `jku`, `x5u`, `x5c`).
    """
    if len(text) > limit:
        raise TooLarge(f"It is longer than {limit} characters.")
    match = _COMPACT.fullmatch(text)
    if match is None:
        raise Malformed("It is not a compact JWS.", hint="Three base64url parts, joined by dots.")
    head, body, signature = (part.encode("ascii") for part in match.groups())
    return Compact(_read_header(head), _decode(body, "payload"), (head, body, signature), _decode(signature, "signature"))


def _read_header(part: bytes) -> Header:
    if len(part) > MAX_HEADER:
        raise TooLarge(f"Its header is longer than {MAX_HEADER} characters.", where="header")
    try:
        header = _header.decode(_decode(part, "header"))
    except (ValueError, RecursionError) as fault:
        raise Malformed("Its header is not a JSON object with a text `alg`, and texts for `kid` and `typ`.", where="header") from fault
    for name in _REFUSED:
        if getattr(header, name) is not UNSET:
            raise Malformed(f"Its header carries `{name}`, which is refused.", where=f"header.{name}")
    return header


def _decode(part: bytes, name: str) -> bytes:
    try:
        return urlsafe_b64decode(part)
    except ValueError as fault:
        raise Malformed(f"Its {name} is not base64url.", where=name) from fault
