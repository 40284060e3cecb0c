"""Orders for data, the items that they are made of, and how fast the links to providers were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.factory.acquire.records import Item, LinkSpeed, Order
from hanse.factory.acquire.states import OrderState
from hanse.kernel.tenant import Did, Tenant
from hanse.storage.rows import Rows, micros, micros_or_none, moment_of
from hanse.storage.stores.documents import Documents, Shape

_ORDER = Shape("orders", Order, ("tenant", "id"), ("running", "due"))
_FIRST = "SELECT doc FROM orders WHERE tenant = ? ORDER BY id DESC LIMIT ?"
_AFTER = "SELECT doc FROM orders WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?"
_DUE = "SELECT doc FROM orders WHERE due <= ? ORDER BY due LIMIT ? /*skip*/"
_NEXT_DUE = "SELECT min(due) FROM orders WHERE due IS NOT NULL"

_ITEM = Shape("order_items", Item, ("tenant", "ordered", "number"), ("peer", "dataset", "is_open"))
_ITEMS = "SELECT doc FROM order_items WHERE tenant = ? AND ordered = ? ORDER BY number"
_OF_DATASET = "SELECT doc FROM order_items WHERE tenant = ? AND dataset = ? AND peer = ? ORDER BY ordered DESC, number DESC LIMIT ?"
_OPEN = (
    "SELECT tenant, ordered FROM order_items WHERE is_open = 1 UNION SELECT tenant, id FROM orders WHERE running = 1"
    " ORDER BY tenant, ordered LIMIT ?"
)

_SPEED = Shape("link_speeds", LinkSpeed, ("tenant", "peer"))


class Orders(Documents[Order]):
    """Orders, and their items."""

    __slots__ = ("_items",)

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _ORDER)
        self._items = _Items(rows, _ITEM)

    def get(self, tenant: Tenant, id: str) -> Order | None:
        """Return the order, or nothing."""
        return self._get(tenant, id)

    def put(self, order: Order) -> None:
        """Insert or replace."""
        self._put(order, order.tenant, order.id, int(order.state is OrderState.RUNNING), micros_or_none(order.due))

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Order]:
        """Return up to `limit` orders, newest first, those older than the id `after`."""
        return self._read(_FIRST, (tenant, limit)) if after is None else self._read(_AFTER, (tenant, after, limit))

    def due(self, now: datetime, limit: int) -> Sequence[Order]:
        """Return orders of all tenants that have to be looked at, those that no other server process holds."""
        return self._read(_DUE, (micros(now), limit))

    def next_due(self) -> datetime | None:
        """Return when the next one is due."""
        row = self._rows.one(_NEXT_DUE)
        return None if row is None or row[0] is None else moment_of(row[0])

    def item(self, tenant: Tenant, order: str, number: int) -> Item | None:
        """Return one item, or nothing."""
        return self._items.get(tenant, order, number)

    def put_item(self, item: Item) -> None:
        """Insert or replace."""
        self._items.put(item)

    def items(self, tenant: Tenant, order: str) -> Sequence[Item]:
        """Return all items of an order, by their numbers."""
        return self._items.read(_ITEMS, (tenant, order))

    def of_dataset(self, tenant: Tenant, peer: Did, dataset: str, limit: int = 50) -> Sequence[Item]:
        """Return items of all orders about one dataset, newest orders first."""
        return self._items.read(_OF_DATASET, (tenant, dataset, peer, limit))

    def open(self, limit: int = 1_000) -> Sequence[tuple[Tenant, str]]:
        """Return the orders of all tenants that have something to be done for their items, or have not been settled since."""
        return [(Tenant(row[0]), str(row[1])) for row in self._rows.all(_OPEN, (limit,))]


class _Items(Documents[Item]):
    __slots__ = ()

    def get(self, tenant: Tenant, order: str, number: int) -> Item | None:
        return self._get(tenant, order, number)

    def put(self, item: Item) -> None:
        self._put(item, item.tenant, item.order, item.number, item.peer, item.dataset, int(item.loose))

    def read(self, sql: str, args: Sequence[str | int]) -> list[Item]:
        return self._read(sql, args)


class LinkSpeeds(Documents[LinkSpeed]):
    """How fast the link to a provider was when it was last measured."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _SPEED)

    def get(self, tenant: Tenant, peer: Did) -> LinkSpeed | None:
        """Return it, or nothing where it was never measured."""
        return self._get(tenant, peer)

    def put(self, speed: LinkSpeed) -> None:
        """Insert or replace."""
        self._put(speed, speed.tenant, speed.peer)
