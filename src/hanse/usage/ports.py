"""What usage needs from outside. `app/` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar

from msgspec import Struct

from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.facts import Fact
from hanse.odrl.model import Rule, Terms
from hanse.odrl.report import Report
from hanse.usage.records import Deal, Owed, Tally, Told, Use

T = TypeVar("T")


class UseStore(Protocol):
    """Uses, and what they have taken per agreement."""

    def get(self, tenant: Tenant, id: str) -> Use | None:
        """Return the use, or nothing. Locked inside `run`."""
        ...

    def put(self, use: Use) -> None:
        """Insert or replace."""
        ...

    def hold(self, tenant: Tenant, agreement: str) -> Tally:
        """Return the agreement's tally, and keep others from changing it until the transaction ends."""
        ...

    def tally(self, tenant: Tenant, agreement: str) -> Tally:
        """Return the agreement's tally for a look."""
        ...

    def put_tally(self, tally: Tally) -> None:
        """Replace the tally that is held."""
        ...

    def page(self, tenant: Tenant, *, agreement: str | None, after: str | None, limit: int) -> Sequence[Use]:
        """Return up to `limit` uses, newest first, those older than the id `after`."""
        ...

    def fetched(self, tenant: Tenant, agreement: str) -> bool:
        """Tell whether a transfer under the agreement has ever begun."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[Use]:
        """Return uses of all tenants that are due to be decided again, those that no other server process holds."""
        ...

    def next_due(self) -> datetime | None:
        """Return the earliest of these moments of all tenants."""
        ...

    def make_due(self, tenant: Tenant, agreement: str, moment: datetime) -> None:
        """Let all uses under way be decided again at `moment`; of all the tenant's agreements if `agreement` is empty."""
        ...


class ToldStore(Protocol):
    """Facts that operators and hooks told."""

    def get(self, tenant: Tenant, about: str, name: str) -> Told | None:
        """Return one."""
        ...

    def put(self, told: Told) -> None:
        """Insert or replace."""
        ...

    def delete(self, tenant: Tenant, about: str, name: str) -> None:
        """Forget one."""
        ...

    def of(self, tenant: Tenant, about: Sequence[str]) -> Sequence[Told]:
        """Return all facts about any of these."""
        ...

    def page(self, tenant: Tenant, *, limit: int) -> Sequence[Told]:
        """Return up to `limit` facts, by what they are about."""
        ...


class OwedStore(Protocol):
    """How far obligations are."""

    def of_agreement(self, tenant: Tenant, agreement: str) -> Sequence[Owed]:
        """Return the obligations of an agreement of which anything is known."""
        ...

    def put(self, owed: Owed) -> None:
        """Insert or replace."""
        ...

    def overdue(self, now: datetime, limit: int) -> Sequence[Owed]:
        """Return obligations of all tenants that are pending and whose deadline has passed."""
        ...

    def next_deadline(self) -> datetime | None:
        """Return the earliest of these deadlines of all tenants."""
        ...


class UsageTx(Protocol):
    """The part of a transaction that usage uses."""

    @property
    def uses(self) -> UseStore:
        """Uses and tallies."""
        ...

    @property
    def told(self) -> ToldStore:
        """Facts that were told."""
        ...

    @property
    def owed(self) -> OwedStore:
        """How far obligations are."""
        ...

    def emit(self, event: object) -> None:
        """Hand `event` to its subscribers once this transaction has committed."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[UsageTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[UsageTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Proven(Struct, frozen=True, kw_only=True):
    """What a participant has proved by credentials: roles, and per type the subjects of its verified credentials of that type.

    It holds until `until`, and is refreshed by whoever lets data flow. `spaces` are those in which it was proved (addresses).
    """

    roles: frozenset[str] = frozenset()
    credentials: Mapping[str, tuple[Mapping[str, object], ...]] = {}
    observed: datetime | None = None
    until: datetime | None = None
    spaces: tuple[str, ...] = ()


class Peers(Protocol):
    """Tells what participants have proved."""

    def proven(self, tx: UsageTx, tenant: Tenant, did: Did, spaces: Collection[str] = ()) -> Proven | None:
        """Return it, for a peer or the participant itself; nothing if it is not known to be a member.

        If `spaces` are named, what was proved in others counts nothing.
        """
        ...


class Statements(Protocol):
    """What consumers say of their use, in signed statements."""

    def stated(self, tx: UsageTx, tenant: Tenant, agreement: str) -> Mapping[str, Fact]:
        """Return the latest verified statement of the agreement's consumer, by left operand."""
        ...

    def listens(self, tenant: Tenant, peer: Did) -> bool | None:
        """Tell whether the peer has an EvidenceService; nothing if that is not known."""
        ...


