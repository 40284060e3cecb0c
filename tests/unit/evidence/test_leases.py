"""Leases: what a node's log cannot hide, and what it can."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.evidence import kinds as k
from hanse.evidence.dsse import seal
from hanse.evidence.leases import MAX_LEASE, LeaseFile, Line, check_log, hash_of, permits, read_lease, write_line
from hanse.evidence.statement import Subject, write_statement
from hanse.identity.keys import SigningKey, VerifyingKey
from hanse.kernel.errors import HanseError, Invalid, Malformed, TooLarge

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
NODE = SigningKey.generate("urn:hanse:node#key")
CHECK = VerifyingKey.from_jwk(dict(NODE.public_jwk)).verify_bytes
FACTORY = SigningKey.generate("did:web:factory.example#key-1")
TRAIN = "urn:hanse:odrl:train"


def make_lease(**changed):
    """Return a lease for ten openings within a day."""
    said = {"lease": "lea_1", "version": "rain@1", "holder": "h", "until": NOW + timedelta(days=1), "action": TRAIN, "openings": 10}
    says = k.Leased(id="led_1", by="did:web:factory.example", agreement="agr_1", at=NOW, **(said | changed))
    payload = write_statement(Subject.of("rain@1", "ab" * 32), says)
    return LeaseFile(1, msgspec.Raw(seal(payload, FACTORY.kid, FACTORY.sign_bytes).encode()), "sealed")


def make_log(lease, count, key=NODE):
    """Return the lines of an honest log of so many openings."""
    lines, before = [], lease.digest
    for number in range(1, count + 1):
        line = Line(number=number, at=NOW + timedelta(minutes=number), action=TRAIN, before=before)
        lines.append(write_line(line, key.sign_bytes))
        before = hash_of(lines[-1])
    return lines


def whole(lines):
    return b"".join(line + b"\n" for line in lines)


LEASE = make_lease()
LINES = make_log(LEASE, 8)
TOLD = check_log(whole(LINES), LEASE, CHECK).openings
AT = st.integers(0, len(LINES) - 1)


def refused(lines):
    with pytest.raises(Invalid) as caught:
        check_log(whole(lines), LEASE, CHECK)
    assert caught.value.rule == "lease-log"
    return caught.value


def test_an_honest_log_is_told_as_it_is():
    found = check_log(whole(LINES), LEASE, CHECK)
    assert [one.number for one in found.openings] == list(range(1, 9))
    assert found.gaps == ()
    assert check_log(b"", LEASE, CHECK).openings == ()


@given(AT.filter(lambda at: at < len(LINES) - 1))
def test_a_line_that_is_left_out_is_found(at):
    assert refused(LINES[:at] + LINES[at + 1 :]).where == f"log[{at + 1}]"


@given(AT, st.integers(0, len(LINES)))
def test_a_line_that_is_repeated_is_found(at, to):
    refused([*LINES[:to], LINES[at], *LINES[to:]])


@given(st.permutations(LINES).filter(lambda found: found != LINES))
def test_lines_in_another_order_are_found(lines):
    refused(lines)


@given(AT, st.binary(max_size=40).filter(lambda one: b"\n" not in one and b"\r" not in one))
def test_what_is_put_in_is_found(at, line):
    refused([*LINES[:at], line, *LINES[at:]])


@settings(max_examples=400)
@given(st.data())
def test_a_bit_that_is_changed_is_found_or_changes_nothing_that_is_told(data):
    """In the last line a signature can be spelt in more than one way: then the log tells what it told before."""
    raw = whole(LINES)
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes([raw[at] ^ (1 << data.draw(st.integers(0, 7)))]) + raw[at + 1 :]
    try:
        found = check_log(changed, LEASE, CHECK)
    except HanseError:
        return
    assert found.openings == TOLD
    assert at >= len(raw) - len(LINES[-1]) - 1 or raw[at : at + 1] == b"\n"


@given(AT)
def test_the_end_that_is_cut_off_is_not_found(at):
    """The log is the node's word here; docs/howto/lend-to-a-node.md says so. What is counted does not rest on it."""
    found = check_log(whole(LINES[:at]), LEASE, CHECK)
    assert found.openings == TOLD[:at]
    assert found.gaps == ()


