"""Credentials as JWT, read strictly and not yet believed: VC 2.0 (`vc+jwt`, vc-jose-cose 3.1) and VC 1.1 (`vc` claim, VCDM 1.1, 6.3.1).

`read_credential` gives both the same shape. What a token claims beside the credential must not contradict it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from hanse.identity.credentials.model import (
    BASE_CONTEXT,
    BASE_TYPE,
    MAX_CREDENTIAL,
    MAX_DEPTH,
    VC11,
    VC20,
    Credential,
    Profile,
    SchemaReference,
    Subject,
    refusal,
    said,
)
from hanse.identity.jws import Compact, parse_compact
from hanse.identity.status import StatusEntry
from hanse.kernel.errors import CallerError
from hanse.kernel.tenant import Did

T = TypeVar("T")

SAME: Final = timedelta(seconds=60)
"""How far `nbf` and `exp` of a VC 1.1 may lie from the dates that they repeat."""
ENVELOPE: Final = "EnvelopedVerifiableCredential"

# What others write besides `vc+jwt`: earlier drafts of vc-jose-cose, and a typ with its media type in full.
_TYPES_20: Final = frozenset({"vc+jwt", "application/vc+jwt", "vc+ld+jwt", "vc+ld+json+jwt"})
_TYPES_11: Final = frozenset({None, "JWT", "jwt"})

Seconds = Annotated[float, Meta(ge=0, le=253_370_764_800)]  # until 9999-01-01; whole numbers are read too
Moment = Annotated[datetime, Meta(tz=True)]  # an RFC 3339 text with its zone, never a number
_Text = Annotated[str, Meta(min_length=1, max_length=2048)]


class _Named(Struct, frozen=True):
    id: _Text


class _Body(Struct, frozen=True, rename="camel"):
    """The members of a credential, of both data models. Null is the same as absent: others write it."""

    context: str | list[object] = field(name="@context")
    type: str | list[str]
    credential_subject: dict[str, object] | list[dict[str, object]]
    issuer: _Text | _Named | None = None
    id: _Text | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    issuance_date: Moment | None = None
    expiration_date: Moment | None = None
    credential_status: StatusEntry | list[StatusEntry] | None = None
    credential_schema: SchemaReference | list[SchemaReference] | None = None


class Registered(Struct, frozen=True):
    """The claims of a JWT that repeat what a credential says, or say what its token may do (RFC 7519, 4.1)."""

    iss: _Text | None = None
    sub: _Text | None = None
    jti: str | None = None
    iat: Seconds | None = None
    nbf: Seconds | None = None
    exp: Seconds | None = None
    vc: msgspec.Raw | UnsetType = UNSET
    vp: msgspec.Raw | UnsetType = UNSET


_registered = msgspec.json.Decoder(Registered)
_body = msgspec.json.Decoder(_Body)


class Read(Struct, frozen=True):
    """A credential, the signature that is to prove it, and where its token's dates contradict its own (`nbf` or `exp`).

    `signed` is when it says that it was signed, in seconds since 1970: its `iat`, or else from when it is valid.
    """

    credential: Credential
    compact: Compact
    signed: float | None = None
    contradiction: str | None = None


def read_credential(text: str, limit: int = MAX_CREDENTIAL) -> Read:
    """Read a credential as JWT of at most `limit` characters. Raises `Unauthenticated`, naming the member that is wrong."""
    compact, claims = read_claims(text, limit, "credential")
    if claims.vp is not UNSET:
        raise refusal("It is a presentation.", "vp", "shape")
    wrapped = claims.vc is not UNSET
    if compact.header.typ not in (_TYPES_11 if wrapped else _TYPES_20):
        raise refusal("Its typ does not fit its content.", "header.typ", "kind", "`vc+jwt` for VC 2.0, `JWT` or none for a `vc` claim.")
    profile: Profile = VC11 if wrapped else VC20
    body = _decode(_body, bytes(claims.vc) if isinstance(claims.vc, msgspec.Raw) else compact.payload)
    credential = _credential(body, claims, profile, text)
    check_base(body.context, as_list(body.type), profile, BASE_TYPE, "credential")
    _check_agreement(claims, credential)
    return Read(credential, compact, _signed(claims, credential), _contradiction(body, claims) if wrapped else None)


def read_claims(text: str, limit: int, of: str) -> tuple[Compact, Registered]:
    """Read a JWT and its registered claims. Raises `Unauthenticated`."""
    try:
        compact = parse_compact(text, limit)
    except CallerError as fault:
        raise refusal(fault.message, fault.where or of, "shape", fault.hint, of=of) from None
    return compact, _decode(_registered, compact.payload, of)


def raw_credential(read: Read) -> dict[str, Any]:
    """Return the whole credential as it was written, for its schema: without the wrapping claim of VC 1.1."""
    claims = msgspec.json.decode(read.compact.payload, type=dict[str, Any])
    inner = claims.get("vc") if read.credential.profile == VC11 else None
    return inner if isinstance(inner, dict) else claims


def as_list(value: T | list[T]) -> list[T]:
    """Return a single value as a list of one: JSON-LD allows both."""
    return value if isinstance(value, list) else [value]


def check_base(context: str | Sequence[object], types: Sequence[str], profile: Profile, base_type: str, of: str) -> None:
    """Check that the data model's context comes first and its type is there (VCDM 2.0, 4.3 and 4.5). Raises `Unauthenticated`."""
    first = context if isinstance(context, str) else next(iter(context), None)
    if first != BASE_CONTEXT[profile]:
        raise refusal(f"Its first @context is not {BASE_CONTEXT[profile]}.", "@context", "shape", of=of)
    if base_type not in types:
        raise refusal(f"Its types do not include {base_type}.", "type", "shape", of=of)


