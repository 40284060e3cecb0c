"""What the management API answers about mirrors. See `client.model`. Sizes are in bytes, times in seconds."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class KeptVersion(Struct, kw_only=True):
    """A version that is not destroyed yet, and who keeps it."""

    version: str
    reason: str


class Mirror(Struct, kw_only=True):
    """A mirror of a provider's collection. `state` is `active`, `purging` or `ended`; see the interface for the rest."""

    name: str
    provider: str
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
    receipts: list[str] = []
    kept: list[KeptVersion] = []


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
    users: list[MirrorUser] = []
    statements: list[str] = []


class Recalled(Struct, kw_only=True):
    """The statement by which the other side was asked."""

    statement: str
