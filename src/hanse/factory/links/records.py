"""How a participant works together with each space: the six modes of collaboration. Times are UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.price import Price


class Mode(StrEnum):
    """The modes, the loosest first; `next` goes in this order."""

    AD_HOC = "ad-hoc"
    """For one project, until a date; then its agreements and its standing orders end by themselves."""
    INTERMEDIARY = "intermediary"
    """Through a member of the space that gives on to us what it gets under agreements of its own."""
    PARTICIPANT = "participant"
    """As any member."""
    OWN_ROLE = "own-role"
    """As a member with a role that the rulebook trusts with more, such as keeping mirrors."""
    FEDERATED = "federated"
    """With shared resources: the space's catalogues are copied here, and uses are reported, while our own rules come first."""
    AUTOMATED = "automated"
    """Without a person: standing orders acquire whatever fits, within limits."""

    @property
    def next(self) -> Mode | None:
        """Return the mode that comes after this one, or nothing."""
        modes = list(Mode)
        at = modes.index(self) + 1
        return modes[at] if at < len(modes) else None


Right = Literal["acquire", "relay", "offer", "mirror", "replicate", "automatic"]
"""What a mode lets us do in a space: get data under agreements of our own, or through the intermediary; offer data; keep mirrors; copy
catalogues; acquire without asking a person."""

_MEMBERS: Final[tuple[Right, ...]] = ("acquire", "offer")
RIGHTS: Final[dict[Mode, tuple[Right, ...]]] = {
    Mode.AD_HOC: ("acquire",),
    Mode.INTERMEDIARY: ("relay",),
    Mode.PARTICIPANT: _MEMBERS,
    Mode.OWN_ROLE: (*_MEMBERS, "mirror"),
    Mode.FEDERATED: (*_MEMBERS, "mirror", "replicate"),
    Mode.AUTOMATED: (*_MEMBERS, "mirror", "replicate", "automatic"),
}
"""What each mode allows. Mirrors and copies need a role that the rulebook trusts with them, too, in whichever mode."""

EVERY_DAYS: Final = 30
"""Days over which the limits of a link run."""


class Limits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may be acquired from the space without a person, in `days` days: money, bytes, datasets. Absent is no limit but the order's own.

    Without a budget nothing that costs money is bought.
    """

    budget: Price | None = None
    size: int | None = None
    datasets: int | None = None
    days: int = EVERY_DAYS

    @property
    def set(self) -> bool:
        """Tell whether there is any limit."""
        return self.budget is not None or self.size is not None or self.datasets is not None


class Link(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a participant works together with the space at `space` since `since`, set by `by`.

    `until` and `project` are set for ad-hoc links, `intermediary` for those through one. `without` are members and datasets (DIDs
    and ids) of the space that we leave out whatever the space offers: our own rules come first. `before` is the mode before this one.
    """

    tenant: Tenant
    space: str
    mode: Mode
    since: datetime
    by: str = ""
    until: datetime | None = None
    project: str = ""
    intermediary: Did | None = None
    limits: Limits = Limits()
    without: tuple[str, ...] = ()
    before: Mode | None = None
    ended: datetime | None = None
    why: str = ""


class Requirement(Struct, frozen=True, kw_only=True):
    """One thing that a mode needs: is it met (`None`: it cannot be told now), and how it is or could be."""

    what: str
    met: bool | None
    how: str


class Seen(Struct, frozen=True, kw_only=True):
    """What is seen of a space now. `problem` says why its public pages cannot be read or believed; then hardly anything is known.

    `listed` tells whether its register names us, `roles` as what, `proved` for which of these roles we hold a good credential. `trust` maps
    what a role can be trusted with to the roles that the rulebook trusts with it. `intermediaries` are members that are intermediaries.
    `notes` tells whether the anchor takes signed statements.
    """

    space: str
    title: str = ""
    joined: bool = False
    listed: bool = False
    membership: bool = False
    roles: frozenset[str] = frozenset()
    proved: frozenset[str] = frozenset()
    trust: dict[str, tuple[str, ...]] = {}
    intermediaries: frozenset[str] = frozenset()
    notes: bool | None = None
    problem: str = ""

    def trusted(self, what: str) -> tuple[str, ...]:
        """Return the roles of ours, proved by credentials, that the rulebook trusts with this."""
        return tuple(role for role in self.trust.get(what, ()) if role in self.roles and role in self.proved)


class Relay(Struct, frozen=True, kw_only=True):
    """What is seen of an intermediary: do both sides share a space, and does it sign statements."""

    met: bool
    notes: bool | None = None


class Deal(Struct, frozen=True, kw_only=True):
    """An agreement of ours, as far as links are concerned."""

    id: str
    peer: Did
    dataset: str
    spaces: tuple[str, ...]
    finalized: datetime


class Spent(Struct, frozen=True, kw_only=True):
    """What was acquired from a space without a person since some moment. `money` has one entry per currency."""

    money: tuple[Price, ...] = ()
    size: int = 0
    datasets: int = 0


class Allowed(Struct, frozen=True, kw_only=True):
    """Whether something may be done in a space now, and why (not)."""

    yes: bool
    why: str
    limits: Limits | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """Where a link stands: what its mode needs, what of it is met, what it allows now, and what the next mode needs."""

    link: Link
    set: bool
    needs: Sequence[Requirement]
    rights: tuple[Right, ...]
    contracts: int
    next: Mode | None = None
    next_needs: Sequence[Requirement] = ()


class Change(Struct, frozen=True, kw_only=True):
    """What came of setting a mode: the link, which agreements stand as before, and what a new right needs, in words."""

    link: Link
    kept: tuple[str, ...]
    new: tuple[str, ...]


class Ending(Struct, frozen=True, kw_only=True):
    """What came of ending a link: which agreements and standing orders ended with it, and which agreements stand in another space still."""

    link: Link
    contracts: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


class LinkChanged(Struct, frozen=True):
    """Event: how a participant works together with a space has changed."""

    tenant: Tenant
    space: str
