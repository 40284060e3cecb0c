"""What the management API answers, as typed records. Fields that this version does not know are ignored.

Times are timezone-aware UTC, sizes are bytes. Nothing here holds a token, except `Issued` and `CreatedParticipant`,
whose texts do not show it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from hanse.client.space_model import Member, Membership, SeenRole
from hanse.client.wallet_model import Holding

Progress = Callable[[int, int | None], None]
"""Called with (bytes that are there, bytes in all or `None` while unknown), from any thread, one at a time."""


class Record(Struct, kw_only=True):
    """An answer of the server."""


# --- Server, participants, operators ------------------------------------------------------------------------------------


class SpaceLink(Record, kw_only=True):
    """A space that a participant has joined, and the DID of its anchor."""

    url: str
    anchor: str
    joined: datetime


class Quota(Record, kw_only=True):
    """How much of the server a participant may use."""

    assets: int = 0
    open_processes: int = 0
    stored_bytes: int = 0
    requests_per_second: int = 0
    burst: int = 0


class Participant(Record, kw_only=True):
    """A participant hosted by the server."""

    name: str
    did: str
    title: str
    created: datetime
    allowed_roots: list[str] = []
    allowed_hosts: list[str] = []
    quota: Quota | None = None
    spaces: list[SpaceLink] = []
    suspended: datetime | None = None


class Counts(Record, kw_only=True):
    """The figures of a participant; the server counts up to 1,000."""

    assets: int = 0
    negotiations_open: int = 0
    transfers_running: int = 0
    contracts: int = 0
    outbox_waiting: int = 0


class Status(Record, kw_only=True):
    """The server, and the participant of the token; a host operator has none."""

    version: str
    uptime_seconds: float
    database: str
    participant: Participant | None = None
    counts: Counts | None = None
    spaces: list[Membership] = []
    credentials: list[Holding] | None = None
    ledger: str = ""
    custody: list[str] = []


class WhoAmI(Record, kw_only=True):
    """Who the token belongs to."""

    operator: str
    name: str
    role: str
    participant: Participant | None = None


class Operator(Record, kw_only=True):
    """Who acts for a participant, or for the whole server."""

    id: str
    name: str
    role: str
    created: datetime
    expires: datetime | None = None


class Issued(Record, kw_only=True):
    """An operator with its token, which is shown this once."""

    operator: Operator
    token: str

    def __repr__(self) -> str:
        """Leave the token out."""
        return f"Issued(operator={self.operator!r})"


class CreatedParticipant(Record, kw_only=True):
    """A new participant with its first administrator, whose token is shown this once."""

    participant: Participant
    operator: Operator
    token: str

    def __repr__(self) -> str:
        """Leave the token out."""
        return f"CreatedParticipant(participant={self.participant!r})"


class Receipt(Record, kw_only=True):
    """What the erasure of a participant removed."""

    name: str
    did: str
    erased: datetime
    counts: dict[str, int] = {}


# --- Offers and catalogues ----------------------------------------------------------------------------------------------


class Offer(Record, kw_only=True):
    """An offer: its terms in sentences, and as ODRL JSON."""

    id: str
    sentences: list[str] = []
    terms: dict[str, Any] = {}


class Checksum(Record, kw_only=True):
    """`algorithm` is `sha256` or `blake3`, `value` is hexadecimal."""

    algorithm: str
    value: str


class Measure(Record, kw_only=True):
    """A declared measure of quality; `claim` is the SHA-256 of the signed statement that says so, if one does."""

    metric: str
    value: float
    claim: str = ""


class Dataset(Record, kw_only=True):
    """A dataset with the offers under which it can be had."""

    id: str
    title: str
    description: str = ""
    keywords: list[str] = []
    theme: str | None = None
    licence: str | None = None
    language: list[str] = []
    media_type: str | None = None
    byte_size: int | None = None
    files: int | None = None
    checksums: list[Checksum] = []
    version: str | None = None
    issued: datetime | None = None
    modified: datetime | None = None
    spatial: list[str] = []
    creators: list[str] = []
    rai: dict[str, list[str]] = {}
    measures: list[Measure] = []
    formats: list[str] = []
    offers: list[Offer] = []


class Limits(Record, kw_only=True):
    """The widest terms that are agreed to by rule, in sentences and as ODRL JSON, with at most `max_rounds` proposals."""

    sentences: list[str] = []
    must: dict[str, Any] = {}
    max_rounds: int = 5
    ask_declared: bool = True


class Asset(Record, kw_only=True):
    """An own dataset on offer. `source` is `{"kind": "file" | "folder" | "http" | "stored", ...}`."""

    id: str
    dataset: Dataset
    source: dict[str, Any]
    visible_to: list[str] = []
    answering: str = "rule"
    preferences: Limits | None = None
    derived_from: list[str] = []
    rights_held: bool = False
    reservations: list[str] = []
    withdrawn: datetime | None = None
    created: datetime
    updated: datetime


class Catalogue(Record, kw_only=True):
    """What a peer offers."""

    participant: str
    datasets: list[Dataset] = []
    unreadable: list[dict[str, Any]] = []
    next: str | None = None


# --- Negotiations, contracts, transfers ---------------------------------------------------------------------------------


class Process(Record, kw_only=True):
    """What negotiations and transfers share. `waits_for` and `who` say what is missing and who must act."""

    id: str
    role: str
    peer: str
    state: str | None = None
    final: bool = False
    pending: str | None = None
    waits_for: str = ""
    who: str = ""
    deadline: datetime | None = None
    dataset: str
    created: datetime
    updated: datetime

    @property
    def needs_you(self) -> bool:
        """Tell whether it stands still until a person on this side acts."""
        return not self.final and self.who == "you" and self.pending is None


class Negotiation(Process, kw_only=True):
    """A negotiation with the offer on the table; `contract` once there is an agreement."""

    offer: Offer
    offered_by: str
    answering: str = "rule"
    contract: str | None = None


class Contract(Record, kw_only=True):
    """An agreement, in force or ended."""

    id: str
    role: str
    peer: str
    dataset: str
    negotiation: str
    finalized: datetime
    ended: datetime | None = None
    end_reason: str = ""
    end_how: str = ""
    ended_by: str = ""
    end_statement: str = ""
    sentences: list[str] = []
    agreement: dict[str, Any] = {}


class Transfer(Process, kw_only=True):
    """A transfer of a contract's data."""

    contract: str
    format: str
    suspended_by: str | None = None
    address: bool = False


