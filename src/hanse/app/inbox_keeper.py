"""Deletes what was pushed to this server when its deadline comes, and signs that it did.

A consumer that owes the deletion of data has it in hands that only it can see into; what lies in this server's own inbox and in its
facility, the server can delete itself. It does so a little before the deadline. What was fetched to other places, its holder deletes,
and says so with `hanse contracts deleted`.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from msgspec import Struct

from hanse.app.factory.deletions import Deletions
from hanse.client.ledger_model import Deleted
from hanse.client.receipts import list_of, listed
from hanse.dsp.messages import Role
from hanse.evidence import kinds as k
from hanse.evidence.statement import receipt_of
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError, NotFound
from hanse.kernel.tenant import Tenant
from hanse.ledger.exchange import Evidence
from hanse.odrl.names import DELETE, plain
from hanse.storage import Database, Tx
from hanse.usage.records import Owed

LEAD: Final = timedelta(minutes=10)
"""How long before the deadline it is done, so that the receipt arrives in time."""
BATCH: Final = 100
NOT_ALL: Final = "other copies are kept"
"""In the place of an obligation: the receipt is of some copies, and fulfils nothing yet."""
_USES: Final = 500

log = logging.getLogger("hanse.inbox")


class _Debt(Struct, frozen=True):
    """A deletion that is owed: by whom, under which agreement, as which obligation, and the transfers that brought the data."""

    tenant: Tenant
    agreement: str
    path: str
    transfers: tuple[str, ...]


class InboxKeeper:
    """A chore of the timer. `folder` tells where the data of a participant's transfers lies, one folder each."""

    def __init__(
        self, database: Database, folder: Callable[[Tenant], Path], evidence: Evidence, deletions: Deletions, clock: Clock
    ) -> None:
        self._database = database
        self._folder = folder
        self._evidence = evidence
        self._deletions = deletions
        self._clock = clock

    async def clear_due(self) -> None:
        """Delete what is owed to be deleted soon, and state so to its provider."""
        before = self._clock.now() + LEAD
        late = self._deletions.late if self._deletions.looks() else _none
        for debt in await self._database.read(lambda tx: _debts(tx, [*tx.owed.overdue(before, BATCH), *late(tx)])):
            try:
                await self._clear(debt)
            except (HanseError, OSError) as error:
                said = error.message if isinstance(error, HanseError) else str(error.strerror)
                log.error("Data that is owed to be deleted under %s is still there: %s", debt.agreement, said)

    async def next_due(self) -> datetime | None:
        """Return when the next deadline is near; those that are near already are looked at in every turn."""
        moment = await self._database.read(lambda tx: tx.owed.next_deadline())
        return None if moment is None or moment - LEAD <= self._clock.now() else moment - LEAD

    async def _clear(self, debt: _Debt) -> None:
        folders = [self._folder(debt.tenant) / transfer for transfer in debt.transfers]
        gone = await self._deletions.destroy(debt.tenant, debt.agreement)
        objects = await asyncio.to_thread(_delete, folders)
        says = None
        if objects:
            fields = receipt_of([k.Object(one.path, one.sha256, one.size) for one in objects])
            path = debt.path if gone else NOT_ALL
            says = k.Receipt(agreement=debt.agreement, what="deleted", obligation=path, **fields)  # type: ignore[arg-type]
        elif gone:
            says = await self._deletions.receipt(debt.tenant, debt.agreement, debt.path)
        if says is not None:
            await self._evidence.send(debt.tenant, says)
            for folder in folders:
                list_of(folder).unlink(missing_ok=True)


def _none(_tx: Tx) -> list[Owed]:
    return []


def _debts(tx: Tx, due: Sequence[Owed]) -> list[_Debt]:
    found = []
    for owed in due:
        contract = tx.contracts.get(owed.tenant, owed.agreement)
        if plain(owed.action) == DELETE and contract is not None and contract.role is Role.CONSUMER:
            found.append(_Debt(owed.tenant, owed.agreement, owed.path, tuple(_uses(tx, owed))))
    return found


def _uses(tx: Tx, owed: Owed) -> Iterator[str]:
    """Yield the ids of all uses under an agreement: what is signed as deleted is deleted whole."""
    after: str | None = None
    while page := tx.uses.page(owed.tenant, agreement=owed.agreement, after=after, limit=_USES):
        yield from (one.id for one in page)
        after = page[-1].id


def _delete(folders: Sequence[Path]) -> list[Deleted]:
    """Delete folders; return what was in them. Their lists stay until the receipt is signed: a crash in between loses nothing."""
    found: list[Deleted] = []
    for folder in folders:
        try:
            inside = listed(folder)
        except NotFound:
            continue
        if folder.exists():
            shutil.rmtree(folder)
        found += [Deleted(path=f"{folder.name}/{one.path}", sha256=one.sha256, size=one.size) for one in inside]
    return found
