"""The stories of orders: what was ordered, what was taken and left out, and what an order waits for."""

from __future__ import annotations

from collections import Counter
from typing import Final

from hanse.connector.explain import Explanation
from hanse.connector.records import Happening
from hanse.factory.acquire.orders import Seen
from hanse.factory.acquire.records import Item
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.http.api.services import Services
from hanse.kernel.tenant import Tenant

_MOST: Final = 100
"""Items that are told one by one."""
_WAITS: Final = {
    OrderState.SEARCHING: ("the catalogues of the members", "this server"),
    OrderState.RUNNING: ("its items to be acquired", "this server"),
    OrderState.ASKING: ("a decision on its items", "you"),
    OrderState.WAITING: ("its next run", "this server"),
}


class OrderStories:
    """Tells them by the ids of orders."""

    def __init__(self, services: Services) -> None:
        self._orders = services.factory.orders

    async def order(self, tenant: Tenant, id: str) -> Explanation:
        """Explain an order. Raises `NotFound`."""
        seen = await self._orders.get(tenant, id)
        order, run = seen.order, seen.order.run
        waits, who = _WAITS.get(order.state, ("", ""))
        related = {f"item {item.number}": _item(item) for item in seen.items[:_MOST]}
        if len(seen.items) > _MOST:
            related["more"] = f"{len(seen.items) - _MOST} items; `hanse order explain {id}` tells of all"
        for one in () if run is None else run.silent[:_MOST]:
            related[f"not searched: {one.member or one.space}"] = one.why
        return Explanation(
            id=id,
            kind="standing order" if order.wish.standing is not None else "order",
            summary=_summary(seen),
            state=order.state.value,
            waits_for=waits,
            who=who,
            history=[Happening(line.at, line.what, line.by, line.detail) for line in order.story],
            last_error=order.why,
            next_attempt=order.due if order.state is OrderState.WAITING else None,
            related=related,
        )


def _summary(seen: Seen) -> str:
    wish, states = seen.order.wish, Counter(item.state.value for item in seen.items)
    counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "nothing was found yet"
    return f"Data for {wish.query!r}, to {wish.action.rpartition(':')[2]}, ordered by {seen.order.by}: {counted}."


def _item(item: Item) -> str:
    said = item.why or " ".join(question.said for question in item.questions)
    if item.state is ItemState.ASKING:
        said = " ".join(question.said for question in item.questions)
    version = f" It is {item.version}." if item.version else ""
    return f"{item.offered.title} ({item.dataset}) of {item.peer}: {item.state}. {said}{version}".rstrip()
