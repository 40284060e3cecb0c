"""The refusals of claims, in words: which check, which credential, whose fault, what would help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hanse.identity.credentials.model import Verified, refusal
from hanse.kernel.errors import CallerError, ClaimsRefused, Forbidden, PeerError, PeerInvalid, PeerRefused, Unauthenticated
from hanse.kernel.tenant import Did

PASSING: Final = frozenset({"unresolved", "schema-unavailable", "status-unavailable"})
"""Rules of refusals that pass by themselves: somebody who could tell did not answer."""


def no_token() -> Unauthenticated:
    """Return the refusal of a caller that sent nothing with which its credentials could be asked for."""
    return Unauthenticated(
        "The token carries no access token, so the caller's credentials cannot be asked for.",
        where="token",
        rule="no-token",
        hint="Put an access token for your credential service into the claim `token` (DCP 1.0, 5.1).",
    )


def unanswered(holder: Did, fault: PeerError) -> Unauthenticated:
    """Return the refusal of a caller whose credential service gave no answer that can be read; not how we tried to reach it."""
    if isinstance(fault, PeerRefused):
        problem = f"refused to present, with HTTP {fault.status}"
    elif isinstance(fault, PeerInvalid):
        problem = "is not named in its DID document, or gave an answer that breaks the protocol"
    else:
        problem = "did not answer"
    return Unauthenticated(
        f"The credential service of {holder} {problem}.",
        where="token",
        rule="unanswered",
        hint="It has to be reached from here, and to answer the access token that was sent along; then try again.",
    )


def too_slow(holder: Did) -> Unauthenticated:
    """Return the refusal of a caller whose credentials could not be verified while somebody waits for it."""
    return Unauthenticated(
        f"What {holder} presented could not be verified in time.",
        where="token",
        rule="too-slow",
        hint="It presented very much, or what its credentials name (schemas, status lists) answers slowly; then try again.",
    )


def not_presented(peer: Did, kind: str) -> Forbidden:
    """Return the refusal of a peer that has not presented what it needs, while it is not there to be asked."""
    return Forbidden(
        f"{peer} has not presented a {kind}.", rule="not-presented", hint="It presents its credentials with its next protocol message."
    )


def named(fault: Unauthenticated, asked: Sequence[str]) -> Unauthenticated:
    """Return the fault in terms of types, where it is that something of what was asked for is missing."""
    kind = {f"scope[{number}]": kind for number, kind in enumerate(asked)}.get(fault.where or "")
    if fault.rule != "missing" or kind is None:
        return fault
    return refusal(f"It holds no {kind}, which was asked for.", kind, "missing", fault.hint, of="answer")


def refused(fault: Unauthenticated) -> CallerError:
    """Return the fault as what it is towards the caller: claims that are refused, or that cannot be judged now."""
    kind = Unauthenticated if fault.rule in PASSING else ClaimsRefused
    return kind(fault.message, where=fault.where, rule=fault.rule, hint=fault.hint)


def check_end(verified: Verified, now: datetime) -> None:
    """Check that a credential and its status lists have not ended by our own clock. Raises `Unauthenticated`.

    Clocks differ, so a signature that was just made is let through; what has ended could not be relied on for any time.
    """
    credential, again = verified.credential, verified.again
    if again is None or now < again:
        return
    if again == credential.valid_until:
        what, rule, hint = "It", "expired", "Ask its issuer for a new one."
    else:
        what, rule, hint = "Its status list", "status-expired", "Its issuer has to publish a new one."
    message = f"The credential {credential.name} is refused. {what} expired at {again:%Y-%m-%d %H:%M:%S} UTC."
    raise Unauthenticated(message, where="validUntil", rule=rule, hint=hint)
