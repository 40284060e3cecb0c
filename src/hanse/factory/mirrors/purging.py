"""The end of a mirror: its versions are destroyed, the provider gets the receipts, and is told what somebody keeps, and why."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from msgspec import structs

from hanse.factory.mirrors.kit import Kit, known, put
from hanse.factory.mirrors.records import Held, Mirror, MirrorState
from hanse.factory.mirrors.reporting import Reporting
from hanse.kernel.errors import HanseError

_MOST: Final = 1_000
"""Receipts that a mirror's record names."""


class Purging:
    """Destroys what mirrors hold. What is begun goes on after a crash, and until nobody keeps anything."""

    def __init__(self, kit: Kit, reporting: Reporting) -> None:
        self._kit = kit
        self._reporting = reporting

    async def purge(self, mirror: Mirror) -> Mirror:
        """Destroy all versions of a mirror that is being purged; return it as it is now. Once more changes nothing."""
        kit = self._kit
        await kit.onward.withdraw(mirror)
        purged = await kit.shelf.purge(mirror, f"The mirror {mirror.name} ended. {mirror.why}"[:_MOST])
        with suppress(HanseError):
            await self._reporting.last(mirror)
        await kit.log.look(mirror.tenant, mirror.provider)

        def work(tx: Any) -> Mirror:
            before = known(tx.mirrors.get(mirror.tenant, mirror.name), mirror.name)
            if purged.held and purged.held != before.held:
                kit.log.kept(tx, before, purged.held)
            receipts = (*before.receipts, *purged.receipts)[:_MOST]
            after = structs.replace(before, receipts=receipts, held=purged.held, transfer="", **self._after(purged.held))
            return put(tx, mirror, MirrorState.PURGING, after)

        return await kit.database.run(work)

    def _after(self, held: tuple[Held, ...]) -> dict[str, Any]:
        now = self._kit.clock.now()
        if held:  # whoever keeps it may let go
            return {"due": now + self._kit.rules.again}
        return {"state": MirrorState.ENDED, "ended": now, "due": None, "problem": "", "version": "", "count": 0, "size": 0}


def doom(tx: Any, mirror: Mirror, why: str, now: datetime) -> None:
    """Mark a mirror as to be purged, in the caller's transaction; one that is already is left alone."""
    found = tx.mirrors.get(mirror.tenant, mirror.name)
    if found is not None and found.state is MirrorState.ACTIVE and found.made == mirror.made:
        put(tx, mirror, MirrorState.ACTIVE, structs.replace(found, state=MirrorState.PURGING, why=why[:1_000], due=now))
