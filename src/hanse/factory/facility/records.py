"""What the facility stores in the database and tells. Times are UTC, sizes bytes; every record carries its tenant.

Of the data itself there is nothing here: no key, no path of a file, no digest of a chunk. So a backup of the database opens no data
whose key was destroyed. What is taken in at the moment has its journal here, encrypted with the vault's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion, Origin, Source
from hanse.dcat.model import Dataset
from hanse.evidence.kinds import Object
from hanse.kernel.tenant import Did, Tenant


class Intake(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A wish: take in a new version of `name`. The fields are those of `dcat.holding.DatasetVersion`.

    The same wish again goes on with what the one before has left. Whoever may wish for the same twice, and mean two versions, names
    the turn in `run`. What is made of other versions names them in `made_of`, and all that it stands `under`.
    """

    name: str
    agreement: str | None = None
    provider: Did | None = None
    dataset: str | None = None
    offered: Dataset | None = None
    origin: Origin = Origin()
    order: str | None = None
    space: str | None = None
    sums: str = "measured"
    run: str = ""
    made_of: tuple[Source, ...] = ()
    under: tuple[str, ...] = ()
    made_by: str = ""

    @property
    def agreements(self) -> tuple[str, ...]:
        """All agreements under which it will stand."""
        return self.under if self.agreement is None else (self.agreement,)


class Vault(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is kept under one agreement, or under the same several, or of a participant's own, under one key.

    Once `destroyed`, nothing opens it again. `under` are the agreements where there are several (sorted), and `agreement` is absent then.
    From `cleared` on nothing of it is left in the facility.
    `purges` counts how often something was deleted out of it: an intake that began before may rest on what is gone.
    """

    tenant: Tenant
    id: str
    agreement: str | None = None
    made: datetime
    destroyed: datetime | None = None
    cleared: datetime | None = None
    purges: int = 0
    under: tuple[str, ...] = ()

    @property
    def agreements(self) -> tuple[str, ...]:
        """All agreements under which its content stands: each of them can have its key destroyed."""
        return self.under if self.agreement is None else (self.agreement,)


class Staging(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An intake under way. `holder` is drawn anew by whoever takes it up: what held it before can do nothing more.

    `purges` is the vault's when it was taken up.
    """

    tenant: Tenant
    id: str
    wish: str
    intake: Intake
    vault: str
    holder: str
    touched: datetime
    purges: int = 0


class State(StrEnum):
    """How a stored version is: whole; leaving, which no reader sees any more, and which is being deleted; gone."""

    WHOLE = "whole"
    LEAVING = "leaving"
    GONE = "gone"


class Farewell(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version's receipt will say: why it is deleted, and the objects as far as a receipt names them."""

    reason: str
    objects: tuple[Object, ...] = ()


class Stored(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version with the vault that holds it, the name of its manifest there, and how it is.."""

    version: DatasetVersion
    vault: str
    manifest: str
    state: State = State.WHOLE
    farewell: Farewell | None = None
    receipt: str = ""

    @property
    def tenant(self) -> Tenant:
        """Whose it is."""
        return self.version.tenant


class Pack(Struct, frozen=True):
    """A pack: which intake wrote it, how many bytes of it are taken, and in which tier it is."""

    tenant: Tenant
    vault: str
    name: str
    intake: str
    size: int
    tier: str = "hot"


class Usage(Struct, frozen=True, kw_only=True):
    """What a participant's data takes: bytes of packs in each tier, the versions' own size, how many there are, and the quota."""

    hot: int
    cold: int
    content: int
    versions: int
    quota: int
    staged: int = 0

    @property
    def taken(self) -> int:
        """Bytes in all."""
        return self.hot + self.cold


class Kept(Struct, frozen=True):
    """A version that was not deleted, and why."""

    version: str
    reason: str


class Collected(Struct, frozen=True, kw_only=True):
    """What tidying up did: bytes that are free now, objects and abandoned intakes taken away, and objects that nobody knows."""

    freed: int = 0
    objects: int = 0
    intakes: int = 0
    unknown: Sequence[str] = ()


class VersionStored(Struct, frozen=True):
    """Event: a version is there, whole."""

    tenant: Tenant
    id: str


class VersionDeleted(Struct, frozen=True):
    """Event: a version is gone; its receipt is in the log."""

    tenant: Tenant
    id: str
