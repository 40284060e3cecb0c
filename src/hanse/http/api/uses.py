"""`/uses`: data that is used, decided and counted; `/facts`: what decisions rest on and nobody here can measure."""

from __future__ import annotations

from typing import Any

from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api import use_structs as us
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.http.api.stated import check_purpose
from hanse.odrl.say import say_report
from hanse.participants.roles import Action
from hanse.usage.records import Told, Use

_OF = Query("contract", "Only uses under this contract.")
_MOST = 1_000
"""Facts that are listed."""


class UseOperations:
    """Uses under contracts, and openings of stored data."""

    def __init__(self, services: Services) -> None:
        self._openings = services.openings
        self._telling = services.telling
        self._operands = services.capabilities.operands

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, act, tell = Action.READ, Action.TRANSFER, Action.ANSWER
        page, new = s.Page[us.Use], {"contract": "agr_06f9k2", "action": "use", "stated": {"purpose": "dpv:ResearchAndDevelopment"}}
        paid = {"name": "payAmount", "about": "agr_06f9k2", "value": "500.00 EUR", "source": "invoice 2026-17"}
        open_, check = "Open stored data under a contract", "Say whether one more use would be permitted now"
        back = {"name": "payAmount", "about": "agr_06f9k2"}
        return [
            Operation("GET", "/uses", "List uses, newest first", self._list, read, gives=page, query=(*PAGING, _OF)),
            Operation("POST", "/uses", open_, self._open, act, takes=us.NewUse, gives=us.Use, status=201, example=new),
            Operation("POST", "/uses/check", check, self._check, read, takes=us.NewUse, gives=us.UseDecision, example=new),
            Operation("GET", "/uses/{id}", "Look at a use", self._get, read, gives=us.Use),
            Operation("POST", "/uses/{id}/end", "End an opening", self._end, act, gives=us.Use),
            Operation("GET", "/facts", "List facts that were told", self._told, read, gives=s.Page[us.Fact]),
            Operation("POST", "/facts", "Tell a fact", self._tell, tell, takes=us.NewFact, gives=us.Fact, status=201, example=paid),
            Operation("POST", "/facts/untell", "Take a fact back", self._untell, tell, takes=us.OldFact, status=204, example=back),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[us.Use]:
        after, limit = call.page()
        found = await self._openings.page(call.tenant, agreement=call.query("contract"), after=after, limit=limit + 1)
        return show.page(found, limit, shown, lambda one: one.id)

    async def _open(self, call: Call, said: us.NewUse) -> us.Use:
        check_purpose(said.stated.get("purpose"))
        return shown(await self._openings.open(call.tenant, said.contract, said.action, said.stated))

    async def _check(self, call: Call, said: us.NewUse) -> us.UseDecision:
        check_purpose(said.stated.get("purpose"))
        deal, answer = await self._openings.check(call.tenant, said.contract, said.action, said.stated)
        sentences = say_report(answer.report, terms=deal.terms, operands=self._operands)
        return us.UseDecision(permitted=answer.permitted, sentences=sentences, valid_until=answer.valid_until)

    async def _get(self, call: Call, _said: Any) -> us.Use:
        return shown(await self._openings.get(call.tenant, call.path("id")))

    async def _end(self, call: Call, _said: Any) -> us.Use:
        return shown(await self._openings.close(call.tenant, call.path("id")))

    async def _told(self, call: Call, _said: Any) -> s.Page[us.Fact]:
        return s.Page[us.Fact](items=[_fact(one) for one in await self._telling.told(call.tenant, limit=_MOST)])

    async def _tell(self, call: Call, said: us.NewFact) -> us.Fact:
        # Not the operator by name: a source is told to the other side with a refusal.
        source = said.source or "told by an operator"
        told = await self._telling.tell(
            call.tenant, said.about, said.name, said.value, source=source, observed=said.observed, expires=said.expires
        )
        return _fact(told)

    async def _untell(self, call: Call, said: us.OldFact) -> None:
        await self._telling.untell(call.tenant, said.about, said.name)


def shown(use: Use) -> us.Use:
    """Return a use as it is shown."""
    return us.Use(
        id=use.id,
        contract=use.agreement,
        role=use.role.value,
        peer=use.peer,
        kind=use.kind.value,
        action=use.action,
        stated=use.stated,
        reserved=use.reserved,
        began=use.began,
        ended=use.ended,
        counts=use.counts,
        size=use.volume,
        seconds=use.seconds,
        reason=use.reason,
    )


def _fact(told: Told) -> us.Fact:
    return us.Fact(
        name=told.name, about=told.about, values=list(told.values), source=told.source, observed=told.observed, expires=told.expires
    )
