"""The peer's credentials, presentations and messages, written by hand after DCP 1.0: nothing of the product is used to make them."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.conformance.dcp.jose import Key
from tests.conformance.dcp.parties import DCP_CONTEXT, Party

Message = dict[str, Any]
MEMBERSHIP = "MembershipCredential"
SENSITIVE = "SensitiveDataCredential"
VC11 = "vc11-sl2021/jwt"
VC_CONTEXT = "https://www.w3.org/2018/credentials/v1"
LIST_BITS = 16 * 1024
"""As few as the kits' own list has; the standard asks for eight times as many."""


def encoded(body: Message) -> bytes:
    """Return a message as JSON."""
    return json.dumps(body).encode()


def scope(type: str) -> str:
    """Return the scope that names a type of credential, with the operation that everybody appends."""
    return f"org.eclipse.dspace.dcp.vc.type:{type}:read"


def new_id() -> str:
    """Return an id that nobody has seen."""
    return f"urn:uuid:{uuid4()}"


def moment(seconds: float = 0) -> str:
    """Return a date so many seconds from now, as credentials write it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def credential(issuer: Party, subject: str, type: str, *, key: Key | None = None, **changes: Any) -> str:
    """Return a VC 1.1 as JWT.

    Args:
        issuer: who says so.
        subject: the DID that it is about.
        type: its type, besides VerifiableCredential.
        key: another key than the issuer's, under the name of the issuer's.
        changes: members of the credential instead of the usual.
    """
    vc = {
        "@context": [VC_CONTEXT],
        "id": new_id(),
        "type": ["VerifiableCredential", type],
        "issuer": issuer.did,
        "issuanceDate": moment(-1),
        "expirationDate": moment(600),
        "credentialSubject": {"id": subject, "foo": "bar"},
    } | changes
    dates = {"nbf": _seconds(vc["issuanceDate"]), "iat": int(time.time()), "exp": _seconds(vc["expirationDate"])}
    claims = {"iss": issuer.did, "sub": vc["credentialSubject"]["id"], "jti": vc["id"]}
    return (key or issuer.key).sign(claims | dates | {"vc": vc}, kid=issuer.key.kid)


def presentation(holder: Party, audience: str, credentials: Sequence[str]) -> str:
    """Return a presentation of VC 1.1 credentials as JWT."""
    now = int(time.time())
    vp = {
        "@context": [VC_CONTEXT],
        "type": ["VerifiablePresentation"],
        "holder": holder.did,
        "verifiableCredential": list(credentials),
    }
    claims = {"iss": holder.did, "sub": holder.did, "aud": audience, "jti": str(uuid4()), "nbf": now, "iat": now, "exp": now + 300}
    return holder.key.sign(claims | {"vp": vp})


def message(type: str, **members: Any) -> Message:
    """Return a DCP message."""
    return {"@context": [DCP_CONTEXT], "type": type, **members}


def delivery(holder_pid: str, credentials: Mapping[str, str], **changes: Any) -> Message:
    """Return a CredentialMessage with these credentials by type."""
    containers = [{"credentialType": type, "format": VC11, "payload": text} for type, text in credentials.items()]
    members = {"issuerPid": str(uuid4()), "holderPid": holder_pid, "status": "ISSUED", "credentials": containers}
    return message("CredentialMessage", **members | changes)


def offer(issuer: str | None, credentials: Sequence[Message] | None = None) -> Message:
    """Return a CredentialOfferMessage: of one full entry under an id that nobody knows, unless others are given."""
    full = {
        "id": new_id(),
        "type": "CredentialObject",
        "credentialType": MEMBERSHIP,
        "offerReason": "reissue",
        "bindingMethods": ["did:web"],
        "profile": VC11,
        "issuancePolicy": {},
    }
    return message("CredentialOfferMessage", issuer=issuer, credentials=[full] if credentials is None else list(credentials))


def metadata(issuer: str, ids: Mapping[str, str]) -> Message:
    """Return the metadata of an issuer that makes these types, by id."""
    supported = [
        {
            "id": id,
            "type": "CredentialObject",
            "credentialType": type,
            "credentialSchema": "https://example.com/schema.json",
            "offerReason": "issue",
            "bindingMethods": ["did:web"],
            "profile": VC11,
        }
        for id, type in ids.items()
    ]
    return message("IssuerMetadata", issuer=issuer, credentialsSupported=supported)


def query(*scopes: str) -> Message:
    """Return a PresentationQueryMessage by scopes."""
    return message("PresentationQueryMessage", scope=list(scopes))


def status_list(issuer: str, url: str, revoked: int) -> Message:
    """Return a list of revocations as the kits give it: short, unsigned, and not a JWT."""
    bits = bytearray(LIST_BITS // 8)
    bits[revoked // 8] |= 0x80 >> revoked % 8
    encoded = "u" + base64.urlsafe_b64encode(gzip.compress(bytes(bits))).decode().rstrip("=")
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "issuanceDate": moment(-1),
        "credentialSubject": {"id": url, "type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": encoded},
    }


def status_entry(url: str, index: int) -> Message:
    """Return what a credential says about where its revocation would be found."""
    return {
        "id": f"{url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(index),
        "statusListCredential": url,
    }


MEMBERSHIP_SCHEMA: Message = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "properties": {"id": {"type": "string"}, "foo": {"type": "string"}},
    "required": ["id", "foo"],
}
"""What a subject with that schema has to have."""
