"""Messages of DSP 2025-1: golden bodies, the public examples, and what is refused (dsp.versions.v2025_1)."""

from __future__ import annotations

import copy
import typing

import msgspec
import pytest

from hanse.dsp import messages as m
from hanse.dsp.versions import v2025_1 as dsp
from hanse.kernel.errors import Invalid, Malformed
from tests.shared_data import shared_data
from tests.wire.golden import CALLBACK, CONTEXT, GOLDEN, WIRE_ADDRESS, WIRE_OFFER
from tests.wire.schemas import is_valid, validate

golden = pytest.mark.parametrize(("message", "wire"), GOLDEN.values(), ids=GOLDEN.keys())


def body(value):
    return msgspec.json.encode(value)


def refused(value, *expected):
    with pytest.raises((Malformed, Invalid)) as caught:
        dsp.decode(body(value), *expected)
    assert caught.value.where
    return caught.value


def test_there_is_a_golden_message_of_every_type():
    assert {type(message) for message, _ in GOLDEN.values()} == set(typing.get_args(m.Message))


@golden
def test_golden_messages_are_valid_and_go_both_ways(message, wire):
    validate(type(message), wire)
    encoded = dsp.encode(message)
    assert msgspec.json.decode(encoded) == wire
    assert dsp.decode(body(wire), type(message)) == message
    assert dsp.decode(encoded) == message


@golden
def test_equal_messages_give_equal_bytes(message, wire):
    other = dsp.decode(body(dict(reversed(wire.items()))))
    assert dsp.encode(other) == dsp.encode(copy.deepcopy(message)) == dsp.encode(message)


def test_the_order_of_a_mapping_is_not_in_the_bytes():
    there = m.DataAddress(endpoint_type="x", properties={"a": "1", "b": "2"})
    back = m.DataAddress(endpoint_type="x", properties={"b": "2", "a": "1"})
    one, two = (dsp.encode(m.TransferStart(provider_pid="p", consumer_pid="c", data_address=data)) for data in (there, back))
    assert one == two


@golden
def test_what_others_add_is_ignored(message, wire):
    extended = wire | {"@id": "urn:uuid:stray", "comment": [{"any": None}], "code": wire.get("code"), "reason": wire.get("reason")}
    extended["@context"] = [*CONTEXT, "https://lighthouse.example/more.jsonld"]
    assert dsp.decode(body(extended), type(message)) == message
    assert dsp.decode(body(wire | {"@context": CONTEXT[0]})) == message


def examples():
    names = ["negotiation", "transfer"]
    return [path for name in names for path in sorted((shared_data() / "dsp-2025-1" / name / "example").glob("*.json"))]


def test_every_public_example_is_read_and_written_back():
    paths = examples()
    assert len(paths) >= 16
    read = [path for path in paths if "-message" in path.stem]
    for path in read:
        original = path.read_bytes()
        message = dsp.decode(original)
        written = msgspec.json.decode(dsp.encode(message))
        validate(type(message), written)
        assert dsp.decode(body(written)) == message
    for path in set(paths) - set(read):
        kind = msgspec.json.decode(path.read_bytes())["@type"]
        if kind in ("ContractNegotiation", "TransferProcess"):
            assert {"ContractNegotiation": dsp.decode_negotiation, "TransferProcess": dsp.decode_transfer}[kind](path.read_bytes()).state
        else:
            assert dsp.decode_fault(path.read_bytes()).code == "99"


REQUIRED = [(name, field) for name, (_, wire) in GOLDEN.items() for field in wire if field not in ("code", "reason", "dataAddress")]


@pytest.mark.parametrize(("name", "field"), REQUIRED)
@pytest.mark.parametrize("value", ["absent", 7, [], {}, True, [1], ""], ids=repr)
def test_a_required_field_that_is_absent_or_of_another_type(name, field, value):
    wire = {key: item for key, item in GOLDEN[name][1].items() if key != field}
    if value != "absent":
        wire[field] = value
    assert is_valid(GOLDEN[name][1]["@type"], wire) is (
        value == "" and field not in ("@type", "@context", "offer", "agreement", "eventType")
    )
    error = refused(wire)
    one_of = {"providerPid", "consumerPid", "callbackAddress"} if value == "absent" else set()
    assert error.where == field or error.where.startswith(f"{field}.") or {error.where, field} <= one_of


