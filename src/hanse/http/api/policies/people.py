"""The participants whom a question about a policy is about: what the space's register and verified credentials say of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from hanse.http.api.policies.worlds import ASSUMED, SOMEBODY, Person, Subjects
from hanse.identity.statements import Member
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Did, Tenant
from hanse.trust.directory import Directory, Listing
from hanse.trust.verifier import Verifier

MEMBER: Final = "member"
"""Stands for some active member."""
MOST: Final = 500
"""Members that are looked at when nobody is named."""


class People:
    """Finds who is asked about. What somebody proved is known of those with whom there was business; nobody is asked."""

    def __init__(self, directory: Directory, verifier: Verifier) -> None:
        self._directory = directory
        self._verifier = verifier

    async def find(
        self, tenant: Tenant | None, asked: Sequence[str] | None, roles: Collection[str] = (), credentials: Collection[str] = ()
    ) -> list[Person]:
        """Return those who are named, or every member of the space, with what they proved and the roles and credentials assumed."""
        listings = await self._listings(tenant)
        listed = {member.did: member for one in reversed(listings) for member in one.members}
        spaces = [one.space.url for one in listings]
        if asked is None:
            asked = [*listed][:MOST] or [MEMBER]
        return [self._person(one, listed, frozenset(roles), credentials, self._proved(tenant, one, spaces)) for one in dict.fromkeys(asked)]

    async def _listings(self, tenant: Tenant | None) -> Sequence[Listing]:
        try:
            return [] if tenant is None else await self._directory.listings(tenant)
        except HanseError:  # it is in no space: the policy can be looked at all the same
            return []

    def _person(
        self, who: str, listed: Mapping[str, Member], roles: frozenset[str], credentials: Collection[str], proved: Subjects
    ) -> Person:
        assumed: Subjects = {kind: ({},) for kind in credentials}
        if who == MEMBER:
            return Person(did=SOMEBODY, name="some member", roles=roles, credentials=assumed)
        member = listed.get(who)
        return Person(
            did=who,
            name="" if member is None else member.name,
            member=member is not None or not listed,
            roles=roles | frozenset(member.roles if member else ()),
            credentials={**assumed, **proved},
            source="the space's register and verified credentials" if member else ASSUMED,
        )

    def _proved(self, tenant: Tenant | None, who: str, spaces: Sequence[str]) -> Subjects:
        claims = [] if tenant is None else self._verifier.known(tenant, Did(who), spaces)
        found: dict[str, tuple[Mapping[str, object], ...]] = {}
        for one in {each.credential.text: each for known in claims for each in known.credentials}.values():
            for kind in one.credential.types:
                found[kind] = (*found.get(kind, ()), *one.credential.subjects)
        return found
