"""What the ledger stores. Every record carries its tenant; times are UTC, hashes SHA-256."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from hanse.evidence.dsse import Envelope, read_envelope
from hanse.evidence.kinds import Predicate
from hanse.evidence.merkle import Edge
from hanse.evidence.statement import statement_of
from hanse.kernel.tenant import Did, Tenant


class Head(Struct, frozen=True):
    """How far a participant's log is: its tree's right edge, which is all that the next entry needs."""

    tenant: Tenant
    edge: Edge


class LogState(Struct, frozen=True, kw_only=True):
    """Whether a participant's log may go on, and under which name. `log` counts from 1; see `evidence.checkpoint.origin_of`.

    `halted` says why nothing may be appended: what follows would be a second history. `unchecked` logs wait until their witnesses were
    asked how far they had seen it. `proof` is the checkpoint that shows what is missing here.
    """

    tenant: Tenant
    log: int = 1
    halted: str = ""
    unchecked: bool = False
    proof: str = ""

    @property
    def hint(self) -> str:
        """What would help."""
        last = "`hanse ledger restart` begins a new one, and says so in it."
        return f"Its witnesses are being asked. If they never answer: {last}" if self.unchecked else last


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of a log: a signed statement of the log's owner, or of a peer. `index` counts from 0.

    `raw` is the envelope as JSON, whose leaf hash is in the tree. `id` is the statement's own, `hash` that of its payload. `at` is
    when it was appended. `key` is the public JWK that proved it when it arrived: a peer may have replaced its key long since.
    """

    tenant: Tenant
    index: int
    id: str
    kind: str
    agreement: str
    signer: Did
    hash: str
    at: datetime
    raw: bytes
    key: dict[str, str]

    @property
    def envelope(self) -> Envelope:
        """The signed envelope."""
        return read_envelope(self.raw)

    @property
    def says(self) -> Predicate:
        """What it states."""
        return statement_of(self.envelope).predicate


class Stored(Struct, frozen=True):
    """A row of a log as it lies there: its number, what stands in columns beside the entry, and the entry, if it can be read."""

    index: int
    columns: tuple[str, str, str, str]
    entry: Entry | None


class Delivery(StrEnum):
    """How far a statement to a peer is."""

    WAITING = "waiting"
    """It is on its way."""
    ACKNOWLEDGED = "acknowledged"
    """The peer has signed that it has it."""
    REFUSED = "refused"
    """The peer would not take it, or it was given up; why, `reason` says."""
    ONE_SIDED = "one-sided"
    """The peer lists no EvidenceService, so there is nobody to take it."""


class Sent(Struct, frozen=True, kw_only=True):
    """A statement of ours to a peer, by the id of the statement. `receipt` is the peer's signed acknowledgement (an envelope)."""

    tenant: Tenant
    id: str
    index: int
    to: Did
    agreement: str
    kind: str
    state: Delivery
    at: datetime
    reason: str = ""
    receipt: bytes = b""


class Appended(Struct, frozen=True):
    """Event: an entry was appended."""

    tenant: Tenant
    index: int
    kind: str
    agreement: str
    sentence: str


class Grown(Struct, frozen=True):
    """Event: `count` entries were appended at once, from the index `first` on."""

    tenant: Tenant
    first: int
    count: int


class Settled(Struct, frozen=True):
    """Event: it is known what became of a statement to a peer."""

    tenant: Tenant
    id: str
    state: str
