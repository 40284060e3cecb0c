"""JSON Lines: members keep their bytes."""

from __future__ import annotations

import msgspec
import pytest

from hanse.dataplane.transforms.engine import run_here
from hanse.dataplane.transforms.refusal import Unkeepable
from hanse.odrl import names as n
from hanse.odrl.changes import Step
from tests.unit.dataplane.transforms.world import Job, changed, tools

JSONL = "application/x-ndjson"


def test_members_that_no_step_names_keep_their_bytes():
    source = b'{"a":1.0e5,"b":"x","c":[1, {"b":2}]}\r\n\n{"b":7,"a":"\\u00e4","d":12345678901234567890}\n'
    assert changed(source, JSONL, Step(n.MASK, ("b",))) == (
        b'{"a":1.0e5,"b":"***","c":[1, {"b":2}]}\n{"b":null,"a":"\\u00e4","d":12345678901234567890}\n'
    )


def test_dropping_and_null_and_a_line_that_lacks_the_member():
    source = b'\xef\xbb\xbf{"a":1,"b":null}\n{"a":2}\n{"b":true,"a":3}'
    assert changed(source, JSONL, Step(n.DROP, ("a",)), Step(n.MASK, ("b",))) == b'{"b":null}\n{}\n{"b":null}\n'


def test_of_two_members_of_one_name_none_is_forgotten():
    assert changed(b'{"b":"secret","a":1,"b":"more","\\u0062":"third"}\n', JSONL, Step(n.MASK, ("b",))) == b'{"b":"***","a":1}\n'


def test_pseudonyms_do_not_depend_on_how_text_is_escaped():
    found = changed(b'{"b":"\\u00e4"}\n{"b":"\xc3\xa4"}\n{"b":7}\n{"b":null}\n', JSONL, Step(n.PSEUDONYMISE, ("b",))).splitlines()
    assert found[0] == found[1] != found[2]
    assert found[3] == b'{"b":null}'
    assert len(msgspec.json.decode(found[2])["b"]) == 32
    for value in (b'{"x":1}', b'"\xff"', b'"\\ud800"'):
        with pytest.raises(Unkeepable):
            changed(b'{"b":' + value + b"}\n", JSONL, Step(n.PSEUDONYMISE, ("b",)))


def test_rounding():
    source = b'{"b":1.005}\n{"b":-3}\n{"b":null}\n{"b":1.5E-7}\n'
    assert changed(source, JSONL, Step(n.ROUND, ("b",), 2)) == b'{"b":1.00}\n{"b":-3}\n{"b":null}\n{"b":0.00}\n'
    for value in (b'"1.005"', b"true", b"[1.5]"):
        with pytest.raises(Unkeepable):
            changed(b'{"b":' + value + b"}\n", JSONL, Step(n.ROUND, ("b",), 2))


def test_anonymity():
    job = Job(b'{"z":"1"}\n{"z":"1","x":2}\n{"z":1}\n{"x":3}\n{"z":null}\n', JSONL)
    outcome = run_here([job], (Step("anonymize", ("z",), 2),), tools())
    assert job.written.getvalue() == b'{"z":"1"}\n{"z":"1","x":2}\n{"x":3}\n{"z":null}\n'
    assert outcome.suppressed == 1


def test_a_column_that_no_line_has_is_refused():
    for source in (b"", b'{"B":1}\n', b'{"x":{"b":1}}\n'):
        with pytest.raises(Unkeepable):
            changed(source, JSONL, Step(n.MASK, ("b",)))


@pytest.mark.parametrize("line", [b"[1]", b"{", b'{"b":1}{"b":2}', b"b", b'{"b":' + b"[" * 5000 + b"]" * 5000 + b"}"])
def test_what_is_malformed_is_refused(line):
    with pytest.raises(Unkeepable):
        changed(b'{"b":1}\n' + line + b"\n", JSONL, Step(n.MASK, ("b",)))


def test_long_lines_pass_up_to_a_bound():
    long = b'{"b":1,"x":"' + b"y" * (2 << 20) + b'"}\n'
    assert changed(long, JSONL, Step(n.DROP, ("b",))) == long.replace(b'"b":1,', b"")
    with pytest.raises(Unkeepable):
        changed(b'{"b":1,"x":"' + b"y" * (17 << 20) + b'"}\n', JSONL, Step(n.DROP, ("b",)))
