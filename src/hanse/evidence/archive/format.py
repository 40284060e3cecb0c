"""What lies in an archive, file by file, and the manifest that signs for all of it. `docs/evidence-archive.md` tells it in words.

The manifest is an in-toto Statement v1 in DSSE, signed by whoever exported the archive: its subjects are all other files, by SHA-256.
Signed statements and log proofs need no such signature to be believed; it says that nothing was left out or added since.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from hanse.evidence.dsse import IN_TOTO, MAX_KEYID, Envelope, pae
from hanse.evidence.kinds.base import At, Count, Name, Sha256, Text
from hanse.evidence.statement import STATEMENT
from hanse.kernel.errors import Malformed, TooLarge

T = TypeVar("T")

MANIFEST: Final = "manifest.json"
README: Final = "README.txt"
CRATE: Final = "ro-crate-metadata.json"
KEYS: Final = "keys.json"
DIDS: Final = "dids.json"
AGREEMENTS: Final = "agreements.json"
VERSIONS: Final = "versions.json"
CREDENTIALS: Final = "credentials.json"
DOCUMENTS: Final = "documents.json"
MODEL: Final = "model.json"
ENTRIES: Final = "log/entries.jsonl"
RECEIPTS: Final = "log/receipts.jsonl"
CHECKPOINT: Final = "log/checkpoint.txt"
WITNESSED: Final = "log/witnessed.txt"
WITNESSES: Final = "log/witnesses.json"
PREDICATE: Final = "urn:hanse:evidence-archive:1"
"""What the manifest is, among in-toto statements."""

MAX_MANIFEST: Final = 8 * 1024 * 1024
"""Bytes of a manifest."""
MAX_JSON: Final = 32 * 1024 * 1024
"""Bytes of a file that is read as JSON."""
MAX_LINE: Final = 2 * 1024 * 1024
"""Bytes of a line of a file of lines."""
MAX_ENTRIES: Final = 100_000
"""Entries of the log in one archive, and receipts for them."""
MAX_RECORDS: Final = 20_000
"""Keys, parties, agreements, versions, credentials or documents in one archive."""
MAX_LISTED: Final = 5_000_000
"""Files of the data that one archive lists."""

Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Jwk = dict[str, str]
FileName = Annotated[str, Meta(min_length=1, max_length=200)]


class About(Struct, frozen=True):
    """What the archive was asked for: a version of a dataset, a model or an agreement, by its name."""

    kind: Literal["dataset", "model", "agreement"]
    name: Name


class Promise(Struct, frozen=True, omit_defaults=True):
    """The manifest's predicate: about what, by whom, when, by which program, and what the exporter knows to be missing, in sentences."""

    about: About
    by: Name
    made: At
    program: Annotated[str, Meta(max_length=100)] = ""
    missing: Annotated[tuple[Text, ...], Meta(max_length=1_000)] = ()


class _Digest(Struct, frozen=True, forbid_unknown_fields=True):
    sha256: Hash


class _Subject(Struct, frozen=True, forbid_unknown_fields=True):
    name: FileName
    digest: _Digest


