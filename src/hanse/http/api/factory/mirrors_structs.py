"""What the management interface takes and gives about mirrors. Sizes are in bytes, times in seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from hanse.http.api.structs import Address, Body, Line, PeerDid, Reason
from hanse.kernel.tenant import Did

Every = Annotated[int, Meta(ge=300, le=366 * 86_400, description="Seconds from one refresh to the next.")]
Keep = Annotated[int, Meta(ge=1, le=1_000, description="How many versions stay.")]


class NewMirror(Body, kw_only=True):
    """Whose collection (one dataset) is mirrored, as versions of which name; how often it is refreshed (absent: by hand).

    `stated` says what it is for, by left operand, e.g. `{"purpose": "dpv:ResearchAndDevelopment"}`. Without an agreement that stands,
    `offer`, or the first that is free, is taken as it is.
    """

    provider: PeerDid
    dataset: Address
    name: Line
    every: Every | None = None
    keep: Keep = 3
    stated: Annotated[dict[str, Address], Meta(max_length=16)] = field(default_factory=dict)
    offer: Address | None = None


class MirrorSchedule(Body, kw_only=True):
    """How often a mirror is refreshed (nothing: by hand), and how many versions stay; what is absent stays as it is."""

    every: Every | UnsetType | None = UNSET
    keep: Keep | UnsetType = UNSET


class MirrorEnd(Body, kw_only=True):
    """Why a mirror ends; it goes into the record, not to the provider."""

    reason: Reason = ""


class MirrorRecall(Body, kw_only=True):
    """Under which contract of ours mirrors are to be destroyed, and why; the other side is told."""

    contract: Address
    reason: Reason = ""


class KeptVersion(Struct, kw_only=True):
    """A version that is not destroyed yet, and who keeps it."""

    version: str
    reason: str


class Mirror(Struct, kw_only=True):
    """A mirror. `state` is `active`, `purging` or `ended`; `busy` tells that something is being done about it now.

    `version` is the newest, `moved` what the last refresh brought over the network, `moved_ever` all. `problem` says why the last
    refresh did not succeed; `due` is when it is tried again. `receipts` are those of the versions that were destroyed at its end.
    """

    name: str
    provider: Did
    dataset: str
    contract: str
    space: str
    trusted: bool
    state: str
    busy: bool
    every: int | None
    keep: int
    version: str | None
    files: int
    size: int
    checked: datetime | None
    moved: int
    moved_ever: int
    due: datetime | None
    problem: str
    made: datetime
    reported: datetime
    why: str
    ended: datetime | None
    receipts: list[str]
    kept: list[KeptVersion]


class MirrorUser(Struct, kw_only=True):
    """What one user used: `user` is a salted digest."""

    user: str
    uses: int
    size: int


class MirrorReport(Struct, kw_only=True):
    """What was reported to the provider; without any use there are no statements."""

    since: datetime
    at: datetime
    uses: int
    size: int
    users: list[MirrorUser]
    statements: list[str]


class RecalledMirror(Struct, kw_only=True):
    """The statement by which the other side was asked."""

    statement: str
