"""What is known of mirrors. Every record carries its tenant; moments are UTC, sizes bytes."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from hanse.kernel.tenant import Did, Tenant

KEEP: Final = 3
"""How many versions of a mirror are kept, if nothing else is set."""


class MirrorState(StrEnum):
    """How a mirror is: kept up to date; being purged, because nobody gives it any right any more; gone."""

    ACTIVE = "active"
    PURGING = "purging"
    ENDED = "ended"


class Held(Struct, frozen=True):
    """A version that could not be destroyed, and who keeps it."""

    version: str
    reason: str


class Mirror(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A collection of a provider (one dataset: a folder with its manifest), held under one agreement, as versions of one name.

    `space` is the one by whose rules it is kept, `trusted` that its rulebook gives this right to a role, which we have to have.
    `every` is the time from one refresh to the next (none: by hand), `keep` how many versions stay. `due` is when something is to
    be done. `run` names the turn: the same turn goes on with what a crash has left. `version` is the newest, with how many files and
    bytes it has; `moved` are the bytes that the last refresh brought over the network, `moved_ever` all. `problem` says why the last
    refresh did not succeed. From `reported` on uses are to be reported (those of `recent` were);
    `salt` hides in reports who the users are. `receipts` are those of versions that were destroyed when it ended; `held` is what
    somebody keeps.
    """

    tenant: Tenant
    name: str
    provider: Did
    dataset: str
    agreement: str
    made: datetime
    by: str
    salt: str
    reported: datetime
    space: str = ""
    trusted: bool = False
    every: timedelta | None = None
    keep: int = KEEP
    stated: dict[str, str] = {}
    state: MirrorState = MirrorState.ACTIVE
    due: datetime | None = None
    run: int = 1
    transfer: str = ""
    failures: int = 0
    problem: str = ""
    version: str = ""
    count: int = 0
    size: int = 0
    checked: datetime | None = None
    moved: int = 0
    moved_ever: int = 0
    why: str = ""
    ended: datetime | None = None
    receipts: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    recent: tuple[str, ...] = ()


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be mirrored: a provider's collection, as versions of `name`. `stated` says what for, by left operand."""

    provider: Did
    dataset: str
    name: str
    every: timedelta | None = None
    keep: int = KEEP
    stated: dict[str, str] = {}
    offer: str | None = None


class Deal(Struct, frozen=True, kw_only=True):
    """An agreement that gives us a collection; `ended` says why it gives no right any more. `spaces` are those of its rules."""

    id: str
    spaces: tuple[str, ...] = ()
    ended: str = ""


class Judgement(Struct, frozen=True, kw_only=True):
    """Whether a space lets us keep mirrors now (absent: it cannot be told), and whether that rests on a trusted role."""

    yes: bool | None
    why: str = ""
    trusted: bool = False


class Fetched(Struct, frozen=True, kw_only=True):
    """What a fetch brought: bytes over the network, and whether the provider's checksums were there to compare with."""

    moved: int
    verified: bool


class Purged(Struct, frozen=True, kw_only=True):
    """What was destroyed: the ids of the receipts, and what somebody keeps."""

    receipts: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()


class Line(Struct, frozen=True, kw_only=True):
    """A use of a mirror by somebody: a DID, or an operator's id. Who it is leaves the factory as a salted digest only."""

    who: str
    use: str
    action: str
    at: datetime
    size: int = 0
    purpose: str | None = None


class Used(Struct, frozen=True, kw_only=True):
    """What one user used, as a report tells it: `user` is a digest."""

    user: str
    uses: int
    size: int


class Report(Struct, frozen=True, kw_only=True):
    """What was reported to the provider: since when, how often, how many bytes, by whom; the ids of the statements (none: no use)."""

    since: datetime
    at: datetime
    uses: int
    size: int
    users: tuple[Used, ...] = ()
    statements: tuple[str, ...] = ()


class MirrorChanged(Struct, frozen=True):
    """Event: something is to be done about a mirror, or was."""

    tenant: Tenant
    name: str
