"""Self-issued ID tokens: who sends this message (DCP 1.0, 4.3).

`issue` makes one. `verify` is an exchange that checks one in the order of the standard and returns the `Caller`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import UNSET, Struct

from hanse.identity.exchange import Exchange
from hanse.identity.jws import Compact, parse_compact
from hanse.identity.keys import SigningKey
from hanse.identity.proof import signed_by
from hanse.kernel.errors import CallerError, Invalid, PeerError, Unauthenticated
from hanse.kernel.tenant import Did

LIFETIME: Final = timedelta(minutes=5)
"""How long our own tokens live, at most."""
MAX_LIFETIME: Final = timedelta(minutes=10)
"""How long a peer's token may live."""
LEEWAY: Final = timedelta(seconds=30)
"""How far clocks may differ; DCP asks for less than 60 s."""
MAX_TOKEN: Final = 8 * 1024
"""Characters of a token."""
MAX_JTI: Final = 256
"""Characters of a `jti`."""

_ROUNDING: Final = timedelta(seconds=1)  # a peer that reads its clock once for `iat` and once more for `exp` may pass a second's end
_LAST_DATE: Final = 253_370_764_800  # 9999-01-01; also keeps the arithmetic below inside what a datetime can hold


class _Claims(Struct, frozen=True, omit_defaults=True):
    iss: str
    sub: str
    aud: str | list[str]
    jti: str
    iat: int | float
    exp: int | float
    nbf: int | float | None = None
    token: str | None = None
    vc: object = UNSET
    vp: object = UNSET


_claims = msgspec.json.Decoder(_Claims)
_encoder = msgspec.json.Encoder()


class Caller(Struct, frozen=True):
    """Who sent a message, proved.

    Whoever acts on the message records (audience, jti) until `expires` in the transaction that the message causes, and
    refuses a pair that is already there. `expires` is the moment from which `verify` refuses the token, leeway included.
    `token` is the opaque `token` claim, with which a verifier may ask the caller's credential service.
    """

    did: Did
    audience: Did
    jti: str
    expires: datetime
    token: str | None = None


def issue(
    key: SigningKey,
    issuer: str,
    audience: str,
    now: datetime,
    jti: str,
    lifetime: timedelta = LIFETIME,
    *,
    token: str | None = None,
) -> str:
    """Make a token by which `issuer` proves itself to `audience` (both DIDs) once, from `now` for `lifetime`.

    Raises `Invalid` if the key is not the issuer's, or the lifetime is not between 1 s and 5 minutes.
    """
    if key.did != issuer:
        raise Invalid("The key is not one of the issuer's.", where="issuer")
    if not timedelta(seconds=1) <= lifetime <= LIFETIME:
        raise Invalid("A token lives for 1 second to 5 minutes.", where="lifetime")
    start = int(now.timestamp())
    claims = _Claims(issuer, issuer, audience, jti, start, start + int(lifetime.total_seconds()), token=token)
    return key.sign(_encoder.encode(claims), {"typ": "JWT"})


def verify(text: str, audience: str, now: datetime, leeway: timedelta = LEEWAY, *, since: datetime | None = None) -> Exchange[Caller]:
    """Check a token in the order of DCP 1.0, 4.3.3, and return who sent it.

    `text` is the compact JWT without `Bearer`, `audience` the DID of the participant that was called. What was made before
    `since` is refused: whether it was used then, the audience has no record of any more. Yields
    `ResolveDid` once, and once more with `fresh` where a replaced key would explain the failure. Raises
    `Unauthenticated` for everything that fails, naming the check and never the token. Step 7, the replay, is the caller's: see `Caller`.
    """
    if not timedelta(0) <= leeway < timedelta(seconds=60):
        raise Invalid("The leeway is not below 60 seconds.", where="leeway")
    compact, claims = _read(text)
    _check_parties(claims, audience)  # steps 1 and 2
    try:
        document = yield from signed_by(compact, claims.iss, "capabilityInvocation", claims.iat)  # step 3
    except Unauthenticated as fault:
        raise _refusal(fault.message, fault.where or "token", fault.rule, fault.hint) from fault
    except PeerError as fault:  # its text may tell what our network looks like from inside, so it stays in the log
        raise _refusal("The DID document of its issuer could not be fetched.", "iss", "unresolved") from fault
    if document.id != claims.sub:  # step 4
        raise _refusal("The DID document of its issuer is another DID's.", "sub", "document")
    _check_dates(claims, now.timestamp(), leeway.total_seconds())  # steps 5 and 6
    _check_remembered(claims, since, leeway.total_seconds())
    expires = datetime.fromtimestamp(claims.exp, UTC) + leeway
    return Caller(Did(claims.iss), Did(audience), claims.jti, expires, claims.token)  # step 7 happens where this is acted on