@pytest.mark.parametrize("field", ["offer", "agreement", "callbackAddress", "providerPid", "eventType", "@type"])
def test_null_is_absent(field):
    name = next(name for name, (_, wire) in GOLDEN.items() if field in wire)
    assert refused(GOLDEN[name][1] | {field: None}).where in (field, "callbackAddress")


@pytest.mark.parametrize("name", [name for name, (_, wire) in GOLDEN.items() if "code" in wire])
@pytest.mark.parametrize(("field", "value"), [("code", 400), ("code", []), ("reason", "text"), ("reason", {}), ("reason", ["x"] * 33)])
def test_code_is_text_and_reason_a_list(name, field, value):
    assert refused(GOLDEN[name][1] | {field: value}).where == field


def test_reasons_are_any_json_made_readable():
    items = ["plain", {"@value": "with a language", "@language": "en"}, {"b": [1]}, 4, None, "x" * 3000, "red\x1b[31m\u202e"]
    message = dsp.decode(body(GOLDEN["suspension"][1] | {"reason": items}), m.TransferSuspension)
    assert message.reason[:5] == ("plain", "with a language", '{"b":[1]}', "4", "null")
    assert len(message.reason[5]) == 2000
    assert message.reason[6] == "red [31m "
    assert dsp.decode(body(GOLDEN["suspension"][1] | {"reason": []}), m.TransferSuspension).reason == ()


@pytest.mark.parametrize("name", ["request, first", "request, counter", "offer, first", "offer, reply"])
def test_exactly_one_of_callback_and_pid(name):
    message, wire = GOLDEN[name]
    both = wire | {"callbackAddress": CALLBACK, "providerPid": "p", "consumerPid": "c"}
    assert not is_valid(type(message) and wire["@type"], both)
    error = refused(both)
    assert (error.where, error.rule) == ("callbackAddress", "one-of")
    neither = {key: value for key, value in both.items() if key != "callbackAddress"}
    neither.pop("providerPid" if "request" in name else "consumerPid")
    assert refused(neither).rule == "one-of"


@pytest.mark.parametrize("pid", ["x" * 513, ".", "..", "a\nb", "a\u0085b"])
def test_pids_can_stand_in_a_path(pid):
    assert refused(GOLDEN["completion"][1] | {"providerPid": pid}).where == "providerPid"
    assert dsp.decode(body(GOLDEN["completion"][1] | {"providerPid": "x" * 512}))


@pytest.mark.parametrize(
    "address", ["ftp://x.example", "x.example/a", "https://x/?a=b", "https://x/#a", "https://x\\@y", "https://a b", "h" * 3000]
)
def test_a_callback_is_a_base_url(address):
    assert refused(GOLDEN["request, first"][1] | {"callbackAddress": address}).where == "callbackAddress"
    assert refused(GOLDEN["transfer request, pull"][1] | {"callbackAddress": address}).where == "callbackAddress"


def test_an_offer_in_a_message_names_its_target():
    offer = {key: value for key, value in WIRE_OFFER.items() if key != "target"}
    for name in ("request, first", "offer, first"):
        assert refused(GOLDEN[name][1] | {"offer": offer}).where == "offer.target"


@pytest.mark.parametrize(
    ("context", "good"),
    [
        ([*CONTEXT, "https://other.example"], True),
        (["https://other.example", *CONTEXT], True),
        (["https://other.example"], False),
        ([*CONTEXT, {"providerPid": "https://evil.example/consumerPid"}], False),
        ("https://w3id.org/dspace/2024/1/context.json", False),
        ({"a": CONTEXT[0]}, False),
    ],
)
def test_contexts(context, good):
    wire = GOLDEN["completion"][1] | {"@context": context}
    if good:
        assert dsp.decode(body(wire))
    else:
        assert refused(wire).where == "@context"


