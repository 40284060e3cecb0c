"""Builds the facility on that ground, and keeps the duties to delete what lies in it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, cast

from hanse.app.build import Ground
from hanse.app.evidence import EvidenceSide
from hanse.app.factory.deletions import Deletions
from hanse.dcat.holding import DatasetVersion, Origin
from hanse.evidence import kinds as k
from hanse.evidence.statement import Subject
from hanse.factory.facility.desk import Desk
from hanse.factory.facility.facility import Facility
from hanse.factory.facility.folders import take_folder
from hanse.factory.facility.jobs import Job, Jobs
from hanse.factory.facility.ports import FolderFile
from hanse.factory.facility.records import Intake
from hanse.factory.facility.removal import Removal
from hanse.factory.facility.stock import Stock
from hanse.factory.facility.vaults import Vaults
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Tenant
from hanse.ledger.ports import LedgerTx
from hanse.participants.records import ParticipantErased
from hanse.sources.confined import components, listing, open_below
from hanse.sources.files import FileSources
from hanse.storage import Tx
from hanse.storage.objects import open_objects

SWEEP: Final = timedelta(days=1)
log = logging.getLogger("hanse.facility")


class SignedReceipts:
    """The facility's receipts: entries of the signed log, and letters to providers."""

    def __init__(self, evidence: EvidenceSide, ground: Ground) -> None:
        self._evidence = evidence
        self._database = ground.database

    async def look(self, tenant: Tenant, agreement: str) -> None:
        """Find out whether the provider takes statements."""
        parties = await self._database.read(lambda tx: self._evidence.agreements.parties(tx, tenant, agreement))
        if parties is not None:
            await self._evidence.peers.look(parties.peer)

    def state(self, tx: Any, tenant: Tenant, version: DatasetVersion, says: k.Receipt | k.Notice) -> str:
        """Append a receipt, and send it to the provider, if there is one; return its id."""
        if says.agreement and self._evidence.agreements.parties(tx, tenant, says.agreement) is not None:
            return self._evidence.evidence.state(cast("LedgerTx", tx), tenant, says).id
        subject = Subject.of(version.id, version.root)
        return self._evidence.ledger.append_about(cast("LedgerTx", tx), tenant, subject, says).id


class ConfinedFolder:
    """A folder below an allowed root of a participant."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def files(self) -> Sequence[FolderFile]:
        """Return its files; those whose names begin with a dot are left out, as in offers."""
        return [FolderFile(one.path, one.stamp.size) for one in listing(self._descriptor)]

    def open(self, path: str) -> int:
        """Open one of them."""
        return open_below(self._descriptor, components(path), folder=False)

    def close(self) -> None:
        """Let go."""
        os.close(self._descriptor)


class Imports:
    """Takes data of one's own in from folders, and says so in the log."""

    def __init__(self, facility: Facility, evidence: EvidenceSide, folder: Callable[[Tenant, str], ConfinedFolder]) -> None:
        self._facility = facility
        self._ledger = evidence.ledger
        self._folder = folder

    def check(self, tenant: Tenant, path: str) -> None:
        """Raise unless the folder is there and the participant may read it."""
        self._folder(tenant, path).close()

    async def take(self, tenant: Tenant, path: str, name: str, origin: Origin, job: Job) -> DatasetVersion:
        """Store a folder as a version. Raises what `take_folder` raises."""
        folder = await asyncio.to_thread(self._folder, tenant, path)
        try:
            intaking = await self._facility.intake(tenant, Intake(name=name, origin=origin, dataset=path))
            await take_folder(intaking, folder, job.progress)
            return await intaking.commit(lambda tx, version: self._said(tx, tenant, version))
        finally:
            folder.close()

    def _said(self, tx: Any, tenant: Tenant, version: DatasetVersion) -> None:
        says = k.Acquired(version=version.id, dataset=version.name, root=version.root, count=version.count, size=version.size)
        self._ledger.append_about(tx, tenant, Subject.of(version.id, version.root), says)


class FacilitySide:
    """The facility with all that is done with it. `keepers` say which versions must stay."""

    def __init__(self, ground: Ground, evidence: EvidenceSide) -> None:
        settings, home = ground.settings, ground.settings.home_path
        hot = open_objects(settings.facility, home / "facility")
        cold = open_objects(settings.facility_cold, home / "facility-cold")
        self._database = ground.database
        self.stock = Stock(ground.database, hot, cold, Vaults(ground.database, hot, ground.sealer, ground.clock), ground.clock)
        self.facility = Facility(self.stock, ground.quotas.stored_bytes)
        self.removal = Removal(self.stock, SignedReceipts(evidence, ground))
        self.keepers = self.removal.keepers
        self.deletions = Deletions(ground.database, self.removal, evidence.ledger, ground.clock)
        self.jobs = Jobs(ground.clock)
        files = FileSources(ground.tenants.roots, home=settings.home)
        self.imports = Imports(self.facility, evidence, lambda tenant, path: ConfinedFolder(files.folder(tenant, path)))
        self.desk = Desk(self.facility, self.removal, self.jobs, self.imports)
        self._tasks: set[asyncio.Task[None]] = set()
        ground.database.subscribe(self._on_event)

    async def start(self) -> None:
        """Go on with deletions that were under way, and take away what is left of erased participants and broken writes."""
        before = self.stock.clock.now() - SWEEP
        for objects in (self.stock.hot, self.stock.cold):
            await objects.sweep(before)
        await self.removal.resume()
        for tenant in await self._database.read(_erased):
            await self._erase(tenant)

    async def stop(self) -> None:
        """Stop the jobs."""
        await self.jobs.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_event(self, event: object) -> None:
        if isinstance(event, ParticipantErased):
            task = asyncio.get_running_loop().create_task(self._erase(event.tenant))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _erase(self, tenant: Tenant) -> None:
        try:
            await self.removal.erase(tenant)
        except HanseError as error:
            log.error("What the erased participant %s had in the facility is still there: %s", tenant, error.message)


def _erased(tx: Tx) -> list[Tenant]:
    return [Tenant(name) for (name,) in tx.rows.all("SELECT tenant FROM tombstones")]
