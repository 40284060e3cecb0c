"""Checks presentations: who presents what to us, and is every credential in it true (DCP 1.0, 5.4.2 and 5.4.3)?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, field

from hanse.identity.credentials.checks import check_validity, prove
from hanse.identity.credentials.model import (
    MAX_CREDENTIALS,
    MAX_PRESENTATION,
    PRESENTATION_TYPE,
    VC11,
    VC20,
    Credential,
    Profile,
    Verified,
    earliest,
    refusal,
    said,
)
from hanse.identity.credentials.present import DATA_URL
from hanse.identity.credentials.read import ENVELOPE, Read, Registered, as_list, check_base, moment_of, read_claims, read_credential
from hanse.identity.credentials.verify import Rules, verify_read
from hanse.identity.exchange import Inquiry
from hanse.identity.jws import Compact
from hanse.kernel.errors import Unauthenticated

MAX_LIFETIME: Final = timedelta(hours=1)
"""How long a peer's presentation may live."""
_OF: Final = "presentation"
_VP_URL: Final = "data:application/vp+jwt,"
_TYPES_20: Final = frozenset({"vp+jwt", "application/vp+jwt", "vp+ld+jwt", "vp+ld+json+jwt"})
_TYPES_11: Final = frozenset({None, "JWT", "jwt"})

Wanted = Callable[[Credential], bool]
"""Tells whether a credential is one that was asked for; `dcp.scopes.Scope.matches` is one."""


class _Envelope(Struct, frozen=True):
    id: str
    type: str | list[str]


class _Body(Struct, frozen=True, rename="camel"):
    context: str | list[object] = field(name="@context")
    type: str | list[str]
    holder: str | None = None
    verifiable_credential: list[str | _Envelope] | str | _Envelope | None = None


class _Audience(Struct, frozen=True):
    aud: str | list[str]


class SetAside(Struct, frozen=True):
    """A credential that counts nothing, without refusing the others. `fault` is why, if it was looked at."""

    credential: Credential
    fault: Unauthenticated | None = None


class Presented(Struct, frozen=True):
    """What a holder proved. `set_aside` are credentials whose issuer is not trusted, and refused wishes.

    `again` is when the claims have to be checked once more, at the latest (None: they do not end by themselves).
    """

    holder: str
    credentials: tuple[Verified, ...]
    set_aside: tuple[SetAside, ...] = ()
    again: datetime | None = None


class _Opened(Struct, frozen=True):
    compact: Compact
    claims: Registered
    reads: tuple[Read, ...]


def verify_answer(
    presentations: Sequence[object],
    holder: str,
    audience: str,
    wanted: Sequence[Wanted],
    rules: Rules,
    now: datetime,
    *,
    wishes: Sequence[Wanted] = (),
) -> Inquiry[Presented]:
    """Check all presentations of a PresentationResponseMessage, and that they hold what was asked for (DCP 1.0, 5.4.3).

    `holder` and `audience` are DIDs, `wanted` one test per thing that was asked for: each must hold for one credential
    at least; more credentials are welcome. One credential that is refused refuses everything, with two exceptions, which
    are set aside with their fault: one of the `wishes` only, which need not be there, and one whose issuer is not trusted
    here, for its holder may be a member of other spaces, too. Raises `Unauthenticated`.
    """
    if not 1 <= len(presentations) <= MAX_CREDENTIALS:
        raise refusal("It holds no presentation, or too many.", "presentation", "missing", of="answer")
    opened = [_open(_text(one), holder, audience) for one in presentations]
    if sum(len(one.reads) for one in opened) > MAX_CREDENTIALS:
        raise refusal(f"It holds more than {MAX_CREDENTIALS} credentials.", "presentation", "too-many", of="answer")
    for one in opened:
        yield from _prove(one, holder, rules, now)
    verified: list[Verified] = []
    aside: list[SetAside] = []
    for read in (read for one in opened for read in one.reads):
        outcome = yield from _judged(read, wanted, wishes, holder, rules, now)
        if isinstance(outcome, Verified):
            verified.append(outcome)
        else:
            aside.append(outcome)
    for number, test in enumerate(wanted):
        if not any(test(one.credential) for one in verified):
            _raise_fault(test, aside)
            problem = "A credential that was asked for is not in it."
            raise refusal(problem, f"scope[{number}]", "missing", "The holder needs this credential, and has to release it.", of="answer")
    return Presented(holder, tuple(verified), tuple(aside), earliest(*(one.again for one in verified)))


def verify_presentation(text: str, holder: str, audience: str, rules: Rules, now: datetime) -> Inquiry[Presented]:
    """Check one presentation (JWT) and every credential in it. Raises `Unauthenticated`, naming the check.

    It was made for `audience` alone, by `holder` with a key in its `authentication`, lately, and all its credentials are of
    its own data model. See `verify` for the checks of each credential.
    """
    return (yield from verify_answer([text], holder, audience, [], rules, now))


