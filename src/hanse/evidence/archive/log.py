"""The log in an archive: every entry's signature and place, the checkpoint over all of them, the receipts of peers, and the witnesses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

import msgspec
from msgspec import Struct

from hanse.evidence.archive import format as f
from hanse.evidence.archive.keys import KeyRing, did_of
from hanse.evidence.archive.verdict import Findings
from hanse.evidence.archive.witnesses import witnessed
from hanse.evidence.checkpoint import Checkpoint, SignedCheckpoint, did_of_origin, origin_of, read_checkpoint
from hanse.evidence.dsse import Envelope, read_envelope
from hanse.evidence.kinds import Acknowledged, Predicate
from hanse.evidence.merkle import included, leaf_hash
from hanse.evidence.statement import Subject, statement_of
from hanse.kernel.errors import HanseError, Invalid

_CLOCKS: Final = timedelta(minutes=10)
"""How far the clocks of a witness and of whoever states something may lie apart."""
_NO_KEY: Final = "envelope.signatures[0].keyid"
_line = msgspec.json.Decoder(f.EntryLine)
_receipt = msgspec.json.Decoder(f.ReceiptLine)


class Seen(Struct, frozen=True):
    """An entry whose signature and place are as they should be. Of a kind that is not known here, `says` is absent."""

    index: int
    kind: str
    signer: str
    says: Predicate | None
    subject: Subject | None
    hash: str
    where: str
    line: f.EntryLine


class Log(Struct, frozen=True, dict=True):
    """What the log in the archive is: its checkpoint, the sound entries by index, and the peers' receipts by the entry they are for."""

    checkpoint: Checkpoint | None
    entries: Mapping[int, Seen]
    receipts: Mapping[int, Acknowledged]
    witnessed: tuple[int, datetime] | None = None

    @cached_property
    def by_agreement(self) -> Mapping[str, list[Seen]]:
        """The entries about each agreement."""
        found: dict[str, list[Seen]] = {}
        for one in self.entries.values():
            if one.says is not None:
                found.setdefault(one.says.agreement, []).append(one)
        return found