class _Statement(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: list[_Subject]
    predicate_type: Literal["urn:hanse:evidence-archive:1"] = msgspec.field(name="predicateType")
    predicate: Promise


class _Signature(Struct, frozen=True, forbid_unknown_fields=True):
    keyid: Annotated[str, Meta(min_length=1, max_length=MAX_KEYID)]
    sig: Annotated[str, Meta(min_length=4, max_length=1024)]


class _Wire(Struct, frozen=True, forbid_unknown_fields=True):
    payload_type: Literal["application/vnd.in-toto+json"] = msgspec.field(name="payloadType")
    payload: str
    signatures: Annotated[list[_Signature], Meta(min_length=1, max_length=1)]


class Manifest(Struct, frozen=True):
    """A manifest that was read and not yet believed: the SHA-256 of every other file, what is promised, and the signature."""

    digests: dict[str, str]
    promise: Promise
    envelope: Envelope


class KnownKey(Struct, frozen=True, omit_defaults=True):
    """A public key that proves signatures in the archive. `origin` tells how the exporter knows it.

    `document`: it stands in the DID document that the archive holds; `own`: it was a key of the exporter's own wallet; `arrival`: it
    proved a statement when that arrived, read then from the DID document of that day.
    """

    kid: Name
    jwk: Jwk
    origin: Literal["document", "own", "arrival"]


class KnownDid(Struct, frozen=True, omit_defaults=True):
    """A party: its DID, and its DID document with the moment at which it was read, if it could be had."""

    did: Name
    read: datetime | None = None
    document: dict[str, Any] | None = None


class AgreementRecord(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An agreement as it was made. `digest` is what statements about it name as their subject.

    It is the SHA-256 over the JSON list of id, target, assigner, assignee and `termsHash`, without spaces; `termsHash` is `sha-256:` and
    the hash of the file `normal`. `policy` is the agreement in DSP's JSON; `words` is a file that says the terms in sentences.
    """

    id: Name
    target: Name
    assigner: Name
    assignee: Name
    terms_hash: Annotated[str, Meta(pattern="^sha-256:[0-9a-f]{64}$")]
    digest: Hash
    normal: FileName
    policy: dict[str, Any]
    words: FileName
    role: Literal["provider", "consumer"]
    finalized: datetime
    ended: datetime | None = None
    end_how: str = ""
    end_reason: Text = ""
    attested: bool = False


class SourceRecord(Struct, frozen=True):
    """A version that another was made of, with its root."""

    version: Name
    root: Hash


class VersionRecord(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A version of a dataset: its name `name@number`, the Merkle root over its files, and the file that lists them, one per line.

    One that was `made_of` others came under no agreement; it stands `under` all of theirs.
    """

    id: Name
    root: Hash
    count: Count
    size: Count
    stored: datetime | None = None
    agreement: Name | None = None
    provider: Name | None = None
    dataset: Name | None = None
    sums: str = "measured"
    origin: dict[str, Any] = {}
    offered: dict[str, Any] | None = None
    deleted: datetime | None = None
    files: FileName | None = None
    made_of: tuple[SourceRecord, ...] = ()
    under: tuple[Name, ...] = ()


class CredentialRecord(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A credential that a party presented (or that the exporter holds): its JWT in `file`, unless it is withheld, and then why.

    `status` is what its issuer's list said when it was looked at: `valid`, `revoked`, `suspended`, or `unknown`, with `checked`;
    `list` is the file with the list's own signed credential, if it was kept.
    """

    holder: Name
    issuer: Name
    types: tuple[Name, ...]
    sha256: Hash
    presented: datetime | None = None
    valid_from: At | None = None
    valid_until: At | None = None
    file: FileName | None = None
    withheld: Text = ""
    status: str = "unknown"
    checked: At | None = None
    lists: tuple[FileName, ...] = ()


class DocumentRecord(Struct, frozen=True, omit_defaults=True):
    """A document about a version or the model: `croissant`, `datasheet`, `quality`, `pipeline` and others, and its file."""

    subject: Name
    kind: Name
    file: FileName
    media_type: str = ""


class ModelRecord(Struct, frozen=True):
    """The model that the archive is about, and the entries of the log that state how it was made, by index."""

    name: Name
    entries: tuple[Count, ...]


class EntryLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the exporter's log: its index, when it was appended, its proof under the checkpoint, and its envelope.

    The leaf of the tree is the envelope's JSON as it stands there, without spaces. `seen` is its proof under the checkpoint that
    witnesses have signed, if it was there by then. `sent` tells what became of a statement to a peer.
    """

    index: Count
    appended: datetime
    proof: Annotated[tuple[Hash, ...], Meta(max_length=128)]
    seen: Annotated[tuple[Hash, ...], Meta(max_length=128)] = ()
    sent: str = ""
    reason: Text = ""
    envelope: msgspec.Raw


class ReceiptLine(Struct, frozen=True, kw_only=True):
    """What a peer signed on having taken a statement of the exporter's, which is the entry `entry`."""

    entry: Count
    envelope: msgspec.Raw


class WitnessRecord(Struct, frozen=True, omit_defaults=True):
    """A witness: its DID, the name of its key in notes, and its Ed25519 key."""

    did: Name
    name: Name
    jwk: Jwk


Witnesses = Annotated[list[WitnessRecord], Meta(max_length=64)]


class FileLine(Struct, frozen=True):
    """One file of the data. The line, as it stands there, is the leaf of the version's tree."""

    path: Annotated[str, Meta(min_length=1, max_length=1024)]
    sha256: Sha256
    size: Count


_encode = msgspec.json.Encoder().encode
_wire = msgspec.json.Decoder(_Wire)
_statement = msgspec.json.Decoder(_Statement)


def write_manifest(files: Mapping[str, bytes], promise: Promise, kid: str, sign: Any) -> bytes:
    """Return the manifest over these files, signed by `sign` (JWA signatures) with the key of that name."""
    subjects = [{"name": name, "digest": {"sha256": digest(files[name])}} for name in sorted(files)]
    payload = _encode({"_type": STATEMENT, "subject": subjects, "predicateType": PREDICATE, "predicate": promise})
    return Envelope(payload, kid, sign(pae(IN_TOTO, payload))).encode()


def read_manifest(raw: bytes) -> Manifest:
    """Read a manifest strictly, in its only form. Raises `Malformed`, `TooLarge`."""
    if len(raw) > MAX_MANIFEST:
        raise TooLarge(f"The manifest is larger than {MAX_MANIFEST >> 20} MiB.", where=MANIFEST)
    try:
        wire = _wire.decode(raw)
        one = wire.signatures[0]
        envelope = Envelope(b64decode(wire.payload), one.keyid, b64decode(one.sig))
    except (ValueError, RecursionError):
        raise _wrong("The manifest is no DSSE envelope with one signature.", MANIFEST) from None
    if b64encode(envelope.payload).decode("ascii") != wire.payload or envelope.encode() != raw:
        raise _wrong("The manifest is not written as manifests are: its JSON or its base64 was changed.", MANIFEST)
    try:
        statement = _statement.decode(envelope.payload)
    except (ValueError, RecursionError):
        raise _wrong("The manifest states nothing about an evidence archive.", MANIFEST) from None
    digests = {one.name: one.digest.sha256 for one in statement.subject}
    if len(digests) != len(statement.subject) or MANIFEST in digests:
        raise _wrong("The manifest names a file twice, or itself.", MANIFEST)
    return Manifest(digests, statement.predicate, envelope)


def decode(files: Mapping[str, bytes], name: str, kind: type[T], default: T) -> T:
    """Return what a JSON file holds; `default` if there is no such file. Raises `Malformed` that names the file and the member."""
    raw = files.get(name)
    if raw is None:
        return default
    if len(raw) > MAX_JSON:
        raise _wrong(f"The file is larger than {MAX_JSON >> 20} MiB.", name)
    try:
        found = msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as fault:
        raise _wrong(f"The file does not hold what it should: {fault}.", name) from None
    except (ValueError, RecursionError):
        raise _wrong("The file is no JSON that can be read.", name) from None
    if isinstance(found, list) and len(found) > MAX_RECORDS:
        raise _wrong(f"The file has more than {MAX_RECORDS} records.", name)
    return found


def lines(files: Mapping[str, bytes], name: str, most: int) -> Sequence[bytes]:
    """Return the lines of a file, none if it is not there. Raises `Malformed` for too many, too long ones, and no end."""
    raw = files.get(name, b"")
    if not raw:
        return ()
    if raw.count(b"\n") > most or not raw.endswith(b"\n"):
        raise _wrong(f"The file has more than {most} lines, or its last one does not end.", name)
    found = raw.split(b"\n")[:-1]
    if any(len(line) > MAX_LINE for line in found):
        raise _wrong(f"The file has a line of more than {MAX_LINE >> 20} MiB.", name)
    return found


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def encode(value: object) -> bytes:
    """Return a record or a list of them as JSON that people can read."""
    return msgspec.json.format(_encode(value), indent=1) + b"\n"


def encode_lines(values: Sequence[object]) -> bytes:
    """Return records as lines of JSON."""
    return b"".join(_encode(value) + b"\n" for value in values)


def _wrong(problem: str, where: str) -> Malformed:
    return Malformed(problem, where=where, rule="archive")
