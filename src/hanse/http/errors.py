"""The one table from the tree of errors to HTTP: for our own interfaces (RFC 9457) and for the Dataspace Protocol.

The two differ. DSP 2025-1 knows 400 for what is wrong and 404 for what is not there, and wants both "not found" and
"not authorised" to look the same; our own interfaces say more. What is our own fault is told to nobody outside: the
log has it.
"""

from __future__ import annotations

import logging
import math
import traceback
from typing import Any, NamedTuple

from hanse.kernel import errors as e

_LOG = logging.getLogger("hanse.http")

PROBLEM_TYPE = "application/problem+json"
_OPAQUE = "Something went wrong on this side. Its operator finds it in the log."
_ABSENT = "There is no such thing for this caller."
_LONGEST = 2000


class Row(NamedTuple):
    """How one type of error is told: `title`; the status on our own interfaces and on DSP's.

    `public` replaces the message for everybody, `dsp_public` for peers only: where the message is for our operators'
    eyes (which address a name leads to, what exists for somebody else).
    """

    title: str
    own: int
    dsp: int
    public: str | None = None
    dsp_public: str | None = None


TABLE: dict[type[BaseException], Row] = {
    e.Malformed: Row("Cannot be read", 400, 400),
    e.Invalid: Row("Breaks a rule", 422, 400),
    e.Unauthenticated: Row("Not authenticated", 401, 401),
    e.ClaimsRefused: Row("Claims refused", 403, 403),
    e.Forbidden: Row("Not allowed", 403, 404, dsp_public=_ABSENT),
    e.NotFound: Row("Not found", 404, 404, dsp_public=_ABSENT),
    e.Conflict: Row("Not in this state", 409, 400),
    e.TooLarge: Row("Too large", 413, 413),
    e.TooMany: Row("Too many requests", 429, 429),
    e.NotReady: Row("Being made", 503, 503),
    e.CallerError: Row("Wrong request", 400, 400),
    e.AddressRefused: Row("Address refused", 422, 400, dsp_public="That address is not one that this side connects to."),
    e.PeerUnreachable: Row("Peer unreachable", 504, 502, dsp_public="An address that this takes did not answer."),
    e.PeerError: Row("Peer failed", 502, 502, dsp_public="An address that this takes did not answer as it should."),
    e.StorageFailed: Row("Storage failed", 503, 503, public="The storage of this side failed; nothing was changed."),
    e.SourceVanished: Row("Source vanished", 500, 500, public="The data is no longer where its owner said."),
    e.OwnError: Row("Own fault", 500, 500, public=_OPAQUE),
    Exception: Row("Own fault", 500, 500, public=_OPAQUE),
}
"""Looked up along the type's ancestors: the nearest entry counts."""

_FULL = frozenset({"storage-full"})  # rules of StorageFailed that are 507, Insufficient Storage
_LATER = frozenset({"anchor-unreachable"})  # rules of Forbidden that are 503: nobody was judged, the same request may pass in a minute


def status(error: BaseException, *, dsp: bool = False) -> int:
    """Return the HTTP status of `error`, on our own interfaces or on DSP's."""
    if isinstance(error, e.StorageFailed) and error.rule in _FULL:
        return 507
    if isinstance(error, e.Forbidden) and error.rule in _LATER:
        return 503
    row = _row(error)
    return row.dsp if dsp else row.own


def code(error: BaseException, *, dsp: bool = False) -> str:
    """Return the slug of the rule that was broken; `own` for our own faults, `not-found` for what DSP must not tell."""
    if not isinstance(error, e.HanseError):
        return e.OwnError.rule
    if dsp and isinstance(error, e.Forbidden | e.NotFound) and not isinstance(error, e.ClaimsRefused):
        return e.NotFound.rule
    return error.rule


def detail(error: BaseException, *, dsp: bool = False) -> str:
    """Return what may be said of `error` to who called: nothing of our inside, at most 2,000 characters."""
    row = _row(error)
    fixed = row.public or (row.dsp_public if dsp else None)
    if fixed is not None or not isinstance(error, e.HanseError):
        return fixed or _OPAQUE
    text = str(error) if dsp else error.message
    return text[:_LONGEST]


def headers(error: BaseException) -> dict[str, str]:
    """Return the headers that belong to `error`: Retry-After (whole seconds) and WWW-Authenticate."""
    if isinstance(error, e.TooMany | e.NotReady):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, e.Unauthenticated) else {}


def problem(error: BaseException) -> tuple[int, dict[str, Any]]:
    """Return status and body (RFC 9457, 3.1) of `error` for our own interfaces, and log it if it is our own fault.

    The body has `type` (`urn:hanse:problem:<rule>`), `title`, `status`, `detail`, and `field` and `hint` where known.
    """
    report(error)
    answer = status(error)
    body: dict[str, Any] = {
        "type": f"urn:hanse:problem:{code(error)}",
        "title": _row(error).title,
        "status": answer,
        "detail": detail(error),
    }
    if isinstance(error, e.HanseError) and not isinstance(error, e.OwnError):
        extra = {"field": error.where, "hint": error.hint}
        body |= {name: text[:_LONGEST] for name, text in extra.items() if text}
    return answer, body


def dsp_problem(error: BaseException) -> tuple[int, str, str]:
    """Return status, `code` and the one `reason` for a DSP error body, and log `error` if it is our own fault."""
    report(error)
    return status(error, dsp=True), code(error, dsp=True), detail(error, dsp=True)


def report(error: BaseException) -> None:
    """Log what is our own fault. Of unknown exceptions the type and the place only: their texts may hold secrets."""
    if isinstance(error, e.OwnError):
        _LOG.error("%s: %s", error.rule, error, extra={"rule": error.rule})
    elif not isinstance(error, e.HanseError):
        _LOG.error("unexpected %s", _whereabouts(error))


def _whereabouts(error: BaseException | None) -> str:
    """Return types and places of an exception and its causes, without a word of what they say."""
    said: list[str] = []
    while error is not None and len(said) < 5:
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        places = " < ".join(f"{frame.name} ({frame.filename.rpartition('/src/')[2]}:{frame.lineno})" for frame in reversed(frames))
        said.append(f"{type(error).__name__} in {places or 'an unknown place'}")
        error = error.__cause__ or error.__context__
    return ", from ".join(said)


def _row(error: BaseException) -> Row:
    return next((TABLE[kind] for kind in type(error).__mro__ if kind in TABLE), TABLE[Exception])
