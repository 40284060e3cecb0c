"""What is kept about witnesses: who witnesses our logs, and what we saw of the logs that we witness. Times are UTC."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.kernel.tenant import Did, Tenant


class Watch(Struct, frozen=True, kw_only=True):
    """A participant's log at one of its witnesses.

    `named` tells that people chose this witness; anchors of joined spaces are witnesses without. `size` is what it cosigned last, `note`
    that checkpoint as the log signed it, `line` the cosignature, which `key` (an Ed25519 JWK) proved when it came, and `at` its moment.
    `failures` counts attempts since then that came to nothing, `problem` says why the last did, and `again` when the next may be made.
    `alarm` says how what the witness saw and what the log says contradict each other; `proof` is the checkpoint that shows it.
    """

    tenant: Tenant
    witness: Did
    named: bool = False
    size: int = 0
    note: str = ""
    line: str = ""
    key: dict[str, str] = {}
    at: datetime | None = None
    failures: int = 0
    problem: str = ""
    again: datetime | None = None
    alarm: str = ""
    proof: str = ""


class Seen(Struct, frozen=True, kw_only=True):
    """What a participant saw last of a log that it witnesses: its size and root (hexadecimal), the note as the log signed it, and when.

    A cosignature is made from this again at any time: the same key and second make the same line. `refused` counts checkpoints that did
    not go on from what was seen; `suspect` is the first of them. Two notes of one size with two roots prove a fork.
    """

    tenant: Tenant
    hash: str
    owner: Did
    origin: str
    size: int
    root: str
    note: str
    at: datetime
    refused: int = 0
    suspect: str = ""


class WitnessKey(Struct, frozen=True):
    """A witness that cosigned: whose, the name in its line, the Ed25519 JWK that proved it, and the moment that it wrote."""

    did: Did
    name: str
    jwk: dict[str, str]
    at: datetime


class Cosigned(Struct, frozen=True):
    """A checkpoint with the cosignatures of witnesses: the whole note, its size and root, and whose they are."""

    note: str
    size: int
    root: bytes
    witnesses: tuple[WitnessKey, ...]


class CosignedLog(Struct, frozen=True):
    """Event: a witness cosigned a participant's log at that size."""

    tenant: Tenant
    witness: Did
    size: int


class ForkAlarm(Struct, frozen=True):
    """Event: what a witness saw of a log contradicts what the log says. `ours` tells whether it is the participant's own log."""

    tenant: Tenant
    log: str
    witness: Did
    problem: str
    ours: bool
