"""What the management API answers about links with spaces. See `client.model`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.client.model import Dataset


class LinkLimits(Struct, kw_only=True, omit_defaults=True):
    """What may be acquired from a space without a person in `days` days: money (`500 EUR`), bytes, datasets."""

    budget: str | None = None
    size: int | None = None
    datasets: int | None = None
    days: int = 30


class Requirement(Struct, kw_only=True):
    """One thing that a mode needs: is it met (absent: it cannot be told now), and how it is or could be."""

    what: str
    met: bool | None
    how: str


class ModeNeeds(Struct, kw_only=True):
    """What a mode needs, and what it would allow."""

    mode: str
    needs: list[Requirement] = []
    rights: list[str] = []

    @property
    def met(self) -> bool:
        """Tell whether all of it is met."""
        return all(one.met is True for one in self.needs)


class Link(Struct, kw_only=True):
    """Where the collaboration with a space stands. `set` tells whether somebody chose the mode.

    `rights` are what it allows now; `contracts` is how many agreements stand. `next` is what the next mode needs.
    """

    space: str
    mode: str
    set: bool
    since: datetime
    by: str = ""
    until: datetime | None = None
    project: str = ""
    intermediary: str | None = None
    limits: LinkLimits | None = None
    without: list[str] = []
    before: str | None = None
    ended: datetime | None = None
    why: str = ""
    needs: list[Requirement] = []
    rights: list[str] = []
    contracts: int = 0
    next: ModeNeeds | None = None


class ChangedLink(Struct, kw_only=True):
    """What came of a change: the agreements that stand as before, and what each new right takes, in words."""

    space: str
    mode: str
    kept: list[str] = []
    new: list[str] = []


class CopiedCatalogue(Struct, kw_only=True):
    """What a member of a federated space offered to us when it was read last; `problem` is why it could not be read anew since."""

    peer: str
    name: str
    read: datetime
    datasets: list[Dataset] = []
    problem: str = ""


class Copied(Struct, kw_only=True):
    """All copies of a space's catalogues."""

    items: list[CopiedCatalogue] = []


class EndedLink(Struct, kw_only=True):
    """What ended with a link: agreements and standing orders; `kept` are agreements that stand by the rules of another space."""

    space: str
    contracts: list[str] = []
    orders: list[str] = []
    kept: list[str] = []
