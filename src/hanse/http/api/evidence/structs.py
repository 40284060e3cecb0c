"""What the management interface takes and gives about ledgers and about what is stated under contracts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from hanse.evidence.kinds import MAX_OBJECTS, Object
from hanse.evidence.kinds.base import Value
from hanse.http.api.structs import Body, Reason
from hanse.kernel.tenant import Did


class Delivered(Struct, kw_only=True):
    """What became of a statement to the other side: waiting, acknowledged, refused or one-sided (it takes none), and why."""

    to: Did
    state: str
    reason: str


class LedgerEntry(Struct, kw_only=True):
    """One entry of the ledger: a signed statement of this participant (`own`), or one that the other side of a contract sent.

    `at` is when it was stated, `arrived` when it was appended here; `sha256` is that of what was signed.
    """

    index: int
    id: str
    kind: str
    agreement: str
    by: Did
    own: bool
    at: datetime
    arrived: datetime
    sentence: str
    sha256: str
    delivered: Delivered | None


class InclusionProof(Struct, kw_only=True):
    """That an entry is in the ledger: hashes from the leaf up (RFC 9162, 2.1.3), under a checkpoint that the participant signed."""

    size: int
    hashes: list[str]
    checkpoint: str


class OpenEntry(LedgerEntry, kw_only=True):
    """An entry with all that it says, its DSSE envelope, the key that proved it, its proof, and the other side's receipt."""

    says: dict[str, Any]
    envelope: dict[str, Any]
    key: dict[str, str]
    proof: InclusionProof
    receipt: dict[str, Any] | None


class Growth(Struct, kw_only=True):
    """That the ledger as it is now begins with what it was when it had `old` entries (RFC 9162, 2.1.4)."""

    old: int
    size: int
    hashes: list[str]
    checkpoint: str


class SignedCheckpoint(Struct, kw_only=True):
    """What the ledger says of itself: a signed note (C2SP tlog-checkpoint). Keep it elsewhere: later it shows what was cut off."""

    checkpoint: str


class LogWitness(Struct, kw_only=True):
    """A witness of the ledger: the anchor of a joined space, or one that people `named`.

    `size` is how many entries it cosigned last, `at` when; `problem` is why the last attempt came to nothing. `alarm` says how what it saw
    contradicts the ledger, and `proof` is the checkpoint that shows it.
    """

    did: Did
    named: bool
    size: int
    at: datetime | None
    problem: str
    alarm: str
    proof: str


class LogWitnesses(Struct, kw_only=True):
    """Who witnesses the ledger, and whether it goes on: `halted` says why nothing may be appended, `hint` what would help."""

    name: str
    size: int
    halted: str
    hint: str
    witnesses: list[LogWitness]


class NameWitness(Body, kw_only=True):
    """Who is to witness the ledger. It does so if this participant is in one of its spaces."""

    did: Annotated[str, Meta(min_length=1, max_length=512)]


class LookAtLog(Body, kw_only=True):
    """Whose log is to be compared with what our witnesses saw of it."""

    did: Annotated[str, Meta(min_length=1, max_length=512)]


class LogView(Struct, kw_only=True):
    """What a witness saw of a log: `same` as it shows, `unseen`, `unknown` (not to be asked or believed) or `differs`, and why."""

    witness: Did
    verdict: str
    size: int
    problem: str
    note: str


class LogLook(Struct, kw_only=True):
    """A look at somebody's log: what it shows, what each witness saw, and whether that is more than one history."""

    name: str
    size: int
    checkpoint: str
    forked: bool
    views: list[LogView]


class RestartLedger(Body, kw_only=True):
    """Why a new ledger is begun; it is said in its first entry."""

    reason: Reason


class WitnessedLog(Struct, kw_only=True):
    """A log that this participant witnesses: how far it saw it, and how often it refused to cosign since. `suspect` was refused first."""

    name: str
    owner: Did
    size: int
    at: datetime
    refused: int
    suspect: str


class VerifyLedger(Body, kw_only=True):
    """An earlier checkpoint that the ledger must go on from. Those that its witnesses saw are looked at in any case."""

    checkpoint: Annotated[str, Meta(min_length=1, max_length=16_384)] | None = None


class LedgerFault(Struct, kw_only=True):
    """Something that is not as it was written; without an index it is about the ledger as a whole."""

    index: int | None
    problem: str


class LedgerVerdict(Struct, kw_only=True):
    """What a look at every entry found. `faults` are the first hundred of `count`; it was compared with `against` checkpoints."""

    sound: bool
    size: int
    root: str
    count: int
    faults: list[LedgerFault]
    against: int


class EndContract(Body, kw_only=True):
    """How a contract ends, and why; the other side is told, and keeps the signed statement.

    It ends at once. The answer comes when the other side has acknowledged it, or after `wait` seconds.
    """

    how: Literal["notice", "breach"]
    reason: Reason
    wait: Annotated[float, Meta(ge=0, le=60)] = 5


class StateUse(Body, kw_only=True):
    """What the data will be used for, by which application, in which environment, where, and how secured; `wait` in seconds.

    The answer comes when the other side has acknowledged the statement, or when the time is over.
    """

    purpose: Value | None = None
    application: Value | None = None
    environment: Value | None = None
    spatial: Value | None = None
    security_level: Value | None = None
    wait: Annotated[float, Meta(ge=0, le=60)] = 20


class NewReceipt(Body, kw_only=True):
    """What was deleted, or modified where it is kept: the objects, or of more than 1,000 their number, size and root hash."""

    what: Literal["deleted", "modified"]
    objects: Annotated[tuple[Object, ...], Meta(max_length=MAX_OBJECTS)] = ()
    count: Annotated[int, Meta(gt=MAX_OBJECTS, le=2**53)] | None = None
    size: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    root: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None
    wait: Annotated[float, Meta(ge=0, le=60)] = 20
