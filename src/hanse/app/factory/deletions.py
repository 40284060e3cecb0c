"""Keeps the duties to delete what lies in the facility: destroys it before the deadline, or says who keeps it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, cast

from hanse.evidence import kinds as k
from hanse.factory.facility.records import Kept, State, Stored
from hanse.factory.facility.removal import Removal, nameable
from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.log import Ledger
from hanse.ledger.ports import LedgerTx
from hanse.odrl.facts import Done
from hanse.odrl.names import DELETE, plain
from hanse.storage import Database, Tx
from hanse.usage.records import Owed

REASON: Final = "the agreement's terms owe the deletion"
ABOUT: Final = "deletion-kept"
"""What the notice is about that says why something owed to be deleted is still there."""
EVERY: Final = timedelta(hours=1)
"""How often what was overdue is tried again: whoever kept it may have let go."""
_MOST: Final = 1_000
_HELD: Final = (
    "SELECT tenant, agreement FROM facility_versions WHERE agreement <> ''"
    " UNION SELECT tenant, origin FROM facility_derived WHERE kind = 'agreement' ORDER BY 1, 2"
)
log = logging.getLogger("hanse.facility")


class Deletions:
    """Destroys what is owed to be destroyed. The inbox's keeper asks it when a deadline is near (`app.inbox_keeper`)."""

    def __init__(self, database: Database, removal: Removal, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._removal = removal
        self._ledger = ledger
        self._clock = clock
        self._next = clock.now()

    async def destroy(self, tenant: Tenant, agreement: str) -> bool:
        """Destroy all that is kept here under an agreement, and all that was made of it; tell whether nothing of it is left.

        As far as the server can know: what somebody keeps is written down, and so are leases that have not come back: a node that has one
        may have a copy, and its key.
        """
        found: Sequence[Stored] = await self._database.read(lambda tx: tx.facility.of_agreement(tenant, agreement))
        stagings = await self._database.read(lambda tx: [one for one in tx.facility.stagings(tenant) if agreement in one.intake.agreements])
        kept: Sequence[Kept] = ()
        if stagings or any(one.state is not State.GONE for one in found):
            kept = (await self._removal.destroy(tenant, agreement, REASON)).kept
        lent = await self._database.read(lambda tx: _lent(tx, tenant, agreement))
        text = "; ".join([*(f"{one.version} must stay: {one.reason}" for one in kept), *lent])[:4_000]
        if text:
            await self._database.run(lambda tx: self._note(tx, tenant, agreement, text))
        return not text

    async def receipt(self, tenant: Tenant, agreement: str, path: str) -> k.Receipt | None:
        """Return a receipt for the obligation at `path`, by the newest version that was deleted here; nothing if there was none.

        Only once nothing is left (see `destroy`); the receipts of the versions themselves claim no obligation.
        """
        found: Sequence[Stored] = await self._database.read(lambda tx: tx.facility.of_agreement(tenant, agreement))
        if not found or any(one.state is not State.GONE for one in found):
            return None
        named = [one for one in found if nameable(one)]
        if not named:
            return None
        # Rather one that came under it than one that was made of that.
        last = max(named, key=lambda one: (one.version.agreement is not None, str(one.version.deleted)))
        version, farewell = last.version, last.farewell
        return k.Receipt(
            agreement=agreement,
            what="deleted",
            obligation=path,
            count=version.count,
            size=version.size,
            root=version.root,
            objects=farewell.objects if farewell is not None else (),
        )

    def looks(self) -> bool:
        """Tell whether it is time to look at what is overdue: once an hour."""
        now = self._clock.now()
        if now < self._next:
            return False
        self._next = now + EVERY
        return True

    def late(self, tx: Tx) -> list[Owed]:
        """Return what is overdue and could not be deleted in time because somebody kept it: whoever did may have let go."""
        found: list[Owed] = []
        for tenant, agreement in tx.rows.all(_HELD):
            owed = tx.owed.of_agreement(Tenant(tenant), agreement)
            found += [one for one in owed if plain(one.action) == DELETE and one.state is Done.VIOLATED]
        return found[:_MOST]

    def _note(self, tx: Any, tenant: Tenant, agreement: str, text: str) -> None:
        """Write down, once, what is kept although it is owed to be deleted, and why: in the own log, for nobody else's eyes."""
        latest = tx.ledger.latest(tenant, agreement, "notice", self._own(tx, tenant))
        said = latest.says if latest is not None else None
        if isinstance(said, k.Notice) and (said.about, said.text) == (ABOUT, text):
            return
        log.error("What is owed to be deleted under %s is still there: %s", agreement, text)
        self._ledger.append(cast("LedgerTx", tx), tenant, k.Notice(agreement=agreement, about=ABOUT, text=text))

    def _own(self, tx: Any, tenant: Tenant) -> Did:
        owner = tx.participants.get(tenant)
        assert owner is not None
        return Did(owner.did)


def _lent(tx: Tx, tenant: Tenant, agreement: str) -> list[str]:
    """Say which leases under an agreement have not come back: what their nodes have copied, no server can delete."""
    said: list[str] = []
    after: str | None = None
    while page := tx.leases.page(tenant, after=after, limit=_MOST):
        out = [one for one in page if agreement in one.agreements and one.returned is None]
        said += [f"{one.version} may be at a node: the lease {one.id} has not come back" for one in out]
        after = page[-1].id
    return said
