"""What the custody register knows. Every record carries its tenant; moments are UTC, sizes bytes.

Reasons that a person gave stay here, with the salt of the digest that stands for them in the signed log.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from msgspec import Struct

from hanse.kernel.tenant import Tenant


class Note(Struct, frozen=True):
    """A person's words, and the salt (hexadecimal) of their digest."""

    text: str
    salt: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the salt and the words, in hexadecimal: what the log says of them."""
        return hashlib.sha256(bytes.fromhex(self.salt) + self.text.encode()).hexdigest()


class Keeping(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody (`keeper`: a DID or a name) keeps the bytes of a version until then. `entry` is the log's entry that says so.

    `reason` is the program's, e.g. `trained rain-net`; `note` a person's. A derived version stands `under` several agreements.
    """

    tenant: Tenant
    version: str
    root: str
    keeper: str
    since: datetime
    until: datetime
    entry: int
    reason: str = ""
    note: Note | None = None
    agreement: str | None = None
    under: tuple[str, ...] = ()

    @property
    def agreements(self) -> tuple[str, ...]:
        """All agreements under which the version stands."""
        return self.under if self.agreement is None else (self.agreement,)


class Hold(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A legal hold on a version, from `since` until it is lifted, or until `until`. `told`: its provider was told of it.

    Of a derived version, which stands `under` several agreements, all providers are told whose terms owe the deletion.
    """

    tenant: Tenant
    id: str
    version: str
    root: str
    since: datetime
    entry: int
    note: Note
    agreement: str | None = None
    until: datetime | None = None
    lifted: datetime | None = None
    lifted_entry: int | None = None
    told: bool = False
    under: tuple[str, ...] = ()
    told_under: tuple[str, ...] = ()

    @property
    def agreements(self) -> tuple[str, ...]:
        """All agreements under which the version stands."""
        return self.under if self.agreement is None else (self.agreement,)

    def stands(self, now: datetime) -> bool:
        """Tell whether it stops deletions."""
        return self.lifted is None and (self.until is None or now < self.until)


class Drill(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version was fetched back from its `tier` to prove that it can be: bytes read, seconds that it took, what was wrong."""

    tenant: Tenant
    version: str
    root: str
    at: datetime
    entry: int
    sound: bool
    tier: str
    files: int
    size: int
    seconds: float
    problems: tuple[str, ...] = ()

    @property
    def rate(self) -> float | None:
        """Bytes in a second."""
        return self.size / self.seconds if self.seconds > 0 else None


class Owed(Struct, frozen=True, kw_only=True):
    """A deletion that an agreement owes: by when (absent: not known yet), in words, and whether it is done or overdue."""

    path: str
    due: datetime | None
    words: str
    done: bool = False
    overdue: bool = False


class Conflict(Struct, frozen=True, kw_only=True):
    """A version is to be kept until `keep`, and to be deleted by `delete` (absent: a moment that is not known yet). In words: `text`."""

    version: str
    agreement: str
    keep: datetime
    delete: datetime | None
    text: str
