"""What the anchor stores, hands out and tells. Every record carries the tenant of the anchor; times are UTC."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.anchor.standing import Status
from hanse.kernel.tenant import Did, Tenant


class Space(Struct, frozen=True, kw_only=True):
    """A data space anchored here. `url` is its public address and its identity, fixed when it is founded.

    `version` is that of the list of members: it grows with every change of the list and never falls.
    """

    name: str
    tenant: Tenant
    anchor: Did
    url: str
    title: str
    version: int
    created: datetime


class Member(Struct, frozen=True, kw_only=True):
    """A participant that is, was or wants to be a member. An application is a member with the status `pending`.

    `roles` are what it is (or asks to be) in the space, such as `provider`, `consumer` or `ai-factory`. `since` is when
    it was admitted, absent before. `reason` is what the anchor's operator wrote with the last decision.
    """

    space: str
    tenant: Tenant
    did: Did
    name: str
    roles: tuple[str, ...]
    status: Status
    since: datetime | None = None
    reason: str = ""
    created: datetime
    updated: datetime


class Invitation(Struct, frozen=True, kw_only=True):
    """Leave to become a member without asking, once. Only the SHA-256 of its code is kept.

    `roles` are those the new member gets; with `did` it is for that participant alone.
    """

    id: str
    space: str
    tenant: Tenant
    code_hash: str
    roles: tuple[str, ...]
    did: Did | None
    created: datetime
    expires: datetime
    used: datetime | None = None
    used_by: Did | None = None


class Invited(Struct, frozen=True):
    """An invitation with its code. The code is shown this once and kept nowhere."""

    invitation: Invitation
    code: str


class Applicant(Struct, frozen=True):
    """Who applies, proved by its token: `jti` and `expires` let the transaction record that the token was used."""

    did: Did
    jti: str
    expires: datetime


class MembersChanged(Struct, frozen=True):
    """Event: the list of members of the space at `url` has a new version."""

    tenant: Tenant
    space: str
    url: str
    version: int


class Applied(Struct, frozen=True):
    """Event: somebody asks to become a member; an operator has to decide."""

    tenant: Tenant
    space: str
    did: Did
