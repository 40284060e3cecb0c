"""Obligations: owed after the use, with a deadline; fulfilled by a receipt, violated when overdue, and then a breach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import structs

from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Tenant
from hanse.odrl.facts import Done
from hanse.odrl.names import DELETE
from hanse.usage.duties import opened
from hanse.usage.ports import UsageTx
from hanse.usage.records import Breach, Deal, FactChanged, Owed


class Obligations:
    """How far obligations are. All run inside the caller's transaction."""

    def __init__(self, clock: Clock, told: Callable[[UsageTx, Owed], str] = lambda _tx, _owed: "") -> None:
        """Take what says by whose word something was seen to that nobody signs a receipt for: a payment."""
        self._clock = clock
        self._told = told

    def agreed(self, tx: UsageTx, deal: Deal) -> None:
        """Begin to watch the obligations of a new agreement; whoever waits for deadlines has to know of new ones."""
        for owed in opened(deal):
            tx.owed.put(owed)
            tx.emit(FactChanged(tenant=deal.tenant, agreement=deal.id))

    def agreement_ended(self, tx: UsageTx, deal: Deal, ended: datetime) -> None:
        """Let the periods begin that run from the agreement's end."""
        tx.uses.make_due(deal.tenant, deal.id, ended)
        tx.emit(FactChanged(tenant=deal.tenant, agreement=deal.id))
        known = {one.path: one for one in tx.owed.of_agreement(deal.tenant, deal.id)}
        for owed in opened(deal, ended):
            before = known.get(owed.path)
            if before is None or before.state is Done.PENDING or self._used_since(tx, deal, before):
                tx.owed.put(owed)

    def fulfilled(self, tx: UsageTx, tenant: Tenant, agreement: str, path: str, source: str) -> bool:
        """Note that an obligation was seen to, as `source` says; tell whether there is such an obligation. Late is better than never."""
        owed = next((one for one in tx.owed.of_agreement(tenant, agreement) if one.path == path), None)
        if owed is None:
            return False
        tx.owed.put(structs.replace(owed, state=Done.FULFILLED, source=source[:500], observed=self._clock.now()))
        self._changed(tx, owed)
        return True

    def end_overdue(self, tx: UsageTx, limit: int = 100) -> list[Owed]:
        """Note what is overdue as violated, and return it; each is a breach of its agreement."""
        now = self._clock.now()
        late = []
        for owed in tx.owed.overdue(now, limit):
            source = self._told(tx, owed)
            if source:
                self.fulfilled(tx, owed.tenant, owed.agreement, owed.path, source)
                continue
            late.append(owed)
            source = f"overdue since {owed.due:%Y-%m-%d %H:%M} UTC"
            tx.owed.put(structs.replace(owed, state=Done.VIOLATED, source=source, observed=now))
            tx.emit(Breach(tenant=owed.tenant, agreement=owed.agreement, path=owed.path, action=owed.action))
            self._changed(tx, owed)
        return late

    def _used_since(self, tx: UsageTx, deal: Deal, owed: Owed) -> bool:
        """Tell whether data came after the receipt for an earlier deletion: it is owed a receipt of its own."""
        last = tx.uses.tally(deal.tenant, deal.id).last
        deleted = owed.action == DELETE and owed.state is Done.FULFILLED and owed.observed is not None
        return deleted and last is not None and owed.observed is not None and last > owed.observed

    def _changed(self, tx: UsageTx, owed: Owed) -> None:
        tx.uses.make_due(owed.tenant, owed.agreement, self._clock.now())
        tx.emit(FactChanged(tenant=owed.tenant, agreement=owed.agreement))
