"""`/anchor/members` and `/anchor/applications`: look at one, decide about it, change what it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hanse.anchor.records import Member
from hanse.http.api.anchor import show
from hanse.http.api.anchor import structs as a
from hanse.http.api.anchor.which import WHICH, Anchored
from hanse.http.api.routing import Call, Handler, Operation
from hanse.http.api.services import Services
from hanse.kernel.tenant import Did
from hanse.participants.roles import Action

_SHOWN = 100
"""Credentials and requests of a member that are shown with it."""
_DAY = {"reason": "Left the project."}
_APPLICATION, _MEMBER = "/anchor/applications/{did}", "/anchor/members/{did}"

Decide = Callable[..., Awaitable[Member]]


class MemberOperations:
    """Approve, refuse, suspend, reinstate, remove; roles and claims. Every decision bears the operator's name."""

    def __init__(self, services: Services, anchored: Anchored) -> None:
        self._anchored = anchored
        self._members = services.members
        self._rulebooks = services.rulebooks
        self._issuing = services.issuing
        self._clock = services.clock

    def operations(self) -> list[Operation]:
        """Return the operations."""
        decide, manage, change = Action.DECIDE_APPLICATION, Action.MANAGE_MEMBERS, Action.CHANGE_MEMBER
        roles, claims = {"roles": ["provider", "ai-factory"]}, {"role": "ai-factory", "claims": {"trustLevel": 2}}
        off, back, gone = (
            "Take a member off the list until it is reinstated",
            "Put a suspended member back on the list",
            "Take a member off the list for good",
        )
        members = self._members
        return [
            Operation("GET", _MEMBER, "Look at a member or applicant", self._get, Action.READ, gives=a.KnownMember, query=WHICH),
            _operation(_APPLICATION + "/approve", "Admit an applicant", self._approve, decide, a.Approval, {"roles": ["provider"]}),
            _operation(_APPLICATION + "/refuse", "Refuse an applicant", self._refuse, decide),
            _operation(_MEMBER + "/suspend", off, self._decision(members.suspend), manage),
            _operation(_MEMBER + "/reinstate", back, self._decision(members.reinstate), manage),
            _operation(_MEMBER + "/remove", gone, self._decision(members.remove), manage),
            _operation(_MEMBER + "/roles", "Give a member other roles", self._roles, change, a.OtherRoles, roles),
            _operation(
                _MEMBER + "/claims", "Choose what a member's credential for a role says", self._claims, change, a.OtherClaims, claims
            ),
        ]

    async def _get(self, call: Call, _said: Any) -> a.KnownMember:
        name, did, tenant = await self._anchored.name(call), Did(call.path("did")), call.tenant
        member = await self._members.standing(name, did)
        needed = (await self._rulebooks.current(name)).joining.approvals
        credentials = await self._issuing.page(tenant, name, holder=did, limit=500)
        requests = await self._issuing.requests(tenant, did, limit=_SHOWN)
        newest = [*reversed(credentials)][:_SHOWN]
        return show.known_member(member, needed, newest, [one for one in requests if one.space == name], self._clock.now())

    async def _approve(self, call: Call, said: a.Approval) -> a.AnchoredMember:
        name, did = await self._about(call)
        roles = None if said.roles is None else tuple(said.roles)
        by = self._anchored.by(call)
        return await self._shown(name, await self._members.approve(call.tenant, name, did, roles=roles, reason=said.reason, by=by))

    async def _refuse(self, call: Call, said: a.Decision) -> a.AnchoredMember:
        name, did = await self._about(call)
        member = await self._members.refuse(call.tenant, name, did, said.reason, by=self._anchored.by(call))
        await self._issuing.answer_waiting(name, did)
        return await self._shown(name, member)

    async def _roles(self, call: Call, said: a.OtherRoles) -> a.AnchoredMember:
        name, did = await self._about(call)
        by, roles = self._anchored.by(call), tuple(said.roles)
        return await self._shown(name, await self._members.change_roles(call.tenant, name, did, roles, reason=said.reason, by=by))

    async def _claims(self, call: Call, said: a.OtherClaims) -> a.AnchoredMember:
        name, did = await self._about(call)
        by = self._anchored.by(call)
        changed = await self._members.set_claims(call.tenant, name, did, said.role, said.claims, reason=said.reason, by=by)
        return await self._shown(name, changed)

    def _decision(self, act: Decide) -> Handler:
        async def handle(call: Call, said: a.Decision) -> a.AnchoredMember:
            name, did = await self._about(call)
            return await self._shown(name, await act(call.tenant, name, did, said.reason, by=self._anchored.by(call)))

        return handle

    async def _about(self, call: Call) -> tuple[str, Did]:
        return await self._anchored.name(call), Did(call.path("did"))

    async def _shown(self, name: str, member: Member) -> a.AnchoredMember:
        return show.member(member, (await self._rulebooks.current(name)).joining.approvals)


def _operation(
    path: str, summary: str, handle: Callable[..., Awaitable[object]], action: Action, takes: Any = a.Decision, example: object = _DAY
) -> Operation:
    optional = takes in (a.Decision, a.Approval)
    return Operation(
        "POST", path, summary, handle, action, takes=takes, gives=a.AnchoredMember, query=WHICH, example=example, optional_body=optional
    )
