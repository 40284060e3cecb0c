"""What a provider's data endpoint says with a status, for all who fetch: which error it is, and whether it can pass."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from hanse.kernel.errors import HanseError, NotReady, PeerInvalid, PeerRefused, PeerUnreachable, TooMany

LONGEST = 4_000
"""Bytes of a refusal that are read."""
_SAID = 2_000


class _Problem(Struct):
    """What we read of a problem document (RFC 9457)."""

    detail: str = ""


def fault_of(status: int, retry_after: str, body: bytes) -> HanseError | None:
    """Return the error that an answer tells, or nothing for one with data (200, 206) or without the range (416).

    `PeerUnreachable` can pass soon, `TooMany` and `NotReady` say when to come back; the others will not pass.
    """
    if status in (200, 206, 416):
        return None
    reason = body.decode(errors="replace")
    if status in (429, 503):
        pause = float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 9 else 1.0
        if f'"urn:hanse:problem:{NotReady.rule}"' in reason:
            return NotReady("The provider is still making what the agreement asks for.", retry_after=pause)
        return TooMany(f"The provider asks to come back later ({status}).", retry_after=pause)
    if status >= 500:
        return PeerUnreachable(f"The provider's data endpoint fails with {status}.")
    if status < 400:
        return PeerInvalid(f"The provider answers {status}, which is no data.")
    said = detail_of(body)
    return PeerRefused(
        f"The provider refuses the data with {status}" + (f": {said}" if said else "."), status=status, reason=reason or None
    )


def detail_of(body: bytes) -> str | None:
    """Return what a foreign problem document says in words, fit for a terminal, or nothing if this is none."""
    try:
        detail = msgspec.json.decode(body, type=_Problem).detail
    except (ValueError, RecursionError):
        return None
    return "".join(one if one.isprintable() else " " for one in detail[:_SAID]) or None
