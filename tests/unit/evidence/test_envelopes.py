"""Envelopes and statements: what is signed comes back, and nothing else is taken."""

import base64
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.evidence import kinds as k
from hanse.evidence.dsse import IN_TOTO, MAX_ENVELOPE, pae, read_envelope, seal
from hanse.evidence.say import say
from hanse.evidence.statement import STATEMENT, Subject, read_statement, receipt_of, statement_of, write_statement
from hanse.kernel.errors import CallerError, Invalid, Malformed, TooLarge
from tests.unit.evidence.conftest import NOW, ROOT, Signer, one_of_each

SUBJECT = Subject.of("agr_1", ROOT)


def test_the_encoding_before_signing_is_that_of_the_standard():
    assert pae("http://example.com/HelloWorld", b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


@pytest.mark.parametrize("says", one_of_each(), ids=lambda one: type(one).__name__)
def test_what_is_stated_comes_back(signer, says):
    envelope = seal(write_statement(SUBJECT, says), signer.key.kid, signer.sign)
    back = read_envelope(envelope.encode())
    assert back == envelope
    assert signer.check(back.signed, back.signature)
    statement = statement_of(back)
    assert (statement.predicate, statement.subject, statement.kind) == (says, SUBJECT, k.kind_of(says))


@pytest.mark.parametrize("says", one_of_each(), ids=lambda one: type(one).__name__)
def test_every_statement_is_one_sentence(says):
    said = say(says)
    assert said[0].isupper()
    assert said[-1] == "."
    assert "\n" not in said
    assert says.agreement in said


def test_words_of_others_cannot_break_the_line_or_the_terminal():
    said = say(k.AgreementEnded(agreement="agr_1", how="breach", reason="a\nb\x1b[31m\u202e" + "x" * 4000))
    assert len(said) <= 600
    assert said.isprintable()


@given(st.data())
def test_no_byte_can_be_changed(data):
    signer = SIGNER
    raw = seal(write_statement(SUBJECT, one_of_each()[0]), signer.key.kid, signer.sign).encode()
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = bytearray(raw)
    changed[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[at]))
    try:
        back = read_envelope(bytes(changed))
    except CallerError:
        return
    assert back.keyid != signer.key.kid or not signer.check(back.signed, back.signature)


SIGNER = Signer()


def wire(**changes):
    whole = json.loads(seal(write_statement(SUBJECT, one_of_each()[0]), "did:web:x#key-1", SIGNER.sign).encode())
    whole.update(changes)
    return json.dumps({name: value for name, value in whole.items() if value is not ...}).encode()


def test_an_envelope_as_others_write_it_is_read():
    assert read_envelope(wire()).keyid == "did:web:x#key-1"


