"""What the management interface takes and gives about the spaces that a participant anchors; see `structs`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from hanse.http.api.space_structs import Note, Roles, both
from hanse.http.api.structs import Body, Line, PeerDid
from hanse.identity.rulebook import Name, Scalar
from hanse.kernel.tenant import Did

Yaml = Annotated[str, Meta(min_length=1, max_length=256 * 1024, description="A rulebook as YAML.")]
Claim = Annotated[str, Meta(min_length=1, max_length=128)]
Said = Annotated[str, Meta(max_length=1_000)] | int | bool


class FoundSpace(Body, kw_only=True):
    """A space to anchor."""

    name: Line
    title: Line


class AnchoredSpace(Struct, kw_only=True):
    """A space that the participant anchors."""

    name: str
    title: str
    url: str
    anchor: Did
    version: int
    created: datetime


# --- Members ------------------------------------------------------------------------------------------------------------


class Approved(Struct, kw_only=True):
    """One operator's yes, and to what."""

    operator: str
    name: str
    at: datetime
    says: str


class Deed(Struct, kw_only=True):
    """What was done about a member: when, what, by whom, and why."""

    at: datetime
    what: str
    by: str
    reason: str


class AnchoredMember(Struct, kw_only=True):
    """A member, a former one, or an applicant, as the anchor knows it.

    `approvals` are those given so far to what waits for more of them: the application, or a change; it takes
    `approvals_needed` in all.
    """

    did: Did
    name: str
    roles: list[str]
    status: str
    since: datetime | None
    reason: str
    created: datetime
    updated: datetime
    approvals: list[Approved]
    approvals_needed: int


class AskedFor(Struct, kw_only=True):
    """A member's request for credentials, and what came of it: `RECEIVED`, `ISSUED` or `REJECTED`."""

    id: str
    wanted: list[str]
    state: str
    reason: str
    issued: list[str]
    created: datetime
    updated: datetime


class KnownMember(AnchoredMember, kw_only=True):
    """All that the anchor knows of a member or applicant.

    `evidence` is what it handed in, `presented` the types of credentials that it presented and that were verified, `terms` the hash
    of the terms that it accepted, `claims` what an operator chose for the credentials of its roles. Of credentials and requests
    the newest are shown.
    """

    evidence: dict[str, str]
    presented: list[str]
    terms: str
    sponsor: Did | None
    hosting: str | None
    claims: dict[str, dict[str, Scalar]]
    history: list[Deed]
    credentials: list[IssuedCredential]
    requests: list[AskedFor]


class NewInvitation(Body, kw_only=True):
    """An invitation that works once: for `did`, or for whoever holds its code; valid for 7 days unless `expires` is set."""

    did: PeerDid | None = None
    roles: Roles = field(default_factory=both)
    expires: Annotated[datetime, Meta(tz=True)] | None = None


class Invitation(Struct, kw_only=True):
    """An invitation with its code, which is shown this once."""

    id: str
    code: str
    roles: list[str]
    did: Did | None
    expires: datetime


class Approval(Body, kw_only=True):
    """With which roles to admit (absent: those asked for), and a note."""

    roles: Roles | None = None
    reason: Note = ""


class Decision(Body, kw_only=True):
    """Why; kept with the member."""

    reason: Note = ""


class OtherRoles(Body, kw_only=True):
    """All roles that the member is to have, and a note."""

    roles: Roles
    reason: Note = ""


class OtherClaims(Body, kw_only=True):
    """What the credential of one of the member's roles is to say, within the rulebook, and a note."""

    role: Name
    claims: Annotated[dict[Claim, Said], Meta(min_length=1, max_length=64)]
    reason: Note = ""


# --- Rulebook -----------------------------------------------------------------------------------------------------------


class RulebookText(Body, kw_only=True):
    """A rulebook, to be looked at or to be published."""

    text: Yaml


class RulebookVersion(Struct, kw_only=True):
    """A version of the rulebook: when it was published, by whom, and the SHA-256 of its text."""

    version: int
    published: datetime
    by: str
    sha256: str


class ProposedRulebook(Struct, kw_only=True):
    """A rulebook that waits until `needs` operators, and those whom the one in force names, have published the same text.

    `sha256` is the hash of the text, `by` who was the first, and `approvals` are the yes that count so far.
    """

    sha256: str
    by: str
    at: datetime
    approvals: list[Approved]
    needs: int


class PublishedRulebook(RulebookVersion, kw_only=True):
    """A version of the rulebook with its text (YAML) as it was published, and what is proposed in place of the one in force."""

    text: str
    proposal: ProposedRulebook | None = None


class RulebookChanges(Struct, kw_only=True):
    """What would change, a sentence each: none if nothing does.

    With `accept_anew` members have to accept the new terms. `reissued` are the types of which they get new credentials.
    """

    changes: list[str]
    accept_anew: bool
    reissued: list[str]


class NewRulebook(RulebookVersion, kw_only=True):
    """The version that holds now, what publishing changes, and to how many members new credentials were offered.

    With `proposal` nothing has changed yet: it waits for another operator to publish the same text.
    """

    changes: list[str]
    offered: int
    proposal: ProposedRulebook | None = None


class TrustedToIssue(Struct, kw_only=True):
    """Who may issue a type of credential. With `claims` only such with one of these values of each; for at most `days`."""

    type: str
    title: str
    issuer: Did
    anchor: bool
    claims: dict[str, list[Scalar]]
    days: int | None


# --- Credentials --------------------------------------------------------------------------------------------------------


class IssuedCredential(Struct, kw_only=True):
    """A credential that the anchor issued, without its text.

    `state` is `good`, `revoked`, `suspended`, `expired`, or `undelivered`: it never reached its holder, and was revoked for that.
    `kid` is the key that signed it, `request` the holder's request that it answered, `by` the operator that took back this one.
    """

    id: str
    holder: Did
    type: str
    profile: str
    state: str
    valid_from: datetime
    valid_until: datetime
    reason: str
    by: str
    kid: str
    request: str
    renewal_offered: datetime | None
