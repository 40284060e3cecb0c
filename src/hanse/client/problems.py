"""From a problem document (RFC 9457) back to the error that it tells: the mirror of `http/errors.py`."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from hanse.kernel import errors as e

PREFIX = "urn:hanse:problem:"
_LONGEST = 2_000

_BY_STATUS: dict[int, type[e.HanseError]] = {
    400: e.Malformed,
    401: e.Unauthenticated,
    403: e.Forbidden,
    404: e.NotFound,
    409: e.Conflict,
    413: e.TooLarge,
    422: e.Invalid,
    502: e.PeerError,
    503: e.StorageFailed,
    504: e.PeerUnreachable,
    507: e.StorageFailed,
}
_BY_RULE: dict[str, type[e.HanseError]] = {
    kind.rule: kind for kind in (e.PeerInvalid, e.AddressRefused, e.SourceVanished, e.Misconfigured, e.PeerUnreachable, e.CallerError)
}
"""Types that share a status with another, told by the slug of their rule."""

_HINTS = {
    401: "`hanse up` writes the tokens of this machine's participants; elsewhere set HANSE_URL and HANSE_TOKEN.",
    500: "The server's log says more.",
}


class Problem(Struct):
    """A problem document; whatever a foreign server leaves out is empty."""

    type: str = ""
    title: str = ""
    detail: str = ""
    field: str | None = None
    hint: str | None = None


def error_of(status: int, body: bytes, retry_after: float | None = None) -> e.HanseError:
    """Return the error that an answer with this status and body tells. What is no problem document tells its status only."""
    problem = _read(body)
    rule = problem.type.removeprefix(PREFIX) if problem.type.startswith(PREFIX) else None
    message = (problem.detail or problem.title or f"The server answered HTTP {status}.")[:_LONGEST]
    if status == 429 or rule == e.NotReady.rule:
        later = e.TooMany if status == 429 else e.NotReady
        return later(message, retry_after=retry_after or 1.0, where=problem.field, hint=problem.hint)
    if rule == e.PeerRefused.rule:
        refused = e.PeerRefused(message, status=status)
        refused.hint = problem.hint
        return refused
    kind = _BY_RULE.get(rule or "") or _BY_STATUS.get(status) or (e.OwnError if status >= 500 else e.CallerError)
    return kind(message, where=problem.field, hint=problem.hint or _HINTS.get(status), rule=rule)


def _read(body: bytes) -> Problem:
    try:
        return msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, RecursionError):
        return Problem()
