"""What operators ask of the facility: what takes long becomes a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hanse.dcat.holding import DatasetVersion, Origin
from hanse.factory.facility import tiers
from hanse.factory.facility.collecting import Collection
from hanse.factory.facility.facility import Facility, check_name
from hanse.factory.facility.jobs import Job, Jobs
from hanse.factory.facility.layout import SPAN
from hanse.factory.facility.records import Collected, Stored
from hanse.factory.facility.removal import Removal, Removed
from hanse.factory.facility.verifying import Verdict, Verification, versions_of
from hanse.kernel.errors import Forbidden, Invalid
from hanse.kernel.tenant import Tenant


class Importing(Protocol):
    """Takes data of one's own in from folders of this machine."""

    def check(self, tenant: Tenant, path: str) -> None:
        """Raise unless the folder is there and the participant may read it."""
        ...

    async def take(self, tenant: Tenant, path: str, name: str, origin: Origin, job: Job) -> DatasetVersion:
        """Store it as a version."""
        ...


class Desk:
    """The facility as operators see it."""

    def __init__(self, facility: Facility, removal: Removal, jobs: Jobs, importing: Importing) -> None:
        self.facility = facility
        self.jobs = jobs
        self._removal = removal
        self.importing = importing

    async def kept(self, tenant: Tenant, version: str) -> str | None:
        """Return why a version must stay, if it must. Raises `NotFound`."""
        stored = await self.facility.record(tenant, version)
        return await self.facility.stock.database.read(lambda tx: self._removal.kept(tx, stored.version))

    async def verify(self, tenant: Tenant, versions: Sequence[str]) -> Job:
        """Verify versions, or all. Raises `NotFound`, `TooMany`."""
        found: list[Stored] = [await self.facility.stored(tenant, one) for one in versions]
        if not versions:
            found = await versions_of(self.facility.stock, tenant)

        async def work(job: Job) -> Verdict:
            return await Verification(self.facility.stock, job.progress).run(found)

        return self.jobs.begin(tenant, "verify", work)

    async def collect(self, tenant: Tenant) -> Job:
        """Tidy up. Raises `TooMany`."""

        async def work(_job: Job) -> Collected:
            return await Collection(self.facility.stock, tenant).run()

        return self.jobs.begin(tenant, "collect", work)

    async def move(self, tenant: Tenant, version: str, tier: str) -> Job:
        """Move a version to a tier. Raises `NotFound`, `Invalid`, `TooMany`."""
        stored = await self.facility.stored(tenant, version)
        tiers.check(tier)

        async def work(_job: Job) -> DatasetVersion:
            return await tiers.move(self.facility.stock, stored, tier)

        return self.jobs.begin(tenant, "tier", work)

    async def take(self, tenant: Tenant, path: str, name: str, origin: Origin) -> Job:
        """Take a folder of this machine in as a version of one's own data. Raises `Invalid`, `Forbidden`, `SourceVanished`."""
        check_name(name)
        self.importing.check(tenant, path)

        async def work(job: Job) -> DatasetVersion:
            return await self.importing.take(tenant, path, name, origin, job)

        return self.jobs.begin(tenant, "import", work)

    async def delete(self, tenant: Tenant, version: str, reason: str) -> Removed:
        """Delete a version. Raises `NotFound`, `Conflict` (rule `kept`)."""
        return await self._removal.delete(tenant, version, reason)

    async def content(self, tenant: Tenant, version: str, path: str, start: int, length: int) -> bytes:
        """Return a part of a file of one's own data. Raises `Forbidden` for data under an agreement: its uses are decided and counted."""
        if not 0 < length <= SPAN or start < 0:
            raise Invalid(f"A part has 1 to {SPAN:,} bytes.", where="length", rule="range")
        stored = await self.facility.stored(tenant, version)
        if stored.version.agreements:
            raise Forbidden(
                f"{version} is kept under an agreement, so that each use of it is decided, counted and logged.",
                where="version",
                rule="agreement",
                hint=f"Open it: `hanse open {version}`.",
            )
        return b"".join([part async for part in self.facility.read(tenant, version, path, start, start + length)])
