"""Retrieval drills: versions are fetched back from where their bytes are, checked whole, and a report is written and stated.

What nobody has fetched back for years cannot be promised to an authority. A drill reads every byte, from either tier, through the same
path as a reader, and compares each file's SHA-256 and the root with what is in the log.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion
from hanse.evidence import kinds as k
from hanse.evidence.statement import Subject
from hanse.factory.custody.ports import CustodyTx, Database, Fetched, Log, Retrieval, Versions
from hanse.factory.custody.records import Drill
from hanse.factory.custody.register import Register
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError, Invalid, NotFound
from hanse.kernel.tenant import Tenant

MOST: Final = 10_000
"""Versions in one drill."""
_PROBLEMS: Final = 64
_LONGEST: Final = 500


class DrillReport(Struct, frozen=True, kw_only=True):
    """What a drill found: one line per version, and how long all of it took, in seconds."""

    began: datetime
    seconds: float
    drills: tuple[Drill, ...]

    @property
    def sound(self) -> bool:
        """Tell whether everything came back as it was stored."""
        return all(one.sound for one in self.drills)

    @property
    def size(self) -> int:
        """Bytes that were read."""
        return sum(one.size for one in self.drills)


class Drilling:
    """Runs drills."""

    def __init__(
        self,
        database: Database,
        log: Log,
        versions: Versions,
        retrieval: Retrieval,
        register: Register,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._database = database
        self._log = log
        self._versions = versions
        self._retrieval = retrieval
        self._register = register
        self._clock = clock
        self._chance = chance

    async def choose(self, tenant: Tenant, ids: Sequence[str] = (), sample: int | None = None) -> list[DatasetVersion]:
        """Return the versions to fetch back: those that are named, or a sample of those that are kept, or all that are overdue.

        Where nothing is in custody, a sample is drawn from all that is stored. Raises `NotFound`, `Invalid`.
        """
        if ids:
            return [await self._named(tenant, id) for id in dict.fromkeys(ids)][:MOST]
        kept = [one for one in await self._register.overview(tenant) if one.stored is not None and one.stored.deleted is None]
        if sample is None:
            now = self._clock.now()
            return [one.stored for one in kept if one.stored is not None and one.drill_due is not None and one.drill_due <= now]
        if sample < 1:
            raise Invalid("A sample has at least one version.", where="sample", rule="range")
        among = [one.stored for one in kept if one.stored is not None]
        if not among:
            among = [one for one in await self._versions.page(tenant) if one.deleted is None]
        return self._chance.sample(among, min(sample, len(among), MOST))

    async def run(
        self, tenant: Tenant, versions: Sequence[DatasetVersion], progress: Callable[[int, int], object] = lambda _done, _all: None
    ) -> DrillReport:
        """Fetch versions back, one after the other; state what was found."""
        began, whole, before = self._clock.now(), sum(one.size for one in versions), 0
        drills = []
        for version in versions:
            base = before
            drills.append(await self._one(tenant, version, lambda done, base=base: progress(base + done, whole)))  # type: ignore[misc]
            before += version.size
        return DrillReport(began=began, seconds=(self._clock.now() - began).total_seconds(), drills=tuple(drills))

    async def _one(self, tenant: Tenant, version: DatasetVersion, progress: Callable[[int], object]) -> Drill:
        began = self._clock.now()
        try:
            found = await self._retrieval.fetch(tenant, version.id, progress)
        except HanseError as error:
            found = Fetched(files=0, size=0, problems=(error.message,))
        now = self._clock.now()
        short = found.files != version.count or found.size != version.size
        problems = found.problems or (("not all of it came back",) if short else ())
        return await self._database.run(lambda tx: self._note(tx, version, found, problems, (now - began).total_seconds()))

    def _note(self, tx: CustodyTx, version: DatasetVersion, found: Fetched, problems: Sequence[str], seconds: float) -> Drill:
        """State and keep what was found. Problems name files, and paths may tell of persons: the log only has how many there are."""
        told = (f"{len(problems)} problems; the report names them",) if problems else ()
        says = k.Drilled(
            agreement=version.agreement or "",
            version=version.id,
            root=version.root,
            sound=not problems,
            size=found.size,
            seconds=max(0.0, seconds),
            problems=told,
        )
        entry = self._log.append(tx, version.tenant, Subject.of(version.id, version.root), says)
        drill = Drill(
            tenant=version.tenant,
            version=version.id,
            root=version.root,
            at=self._clock.now(),
            entry=entry,
            sound=not problems,
            tier=version.tier,
            files=found.files,
            size=found.size,
            seconds=seconds,
            problems=tuple(one[:_LONGEST] for one in problems[:_PROBLEMS]),
        )
        tx.custody.put_drill(drill)
        return drill

    async def _named(self, tenant: Tenant, id: str) -> DatasetVersion:
        found = await self._versions.get(tenant, id)
        if found is None or found.deleted is not None:
            what = "was deleted" if found is not None else "is not here"
            raise NotFound(f"The version {id[:120]!r} {what}: there is nothing to fetch back.", where="versions")
        return found
