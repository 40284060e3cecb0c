"""`/space` and `/members`: the space that the participant is in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from hanse.http.api import show
from hanse.http.api import space_structs as sp
from hanse.http.api import structs as s
from hanse.http.api.membership.joining import MEMBER, changed_terms, terms_url
from hanse.http.api.routing import PAGING, Call, Operation
from hanse.http.api.services import Services
from hanse.identity.statements import Member
from hanse.kernel.errors import HanseError, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Participant
from hanse.participants.roles import Action

_PATIENCE = 1.0
_ANSWERS = 3.0
"""Seconds in which an anchor tells a member where it stands, or is not waited for."""
_NOT_LISTED = "not listed"


class SpaceOperations:
    """The joined space, as its verified list says."""

    def __init__(self, services: Services) -> None:
        self._participants = services.participants
        self._directory = services.directory
        self._joining = services.joining

    def operations(self) -> list[Operation]:
        """Return the operations."""
        join = {"url": "https://space.example/spaces/harbour"}
        return [
            Operation("GET", "/space", "Look at the space that the participant has joined", self._get, Action.READ, gives=sp.Membership),
            Operation(
                "GET", "/members", "List the members of that space", self._members, Action.READ, gives=s.Page[sp.SpaceMember], query=PAGING
            ),
            Operation(
                "POST",
                "/space/join",
                "Join a space, or apply to it",
                self._join,
                Action.JOIN_SPACE,
                takes=sp.JoinSpace,
                gives=sp.Joined,
                example=join,
            ),
            Operation(
                "POST",
                "/space/leave",
                "Leave the space",
                self._leave,
                Action.JOIN_SPACE,
                takes=sp.LeaveSpace,
                gives=sp.Joined,
                example={"anyway": False},
                optional_body=True,
            ),
        ]

    async def standing(self, participant: Participant) -> sp.Membership:
        """Return how a participant stands in the space that it has joined. Raises `NotFound` if it has joined none."""
        link = participant.space
        if link is None:
            raise NotFound("The participant has joined no space.", where="space", rule="no-space", hint="Join one: `hanse join ADDRESS`.")
        standing = sp.Membership(url=link.url, anchor=link.anchor, joined=link.joined, state="unknown")
        try:
            members = await self._directory.members(participant.name)
        except HanseError as error:
            standing.problem = error.message
        else:
            standing.members = len(members)
            standing.state = MEMBER if any(member.did == participant.did for member in members) else _NOT_LISTED
        if link.anchor != participant.did:
            await self._ask_anchor(participant, standing)
        return standing

    async def _ask_anchor(self, participant: Participant, standing: sp.Membership) -> None:
        """Put in what the anchor itself says: the register was read before, and names members alone."""
        try:
            async with asyncio.timeout(_ANSWERS):
                told = await self._joining.standing(participant)
        except (HanseError, TimeoutError) as error:
            standing.problem = standing.problem or (error.message if isinstance(error, HanseError) else "Its anchor does not answer.")
            return
        if told is None:
            standing.state = _NOT_LISTED
            return
        standing.state, standing.reason = MEMBER if told.state == "active" else told.state, told.reason
        try:
            rulebook = await self._directory.rulebook(participant.name)
        except HanseError:
            return
        terms = changed_terms(rulebook, told)
        if terms is not None:
            standing.terms, standing.terms_url = terms.sha256, terms_url(rulebook)

    async def names(self, tenant: Tenant) -> Mapping[str, str]:
        """Return the names of the members by DID; none while the list cannot be had soon, for names are only a help."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return {member.did: member.name for member in await self._directory.members(tenant)}
        except (HanseError, TimeoutError):
            return {}

    async def _get(self, call: Call, _said: Any) -> sp.Membership:
        return await self.standing(await self._participants.get(call.caller, call.tenant))

    async def _members(self, call: Call, _said: Any) -> s.Page[sp.SpaceMember]:
        after, limit = call.page()
        members = sorted(await self._directory.members(call.tenant), key=lambda member: member.did)
        following = [member for member in members if after is None or member.did > after]
        return show.page(following, limit, _shown, lambda member: member.did)

    async def _join(self, call: Call, said: sp.JoinSpace) -> sp.Joined:
        return await self._joining.join(call.caller, call.tenant, said)

    async def _leave(self, call: Call, said: sp.LeaveSpace) -> sp.Joined:
        return await self._joining.leave(call.caller, call.tenant, anyway=said.anyway)


def _shown(member: Member) -> sp.SpaceMember:
    return sp.SpaceMember(did=Did(member.did), name=member.name, roles=member.roles, since=member.since)
