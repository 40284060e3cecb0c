"""What the facility needs from outside. `app/` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion
from hanse.evidence.kinds import Notice, Receipt
from hanse.factory.facility.records import Pack, Staging, State, Stored, Vault
from hanse.kernel.tenant import Tenant

T = TypeVar("T")

Buffer = bytes | bytearray | memoryview


class Listed(Struct, frozen=True):
    """An object: its name, its size in bytes, and when it was written."""

    name: str
    size: int
    written: datetime


class Objects(Protocol):
    """Objects that are written whole, by name: `a/b/c`. All raise `StorageFailed` (rule `full` where there is no room any more)."""

    async def put(self, name: str, data: Buffer) -> None:
        """Write an object, or write it anew. When this returns it is durable; nobody ever sees a part of it."""
        ...

    async def get(self, name: str) -> bytes:
        """Return an object. Raises `NotFound`."""
        ...

    async def read(self, name: str, start: int, length: int) -> bytes:
        """Return a part of an object; less where it is shorter. Raises `NotFound`."""
        ...

    async def delete(self, name: str) -> None:
        """Delete an object, if it is there; where that is possible, its beginning is overwritten first."""
        ...

    def list(self, prefix: str) -> AsyncIterator[Listed]:
        """Yield the objects below `prefix` (a whole name in front of a `/`)."""
        ...

    async def room(self) -> int | None:
        """Return how many bytes may still be written, if that can be known."""
        ...

    async def sweep(self, before: datetime) -> None:
        """Take away what was being written before then, when a process ended."""
        ...


class FacilityStore(Protocol):
    """Vaults, versions, intakes under way with their journals, and packs. A read inside `run` locks the row."""

    def vault(self, tenant: Tenant, id: str) -> Vault | None:
        """Return a vault."""
        ...

    def vaults(self, tenant: Tenant, agreements: tuple[str, ...]) -> Sequence[Vault]:
        """Return the vaults that are or were there for exactly these agreements (sorted), or for data of one's own."""
        ...

    def vaults_under(self, tenant: Tenant, agreement: str) -> Sequence[Vault]:
        """Return the vaults that are or were there for an agreement, alone or with others."""
        ...

    def all_vaults(self, tenant: Tenant) -> Sequence[Vault]:
        """Return all vaults of a participant."""
        ...

    def leaving_vaults(self, limit: int) -> Sequence[Vault]:
        """Return vaults of all tenants that have been given up, and are not cleared."""
        ...

    def put_vault(self, vault: Vault) -> None:
        """Insert or replace."""
        ...

    def get(self, tenant: Tenant, name: str, number: int) -> Stored | None:
        """Return a version, whatever its state."""
        ...

    def add(self, stored: Stored) -> None:
        """Insert. Raises `Conflict` if there is one of that name and number."""
        ...

    def put(self, stored: Stored) -> None:
        """Replace."""
        ...

    def latest(self, tenant: Tenant, name: str, *, whole: bool = False) -> Stored | None:
        """Return the version with the highest number, or the highest that is whole."""
        ...

    def page(
        self, tenant: Tenant, *, name: str | None, agreement: str | None, gone: bool, after: tuple[str, int] | None, limit: int
    ) -> Sequence[Stored]:
        """Return up to `limit` versions by name and number, those after `after`: the whole ones, with `gone` all of them."""
        ...

    def of_vault(self, tenant: Tenant, vault: str, state: State | None = None) -> Sequence[Stored]:
        """Return the versions in a vault, by name and number."""
        ...

    def of_agreement(self, tenant: Tenant, agreement: str, state: State | None = None) -> Sequence[Stored]:
        """Return the versions under an agreement, derived ones included, by name and number."""
        ...

    def made_of(self, tenant: Tenant, version: str) -> Sequence[Stored]:
        """Return the versions that were made of one, by name and number, whatever their state."""
        ...

    def leaving(self, limit: int) -> Sequence[Stored]:
        """Return versions of all tenants whose deletion has begun and has not ended."""
        ...

    def count(self, tenant: Tenant) -> tuple[int, int]:
        """Return how many whole versions there are, and their size in all."""
        ...

    def staging(self, tenant: Tenant, id: str) -> Staging | None:
        """Return an intake."""
        ...

    def staging_of(self, tenant: Tenant, wish: str) -> Staging | None:
        """Return the intake for a wish."""
        ...

    def stagings(self, tenant: Tenant, vault: str | None = None) -> Sequence[Staging]:
        """Return the intakes under way; of one vault, if it is named."""
        ...

    def put_staging(self, staging: Staging) -> None:
        """Insert or replace."""
        ...

    def end_staging(self, tenant: Tenant, id: str) -> None:
        """Delete an intake and its journal."""
        ...

    def write_journal(self, tenant: Tenant, intake: str, number: int, data: bytes) -> None:
        """Add a page to an intake's journal."""
        ...

    def journal(self, tenant: Tenant, intake: str) -> Sequence[tuple[int, bytes]]:
        """Return the pages of an intake's journal, in order."""
        ...

    def packs(self, tenant: Tenant, vault: str | None = None) -> Sequence[Pack]:
        """Return packs; of one vault, if it is named."""
        ...

    def put_pack(self, pack: Pack) -> None:
        """Insert or replace."""
        ...

    def drop_pack(self, tenant: Tenant, vault: str, name: str) -> None:
        """Forget a pack: nothing may be made of it any more."""
        ...

    def taken(self, tenant: Tenant) -> tuple[int, int, int]:
        """Return how many bytes of packs a participant has in the hot tier and in the cold one, and how many of intakes under way."""
        ...


class FacilityTx(Protocol):
    """The part of a transaction that the facility uses."""

    @property
    def facility(self) -> FacilityStore:
        """What is stored."""
        ...

    def emit(self, event: object) -> None:
        """Hand `event` to the subscribers once the transaction has committed."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[Any], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[Any], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class FolderFile(Struct, frozen=True):
    """A file of a folder: its path in it, and its size."""

    path: str
    size: int


class Folder(Protocol):
    """A folder of plain files that a participant may read, and nothing outside of it."""

    def files(self) -> Sequence[FolderFile]:
        """Return its files, links and devices refused. Blocking. Raises `Invalid`, `SourceVanished`, `Forbidden`."""
        ...

    def open(self, path: str) -> int:
        """Return a descriptor of one of them, to be closed. Blocking. Raises as `files` does."""
        ...


class Sealer(Protocol):
    """Seals with the master key of the server."""

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt; `context` must be the same when it is opened."""
        ...

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Decrypt. Raises `Misconfigured`."""
        ...


class Receipts(Protocol):
    """Writes receipts of deletions into the participant's log, and sends them to the other party of the agreement."""

    async def look(self, tenant: Tenant, agreement: str) -> None:
        """Find out whether the other party takes statements, before one is made."""
        ...

    def state(self, tx: Any, tenant: Tenant, version: DatasetVersion, says: Receipt | Notice) -> str:
        """Append it in the caller's transaction, addressed to the provider if there is an agreement; return its id."""
        ...


Keeper = Callable[[Any, DatasetVersion], str | None]
"""Says why a version must stay, or nothing: `keeper(tx, version)`."""
Quota = Callable[[Tenant], int]
"""How many bytes a participant may have in the facility."""
