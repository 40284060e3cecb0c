"""Makes an archive of what was collected: names the files, describes them, signs for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, structs

from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.container import write_container
from hanse.evidence.archive.crate import write_crate
from hanse.evidence.dsse import Sign, read_envelope
from hanse.evidence.say import day, say
from hanse.evidence.statement import statement_of
from hanse.kernel.errors import HanseError

_TOLD: Final = 2_000
"""Statements that the file for people tells."""


class Agreed(Struct, frozen=True):
    """An agreement: its record, the normal form of its terms, and the terms in sentences. The record's file names are filled in."""

    record: f.AgreementRecord
    normal: bytes
    words: tuple[str, ...]


class Stored(Struct, frozen=True):
    """A version, and its files, if they are known. The record's file name is filled in."""

    record: f.VersionRecord
    files: tuple[f.FileLine, ...] | None


class Shown(Struct, frozen=True):
    """A credential: its record, its JWT (absent if it is withheld), and the status lists that were kept."""

    record: f.CredentialRecord
    text: str | None
    lists: tuple[str, ...] = ()


class Written(Struct, frozen=True):
    """A document about a version or a model."""

    subject: str
    kind: str
    name: str
    content: bytes
    media_type: str = ""


class Proofs(Struct, frozen=True):
    """The part of the log: entries under one checkpoint, receipts for them, and what witnesses signed for."""

    checkpoint: str
    entries: tuple[f.EntryLine, ...]
    receipts: tuple[f.ReceiptLine, ...] = ()
    witnessed: str | None = None
    witnesses: tuple[f.WitnessRecord, ...] = ()


class Contents(Struct, frozen=True, kw_only=True):
    """All that goes into an archive."""

    promise: f.Promise
    keys: tuple[f.KnownKey, ...]
    dids: tuple[f.KnownDid, ...]
    proofs: Proofs
    agreements: tuple[Agreed, ...] = ()
    versions: tuple[Stored, ...] = ()
    credentials: tuple[Shown, ...] = ()
    documents: tuple[Written, ...] = ()
    model: f.ModelRecord | None = None


def pack(contents: Contents, kid: str, sign: Sign) -> bytes:
    """Return the archive, its manifest signed with the key of that name. Raises `TooLarge`, `Malformed` as `write_container` does."""
    files = _files(contents)
    said = _statements(contents.proofs.entries)
    parties = {one.did for one in contents.dids} | {says.by for _, says in said}
    versions = [one.record for one in contents.versions]
    parties |= {one.provider for one in versions if one.provider}
    files[f.README] = _readme(contents.promise, said)
    files[f.CRATE] = write_crate(files, contents.promise, parties, versions, said)
    files[f.MANIFEST] = f.write_manifest(files, contents.promise, kid, sign)
    return write_container(files)


def _files(contents: Contents) -> dict[str, bytes]:
    files = {f.KEYS: f.encode(contents.keys), f.DIDS: f.encode(contents.dids)} | _log(contents.proofs)
    files[f.AGREEMENTS] = f.encode([_agreement(number, one, files) for number, one in enumerate(contents.agreements, 1)])
    files[f.VERSIONS] = f.encode([_version(number, one, files) for number, one in enumerate(contents.versions, 1)])
    files[f.CREDENTIALS] = f.encode([_credential(number, one, files) for number, one in enumerate(contents.credentials, 1)])
    files[f.DOCUMENTS] = f.encode([_document(number, one, files) for number, one in enumerate(contents.documents, 1)])
    if contents.model is not None:
        files[f.MODEL] = f.encode(contents.model)
    return files


def _log(proofs: Proofs) -> dict[str, bytes]:
    files = {f.CHECKPOINT: proofs.checkpoint.encode(), f.ENTRIES: f.encode_lines(proofs.entries)}
    if proofs.receipts:
        files[f.RECEIPTS] = f.encode_lines(proofs.receipts)
    if proofs.witnessed is not None:
        files[f.WITNESSED] = proofs.witnessed.encode()
        files[f.WITNESSES] = f.encode(proofs.witnesses)
    return files