class Happening(Record, kw_only=True):
    """One line of a story: when, what, by whom."""

    at: datetime
    what: str
    by: str
    detail: str = ""


class Explanation(Record, kw_only=True):
    """The story of an id: what happened, what it waits for, who must act, until when."""

    id: str
    kind: str
    summary: str
    state: str
    waits_for: str = ""
    who: str = ""
    until: datetime | None = None
    history: list[Happening] = []
    last_error: str = ""
    next_attempt: datetime | None = None
    related: dict[str, str] = {}


class Got(Record, kw_only=True):
    """A dataset that lies here now: where, under which contract, and whether every digest was checked."""

    dataset: str
    peer: str
    contract: Contract
    transfer: str
    folder: Path
    files: list[Path]
    size: int
    verified: bool
    fetched: int = 0
    already_there: int = 0
    repaired: int = 0
    resumed: int = 0
    seconds: float = 0.0


class SeenSpace(Record, kw_only=True):
    """What everybody may see of a space, with what it would need to join; `joined` tells whether the participant is in it.

    `catalogues` are of members that answer anybody, `closed` says of the others (by DID) why there is none.
    """

    url: str
    title: str
    anchor: str
    joined: bool
    rulebook: int
    members: list[Member] = []
    roles: list[SeenRole] = []
    decided_by: str = ""
    terms: str = ""
    terms_url: str = ""
    catalogues: list[Catalogue] = []
    closed: dict[str, str] = {}


class Everything(Record, kw_only=True):
    """What all members of all joined spaces offer; `unreachable` says of members (by DID) why their catalogue is not in it.

    `spaces` are the addresses of the spaces in which each member is, by its DID.
    """

    catalogues: list[Catalogue] = []
    unreachable: dict[str, str] = {}
    spaces: dict[str, list[str]] = {}
