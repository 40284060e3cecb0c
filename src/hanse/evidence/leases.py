"""Leases: a node without network opens a version, and keeps a log of it that nobody can shorten or reorder unseen. Pure.

A lease file is JSON: the signed statement (`Leased`, in DSSE), and a JWE (RFC 7516, ECDH-ES+A256KW) that only the node's key opens; in it
are the keys of the version, bound to the statement by its hash. Each opening adds a line to the log: it names the hash of the line before
it (the first one that of the statement), and is signed by the node. So what was logged cannot be changed; what was cut off at the end
shows only where the node's word is compared with something else, and the lease says how often it may be used in all.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from hanse.evidence.dsse import Check, Sign, read_envelope
from hanse.evidence.kinds import Leased
from hanse.evidence.statement import statement_of
from hanse.kernel.errors import Invalid, Malformed, TooLarge

FORMAT: Final = 1
MAX_LEASE: Final = 256 * 1024
"""Bytes of a lease file."""
MAX_LINES: Final = 100_000
"""Openings of one lease."""
MAX_LINE: Final = 8 * 1024
_encode = msgspec.json.Encoder(order="deterministic").encode


class LeaseFile(Struct, frozen=True):
    """A lease as a file: the statement as it is in the factory's log, and what only the node can open."""

    format: int
    statement: msgspec.Raw
    sealed: Annotated[str, Meta(max_length=MAX_LEASE)]

    @property
    def digest(self) -> str:
        """The SHA-256 of the statement's payload, with which its log begins."""
        return hashlib.sha256(read_envelope(bytes(self.statement)).payload).hexdigest()

    @property
    def terms(self) -> Leased:
        """What the lease permits. Raises `Malformed` for a statement of another kind."""
        says = statement_of(read_envelope(bytes(self.statement))).predicate
        if not isinstance(says, Leased):
            raise Malformed("The file holds no lease.", where="statement", rule="lease")
        return says


class Keys(Struct, frozen=True, kw_only=True):
    """What is sealed for the node: `lease` is the digest of the statement that it belongs to; the rest says where and how to read."""

    lease: str
    hot: str
    cold: str
    manifest: str
    key: str

    def __repr__(self) -> str:
        return f"Keys({self.lease!r})"


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One opening: its number (from 1), when, for which action and purpose, and the hash of the line before."""

    number: Annotated[int, Meta(ge=1, le=MAX_LINES)]
    at: Annotated[datetime, Meta(tz=True)]
    action: Annotated[str, Meta(max_length=2048)]
    before: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    purpose: Annotated[str, Meta(max_length=2048)] = ""


class SignedLine(Struct, frozen=True):
    """A line with the node's signature over it (base64url)."""

    line: msgspec.Raw
    signature: str


class Checked(Struct, frozen=True, kw_only=True):
    """What a log of a lease tells: its openings, what is wrong with them in words, and the SHA-256 of the whole log."""

    openings: tuple[Line, ...]
    gaps: tuple[str, ...]
    sha256: str


def read_lease(raw: bytes) -> LeaseFile:
    """Read a lease file. Raises `TooLarge`, `Malformed`."""
    if len(raw) > MAX_LEASE:
        raise TooLarge(f"A lease has at most {MAX_LEASE} bytes.", where="lease")
    try:
        found = msgspec.json.decode(raw, type=LeaseFile)
    except (ValueError, RecursionError):
        raise Malformed("This is no lease.", where="lease", rule="lease", hint="`hanse lease give` makes one.") from None
    if found.format != FORMAT:
        raise Malformed(f"The lease is of format {found.format}, and only {FORMAT} is known.", where="lease", rule="lease")
    found.terms  # noqa: B018 - a lease that cannot be read is none
    return found


def write_line(line: Line, sign: Sign) -> bytes:
    """Return a line of the log, signed, without the line feed."""
    text = _encode(line)
    return _encode(SignedLine(msgspec.Raw(text), urlsafe_b64encode(sign(text)).decode("ascii")))


def hash_of(line: bytes) -> str:
    """Return the hash by which the next line names this one."""
    return hashlib.sha256(line).hexdigest()


def check_log(log: bytes, lease: LeaseFile, check: Check) -> Checked:
    """Check a log line by line; `check` verifies the node's signatures. Raises `TooLarge`, and `Invalid` naming the first false line."""
    lines = log.splitlines()
    if len(lines) > MAX_LINES:
        raise TooLarge(f"A lease's log has at most {MAX_LINES} lines.", where="log")
    terms, before, found = lease.terms, lease.digest, list[Line]()
    for number, raw in enumerate(lines, 1):
        line = _line(raw, number, check)
        if line.number != number or line.before != before:
            raise Invalid(f"Line {number} of the log does not follow the one before it.", where=f"log[{number}]", rule="lease-log")
        found.append(line)
        before = hash_of(raw)
    return Checked(openings=tuple(found), gaps=tuple(_gaps(found, terms)), sha256=hashlib.sha256(log).hexdigest())


def permits(terms: Leased, action: str, purpose: str, taken: int, now: datetime, last: datetime | None) -> str:
    """Return why a lease does not permit one more opening now; empty if it does. `last` is when the one before it was."""
    if last is not None and now < last:
        return f"The clock of this machine was set back: the last opening was at {last:%Y-%m-%d %H:%M:%S} UTC."
    if now >= terms.until:
        return f"The lease {terms.lease} ended at {terms.until:%Y-%m-%d %H:%M:%S} UTC."
    if taken >= terms.openings:
        return f"The lease {terms.lease} permits {terms.openings} openings, and all are used up."
    if action != terms.action:
        return f"The lease {terms.lease} is for another action: {terms.action}."
    if purpose and purpose != (terms.purpose or ""):
        return f"The lease {terms.lease} is for another purpose: {terms.purpose or 'none was stated'}."
    return ""


def _line(raw: bytes, number: int, check: Check) -> Line:
    where = f"log[{number}]"
    try:
        if len(raw) > MAX_LINE:
            raise ValueError
        signed = msgspec.json.decode(raw, type=SignedLine)
        line = msgspec.json.decode(signed.line, type=Line)
        signature = urlsafe_b64decode(signed.signature)
    except (ValueError, Error, RecursionError):
        raise Invalid(f"Line {number} of the log cannot be read.", where=where, rule="lease-log") from None
    if not check(bytes(signed.line), signature):
        raise Invalid(f"Line {number} of the log is not signed by the node of the lease.", where=where, rule="lease-log")
    return line


def _gaps(lines: Sequence[Line], terms: Leased) -> list[str]:
    gaps, last = list[str](), None
    for line in lines:
        why = permits(terms, line.action, line.purpose, line.number - 1, line.at, last)
        last = line.at
        if why and len(gaps) < 50:
            gaps.append(f"Opening {line.number}: {why}")
    return gaps
