"""One item, from where it stands to its end: step after step, each of which can be taken again."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable

from hanse.factory.acquire.records import Item, Order, Question
from hanse.factory.acquire.running.agreeing import Agreeing
from hanse.factory.acquire.running.ending import Ending
from hanse.factory.acquire.running.faults import DISK, After, Fault, fault_of, pause_after
from hanse.factory.acquire.running.kit import NO_TROUBLE, WORKING, Kit, Lost
from hanse.factory.acquire.running.receiving import Receiving
from hanse.factory.acquire.running.storing import Storing
from hanse.factory.acquire.states import Event, ItemState
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Tenant

log = logging.getLogger("hanse.acquire")

Step = Callable[[Order, Item], Awaitable[None]]
_EVENTS = {After.FAIL: Event.FAIL, After.REFUSE: Event.REFUSE}
_CHANCES = 1 << 20


class Work:
    """Takes items further."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        agreeing, receiving, storing = Agreeing(kit), Receiving(kit), Storing(kit)
        self._ending = Ending(kit)
        self._steps: dict[ItemState, Step] = {
            ItemState.APPROVED: agreeing.approved,
            ItemState.NEGOTIATING: agreeing.negotiating,
            ItemState.AGREED: agreeing.agreed,
            ItemState.TRANSFERRING: receiving.transferring,
            ItemState.STORING: storing.storing,
            ItemState.DOCUMENTED: storing.documented,
        }

    async def run(self, tenant: Tenant, order: str, number: int) -> None:
        """Take an item as far as it goes without a person. Nothing that can happen to it leaves it without a reason."""
        failures = 0
        while True:
            try:
                if not await self._turn(tenant, order, number):
                    return
                failures = 0
            except Lost:
                return
            except HanseError as error:
                # Not even the reason could be written down: the disk is full, or the database is away.
                failures += 1
                log.warning("acquire: %s", error.message)
                await self._kit.pause(pause_after(failures, fault_of(error), self._kit.rules, _chance()))

    async def _turn(self, tenant: Tenant, order_id: str, number: int) -> bool:
        """Take one step; tell whether there may be another."""
        order, item = await self._kit.load(tenant, order_id, number)
        if not item.loose:
            return False
        try:
            await self._step(order, item)
        except Lost:
            raise
        except HanseError as error:
            return await self._trouble(item, error)
        except Exception as error:  # a fault of ours must not leave the item where it is for ever
            log.exception("acquire: a step failed")
            fault = HanseError(f"This server met a fault of its own ({type(error).__name__}).", rule="unexpected")
            return await self._trouble(item, fault)
        return True

    async def _step(self, order: Order, item: Item) -> None:
        if item.state not in self._steps:
            await self._ending.tidy(order, item)
        elif order.cancelled is not None and item.version is None and item.state in WORKING:
            await self._ending.cancel(order, item)
        else:
            await self._steps[item.state](order, item)

    async def _trouble(self, item: Item, error: HanseError) -> bool:
        """Write down what went wrong; wait if it may pass, else end the item. Tell whether it goes on."""
        kit = self._kit
        order, now = await kit.load(item.tenant, item.order, item.number)
        if not now.loose:
            return False
        fault, attempts = fault_of(error), now.attempts + 1
        if attempts >= fault.attempts and (now.state in WORKING or now.state not in self._steps):
            await self._give_up(order, now, fault, error)
            return False
        noted = await kit.change(now, attempts=attempts, why=error.message, rule=error.rule, hint=error.hint or "")
        await kit.pause(pause_after(noted.attempts, fault, kit.rules, _chance()))
        return True

    async def _give_up(self, order: Order, item: Item, fault: Fault, error: HanseError) -> None:
        if item.state not in WORKING:  # what had ended already could not be tidied up
            await self._kit.change(item, tidy=True, notes=(*item.notes, f"not tidied up: {error.message}"))
        elif fault.after is After.ASK:
            said = f"{error.message} {error.hint or ''} Go on?".replace("  ", " ")
            await self._kit.step(item, Event.ASK, error.message, questions=(Question(DISK, said),), **NO_TROUBLE)
        elif item.version is not None:
            await self._kit.step(item, Event.DOCUMENT, notes=(*item.notes, f"not documented: {error.message}"))
        else:
            await self._ending.stop(order, item, _EVENTS[fault.after], error.message, error.rule, error.hint or "")


def _chance() -> float:
    return secrets.randbelow(_CHANCES) / _CHANCES
