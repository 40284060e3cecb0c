"""What usage knows and stores. Every record carries its tenant; moments are UTC, sizes bytes, times seconds.

A use is one transfer, or one opening of data that was stored. Ranges, retries, renewals, suspensions and resumptions belong to
the same use.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from hanse.dsp.messages import Role
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.facts import Done
from hanse.odrl.model import Terms
from hanse.odrl.names import USE, plain


class Kind(StrEnum):
    """What a use is."""

    TRANSFER = "transfer"
    OPENING = "opening"


class Deal(Struct, frozen=True, kw_only=True):
    """What usage knows of an agreement. `role` is this participant's, `since` when the agreement became final.

    An agreement that is only considered has no id. `connector` is where the consumer's messages come from. `attested`: the peer signed
    statements when it was agreed on, and cannot fall silent since. `spaces` are those under whose rules it was made (addresses); none: any.
    """

    id: str
    tenant: Tenant
    role: Role
    peer: Did
    own: Did
    target: str
    terms: Terms
    since: datetime
    connector: str = ""
    attested: bool = False
    spaces: tuple[str, ...] = ()

    @property
    def action(self) -> str:
        """Return what a transfer does with the data: what the agreement says, unless it permits any use."""
        actions = [plain(rule.action) for rule in self.terms.permissions]
        return USE if USE in actions or not actions else actions[0]

    @property
    def consumer(self) -> Did:
        """Return who uses the data."""
        return self.peer if self.role is Role.PROVIDER else self.own

    @property
    def provider(self) -> Did:
        """Return who gives it."""
        return self.own if self.role is Role.PROVIDER else self.peer


class Use(Struct, kw_only=True):
    """One use. `id` is the transfer's id, or `use_…` of an opening.

    `stated` is what whoever uses says of it, by left operand, such as the purpose. It is reserved when it is admitted, begins
    with its first byte, and counts from its reservation unless it ended without one. `due` is when it is decided again although
    nobody asks; absent when time alone changes nothing. `volume` is what was sent and what is reserved; `seconds` are counted only
    where the terms limit them. `before` is when the use before it was reserved. `waits` tells that nothing flows because a fact
    is not known.
    """

    id: str
    tenant: Tenant
    agreement: str
    peer: Did
    role: Role
    kind: Kind = Kind.TRANSFER
    action: str = USE
    stated: dict[str, str] = field(default_factory=dict)
    connector: str = ""
    reserved: datetime
    began: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    volume: int = 0
    seconds: int = 0
    due: datetime | None = None
    before: datetime | None = None
    waits: bool = False

    @property
    def counts(self) -> bool:
        """Tell whether it is one of the uses that the agreement counts."""
        return self.ended is None or self.began is not None


class Tally(Struct, frozen=True, kw_only=True):
    """What all uses of an agreement have taken together, what is reserved for those under way included; `last` is the latest one."""

    tenant: Tenant
    agreement: str
    count: int = 0
    volume: int = 0
    seconds: int = 0
    last: datetime | None = None


class Told(Struct, frozen=True, kw_only=True):
    """A fact that an operator or a hook told: `name` is the left operand, `values` its text.

    `about` is an agreement, an asset, a participant, or empty for everything of the tenant. Of several that fit, the agreement's
    counts, then the participant's, then the asset's. An event has one value for each that has happened. It is stale from `expires`.
    """

    tenant: Tenant
    about: str
    name: str
    values: tuple[str, ...]
    source: str
    observed: datetime
    expires: datetime | None = None


class Owed(Struct, frozen=True, kw_only=True):
    """How far an obligation of an agreement is: `path` is its place, `due` its deadline once that is known."""

    tenant: Tenant
    agreement: str
    path: str
    action: str
    state: Done = Done.PENDING
    due: datetime | None = None
    source: str = ""
    observed: datetime | None = None


class UseRefused(Struct, frozen=True, kw_only=True):
    """Event: a use was refused, or ended before its time; `sentence` says why."""

    tenant: Tenant
    agreement: str
    use: str
    peer: Did
    sentence: str


class FactChanged(Struct, frozen=True, kw_only=True):
    """Event: a fact has changed, so that what runs must be decided again; `agreement` is empty for all of the tenant's."""

    tenant: Tenant
    agreement: str = ""


class Breach(Struct, frozen=True, kw_only=True):
    """Event: an obligation is overdue; the agreement permits nothing until it is seen to."""

    tenant: Tenant
    agreement: str
    path: str
    action: str
