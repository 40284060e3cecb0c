"""What the management interface takes and gives about links with spaces; see `structs`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from hanse.http.api.structs import Body, Dataset, Line, PeerDid
from hanse.kernel.tenant import Did

ModeName = Literal["ad-hoc", "intermediary", "participant", "own-role", "federated", "automated"]
Space = Annotated[str, Meta(max_length=2000)]
Money = Annotated[str, Meta(max_length=40)]


class LinkLimits(Body, kw_only=True):
    """What may be acquired from the space without a person in `days` days: money (`500 EUR`), bytes, datasets."""

    budget: Money | None = None
    size: Annotated[int, Meta(ge=0)] | None = None
    datasets: Annotated[int, Meta(ge=0)] | None = None
    days: Annotated[int, Meta(ge=1, le=366)] = 30


class WantedLink(Body, kw_only=True):
    """How to work together with a space: its address, or the name of a joined one; nothing, if one space was joined.

    `until` and `project` are for the mode `ad-hoc`, `intermediary` is for the one of that name. `without` are members and datasets that
    are left out whatever the space offers; if it is absent, they stay as they are.
    """

    mode: ModeName
    space: Space = ""
    until: datetime | None = None
    project: Line | None = None
    intermediary: PeerDid | None = None
    limits: LinkLimits = field(default_factory=LinkLimits)
    without: Annotated[list[Line], Meta(max_length=500)] | None = None


class EndLink(Body, kw_only=True):
    """Which link ends, and why; the providers are told."""

    space: Space = ""
    reason: Annotated[str, Meta(max_length=500)] = ""


class Requirement(Struct, kw_only=True):
    """One thing that a mode needs: is it met (absent: it cannot be told now), and how it is or could be."""

    what: str
    met: bool | None
    how: str


class ModeNeeds(Struct, kw_only=True):
    """What a mode needs, and what it would allow: `rights` are acquire, relay, offer, mirror, replicate, automatic."""

    mode: ModeName
    needs: list[Requirement]
    rights: list[str]


class Link(Struct, kw_only=True):
    """Where the collaboration with a space stands. `set` tells whether somebody chose the mode; a member is an ordinary participant else.

    `rights` are what it allows now; `contracts` is how many agreements stand. `next` is what the next mode needs.
    """

    space: str
    mode: ModeName
    set: bool
    since: datetime
    by: str = ""
    until: datetime | None = None
    project: str = ""
    intermediary: Did | None = None
    limits: LinkLimits | None = None
    without: list[str] = []
    before: ModeName | None = None
    ended: datetime | None = None
    why: str = ""
    needs: list[Requirement] = []
    rights: list[str] = []
    contracts: int = 0
    next: ModeNeeds | None = None


class ChangedLink(Struct, kw_only=True):
    """What came of a change: the agreements that stand as before, and what each new right takes, in words."""

    space: str
    mode: ModeName
    kept: list[str]
    new: list[str]


class WhichSpace(Body, kw_only=True):
    """A space: its address, or the name of a joined one; nothing, if one space was joined."""

    space: Space = ""


class CopiedCatalogue(Struct, kw_only=True):
    """What a member offered to us when it was read last; `problem` is why it could not be read anew since."""

    peer: Did
    name: str
    read: datetime
    datasets: list[Dataset]
    problem: str = ""


class EndedLink(Struct, kw_only=True):
    """What ended with the link: agreements and standing orders; `kept` are agreements that stand by the rules of another space."""

    space: str
    contracts: list[str]
    orders: list[str]
    kept: list[str]
