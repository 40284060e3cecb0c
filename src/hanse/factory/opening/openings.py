"""Opens stored versions: decided and counted under the agreement, logged, and only then is the key handed out.

The key opens the manifest of that one version (see `facility.layout`), and with it the reader works on the facility's files by itself, so
that no byte passes through the server. What is handed out cannot be called back: who reads has agreed to the terms, and each opening is
a use that is counted and can end.
"""

from __future__ import annotations

from collections.abc import Mapping

from hanse.evidence import kinds as k
from hanse.evidence.statement import Subject
from hanse.factory.opening.ports import Database, Ledger, Stored, Uses
from hanse.factory.opening.records import Opening, Place
from hanse.kernel.tenant import Tenant


class Openings:
    """The use case of opening a stored version."""

    def __init__(self, database: Database, stored: Stored, uses: Uses, ledger: Ledger, place: Place) -> None:
        self._database = database
        self._stored = stored
        self._uses = uses
        self._ledger = ledger
        self._place = place

    async def open(self, tenant: Tenant, version: str, action: str, stated: Mapping[str, str], operator: str) -> Opening:
        """Open `name@number`, or the newest version of `name`, for an action (ODRL) and what is stated of the use.

        Raises `Forbidden` (rule `policy`) with the reasons if the agreement does not permit it now, `NotFound`, `Conflict`, `Invalid`.
        """
        unlocked = await self._stored.unlocked(tenant, version)
        found = unlocked.version
        use = "" if found.agreement is None else (await self._uses.open(tenant, found.agreement, action, stated))[0]
        says = k.Opened(
            agreement=found.agreement or "", version=found.id, root=found.root, action=action or "use", use=use, operator=operator
        )
        subject = Subject.of(found.id, found.root)
        await self._database.run(lambda tx: self._ledger.state(tx, tenant, subject, says))
        return Opening(use=use, unlocked=unlocked, place=self._place)
