"""How a participant gets its credentials from an issuer: see what it lacks, ask for that, and wait until it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from hanse.identity.credentials.read import read_credential
from hanse.identity.dcp.scopes import TYPE, Scope
from hanse.identity.rulebook import Rulebook
from hanse.kernel.clock import Clock
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet.credentials import CredentialService, presentable
from hanse.wallet.intake import MAX_HELD
from hanse.wallet.records import CredentialRequest, Held, RequestState
from hanse.wallet.requests import Requests

OPEN = frozenset({RequestState.ASKED, RequestState.RECEIVED})
_GLANCE = 0.02
"""Seconds between two looks of who waits for an answer."""


class Collecting:
    """The wallet, as whoever needs credentials uses it."""

    def __init__(self, requests: Requests, credentials: CredentialService, clock: Clock) -> None:
        self._requests = requests
        self._credentials = credentials
        self._clock = clock

    async def held(self, tenant: Tenant, issuer: Did, types: Sequence[str], space: str) -> list[str]:
        """Return of which of the types the participant holds a credential of this issuer for this space that is good now."""
        held = await self._credentials.page(tenant, after=None, limit=MAX_HELD)
        own = [one for one in held if one.issuer == issuer and _is_for(one, space)]
        good = presentable(own, [Scope(TYPE, kind, "read") for kind in types], self._clock.now())
        there = {kind for one in good for kind in one.types}
        return [kind for kind in types if kind in there]

    async def drop(self, tenant: Tenant, issuer: Did, space: str) -> list[str]:
        """Throw away all credentials of this issuer for this space, and return of which types they were."""
        dropped: list[str] = []
        for one in await self._credentials.page(tenant, after=None, limit=MAX_HELD):
            if one.issuer == issuer and _is_for(one, space):
                with suppress(NotFound):
                    await self._credentials.remove(tenant, one.id)
                dropped += one.types
        return list(dict.fromkeys(dropped))

    async def ask(self, tenant: Tenant, issuer: Did, types: Sequence[str] | None, because: str, space: str = "") -> CredentialRequest:
        """Ask for credentials of these types, or (None) one of each, for this space; raises what `Requests.ask` raises."""
        return await self._requests.ask(tenant, issuer, types, because, space)

    async def settled(self, tenant: Tenant, id: str, patience: timedelta) -> CredentialRequest:
        """Return a request once it is answered, or as it is when patience has ended. Raises `NotFound`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + patience.total_seconds()
        while True:
            request = await self._requests.get(tenant, id)
            if request.state not in OPEN or loop.time() >= end:
                return request
            await asyncio.sleep(_GLANCE)


def _is_for(one: Held, space: str) -> bool:
    """Tell whether a credential names this space, or none: an anchor can have several, with the same types."""
    return all(subject.get("memberOf", space) == space for subject in read_credential(one.text).credential.subjects)


def entitled(rulebook: Rulebook, roles: Sequence[str]) -> list[str]:
    """Return the types that a member with these roles is entitled to."""
    own = [rulebook.roles[name].credential for name in roles if name in rulebook.roles]
    return list(dict.fromkeys([rulebook.membership, *own]))