@given(st.integers(1, 5))
def test_a_log_that_is_begun_anew_is_not_found(count):
    assert len(check_log(whole(make_log(LEASE, count)), LEASE, CHECK).openings) == count


def test_a_log_of_another_lease_or_another_node_is_found():
    assert refused(make_log(make_lease(lease="lea_2"), 3)).where == "log[1]"
    assert "not signed" in str(refused(make_log(LEASE, 1, SigningKey.generate("urn:hanse:node#key"))))


def test_a_line_that_says_more_than_was_signed_is_found():
    said = json.loads(LINES[0])
    said["line"]["at"] = "2027-03-01T12:30:00Z"
    refused([json.dumps(said).encode()])


def signed(**changed):
    line = {"number": 1, "at": NOW, "action": TRAIN, "before": LEASE.digest} | changed
    return whole([write_line(Line(**line), NODE.sign_bytes)])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"at": NOW + timedelta(days=2)}, "ended"),
        ({"action": "urn:hanse:odrl:mine"}, "another action"),
        ({"purpose": "dpv:Marketing"}, "another purpose"),
    ],
)
def test_an_opening_outside_of_the_limits_is_told(changed, told):
    [gap] = check_log(signed(**changed), LEASE, CHECK).gaps
    assert gap.startswith("Opening 1: ")
    assert told in gap


def test_openings_beyond_the_number_and_a_clock_that_went_back_are_told():
    few = make_lease(openings=1)
    assert "used up" in check_log(whole(make_log(few, 2)), few, CHECK).gaps[0]
    one = Line(number=1, at=NOW + timedelta(hours=1), action=TRAIN, before=LEASE.digest)
    first = write_line(one, NODE.sign_bytes)
    second = write_line(Line(number=2, at=NOW, action=TRAIN, before=hash_of(first)), NODE.sign_bytes)
    [gap] = check_log(whole([first, second]), LEASE, CHECK).gaps
    assert "set back" in gap


def test_what_a_lease_permits():
    terms = make_lease(purpose="dpv:ResearchAndDevelopment").terms
    assert permits(terms, TRAIN, "", 0, NOW, None) == ""
    assert permits(terms, TRAIN, "dpv:ResearchAndDevelopment", 9, NOW, NOW) == ""
    assert permits(terms, TRAIN, "", 10, NOW, None)
    assert permits(terms, TRAIN, "", 0, terms.until, None)


@given(st.binary(max_size=200) | st.from_regex(rb'\{"format":1,.{0,80}\}', fullmatch=True))
def test_no_bytes_are_read_as_a_lease_that_is_none(raw):
    with pytest.raises(Malformed):
        read_lease(raw)


def test_leases_that_are_too_large_of_another_format_or_another_kind():
    with pytest.raises(TooLarge):
        read_lease(b" " * (MAX_LEASE + 1))
    said = json.loads(msgspec.json.encode(LEASE))
    assert read_lease(json.dumps(said).encode()).digest == LEASE.digest
    with pytest.raises(Malformed, match="format 2"):
        read_lease(json.dumps(said | {"format": 2}).encode())
    other = k.Receipt(id="led_1", by="did:web:f", agreement="agr_1", at=NOW, what="deleted", count=0, root=hash_of(b""))
    sealed = seal(write_statement(Subject.of("rain@1", "ab" * 32), other), FACTORY.kid, FACTORY.sign_bytes)
    with pytest.raises(Malformed, match="no lease"):
        read_lease(json.dumps(said | {"statement": json.loads(sealed.encode())}).encode())
