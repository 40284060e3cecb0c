"""Decides uses again: at each moment at which an answer may turn, and whenever a fact has changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from hanse.app.build import Ground
from hanse.app.usage import UsageSide, deal_of
from hanse.connector.ending import Endings
from hanse.connector.records import Transfer
from hanse.connector.transfers import Transfers
from hanse.dataplane.records import PushQueued
from hanse.dsp.messages import Role
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Tenant
from hanse.odrl.model import Rule, Terms
from hanse.odrl.names import USE
from hanse.odrl.say import say_terms
from hanse.storage import Tx
from hanse.usage.records import Breach, FactChanged, Owed, Use, UseRefused

log = logging.getLogger("hanse.usage")

_BATCH = 100
_UNKNOWN = timedelta(minutes=1)
"""When a use is looked at again that waits for a fact."""


class Redeciding:
    """A chore of the timer. Streams that run have a timer of their own; this one ends their transfers, and says why on both sides."""

    def __init__(self, ground: Ground, side: UsageSide, transfers: Transfers, endings: Endings, wake: Callable[[], None]) -> None:
        self._database = ground.database
        self._clock = ground.clock
        self._side = side
        self._transfers = transfers
        self._wake = wake
        self._endings = endings

    async def recheck(self) -> None:
        """Decide every use that is due; end those that their terms no longer permit. Note what obligations are overdue."""
        while True:
            due = await self._database.read(lambda tx: tx.uses.due(self._clock.now(), _BATCH))
            # At once: who waits for a hook or a peer that does not answer must not keep the others waiting, nor what else is due.
            await asyncio.gather(*(self._decide(use) for use in due))
            if len(due) < _BATCH:
                break
        moment = await self._database.read(lambda tx: tx.owed.next_deadline())
        if moment is not None and moment <= self._clock.now():
            for owed in await self._database.run(self._side.obligations.end_overdue):
                await self._broken(owed)

    async def _broken(self, owed: Owed) -> None:
        """End, as its provider, an agreement whose consumer has not seen to what it owes in time.

        Whatever fails, nothing flows under it: an overdue obligation blocks every use.
        """
        contract = await self._database.read(lambda tx: tx.contracts.get(owed.tenant, owed.agreement))
        if contract is None or contract.ended is not None or contract.role is not Role.PROVIDER:
            return
        obligations = {f"obligation[{index}]": rule for index, rule in enumerate(contract.agreement.terms.obligations)}
        rule = obligations.get(owed.path)
        what = say_terms(Terms(permissions=(Rule(USE),), obligations=(rule,)))[-1] if rule is not None else owed.action
        try:
            await self._endings.end(owed.tenant, owed.agreement, "breach", f"What is owed was not seen to in time. {what}", "us")
        except HanseError as error:
            log.warning("the broken agreement %s was not ended: %s", owed.agreement, error.message, extra={"participant": owed.tenant})

    async def next_due(self) -> datetime | None:
        """Return when the next of them is due."""
        found = await self._database.read(lambda tx: (tx.uses.next_due(), tx.owed.next_deadline()))
        return min((moment for moment in found if moment is not None), default=None)

    def on_event(self, event: object) -> None:
        """Look at once when a fact has changed; log what was refused and what is overdue."""
        if isinstance(event, FactChanged):
            self._wake()
        elif isinstance(event, UseRefused):
            fields = {"participant": event.tenant, "agreement": event.agreement, "peer": event.peer}
            log.warning("use %s refused: %s", event.use, event.sentence, extra=fields)
        elif isinstance(event, Breach):
            fields = {"participant": event.tenant, "agreement": event.agreement}
            log.warning("the obligation %s (%s) is overdue", event.path, event.action, extra=fields)

    async def _decide(self, due: Use) -> None:
        try:
            if due.role is Role.PROVIDER:
                with suppress(HanseError):  # what it has not proved now is not known, and unknown never permits
                    await self._transfers.kit.membership.standing(due.tenant, due.peer)
            await self._side.prepare(due.tenant, due.agreement, due.peer)
            await self._database.run(lambda tx: self._look(tx, due.tenant, due.id))
        except HanseError as error:
            log.warning("use %s could not be decided again: %s", due.id, error.message, extra={"participant": due.tenant})
            await self._database.run(lambda tx: _due(tx, due.tenant, due.id, self._clock.now() + _UNKNOWN))

    def _look(self, tx: Tx, tenant: Tenant, id: str) -> None:
        transfer = tx.transfers.get(tenant, id)
        use = tx.uses.get(tenant, id)
        contract = None if use is None else tx.contracts.get(tenant, use.agreement)
        if use is None or contract is None or use.ended is not None or (transfer is not None and use.role is Role.CONSUMER):
            _due(tx, tenant, id, None)
            return
        deal = deal_of(contract)
        if contract.ended is not None:
            self._side.uses.end(tx, deal, id, f"The agreement is over. {contract.end_reason}")
            return
        answer = self._side.uses.again(tx, deal, use)
        waited, unknown = use.waits, not answer.permitted and not answer.certain
        use.waits, use.due = unknown, self._clock.now() + _UNKNOWN if unknown else answer.due
        tx.uses.put(use)
        if answer.permitted and waited and tx.pushes.get(tenant, id) is not None:
            tx.emit(PushQueued(tenant, id))  # whoever pulls asks again; a push goes on by itself
        if answer.permitted or (unknown and waited):
            return
        self._side.uses.refused(tx, deal, use, answer.sentence)
        if transfer is None:
            self._side.uses.end(tx, deal, id, answer.sentence)
        elif answer.certain:
            self._transfers.end(tx, transfer, f"The agreement no longer permits this use: {answer.sentence}")
        else:
            self._cut(tx, transfer, answer.sentence)

    def _cut(self, tx: Tx, transfer: Transfer, sentence: str) -> None:
        """Let nothing flow in a transfer while it is not known whether its terms permit it."""
        transfer.note(self._clock.now(), "data cut: whether the agreement permits it is not known now", "us", sentence[:1000])
        tx.transfers.put(transfer)
        self._transfers.kit.dataplane.halt(tx, transfer)


def _due(tx: Tx, tenant: Tenant, id: str, moment: datetime | None) -> None:
    use = tx.uses.get(tenant, id)
    if use is not None:
        use.due = moment
        tx.uses.put(use)
