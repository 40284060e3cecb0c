"""Access tokens: a holder lets one verifier read some of its credentials, for a while (DCP 1.0, 5.1 and 5.2).

They pass through the verifier and come back to the holder's own credential service, so their form is our own affair: a
JWT of the holder for the verifier, of a kind of its own, so that it can never be taken for anything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from hanse.identity.credentials.checks import check_validity, prove
from hanse.identity.credentials.model import refusal
from hanse.identity.credentials.read import moment_of
from hanse.identity.dcp.scopes import Scope, parse_scopes
from hanse.identity.exchange import Exchange
from hanse.identity.jws import parse_compact
from hanse.identity.keys import SigningKey
from hanse.identity.self_issued import LEEWAY
from hanse.kernel.errors import CallerError, Invalid
from hanse.kernel.tenant import Did

KIND: Final = "hanse-access+jwt"
MAX_ACCESS: Final = 4 * 1024
"""Characters of an access token: it travels inside another token."""
LIFETIME: Final = timedelta(minutes=10)
"""How long one lives by default. A client may present the same one to the same verifier again until then."""
MAX_LIFETIME: Final = timedelta(hours=1)
_OF: Final = "access token"

_Seconds = Annotated[int, Meta(ge=0, le=253_370_764_800)]


class Access(Struct, frozen=True):
    """What a token lets its bearer read of the holder, until `expires`.

    If `spaces` are named (addresses), then of what says of which space it is only what is of these.
    """

    holder: Did
    bearer: Did
    scopes: tuple[Scope, ...]
    jti: str
    expires: datetime
    spaces: tuple[str, ...] = ()


class _Claims(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    iss: str
    sub: str
    aud: str
    iat: _Seconds
    exp: _Seconds
    jti: Annotated[str, Meta(min_length=1, max_length=256)]
    scope: Annotated[list[str], Meta(max_length=64)]
    spaces: Annotated[list[str], Meta(max_length=64)] = []


def grant(
    key: SigningKey,
    bearer: str,
    scopes: Iterable[Scope],
    now: datetime,
    jti: str,
    lifetime: timedelta = LIFETIME,
    *,
    spaces: Iterable[str] = (),
) -> str:
    """Let `bearer`, a DID, read what the scopes name of the key's owner, of these spaces if any are named, from `now` for `lifetime`.

    Raises `Invalid` for a lifetime outside 1 s to 1 hour, or more scopes than fit.
    """
    if not timedelta(seconds=1) <= lifetime <= MAX_LIFETIME:
        raise Invalid("An access token lives for 1 second to 1 hour.", where="lifetime")
    start = int(now.timestamp())
    end, named = start + int(lifetime.total_seconds()), [str(scope) for scope in scopes]
    claims = _Claims(key.did, bearer, key.did, start, end, jti, named, list(spaces))
    text = key.sign(msgspec.json.encode(claims), {"typ": KIND})
    if len(text) > MAX_ACCESS:
        raise Invalid(f"The access token is longer than {MAX_ACCESS} characters.", where="scope", hint="Ask for fewer scopes.")
    return text


def open_access(text: str, holder: str, bearer: str, now: datetime, leeway: timedelta = LEEWAY) -> Exchange[Access]:
    """Check a token that `bearer` (whose self-issued token was verified) presents to the credential service of `holder`.

    Asks for the holder's own DID document: its current and its earlier keys. Raises `Unauthenticated`, naming the check.
    """
    try:
        compact = parse_compact(text, MAX_ACCESS)
        claims = msgspec.json.decode(compact.payload, type=_Claims)
        scopes = parse_scopes(claims.scope)
    except (CallerError, ValueError, RecursionError) as fault:
        raise refusal("It cannot be read.", "token", "shape", of=_OF) from fault
    if compact.header.typ != KIND:
        raise refusal("It is not of this kind.", "header.typ", "kind", of=_OF)
    if claims.iss != holder or claims.aud != holder:
        raise refusal("It was not made by this holder.", "iss", "issuer", of=_OF)
    if claims.sub != bearer:
        raise refusal("It was made for somebody else.", "sub", "bearer", of=_OF)
    yield from prove(compact, holder, "capabilityInvocation", claims.iat, _OF)
    end = moment_of(claims.exp)
    check_validity(moment_of(claims.iat), end, now, leeway, _OF)
    assert end is not None
    return Access(Did(holder), Did(bearer), scopes, claims.jti, end, tuple(claims.spaces))
