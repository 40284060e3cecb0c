"""Who belongs to the space that a participant has joined, and by which rules: its anchor's register and rulebook.

The register tells whom one may call, and what people are called. Who calls us proves itself by credentials
(`verifier.py`), which are judged by the rulebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from msgspec import Struct

from hanse.identity.rulebook import MAX_RULEBOOK, RULEBOOK, Rulebook, SpaceTrust
from hanse.identity.statements import MAX_STATEMENT, REGISTER, Member, Register, Statement
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Forbidden, PeerInvalid
from hanse.kernel.tenant import Did, Tenant
from hanse.trust.claims import Ruled
from hanse.trust.ports import Database, Fetch, Link, Links, LocalRulebooks, LocalSpaces, Resolver
from hanse.trust.statements import Freshness, Publication, StatementReader

REGISTER_AGES: Final = Freshness()
"""A register is read every minute, and serves for five while the anchor is away."""
RULEBOOK_AGES: Final = Freshness(stale=timedelta(hours=1))
"""A rulebook is read every minute, so that an issuer that it distrusts is soon refused, and when a register names a newer one."""


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
        """Return the peer's entry in the register of the space that `tenant` has joined.

        Raises `Forbidden` if the peer is not in it, if the tenant has joined no space, and if the register cannot be had
        or believed now: without proof nobody is a member. `NotFound` if there is no such tenant.
        """
        listed = await self._listed(tenant)
        member = listed.by_did.get(peer)
        if member is None:
            raise Forbidden(
                f"{peer[:200]} is not an active member of the space {listed.register.space}.",
                rule="not-a-member",
                hint="It can apply for membership at the space's anchor.",
            )
        return member

    async def members(self, tenant: Tenant) -> Sequence[Member]:
        """Return all members of the space that `tenant` has joined. Raises as `require` does."""
        return (await self._listed(tenant)).register.members

    async def ruled(self, tenant: Tenant) -> Ruled:
        """Return the rulebook of the space that `tenant` has joined, with the trust that follows from it.

        It is read anew when it is old, or when the register, as it was read last, names a higher version. Raises
        `Forbidden` as `require` does: without rules nobody is let in.
        """
        link = await self._link(tenant)
        register = self._registers.held(link)
        known = 0 if register is None else register.statement.body.rulebook
        return (await self._rulebooks.get(link, known=known)).view

    async def rulebook(self, tenant: Tenant) -> Rulebook:
        """Return the rulebook alone. Raises as `ruled` does."""
        return (await self.ruled(tenant)).rulebook

    def forget(self, url: str) -> None:
        """Read register and rulebook of the space at `url` anew next time: they have changed."""
        self._registers.forget(url)
        self._rulebooks.forget(url)

    async def _listed(self, tenant: Tenant) -> _Listed:
        return (await self._registers.get(await self._link(tenant))).view

    async def _link(self, tenant: Tenant) -> Link:
        link = await self._links.space_of(tenant)
        if link is None:
            raise Forbidden(f"{tenant} has joined no space, so it deals with nobody.", rule="no-space", hint="Join one: hanse join.")
        return link


def _listed(statement: Statement[Register]) -> _Listed:
    return _Listed(statement.body, {member.did: member for member in statement.body.members})


def _ruled(statement: Statement[Rulebook]) -> Ruled:
    if statement.body.anchor != statement.issuer:
        raise PeerInvalid("The rulebook names another anchor than the one that signed it.", rule="anchor")
    return Ruled(statement.body, SpaceTrust(statement.body), statement.version)


async def _nowhere(_url: str) -> None:
    return None
