"""Orders for data, as steps."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.client.core import Steps, get, listed, part, post, said
from hanse.client.factory import orders_model as om
from hanse.client.factory.orders_text import body_of
from hanse.client.shells import Method, Mode, Noun

POLL_SECONDS = 30
"""How long the server holds one request back that waits for a change."""


def place(order: om.NewOrder) -> Steps[om.Order]:
    """Place an order; its search begins at once. Raises `Invalid`, naming the field."""
    return (yield from post("/orders", body_of(order), om.Order))


def list_orders(*, most: int | None = None) -> Steps[list[om.Order]]:
    """Return orders, newest first, without their items."""
    return (yield from listed("/orders", om.Order, most))


def get_order(id: str) -> Steps[om.Order]:
    """Return an order with its items. Raises `NotFound`."""
    return (yield from get(f"/orders/{part(id)}", om.Order))


def follow(order: om.Order, *, seconds: int = POLL_SECONDS) -> Steps[om.Order]:
    """Return an order as soon as it has changed after what is known of it, or is quiet, or so many seconds (at most 60) are over.

    Items that are left out are not among its items here.
    """
    since = order.latest.isoformat()
    return (yield from get(f"/orders/{part(order.id)}", om.Order, wait=str(seconds), since=since, taken="true"))


def await_order(id: str, *, patience: int = 3_600) -> Steps[om.Order]:
    """Return an order when it has ended, waits for a person or its next run, or `patience` seconds are over."""
    left = patience
    while True:
        seconds = max(0, min(POLL_SECONDS, left))
        order = yield from get(f"/orders/{part(id)}", om.Order, wait=str(seconds))
        left -= seconds
        if order.quiet or left <= 0:
            return order


def approve(id: str, items: Sequence[int] = (), *, price: str | None = None) -> Steps[om.Order]:
    """Say yes to items by their numbers, or to all that wait for the plan's approval; `price` is the most for one item."""
    return (yield from post(f"/orders/{part(id)}/approve", said(items=list(items), price=price), om.Order))


def refuse(id: str, items: Sequence[int] = (), *, reason: str = "") -> Steps[om.Order]:
    """Say no to items by their numbers, or to all that wait."""
    return (yield from post(f"/orders/{part(id)}/refuse", {"items": list(items), "reason": reason}, om.Order))


def retry(id: str, items: Sequence[int] = ()) -> Steps[om.Order]:
    """Try items again that failed: those, or all."""
    return (yield from post(f"/orders/{part(id)}/retry", {"items": list(items)}, om.Order))


def cancel(id: str, *, reason: str = "") -> Steps[om.Order]:
    """End an order, or revoke a standing one, at once."""
    return (yield from post(f"/orders/{part(id)}/cancel", {"reason": reason}, om.Order))


def measure(peer: str) -> Steps[om.PeerSpeed]:
    """Measure how long a provider takes to answer, and return how fast past transfers from it were."""
    return (yield from post("/link-speeds", {"peer": peer}, om.PeerSpeed))


class Orders(Noun[Mode]):
    """Orders for data: placed in words, planned, approved, and followed."""

    place = Method(place)
    list = Method(list_orders)
    get = Method(get_order)
    follow = Method(follow)
    wait = Method(await_order)
    approve = Method(approve)
    refuse = Method(refuse)
    retry = Method(retry)
    cancel = Method(cancel)
    measure = Method(measure)
