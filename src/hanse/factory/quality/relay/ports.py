"""What the relay needs from outside. `app/factory/assessments.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from hanse.dcat.model import Claim, Dataset, Measured
from hanse.evidence.kinds import Assessed, Disputed
from hanse.evidence.statement import Subject as Named
from hanse.factory.quality.relay.records import Assessment
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")


class Subject(Struct, frozen=True, kw_only=True):
    """What was assessed, as it is now: a stored version, or an own asset.

    `root` is the Merkle root over its files, `content` names the content of an asset (changes when it does). `asset` tells which it is.
    """

    name: str
    root: str
    asset: bool = False
    content: str | None = None
    agreement: str = ""
    under: tuple[str, ...] = ()
    provider: Did | None = None
    offered: Dataset | None = None


class Entered(Struct, frozen=True):
    """An entry of our log: its id, when it was made, by whom, the SHA-256 of what was signed, and the envelope as it is."""

    id: str
    at: datetime
    by: Did
    hash: str
    raw: bytes


class Agreed(Struct, frozen=True):
    """What an agreement says of quality: the least values that it asks for, by metric, and its remedies and duties in words."""

    required: Mapping[str, Sequence[tuple[str, float]]]
    remedies: tuple[str, ...]
    words: tuple[str, ...]


class Material(Struct, frozen=True):
    """A document of a case file: its kind, its file's name, its bytes, its media type."""

    kind: str
    name: str
    content: bytes
    media_type: str


class Archive(Struct, frozen=True):
    """An archive of evidence, its SHA-256, and what is not in it."""

    content: bytes
    sha256: str
    missing: tuple[str, ...]


class AssessmentStore(Protocol):
    """Assessments, and the reports that are kept of them, sealed."""

    def get(self, tenant: Tenant, id: str) -> Assessment | None:
        """Return one, or nothing."""
        ...

    def add(self, one: Assessment, report: bytes) -> None:
        """Insert one with its sealed report."""
        ...

    def report(self, tenant: Tenant, id: str) -> bytes:
        """Return the sealed report; empty where none is kept."""
        ...

    def page(self, tenant: Tenant, *, about: str | None, after: str | None, limit: int) -> Sequence[Assessment]:
        """Return up to `limit`, newest first, those older than the id `after`."""
        ...


class RelayTx(Protocol):
    """The part of a transaction that the relay uses."""

    @property
    def assessments(self) -> AssessmentStore:
        """Assessments."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[Any], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[Any], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Subjects(Protocol):
    """Versions (the facility) and own assets (the connector)."""

    async def find(self, tenant: Tenant, name: str) -> Subject:
        """Return a version by `name@number`, the newest of a name, or an own asset by its id. Raises `NotFound`, `SourceVanished`."""
        ...

    async def declare(self, tenant: Tenant, asset: Subject, measures: Sequence[Measured], claims: Sequence[Claim]) -> Dataset:
        """Publish measures with an asset, none: take them back. Raises `Conflict` (`stale`) if its content is another by now."""
        ...


class Safe(Protocol):
    """Keeps reports under the key of the data that they tell of."""

    async def seal(self, tenant: Tenant, subject: Subject, id: str, data: bytes) -> bytes:
        """Return the report, encrypted."""
        ...

    async def unseal(self, tenant: Tenant, about: str, id: str, sealed: bytes) -> bytes:
        """Return it. Raises `NotFound` once the data is gone, `StorageFailed`."""
        ...


class Log(Protocol):
    """The participant's signed log, and statements to and of others."""

    def own(self, tenant: Tenant) -> Did:
        """Return the participant's DID."""
        ...

    def assessed(self, tx: Any, tenant: Tenant, subject: Named, says: Assessed) -> Entered:
        """State it in this transaction."""
        ...

    async def disputed(self, tenant: Tenant, says: Disputed) -> tuple[str, bool]:
        """State it to the other party of its agreement; return the entry's id, and whether that party takes statements."""
        ...

    async def prove(self, envelope: bytes, signer: Did) -> None:
        """Prove that `signer` signed it. Raises `CallerError` if not, `PeerError` if that cannot be found out now."""
        ...


class Agreements(Protocol):
    """Agreements (the connector)."""

    async def agreed(self, tenant: Tenant, id: str) -> Agreed | None:
        """Return what an agreement says of quality."""
        ...


class Archives(Protocol):
    """The export of evidence."""

    async def export(self, tenant: Tenant, version: str, also: Sequence[Material]) -> Archive:
        """Return all that proves something about a version, and these documents."""
        ...
