"""The peer's keys, and its signed texts: made and read with jwcrypto, with nothing of the product."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from jwcrypto.common import base64url_decode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS, InvalidJWSSignature

Claims = dict[str, Any]


class Key:
    """A P-256 key with the full name under which its DID document holds it: the kits know no other kind."""

    def __init__(self, did: str, fragment: str | None = None) -> None:
        self.kid = f"{did}#{fragment or uuid4()}"
        self._jwk = JWK.generate(kty="EC", crv="P-256")

    @property
    def public(self) -> dict[str, str]:
        """The public half as JWK."""
        half: dict[str, str] = json.loads(self._jwk.export_public())
        return half

    def sign(self, claims: Claims, *, kid: str | None = None) -> str:
        """Return the claims as a JWT, under another name of the key if one is given."""
        token = JWS(json.dumps(claims))
        header = {"alg": "ES256", "typ": "JWT", "kid": kid or self.kid}
        token.add_signature(self._jwk, alg="ES256", protected=json.dumps(header))
        text: str = token.serialize(compact=True)
        return text


def kid_of(text: str) -> str:
    """Return the name of the key with which a JWT says that it was signed."""
    return str(json.loads(base64url_decode(text.partition(".")[0]))["kid"])


def opened(text: str, public: dict[str, Any]) -> Claims:
    """Return the claims of a JWT that this key signed with ES256.

    Raises:
        ValueError: if it did not.
    """
    token = JWS()
    token.allowed_algs = ["ES256"]
    try:
        token.deserialize(text, JWK(**public))
    except InvalidJWSSignature as fault:
        raise ValueError(f"the signature does not hold: {text}") from fault
    claims: Claims = json.loads(token.payload)
    return claims
