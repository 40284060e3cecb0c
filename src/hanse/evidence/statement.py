"""in-toto Statements, version 1: something is said (the predicate) about something that a digest names (the subject)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from hanse.evidence.dsse import Envelope
from hanse.evidence.kinds import KINDS, MAX_OBJECTS, Object, Predicate, Receipt, kind_of
from hanse.evidence.merkle import leaf_hash, root_of
from hanse.kernel.errors import Invalid, Malformed

STATEMENT: Final = "https://in-toto.io/Statement/v1"
"""What the `_type` of a statement says."""
_KIND: Final = re.compile(r"urn:hanse:evidence:([a-z-]{1,40}):1")
_encode = msgspec.json.Encoder().encode

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class _DigestSet(Struct, frozen=True):
    sha256: Digest


class Subject(Struct, frozen=True):
    """What a statement is about: a name, and the SHA-256 of what it names (hexadecimal)."""

    name: Annotated[str, Meta(min_length=1, max_length=512)]
    digest: _DigestSet

    @classmethod
    def of(cls, name: str, sha256: str) -> Subject:
        """Return a subject."""
        return cls(name, _DigestSet(sha256))


class _Head(Struct, frozen=True, forbid_unknown_fields=True):
    type: str = msgspec.field(name="_type")
    subject: Annotated[list[Subject], Meta(min_length=1, max_length=1)]
    predicate_type: Annotated[str, Meta(max_length=200)] = msgspec.field(name="predicateType")
    predicate: msgspec.Raw


class Statement(Struct, frozen=True):
    """A statement that was read: its kind, its subject, and what it says. Who made it, the envelope's signature proves."""

    kind: str
    subject: Subject
    predicate: Predicate


def write_statement(subject: Subject, predicate: Predicate) -> bytes:
    """Return the statement as JSON, to be put into an envelope."""
    head = {
        "_type": STATEMENT,
        "subject": [subject],
        "predicateType": f"urn:hanse:evidence:{kind_of(predicate)}:1",
        "predicate": predicate,
    }
    return _encode(head)


_head = msgspec.json.Decoder(_Head)
_predicates = {name: msgspec.json.Decoder(kind) for name, kind in KINDS.items()}


def read_statement(payload: bytes) -> Statement:
    """Read what an envelope holds. Raises `Malformed` for another shape, and `Invalid` (`kind`) for a kind that is not known."""
    try:
        head = _head.decode(payload)
    except (ValueError, RecursionError):
        raise Malformed("The envelope holds no in-toto statement with one subject.", where="payload", rule="statement") from None
    if head.type != STATEMENT:
        raise Malformed("The envelope holds something else than an in-toto statement v1.", where="payload._type", rule="statement")
    found = _KIND.fullmatch(head.predicate_type)
    if found is None or found[1] not in KINDS:
        known = ", ".join(KINDS)
        raise Invalid("Statements of this kind are not taken here.", where="predicateType", rule="kind", hint=f"Known: {known}.")
    try:
        predicate = _predicates[found[1]].decode(head.predicate)
    except (ValueError, RecursionError) as fault:
        said = str(fault) if isinstance(fault, msgspec.ValidationError) else "it cannot be read"
        raise Malformed(f"The statement is not one of its kind: {said[:300]}.", where="predicate", rule="statement") from None
    if isinstance(predicate, Receipt):
        _check_receipt(predicate)
    return Statement(found[1], head.subject[0], predicate)


def statement_of(envelope: Envelope) -> Statement:
    """Read the statement of an envelope. Raises as `read_statement` does."""
    return read_statement(envelope.payload)


def receipt_of(objects: Sequence[Object]) -> dict[str, object]:
    """Return the fields of a receipt for these objects: count, size, root, and the objects themselves while there is room."""
    ordered = sorted(objects, key=lambda one: one.path.encode())
    return {
        "count": len(ordered),
        "size": sum(one.size for one in ordered),
        "root": _root(ordered),
        "objects": tuple(ordered) if len(ordered) <= MAX_OBJECTS else (),
    }


def root_of_files(objects: Sequence[Object]) -> str:
    """Return the Merkle root over objects in the order of their paths (SHA-256, hexadecimal): the name of a version's content."""
    return _root(sorted(objects, key=lambda one: one.path.encode()))


def _check_receipt(receipt: Receipt) -> None:
    whole = receipt.count <= MAX_OBJECTS
    if whole and receipt_of(receipt.objects) != {name: getattr(receipt, name) for name in ("count", "size", "root", "objects")}:
        raise Malformed("The receipt's objects do not add up to its count, size and root.", where="predicate.objects", rule="receipt")
    if not whole and receipt.objects:
        raise Malformed(f"A receipt names all of its objects, or none beyond {MAX_OBJECTS}.", where="predicate.objects", rule="receipt")


def _root(objects: Sequence[Object]) -> str:
    return root_of([leaf_hash(_encode(one)) for one in objects]).hex()


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
