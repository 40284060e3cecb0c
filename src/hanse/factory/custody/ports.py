"""What custody needs from outside. `app/factory/custody.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.evidence.kinds import Notice, Predicate
from hanse.evidence.statement import Subject
from hanse.factory.custody.records import Drill, Hold, Keeping, Owed
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")


class CustodyStore(Protocol):
    """The register: keepings, holds and the newest drill of each version."""

    def keeping(self, tenant: Tenant, version: str, keeper: str) -> Keeping | None:
        """Return what somebody keeps. Locked in a writing transaction."""
        ...

    def keepings(self, tenant: Tenant, version: str | None = None) -> Sequence[Keeping]:
        """Return all of them by version, or those of one."""
        ...

    def put_keeping(self, keeping: Keeping) -> None:
        """Insert or replace."""
        ...

    def drop_keeping(self, tenant: Tenant, version: str, keeper: str) -> None:
        """Forget one that was let go."""
        ...

    def hold(self, tenant: Tenant, id: str) -> Hold | None:
        """Return a hold. Locked in a writing transaction."""
        ...

    def holds(self, tenant: Tenant, version: str | None = None, *, standing: bool = False) -> Sequence[Hold]:
        """Return holds, oldest first; those on one version; with `standing` those that nobody has lifted."""
        ...

    def put_hold(self, hold: Hold) -> None:
        """Insert or replace."""
        ...

    def drill(self, tenant: Tenant, version: str) -> Drill | None:
        """Return the newest drill of a version."""
        ...

    def drills(self, tenant: Tenant) -> Sequence[Drill]:
        """Return the newest drill of each version."""
        ...

    def put_drill(self, drill: Drill) -> None:
        """Insert or replace."""
        ...


class CustodyTx(Protocol):
    """The part of a transaction that custody uses."""

    @property
    def custody(self) -> CustodyStore:
        """The register."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[Any], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[Any], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Logged(Struct, frozen=True):
    """An entry of the participant's signed log."""

    index: int
    at: datetime
    signer: Did
    says: Predicate


class Log(Protocol):
    """The signed log (the ledger)."""

    def append(self, tx: Any, tenant: Tenant, subject: Subject, says: Predicate) -> int:
        """State something in the caller's transaction; return its index."""
        ...

    def append_many(self, tx: Any, tenant: Tenant, said: Sequence[tuple[Subject, Predicate]]) -> Sequence[int]:
        """State several things at once, in their order; return their indexes."""
        ...

    async def of(self, tenant: Tenant, agreement: str, kinds: Collection[str]) -> Sequence[Logged]:
        """Return the entries of those kinds about an agreement (empty: about none), newest first, at most some 100,000."""
        ...


class Letters(Protocol):
    """Statements to providers."""

    async def look(self, tenant: Tenant, agreement: str) -> None:
        """Find out whether the other party takes statements, before one is made."""
        ...

    def tell(self, tx: Any, tenant: Tenant, notice: Notice) -> None:
        """State it in the caller's transaction, and send it to the other party."""
        ...


class Versions(Protocol):
    """Versions of datasets (the facility)."""

    async def get(self, tenant: Tenant, id: str) -> DatasetVersion | None:
        """Return a version by `name@number`, deleted or not; nothing if there never was one."""
        ...

    async def page(self, tenant: Tenant, *, name: str | None = None, agreement: str | None = None) -> Sequence[DatasetVersion]:
        """Return all versions, deleted ones, too; of one name, or of one agreement, what was made of such included."""
        ...

    async def made_of(self, tenant: Tenant, id: str) -> Sequence[DatasetVersion]:
        """Return the versions that one went into, deleted ones, too."""
        ...

    def known(self, tx: Any, tenant: Tenant, id: str) -> DatasetVersion | None:
        """Return a version, deleted or not, inside a transaction; what is being deleted has a `deleted`."""
        ...

    async def files(self, tenant: Tenant, id: str) -> Sequence[HeldFile] | None:
        """Return the files of a version; nothing if their list is gone."""
        ...

    def read(self, tenant: Tenant, id: str, path: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a file. Raises `NotFound`, `StorageFailed`."""
        ...

    async def holds_chunk(self, tenant: Tenant, id: str, blake3: str) -> bool:
        """Tell whether a version has a chunk of that BLAKE3."""
        ...


class Fetched(Struct, frozen=True, kw_only=True):
    """What came back when a version was read whole: files, bytes, and what was not as it was stored."""

    files: int
    size: int
    problems: tuple[str, ...] = ()


class Retrieval(Protocol):
    """Reads a version whole from where its bytes are, and checks each file's SHA-256 and the root."""

    async def fetch(self, tenant: Tenant, id: str, progress: Callable[[int], object]) -> Fetched:
        """Do so; `progress` hears how many bytes were read. Raises `NotFound`."""
        ...


class Contract(Struct, frozen=True, kw_only=True):
    """An agreement: between whom, since when, what it says in sentences, and how it ended, if it did."""

    id: str
    provider: Did
    consumer: Did
    since: datetime
    words: tuple[str, ...]
    ended: datetime | None = None
    end_reason: str = ""


class Agreements(Protocol):
    """Agreements (the connector), and what they owe (usage)."""

    async def get(self, tenant: Tenant, id: str) -> Contract | None:
        """Return an agreement, ended or not."""
        ...

    def deletions(self, tx: Any, tenant: Tenant, id: str) -> Sequence[Owed]:
        """Return the deletions that an agreement owes, inside a transaction."""
        ...

    def own(self, tx: Any, tenant: Tenant) -> Did:
        """Return the participant's DID."""
        ...


class Amount(Struct, frozen=True):
    """How much is in a version, as far as that is known."""

    records: int | None = None
    tokens: int | None = None


class Amounts(Protocol):
    """What was counted in versions (their documents)."""

    async def of(self, tenant: Tenant, id: str) -> Amount:
        """Return what is known of a version."""
        ...
