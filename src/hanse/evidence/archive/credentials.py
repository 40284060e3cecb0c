"""What the parties had proved about themselves: credentials and the status lists of their issuers, as JWT (RFC 7515, RFC 7519)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from hanse.evidence.archive import format as f
from hanse.evidence.archive.keys import KeyRing, did_of
from hanse.evidence.archive.verdict import Findings
from hanse.evidence.kinds.base import At

_BASE: Final = "VerifiableCredential"
_Seconds = Annotated[float, Meta(ge=0, le=253_370_764_800)]  # until 9999-01-01


class _Header(Struct):
    alg: str
    kid: str = ""


class _Named(Struct):
    id: str | None = None


class _Body(Struct, rename="camel"):
    """What a credential says of itself, by both data models (VC 2.0 and 1.1)."""

    issuer: str | _Named | None = None
    type: str | list[str] = ""
    credential_subject: Any = None
    valid_from: At | None = None
    valid_until: At | None = None
    issuance_date: At | None = None
    expiration_date: At | None = None


class _Claims(_Body):
    iss: str | None = None
    sub: str | None = None
    nbf: _Seconds | None = None
    exp: _Seconds | None = None
    vc: _Body | None = None


class Status(Struct, frozen=True):
    """What signed lists say of a credential: `valid`, `revoked` or `suspended`, and the moment from which the oldest of them is."""

    word: str
    at: datetime | None


Statuses = Callable[[str, Sequence[str]], Status | None]
"""Looks a credential (JWT) up in its issuer's lists (JWTs); nothing if one of those that it names is not among them, or cannot be read."""


def check_credentials(files: Mapping[str, bytes], ring: KeyRing, statuses: Statuses | None, findings: Findings) -> None:
    """Check that every credential is signed by whom the list names as its issuer, and say what is known of its status."""
    records = f.decode(files, f.CREDENTIALS, list[f.CredentialRecord], [])
    if records:
        told = "What the parties had proved is told as of the moments named here. What counted at others, such as an agreement's, is not."
        findings.missing(told, f.CREDENTIALS)
    for number, record in enumerate(records):
        where = f"{f.CREDENTIALS}, [{number}]"
        what = f"{record.issuer} had issued a {' and '.join(record.types) or 'credential'} to {record.holder}"
        if record.file is None:
            findings.told(f"{what}. It is not in the archive: {record.withheld}", where)
            continue
        text = files.get(record.file)
        if text is None or f.digest(text) != record.sha256:
            findings.fault("The credential is missing, or another one than its SHA-256 says.", f"{where}, {record.file}")
            continue
        signed = _proved(text, record.issuer, ring)
        other = _other(text, record) if signed else ""
        if signed is None:
            findings.missing(f"The key of {record.issuer} is not in the archive, so a credential of {record.holder} proves nothing.", where)
        elif not signed:
            findings.fault(f"The credential is not signed by {record.issuer}.", record.file)
        elif other:
            findings.fault(f"The credential does not say what the archive says of it: {other}.", where)
        else:
            findings.proved(f"{what}{_valid(record)}.", record.file)
            _status(files, record, ring, statuses, findings, where)


def _other(text: bytes, record: f.CredentialRecord) -> str:
    """Return what a credential that is signed says otherwise than the archive's list: of whom it is, what it is, and for which time."""
    claims = msgspec.json.decode(_plain(text.strip().split(b".")[1]), type=_Claims)
    body, old = claims.vc or claims, claims.vc is not None
    subjects = body.credential_subject if isinstance(body.credential_subject, list) else [body.credential_subject]
    holders = [one.get("id", claims.sub if old and len(subjects) == 1 else None) for one in subjects if isinstance(one, dict)]
    types = {body.type} if isinstance(body.type, str) else set(body.type)
    begins = [body.issuance_date if old else body.valid_from, _moment(claims.nbf)]
    ends = [body.expiration_date if old else body.valid_until, _moment(claims.exp)]
    told = {
        "its holder": record.holder in holders,
        "its types": types - {_BASE} == set(record.types) - {_BASE},
        "from when it is valid": max((one for one in begins if one is not None), default=None) == record.valid_from,
        "until when it is valid": min((one for one in ends if one is not None), default=None) == record.valid_until,
    }
    return ", ".join(name for name, same in told.items() if not same)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _valid(record: f.CredentialRecord) -> str:
    since = f", valid from {record.valid_from:%Y-%m-%d}" if record.valid_from else ""
    until = f" until {record.valid_until:%Y-%m-%d}" if record.valid_until else ""
    return since + until


def _status(
    files: Mapping[str, bytes], record: f.CredentialRecord, ring: KeyRing, statuses: Statuses | None, findings: Findings, where: str
) -> None:
    lists = [files[name] for name in record.lists if name in files]
    signed = [_proved(one, record.issuer, ring) for one in lists]
    if len(lists) != len(record.lists) or False in signed:
        findings.fault(f"A status list that is to tell about it is missing, or not signed by {record.issuer}.", f"{where}, lists")
        return
    text = files[record.file or ""].decode("ascii", "replace")
    found = statuses(text, [one.decode("ascii", "replace") for one in lists]) if statuses is not None and all(signed) else None
    if record.checked is None or record.status == "unknown":
        findings.missing(f"Whether that credential counted then is not known: no status was kept for {record.holder}.", where)
    elif found is None or not lists:
        findings.told(f"It was {record.status} on {record.checked:%Y-%m-%d %H:%M} UTC, as the exporter found it.", where)
    elif found.word != record.status:
        findings.fault(f"Its issuer's signed list says that it was {found.word}, and not {record.status}.", f"{where}, status")
    else:
        of = " that tells no date" if found.at is None else f" of {found.at:%Y-%m-%d %H:%M} UTC"
        findings.proved(
            f"It was {found.word} by its issuer's signed list{of}; that this was the newest list is the exporter's word.", where
        )
    if record.valid_until is not None and record.checked is not None and record.valid_until <= record.checked:
        findings.missing(
            f"That credential was over when it was looked at: it was valid until {record.valid_until:%Y-%m-%d %H:%M} UTC.", where
        )


def _proved(text: bytes, issuer: str, ring: KeyRing) -> bool | None:
    """Tell whether a JWT is signed by its issuer; nothing if its key is not known."""
    try:
        head, body, sig = text.strip().split(b".")
        header = msgspec.json.decode(_plain(head), type=_Header)
        claims = msgspec.json.decode(_plain(body), type=_Claims)
        signature = _plain(sig)
    except (ValueError, RecursionError):
        return False
    told = {claims.iss, _name(claims.issuer), None if claims.vc is None else _name(claims.vc.issuer)} - {None}
    if told != {issuer} or did_of(header.kid) != issuer:
        return False
    return ring.proved(header.kid, head + b"." + body, signature)


def _name(issuer: str | _Named | None) -> str | None:
    return issuer.id if isinstance(issuer, _Named) else issuer


def _plain(text: bytes) -> bytes:
    plain = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    if urlsafe_b64encode(plain).rstrip(b"=") != text:
        raise ValueError
    return plain
