"""What the ledger and statements look like to a client."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hanse.client.model import Record


class Delivered(Record, kw_only=True):
    """What became of a statement to the other side: `waiting`, `acknowledged`, `refused` or `one-sided`, and why."""

    to: str
    state: str
    reason: str = ""


class LedgerEntry(Record, kw_only=True):
    """One signed statement in the ledger, our own or one that was sent to us."""

    index: int
    id: str
    kind: str
    agreement: str
    by: str
    own: bool
    at: datetime
    arrived: datetime
    sentence: str
    sha256: str
    delivered: Delivered | None = None


class InclusionProof(Record, kw_only=True):
    """That an entry is in the ledger, under a signed checkpoint. Hashes are hexadecimal, from the leaf up."""

    size: int
    hashes: list[str]
    checkpoint: str


class OpenEntry(LedgerEntry, kw_only=True):
    """An entry with everything that proves it: envelope, key, proof, and the other side's receipt."""

    says: dict[str, Any]
    envelope: dict[str, Any]
    key: dict[str, str]
    proof: InclusionProof
    receipt: dict[str, Any] | None = None


class Checkpoint(Record, kw_only=True):
    """What the ledger says of itself, signed."""

    checkpoint: str


class LedgerFault(Record, kw_only=True):
    """Something that is not as it was written."""

    index: int | None
    problem: str


class LedgerVerdict(Record, kw_only=True):
    """What a look at every entry found."""

    sound: bool
    size: int
    root: str
    count: int
    faults: list[LedgerFault]
    against: int = 0


class LogWitness(Record, kw_only=True):
    """A witness of the ledger, how many entries it cosigned last and when, and what is wrong."""

    did: str
    named: bool
    size: int
    at: datetime | None
    problem: str = ""
    alarm: str = ""
    proof: str = ""


class LogWitnesses(Record, kw_only=True):
    """Who witnesses the ledger, and whether it goes on."""

    name: str
    size: int
    halted: str
    hint: str
    witnesses: list[LogWitness]


class LogView(Record, kw_only=True):
    """What a witness saw of a log: `same`, `unseen`, `unknown` or `differs`, at which size, why, and the note that proves it."""

    witness: str
    verdict: str
    size: int
    problem: str = ""
    note: str = ""


class LogLook(Record, kw_only=True):
    """A look at somebody's log, from outside."""

    name: str
    size: int
    checkpoint: str
    forked: bool
    views: list[LogView]


class WitnessedLog(Record, kw_only=True):
    """A log that this participant witnesses."""

    name: str
    owner: str
    size: int
    at: datetime
    refused: int
    suspect: str = ""


class Deleted(Record, kw_only=True):
    """One deleted file: its path below its folder, SHA-256 (hexadecimal) and size in bytes."""

    path: str
    sha256: str
    size: int
