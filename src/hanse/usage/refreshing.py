"""Facts that hooks know: asked before a decision, believed for a limited time, and asked again while data is used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError, NotFound
from hanse.kernel.tenant import Tenant
from hanse.usage.decision import DecisionPoint
from hanse.usage.ports import Database, Deals, Hook, HookAnswer, UsageTx
from hanse.usage.records import Deal, FactChanged, Told

log = logging.getLogger("hanse.usage")

AGAIN: Final = timedelta(seconds=5)
"""The pause after a hook that did not answer."""
PATIENCE: Final = 5.0
"""Seconds that a hook may take."""
KEPT: Final = 10_000
LONGEST: Final = 2_048


class Refreshing:
    """Asks the hooks of the facts that an agreement depends on. `hooks` are by the left operand's plain name."""

    def __init__(
        self,
        database: Database,
        point: DecisionPoint,
        deals: Deals,
        hooks: Mapping[str, Hook] | None,
        clock: Clock,
        max_age: timedelta,
    ) -> None:
        self._database = database
        self._point = point
        self._deals = deals
        self._hooks = dict(hooks or {})
        self._clock = clock
        self._max_age = max_age
        self._fresh: dict[tuple[Tenant, str], datetime] = {}
        self._asking: dict[tuple[Tenant, str], asyncio.Task[None]] = {}

    async def refresh(self, tenant: Tenant, agreement: str) -> None:
        """Ask, unless it was asked a short while ago. Whatever goes wrong, the fact only grows stale."""
        key = (tenant, agreement)
        until = self._fresh.get(key)
        now = self._clock.now()
        if not self._hooks or (until is not None and now < until <= now + self._max_age):
            return
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.get_running_loop().create_task(self._all(tenant, agreement))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        await asyncio.shield(task)

    async def _all(self, tenant: Tenant, agreement: str) -> None:
        try:
            deal = await self._database.read(lambda tx: self._deals.past(tx, tenant, agreement))
        except NotFound:
            return
        good = [await self._one(deal, name) for name in sorted(self._hooks.keys() & self._point.needs(deal))]
        if len(self._fresh) >= KEPT:
            self._fresh.clear()
        self._fresh[tenant, agreement] = self._clock.now() + (self._max_age / 2 if all(good) else min(AGAIN, self._max_age / 2))

    async def _one(self, deal: Deal, name: str) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._hooks[name].ask(deal, name)
        except (HanseError, TimeoutError) as error:
            log.warning("the hook for %s does not answer: %s", name, error, extra={"participant": deal.tenant, "agreement": deal.id})
            return False
        await self._database.run(lambda tx: self._keep(tx, deal, name, answer))
        return True

    def _keep(self, tx: UsageTx, deal: Deal, name: str, answer: HookAnswer) -> None:
        now = self._clock.now()
        before = tx.told.get(deal.tenant, deal.id, name)
        if answer.value is None:
            tx.told.delete(deal.tenant, deal.id, name)
        else:
            most = now + self._max_age
            ends = most if answer.expires is None else min(answer.expires, most)
            source = answer.source[:LONGEST]
            values = (answer.value[:LONGEST],)
            tx.told.put(Told(tenant=deal.tenant, about=deal.id, name=name, values=values, source=source, observed=now, expires=ends))
        if (before.values if before is not None else None) != (None if answer.value is None else (answer.value[:LONGEST],)):
            tx.uses.make_due(deal.tenant, deal.id, now)
            tx.emit(FactChanged(tenant=deal.tenant, agreement=deal.id))
