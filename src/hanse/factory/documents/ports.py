"""What documents need from outside. `app/factory/documents.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.dcat.model import Dataset
from hanse.evidence.kinds import Documented, Predicate, Trained
from hanse.evidence.statement import Subject
from hanse.factory.documents.material import Contract
from hanse.factory.documents.proofs import Opinion
from hanse.factory.documents.records import Answer, Made
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")


class DocumentStore(Protocol):
    """Made documents, whose bytes are sealed, and answers."""

    def made(self, tenant: Tenant, subject: str) -> Sequence[Made]:
        """Return what was made of a subject, by kind."""
        ...

    def get(self, tenant: Tenant, subject: str, kind: str) -> tuple[Made, bytes] | None:
        """Return a document with its sealed bytes."""
        ...

    def put(self, made: Made, sealed: bytes) -> None:
        """Insert or replace."""
        ...

    def drop(self, tenant: Tenant, subject: str) -> None:
        """Delete everything that was made of a subject."""
        ...

    def answers(self, tenant: Tenant, about: str) -> Sequence[Answer]:
        """Return what was told about a dataset, a model or the participant, by field."""
        ...

    def tell(self, answer: Answer) -> None:
        """Insert or replace; an empty text takes the answer back."""
        ...


class DocumentsTx(Protocol):
    """The part of a transaction that documents use."""

    @property
    def documents(self) -> DocumentStore:
        """Documents and answers."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[Any], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[Any], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Versions(Protocol):
    """Versions of datasets (the facility)."""

    async def version(self, tenant: Tenant, name: str) -> DatasetVersion:
        """Return a version by `name@number`, or the newest of a bare name. Raises `NotFound`, `Invalid`."""
        ...

    async def files(self, tenant: Tenant, id: str) -> Sequence[HeldFile]:
        """Return its files. Raises `NotFound`, `StorageFailed`."""
        ...

    def read(self, tenant: Tenant, id: str, path: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a file. Raises `NotFound`, `StorageFailed`."""
        ...

    async def has(self, tenant: Tenant, name: str) -> bool:
        """Tell whether there is, or was, any version of a dataset of that name."""
        ...


class Safe(Protocol):
    """Keeps what was read out of data under the key of that data, so that both are deleted with it."""

    async def seal(self, tenant: Tenant, version: str, kind: str, data: bytes) -> bytes:
        """Return the bytes, encrypted. Raises `NotFound` for a version that is gone."""
        ...

    async def unseal(self, tenant: Tenant, version: str, kind: str, sealed: bytes) -> bytes:
        """Return what was sealed. Raises `NotFound`, `StorageFailed`."""
        ...


class Agreements(Protocol):
    """Agreements in words (the connector)."""

    async def contract(self, tenant: Tenant, id: str) -> Contract | None:
        """Return an agreement, ended or not."""
        ...

    def own(self, tenant: Tenant) -> Did:
        """Return the participant's DID."""
        ...


class Offers(Protocol):
    """What the participant offers itself."""

    async def dataset(self, tenant: Tenant, id: str) -> Dataset | None:
        """Return an offered dataset by its id."""
        ...


class Custody(Protocol):
    """Who keeps what until when, and models (custody)."""

    async def kept(self, tenant: Tenant, version: str) -> datetime | None:
        """Return until when the participant keeps the bytes of a version."""
        ...

    async def trainings(self, tenant: Tenant, model: str) -> tuple[str, Sequence[tuple[datetime, Trained]]]:
        """Return a model's name (it may be named by its SHA-256) and its trainings, newest first. Raises `NotFound`."""
        ...

    async def known(self, tenant: Tenant, id: str) -> DatasetVersion | None:
        """Return a version, deleted or not; nothing if there never was one."""
        ...


class Assessments(Protocol):
    """Signed assessments of versions (the quality relay)."""

    async def of(self, tenant: Tenant, version: str) -> Sequence[Opinion]:
        """Return those of a version, the newest first: our own, and others' whose signatures were proved."""
        ...


class Log(Protocol):
    """The participant's signed log."""

    def documented(self, tx: Any, tenant: Tenant, subject: Subject, says: Documented) -> None:
        """State in this transaction that a document was made."""
        ...

    async def said(self, tenant: Tenant, agreement: str, kinds: Collection[str], versions: Collection[str]) -> Sequence[Predicate]:
        """Return the participant's own statements of those kinds about versions under an agreement (empty: none), the newest first."""
        ...
