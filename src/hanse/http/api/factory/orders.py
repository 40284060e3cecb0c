"""`/orders`: orders for data, what they ask of people, and their end."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from hanse.factory.acquire.orders import By
from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.factory import orders_show
from hanse.http.api.factory import orders_structs as od
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.http.api.stated import check_purpose
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Did
from hanse.odrl.price import read_price
from hanse.participants.roles import Action

_WAIT: Final = (
    Query("wait", "Seconds (at most 60) to wait until it does nothing by itself any more, or has changed since `since`."),
    Query("since", "A moment: answer as soon as it has changed after that."),
    Query("taken", "Whether items that are left out stay out.", {"type": "boolean", "default": False}),
)


class OrderOperations:
    """Orders for data."""

    def __init__(self, services: Services) -> None:
        self._orders = services.factory.orders
        self._members = services.directory
        self._speeds = services.factory.speeds
        self._operands = services.capabilities.operands

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, act, decide = Action.READ, Action.NEGOTIATE, Action.ANSWER
        new = {
            "query": "weather language:de",
            "action": "urn:hanse:odrl:train",
            "limits": {"budget": "500EUR"},
            "licences": ["CC-BY-4.0"],
            "dry_run": True,
        }
        yes, no, gone = {"items": [1]}, {"items": [2], "reason": "Too old."}, {"reason": "Not needed any more."}
        page, ordered = s.Page[od.Order], od.Order
        speed, of = "Measure how fast the link to a provider is", {"peer": "did:web:localhost%3A8400:participants:acme"}
        return [
            Operation("POST", "/link-speeds", speed, self._measure, act, takes=od.MeasuredPeer, gives=od.PeerSpeed, example=of),
            Operation("GET", "/orders", "List orders, newest first, without their items", self._list, read, gives=page, query=PAGING),
            Operation("POST", "/orders", "Order data", self._place, act, takes=od.NewOrder, gives=ordered, status=201, example=new),
            Operation("GET", "/orders/{id}", "Look at an order and its items", self._get, read, gives=ordered, query=_WAIT),
            Operation(
                "POST", "/orders/{id}/approve", "Say yes to items", self._approve, decide, takes=od.OrderAnswer, gives=ordered, example=yes
            ),
            Operation(
                "POST", "/orders/{id}/refuse", "Say no to items", self._refuse, decide, takes=od.OrderRefusal, gives=ordered, example=no
            ),
            Operation(
                "POST",
                "/orders/{id}/retry",
                "Try items again that failed",
                self._retry,
                act,
                takes=od.OrderAnswer,
                gives=ordered,
                example=yes,
                optional_body=True,
            ),
            Operation(
                "POST",
                "/orders/{id}/cancel",
                "End an order, or revoke a standing one",
                self._cancel,
                act,
                takes=od.OrderCancel,
                gives=ordered,
                example=gone,
                optional_body=True,
            ),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[od.Order]:
        after, limit = call.page()
        found = await self._orders.page(call.tenant, after, limit + 1)
        return show.page(found, limit, orders_show.order, lambda one: one.id)

    async def _place(self, call: Call, said: od.NewOrder) -> od.Order:
        check_purpose(said.purpose)
        return orders_show.order(await self._orders.place(call.tenant, orders_show.wish(said), _by(call)))

    async def _get(self, call: Call, _said: Any) -> od.Order:
        wait, id = call.wait(), call.path("id")
        if wait is None:
            seen = await self._orders.get(call.tenant, id)
        else:
            seen = await self._orders.when(call.tenant, id, _moment(call.query("since")), wait[0])
        return orders_show.seen(seen, self._operands, taken=call.flag("taken"))

    async def _approve(self, call: Call, said: od.OrderAnswer) -> od.Order:
        price = None if said.price is None else read_price(said.price)
        return orders_show.seen(await self._orders.approve(call.tenant, call.path("id"), said.items, _by(call), price), self._operands)

    async def _refuse(self, call: Call, said: od.OrderRefusal) -> od.Order:
        return orders_show.seen(await self._orders.refuse(call.tenant, call.path("id"), said.items, _by(call), said.reason), self._operands)

    async def _retry(self, call: Call, said: od.OrderAnswer) -> od.Order:
        return orders_show.seen(await self._orders.retry(call.tenant, call.path("id"), said.items, _by(call)), self._operands)

    async def _measure(self, call: Call, said: od.MeasuredPeer) -> od.PeerSpeed:
        await self._members.require(call.tenant, Did(said.peer))
        found = await self._speeds.measure(call.tenant, Did(said.peer))
        return od.PeerSpeed(peer=found.peer, rate=found.rate or None, latency=found.latency, measured=found.at)

    async def _cancel(self, call: Call, said: od.OrderCancel) -> od.Order:
        return orders_show.seen(await self._orders.cancel(call.tenant, call.path("id"), _by(call), said.reason), self._operands)


def _by(call: Call) -> By:
    return By(call.by, call.caller.operator)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = None if text is None else msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        raise Invalid("It is no moment.", where="since", rule="query", hint="For example 2026-11-26T00:00:00Z.") from None
    if moment is not None and moment.tzinfo is None:
        raise Invalid("It has no time zone.", where="since", rule="query", hint="For example 2026-11-26T00:00:00Z.")
    return moment