@pytest.mark.parametrize(
    "name", ["dspace:TransferCompletionMessage", "https://w3id.org/dspace/2025/1/TransferCompletionMessage", "Nothing"]
)
def test_the_type_is_the_bare_term(name):
    error = refused(GOLDEN["completion"][1] | {"@type": name}, m.TransferCompletion)
    assert error.where == "@type"
    assert name in error.message
    assert "a TransferCompletionMessage is expected" in error.message


@golden
def test_another_type_than_expected_is_refused_with_both_names(message, wire):
    other = m.TransferCompletion if not isinstance(message, m.TransferCompletion) else m.TransferStart
    error = refused(wire, other, m.NegotiationTermination) if not isinstance(message, m.NegotiationTermination) else refused(wire, other)
    assert error.where == "@type"
    assert wire["@type"] in error.message
    assert ("TransferStartMessage" if isinstance(message, m.TransferCompletion) else "TransferCompletionMessage") in error.message


def test_an_event_of_the_wrong_side():
    assert isinstance(dsp.decode(body(GOLDEN["accepted"][1]), m.NegotiationAccepted), m.NegotiationAccepted)
    error = refused(GOLDEN["finalized"][1], m.NegotiationAccepted)
    assert (error.where, error.rule) == ("eventType", "event")
    assert "FINALIZED" in error.message
    assert "ACCEPTED" in error.message
    assert refused(GOLDEN["accepted"][1] | {"eventType": "SIGNED"}).where == "eventType"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"endpointType": None}, "dataAddress.endpointType"),
        ({"endpointType": 4}, "dataAddress.endpointType"),
        ({"endpoint": 4}, "dataAddress.endpoint"),
        ({"@type": "Place"}, "dataAddress.@type"),
        ({"endpointProperties": {}}, "dataAddress.endpointProperties"),
        ({"endpointProperties": ["x"]}, "dataAddress.endpointProperties[0]"),
        ({"endpointProperties": [{"name": "a"}]}, "dataAddress.endpointProperties[0].value"),
        ({"endpointProperties": [{"value": "a"}]}, "dataAddress.endpointProperties[0].name"),
        ({"endpointProperties": [{"name": "a", "value": 1}]}, "dataAddress.endpointProperties[0].value"),
        ({"endpointProperties": [{"name": "a", "value": "1"}] * 2}, "dataAddress.endpointProperties[1].name"),
        ({"endpointProperties": [{"name": str(n), "value": ""} for n in range(65)]}, "dataAddress.endpointProperties"),
    ],
)
def test_a_data_address_that_is_refused(change, where):
    assert refused(GOLDEN["start"][1] | {"dataAddress": WIRE_ADDRESS | change}).where == where


def test_a_data_address_is_read_with_tolerance_and_never_quoted():
    bare = {"endpointType": "urn:x", "endpointProperties": [{"name": "authorization", "value": "s3cret"}]}
    message = dsp.decode(body(GOLDEN["start"][1] | {"dataAddress": bare}), m.TransferStart)
    assert message.data_address == m.DataAddress(endpoint_type="urn:x", properties={"authorization": "s3cret"})
    twice = bare | {"endpointProperties": bare["endpointProperties"] * 2}
    assert "s3cret" not in str(refused(GOLDEN["start"][1] | {"dataAddress": twice}))
    assert refused(GOLDEN["start"][1] | {"dataAddress": "https://x"}).where == "dataAddress"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\\ud800"}',
        b'{"providerPid": "\\u0000"}',
        b"[" * 1000 + b"]" * 1000,
        b"[" * 100_000,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"1" * 5000,
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_cannot_be_read_is_malformed(raw):
    with pytest.raises(Malformed) as caught:
        dsp.decode(raw)
    assert caught.value.where == "body"


def test_depth_is_measured_not_guessed():
    wide = GOLDEN["suspension"][1] | {"more": [[] for _ in range(500)]}
    assert dsp.decode(body(wide))
