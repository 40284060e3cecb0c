"""`/links`: how the participant works together with each space."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final

from hanse.factory.links import records as r
from hanse.factory.links.links import Wanted
from hanse.factory.links.replicas import Copy
from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.factory import links_structs as ls
from hanse.http.api.membership.leaving import which
from hanse.http.api.routing import Call, Operation, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import Invalid, NotFound
from hanse.kernel.tenant import Did
from hanse.odrl.price import read_price
from hanse.participants.roles import Action

_WHICH: Final = (Query("space", "The address of the space, or the name of a joined one; the only one, if one was joined."),)


class LinkOperations:
    """Links with spaces."""

    def __init__(self, services: Services) -> None:
        self._links = services.factory.links
        self._replicas = services.factory.replicas
        self._participants = services.participants

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, change = Action.READ, Action.SET_LINK
        wanted = {"mode": "automated", "space": "harbour", "limits": {"budget": "500 EUR", "datasets": 20}}
        page, copied = s.Page[ls.Link], "List the copies of a federated space's catalogues"
        return [
            Operation("GET", "/links", "List how the participant works together with each space", self._list, read, gives=page),
            Operation(
                "GET", "/links/one", "Look at one of them, and at what the next mode needs", self._show, read, gives=ls.Link, query=_WHICH
            ),
            Operation(
                "POST",
                "/links/needs",
                "Say what a mode would need",
                self._needs,
                read,
                takes=ls.WantedLink,
                gives=ls.ModeNeeds,
                example=wanted,
            ),
            Operation("POST", "/links", "Set the mode", self._set, change, takes=ls.WantedLink, gives=ls.ChangedLink, example=wanted),
            Operation("GET", "/links/catalogues", copied, self._copies, read, gives=s.Page[ls.CopiedCatalogue], query=_WHICH),
            Operation(
                "POST",
                "/links/catalogues",
                "Read the catalogues of a federated space anew",
                self._refresh,
                Action.NEGOTIATE,
                takes=ls.WhichSpace,
                gives=s.Page[ls.CopiedCatalogue],
                example={"space": "harbour"},
                optional_body=True,
            ),
            Operation(
                "POST",
                "/links/end",
                "End a link, and what was bound to it",
                self._end,
                Action.END_CONTRACT,
                takes=ls.EndLink,
                gives=ls.EndedLink,
                example={"space": "harbour", "reason": "The project is over."},
                optional_body=True,
            ),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[ls.Link]:
        return s.Page(items=[_shown(one) for one in await self._links.all(call.tenant)])

    async def _show(self, call: Call, _said: Any) -> ls.Link:
        return _shown(await self._links.show(call.tenant, await self._space(call, call.query("space") or "")))

    async def _needs(self, call: Call, said: ls.WantedLink) -> ls.ModeNeeds:
        found = await self._links.needs(call.tenant, await self._space(call, said.space), _wanted(said))
        return ls.ModeNeeds(mode=said.mode, needs=_needs(found), rights=list(r.RIGHTS[r.Mode(said.mode)]))

    async def _set(self, call: Call, said: ls.WantedLink) -> ls.ChangedLink:
        change = await self._links.set(call.tenant, await self._space(call, said.space), _wanted(said), call.by)
        return ls.ChangedLink(space=change.link.space, mode=said.mode, kept=list(change.kept), new=list(change.new))

    async def _end(self, call: Call, said: ls.EndLink) -> ls.EndedLink:
        ending = await self._links.end(call.tenant, await self._space(call, said.space), said.reason, call.by)
        return ls.EndedLink(space=ending.link.space, contracts=list(ending.contracts), orders=list(ending.orders), kept=list(ending.kept))

    async def _copies(self, call: Call, _said: Any) -> s.Page[ls.CopiedCatalogue]:
        return _copied(await self._replicas.of(call.tenant, await self._space(call, call.query("space") or "")))

    async def _refresh(self, call: Call, said: ls.WhichSpace) -> s.Page[ls.CopiedCatalogue]:
        return _copied(await self._replicas.refresh(call.tenant, await self._space(call, said.space)))

    async def _space(self, call: Call, said: str) -> str:
        """Return the address: of a joined space by its name, or of any."""
        own = await self._participants.get(call.caller, call.tenant)
        if "://" in said:
            return said.strip().rstrip("/")
        link = which(own, said)
        if link is None:
            hint = "Give the address of a space that you have not joined."
            raise NotFound("The participant has joined no space.", where="space", rule="no-space", hint=hint)
        return link.url


def _copied(found: Sequence[Copy]) -> s.Page[ls.CopiedCatalogue]:
    return s.Page(
        items=[
            ls.CopiedCatalogue(
                peer=one.peer, name=one.name, read=one.read, datasets=[show.dataset(each) for each in one.datasets], problem=one.problem
            )
            for one in found
        ]
    )


def _wanted(said: ls.WantedLink) -> Wanted:
    if said.until is not None and said.until.tzinfo is None:
        raise Invalid("It has no time zone.", where="until", rule="time", hint="For example 2026-12-31T00:00:00Z.")
    limits = said.limits
    return Wanted(
        mode=r.Mode(said.mode),
        until=None if said.until is None else said.until.astimezone(UTC),
        project=said.project or "",
        intermediary=None if said.intermediary is None else Did(said.intermediary),
        limits=r.Limits(
            budget=None if limits.budget is None else read_price(limits.budget),
            size=limits.size,
            datasets=limits.datasets,
            days=limits.days,
        ),
        without=None if said.without is None else tuple(said.without),
    )


def _needs(found: Sequence[r.Requirement]) -> list[ls.Requirement]:
    return [ls.Requirement(what=one.what, met=one.met, how=one.how) for one in found]


def _mode(mode: r.Mode) -> ls.ModeName:
    return mode.value


def _shown(one: r.Standing) -> ls.Link:
    link, limits = one.link, one.link.limits
    return ls.Link(
        space=link.space,
        mode=_mode(link.mode),
        set=one.set,
        since=link.since,
        by=link.by,
        until=link.until,
        project=link.project,
        intermediary=link.intermediary,
        limits=_limits(limits) if limits.set else None,
        without=list(link.without),
        before=None if link.before is None else _mode(link.before),
        ended=link.ended,
        why=link.why,
        needs=_needs(one.needs),
        rights=list(one.rights),
        contracts=one.contracts,
        next=None
        if one.next is None
        else ls.ModeNeeds(mode=_mode(one.next), needs=_needs(one.next_needs), rights=list(r.RIGHTS[one.next])),
    )


def _limits(limits: r.Limits) -> ls.LinkLimits:
    budget = None if limits.budget is None else str(limits.budget)
    return ls.LinkLimits(budget=budget, size=limits.size, datasets=limits.datasets, days=limits.days)