def _agreement(number: int, one: Agreed, files: dict[str, bytes]) -> f.AgreementRecord:
    record = structs.replace(one.record, normal=f"agreements/{number}.normal.json", words=f"agreements/{number}.txt")
    files[record.normal] = one.normal
    files[record.words] = "".join(f"{line}\n" for line in (f"Agreement {one.record.id}", "", *one.words)).encode()
    return record


def _version(number: int, one: Stored, files: dict[str, bytes]) -> f.VersionRecord:
    if one.files is None:
        return structs.replace(one.record, files=None)
    record = structs.replace(one.record, files=f"versions/{number}.files.jsonl")
    assert record.files is not None
    ordered: list[f.FileLine] = sorted(one.files, key=_path)
    files[record.files] = f.encode_lines(ordered)
    return record


def _credential(number: int, one: Shown, files: dict[str, bytes]) -> f.CredentialRecord:
    if one.text is None:
        return structs.replace(one.record, file=None)
    names = tuple(f"credentials/status-{f.digest(text.encode())[:16]}.jwt" for text in one.lists)
    record = structs.replace(one.record, file=f"credentials/{number}.jwt", lists=names)
    files[f"credentials/{number}.jwt"] = one.text.encode()
    files.update((name, text.encode()) for name, text in zip(names, one.lists, strict=True))
    return record


def _document(number: int, one: Written, files: dict[str, bytes]) -> f.DocumentRecord:
    name = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "-" for char in one.name)[:80].lstrip(".-")
    file = f"documents/{number}-{name or 'document'}"
    files[file] = one.content
    return f.DocumentRecord(one.subject, one.kind, file, one.media_type)


def _statements(entries: Sequence[f.EntryLine]) -> list[tuple[int, k.Predicate]]:
    found = []
    for line in entries:
        try:
            found.append((line.index, statement_of(read_envelope(bytes(line.envelope))).predicate))
        except HanseError:  # of a kind that is not known here; it is in the archive all the same
            continue
    return found


def _readme(promise: f.Promise, said: Sequence[tuple[int, k.Predicate]]) -> bytes:
    lines = [
        f"Evidence about the {promise.about.kind} {promise.about.name}",
        f"exported by {promise.by} on {day(promise.made)}",
        "",
        "This archive shows what was agreed, received, used and made. What of it is proved, and what is its exporter's word, these say",
        "without a server, an account or a network:",
        "  hanse evidence verify FILE",
        "  python verify_evidence.py FILE     (one page of Python beside Hanse's source, which needs nothing of Hanse)",
        "",
        f"{f.MANIFEST}   every other file by its SHA-256, signed by the exporter (in-toto Statement in DSSE)",
        f"{f.AGREEMENTS}, agreements/   each agreement as it was made, and its terms in words",
        f"{f.ENTRIES}   signed statements of both sides, each with the proof of its place in the exporter's log",
        f"{f.RECEIPTS}   what the other side signed on having taken a statement",
        f"{f.CHECKPOINT}, {f.WITNESSED}   what the log is, signed by its owner; what others saw of it, and when",
        f"{f.VERSIONS}, versions/   the files of the data by SHA-256; the data itself is not in here",
        f"{f.KEYS}, {f.DIDS}   whose keys made the signatures",
        f"{f.CREDENTIALS}, credentials/   what the parties had proved about themselves",
        f"{f.DOCUMENTS}, documents/   descriptions, reports of quality, steps of preparation, as far as they were made",
        f"{f.CRATE}   all of this as an RO-Crate 1.2, with the steps as PROV-O",
        "",
        *(["Not in this archive:", *(f"- {one}" for one in promise.missing), ""] if promise.missing else []),
        "What was stated, in the order of the log:",
        *(f"{index}. {day(says.at)}, {says.by}: {say(says)}" for index, says in said[:_TOLD]),
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _path(line: f.FileLine) -> bytes:
    return line.path.encode()
