"""From the wallet's records to what operators are shown: what a credential says, and never a secret; see `show`."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs

from hanse.http.api.wallet import structs as w
from hanse.identity.credentials.model import Credential
from hanse.identity.credentials.read import read_credential
from hanse.identity.credentials.trust import IssuerPolicy
from hanse.identity.self_issued import LEEWAY
from hanse.kernel.errors import Unauthenticated
from hanse.wallet.keys import KeyInfo
from hanse.wallet.records import CredentialRequest, Held
from hanse.wallet.requests import Explanation

GOOD = "good"
_WHY = {"unproved": "Its issuer has given up the key that it was signed with; ask the issuer for a new one."}


def state(one: Held, now: datetime) -> str:
    """Return whether a credential is good, for all that is known here: by its dates, and by its status as it was last seen."""
    if one.invalid:
        return one.invalid
    if one.valid_until is not None and one.valid_until <= now:
        return "expired"
    return "not yet valid" if one.valid_from is not None and one.valid_from > now + LEEWAY else GOOD


def held(one: Held, trust: IssuerPolicy | str, now: datetime) -> w.HeldCredential:
    """Return a credential that is held. `trust` is what the joined space believes, or why that is not known."""
    counts, why = _counts(one, trust, now)
    return w.HeldCredential(
        id=one.id,
        types=list(one.types),
        issuer=one.issuer,
        profile=one.profile,
        state=state(one, now),
        counts=counts,
        why=why,
        received=one.received,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
    )


def opened(one: Held, trust: IssuerPolicy | str, now: datetime) -> w.OpenedCredential:
    """Return a credential with what it says."""
    credential = _read(one)
    statuses = () if credential is None else credential.statuses
    return w.OpenedCredential(
        **structs.asdict(held(one, trust, now)),
        credential_id=one.credential_id,
        request=one.request,
        claims=[] if credential is None else [dict(subject) for subject in credential.subjects],
        statuses=[w.StatusPlace(purpose=at.status_purpose, list=at.status_list_credential, index=at.index) for at in statuses],
        schemas=[] if credential is None else [schema.id for schema in credential.schemas],
    )


def request(one: CredentialRequest, story: Explanation | None = None) -> w.CredentialRequest:
    """Return a request at an issuer, with what it waits for where that is known."""
    shown = w.CredentialRequest(
        id=one.holder_pid,
        issuer=one.issuer,
        types=list(one.types),
        state=one.state.value,
        because=one.because,
        reason=one.reason,
        issuer_pid=one.issuer_pid,
        created=one.created,
        updated=one.updated,
    )
    if story is None:
        return shown
    return structs.replace(
        shown,
        waits_for=story.waits_for,
        who=story.who,
        until=story.until,
        last_error=story.last_error,
        next_attempt=story.next_attempt,
    )


def key(one: KeyInfo) -> w.Key:
    """Return a key."""
    return w.Key(kid=one.kid, kind=one.kind, state=one.state, created=one.created, until=one.until, compromised=one.compromised)


def _counts(one: Held, trust: IssuerPolicy | str, now: datetime) -> tuple[bool | None, str]:
    now_it_is = state(one, now)
    if now_it_is != GOOD:
        return False, _WHY.get(now_it_is, f"It is {now_it_is}.")
    if isinstance(trust, str):
        return None, trust
    credential = _read(one)
    if credential is None:
        return False, "It cannot be read by this version of the program."
    objection = trust.objection(credential)
    return objection is None, objection or ""


def _read(one: Held) -> Credential | None:
    try:
        return read_credential(one.text).credential
    except Unauthenticated:
        return None
