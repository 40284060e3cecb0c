"""The agreements in an archive: are they as they were made, and which side has signed for them?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import msgspec

from hanse.evidence.archive import format as f
from hanse.evidence.archive.log import Log, Seen
from hanse.evidence.archive.verdict import Findings
from hanse.evidence.kinds import AgreementEnded
from hanse.evidence.say import day, say
from hanse.evidence.statement import Subject

Reads = Callable[[f.AgreementRecord, bytes], str | None]
"""Reads an agreement's policy and compares it with its normal form.

Returns what is wrong, in a sentence; an empty text if nothing is; and nothing at all if it cannot read the policy.
"""


def agreement_digest(id: str, target: str, assigner: str, assignee: str, terms_hash: str) -> str:
    """Return what statements about an agreement name as the SHA-256 of their subject."""
    return hashlib.sha256(msgspec.json.encode([id, target, assigner, assignee, terms_hash])).hexdigest()


def check_agreements(files: Mapping[str, bytes], log: Log, owner: str, reads: Reads | None, findings: Findings) -> list[f.AgreementRecord]:
    """Check every agreement and what was stated about it; return those that are as they were made."""
    records = f.decode(files, f.AGREEMENTS, list[f.AgreementRecord], [])
    sound = []
    for number, record in enumerate(records):
        where = f"{f.AGREEMENTS}, [{number}]"
        problem = _problem(files, record)
        read = reads(record, files[record.normal]) if reads is not None and problem is None else None
        problem = problem or ((read, "policy.terms") if read else None)
        if problem:
            findings.fault(problem[0], f"{where} {problem[1]}")
            continue
        sound.append(record)
        _say(record, read is not None, findings, where)
        _end(record, log, findings, where)
        _sides(record, owner, log, findings)
    if len({one.id for one in records}) != len(records):
        findings.fault("An agreement is there twice.", f.AGREEMENTS)
    return sound


def _problem(files: Mapping[str, bytes], record: f.AgreementRecord) -> tuple[str, str] | None:
    normal = files.get(record.normal)
    if normal is None or record.words not in files:
        return f"A file of the agreement {record.id} is missing.", "normal"
    if record.terms_hash != "sha-256:" + f.digest(normal):
        return f"The terms of {record.id} are others than their hash says.", "termsHash"
    if record.digest != agreement_digest(record.id, record.target, record.assigner, record.assignee, record.terms_hash):
        return f"The parties, the dataset or the terms of {record.id} are others than its digest says.", "digest"
    told = tuple(record.policy.get(name) for name in ("@id", "target", "assigner", "assignee"))
    if told != (record.id, record.target, record.assigner, record.assignee):
        return f"The policy of {record.id} is between others, or about something else.", "policy"
    return None


def _say(record: f.AgreementRecord, read: bool, findings: Findings, where: str) -> None:
    """Say what the agreement is; that anybody agreed to it, only signatures show (`_sides`)."""
    findings.proved(
        f"The agreement {record.id} is whole: by it {record.assigner} gives {record.assignee} rights to {record.target}, under the terms "
        f"in {record.normal}. Statements name it by the SHA-256 {record.digest[:16]}….",
        record.normal,
    )
    findings.told(f"{record.words} says these terms in sentences; what was signed for is {record.normal}.", record.words)
    if not read:
        findings.missing(
            f"Whether the policy of {record.id} has the same terms as {record.normal} was not checked: it is not read here.", where
        )


def _end(record: f.AgreementRecord, log: Log, findings: Findings, where: str) -> None:
    """Say whether the agreement ended, and whose word that is."""
    about = log.by_agreement.get(record.id, [])
    stated = [one for one in about if one.subject == Subject.of(record.id, record.digest) and isinstance(one.says, AgreementEnded)]
    for one in stated:
        assert one.says is not None
        findings.proved(f"{one.signer} signed, as entry {one.index}: {say(one.says)}", one.where)
    if record.ended is not None and not stated:
        why = f": {record.end_reason.rstrip('.')}" if record.end_reason else ""
        findings.told(f"{record.id} ended on {record.ended:%Y-%m-%d}{why}. No signed statement says so.", where)
    if record.ended is None and not stated:
        findings.told(f"{record.id} had not ended when this was exported.", where)


def _sides(record: f.AgreementRecord, owner: str, log: Log, findings: Findings) -> None:
    """Say who has signed something about these very terms."""
    about = [one for one in log.by_agreement.get(record.id, []) if one.subject is not None]
    for one in about:
        if one.subject is not None and one.subject.name == record.id and one.subject.digest.sha256 != record.digest:
            findings.fault(f"The statement is about other terms of {record.id} than those in the archive.", f"{one.where}, subject.digest")
    exact = Subject.of(record.id, record.digest)
    naming = [one for one in about if one.subject == exact]
    peer = record.assignee if record.role == "provider" else record.assigner
    own, theirs = _by(naming, owner), _by(naming, peer)
    receipts = sum(1 for one in own if (says := log.receipts.get(one.index)) is not None and says.by == peer)
    if own and theirs:
        more = f", and {_count(receipts, 'receipt')} for what it was sent" if receipts else ""
        findings.proved(
            f"Both sides have signed for {record.id}: {owner} made {_count(len(own), 'statement')} about exactly these terms, "
            f"{peer} {_count(len(theirs), 'statement')}{more}.",
            f.ENTRIES,
        )
    elif theirs:
        findings.proved(f"{peer} made {_count(len(theirs), 'statement')} about exactly these terms of {record.id}.", f.ENTRIES)
    elif receipts:
        findings.proved(
            f"{owner} made {_count(len(own), 'statement')} about exactly these terms of {record.id}, and {peer} signed "
            f"{_count(receipts, 'receipt')} for what it was sent. It stated nothing itself: a receipt says that a statement about these "
            "terms was taken, and not more.",
            f.RECEIPTS,
        )
    else:
        why = next((one.line.reason for one in own if one.line.sent == "one-sided" and one.line.reason), "")
        findings.missing(
            f"One-sided: {peer} has signed nothing about these terms of {record.id}, so that it agreed is the word of {owner} alone."
            f"{' ' + why if why else ''}",
            f.ENTRIES,
        )


def timeline(entries: Sequence[Seen]) -> list[str]:
    """Return what was stated, one sentence each, in the order of the log."""
    return [f"{one.index}. {day(one.says.at)}, {one.says.by}: {say(one.says)}" for one in entries if one.says is not None]


def _by(entries: Sequence[Seen], did: str) -> list[Seen]:
    return [one for one in entries if one.signer == did]


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
