"""Looking into a space from outside: its public pages, and what its members offer to anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from hanse.connector.browse import Browsed, Browser
from hanse.http.api import show
from hanse.http.api.membership.client import SpaceClient
from hanse.http.api.membership.joining import terms_url
from hanse.http.api.space_structs import PublicSpace, SeenRole, SeenSpace, SpaceMember
from hanse.identity.rulebook import Rulebook
from hanse.identity.statements import Member
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Participant

MOST: Final = 50
"""Members that are asked in one look."""
AT_ONCE: Final = 8
PATIENCE: Final = 10.0
"""Seconds that one member's answer is waited for."""
LARGEST: Final = 2 << 20
"""Bytes that one member's descriptions may have: fifty members' are in memory at once."""


class Looking:
    """Reads what a space publishes. Nothing is shown to it or to its members that says more of us than our DID."""

    def __init__(self, spaces: SpaceClient, browser: Browser) -> None:
        self._spaces = spaces
        self._browser = browser

    async def look(self, own: Participant, url: str, *, offers: bool, filter: tuple[object, ...] = ()) -> SeenSpace:
        """Return what can be seen of the space at `url`; with `offers`, what its members show to anybody, too.

        Raises `Invalid` if there is no space, and `PeerError`s.
        """
        space = await self._spaces.look(url.strip().rstrip("/"))
        rulebook, register = await asyncio.gather(self._spaces.rulebook(space), self._spaces.register(space))
        seen = seen_space(space, rulebook, register.members, own)
        if offers:
            asked = [Did(one.did) for one in register.members if one.did != own.did]
            await self._ask(own.name, asked[:MOST], filter, seen)
        return seen

    async def _ask(self, tenant: Tenant, members: Sequence[Did], filter: tuple[object, ...], seen: SeenSpace) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(did: Did) -> Browsed | str:
            try:
                async with gate, asyncio.timeout(PATIENCE):
                    found = await self._browser.public(tenant, did, filter)
                large = sum(len(msgspec.json.encode(one)) for one in found.datasets) > LARGEST
                return "What it shows is too large to be looked at from outside." if large else found
            except TimeoutError:
                return "It did not answer in time."
            except HanseError as error:
                return error.message

        for did, answer in zip(members, await asyncio.gather(*(ask(one) for one in members)), strict=True):
            if isinstance(answer, str):
                seen.closed[did] = answer
            else:
                seen.catalogues.append(show.catalogue(answer))


def seen_space(space: PublicSpace, rulebook: Rulebook, members: Sequence[Member], own: Participant) -> SeenSpace:
    """Return what the public pages of a space say, in one piece."""
    terms = rulebook.terms
    return SeenSpace(
        url=space.url,
        title=space.title,
        anchor=space.anchor,
        joined=own.link(space.url) is not None,
        rulebook=space.rulebook,
        members=[SpaceMember(did=Did(one.did), name=one.name, roles=one.roles, since=one.since, spaces=[space.url]) for one in members],
        roles=[
            SeenRole(name=name, title=role.title, needs=list(role.needs), evidence=list(role.evidence), trust=list(role.trust))
            for name, role in rulebook.roles.items()
        ],
        decided_by=_decided_by(rulebook),
        terms="" if terms is None else terms.sha256,
        terms_url="" if terms is None else terms_url(rulebook),
    )


def _decided_by(rulebook: Rulebook) -> str:
    people = "1 operator" if rulebook.joining.approvals == 1 else f"{rulebook.joining.approvals} operators"
    by_rule = list(dict.fromkeys(role for rule in rulebook.joining.automatic for role in rule.roles))
    return f"{people}; a rule for {', '.join(by_rule)}" if by_rule else people
