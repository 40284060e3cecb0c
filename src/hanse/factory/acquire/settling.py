"""What follows for an order when one of its items has changed: its state, the line in the log, and who hears of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec import structs

from hanse.evidence.kinds import Ordered
from hanse.evidence.statement import Subject
from hanse.factory.acquire.ports import AcquireTx, Ledger
from hanse.factory.acquire.records import Happening, Order, OrderChanged, standing_of, told
from hanse.factory.acquire.states import OrderState
from hanse.kernel.tenant import Tenant

What = Literal["placed", "searched", "approved", "refused", "changed", "cancelled", "finished", "failed"]

_WHAT: Final[dict[OrderState, What]] = {
    OrderState.DONE: "finished",
    OrderState.FAILED: "failed",
    OrderState.CANCELLED: "cancelled",
}
_MOST_REASONS: Final = 60
_LONGEST: Final = 500


def settle(tx: AcquireTx, ledger: Ledger, tenant: Tenant, id: str, now: datetime) -> None:
    """Bring an order's state up to date with its items, in the caller's transaction; state in the log that it has ended."""
    order = tx.orders.get(tenant, id)
    if order is None:
        return
    state = standing_of(order, tx.orders.items(tenant, id))
    if state is order.state:
        return
    changed = structs.replace(order, state=state, updated=now, story=told(order.story, Happening(now, state.value.lower())))
    if changed.ended:
        changed = structs.replace(changed, due=None)
    tx.orders.put(changed)
    what = _WHAT.get(state)
    if what is not None:
        state_order(tx, ledger, changed, what, reasons=[changed.why] if changed.why else [])
    tx.emit(OrderChanged(tenant, id))


def state_order(tx: AcquireTx, ledger: Ledger, order: Order, what: What, *, by: str = "", reasons: Sequence[str] = ()) -> None:
    """Append what was done to an order to the participant's log, in the caller's transaction."""
    said = tuple(one[:_LONGEST] for one in reasons[:_MOST_REASONS])
    if len(reasons) > _MOST_REASONS:
        said = (*said, f"and {len(reasons) - _MOST_REASONS} more")
    wish = order.wish
    says = Ordered(order=order.id, what=what, query=wish.query, action=wish.action, limits=_limits(order), operator=by[:500], reasons=said)
    digest = hashlib.sha256(msgspec.json.encode(wish, order="deterministic")).hexdigest()
    ledger.append_about(tx, order.tenant, Subject.of(order.id, digest), says)


def _limits(order: Order) -> dict[str, str]:
    wish = order.wish
    limits = {"": wish.limits} if wish.standing is None else {"": wish.limits, "total-": wish.standing.total}
    facts = {
        f"{prefix}{name}": str(value)
        for prefix, one in limits.items()
        for name, value in (("budget", one.budget), ("each", one.each), ("size", one.size), ("datasets", one.datasets))
        if value is not None
    }
    return facts | ({"purpose": wish.purpose} if wish.purpose else {})
