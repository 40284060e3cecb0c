"""Cosignatures of witnesses (C2SP tlog-cosignature 1.0.1, Ed25519 `cosignature/v1`), and proofs to carry around (C2SP tlog-proof).

A witness says with its line that, at that second, this was the largest tree that it had seen of that log, and that it goes on from all
that it had seen before. Two witnesses who say so of two histories have been shown a fork.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from hanse.evidence.checkpoint import MAX_CHECKPOINT, Checkpoint, Signature, SignedCheckpoint, read_checkpoint
from hanse.evidence.dsse import Check, Sign
from hanse.evidence.merkle import HASH_SIZE
from hanse.kernel.errors import Malformed

MAX_LINES: Final = 63
"""Hashes of a proof in these texts (tlog-witness, `add-checkpoint`)."""
PROOF: Final = "c2sp.org/tlog-proof@v1"
_ED25519: Final = b"\x04"
_STAMPED: Final = 8 + 64
_LATEST: Final = 253_402_300_799  # the last second that a datetime can hold


class Submission(Struct, frozen=True):
    """What a log asks a witness to cosign (tlog-witness, `add-checkpoint`): the size that the witness saw last, and how it went on."""

    old: int
    proof: tuple[bytes, ...]
    note: SignedCheckpoint

    @property
    def text(self) -> str:
        """The body of the request."""
        return f"old {self.old}\n{hash_lines(self.proof)}\n{self.note.note}"


class CarriedProof(Struct, frozen=True):
    """An inclusion proof that was read and not yet believed: of which entry, by which hashes, under which note."""

    index: int
    hashes: tuple[bytes, ...]
    note: SignedCheckpoint


def cosigner_of(did: str) -> str:
    """Return the name under which a participant cosigns."""
    return f"{did}/witness"


def cosigner_id(name: str, jwk: Mapping[str, str]) -> bytes:
    """Return the four bytes by which a note names a witness's key (an Ed25519 JWK)."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + _public(jwk)).digest()[:4]


def vkey(name: str, jwk: Mapping[str, str]) -> str:
    """Return the key as other programs are told it (signed-note 1.0, verifier keys)."""
    return f"{name}+{cosigner_id(name, jwk).hex()}+{b64encode(_ED25519 + _public(jwk)).decode('ascii')}"


def cosign(checkpoint: Checkpoint, name: str, jwk: Mapping[str, str], sign: Sign, at: datetime) -> str:
    """Return a witness's line for a note, with its end. `sign` signs with the Ed25519 key whose public JWK is `jwk`."""
    seconds = int(at.timestamp())
    signature = seconds.to_bytes(8) + sign(_message(checkpoint, seconds))
    return Signature(name, cosigner_id(name, jwk), signature).line


def cosignature_of(signed: SignedCheckpoint, name: str, jwk: Mapping[str, str], check: Check) -> datetime | None:
    """Return when the witness of that name and key cosigned the note, if it did; the latest moment, if more than once."""
    found = (_moment(signed.checkpoint, one.signature, check) for one in signed.named(name, cosigner_id(name, jwk)))
    return max((moment for moment in found if moment is not None), default=None)


def write_proof(index: int, hashes: Sequence[bytes], note: str) -> str:
    """Return an inclusion proof under a note as one text (C2SP tlog-proof 1)."""
    return f"{PROOF}\nindex {index}\n{hash_lines(hashes)}\n{note}"


def read_proof(text: str) -> CarriedProof:
    """Read such a text. Raises `Malformed`."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > 2 * MAX_CHECKPOINT or not gap or len(lines) < 2 or lines[0] != PROOF:
        raise _wrong("This is no proof of a transparency log (tlog-proof 1).")
    if lines[1].startswith("extra "):
        del lines[1]
    return CarriedProof(read_number("index", lines[1] if len(lines) > 1 else ""), read_hashes(lines[2:]), read_checkpoint(note))


def read_submission(text: str) -> Submission:
    """Read the body of a request to a witness. Raises `Malformed`."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > 2 * MAX_CHECKPOINT or not gap:
        raise _wrong("A request to a witness is `old SIZE`, a proof, an empty line and a checkpoint.")
    return Submission(read_number("old", lines[0]), read_hashes(lines[1:]), read_checkpoint(note))


def hash_lines(hashes: Sequence[bytes]) -> str:
    """Return hashes as lines of base64."""
    return "".join(f"{b64encode(one).decode('ascii')}\n" for one in hashes)


def read_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Read lines of base64, at most 63 hashes. Raises `Malformed`."""
    if len(lines) > MAX_LINES:
        raise _wrong(f"The proof has more than {MAX_LINES} hashes.")
    return tuple(_hash(line) for line in lines)


def read_number(word: str, line: str) -> int:
    """Read a line such as `old 17`. Raises `Malformed`."""
    said, _, number = line.partition(" ")
    if said != word or not number.isascii() or not number.isdigit() or len(number) > 18 or str(int(number)) != number:
        raise _wrong(f"The line `{word} NUMBER` is missing.")
    return int(number)


def _moment(checkpoint: Checkpoint, signature: bytes, check: Check) -> datetime | None:
    seconds = int.from_bytes(signature[:8])
    if len(signature) != _STAMPED or not 0 < seconds <= _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC) if check(_message(checkpoint, seconds), signature[8:]) else None


def _message(checkpoint: Checkpoint, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{checkpoint.text}".encode()


def _public(jwk: Mapping[str, str]) -> bytes:
    member = jwk["x"]
    return b64decode(member + "=" * (-len(member) % 4), altchars=b"-_")


def _hash(line: str) -> bytes:
    try:
        plain = b64decode(line, validate=True)
    except (ValueError, Error):
        plain = b""
    if len(plain) != HASH_SIZE or b64encode(plain).decode("ascii") != line:
        raise _wrong("A line of the proof is not a hash of 32 bytes in base64.")
    return plain


def _wrong(problem: str) -> Malformed:
    return Malformed(problem, where="proof", rule="proof")
