"""`/anchor`: the space that the participant anchors. With several, the query has to name which: `space=NAME`."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hanse.anchor.standing import Status
from hanse.http.api import structs as s
from hanse.http.api.anchor import show
from hanse.http.api.anchor import structs as a
from hanse.http.api.anchor.which import WHICH, Anchored
from hanse.http.api.routing import PAGING, Call, Operation
from hanse.http.api.services import Services
from hanse.http.api.space_structs import JoinSpace
from hanse.kernel.errors import PeerError
from hanse.kernel.tenant import Did
from hanse.participants.roles import Action


class AnchorOperations:
    """Found, look, list, invite."""

    def __init__(self, services: Services, anchored: Anchored) -> None:
        self._anchored = anchored
        self._spaces = services.spaces
        self._members = services.members
        self._rulebooks = services.rulebooks
        self._participants = services.participants
        self._joining = services.joining
        self._clock = services.clock

    def operations(self) -> list[Operation]:
        """Return the operations."""
        page, query, read = s.Page[a.AnchoredMember], (*PAGING, *WHICH), Action.READ
        return [
            Operation(
                "POST",
                "/anchor",
                "Found a space",
                self._found,
                Action.FOUND_SPACE,
                takes=a.FoundSpace,
                gives=a.AnchoredSpace,
                status=201,
                example={"name": "harbour", "title": "The Harbour Space"},
            ),
            Operation("GET", "/anchor", "Look at the anchored space", self._get, read, gives=a.AnchoredSpace, query=WHICH),
            Operation("GET", "/anchor/spaces", "List the anchored spaces", self._spaces_of, read, gives=s.Page[a.AnchoredSpace]),
            Operation("GET", "/anchor/members", "List members, and former ones", self._list, read, gives=page, query=query),
            Operation("GET", "/anchor/applications", "List who waits for a decision", self._pending, read, gives=page, query=query),
            Operation(
                "POST",
                "/anchor/invitations",
                "Invite to the space, once",
                self._invite,
                Action.MANAGE_MEMBERS,
                takes=a.NewInvitation,
                gives=a.Invitation,
                status=201,
                query=WHICH,
                example={"roles": ["provider"]},
                optional_body=True,
            ),
        ]

    async def _found(self, call: Call, said: a.FoundSpace) -> a.AnchoredSpace:
        own = await self._participants.get(call.caller, call.tenant)
        space = await self._spaces.found(call.tenant, own.did, said.name, said.title)
        if own.link(space.url) is None:
            with suppress(PeerError):  # it has founded the space; that it joins it, too, can be done at any time
                await self._joining.join(call.caller, call.tenant, JoinSpace(url=space.url))
        return show.space(space)

    async def _get(self, call: Call, _said: Any) -> a.AnchoredSpace:
        return show.space(await self._anchored.space(call))

    async def _spaces_of(self, call: Call, _said: Any) -> s.Page[a.AnchoredSpace]:
        return s.Page(items=[show.space(one) for one in await self._anchored.all(call.tenant)])

    async def _list(self, call: Call, _said: Any) -> s.Page[a.AnchoredMember]:
        return await self._page(call, None)

    async def _pending(self, call: Call, _said: Any) -> s.Page[a.AnchoredMember]:
        return await self._page(call, Status.PENDING)

    async def _page(self, call: Call, status: Status | None) -> s.Page[a.AnchoredMember]:
        after, limit = call.page()
        name = await self._anchored.name(call)
        needed = (await self._rulebooks.current(name)).joining.approvals
        found = await self._members.page(call.tenant, name, status=status, after=Did(after) if after else None, limit=limit)
        # A full page may be the last one; then the next is empty.
        following = found[-1].did if len(found) == limit else None
        return s.Page(items=[show.member(one, needed) for one in found], next=following)

    async def _invite(self, call: Call, said: a.NewInvitation) -> a.Invitation:
        name, did, by = await self._anchored.name(call), None if said.did is None else Did(said.did), self._anchored.by(call)
        if said.expires is None:
            return show.invitation(await self._members.invite(call.tenant, name, roles=tuple(said.roles), did=did, by=by))
        valid = said.expires - self._clock.now()
        return show.invitation(await self._members.invite(call.tenant, name, roles=tuple(said.roles), did=did, valid=valid, by=by))
