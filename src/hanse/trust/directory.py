"""Who belongs to the spaces that a participant has joined, and by which rules: registers and rulebooks of their anchors.

The register tells whom one may call, and what people are called. Who calls us proves itself by credentials
(`verifier.py`), which are judged by the rulebook.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from msgspec import Struct

from hanse.identity.credentials.model import Credential
from hanse.identity.credentials.trust import IssuerPolicy
from hanse.identity.rulebook import MAX_RULEBOOK, RULEBOOK, Rulebook, SpaceTrust
from hanse.identity.statements import MAX_STATEMENT, REGISTER, Member, Register, Statement
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Forbidden, Invalid, PeerInvalid
from hanse.kernel.tenant import Did, Tenant
from hanse.trust.claims import Ruled
from hanse.trust.ports import Database, Fetch, Link, Links, LocalRulebooks, LocalSpaces, Resolver
from hanse.trust.statements import Freshness, Publication, StatementReader

REGISTER_AGES: Final = Freshness()
"""A register is read every minute, and serves for five while the anchor is away."""
RULEBOOK_AGES: Final = Freshness(stale=timedelta(hours=1))
"""A rulebook is read every minute, so that an issuer that it distrusts is soon refused, and when a register names a newer one."""


_SOON: Final = 5.0
_SOONER: Final = 0.2
"""Seconds that a register is waited for to tell where a peer is listed: while no space is known, and once one is."""


class Listing(Struct, frozen=True, kw_only=True):
    """A joined space with its members, or with the `problem` for which its register is not to be had."""

    space: Link
    members: Sequence[Member] = ()
    problem: Forbidden | None = None


class AnyOf:
    """The trust of who is in several spaces: what one of them believes."""

    def __init__(self, policies: Sequence[IssuerPolicy]) -> None:
        """Take the policies, one at least."""
        self._policies = policies

    def objection(self, credential: Credential) -> str | None:
        """Return why no space believes it; the first one's objection."""
        objections = [policy.objection(credential) for policy in self._policies]
        return None if None in objections else objections[0]


class _Listed(Struct, frozen=True, eq=False):
    """A register with its members by DID."""

    register: Register
    by_did: dict[str, Member]


