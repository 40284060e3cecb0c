"""What the management interface takes and gives about spaces; see `structs`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from hanse.http.api.structs import Address, Body, Line, PeerDid
from hanse.kernel.tenant import Did

Roles = Annotated[list[Line], Meta(min_length=1, max_length=16)]
Note = Annotated[str, Meta(max_length=500)]
Code = Annotated[str, Meta(max_length=200)]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Pieces = Annotated[dict[Line, Annotated[str, Meta(max_length=4000)]], Meta(max_length=32)]


def _both() -> list[str]:
    return ["provider", "consumer"]


class SpaceMember(Struct, kw_only=True):
    """A member on the verified list of the space."""

    did: Did
    name: str
    roles: list[str]
    since: datetime


class JoinSpace(Body, kw_only=True):
    """The address of a space, and what one brings along.

    `invitation` is a code by which one enters at once. `evidence` is what the rulebook asks for, by name. `terms` is the hash of
    the space's terms, by which they are accepted. `sponsor` is the intermediary that hosts this participant, on this same
    server. `hosting` is where an intermediary tells how it hosts others. `replace` gives up another space for this one, and
    with `check` nothing is asked for: it only tells what the space would say.
    """

    url: Address
    invitation: Code | None = None
    roles: Roles | None = None
    evidence: Pieces = field(default_factory=dict)
    terms: Hash | None = None
    sponsor: Line | None = None
    hosting: Address | None = None
    replace: bool = False
    check: bool = False


class FitCheck(Struct, kw_only=True):
    """One thing that the space asks of an applicant: is it met, why (not), and what would help."""

    what: str
    met: bool
    why: str = ""
    help: str = ""


class Fit(Struct, kw_only=True):
    """What an applicant meets and what is missing, and who would decide."""

    fits: bool
    decided_by: str
    checks: list[FitCheck]


class Offerer(Struct, kw_only=True):
    """An intermediary of the space that hosts others, and where it says how."""

    did: Did
    name: str
    hosting: str


class Joined(Struct, kw_only=True):
    """Where the participant stands in the space now, and what was done to get there.

    `state` is `member`, `pending`, `unreachable`, `missing` (see `fit`), or what the anchor has decided. `terms` has the hash of the
    space's terms where they have to be accepted. `hosts` are intermediaries that would host who cannot be reached.
    `credentials` are the types that the wallet holds now.
    """

    state: str
    steps: list[str]
    fit: Fit | None = None
    terms: str = ""
    hosts: list[Offerer] = []
    credentials: list[str] = []


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


class AnchoredMember(Struct, kw_only=True):
    """A member, a former one, or an applicant, as the anchor knows it."""

    did: Did
    name: str
    roles: list[str]
    status: str
    since: datetime | None
    reason: str
    created: datetime
    updated: datetime


class NewInvitation(Body, kw_only=True):
    """An invitation that works once: for `did`, or for whoever holds its code; valid for 7 days unless `expires` is set."""

    did: PeerDid | None = None
    roles: Roles = field(default_factory=_both)
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


class Application(Body, kw_only=True):
    """What a participant that wants to join tells the anchor; who it is, its token proves.

    `sponsor` is a self-issued token of the intermediary that vouches for it, made for the anchor.
    """

    name: Line
    roles: Roles = field(default_factory=_both)
    invitation: Code | None = None
    evidence: Pieces = field(default_factory=dict)
    terms: Hash | None = None
    sponsor: Annotated[str, Meta(max_length=8192)] | None = None
    hosting: Address | None = None


class Probe(Body, kw_only=True):
    """Whose services the anchor is asked to reach."""

    did: PeerDid


class Reached(Struct, kw_only=True):
    """Whether the anchor can reach a participant's services from where it is, one by one."""

    did: Did
    reachable: bool
    checks: list[FitCheck]


class Standing(Struct, kw_only=True):
    """Where an applicant stands."""

    did: Did
    state: str
    reason: str
    roles: list[str] = []


class PublicSpace(Struct, kw_only=True):
    """What everybody may know of a space. `version` is that of its register, `rulebook` that of its rulebook."""

    name: str
    title: str
    url: str
    anchor: Did
    version: int
    rulebook: int = 0
