"""What the management interface takes and gives about spaces; see `structs`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from hanse.http.api.structs import Address, Body, Catalogue, Line, PeerDid
from hanse.kernel.tenant import Did

Roles = Annotated[list[Line], Meta(min_length=1, max_length=16)]
Note = Annotated[str, Meta(max_length=500)]
Code = Annotated[str, Meta(max_length=200)]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Pieces = Annotated[dict[Line, Annotated[str, Meta(max_length=4000)]], Meta(max_length=32)]


def both() -> list[str]:
    """Return the roles that most members have."""
    return ["provider", "consumer"]


class Membership(Struct, kw_only=True):
    """A space that the participant has joined.

    `state` is `member`, `pending`, `suspended`, `refused`, `removed` or `left`, with the anchor's `reason`; `not listed` if the
    anchor does not know the participant, or `unknown`. `problem` is why register or anchor could not be asked. `terms` is the
    hash of terms that have changed since they were accepted, and `terms_url` where they are to be read.
    """

    url: str
    anchor: Did
    joined: datetime
    state: str
    reason: str = ""
    members: int | None = None
    problem: str | None = None
    terms: str = ""
    terms_url: str = ""


class SpaceMember(Struct, kw_only=True):
    """A member on the verified lists of the spaces that the participant has joined: in which of them (addresses), and as what."""

    did: Did
    name: str
    roles: list[str]
    since: datetime
    spaces: list[str] = []


class JoinSpace(Body, kw_only=True):
    """The address of a space, and what one brings along.

    `invitation` is a code by which one enters at once. `evidence` is what the rulebook asks for, by name. `terms` is the hash of
    the space's terms, by which they are accepted. `sponsor` is the intermediary that hosts this participant, on this same
    server. `hosting` is where an intermediary tells how it hosts others. With `replace` the anchor that the space names now is
    pinned in place of another. With `check` nothing is asked for: it only tells what the space would say.
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

    `state` is `member`, `pending`, `unreachable`, `missing` or (with `check`) `fits` (see `fit`), `left`, or what the anchor has
    decided. `terms` has the hash of the space's terms where they have to be accepted, and `terms_url` where they are to be read.
    `hosts` are intermediaries that would host who cannot be reached. `credentials` are the types that the wallet holds now, and
    `problem` is why a new member lacks some of them.
    """

    state: str
    steps: list[str]
    fit: Fit | None = None
    terms: str = ""
    terms_url: str = ""
    hosts: list[Offerer] = []
    credentials: list[str] = []
    problem: str = ""


class LookInto(Body, kw_only=True):
    """The address of a space that one need not have joined. With `offers` its members are asked what they offer to anybody."""

    url: Address
    offers: bool = False
    filter: Annotated[list[Any], Meta(max_length=32)] = field(default_factory=list)


class SeenRole(Struct, kw_only=True):
    """A role of a space: what one needs for it, and what the space trusts it with besides."""

    name: str
    title: str
    needs: list[str] = []
    evidence: list[str] = []
    trust: list[str] = []


class SeenSpace(Struct, kw_only=True):
    """What everybody may see of a space, with what it would need to join; `joined` tells whether the participant is in it.

    `decided_by` is how many operators decide about an application, and for which roles a rule does. `terms` is the hash of its
    terms. `catalogues` are of members that answer anybody, `closed` says of the others (by DID) why there is none.
    """

    url: str
    title: str
    anchor: Did
    joined: bool
    rulebook: int
    members: list[SpaceMember]
    roles: list[SeenRole]
    decided_by: str
    terms: str = ""
    terms_url: str = ""
    catalogues: list[Catalogue] = []
    closed: dict[str, str] = {}


class LeaveSpace(Body, kw_only=True):
    """Which space (its address or its name), if there are several. With `anyway` it is forgotten here even if its anchor cannot be told."""

    url: Annotated[str, Meta(max_length=2000)] = ""
    anyway: bool = False


class Application(Body, kw_only=True):
    """What a participant that wants to join tells the anchor; who it is, its token proves.

    `sponsor` is a self-issued token of the intermediary that vouches for it, made for the anchor.
    """

    name: Line
    roles: Roles = field(default_factory=both)
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
    """Where an applicant stands. `terms` is the hash of the terms that it has accepted, empty for none."""

    did: Did
    state: str
    reason: str
    roles: list[str] = []
    terms: str | None = None


class PublicSpace(Struct, kw_only=True):
    """What everybody may know of a space. `version` is that of its register, `rulebook` that of its rulebook."""

    name: str
    title: str
    url: str
    anchor: Did
    version: int
    rulebook: int = 0
