"""Cosignatures as other programs write them, and everything that is none."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from hanse.evidence.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    did_of_origin,
    origin_of,
    read_checkpoint,
    read_signature,
    sign_checkpoint,
)
from hanse.evidence.cosignature import (
    CarriedProof,
    Submission,
    cosign,
    cosignature_of,
    cosigner_of,
    read_proof,
    read_submission,
    vkey,
    write_proof,
)
from hanse.identity.keys import SigningKey, VerifyingKey
from hanse.kernel.errors import Malformed

DID = "did:web:example.com:participants:acme"
NAME = cosigner_of("did:web:example.com:participants:harbour")
LOG = Checkpoint(origin_of(DID), 20_852_163, bytes(range(32)))
AT = datetime(2027, 3, 1, 12, 0, 7, tzinfo=UTC)
KEY = SigningKey.generate("did:web:x#note-1", "Ed25519")
CHECK = VerifyingKey.from_jwk(KEY.public_jwk).verify_bytes


def note(*lines, checkpoint=LOG):
    own = SigningKey.generate("did:web:x#key-1")
    return read_checkpoint(sign_checkpoint(checkpoint, own.public_jwk, own.sign_bytes) + "".join(lines))


def line(key=KEY, name=NAME, at=AT, checkpoint=LOG):
    return cosign(checkpoint, name, key.public_jwk, key.sign_bytes, at)


def test_the_message_and_the_line_are_those_of_the_standard():
    """tlog-cosignature 1.0.1: key id over type 4; eight bytes of time; what is signed begins with `cosignature/v1`."""
    plain = base64.b64decode(line().split(" ")[2])
    public = base64.urlsafe_b64decode(KEY.public_jwk["x"] + "=")
    assert plain[:4] == hashlib.sha256(NAME.encode() + b"\n\x04" + public).digest()[:4]
    seconds = int.from_bytes(plain[4:12])
    assert seconds == int(AT.timestamp())
    message = f"cosignature/v1\ntime {seconds}\n{LOG.origin}\n{LOG.size}\n{base64.b64encode(LOG.root).decode()}\n"
    assert CHECK(message.encode(), plain[12:])
    assert len(plain) == 4 + 8 + 64
    name, id, key = vkey(NAME, KEY.public_jwk).split("+", 2)
    assert (name, id, base64.b64decode(key)) == (NAME, plain[:4].hex(), b"\x04" + public)


def test_a_line_of_the_standards_own_example_is_read():
    plain = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    text = "\N{EM DASH} witness.example.com/w1 " + plain
    one = read_signature(text)
    assert (one.name, len(one.signature), int.from_bytes(one.signature[:8])) == ("witness.example.com/w1", 72, 1_679_315_147)
    assert one.line == text + "\n"


def test_a_cosignature_tells_its_moment_and_the_latest_counts():
    assert cosignature_of(note(line()), NAME, KEY.public_jwk, CHECK) == AT
    later = AT.replace(hour=13)
    assert cosignature_of(note(line(at=later), line()), NAME, KEY.public_jwk, CHECK) == later
    assert cosignature_of(note(), NAME, KEY.public_jwk, CHECK) is None


def stamped(change):
    one = read_signature(line().rstrip("\n"))
    return type(one)(one.name, one.key_id, change(one.signature)).line


BAD = {
    "by another key": lambda: line(key=SigningKey.generate("did:web:x#note-1", "Ed25519")),
    "under another name": lambda: line(name=NAME + "s"),
    "of another size": lambda: line(checkpoint=Checkpoint(LOG.origin, LOG.size + 1, LOG.root)),
    "of another root": lambda: line(checkpoint=Checkpoint(LOG.origin, LOG.size, bytes(32))),
    "of another log": lambda: line(checkpoint=Checkpoint(origin_of(DID, 2), LOG.size, LOG.root)),
    "with another time": lambda: stamped(lambda sig: (int.from_bytes(sig[:8]) + 1).to_bytes(8) + sig[8:]),
    "without a time": lambda: stamped(lambda sig: bytes(8) + sig[8:]),
    "after the end of time": lambda: stamped(lambda sig: b"\xff" * 8 + sig[8:]),
    "too short": lambda: stamped(lambda sig: sig[:-1]),
    "the log's own kind of signature": lambda: stamped(lambda sig: KEY.sign_bytes(LOG.text.encode())),
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_what_is_no_cosignature_of_this_note_counts_for_nothing(make):
    assert cosignature_of(note(make()), NAME, KEY.public_jwk, CHECK) is None


def test_names_of_logs_lead_to_their_owners_and_back():
    assert did_of_origin(origin_of(DID)) == did_of_origin(origin_of(DID, 2)) == DID
    for other in (
        "",
        DID,
        f"{DID}/ledger-1",
        f"{DID}/ledger-01",
        f"{DID}/ledgers",
        "example.com/ledger",
        f"{DID}/x/ledger/",
        f"a {DID}/ledger",
    ):
        assert did_of_origin(other) in ("", f"{DID}/x")


def test_a_note_is_written_as_it_was_read():
    text = note(line()).note
    assert read_checkpoint(text).note == text
    assert isinstance(read_checkpoint(text), SignedCheckpoint)


def test_requests_to_witnesses_come_back_as_they_were():
    asked = Submission(7, (bytes(32), bytes(range(32))), note())
    assert read_submission(asked.text) == asked
    assert read_submission(Submission(0, (), note()).text).old == 0


def test_proofs_can_be_carried_around():
    text = write_proof(7, [bytes(32)], note(line()).note)
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 7\n")
    read = read_proof(text)
    assert isinstance(read, CarriedProof)
    assert (read.index, read.hashes) == (7, (bytes(32),))
    assert cosignature_of(read.note, NAME, KEY.public_jwk, CHECK) == AT
    assert read_proof(text.replace("index", "extra YWdl\nindex")) == read


NONSENSE = {
    "nothing": lambda text: "",
    "no number": lambda text: text.replace("old 7", "old x"),
    "a leading zero": lambda text: text.replace("old 7", "old 07"),
    "a sign": lambda text: text.replace("old 7", "old -7"),
    "another word": lambda text: text.replace("old 7", "new 7"),
    "too large a number": lambda text: text.replace("old 7", "old " + "9" * 19),
    "a short hash": lambda text: text.replace("AAAA\n", "AA==\n", 1) if "AAAA\n" in text else text[1:],
    "no empty line": lambda text: text.replace("\n\n", "\n"),
    "64 hashes": lambda text: text.replace("old 7\n", "old 7\n" + (base64.b64encode(bytes(32)).decode() + "\n") * 64),
    "very long": lambda text: text + "x" * 100_000,
}


@pytest.mark.parametrize("change", NONSENSE.values(), ids=NONSENSE)
def test_what_is_no_request_is_refused(change):
    text = Submission(7, (), note()).text
    with pytest.raises(Malformed):
        read_submission(change(text))
    proof = write_proof(7, (), note().note).replace("index 7", "old 7")
    with pytest.raises(Malformed):
        read_proof(change(proof))
