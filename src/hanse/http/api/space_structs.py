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


def _both() -> list[str]:
    return ["provider", "consumer"]


class SpaceMember(Struct, kw_only=True):
    """A member on the verified list of the space."""

    did: Did
    name: str
    roles: list[str]
    since: datetime


class JoinSpace(Body, kw_only=True):
    """The address of a space, a code by which one enters at once, and leave to give up another space for it."""

    url: Address
    invitation: Code | None = None
    replace: bool = False


class Joined(Struct, kw_only=True):
    """Where the participant stands in the space now, and what was done to get there."""

    state: str
    steps: list[str]


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
    """What a participant that wants to join tells the anchor; who it is, its token proves."""

    name: Line
    roles: Roles = field(default_factory=_both)
    invitation: Code | None = None


class Standing(Struct, kw_only=True):
    """Where an applicant stands."""

    did: Did
    state: str
    reason: str


class PublicSpace(Struct, kw_only=True):
    """What everybody may know of a space."""

    name: str
    title: str
    url: str
    anchor: Did
    version: int
