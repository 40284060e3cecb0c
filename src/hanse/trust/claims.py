"""What a peer has proved, and the rulebook by which it was judged. Values in memory; nothing of this is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from hanse.identity.credentials.model import Credential, Verified, earliest
from hanse.identity.rulebook import Rulebook, SpaceTrust
from hanse.kernel.tenant import Did

HOLD: Final = timedelta(seconds=45)
"""How long a status list, and what was verified with it, may be relied on.

A revocation is seen within 60 s although everything takes its longest: 5 s for a list that was already on its way when
it was asked for, these 45 s, 5 s until the watch looks, and 5 s for what it asks.
"""
EARLY: Final = timedelta(seconds=10)
"""How long before that end it is looked at again: an issuer may be away for this long."""
RETRY: Final = timedelta(seconds=2)
"""The pause between two looks at the same thing, whatever came of the first."""


class Ruled(Struct, frozen=True, eq=False):
    """A space's rulebook as it is believed now, its version, and the trust that follows from it.

    The same object for as long as nothing in it changes, so `is` tells whether a judgement is still by today's rules.
    """

    rulebook: Rulebook
    trust: SpaceTrust
    version: int


class Claims(Struct, frozen=True, kw_only=True):
    """What `holder` has proved in the `space`: the credentials of which every check held by its rules, and what they say there.

    `member` tells whether a membership credential is among them, `name` is what that calls the holder (empty if it does
    not say), `roles` are those of its role credentials. All of it holds until `until`, exclusive, without another look.
    """

    holder: Did
    space: str
    credentials: tuple[Verified, ...]
    member: bool
    name: str
    roles: frozenset[str]
    until: datetime

    @property
    def types(self) -> frozenset[str]:
        """The types of all the credentials."""
        return frozenset(kind for one in self.credentials for kind in one.credential.types)

    def has(self, types: Iterable[str]) -> bool:
        """Tell whether there is a credential of each of the types."""
        return all(any(kind in one.credential.types for one in self.credentials) for kind in types)


def types_asked(rulebook: Rulebook, needs: Collection[str]) -> tuple[str, ...]:
    """Return what a caller is asked for: membership, then what is needed besides, each once. A set is put in order."""
    if not needs:
        return (rulebook.membership,)
    ordered = needs if isinstance(needs, tuple) else sorted(needs)
    return tuple(dict.fromkeys((rulebook.membership, *ordered)))


def claims_of(holder: Did, credentials: Iterable[Verified], rulebook: Rulebook, now: datetime) -> Claims:
    """Return what verified credentials claim, for `HOLD` at most; each of them says itself until when it holds."""
    most = now + HOLD
    bounded = {one.credential.text: structs.replace(one, again=earliest(one.again, most)) for one in credentials}
    proven = tuple(bounded.values())
    memberships = [one.credential for one in proven if rulebook.membership in one.credential.types]
    names = (text for one in memberships for text in _texts(one, "name"))
    return Claims(
        holder=holder,
        space=rulebook.space,
        credentials=proven,
        member=bool(memberships),
        name=next(names, "")[:200],
        roles=frozenset(_roles(rulebook, proven, {text for one in memberships for text in _texts(one, "memberOf")})),
        until=earliest(most, *(one.again for one in proven)) or now,
    )


def look_again(claims: Claims, now: datetime) -> datetime:
    """Return when the claims should be verified anew: some time before they end, yet not at every call."""
    return min(claims.until, max(claims.until - EARLY, now + RETRY))


def holds(until: datetime, now: datetime) -> bool:
    """Tell whether `until` lies ahead, and not further than it was ever set: a clock that was put back makes nothing younger."""
    return now < until and until - now <= HOLD


def _roles(rulebook: Rulebook, proven: Sequence[Verified], spaces: set[str]) -> Iterable[str]:
    """Yield the roles of which a credential of the role's own type says both the role and a space that the holder is a member of."""
    for name, role in rulebook.roles.items():
        subjects = [subject for one in proven if role.credential in one.credential.types for subject in one.credential.subjects]
        if any(subject.get("role") == name and _one_of(subject.get("memberOf"), spaces) for subject in subjects):
            yield name


def _one_of(value: object, texts: set[str]) -> bool:
    return isinstance(value, str) and value in texts


def _texts(credential: Credential, claim: str) -> Iterable[str]:
    values = (subject.get(claim) for subject in credential.subjects)
    return (value for value in values if isinstance(value, str))