def _raise_fault(test: Wanted, aside: Sequence[SetAside]) -> None:
    """Raise why a credential that would do was set aside, if there is one: it says more than that it is missing."""
    for one in aside:
        if one.fault is not None and test(one.credential):
            raise one.fault


def _text(entry: object) -> str:
    if isinstance(entry, str):
        return entry
    identifier = entry.get("id") if isinstance(entry, dict) else None
    if isinstance(identifier, str) and identifier.startswith(_VP_URL):
        return identifier.removeprefix(_VP_URL)
    raise refusal("It is no JWT; presentations with linked-data proofs are not read.", "presentation", "kind", of=_OF)


def _open(text: str, holder: str, audience: str) -> _Opened:
    compact, claims = read_claims(text, MAX_PRESENTATION, _OF)
    wrapped = isinstance(claims.vp, Raw)
    if claims.vc is not UNSET or compact.header.typ not in (_TYPES_11 if wrapped else _TYPES_20):
        raise refusal("Its typ does not fit its content.", "header.typ", "kind", of=_OF)
    try:
        addressed = msgspec.json.decode(compact.payload, type=_Audience)
        body = msgspec.json.decode(claims.vp if isinstance(claims.vp, Raw) else compact.payload, type=_Body)
    except msgspec.ValidationError as fault:
        raise refusal(f"It does not have the shape of its kind: {said(fault)}.", _OF, "shape", of=_OF) from None
    except (ValueError, RecursionError):
        raise refusal("Its claims are not a JSON object.", _OF, "shape", of=_OF) from None
    profile: Profile = VC11 if wrapped else VC20
    check_base(body.context, as_list(body.type), profile, PRESENTATION_TYPE, _OF)
    if as_list(addressed.aud) != [audience]:
        raise refusal("Its aud is not the verifier, alone.", "aud", "audience", of=_OF)
    for where, name in (("iss", claims.iss), ("sub", claims.sub or holder), ("holder", body.holder or holder)):
        if name != holder:
            raise refusal("It was made by somebody else than its holder.", where, "holder", of=_OF)
    return _Opened(compact, claims, _reads(body, profile))


def _reads(body: _Body, profile: Profile) -> tuple[Read, ...]:
    entries: list[str | _Envelope] = [] if body.verifiable_credential is None else as_list(body.verifiable_credential)
    if len(entries) > MAX_CREDENTIALS:
        raise refusal(f"It holds more than {MAX_CREDENTIALS} credentials.", "verifiableCredential", "too-many", of=_OF)
    reads = tuple(read_credential(_credential_text(entry, profile)) for entry in entries)
    if any(read.credential.profile != profile for read in reads):
        raise refusal("Its credentials are not all of its own data model.", "verifiableCredential", "mixed", of=_OF)
    return reads


def _credential_text(entry: str | _Envelope, profile: Profile) -> str:
    if profile == VC11 and isinstance(entry, str):
        return entry
    if isinstance(entry, _Envelope) and profile == VC20 and ENVELOPE in as_list(entry.type) and entry.id.startswith(DATA_URL):
        return entry.id.removeprefix(DATA_URL)
    raise refusal(f"A credential is not a JWT, or not in an {ENVELOPE}.", "verifiableCredential", "kind", of=_OF)


def _prove(opened: _Opened, holder: str, rules: Rules, now: datetime) -> Inquiry[None]:
    claims = opened.claims
    yield from prove(opened.compact, holder, "authentication", claims.iat, _OF)
    if claims.exp is None or claims.iat is None or not 0 < claims.exp - claims.iat <= MAX_LIFETIME.total_seconds():
        raise refusal("It does not say when it was made and when it ends, or lives longer than an hour.", "exp", "lifetime", of=_OF)
    end = moment_of(claims.exp)
    check_validity(moment_of(claims.iat), end, now, rules.leeway, _OF)
    check_validity(moment_of(claims.nbf), end, now, rules.leeway, _OF)


def _judged(
    read: Read, wanted: Sequence[Wanted], wishes: Sequence[Wanted], holder: str, rules: Rules, now: datetime
) -> Inquiry[Verified | SetAside]:
    credential = read.credential
    needed = not wanted or any(test(credential) for test in wanted)
    wished = not needed and any(test(credential) for test in wishes)
    if not needed and not wished and rules.trust.objection(credential) is not None:
        return SetAside(credential)
    try:
        return (yield from verify_read(read, holder, rules, now))
    except Unauthenticated as fault:
        if not wished and not (wanted and fault.rule == "untrusted"):
            raise
        return SetAside(credential, fault)
