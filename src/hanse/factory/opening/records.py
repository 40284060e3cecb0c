"""What is known of openings and leases. Every record carries its tenant; moments are UTC."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion
from hanse.kernel.tenant import Tenant


class Place(Struct, frozen=True):
    """Where a facility's objects are: two folders, or addresses of buckets; look in the hot one first."""

    hot: str
    cold: str


class Unlocked(Struct, frozen=True, kw_only=True):
    """A version with the name of its manifest in the facility, and the key (32 bytes) that opens this one manifest."""

    version: DatasetVersion
    manifest: str
    key: bytes

    def __repr__(self) -> str:
        return f"Unlocked({self.version.id!r})"


class Opening(Struct, frozen=True, kw_only=True):
    """An opening that was permitted: the use under each of the version's agreements. One's own data has none: nothing is counted there."""

    uses: tuple[str, ...]
    unlocked: Unlocked
    place: Place


class Lease(Struct, frozen=True, kw_only=True):
    """A version lent to a node. `holder` is the thumbprint (RFC 7638) of its key `jwk`; `uses` are the uses that were counted for it.

    A derived version is lent `under` all of its agreements, and `agreement` is absent. `statement` is the signed statement that it rests
    on. `used`, `gaps`, `log` (its SHA-256) and `returned` are set when its log came back.
    """

    tenant: Tenant
    id: str
    version: str
    root: str
    agreement: str | None
    holder: str
    jwk: dict[str, str]
    action: str
    stated: dict[str, str]
    openings: int
    granted: datetime
    until: datetime
    uses: tuple[str, ...] = ()
    statement: bytes = b""
    used: int | None = None
    gaps: tuple[str, ...] = ()
    log: str = ""
    returned: datetime | None = None
    under: tuple[str, ...] = ()

    @property
    def agreements(self) -> tuple[str, ...]:
        """All agreements under which the version is lent."""
        return self.under if self.agreement is None else (self.agreement,)