def _refusal(problem: str, where: str, rule: str, hint: str | None = None) -> Unauthenticated:
    return Unauthenticated(f"The token is refused. {problem}", where=where, rule=rule, hint=hint)


def _read(text: str) -> tuple[Compact, _Claims]:
    try:
        compact = parse_compact(text, MAX_TOKEN)
    except CallerError as fault:
        raise _refusal(fault.message, fault.where or "token", "shape", fault.hint) from None
    try:
        claims = _claims.decode(compact.payload)
    except msgspec.ValidationError as fault:  # its text names the claim and the types, not the value
        raise _refusal(f"Its claims are not as they must be: {fault}.", "claims", "claims") from None
    except (ValueError, RecursionError):
        raise _refusal("Its claims are not a JSON object.", "claims", "claims") from None
    # A presentation names the same parties, lives as long and has the same key: whoever was shown one must not be able to call with it.
    if (compact.header.typ or "JWT").upper() != "JWT" or claims.vc is not UNSET or claims.vp is not UNSET:
        raise _refusal("It is a signed text of another kind, not a token.", "header.typ", "kind")
    _check_ranges(claims)
    return compact, claims


def _check_ranges(claims: _Claims) -> None:
    if not 1 <= len(claims.jti) <= MAX_JTI:
        raise _refusal(f"Its jti does not have 1 to {MAX_JTI} characters.", "jti", "claims")
    for name, moment in (("iat", claims.iat), ("exp", claims.exp), ("nbf", claims.nbf)):
        if moment is not None and not 0 <= moment <= _LAST_DATE:
            raise _refusal(f"Its {name} is not a date.", name, "claims")


def _check_parties(claims: _Claims, audience: str) -> None:
    # 1. The sender speaks for itself.
    if claims.iss != claims.sub:
        raise _refusal("Its iss and sub differ.", "iss", "issuer")
    # 2. It was made for us, and for nobody else.
    named = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if named != [audience]:
        raise _refusal("Its aud is not the participant that was called, alone.", "aud", "audience")


def _check_dates(claims: _Claims, now: float, leeway: float) -> None:
    # 5. Not before its time.
    if claims.nbf is not None and claims.nbf > now + leeway:
        raise _refusal("Its nbf lies in the future.", "nbf", "not-yet", "Compare the clocks.")
    # 6. Not after its time, not from the future, and not made for longer than a token may live.
    if claims.exp + leeway <= now:
        raise _refusal("It has expired.", "exp", "expired", "Sign a fresh token for each request, and compare the clocks.")
    if claims.iat > now + leeway:
        raise _refusal("Its iat lies in the future.", "iat", "not-yet", "Compare the clocks.")
    if not 0 < claims.exp - claims.iat <= (MAX_LIFETIME + _ROUNDING).total_seconds():
        raise _refusal("It lives longer than 10 minutes, or ends before it begins.", "exp", "lifetime")


def _check_remembered(claims: _Claims, since: datetime | None, leeway: float) -> None:
    # Its maker's clock may have been ahead when it was used, by as much as was let through then.
    if since is not None and claims.iat < since.timestamp() + leeway:
        raise _refusal(
            "It was made before this server was restored from a backup.", "iat", "before-restore", "Sign a fresh token in a minute."
        )
