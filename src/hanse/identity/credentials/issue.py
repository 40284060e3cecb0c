"""Makes credentials: VC 2.0 as `vc+jwt`, or VC 1.1 in a `vc` claim, with the dates in UTC to the second."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from hanse.identity.credentials.model import BASE_CONTEXT, BASE_TYPE, MAX_CREDENTIAL, VC11, VC20, Profile, SchemaReference, Subject
from hanse.identity.keys import SigningKey
from hanse.identity.status import Form, Purpose, StatusEntry
from hanse.kernel.clock import timestamp
from hanse.kernel.errors import Invalid

FORM: Final[Mapping[Profile, Form]] = {VC20: "BitstringStatusList", VC11: "StatusList2021"}
"""Which status list belongs to which profile."""
_LIST_CONTEXT: Final = "https://w3id.org/vc/status-list/2021/v1"  # VC 2.0 has the names of its lists in its own context


class Draft(Struct, frozen=True, kw_only=True):
    """What a credential is to say. `types` are without `VerifiableCredential`; the dates are aware, the end exclusive.

    `subject` holds the claims with the `id` of whom they are about. `contexts` are additional ones, after the data model's.
    """

    profile: Profile
    types: tuple[str, ...]
    subject: Subject
    valid_from: datetime
    valid_until: datetime | None
    id: str | None = None
    statuses: tuple[StatusEntry, ...] = ()
    schemas: tuple[SchemaReference, ...] = ()
    contexts: tuple[str, ...] = ()


def status_entry(profile: Profile, purpose: Purpose, index: int, list_url: str) -> StatusEntry:
    """Return the `credentialStatus` that points to bit `index` of the list at `list_url`, in the form of the profile."""
    entry = {
        "id": f"{list_url}#{index}",
        "type": FORM[profile] + "Entry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": list_url,
    }
    try:
        return msgspec.convert(entry, StatusEntry)
    except msgspec.ValidationError as fault:
        raise Invalid(f"This cannot be a status entry: {fault}.", where="credentialStatus") from None


def issue(key: SigningKey, draft: Draft, now: datetime, *, limit: int = MAX_CREDENTIAL) -> str:
    """Sign a credential of the key's owner and return it as JWT.

    Raises `Invalid` for what nobody would accept: no subject id, no type, dates without zone or in the wrong order,
    a status entry of the other profile, or more than `limit` characters.
    """
    _check(draft)
    body = _body(key.did, draft)
    claims = {"iss": key.did, "sub": draft.subject["id"], "iat": int(now.timestamp())}
    if draft.id is not None:
        claims["jti"] = draft.id
    if draft.valid_until is not None:
        claims["exp"] = int(draft.valid_until.timestamp())
    if draft.profile == VC20:  # vc-jose-cose, 3.1: the payload is the credential
        text = key.sign(msgspec.json.encode({**body, **claims}), {"typ": "vc+jwt", "cty": "vc"})
    else:  # VCDM 1.1, 6.3.1: `nbf` and `exp` repeat the dates
        claims["nbf"] = int(draft.valid_from.timestamp())
        text = key.sign(msgspec.json.encode({**claims, "vc": body}), {"typ": "JWT"})
    if len(text) > limit:
        raise Invalid(f"The credential is longer than {limit} characters.", where="subject")
    return text


def _body(issuer: str, draft: Draft) -> dict[str, Any]:
    old = draft.profile == VC11
    body: dict[str, Any] = {
        "@context": [BASE_CONTEXT[draft.profile], *([_LIST_CONTEXT] if old and draft.statuses else []), *draft.contexts],
        **({"id": draft.id} if draft.id is not None else {}),
        "type": [BASE_TYPE, *draft.types],
        "issuer": issuer,
        "issuanceDate" if old else "validFrom": timestamp(draft.valid_from),
    }
    if draft.valid_until is not None:
        body["expirationDate" if old else "validUntil"] = timestamp(draft.valid_until)
    body["credentialSubject"] = dict(draft.subject)
    for name, entries in (("credentialStatus", draft.statuses), ("credentialSchema", draft.schemas)):
        if entries:
            body[name] = entries[0] if len(entries) == 1 else list(entries)
    return body


def _check(draft: Draft) -> None:
    if not draft.types or BASE_TYPE in draft.types or not all(draft.types):
        raise Invalid("A credential has at least one type of its own.", where="types")
    if not isinstance(draft.subject.get("id"), str) or not draft.subject["id"]:
        raise Invalid("A credential says whom it is about.", where="subject.id")
    for name, moment in (("valid_from", draft.valid_from), ("valid_until", draft.valid_until)):
        if moment is not None and moment.tzinfo is None:
            raise Invalid("A date has a time zone.", where=name)
    if draft.valid_until is not None and int(draft.valid_until.timestamp()) <= int(draft.valid_from.timestamp()):
        raise Invalid("A credential ends after it begins.", where="valid_until")
    if any(entry.form != FORM[draft.profile] for entry in draft.statuses):
        raise Invalid(f"The profile {draft.profile} has its status in a {FORM[draft.profile]}.", where="statuses")
