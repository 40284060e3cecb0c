"""What the anchor stores, hands out and tells. Every record carries the tenant of the anchor; times are UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from hanse.anchor.standing import Status
from hanse.identity.credentials.model import Profile
from hanse.kernel.tenant import Did, Tenant


class Approval(Struct, frozen=True, kw_only=True):
    """One operator's yes: the operator's id and name, when, and to what, in words that are equal if two agree to the same."""

    operator: str
    name: str
    at: datetime
    says: str = ""


class Proposal(Struct, frozen=True, kw_only=True):
    """A rulebook that waits until as many operators have published the same text as the one in force `needs`.

    `sha256` is the hash of its text, `by` who was the first, and `approvals` are the yes of those who may say it.
    """

    sha256: str
    by: Approval
    needs: int
    approvals: tuple[Approval, ...] = ()


class Space(Struct, frozen=True, kw_only=True):
    """A data space anchored here. `url` is its public address and its identity, fixed when it is founded.

    `version` is that of the list of members: it grows with every change of the list and never falls. `proposal` is a
    rulebook that waits for another operator, if there is one.
    """

    name: str
    tenant: Tenant
    anchor: Did
    url: str
    title: str
    version: int
    created: datetime
    proposal: Proposal | None = None


class Deed(Struct, frozen=True, kw_only=True):
    """What was done about a member: when, what, by whom (an operator's name, a DID, or the rulebook), and why."""

    at: datetime
    what: str
    by: str
    reason: str = ""


class Member(Struct, frozen=True, kw_only=True):
    """A participant that is, was or wants to be a member. An application is a member with the status `pending`.

    `roles` are what it is (or asks to be) in the space, such as `provider`, `consumer` or `ai-factory`. `since` is when
    it was admitted, absent before. `reason` is what the anchor's operator wrote with the last decision. `approvals` are
    those given so far to what waits for a second one: the application, or a change of a member's roles or claims.
    `evidence` is what it handed in, by name; `presented` the types of the credentials that it presented and that were
    verified; `terms` the hash of the terms that it accepted; `sponsor` the intermediary that vouched for it; `hosting`
    where it tells how it hosts others. `claims` are those that its role credentials say besides the role, by role, where
    an operator chose. `history` is what was done lately, the newest last. `barred` is `refused` or `removed` from such a
    decision on until a person admits it: no rule of the rulebook undoes it.
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
    approvals: tuple[Approval, ...] = ()
    evidence: dict[str, str] = {}
    presented: tuple[str, ...] = ()
    terms: str = ""
    sponsor: Did | None = None
    hosting: str | None = None
    claims: dict[str, dict[str, str | int | bool]] = {}
    history: tuple[Deed, ...] = ()
    barred: Status | None = None


class Published(Struct, frozen=True, kw_only=True):
    """One version of a space's rulebook: `text` is the YAML as it was published, `sha256` its hash, `by` who published it."""

    space: str
    tenant: Tenant
    version: int
    text: str
    sha256: str
    published: datetime
    by: str


class Issued(Struct, frozen=True, kw_only=True):
    """A credential that the anchor issued. `number` and `index` are its place in the space's status lists.

    `status` is `revoked` or `suspended`, or empty; `reason` is why, `by` the operator that took back
    this one alone, and `marked` since when.
    `issuance` is the request that it answered. `delivered` is when its holder's wallet took it. `lost` is above zero if that
    never happened: how many of its kind in a row did not reach their holder, this one included; such a one is revoked.
    `offer_from` is from when on a new one is to be offered because this one, or the offer to renew it, did not arrive.
    """

    id: str
    space: str
    tenant: Tenant
    holder: Did
    type: str
    profile: Profile
    number: int
    index: int
    valid_from: datetime
    valid_until: datetime
    kid: str
    issuance: str
    status: str = ""
    reason: str = ""
    by: str = ""
    marked: datetime | None = None
    renewal_offered: datetime | None = None
    delivered: datetime | None = None
    lost: int = 0
    offer_from: datetime | None = None

    @property
    def taken(self) -> bool:
        """Whether its holder has it: what nobody asked for by a message was handed to a wallet that was at hand."""
        return self.delivered is not None or not self.issuance

    @property
    def renew_from(self) -> datetime | None:
        """From when on a renewal is to be offered: the last third of its life, 30 days at most; absent if it has been, or must not be.

        What was lost, or whose offer was lost, has a time of its own.
        """
        if self.renewal_offered is not None or (self.status and not self.lost):
            return None
        if self.lost or self.offer_from is not None:
            return self.offer_from
        return self.valid_until - min(timedelta(days=30), (self.valid_until - self.valid_from) / 3)


class IssuanceState(StrEnum):
    """How far a holder's request is at the issuer, in the words of DCP 1.0, 6.8."""

    RECEIVED = "RECEIVED"
    ISSUED = "ISSUED"
    REJECTED = "REJECTED"


class Issuance(Struct, frozen=True, kw_only=True):
    """A holder's request for credentials, at its issuer (DCP 1.0, 6.4). `wanted` are ids of the metadata, `token` is echoed on delivery."""

    id: str
    tenant: Tenant
    space: str
    holder: Did
    holder_pid: str
    wanted: tuple[str, ...]
    state: IssuanceState
    token: str | None = None
    issued: tuple[str, ...] = ()
    reason: str = ""
    created: datetime
    updated: datetime


class StatusBits(Struct, frozen=True, kw_only=True):
    """The two status lists with the same number of a space. `next` is the first index that is free; bits are eight in a byte.

    The same index belongs to the same credential in both. `changed` counts up with every flip.
    """

    space: str
    tenant: Tenant
    number: int
    next: int
    revoked: bytes
    suspended: bytes
    changed: int = 0


class Invitation(Struct, frozen=True, kw_only=True):
    """Leave to become a member without asking, once. Only the SHA-256 of its code is kept.

    `roles` are those the new member gets; with `did` it is for that participant alone. `by` is the operator that made it:
    where two have to approve, an invitation is the first yes.
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
    by: Approval | None = None


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


class StatusChanged(Struct, frozen=True):
    """Event: credentials of the space at `url` were revoked, suspended or reinstated; its status lists have changed."""

    tenant: Tenant
    space: str
    url: str


class Admitted(Struct, frozen=True):
    """Event: a participant is a member now, or has other roles; its credentials can be issued."""

    tenant: Tenant
    space: str
    did: Did


class RulebookPublished(Struct, frozen=True):
    """Event: the space at `url` has a new version of its rulebook."""

    tenant: Tenant
    space: str
    url: str
    version: int


class Applied(Struct, frozen=True):
    """Event: somebody asks to become a member; an operator has to decide."""

    tenant: Tenant
    space: str
    did: Did
