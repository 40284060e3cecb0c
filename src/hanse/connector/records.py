"""What the connector stores. Every record carries its tenant; times are UTC.

A process (negotiation or transfer) holds its committed `state` and at most one `intent`: a message that has been
stored for sending, whose acknowledgement will commit the next state (house, idea 3).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from hanse.connector.preferences import Preferences
from hanse.dcat.model import Dataset
from hanse.dsp import negotiation, transfer
from hanse.dsp.messages import Role
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.model import Agreement, Offer, Terms
from hanse.odrl.reservations.model import Reservation

HISTORY_LIMIT = 200
"""Happenings kept per process; a peer that repeats itself cannot make a record grow without end."""


class Happening(Struct, frozen=True, omit_defaults=True):
    """One line of a process's story: when, what, by whom (`us`, `peer` or an operator's name)."""

    at: datetime
    what: str
    by: str
    detail: str = ""


class Intent(Struct, frozen=True):
    """A stored message that waits for its acknowledgement. `step` and `to` are of the process's own table."""

    message_id: str
    step: str
    to: str


class Answering(StrEnum):
    """Who answers the peer in a process: a rule at once, or a person by hand."""

    RULE = "rule"
    HAND = "hand"


class Process(Struct, kw_only=True):
    """What negotiations and transfers share.

    `peer_pid` is unknown until the peer has answered. `peer_address` is the base to which messages go (the peer's
    callbackAddress, or its DSP base for a first message). `received` maps the hash of each accepted message's body to
    the state that it led to: a byte-identical repeat gets the same answer. `deadline` is when the process is
    terminated if the other side or a person has not moved it on; absent once it is final. `unsure` is a step that we
    sent and gave up on: whether it arrived, only the peer knows.
    """

    id: str
    tenant: Tenant
    role: Role
    peer: Did
    peer_address: str
    peer_pid: str | None = None
    intent: Intent | None = None
    received: dict[str, str] = field(default_factory=dict)
    deadline: datetime | None = None
    unsure: str | None = None
    history: list[Happening] = field(default_factory=list)
    created: datetime
    updated: datetime

    def note(self, at: datetime, what: str, by: str, detail: str = "") -> None:
        """Add a line to the story."""
        self.updated = at
        self.history.append(Happening(at, what, by, detail))
        if len(self.history) > HISTORY_LIMIT:
            del self.history[1 : len(self.history) - HISTORY_LIMIT + 1]


class Negotiation(Process, kw_only=True):
    """A contract negotiation on one side (DSP 2025-1, section 7).

    `offer` is the last one on the table and `offered_by` who put it there; `asked` are the terms that a consumer's
    rule may accept. `own_did` is this participant's DID. `preferences` are a consumer's own for this negotiation; a
    provider's are the asset's. `proposed` are the normal-form hashes of the terms that this side has put on the table. `attested`: the
    other side can sign statements.
    """

    state: negotiation.State | None = None
    own_did: Did
    dataset: str
    offer: Offer
    offered_by: Role
    asked: Terms | None = None
    agreement: Agreement | None = None
    answering: Answering = Answering.RULE
    preferences: Preferences | None = None
    proposed: tuple[str, ...] = ()
    attested: bool = False

    @property
    def final(self) -> bool:
        """Tell whether nothing can change any more."""
        return self.state in negotiation.TERMINAL


class Transfer(Process, kw_only=True):
    """A transfer process on one side (DSP 2025-1, section 9). `address` is sealed: it holds an access token."""

    state: transfer.State | None = None
    agreement_id: str
    dataset: str
    format: str
    address: bytes | None = None
    suspended_by: Role | None = None

    @property
    def final(self) -> bool:
        """Tell whether nothing can change any more."""
        return self.state in transfer.TERMINAL


class Contract(Struct, kw_only=True):
    """A finalised agreement. `ended` is set when it no longer gives any right, with the reason for people.

    `end_how` is `terms`, `notice` or `breach`; `ended_by` is `us`, `peer` or an operator's name; `end_statement` is the id of the
    signed statement in our ledger. `due` is when time may be over for it: looked at then, and absent while time alone ends nothing.
    `attested` tells that the other side signed statements when it was agreed on; what it can state, it has to state from then on.
    `spaces` are those in which both sides were then (addresses): by their rules the agreement stands, and by those of no other space.
    """

    id: str
    tenant: Tenant
    role: Role
    peer: Did
    peer_address: str
    dataset: str
    agreement: Agreement
    negotiation: str
    finalized: datetime
    ended: datetime | None = None
    end_reason: str = ""
    end_how: str = ""
    ended_by: str = ""
    end_statement: str = ""
    due: datetime | None = None
    attested: bool = False
    spaces: tuple[str, ...] = ()


class FileSource(Struct, frozen=True, tag="file", tag_field="kind"):
    """One file below one of the participant's allowed roots."""

    path: str


class FolderSource(Struct, frozen=True, tag="folder", tag_field="kind"):
    """All files of a folder below one of the participant's allowed roots."""

    path: str


class HttpSource(Struct, frozen=True, tag="http", tag_field="kind"):
    """An address at one of the participant's allowed hosts, fetched by the provider when the data is asked for."""

    url: str


class StoredSource(Struct, frozen=True, tag="stored", tag_field="kind"):
    """What the facility holds: `name@number`, or the newest version of `name`.

    `path` is one file of it, or a folder if it ends with `/`; empty is all of it. `agreement` is the one under which it came, of what
    is derived all, with line breaks between, and empty for data of one's own; it is found out when the asset is made (until then it is
    absent), and nothing else is ever served as it.
    """

    version: str
    path: str = ""
    agreement: str | None = None

    @property
    def single(self) -> bool:
        """Tell whether it is one file."""
        return self.path != "" and not self.path.endswith("/")


Source = FileSource | FolderSource | HttpSource | StoredSource


class Asset(Struct, kw_only=True):
    """A dataset on offer: what the catalogue shows, where its bytes are, and who may see it.

    `visible_to` lists the DIDs that see it; empty means every member of the space. `withdrawn` assets are in no
    catalogue and take no new negotiation; contracts that stand keep their right until they end. `preferences` are the
    limits within which other terms than those on offer are negotiated. `derived_from` are the contracts under which the data
    came; `reservations` were found beside it, and `rights_held` tells that the owner holds what they keep back.
    """

    id: str
    tenant: Tenant
    dataset: Dataset
    source: Source
    visible_to: tuple[Did, ...] = ()
    answering: Answering = Answering.RULE
    preferences: Preferences | None = None
    derived_from: tuple[str, ...] = ()
    rights_held: bool = False
    reservations: tuple[Reservation, ...] = ()
    withdrawn: datetime | None = None
    created: datetime
    updated: datetime


class Outgoing(Struct, kw_only=True):
    """A message in the outbox. `body` is sealed (a start carries an access token); the DSP token is made per attempt.

    `due` is when the next attempt may start; while an attempt is under way it lies ahead by the lease, so that no
    other server process takes the message. After `deadline` the process is terminated.
    """

    id: str
    tenant: Tenant
    process: str
    peer: Did
    url: str
    step: str
    body: bytes
    due: datetime
    created: datetime
    deadline: datetime
    attempts: int = 0
    last_error: str = ""