def moment_of(seconds: float | None) -> datetime | None:
    """Return a NumericDate as a moment in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _decode(decoder: msgspec.json.Decoder[T], raw: bytes, of: str = "credential") -> T:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as fault:
        raise refusal(f"It does not have the shape of its kind: {said(fault)}.", of, "shape", of=of) from None
    except (ValueError, RecursionError):
        raise refusal("Its claims are not a JSON object.", of, "shape", of=of) from None


def _credential(body: _Body, claims: Registered, profile: Profile, text: str) -> Credential:
    named = body.issuer.id if isinstance(body.issuer, _Named) else body.issuer
    issuer = named or (claims.iss if profile == VC11 else None)
    types = tuple(kind for kind in as_list(body.type) if kind != BASE_TYPE)
    if issuer is None or not issuer.isprintable():
        raise refusal("It does not say who issued it.", "issuer", "shape")
    if not types or len(types) > 16 or any(not 1 <= len(kind) <= 256 or not kind.isprintable() for kind in types):
        raise refusal("It has no type of its own, too many, or one that is too long.", "type", "shape")
    old = profile == VC11
    if old and body.issuance_date is None and claims.nbf is None:  # VCDM 1.1, 4.6; VC 2.0 may leave validFrom out
        raise refusal("It does not say from when it is valid.", "issuanceDate", "shape")
    return Credential(
        profile=profile,
        issuer=Did(issuer),
        types=types,
        subjects=_subjects(body, claims if old else Registered()),
        valid_from=_latest([_utc(body.issuance_date if old else body.valid_from), moment_of(claims.nbf)]),
        valid_until=_first([_utc(body.expiration_date if old else body.valid_until), moment_of(claims.exp)]),
        id=body.id or (claims.jti if old else None),
        statuses=_bounded(body.credential_status, "credentialStatus"),
        schemas=_bounded(body.credential_schema, "credentialSchema"),
        text=text,
    )


def _signed(claims: Registered, credential: Credential) -> float | None:
    if claims.iat is not None:
        return claims.iat
    return None if credential.valid_from is None else credential.valid_from.timestamp()


def _subjects(body: _Body, claims: Registered) -> tuple[Subject, ...]:
    subjects = as_list(body.credential_subject)
    if not 1 <= len(subjects) <= 16 or any(not subject for subject in subjects):
        raise refusal("It says nothing about anybody, or about too many.", "credentialSubject", "shape")
    if any(_depth(subject) > MAX_DEPTH for subject in subjects):
        raise refusal(f"Its subject nests deeper than {MAX_DEPTH}.", "credentialSubject", "shape")
    if claims.sub is not None and len(subjects) == 1 and "id" not in subjects[0]:
        return ({"id": claims.sub, **subjects[0]},)  # VCDM 1.1, 6.3.1: `sub` stands for the subject's id
    return tuple(subjects)


def _bounded(value: T | list[T] | None, where: str) -> tuple[T, ...]:
    entries = [] if value is None else as_list(value)
    if len(entries) > 8:
        raise refusal("It has more than 8 entries.", where, "shape")
    return tuple(entries)


def _check_agreement(claims: Registered, credential: Credential) -> None:
    """Check that the token names the same parties as the credential in it (vc-jose-cose 3.1.3; VCDM 1.1, 6.3.1).

    A `jti` that is not the credential's id is let through: others number their tokens.
    """
    if claims.iss is not None and claims.iss != credential.issuer:
        raise refusal("Its iss is not its issuer.", "iss", "issuer")
    if claims.sub is not None and any(subject.get("id", claims.sub) != claims.sub for subject in credential.subjects):
        raise refusal("Its sub is not its subject.", "sub", "subject")


def _contradiction(body: _Body, claims: Registered) -> str | None:
    """Return which claim of a VC 1.1 does not give the date that it stands for (VCDM 1.1, 6.3.1)."""
    for name, seconds, written in (("nbf", claims.nbf, body.issuance_date), ("exp", claims.exp, body.expiration_date)):
        token = moment_of(seconds)
        if token is not None and written is not None and abs(token - written) > SAME:
            return name
    return None


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if not 1971 <= moment.year <= 9998:  # so that no zone and no leeway leads out of what a datetime can hold
        raise refusal("A date lies outside the years that we read.", "validFrom, validUntil", "shape")
    return moment.astimezone(UTC)


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _depth(value: object) -> int:
    """Return how deep lists and objects nest, level by level, so that no input costs stack."""
    depth, level = 0, [value]
    while level:
        inner = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        if not inner:
            return depth
        depth, level = depth + 1, [child for items in inner for child in items]
    return depth
