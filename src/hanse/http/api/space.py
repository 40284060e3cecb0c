"""`/space`, `/spaces` and `/members`: the spaces that the participant is in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from hanse.http.api import show
from hanse.http.api import space_structs as sp
from hanse.http.api import structs as s
from hanse.http.api.membership.joining import MEMBER, changed_terms, terms_url
from hanse.http.api.membership.leaving import which
from hanse.http.api.membership.looking import Looking
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.identity.statements import Member
from hanse.kernel.errors import HanseError, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Participant, SpaceLink
from hanse.participants.roles import Action

_PATIENCE = 1.0
_ANSWERS = 3.0
"""Seconds in which an anchor tells a member where it stands, or is not waited for."""
_NOT_LISTED = "not listed"
_WHICH = (Query("space", "The address or the name of the space; the only one, if the participant is in one."),)
_IN = (Query("space", "The address or the name of a space; all that the participant is in, if there is none."),)


class SpaceOperations:
    """The joined spaces, as their verified lists say."""

    def __init__(self, services: Services) -> None:
        self._participants = services.participants
        self._directory = services.directory
        self._joining = services.joining
        self._looking = Looking(services.joining.spaces, services.browser)

    def operations(self) -> list[Operation]:
        """Return the operations."""
        join = {"url": "https://space.example/spaces/harbour"}
        read, people = Action.READ, s.Page[sp.SpaceMember]
        return [
            Operation("GET", "/spaces", "List the spaces that the participant has joined", self._all, read, gives=s.Page[sp.Membership]),
            Operation("GET", "/space", "Look at one of these spaces", self._get, read, gives=sp.Membership, query=_WHICH),
            Operation("GET", "/members", "List the members of these spaces", self._members, read, gives=people, query=(*PAGING, *_IN)),
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
                "/space/look",
                "Look into a space that need not have been joined",
                self._look,
                Action.READ,
                takes=sp.LookInto,
                gives=sp.SeenSpace,
                example=join,
            ),
            Operation(
                "POST",
                "/space/leave",
                "Leave a space",
                self._leave,
                Action.JOIN_SPACE,
                takes=sp.LeaveSpace,
                gives=sp.Joined,
                example={"anyway": False},
                optional_body=True,
            ),
        ]

    async def standings(self, participant: Participant) -> list[sp.Membership]:
        """Return how a participant stands in all spaces that it has joined."""
        return list(await asyncio.gather(*(self.standing(participant, link) for link in participant.spaces)))

    async def standing(self, participant: Participant, link: SpaceLink) -> sp.Membership:
        """Return how a participant stands in a space that it has joined."""
        standing = sp.Membership(url=link.url, anchor=link.anchor, joined=link.joined, state="unknown")
        try:
            members = await self._directory.members(participant.name, link.url)
        except HanseError as error:
            standing.problem = error.message
        else:
            standing.members = len(members)
            standing.state = MEMBER if any(member.did == participant.did for member in members) else _NOT_LISTED
        if link.anchor != participant.did:
            await self._ask_anchor(participant, link, standing)
        return standing

    async def _ask_anchor(self, participant: Participant, link: SpaceLink, standing: sp.Membership) -> None:
        """Put in what the anchor itself says: the register was read before, and names members alone."""
        try:
            async with asyncio.timeout(_ANSWERS):
                told = await self._joining.standing(participant, link)
        except (HanseError, TimeoutError) as error:
            standing.problem = standing.problem or (error.message if isinstance(error, HanseError) else "Its anchor does not answer.")
            return
        if told is None:
            standing.state = _NOT_LISTED
            return
        standing.state, standing.reason = MEMBER if told.state == "active" else told.state, told.reason
        try:
            rulebook = await self._directory.rulebook(participant.name, link.url)
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
        own = await self._participants.get(call.caller, call.tenant)
        link = which(own, call.query("space") or "")
        if link is None:
            raise NotFound("The participant has joined no space.", where="space", rule="no-space", hint="Join one: `hanse join ADDRESS`.")
        return await self.standing(own, link)

    async def _all(self, call: Call, _said: Any) -> s.Page[sp.Membership]:
        return s.Page(items=await self.standings(await self._participants.get(call.caller, call.tenant)))

    async def _members(self, call: Call, _said: Any) -> s.Page[sp.SpaceMember]:
        after, limit = call.page()
        found = _together(await self._listings(call))
        following = [found[did] for did in sorted(found) if after is None or did > after]
        return show.page(following, limit, lambda member: member, lambda member: member.did)

    async def _listings(self, call: Call) -> Sequence[tuple[str, Sequence[Member]]]:
        """Return the members of the space that is asked for, or of all whose register is to be had. Raises `Forbidden` if none is."""
        asked = call.query("space")
        if asked:
            link = which(await self._participants.get(call.caller, call.tenant), asked)
            return [] if link is None else [(link.url, await self._directory.members(call.tenant, link.url))]
        listings = await self._directory.listings(call.tenant)
        problems = [one.problem for one in listings if one.problem is not None]
        if len(problems) == len(listings):
            raise problems[0]
        return [(one.space.url, one.members) for one in listings]

    async def _join(self, call: Call, said: sp.JoinSpace) -> sp.Joined:
        return await self._joining.join(call.caller, call.tenant, said)

    async def _look(self, call: Call, said: sp.LookInto) -> sp.SeenSpace:
        own = await self._participants.get(call.caller, call.tenant)
        return await self._looking.look(own, said.url, offers=said.offers, filter=tuple(said.filter))

    async def _leave(self, call: Call, said: sp.LeaveSpace) -> sp.Joined:
        return await self._joining.leave(call.caller, call.tenant, said.url, anyway=said.anyway)


def _together(listings: Sequence[tuple[str, Sequence[Member]]]) -> dict[str, sp.SpaceMember]:
    """Return each member once by its DID, with the spaces that list it; it is called what the first one calls it."""
    found: dict[str, sp.SpaceMember] = {}
    for url, members in listings:
        for one in members:
            known = found.setdefault(one.did, sp.SpaceMember(did=Did(one.did), name=one.name, roles=[], since=one.since))
            known.roles = list(dict.fromkeys([*known.roles, *one.roles]))
            known.spaces.append(url)
            known.since = min(known.since, one.since)
    return found
