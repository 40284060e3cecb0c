"""Signed statements: something a participant declares to everybody, with a version that only grows.

A statement is a compact JWS whose `typ` says its kind. The first kind is the list of a space's members, kept by its
trust anchor. The signing key must be in the issuer's `assertionMethod` (DID Core, 5.3.2).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from hanse.identity.exchange import Exchange
from hanse.identity.jws import Compact, parse_compact
from hanse.identity.keys import SigningKey
from hanse.identity.proof import signed_by
from hanse.identity.self_issued import LEEWAY
from hanse.kernel.errors import CallerError, Invalid, PeerInvalid, Unauthenticated
from hanse.kernel.tenant import Did

B = TypeVar("B")

REGISTER: Final = "hanse-register+jwt"
"""The kind of a space's register; its body is a `Register`."""
MAX_STATEMENT: Final = 4 * 1024 * 1024
"""Characters of a statement."""
MAX_MEMBERS: Final = 10_000

_Seconds = Annotated[int, Meta(ge=0, le=253_370_764_800)]  # until 9999-01-01


class Member(Struct, frozen=True, omit_defaults=True):
    """One member of a space: DID, name for people, roles, and since when (aware, UTC).

    `hosting` is where an intermediary tells how it hosts others, if it does.
    """

    did: Annotated[str, Meta(min_length=1, max_length=512)]
    name: Annotated[str, Meta(max_length=200)]
    roles: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=16)]
    since: Annotated[datetime, Meta(tz=True)]
    hosting: Annotated[str, Meta(max_length=2048)] | None = None


class Issuer(Struct, frozen=True):
    """Whom the space trusts to issue credentials, and which types; within which bounds, its rulebook says."""

    did: Annotated[str, Meta(min_length=1, max_length=512)]
    types: Annotated[list[Annotated[str, Meta(max_length=128)]], Meta(max_length=64)]


class Register(Struct, frozen=True):
    """What a space publishes: its members, its trusted issuers, the version of its rulebook. A DID is on it once as a member.

    It tells where to look; who calls is let in by the credential that it presents. A second entry raises `ValueError`.
    """

    space: Annotated[str, Meta(min_length=1, max_length=128)]
    members: Annotated[list[Member], Meta(max_length=MAX_MEMBERS)]
    issuers: Annotated[list[Issuer], Meta(max_length=256)] = []
    rulebook: Annotated[int, Meta(ge=0)] = 0

    def __post_init__(self) -> None:
        if len({member.did for member in self.members}) != len(self.members):
            raise ValueError("A member is on the list twice")


class Statement(Struct, Generic[B], frozen=True):
    """A statement that was proved: who declared what, and from when (inclusive) until when (exclusive) it holds."""

    issuer: Did
    kind: str
    version: int
    issued: datetime
    expires: datetime
    body: B


class _Claims(Struct, Generic[B], frozen=True, forbid_unknown_fields=True):
    iss: str
    iat: _Seconds
    exp: _Seconds
    version: Annotated[int, Meta(ge=1, le=2**53)]
    body: B


def sign_statement(key: SigningKey, kind: str, body: Struct, *, version: int, now: datetime, lifetime: timedelta) -> str:
    """Sign `body` as a statement of the key's owner, e.g. `sign_statement(key, REGISTER, Register(...), ...)`.

    `version` starts at 1 and grows by one with each change; it is what keeps an old list from coming back. Raises
    `Invalid` if it does not, if the lifetime is below a second, or if the statement would be larger than anybody reads.
    """
    if version < 1:
        raise Invalid("A statement's version starts at 1.", where="version")
    if lifetime < timedelta(seconds=1):
        raise Invalid("A statement lives for at least a second.", where="lifetime")
    start = int(now.timestamp())
    claims = _Claims(key.did, start, start + int(lifetime.total_seconds()), version, body)
    text = key.sign(msgspec.json.encode(claims), {"typ": kind})
    if len(text) > MAX_STATEMENT:
        raise Invalid(f"The statement is longer than {MAX_STATEMENT} characters.", where="body")
    return text


def open_statement(
    text: str,
    kind: str,
    body: type[B],
    issuer: str,
    now: datetime,
    *,
    at_least: int = 1,
    leeway: timedelta = LEEWAY,
) -> Exchange[Statement[B]]:
    """Check a statement of that kind by that issuer (a DID) and return it, its body read as the type `body`.

    `at_least` is the highest version seen so far: an older statement is refused although its signature is good.
    Raises `PeerInvalid`, naming the check; a `PeerError` from the resolution passes through: trying again can help.
    """
    compact, claims = _read(text, kind, body)
    if claims.iss != issuer:
        raise _refusal("It was made by somebody else.", "issuer")
    try:
        document = yield from signed_by(compact, issuer, "assertionMethod", claims.iat)
    except Unauthenticated as fault:
        raise _refusal(fault.message, fault.rule) from fault
    if document.id != issuer:
        raise _refusal("The DID document of its issuer is another DID's.", "document")
    _check_times(claims.iat, claims.exp, now.timestamp(), leeway.total_seconds())
    if claims.version < at_least:
        raise _refusal(f"It is version {claims.version}, older than version {at_least}, which was seen already.", "rollback")
    issued, expires = (datetime.fromtimestamp(moment, UTC) for moment in (claims.iat, claims.exp))
    return Statement(Did(issuer), kind, claims.version, issued, expires, claims.body)


def _read(text: str, kind: str, body: type[B]) -> tuple[Compact, _Claims[B]]:
    try:
        compact = parse_compact(text, MAX_STATEMENT)
    except CallerError as fault:
        raise _refusal(fault.message, "shape") from None
    if compact.header.typ != kind:
        raise _refusal(f"It is not of the kind {kind}.", "kind")
    try:
        return compact, msgspec.json.decode(compact.payload, type=_Claims[body])  # type: ignore[valid-type]
    except (ValueError, RecursionError) as fault:
        raise _refusal("Its content does not have the shape of its kind.", "shape") from fault


def _check_times(issued: int, expires: int, now: float, leeway: float) -> None:
    if issued > now + leeway:
        raise _refusal("It was made in the future.", "not-yet")
    if expires <= issued or expires + leeway <= now:
        raise _refusal("It has expired.", "expired")


def _refusal(problem: str, rule: str) -> PeerInvalid:
    return PeerInvalid(f"The statement is refused. {problem}", rule=rule)
