"""What the management API answers about spaces: the joined one, and those that the participant anchors. See `model`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

Claim = str | int | bool


# --- The joined spaces --------------------------------------------------------------------------------------------------


class Membership(Struct, kw_only=True):
    """How the participant stands in a space, and the anchor's `reason`; `problem` says why that is not known (well).

    `terms` is the hash of terms that have changed since they were accepted, and `terms_url` where they are to be read.
    """

    url: str
    anchor: str
    joined: datetime
    state: str
    reason: str = ""
    members: int | None = None
    problem: str | None = None
    terms: str = ""
    terms_url: str = ""


class Member(Struct, kw_only=True):
    """A member on the signed registers of the joined spaces: in which of them (addresses), and as what."""

    did: str
    name: str
    roles: list[str] = []
    since: datetime
    spaces: list[str] = []


class SeenRole(Struct, kw_only=True):
    """A role of a space: what one needs for it, and what the space trusts it with besides."""

    name: str
    title: str
    needs: list[str] = []
    evidence: list[str] = []
    trust: list[str] = []


class FitCheck(Struct, kw_only=True):
    """One thing that a space asks of an applicant: is it met, why (not), and what would help."""

    what: str
    met: bool
    why: str = ""
    help: str = ""


class Fit(Struct, kw_only=True):
    """What an applicant meets and what is missing, and who would decide."""

    fits: bool
    decided_by: str
    checks: list[FitCheck] = []


class Host(Struct, kw_only=True):
    """An intermediary of the space that hosts others, and where it says how."""

    did: str
    name: str
    hosting: str = ""


class Joined(Struct, kw_only=True):
    """Where the participant stands in the space, and what was done to get there.

    `state` is `member`, `pending`, `unreachable` (see `hosts`), `missing` or `fits` (see `fit`), `left`, or what the anchor has
    decided. `terms` is the hash by which the space's terms are accepted, where they must be, and `terms_url` where to read them.
    `problem` is why a new member lacks some of its credentials.
    """

    state: str
    steps: list[str] = []
    fit: Fit | None = None
    terms: str = ""
    terms_url: str = ""
    hosts: list[Host] = []
    credentials: list[str] = []
    problem: str = ""


# --- An anchored space --------------------------------------------------------------------------------------------------


class AnchoredSpace(Struct, kw_only=True):
    """A space that the participant anchors."""

    name: str
    title: str
    url: str
    anchor: str
    version: int
    created: datetime


class Approved(Struct, kw_only=True):
    """One operator's yes, and to what."""

    operator: str
    name: str
    at: datetime
    says: str = ""


class Deed(Struct, kw_only=True):
    """What was done about a member: when, what, by whom, and why."""

    at: datetime
    what: str
    by: str = ""
    reason: str = ""


class AnchoredMember(Struct, kw_only=True):
    """A member, a former one, or an applicant, as the anchor knows it.

    `approvals` are those given so far to what waits for more of them; it takes `approvals_needed` in all.
    """

    did: str
    name: str
    roles: list[str] = []
    status: str
    since: datetime | None = None
    reason: str = ""
    created: datetime
    updated: datetime
    approvals: list[Approved] = []
    approvals_needed: int = 0


class IssuedCredential(Struct, kw_only=True):
    """A credential that the anchor issued. `state` is `good`, `revoked`, `suspended`, `expired` or `undelivered`."""

    id: str
    holder: str
    type: str
    profile: str
    state: str
    valid_from: datetime
    valid_until: datetime
    reason: str = ""
    by: str = ""
    kid: str = ""
    request: str = ""
    renewal_offered: datetime | None = None


class AskedFor(Struct, kw_only=True):
    """A member's request for credentials, and what came of it."""

    id: str
    wanted: list[str] = []
    state: str
    reason: str = ""
    issued: list[str] = []
    created: datetime
    updated: datetime


class KnownMember(AnchoredMember, kw_only=True):
    """All that the anchor knows of a member or applicant."""

    evidence: dict[str, str] = {}
    presented: list[str] = []
    terms: str = ""
    sponsor: str | None = None
    hosting: str | None = None
    claims: dict[str, dict[str, Claim]] = {}
    history: list[Deed] = []
    credentials: list[IssuedCredential] = []
    requests: list[AskedFor] = []


class Invitation(Struct, kw_only=True):
    """An invitation with its code, which is shown this once."""

    id: str
    code: str
    roles: list[str] = []
    did: str | None = None
    expires: datetime


# --- Its rulebook -------------------------------------------------------------------------------------------------------


class RulebookVersion(Struct, kw_only=True):
    """A version of the rulebook: when it was published, by whom, and the SHA-256 of its text."""

    version: int
    published: datetime
    by: str = ""
    sha256: str = ""


class ProposedRulebook(Struct, kw_only=True):
    """A rulebook that waits until `needs` operators have published the same text: its hash, who was the first, who said yes."""

    sha256: str
    by: str
    at: datetime
    approvals: list[Approved] = []
    needs: int = 2


class PublishedRulebook(RulebookVersion, kw_only=True):
    """A version of the rulebook with its text (YAML), and what is proposed in place of the one in force."""

    text: str
    proposal: ProposedRulebook | None = None


class RulebookChanges(Struct, kw_only=True):
    """What publishing a rulebook would change, a sentence each.

    With `accept_anew` members have to accept the new terms; of the types `reissued` they get new credentials.
    """

    changes: list[str] = []
    accept_anew: bool = False
    reissued: list[str] = []


class NewRulebook(RulebookVersion, kw_only=True):
    """The version that holds now, what publishing changes, and to how many members new credentials were offered.

    With `proposal` nothing has changed yet: another operator has to publish the same text.
    """

    changes: list[str] = []
    offered: int = 0
    proposal: ProposedRulebook | None = None


class TrustedToIssue(Struct, kw_only=True):
    """Who may issue a type of credential: only with one of these values of each claim, and for at most so many days."""

    type: str
    title: str
    issuer: str
    anchor: bool = False
    claims: dict[str, list[Claim]] = {}
    days: int | None = None
