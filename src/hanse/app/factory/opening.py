"""Builds the opening of stored versions, and fills its ports with the facility, usage and the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from hanse.app.build import Ground
from hanse.app.evidence import EvidenceSide
from hanse.evidence.kinds import Predicate
from hanse.evidence.statement import Subject
from hanse.factory.facility.facility import Facility
from hanse.factory.opening.leases import Lending
from hanse.factory.opening.openings import Openings
from hanse.factory.opening.records import Place, Unlocked
from hanse.kernel.errors import Conflict, Forbidden
from hanse.kernel.tenant import Tenant
from hanse.ledger.ports import LedgerTx
from hanse.usage.openings import Openings as UsageOpenings


class FacilityKeys:
    """Versions with their keys, out of the facility."""

    def __init__(self, facility: Facility) -> None:
        self._facility = facility

    async def unlocked(self, tenant: Tenant, version: str) -> Unlocked:
        """Return a version with its key; of a bare name the newest version."""
        named = version if "@" in version else (await self._facility.version(tenant, version)).id
        opened = await self._facility.opened(tenant, named)
        return Unlocked(version=opened.version, manifest=opened.manifest, key=opened.key)


class CountedUses:
    """Uses, as the decision point decides and counts them."""

    def __init__(self, openings: UsageOpenings) -> None:
        self._openings = openings

    async def open(
        self, tenant: Tenant, agreements: Sequence[str], action: str, stated: Mapping[str, str], times: int = 1
    ) -> tuple[str, ...]:
        """Count so many uses under each, or none."""
        return tuple(use.id for use in await self._openings.open_each(tenant, agreements, action, stated, times))

    async def close(self, tenant: Tenant, id: str) -> None:
        """End it, if it has not ended by itself."""
        try:
            await self._openings.close(tenant, id)
        except Conflict:
            return

    async def holds_until(self, tenant: Tenant, agreements: Sequence[str], action: str, stated: Mapping[str, str]) -> datetime | None:
        """Return until when the permissions of now all hold at least."""
        ends = []
        for agreement in agreements:
            _, answer = await self._openings.check(tenant, agreement, action, stated)
            if not answer.permitted:
                where = agreement if len(agreements) > 1 else "agreement"
                raise Forbidden(f"The agreement does not permit this: {answer.sentence}", where=where, rule="policy")
            ends.append(answer.valid_until)
        return min((end for end in ends if end is not None), default=None)


class OpeningLog:
    """The signed log."""

    def __init__(self, evidence: EvidenceSide) -> None:
        self._ledger = evidence.ledger

    def state(self, tx: Any, tenant: Tenant, subject: Subject, says: Predicate) -> bytes:
        """Append a statement; return its envelope."""
        return self._ledger.append_about(cast("LedgerTx", tx), tenant, subject, says).raw


class OpeningSide:
    """Openings and leases on that ground."""

    def __init__(self, ground: Ground, evidence: EvidenceSide, facility: Facility, openings: UsageOpenings) -> None:
        settings, home = ground.settings, ground.settings.home_path
        place = Place(
            hot=_shown(settings.facility or str(home / "facility")), cold=_shown(settings.facility_cold or str(home / "facility-cold"))
        )
        database: Any = ground.database
        stored, uses, log = FacilityKeys(facility), CountedUses(openings), OpeningLog(evidence)
        self.openings = Openings(database, stored, uses, log, place)
        self.lending = Lending(database, stored, uses, log, place, ground.clock, ground.ids)


def _shown(place: str) -> str:
    from pathlib import Path

    return place if "://" in place else str(Path(place).absolute())
