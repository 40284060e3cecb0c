"""`/anchor`: the space that the participant anchors. With several, the query names which: `space=NAME`."""

from __future__ import annotations

from typing import Any

from hanse.anchor.records import Member, Space
from hanse.anchor.standing import Status
from hanse.http.api import show
from hanse.http.api import space_structs as sp
from hanse.http.api import structs as s
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Did
from hanse.participants.roles import Action

WHICH = (Query("space", "The name of the anchored space, if there are several."),)
_DAY = {"reason": "Left the project."}


class AnchorOperations:
    """Found, invite, decide, suspend, remove."""

    def __init__(self, services: Services) -> None:
        self._spaces = services.spaces
        self._members = services.members
        self._participants = services.participants
        self._clock = services.clock

    def operations(self) -> list[Operation]:
        """Return the operations."""
        new = {"name": "harbour", "title": "The Harbour Space"}
        page, query = s.Page[sp.AnchoredMember], (*PAGING, *WHICH)
        return [
            Operation(
                "POST",
                "/anchor",
                "Found a space",
                self._found,
                Action.FOUND_SPACE,
                takes=sp.FoundSpace,
                gives=sp.AnchoredSpace,
                status=201,
                example=new,
            ),
            Operation("GET", "/anchor", "Look at the anchored space", self._get, Action.READ, gives=sp.AnchoredSpace, query=WHICH),
            Operation("GET", "/anchor/members", "List members, and former ones", self._list, Action.READ, gives=page, query=query),
            Operation("GET", "/anchor/applications", "List who waits for a decision", self._pending, Action.READ, gives=page, query=query),
            self._invite_operation(),
            *self._decisions(),
        ]

    def _invite_operation(self) -> Operation:
        return Operation(
            "POST",
            "/anchor/invitations",
            "Invite to the space, once",
            self._invite,
            Action.MANAGE_MEMBERS,
            takes=sp.NewInvitation,
            gives=sp.Invitation,
            status=201,
            query=WHICH,
            example={"roles": ["provider"]},
            optional_body=True,
        )

    def _decisions(self) -> list[Operation]:
        application, member = "/anchor/applications/{did}", "/anchor/members/{did}"
        decide, manage = Action.DECIDE_APPLICATION, Action.MANAGE_MEMBERS
        return [
            self._decision(application + "/approve", "Admit an applicant", self._approve, decide, sp.Approval, {"roles": ["provider"]}),
            self._decision(application + "/refuse", "Refuse an applicant", self._refuse, decide),
            self._decision(member + "/suspend", "Take a member off the list until it is reinstated", self._suspend, manage),
            self._decision(member + "/reinstate", "Put a suspended member back on the list", self._reinstate, manage),
            self._decision(member + "/remove", "Take a member off the list for good", self._remove, manage),
        ]

    @staticmethod
    def _decision(path: str, summary: str, handle: Any, action: Action, takes: Any = sp.Decision, example: object = _DAY) -> Operation:
        return Operation(
            "POST", path, summary, handle, action, takes=takes, gives=sp.AnchoredMember, query=WHICH, example=example, optional_body=True
        )

    async def _found(self, call: Call, said: sp.FoundSpace) -> sp.AnchoredSpace:
        own = await self._participants.get(call.caller, call.tenant)
        return show.space(await self._spaces.found(call.tenant, own.did, said.name, said.title))

    async def _get(self, call: Call, _said: Any) -> sp.AnchoredSpace:
        return show.space(await self._space(call))

    async def _list(self, call: Call, _said: Any) -> s.Page[sp.AnchoredMember]:
        return await self._page(call, None)

    async def _pending(self, call: Call, _said: Any) -> s.Page[sp.AnchoredMember]:
        return await self._page(call, Status.PENDING)

    async def _page(self, call: Call, status: Status | None) -> s.Page[sp.AnchoredMember]:
        after, limit = call.page()
        name = (await self._space(call)).name
        found = await self._members.page(call.tenant, name, status=status, after=Did(after) if after else None, limit=limit)
        # A full page may be the last one; then the next is empty.
        following = found[-1].did if len(found) == limit else None
        return s.Page(items=[show.member(one) for one in found], next=following)

    async def _invite(self, call: Call, said: sp.NewInvitation) -> sp.Invitation:
        name, did = (await self._space(call)).name, None if said.did is None else Did(said.did)
        if said.expires is None:
            return show.invitation(await self._members.invite(call.tenant, name, roles=tuple(said.roles), did=did))
        valid = said.expires - self._clock.now()
        return show.invitation(await self._members.invite(call.tenant, name, roles=tuple(said.roles), did=did, valid=valid))

    async def _approve(self, call: Call, said: sp.Approval) -> sp.AnchoredMember:
        name, did = await self._about(call)
        roles = None if said.roles is None else tuple(said.roles)
        return show.member(await self._members.approve(call.tenant, name, did, roles=roles, reason=said.reason))

    async def _refuse(self, call: Call, said: sp.Decision) -> sp.AnchoredMember:
        return await self._decided(call, self._members.refuse, said)

    async def _suspend(self, call: Call, said: sp.Decision) -> sp.AnchoredMember:
        return await self._decided(call, self._members.suspend, said)

    async def _reinstate(self, call: Call, said: sp.Decision) -> sp.AnchoredMember:
        return await self._decided(call, self._members.reinstate, said)

    async def _remove(self, call: Call, said: sp.Decision) -> sp.AnchoredMember:
        return await self._decided(call, self._members.remove, said)

    async def _decided(self, call: Call, act: Any, said: sp.Decision) -> sp.AnchoredMember:
        name, did = await self._about(call)
        member: Member = await act(call.tenant, name, did, said.reason)
        return show.member(member)

    async def _about(self, call: Call) -> tuple[str, Did]:
        return (await self._space(call)).name, Did(call.path("did"))

    async def _space(self, call: Call) -> Space:
        name = call.query("space")
        found = [space for space in await self._spaces.page(call.tenant, limit=500) if name in (None, space.name)]
        if not found:
            raise NotFound("The participant anchors no such space.", where="space", rule="no-space", hint="Found one: POST /anchor.")
        return found[0]