BAD = {
    "no JSON": b"{",
    "empty": b"",
    "a list": b"[]",
    "another type": wire(payloadType="application/json"),
    "no payload": wire(payload=...),
    "no base64": wire(payload="%%%%"),
    "base64url": wire(payload="__-_"),
    "not padded": wire(payload="YWJj" + "YQ"),
    "spare bits": wire(payload="YR=="),
    "no signature": wire(signatures=[]),
    "two signatures": wire(signatures=[{"keyid": "a", "sig": "YWJj"}] * 2),
    "no keyid": wire(signatures=[{"sig": "YWJj"}]),
    "a long keyid": wire(signatures=[{"keyid": "a" * 641, "sig": "YWJj"}]),
    "more members": wire(extra=1),
    "deep": b'{"payload":' + b"[" * 100_000,
    "not UTF-8": b'{"payload":"\xff"}',
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
def test_other_envelopes_are_refused(raw):
    with pytest.raises(Malformed):
        read_envelope(raw)


def test_an_oversized_envelope_is_refused_before_it_is_read():
    with pytest.raises(TooLarge):
        read_envelope(b" " * (MAX_ENVELOPE + 1))
    with pytest.raises(TooLarge):
        seal(b"x" * MAX_ENVELOPE, "k", SIGNER.sign)


def payload(**changes):
    whole = json.loads(write_statement(SUBJECT, one_of_each()[0]))
    whole.update(changes)
    return json.dumps(whole).encode()


BAD_STATEMENTS = {
    "another _type": payload(_type="https://in-toto.io/Statement/v0.1"),
    "no subject": payload(subject=[]),
    "two subjects": payload(subject=[{"name": "a", "digest": {"sha256": ROOT}}] * 2),
    "no digest": payload(subject=[{"name": "a", "digest": {}}]),
    "a short digest": payload(subject=[{"name": "a", "digest": {"sha256": "ab"}}]),
    "no predicate": payload(predicate=None),
    "a long purpose": payload(predicate={"purpose": "x" * 2049, "at": "2027-01-01T00:00:00Z"}),
    "no zone": payload(predicate={"at": "2027-01-01T00:00:00"}),
    "a list as predicate": payload(predicate=[1]),
    "more members": payload(extra=1),
    "deep": payload(predicate={}).replace(b"{}", b'{"more":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
    "no JSON": b"\x00",
}


@pytest.mark.parametrize("raw", BAD_STATEMENTS.values(), ids=BAD_STATEMENTS)
def test_other_statements_are_refused(raw):
    with pytest.raises(Malformed):
        read_statement(raw)


@pytest.mark.parametrize("kind", ["https://slsa.dev/provenance/v1", "urn:hanse:evidence:party:1", "urn:hanse:evidence:receipt:2", ""])
def test_unknown_kinds_are_refused_by_name(kind):
    with pytest.raises(Invalid) as refused:
        read_statement(payload(predicateType=kind))
    assert refused.value.rule == "kind"


def objects(count):
    return [k.Object(f"folder/{number}.csv", f"{number:064x}", number) for number in range(count)]


def test_a_receipt_adds_up_whatever_the_order():
    fields = receipt_of(objects(7))
    assert fields == receipt_of(objects(7)[::-1])
    assert (fields["count"], fields["size"]) == (7, 21)
    says = k.Receipt(agreement="agr_1", at=NOW, what="deleted", **fields)
    assert read_statement(write_statement(SUBJECT, says)).predicate == says
    for wrong in ({"count": 6}, {"size": 1}, {"root": ROOT}, {"objects": says.objects[1:]}):
        with pytest.raises(Malformed):
            read_statement(write_statement(SUBJECT, msgspec.structs.replace(says, **wrong)))


def test_a_large_receipt_keeps_the_root_alone():
    fields = receipt_of(objects(k.MAX_OBJECTS + 1))
    assert fields["objects"] == ()
    assert fields["root"] != receipt_of(objects(k.MAX_OBJECTS))["root"]
    says = k.Receipt(agreement="agr_1", at=NOW, what="deleted", **fields)
    assert read_statement(write_statement(SUBJECT, says)).predicate == says


def test_the_largest_receipt_fits_into_an_envelope():
    most = [k.Object("ü" * 100 + f"{number}", f"{number:064x}", 2**50) for number in range(k.MAX_OBJECTS)]
    says = k.Receipt(agreement="agr_1", at=NOW, what="deleted", **receipt_of(most))
    assert read_envelope(seal(write_statement(SUBJECT, says), "k", SIGNER.sign).encode())


def test_the_statement_is_in_toto():
    whole = json.loads(write_statement(SUBJECT, one_of_each()[0]))
    assert whole["_type"] == STATEMENT
    assert whole["predicateType"] == "urn:hanse:evidence:use-stated:1"
    assert whole["subject"] == [{"name": "agr_1", "digest": {"sha256": ROOT}}]
    assert json.loads(wire())["payloadType"] == IN_TOTO
    assert base64.b64decode(json.loads(wire())["payload"]).startswith(b"{")
