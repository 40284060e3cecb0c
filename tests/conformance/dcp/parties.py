"""Those whom the peer plays: each has a DID, a key, and the tokens with which it calls."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.conformance.dcp.jose import Claims, Key

DCP_CONTEXT = "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"
TOKEN_SECONDS = 300


class Others:
    """The DIDs of those around the system under test, as the kits name them: all at one port of the loopback."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.issuer, self.holder, self.verifier, self.third = (
            f"did:web:localhost%3A{port}:{name}" for name in ("issuer", "holder", "verifier", "thirdparty")
        )


class Party:
    """One of them. `service` is what its DID document offers at its own address: `CredentialService` or `IssuerService`."""

    def __init__(self, did: str, port: int, service: str) -> None:
        self.did = did
        self.name = did.rpartition(":")[2]
        self.base = f"http://localhost:{port}/{self.name}"
        self.key = Key(did)
        self.presenting = Key(did)
        """A key that is in the DID document and may sign presentations, but not act for the DID."""
        self._service = service

    def document(self) -> dict[str, Any]:
        """Return the DID document."""
        methods = [
            {"id": key.kid, "type": "JsonWebKey2020", "controller": self.did, "publicKeyJwk": key.public}
            for key in (self.key, self.presenting)
        ]
        return {
            "@context": ["https://www.w3.org/ns/did/v1", DCP_CONTEXT],
            "id": self.did,
            "service": [{"id": f"{self.did}#{self._service}", "type": self._service, "serviceEndpoint": self.base}],
            "verificationMethod": methods,
            "authentication": [self.key.kid, self.presenting.kid],
            "assertionMethod": [self.key.kid],
            "capabilityInvocation": [self.key.kid],
        }

    def claims(self, audience: str, changes: Mapping[str, Any] | None = None) -> Claims:
        """Return the claims of a self-issued token (DCP 1.0, 4.3), changed as asked; a change to None leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": self.did,
            "sub": self.did,
            "aud": audience,
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        } | dict(changes or {})
        return {name: value for name, value in claims.items() if value is not None}

    def bearer(self, audience: str, changes: Mapping[str, Any] | None = None) -> str:
        """Return the Authorization header of a call."""
        return f"Bearer {self.key.sign(self.claims(audience, changes))}"
