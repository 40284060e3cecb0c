"""Peers of a participant that may be in several spaces: who proves itself in one of them is admitted, by that space's rules.

Each space is asked about by itself: which credentials a peer is asked for, who may have issued them, and whether they still
hold, its own rulebook says. A peer is asked only about the spaces in which it is listed or has proved itself before, so that
members of one space do not learn of another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from hanse.identity.rulebook import Rulebook
from hanse.identity.self_issued import Caller
from hanse.kernel.errors import CallerError, Forbidden
from hanse.kernel.tenant import Did, Tenant
from hanse.trust.claims import Claims
from hanse.trust.ports import Links, Registers, Rulebooks
from hanse.trust.verifier import Verifier

Wishes = Callable[[Rulebook], Collection[str]]
"""Which credentials a caller may present besides its membership, by the rules of a space."""

_NOTHING: Final = frozenset({"missing", "not-presented"})
"""Rules of refusals that name nothing but what is not there: a member of another space may be meant."""


class Peers:
    """What peers have proved to the participants of this server, in each space that both are in."""

    def __init__(self, links: Links, registers: Registers, rulebooks: Rulebooks, verifier: Verifier) -> None:
        """Take the ports, and the verifier of claims in one space."""
        self._links = links
        self._registers = registers
        self._rulebooks = rulebooks
        self._verifier = verifier

    async def admit(self, tenant: Tenant, caller: Caller, wishes: Wishes | None = None) -> Sequence[Claims]:
        """Return what `caller` proves, per space in which it is a member in good standing: one at least.

        Raises what `Verifier.admit` raises where it is one in no space, for the first in which it should be.
        """

        async def ask(space: str) -> Claims:
            wished = () if wishes is None else wishes((await self._rulebooks.ruled(tenant, space)).rulebook)
            return await self._verifier.admit(tenant, caller, wishes=wished, space=space)

        return await _any([ask(space) for space in await self.meeting(tenant, caller.did)])

    async def standing(self, tenant: Tenant, peer: Did, spaces: Collection[str] = ()) -> Sequence[Claims]:
        """Return what `peer` has proved before and what holds now, per space; of these `spaces` alone, if any are named.

        Raises what `Verifier.standing` raises where it is a member of none any more, and `Forbidden` if we have left all of them.
        """
        links = await self._links.spaces_of(tenant)
        own = [link.url for link in links if not spaces or link.url in spaces]
        if not own:
            gone = f"is not in the space {', '.join(sorted(spaces))} any more" if spaces else "has joined no space"
            raise Forbidden(f"{tenant} {gone}.", rule="no-space")
        if len(own) > 1:
            met = await self._verifier.met_in(tenant, peer)
            own = [url for url in own if url in met] or own
        return await _any([self._verifier.standing(tenant, peer, space=space) for space in own])

    async def meeting(self, tenant: Tenant, peer: Did) -> Sequence[str]:
        """Return the spaces in which a peer is to be asked for proof: where it is listed or has proved itself, or all, if it is nowhere."""
        urls = [link.url for link in await self._links.spaces_of(tenant)]
        if len(urls) <= 1:
            return urls or [""]  # no space: whoever reads the rules says so
        met = {*await self._registers.naming(tenant, peer), *await self._verifier.met_in(tenant, peer)}
        return [url for url in urls if url in met] or urls


async def _any(asked: Sequence[Awaitable[Claims]]) -> Sequence[Claims]:
    """Return what is proved; if nothing is, raise a refusal, of something that was shown rather than of what is missing.

    A fault of our own is raised anyway.
    """
    if len(asked) == 1:
        return [await asked[0]]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, CallerError):
            raise outcome
    proved = [one for one in outcomes if isinstance(one, Claims)]
    if not proved:
        raise min((one for one in outcomes if isinstance(one, CallerError)), key=lambda refusal: refusal.rule in _NOTHING)
    return proved
