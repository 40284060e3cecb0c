"""Looks at a whole archive, offline: everything in it is checked against itself, and against what its reader trusts already.

The order is that of the questions that a reader has: is this the file that was exported; who signed for it; which agreements; what was
stated, by whom, in which order, seen by whom; which data; what the parties had proved. A fault ends nothing: all of them are found, so
that the words can say where an archive was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import Struct

from hanse.evidence.archive import format as f
from hanse.evidence.archive.agreements import Reads, check_agreements, timeline
from hanse.evidence.archive.container import read_container
from hanse.evidence.archive.crate import check_crate
from hanse.evidence.archive.credentials import Statuses, check_credentials
from hanse.evidence.archive.data import Listed, Measured, check_data, check_versions
from hanse.evidence.archive.derived import check_derived
from hanse.evidence.archive.keys import Anchors, CheckOf, KeyRing, did_of
from hanse.evidence.archive.log import Log, LogReader
from hanse.evidence.archive.verdict import Findings, Verdict
from hanse.evidence.kinds import Assessed, Disputed, Documented, Trained
from hanse.kernel.errors import HanseError

T = TypeVar("T")

Measures = Callable[[Listed, bool], Measured | None]
"""Hashes what lies in the folder of a version's files (true: it is the only one); nothing if there is no such folder."""


class Examined(Struct, frozen=True):
    """What was found, what the archive is about (absent if it could not be read), and what was stated, a sentence each."""

    verdict: Verdict
    promise: f.Promise | None = None
    timeline: tuple[str, ...] = ()


class Examiner:
    """Verifies archives.

    `check_of` turns a public JWK into a check of signatures, `reads` compares a policy with its normal form, `statuses` reads status
    lists. Without the last two, what they would prove is told only.
    """

    def __init__(
        self, check_of: CheckOf, anchors: Anchors | None = None, reads: Reads | None = None, statuses: Statuses | None = None
    ) -> None:
        self._check_of = check_of
        self._anchors = anchors or {}
        self._reads = reads
        self._statuses = statuses

    def examine(self, raw: bytes, measures: Measures | None = None) -> Examined:
        """Return the verdict on an archive; with `measures`, on the data beside it, too. Never raises for what is wrong with an archive."""
        findings = Findings()
        try:
            return self._examined(raw, measures, findings)
        except HanseError as fault:
            findings.fault(fault.message, fault.where or "file")
            return Examined(findings.verdict())

    def _examined(self, raw: bytes, measures: Measures | None, findings: Findings) -> Examined:
        container = read_container(raw)
        files = container.files
        if container.fault:
            findings.fault(container.fault, container.where)
        promise = _manifest(files, findings)
        steps = _Steps(files, findings, promise.by if promise is not None else "")
        ring = steps.ring(self._anchors, self._check_of)
        if promise is not None and ring is not None:
            steps.signed(ring, promise)
        log = steps.log(ring) if ring is not None else None
        if ring is not None and log is not None:
            steps.rest(ring, log, self._reads, measures)
            steps.described(ring, log, promise, self._statuses)
        for sentence in promise.missing if promise is not None else ():
            findings.missing(sentence)
        return Examined(findings.verdict(), promise, tuple(timeline(list(log.entries.values()))) if log is not None else ())


