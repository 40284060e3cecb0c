"""What becomes of orders in a restore: nothing is bought twice, and no standing order comes back that was revoked.

Where the replaced database vouches for a participant, its orders go on from where they are (`carry`). Where it does not, nobody
knows what was acquired, refused or revoked since the backup: what was open then is ended, and people place it anew.
"""

from __future__ import annotations

import msgspec
from msgspec import structs

from hanse.app.recovery.restoring import Restoring
from hanse.factory.acquire.records import Happening, Item, Order, told
from hanse.factory.acquire.states import FINAL, ItemState, OrderState
from hanse.storage import Tx


def end_orders(restoring: Restoring) -> None:
    """End the orders for which nobody vouches."""
    ended = 0
    for (doc,) in restoring.tx.rows.all("SELECT doc FROM orders ORDER BY tenant, id"):
        order = msgspec.json.decode(doc, type=Order)
        if order.tenant in restoring.vouched or order.ended:
            continue
        why = f"It was restored from a backup of {restoring.as_of}; what came after that nobody knows. Place it anew."
        line = Happening(restoring.now, "cancelled", "restore", why)
        story = told(order.story, line)
        restoring.tx.orders.put(structs.replace(order, state=OrderState.CANCELLED, cancelled=line.at, due=None, why=why, story=story))
        _end_items(restoring.tx, order, line)
        ended += 1
    if ended:
        restoring.counts["orders ended"] += ended
        restoring.advice.append("Orders that were open in the backup are ended: `hanse order list` shows them; place again what is needed.")


def _end_items(tx: Tx, order: Order, line: Happening) -> None:
    for item in tx.orders.items(order.tenant, order.id):
        if item.state not in FINAL:
            tx.orders.put_item(_ended(item, line))


def _ended(item: Item, line: Happening) -> Item:
    """Return the item ended, whatever its state: what it had begun with peers, the restore itself ends."""
    return structs.replace(
        item, state=ItemState.CANCELLED, tidy=True, due=None, questions=(), why=line.detail, updated=line.at, story=told(item.story, line)
    )
