"""One tree of errors; adapters turn a type into a status code in exactly one place (`http/errors.py`).

HanseError
├── CallerError              whoever called us did something wrong; nothing has changed
│   ├── Malformed            it cannot be read at all: bytes, JSON, types, depth
│   ├── Invalid              it can be read, but a named field breaks a named rule
│   ├── Unauthenticated      who is calling could not be proved
│   ├── Forbidden            who is calling is known, and may not do this
│   │   └── ClaimsRefused    because the credentials that it presented do not prove what it must be
│   ├── NotFound             there is no such thing for this caller
│   ├── Conflict             the thing is there, but its state does not allow this
│   ├── TooLarge             over a stated limit of size
│   ├── TooMany              over a stated limit of rate or quota; says when to come back
│   └── NotReady             what was asked for is being made; says when to come back
├── PeerError                the other side's fault, or the way to it
│   ├── PeerUnreachable      no usable answer; trying again can help
│   ├── PeerRefused          a clear no, with the status and the reason that came with it
│   ├── PeerInvalid          an answer that breaks the protocol
│   └── AddressRefused       we will not connect there (private, link-local, not listed, bad scheme)
└── OwnError                 our own side's fault
    ├── Misconfigured        a setting is missing, wrong or unsafe
    ├── SourceVanished       the bytes of an asset are no longer where its owner said
    └── StorageFailed        the database or the disk could not do it (full, locked, gone)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class HanseError(Exception):
    """What is wrong, where, and what would help, in the caller's terms.

    `message` is one sentence without secrets. `where` names the field, header or setting (a path such as
    `offer.permission[0].action`). `hint` says what would help. `rule` is a stable slug for programs.
    """

    rule = "error"
    keep: Callable[[Any], object] | None = None
    """Work that the database does in place of what the error undoes, e.g. record that a token was used."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None, rule: str | None = None):
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        if rule is not None:
            self.rule = rule

    def __str__(self) -> str:
        """Return the message with its place and its hint, as a person reads it."""
        place = f" (at {self.where})" if self.where else ""
        help_ = f" {self.hint}" if self.hint else ""
        return f"{self.message}{place}{help_}"


class CallerError(HanseError):
    """Whoever called us did something wrong. Nothing has changed."""

    rule = "caller"


class Malformed(CallerError):
    """The input cannot be read at all."""

    rule = "malformed"


class Invalid(CallerError):
    """A named field breaks a named rule."""

    rule = "invalid"


class Unauthenticated(CallerError):
    """Who is calling could not be proved."""

    rule = "unauthenticated"


class Forbidden(CallerError):
    """Who is calling is known, and may not do this."""

    rule = "forbidden"


class ClaimsRefused(Forbidden):
    """Who is calling is known, but the credentials that it presented do not prove what it must be."""

    rule = "claims"


class NotFound(CallerError):
    """There is no such thing for this caller."""

    rule = "not-found"


class Conflict(CallerError):
    """The thing is there, but its state does not allow this."""

    rule = "conflict"


class TooLarge(CallerError):
    """Over a stated limit of size."""

    rule = "too-large"


class TooMany(CallerError):
    """Over a stated limit of rate or quota. `retry_after` is in seconds."""

    rule = "too-many"

    def __init__(self, message: str, *, retry_after: float, where: str | None = None, hint: str | None = None):
        super().__init__(message, where=where, hint=hint)
        self.retry_after = retry_after


class NotReady(CallerError):
    """What was asked for is being made. `retry_after` is in seconds."""

    rule = "not-ready"

    def __init__(self, message: str, *, retry_after: float, where: str | None = None, hint: str | None = None):
        super().__init__(message, where=where, hint=hint)
        self.retry_after = retry_after


class PeerError(HanseError):
    """The other side's fault, or the way to it."""

    rule = "peer"


class PeerUnreachable(PeerError):
    """No usable answer came. Trying again can help."""

    rule = "peer-unreachable"


class PeerRefused(PeerError):
    """A clear no. `status` is the HTTP status, `code` and `reason` what the error body said, if anything."""

    rule = "peer-refused"

    def __init__(self, message: str, *, status: int, code: str | None = None, reason: str | None = None):
        super().__init__(message)
        self.status = status
        self.code = code
        self.reason = reason


class PeerInvalid(PeerError):
    """An answer that breaks the protocol."""

    rule = "peer-invalid"


class AddressRefused(PeerError):
    """We will not connect to that address."""

    rule = "address-refused"


class OwnError(HanseError):
    """Our own side's fault."""

    rule = "own"


class Misconfigured(OwnError):
    """A setting is missing, wrong or unsafe."""

    rule = "misconfigured"


class SourceVanished(OwnError):
    """The bytes of an asset are no longer where its owner said."""

    rule = "source-vanished"


class StorageFailed(OwnError):
    """The database or the disk could not do it."""

    rule = "storage-failed"