class _Steps:
    """The steps of one look. What cannot be read is a fault, and the next step goes on without it."""

    def __init__(self, files: Mapping[str, bytes], findings: Findings, owner: str) -> None:
        self._files = files
        self._findings = findings
        self._owner = owner

    def ring(self, anchors: Anchors, check_of: CheckOf) -> KeyRing | None:
        def work() -> KeyRing:
            keys = f.decode(self._files, f.KEYS, list[f.KnownKey], [])
            dids = f.decode(self._files, f.DIDS, list[f.KnownDid], [])
            ring = KeyRing(keys, dids, anchors, check_of)
            ring.check_documents(self._findings)
            return ring

        return self._tried(work)

    def signed(self, ring: KeyRing, promise: f.Promise) -> None:
        envelope = f.read_manifest(self._files[f.MANIFEST]).envelope
        where = f"{f.MANIFEST}, signatures[0]"
        proved = ring.proved(envelope.keyid, envelope.signed, envelope.signature)
        if did_of(envelope.keyid) != promise.by:
            self._findings.fault(f"The manifest is promised by {promise.by}, and signed by {envelope.keyid}.", f"{where}.keyid")
        elif not proved:
            what = f"was not made by {envelope.keyid}" if proved is False else f"is by a key that is not in the archive: {envelope.keyid}"
            self._findings.fault(f"The manifest's signature {what}: the manifest was changed, or the key.", f"{where}.sig")
        elif not self._findings.faults:
            self._findings.proved(
                f"The archive is whole: {promise.by} signed for every file in it, by its clock on {promise.made:%Y-%m-%d at %H:%M:%S} UTC.",
                f.MANIFEST,
            )

    def log(self, ring: KeyRing) -> Log | None:
        return self._tried(LogReader(self._files, self._owner, ring, self._findings).read)

    def rest(self, ring: KeyRing, log: Log, reads: Reads | None, measures: Measures | None) -> None:
        files, findings = self._files, self._findings
        self._tried(lambda: check_agreements(files, log, self._owner, reads, findings))
        listed = self._tried(lambda: check_versions(files, log, findings)) or []
        if measures is not None:
            _measured(listed, measures, findings)

    def described(self, ring: KeyRing, log: Log, promise: f.Promise | None, statuses: Statuses | None) -> None:
        files, findings = self._files, self._findings
        self._tried(lambda: _check_documents(files, log, findings))
        self._tried(lambda: check_derived(files, log, findings))
        self._tried(lambda: _check_model(files, log, findings))
        if promise is not None:
            self._tried(lambda: _check_about(files, promise.about, findings))
        self._tried(lambda: check_credentials(files, ring, statuses, findings))
        self._tried(lambda: check_crate(files, findings))
        ring.say_identities(findings)

    def _tried(self, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except HanseError as fault:
            self._findings.fault(fault.message, fault.where or "")
            return None


def _manifest(files: Mapping[str, bytes], findings: Findings) -> f.Promise | None:
    """Compare every file with the manifest; return what it promises, if it can be read."""
    raw = files.get(f.MANIFEST)
    if raw is None:
        findings.fault("There is no manifest: this is no evidence archive, or it was taken out.", f.MANIFEST)
        return None
    try:
        manifest = f.read_manifest(raw)
    except HanseError as fault:
        findings.fault(fault.message, fault.where or f.MANIFEST)
        return None
    for name in sorted(set(files) - {f.MANIFEST}):
        if name not in manifest.digests:
            findings.fault("The manifest does not know this file: it was added.", name)
        elif f.digest(files[name]) != manifest.digests[name]:
            findings.fault("The file was changed: it is not the one that the manifest names.", name)
    for name in sorted(set(manifest.digests) - set(files)):
        findings.fault("The file is missing: the manifest names it.", name)
    return manifest.promise


def _measured(listed: list[Listed], measures: Measures, findings: Findings) -> None:
    if not listed:
        findings.missing("The archive lists no files, so the folder cannot be compared with it.", f.VERSIONS)
    for one in listed:
        measured = measures(one, len(listed) == 1)
        if measured is None:
            findings.missing(f"The files of {one.record.id} are not in the folder: they were not compared.", "data")
        else:
            check_data(one, measured, findings)


def _document(says: object) -> tuple[str, str, str] | None:
    """Return of which document a statement tells the SHA-256: whose it is, its kind, and the sum."""
    if isinstance(says, Documented):
        return says.subject, says.document, says.sha256
    if isinstance(says, Assessed):
        return says.subject, "quality", says.report
    return (says.version, "quality-comparison", says.comparison) if isinstance(says, Disputed) else None


def _check_documents(files: Mapping[str, bytes], log: Log, findings: Findings) -> None:
    records = f.decode(files, f.DOCUMENTS, list[f.DocumentRecord], [])
    stated = {key: one for one in log.entries.values() if (key := _document(one.says)) is not None}
    for number, record in enumerate(records):
        raw = files.get(record.file)
        where = f"{f.DOCUMENTS}, [{number}] {record.file}"
        if raw is None:
            findings.fault(f"The document {record.kind} of {record.subject} is missing.", where)
            continue
        entry = stated.get((record.subject, record.kind, f.digest(raw)))
        what = f"{record.file} is the {record.kind} of {record.subject}"
        if entry is not None:
            findings.proved(f"{what} that {entry.signer} signed for (entry {entry.index}); that what it says is right is its word.", where)
        elif record.kind == "quality-claim":
            findings.told(f"{what}: a statement with its maker's signature in it, which was not checked here.", where)
        else:
            findings.told(f"{what}; by whom and when it was made, no statement tells.", where)


def _check_model(files: Mapping[str, bytes], log: Log, findings: Findings) -> None:
    model = _model(files)
    if model is None:
        return
    versions = {one.id for one in f.decode(files, f.VERSIONS, list[f.VersionRecord], [])}
    for index in model.entries:
        seen = log.entries.get(index)
        if seen is None or not isinstance(seen.says, Trained) or seen.says.model != model.name:
            findings.fault(f"Entry {index} of the log does not state how {model.name} was made.", f.MODEL)
            continue
        names = ", ".join(one.version for one in seen.says.inputs[:20]) + (" …" if len(seen.says.inputs) > 20 else "")
        findings.proved(
            f"{seen.signer} signed, as entry {index}, that {model.name} ({seen.says.digest[:16]}…) was made from {names or 'nothing'}.",
            seen.where,
        )
        for one in seen.says.inputs:
            if one.version not in versions:
                findings.missing(f"{one.version} went into {model.name}, and is not in the archive.", f.VERSIONS)
    if not model.entries:
        findings.missing(f"No statement in the log says how {model.name} was made.", f.MODEL)


def _model(files: Mapping[str, bytes]) -> f.ModelRecord | None:
    return f.decode(files, f.MODEL, f.ModelRecord, f.ModelRecord("", ())) if f.MODEL in files else None


def _check_about(files: Mapping[str, bytes], about: f.About, findings: Findings) -> None:
    """Check that there is something in the archive of what it claims to be about."""
    if about.kind == "dataset":
        there = {one.id for one in f.decode(files, f.VERSIONS, list[f.VersionRecord], [])}
    elif about.kind == "agreement":
        there = {one.id for one in f.decode(files, f.AGREEMENTS, list[f.AgreementRecord], [])}
    else:
        model = _model(files)
        there = set() if model is None else {model.name}
    if about.name not in there:
        findings.fault(f"It claims to be about the {about.kind} {about.name}, and holds nothing of it.", f"{f.MANIFEST}, predicate.about")
