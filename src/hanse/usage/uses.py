"""Counts uses: reserved when they are admitted, begun with the first byte, given back if there was none.

Every change holds the agreement's tally, so that of fifty requests at once exactly as many are admitted as the terms say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import structs

from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Tenant
from hanse.usage.decision import Answer, DecisionPoint
from hanse.usage.ports import Ledger, UsageTx
from hanse.usage.records import Deal, Tally, Use, UseRefused

MOST: Final = 100_000
"""Uses under one agreement that are taken from the other side's word; nobody can fill our disk with more."""


class Uses:
    """The use cases of counting. All run inside the caller's transaction."""

    def __init__(self, point: DecisionPoint, clock: Clock, ledger: Ledger) -> None:
        self.point = point
        self._clock = clock
        self._ledger = ledger

    def admit(self, tx: UsageTx, deal: Deal, use: Use) -> Answer:
        """Decide a new use; if it is permitted, reserve it. One that is reserved already is decided again, and counted once."""
        tally = tx.uses.hold(deal.tenant, deal.id)
        known = tx.uses.get(deal.tenant, use.id)
        if known is not None:
            return self._again(tx, deal, known, tally)
        taken = structs.replace(tally, count=tally.count + 1, last=use.reserved)
        use.before = tally.last
        answer = self.point.decide(tx, deal, use, taken)
        if answer.permitted:
            use.due = answer.due
            tx.uses.put_tally(taken)
            tx.uses.put(use)
            self._ledger.admitted(tx, deal, use, answer.report)
        return answer

    def note(self, tx: UsageTx, deal: Deal, use: Use) -> None:
        """Count a use that the other side has decided: a transfer on the consumer's side, or an opening that was reported."""
        tally = tx.uses.hold(deal.tenant, deal.id)
        if tally.count < MOST and tx.uses.get(deal.tenant, use.id) is None:
            tx.uses.put_tally(structs.replace(tally, count=tally.count + 1, last=self._latest(tally, use)))
            tx.uses.put(use)
            if deal.role is use.role and use.ended is None:
                self._ledger.admitted(tx, deal, use, None)

    def again(self, tx: UsageTx, deal: Deal, use: Use) -> Answer:
        """Decide a use that goes on. Writes nothing."""
        tally = tx.uses.tally(deal.tenant, deal.id)
        known = tx.uses.get(deal.tenant, use.id)
        if known is None:  # begun before uses were counted
            return self.point.decide(tx, deal, use, structs.replace(tally, count=tally.count + 1))
        return self.point.decide(tx, deal, known, tally)

    def take(self, tx: UsageTx, deal: Deal, use: Use, *, volume: int = 0, seconds: int = 0) -> Answer:
        """Reserve bytes or time for a use, before any of it is released; the first begin the use.

        Nothing is reserved if the use would not be permitted with it.
        """
        answer = self.admit(tx, deal, use)
        known = tx.uses.get(deal.tenant, use.id)
        if not answer.permitted or known is None:
            return answer
        tally = tx.uses.hold(deal.tenant, deal.id)
        taken = structs.replace(tally, volume=tally.volume + volume, seconds=tally.seconds + seconds)
        if volume or seconds:
            answer = self.point.decide(tx, deal, known, taken)
        if answer.permitted:
            known.began = known.began or self._clock.now()
            known.volume, known.seconds = known.volume + volume, known.seconds + seconds
            tx.uses.put_tally(taken)
            tx.uses.put(known)
        return answer

    def sent(self, tx: UsageTx, tenant: Tenant, id: str, volume: int) -> None:
        """Note bytes that were sent where the terms do not count them, so that the log can tell."""
        use = tx.uses.get(tenant, id)
        if use is not None:
            use.volume += volume
            tx.uses.put(use)

    def give_back(self, tx: UsageTx, tenant: Tenant, agreement: str, id: str, *, volume: int = 0, seconds: int = 0) -> None:
        """Give back what was reserved and not released."""
        tally = tx.uses.hold(tenant, agreement)
        use = tx.uses.get(tenant, id)
        if use is None:
            return
        volume, seconds = min(volume, use.volume), min(seconds, use.seconds)
        use.volume, use.seconds = use.volume - volume, use.seconds - seconds
        tx.uses.put_tally(structs.replace(tally, volume=max(0, tally.volume - volume), seconds=max(0, tally.seconds - seconds)))
        tx.uses.put(use)

    def end(self, tx: UsageTx, deal: Deal, id: str, reason: str = "") -> None:
        """End a use; one without a byte no longer counts."""
        tally = tx.uses.hold(deal.tenant, deal.id)
        use = tx.uses.get(deal.tenant, id)
        if use is None or use.ended is not None:
            return
        use.ended, use.reason, use.due = self._clock.now(), reason[:1000], None
        if not use.counts:
            last = use.before if tally.last == use.reserved else tally.last
            tx.uses.put_tally(structs.replace(tally, count=max(0, tally.count - 1), last=last))
        tx.uses.put(use)
        self._ledger.ended(tx, deal, use)

    def refused(self, tx: UsageTx, deal: Deal, use: Use, sentence: str) -> None:
        """Write down that a use was refused, and tell."""
        self._ledger.refused(tx, deal, use, sentence)
        tx.emit(UseRefused(tenant=deal.tenant, agreement=deal.id, use=use.id, peer=deal.peer, sentence=sentence))

    def _latest(self, tally: Tally, use: Use) -> datetime:
        """Return when the latest use was; the other side's word neither takes it back nor puts it into the future."""
        said = min(use.reserved, self._clock.now())
        return said if tally.last is None else max(said, tally.last)

    def _again(self, tx: UsageTx, deal: Deal, use: Use, tally: Tally) -> Answer:
        answer = self.point.decide(tx, deal, use, tally)
        if use.ended is None and use.due != answer.due:
            use.due = answer.due
            tx.uses.put(use)
        return answer