class Directory:
    """Registers and rulebooks of the spaces that this server's participants have joined."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        links: Links,
        local: LocalSpaces,
        fetch: Fetch,
        resolver: Resolver,
        freshness: Freshness = REGISTER_AGES,
        *,
        rulebooks: LocalRulebooks | None = None,
        rulebook_freshness: Freshness = RULEBOOK_AGES,
    ) -> None:
        """Take the ports; `local` and `rulebooks` read what is anchored on this server."""
        self._links = links
        register = Publication(
            path="register",
            kind=REGISTER,
            body=Register,
            limit=MAX_STATEMENT,
            word="list",
            title="list of members",
            rule="list-refused",
            mark="",
            local=local.register_of,
            view=_listed,
            ages=freshness,
        )
        rulebook = Publication(
            path="rulebook",
            kind=RULEBOOK,
            body=Rulebook,
            limit=2 * MAX_RULEBOOK,
            word="rulebook",
            title="rulebook",
            rule="rulebook-refused",
            mark="/rulebook",
            local=_nowhere if rulebooks is None else rulebooks.rulebook_of,
            view=_ruled,
            ages=rulebook_freshness,
        )
        self._registers = StatementReader(register, database, clock, fetch, resolver)
        self._rulebooks = StatementReader(rulebook, database, clock, fetch, resolver)

    async def require(self, tenant: Tenant, peer: Did) -> Member:
        """Return the peer's entry in the register of a space that `tenant` has joined: the first that names it.

        Raises `Forbidden` if the peer is in none, if the tenant has joined no space, and if a register that might name it cannot
        be had or believed now: without proof nobody is a member. `NotFound` if there is no such tenant.
        """
        links = await self.links(tenant)
        found = await asyncio.gather(*(self._listed(link) for link in links), return_exceptions=True)
        for one in found:
            if isinstance(one, _Listed) and peer in one.by_did:
                return one.by_did[peer]
        _first_fault(found)
        raise Forbidden(
            f"{peer[:200]} is not an active member of {_named(_urls(links))}.",
            rule="not-a-member",
            hint="It can apply for membership at the space's anchor.",
        )

    async def members(self, tenant: Tenant, space: str = "") -> Sequence[Member]:
        """Return the members of the space, or of all that `tenant` has joined, each once.

        A register that is not to be had leaves its members out, unless none is to be had: then it raises as `require` does.
        """
        if space:
            return (await self._listed(await self.link(tenant, space))).register.members
        listings = await self.listings(tenant)
        if all(one.problem is not None for one in listings):
            _first_fault([one.problem for one in listings])
        return list({member.did: member for one in reversed(listings) for member in one.members}.values())

    async def listings(self, tenant: Tenant) -> Sequence[Listing]:
        """Return every space that `tenant` has joined, with its members. Raises `Forbidden` if it has joined none, and `NotFound`."""
        links = await self.links(tenant)
        found = await asyncio.gather(*(self._listed(link) for link in links), return_exceptions=True)
        return [_listing(link, one) for link, one in zip(links, found, strict=True)]

    async def naming(self, tenant: Tenant, peer: Did) -> Sequence[str]:
        """Return the addresses of the spaces whose registers name the peer.

        A register that is not to be had soon counts as it was read last: this tells whom to ask for proof, and proves nothing.
        """
        links = await self.links(tenant)
        known = {link.url for link in links if (held := self._registers.held(link)) is not None and peer in held.view.by_did}

        async def look(link: Link) -> str | None:
            try:
                async with asyncio.timeout(_SOONER if known else _SOON):
                    return link.url if peer in (await self._listed(link)).by_did else None
            except (Forbidden, TimeoutError):
                return link.url if link.url in known else None

        found = await asyncio.gather(*(look(link) for link in links))
        return [url for url in found if url is not None]

    async def ruled(self, tenant: Tenant, space: str = "") -> Ruled:
        """Return the rulebook of a space that `tenant` has joined, the only one if none is named, with the trust that follows from it.

        It is read anew when it is old, or when the register, as it was read last, names a higher version. Raises
        `Forbidden` as `require` does: without rules nobody is let in.
        """
        return await self._ruled(await self.link(tenant, space))

    async def rulebook(self, tenant: Tenant, space: str = "") -> Rulebook:
        """Return the rulebook alone. Raises as `ruled` does."""
        return (await self.ruled(tenant, space)).rulebook

    async def rulebooks(self, tenant: Tenant) -> Sequence[Rulebook]:
        """Return the rulebooks of all spaces that `tenant` has joined, as far as they are to be had. Raises as `ruled` does if none is."""
        return [one.rulebook for one in await self._all_ruled(tenant)]

    async def trust(self, tenant: Tenant) -> IssuerPolicy:
        """Return what the spaces believe that `tenant` has joined: what one of them does. Raises as `rulebooks` does."""
        policies = [one.trust for one in await self._all_ruled(tenant)]
        return policies[0] if len(policies) == 1 else AnyOf(policies)

    async def links(self, tenant: Tenant) -> Sequence[Link]:
        """Return the spaces that `tenant` has joined. Raises `Forbidden` if it has joined none, and `NotFound`."""
        links = await self._links.spaces_of(tenant)
        if not links:
            raise Forbidden(f"{tenant} has joined no space, so it deals with nobody.", rule="no-space", hint="Join one: hanse join.")
        return links

    async def link(self, tenant: Tenant, space: str = "") -> Link:
        """Return the space of that address, or the only one. Raises `Forbidden` if it was not joined, `Invalid` if it has to be named."""
        links = await self.links(tenant)
        if not space and len(links) > 1:
            raise Invalid(f"{tenant} is in several spaces.", where="space", rule="which-space", hint=f"Name one: {_named(_urls(links))}.")
        found = next((link for link in links if space in ("", link.url)), None)
        if found is None:
            raise Forbidden(f"{tenant} has not joined the space {space[:200]}.", rule="no-space", hint="Join it: hanse join.")
        return found

    def forget(self, url: str) -> None:
        """Read register and rulebook of the space at `url` anew next time: they have changed."""
        self._registers.forget(url)
        self._rulebooks.forget(url)

    async def _listed(self, link: Link) -> _Listed:
        return (await self._registers.get(link)).view

    async def _ruled(self, link: Link) -> Ruled:
        register = self._registers.held(link)
        known = 0 if register is None else register.statement.body.rulebook
        return (await self._rulebooks.get(link, known=known)).view

    async def _all_ruled(self, tenant: Tenant) -> Sequence[Ruled]:
        found = await asyncio.gather(*(self._ruled(link) for link in await self.links(tenant)), return_exceptions=True)
        ruled = [one for one in found if isinstance(one, Ruled)]
        if not ruled:
            _first_fault(found)
        return ruled


def _listing(link: Link, found: _Listed | BaseException) -> Listing:
    if isinstance(found, _Listed):
        return Listing(space=link, members=found.register.members)
    if isinstance(found, Forbidden):
        return Listing(space=link, problem=found)
    raise found


def _first_fault(outcomes: Iterable[object]) -> None:
    """Raise what went wrong first, faults of our own before what others' servers do."""
    faults = [one for one in outcomes if isinstance(one, BaseException)]
    for fault in sorted(faults, key=lambda one: isinstance(one, Forbidden)):
        raise fault


def _urls(links: Iterable[Link]) -> list[str]:
    return [link.url for link in links]


def _named(urls: Sequence[str]) -> str:
    """Return the spaces in words."""
    return f"the space {urls[0]}" if len(urls) == 1 else f"the spaces {', '.join(urls[:8])}"


def _listed(statement: Statement[Register]) -> _Listed:
    return _Listed(statement.body, {member.did: member for member in statement.body.members})


def _ruled(statement: Statement[Rulebook]) -> Ruled:
    if statement.body.anchor != statement.issuer:
        raise PeerInvalid("The rulebook names another anchor than the one that signed it.", rule="anchor")
    return Ruled(statement.body, SpaceTrust(statement.body), statement.version)


async def _nowhere(_url: str) -> None:
    return None
