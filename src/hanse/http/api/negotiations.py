"""`/negotiations`: ask, offer, answer by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from hanse.connector.preferences import Preferences, check_preferences
from hanse.connector.records import Negotiation
from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.http.api.terms import read_decidable, read_limits
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.model import Offer
from hanse.participants.roles import Action

_PEER = "did:web:localhost%3A8400:participants:acme"
OPEN = Query("open", "Only those that are not final.", {"type": "boolean", "default": False})
WAITING = (
    Query("wait", "Wait up to so many seconds for a change.", {"type": "number", "minimum": 0, "maximum": 60}),
    Query("until", "States to wait for, separated by commas; a final state and one that needs a person end the wait, too."),
)


class NegotiationOperations:
    """Negotiations, on both sides."""

    def __init__(self, services: Services) -> None:
        self._negotiations = services.negotiations
        self._bargaining = services.bargaining
        self._operands = services.capabilities.operands
        self._by_hand = services.by_hand
        self._browser = services.browser
        self._offers = services.offers
        self._views = services.views
        self._clock = services.clock
        self._operands = services.capabilities.operands

    def operations(self) -> list[Operation]:
        """Return the operations."""
        ask = {"peer": _PEER, "dataset": "ds_06f9k2", "offer": "off_06f9k3"}
        offer = {"peer": _PEER, "asset": "ds_06f9k2", "terms": "members"}
        one = "/negotiations/{id}"
        page = s.Page[s.Negotiation]
        listing = Operation(
            "GET", "/negotiations", "List negotiations, newest first", self._list, Action.READ, gives=page, query=(*PAGING, OPEN)
        )
        return [
            listing,
            self._step("/negotiations", "Ask a peer for a dataset", self._ask, Action.NEGOTIATE, s.AskForData, ask),
            self._step("/negotiations/offers", "Offer an asset to a peer unasked", self._offer, Action.NEGOTIATE, s.OfferData, offer),
            Operation(
                "GET", one, "Look at a negotiation, or wait for a change", self._get, Action.READ, gives=s.Negotiation, query=WAITING
            ),
            self._step(one + "/accept", "Take what is on the table", self._accept, Action.ANSWER),
            self._step(one + "/agree", "Agree, as the provider", self._agree, Action.ANSWER),
            self._step(
                one + "/counter", "Put other terms on the table", self._counter, Action.ANSWER, s.CounterTerms, {"terms": "members"}
            ),
            self._step(
                one + "/terminate", "End a negotiation", self._terminate, Action.NEGOTIATE, s.Ending, {"reason": "No longer needed."}
            ),
        ]

    @staticmethod
    def _step(
        path: str, summary: str, handle: Callable[[Call, Any], Awaitable[object]], action: Action, takes: Any = None, example: object = None
    ) -> Operation:
        optional = takes is s.Ending
        return Operation(
            "POST", path, summary, handle, action, takes=takes, gives=s.Negotiation, status=202, example=example, optional_body=optional
        )

    async def _list(self, call: Call, _said: Any) -> s.Page[s.Negotiation]:
        after, limit = call.page()
        found = await self._views.negotiations(call.tenant, after, limit + 1, open_only=call.flag("open"))
        return show.page(found, limit, show.negotiation, lambda one: one.process.id)

    async def _get(self, call: Call, _said: Any) -> s.Negotiation:
        waiting = call.wait()
        if waiting is None:
            return await self._shown(call, call.path("id"))
        seconds, until = waiting
        return show.negotiation(await self._views.negotiation_when(call.tenant, call.path("id"), until, seconds))

    async def _ask(self, call: Call, said: s.AskForData) -> s.Negotiation:
        terms = None if said.terms is None else read_decidable(said.terms, self._clock.now(), self._operands)
        limits = None if said.preferences is None else read_limits(said.preferences, self._clock.now(), terms)
        if said.offer is None and limits is None:
            raise Invalid("The id of an offer is missing.", where="offer", rule="required", hint="Take it from the peer's catalogue.")
        offers = await self._browser.offers(call.tenant, Did(said.peer), said.dataset, said.offer)
        asked = offers[0] if terms is None else Offer(id=offers[0].id, terms=terms)
        if limits is not None:
            asked = await self._opening(call.tenant, Did(said.peer), offers, limits)
        made = await self._negotiations.request(
            call.tenant, Did(said.peer), said.dataset, asked, answering=said.answering, preferences=limits, by=call.by
        )
        return await self._shown(call, made.id)

    async def _opening(self, tenant: Tenant, peer: Did, offers: Sequence[Offer], limits: Preferences) -> Offer:
        check_preferences(limits, self._operands, self._clock.now())
        await self._negotiations.kit.usage.look(tenant, peer)
        # Comparing two large policies takes up to a second, in which others shall be served.
        return await asyncio.to_thread(self._bargaining.opening, tenant, self._negotiations.did_of(tenant), peer, offers, limits)

    async def _offer(self, call: Call, said: s.OfferData) -> s.Negotiation:
        own = (await self._offers.get(call.tenant, said.asset)).dataset.offers[0]
        offer = own if said.terms is None else Offer(id=own.id, terms=read_decidable(said.terms, self._clock.now(), self._operands))
        made = await self._negotiations.offer(call.tenant, Did(said.peer), said.asset, offer, by=call.by)
        return await self._shown(call, made.id)

    async def _accept(self, call: Call, _said: Any) -> s.Negotiation:
        return await self._after(call, self._by_hand.accept(call.tenant, call.path("id"), call.by))

    async def _agree(self, call: Call, _said: Any) -> s.Negotiation:
        return await self._after(call, self._by_hand.agree(call.tenant, call.path("id"), call.by))

    async def _counter(self, call: Call, said: s.CounterTerms) -> s.Negotiation:
        terms = read_decidable(said.terms, self._clock.now(), self._operands)
        return await self._after(call, self._by_hand.counter(call.tenant, call.path("id"), terms, call.by))

    async def _terminate(self, call: Call, said: s.Ending) -> s.Negotiation:
        return await self._after(call, self._by_hand.terminate(call.tenant, call.path("id"), said.reason, call.by))

    async def _after(self, call: Call, move: Awaitable[Negotiation]) -> s.Negotiation:
        return await self._shown(call, (await move).id)

    async def _shown(self, call: Call, id: str) -> s.Negotiation:
        return show.negotiation(await self._views.negotiation(call.tenant, id))