class LogReader:
    """Reads and checks it."""

    def __init__(self, files: Mapping[str, bytes], owner: str, ring: KeyRing, findings: Findings) -> None:
        self._files = files
        self._owner = owner
        self._ring = ring
        self._findings = findings
        self._past: Checkpoint | None = None

    def read(self) -> Log:
        """Return what is sound; everything else is found as a fault."""
        signed = self._checkpoint(f.CHECKPOINT)
        checkpoint = None if signed is None else signed.checkpoint
        past = self._checkpoint(f.WITNESSED)
        self._past = None if past is None else past.checkpoint
        entries: dict[int, Seen] = {}
        last = -1
        for number, raw in enumerate(f.lines(self._files, f.ENTRIES, f.MAX_ENTRIES), 1):
            seen = self._entry(raw, f"{f.ENTRIES}, line {number}", checkpoint, last)
            if seen is not None:
                entries[seen.index] = seen
                last = seen.index
        if checkpoint is not None:
            self._say(checkpoint, entries)
        elif f.CHECKPOINT not in self._files:
            self._findings.fault(
                "There is no checkpoint of the log: nothing tells whether the statements are in it, and where.", f.CHECKPOINT
            )
        bound = self._witnessed(past)
        if bound is not None:
            self._since(entries, *bound)
        return Log(checkpoint, entries, self._receipts(entries), bound)

    def _say(self, checkpoint: Checkpoint, entries: Mapping[int, Seen]) -> None:
        places = ", ".join(str(index) for index in list(entries)[:12]) + (" …" if len(entries) > 12 else "")
        whole = f"{len(entries)} {'statement is an entry' if len(entries) == 1 else 'statements are entries'}"
        self._findings.proved(
            f"{whole} ({places or 'none'}) of the log {checkpoint.origin}, which has {checkpoint.size}; the log's owner signed for that.",
            f.CHECKPOINT,
        )
        if entries:
            self._findings.told(
                "When something was stated is its maker's word: each statement tells the time of its maker's clock.", f.ENTRIES
            )
        others = checkpoint.size - len(entries)
        if others > 0:
            self._findings.missing(
                f"{others} other {'entry' if others == 1 else 'entries'} of that log {'is' if others == 1 else 'are'} not in the archive. "
                "What they say, and that they are about something else, is the exporter's word.",
                f.ENTRIES,
            )
        if checkpoint.origin != origin_of(self._owner):
            self._findings.told(
                f"{checkpoint.origin} is not the first log of {self._owner}: it was begun anew after entries had been lost, and says why.",
                f.CHECKPOINT,
            )

    def _since(self, entries: Mapping[int, Seen], size: int, moment: datetime) -> None:
        """Say which statements no witness has seen, and which tell a later time than that at which a witness had seen them."""
        unseen = [index for index in entries if index >= size]
        if unseen:
            many = f"{len(unseen)} {'statement' if len(unseen) == 1 else 'statements'}"
            self._findings.missing(
                f"No witness has seen {many}, from entry {unseen[0]} on: their owner could have written them at any time until the export.",
                f.WITNESSED,
            )
        late = [str(one.index) for one in entries.values() if one.index < size and one.says is not None and one.says.at > moment + _CLOCKS]
        if late:
            places = ", ".join(late[:12]) + (" …" if len(late) > 12 else "")
            self._findings.told(f"A witness had seen entries that tell a later time ({places}): one of the clocks was wrong.", f.ENTRIES)

    def _checkpoint(self, name: str) -> SignedCheckpoint | None:
        """Return a checkpoint of the owner that the owner signed."""
        raw = self._files.get(name)
        if raw is None:
            return None
        try:
            signed = read_checkpoint(raw.decode("utf-8"))
        except (HanseError, UnicodeDecodeError) as fault:
            self._findings.fault(f"The checkpoint cannot be read. {fault if isinstance(fault, HanseError) else ''}".strip(), name)
            return None
        if did_of_origin(signed.checkpoint.origin) != self._owner:
            self._findings.fault(f"The checkpoint is of another log than that of {self._owner}.", f"{name}, origin")
            return None
        for one in self._ring.keys_of(self._owner):
            check = self._ring.check(one.jwk)
            if check is not None and signed.signed_with(one.jwk, check):
                self._ring.note(one.kid, one.jwk)
                return signed
        self._findings.fault("The log's owner did not sign this checkpoint: its text or its signature was changed.", f"{name}, signature")
        return None

    def _entry(self, raw: bytes, place: str, checkpoint: Checkpoint | None, last: int) -> Seen | None:
        try:
            line = _line.decode(raw)
            envelope = read_envelope(bytes(line.envelope))
        except (ValueError, RecursionError, HanseError) as fault:
            self._findings.fault(f"The entry cannot be read: {_said(fault)}", place)
            return None
        where = f"{place} (entry {line.index})"
        problem = self._place(line, envelope, checkpoint, last) or self._signature(envelope)
        if problem:
            self._findings.fault(problem[0], f"{where}, {problem[1]}")
            return None
        return self._seen(line, envelope, where)

    def _place(self, line: f.EntryLine, envelope: Envelope, checkpoint: Checkpoint | None, last: int) -> tuple[str, str] | None:
        raw = bytes(line.envelope)
        if envelope.encode() != raw:
            return "The envelope is not written as envelopes are.", "envelope"
        if line.index <= last:
            return f"The entries are out of order: {line.index} after {last}.", "index"
        if checkpoint is not None:
            proof = [bytes.fromhex(one) for one in line.proof]
            if not included(leaf_hash(raw), line.index, checkpoint.size, proof, checkpoint.root):
                return "It is not the entry of the log that it claims to be: the statement, its number or its proof was changed.", "proof"
        past = self._past
        if past is not None and line.index < past.size:
            seen = [bytes.fromhex(one) for one in line.seen]
            if not included(leaf_hash(raw), line.index, past.size, seen, past.root):
                return "It is not the entry that the witnesses saw in its place: the log was changed since, or the proof.", "seen"
        return None

    def _signature(self, envelope: Envelope) -> tuple[str, str] | None:
        proved = self._ring.proved(envelope.keyid, envelope.signed, envelope.signature)
        if proved is None:
            return f"The key {envelope.keyid} that is to have signed it is not in the archive.", _NO_KEY
        return None if proved else (f"Its signature was not made by {envelope.keyid}.", "envelope.signatures[0].sig")

    def _seen(self, line: f.EntryLine, envelope: Envelope, where: str) -> Seen | None:
        signer = did_of(envelope.keyid)
        try:
            statement = statement_of(envelope)
        except Invalid:  # a kind of a later version: signed and in the log, but what it says we do not know
            self._findings.told(f"Entry {line.index} is by {signer}, and of a kind that this program does not know.", where)
            return Seen(line.index, "", signer, None, None, envelope.hash, where, line)
        except HanseError as fault:
            self._findings.fault(f"The statement cannot be read: {fault.message}", f"{where}, {fault.where or 'payload'}")
            return None
        says = statement.predicate
        if says.by != signer:
            self._findings.fault(f"It is stated by {says.by}, and signed by {signer}.", f"{where}, predicate.by")
            return None
        if signer == self._owner and says.entry != line.index:
            self._findings.fault(f"Its owner signed it as entry {says.entry}: it was moved.", f"{where}, predicate.entry")
            return None
        return Seen(line.index, statement.kind, signer, says, statement.subject, envelope.hash, where, line)

    def _receipts(self, entries: Mapping[int, Seen]) -> dict[int, Acknowledged]:
        found: dict[int, Acknowledged] = {}
        for number, raw in enumerate(f.lines(self._files, f.RECEIPTS, f.MAX_ENTRIES), 1):
            where = f"{f.RECEIPTS}, line {number}"
            try:
                line = _receipt.decode(raw)
                envelope = read_envelope(bytes(line.envelope))
                says = statement_of(envelope).predicate
            except (ValueError, RecursionError, HanseError) as fault:
                self._findings.fault(f"The receipt cannot be read: {_said(fault)}", where)
                continue
            problem = _receipt_problem(envelope, says, entries.get(line.entry)) or self._signature(envelope)
            if problem is not None and problem[1] == _NO_KEY:
                self._findings.missing(f"The key {envelope.keyid} is not in the archive, so its receipt proves nothing.", where)
            elif problem is not None:
                self._findings.fault(problem[0], f"{where} (for entry {line.entry}), {problem[1]}")
            elif isinstance(says, Acknowledged):
                found[line.entry] = says
        return found

    def _witnessed(self, past: SignedCheckpoint | None) -> tuple[int, datetime] | None:
        """Check what witnesses cosigned; return the size and the earliest moment at which it is known to have been so."""
        if f.WITNESSED not in self._files:
            self._findings.missing(
                "No witness has signed for this log: its owner could have written it, all of it, at any time until the export.", f.WITNESSED
            )
        if past is None:
            return None
        moment = witnessed(self._files, past, self._owner, self._ring, self._findings)
        return None if moment is None else (past.checkpoint.size, moment)


def _receipt_problem(envelope: Envelope, says: Predicate, entry: Seen | None) -> tuple[str, str] | None:
    if not isinstance(says, Acknowledged):
        return "It is no receipt.", "predicateType"
    if entry is None or says.statement != entry.hash:
        return "It is for another statement.", "predicate.statement"
    if says.by != did_of(envelope.keyid):
        return f"It is stated by {says.by}, and signed by {envelope.keyid}.", "predicate.by"
    return None


def _said(fault: Exception) -> str:
    return fault.message if isinstance(fault, HanseError) else "it is no JSON of its shape."
