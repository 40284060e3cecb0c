"""Makes presentations: credentials of one data model, signed by their holder for one verifier (DCP 1.0, 5.4.2 and appendix A)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from hanse.identity.credentials.model import BASE_CONTEXT, MAX_CREDENTIALS, MAX_PRESENTATION, PRESENTATION_TYPE, VC11, VC20, Profile
from hanse.identity.credentials.read import ENVELOPE, read_credential
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import Invalid

LIFETIME: Final = timedelta(minutes=5)
"""How long our own presentations live: they are read at once."""
DATA_URL: Final = "data:application/vc+jwt,"


def present(
    key: SigningKey,
    audience: str,
    credentials: Sequence[str],
    now: datetime,
    jti: str,
    *,
    nonce: str | None = None,
    lifetime: timedelta = LIFETIME,
) -> list[str]:
    """Return presentations (JWT) of the credentials (JWT) for `audience`, a DID: one for each data model among them.

    Without credentials it is one empty presentation of VC 2.0. Raises `Invalid` for too many or too large ones, and
    `Unauthenticated` for a credential that cannot be read. Whether they are still good is the caller's question.
    """
    if len(credentials) > MAX_CREDENTIALS:
        raise Invalid(f"A presentation has at most {MAX_CREDENTIALS} credentials.", where="credentials")
    groups: dict[Profile, list[str]] = {}
    for text in credentials:
        groups.setdefault(read_credential(text).credential.profile, []).append(text)
    start = int(now.timestamp())
    if not groups:
        groups[VC20] = []
    made = []
    for number, (profile, texts) in enumerate(groups.items(), 1):
        claims: dict[str, Any] = {
            "iss": key.did,
            "sub": key.did,
            "aud": audience,
            "jti": jti if number == 1 else f"{jti}-{number}",
            "iat": start,
            "nbf": start,
            "exp": start + int(lifetime.total_seconds()),
            **({"nonce": nonce} if nonce is not None else {}),
        }
        made.append(_signed(key, profile, texts, claims))
    return made


def _signed(key: SigningKey, profile: Profile, texts: Sequence[str], claims: dict[str, Any]) -> str:
    body: dict[str, Any] = {"@context": [BASE_CONTEXT[profile]], "type": [PRESENTATION_TYPE], "holder": key.did}
    if profile == VC11:  # VCDM 1.1, 6.3.1
        text = key.sign(msgspec.json.encode({**claims, "vp": {**body, "verifiableCredential": list(texts)}}), {"typ": "JWT"})
    else:  # vc-jose-cose, 3.1.2
        enveloped = [{"@context": BASE_CONTEXT[VC20], "id": DATA_URL + one, "type": ENVELOPE} for one in texts]
        text = key.sign(msgspec.json.encode({**body, "verifiableCredential": enveloped, **claims}), {"typ": "vp+jwt", "cty": "vp"})
    if len(text) > MAX_PRESENTATION:
        raise Invalid(f"The presentation is longer than {MAX_PRESENTATION} characters.", where="credentials")
    return text