class Origin(NamedTuple):
    """Where data was collected (absent: not known), and the marks of its risk (`dcat.risk.WORDS`)."""

    places: frozenset[str] | None
    risk: frozenset[str]


class Data(Protocol):
    """What is known of the data, and what the data plane can do to it before it is released."""

    def can(self, tx: UsageTx, tenant: Tenant, target: str, duty: Rule) -> bool:
        """Tell whether what is released of the asset will have been changed as the duty says."""
        ...

    def states(self, tx: UsageTx, tenant: Tenant, target: str, terms: Terms) -> frozenset[str]:
        """Return the states in which the asset's data leaves under these terms, such as `anonymised`."""
        ...

    def origin(self, tx: UsageTx, deal: Deal) -> Origin | None:
        """Return where the data of an agreement comes from, and what has to be watched in it; nothing where it is not known here."""
        ...

    def quality(self, tx: UsageTx, deal: Deal) -> Mapping[str, tuple[Decimal, ...]] | None:
        """Return the measures that are published with the data of an agreement: of each version that it may be, one value.

        Without a value for each of them a measure is left out. Nothing where no data is known here.
        """
        ...


class Ledger(Protocol):
    """The signed log, written in the transaction of what it tells of, and what the other side is owed to know."""

    def admitted(self, tx: UsageTx, deal: Deal, use: Use, report: Report | None) -> None:
        """A use was permitted, on the facts of the report; without one, by the other side."""
        ...

    def refused(self, tx: UsageTx, deal: Deal, use: Use, sentence: str) -> None:
        """A use was refused; `sentence` says why."""
        ...

    def ended(self, tx: UsageTx, deal: Deal, use: Use) -> None:
        """A use is over; its `reason` says why, if it ended before its time."""
        ...


class NoLedger:
    """Where nothing is logged."""

    def admitted(self, tx: UsageTx, deal: Deal, use: Use, report: Report | None) -> None:
        """Write nothing."""

    def refused(self, tx: UsageTx, deal: Deal, use: Use, sentence: str) -> None:
        """Write nothing."""

    def ended(self, tx: UsageTx, deal: Deal, use: Use) -> None:
        """Write nothing."""


class HookAnswer(Struct, frozen=True, kw_only=True):
    """What a hook says of a fact: its text, or nothing; where it is known from; until when it counts, if the hook says so."""

    value: str | None
    source: str
    expires: datetime | None = None


class Hook(Protocol):
    """Asks somebody else about a fact, such as an accounting system about a payment."""

    async def ask(self, deal: Deal, name: str) -> HookAnswer:
        """Return what it says now of the fact about the agreement. Raises `PeerError`s."""
        ...


class Deals(Protocol):
    """Tells about agreements (the connector)."""

    def deal(self, tx: UsageTx, tenant: Tenant, agreement: str) -> Deal:
        """Return an agreement that is in force. Raises `NotFound` if there is none of that id, `Conflict` if it has ended."""
        ...

    def past(self, tx: UsageTx, tenant: Tenant, agreement: str) -> Deal:
        """Return an agreement, ended or not. Raises `NotFound`."""
        ...
