"""Two participants, their keys, and a resolver that remembers what it was asked."""

import base64
import json
from datetime import UTC, datetime

import pytest

from hanse.identity.did import DidDocument, did_document, key_id
from hanse.identity.exchange import ResolveDid
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import PeerError, PeerUnreachable

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Sender:
    """A participant that sends, and can make any token, right or wrong."""

    did = "did:web:localhost%3A8400:participants:acme"
    me = "did:web:localhost%3A8400:participants:city"
    now = NOW

    def __init__(self):
        self.kid = key_id(self.did, 1)
        self.key = SigningKey.generate(self.kid)
        self.document = did_document(self.did, [(self.kid, self.key.public_jwk)])

    def claims(self, **changes):
        second = int(NOW.timestamp())
        claims = {"iss": self.did, "sub": self.did, "aud": self.me, "jti": "jti_1", "iat": second, "exp": second + 300}
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, *, header=None, key=None, **changes):
        """A well-signed token with changed claims (`...` leaves one out) and additional header members."""
        return self.signed(json.dumps(self.claims(**changes)).encode(), header=header, key=key)

    def signed(self, payload: bytes, *, header=None, key=None) -> str:
        """Sign any bytes under any header with the real algorithm, through the key's own PEM: joserfc would refuse some of them."""
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        full = {"alg": "ES256", "kid": self.kid, **(header or {})}
        full = {name: value for name, value in full.items() if value is not ...}
        text = f"{b64(json.dumps(full).encode())}.{b64(payload)}"
        raw = load_pem_private_key((key or self.key).to_pem(), None)
        r, s = decode_dss_signature(raw.sign(text.encode(), ECDSA(SHA256())))
        return f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class Resolver:
    """Answers with the given documents (or faults) one after the other, the last one again and again."""

    def __init__(self, *answers: DidDocument | PeerError):
        self.answers = list(answers)
        self.asked: list[ResolveDid] = []

    def __call__(self, request: ResolveDid) -> DidDocument:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, PeerError):
            raise answer
        return answer


@pytest.fixture
def sender():
    return Sender()


@pytest.fixture
def resolver_of():
    return Resolver


@pytest.fixture
def unreachable():
    return PeerUnreachable("10.1.2.3 did not answer")
