"""States, errors, the catalogue request, the version document and the paths of DSP 2025-1."""

from __future__ import annotations

import msgspec
import pytest

from hanse.dsp import messages as m
from hanse.dsp import negotiation, transfer
from hanse.dsp.messages import CatalogRequest, Fault, ProcessStatus
from hanse.dsp.versions import v2025_1 as dsp
from hanse.kernel.errors import Invalid, Malformed, PeerInvalid
from tests.shared_data import shared_data
from tests.wire.golden import CALLBACK, GOLDEN, OFFER, wire
from tests.wire.schemas import validate

json = msgspec.json.decode


def body(value):
    return msgspec.json.encode(value)


STATUSES = [
    (dsp.encode_negotiation, dsp.decode_negotiation, "ContractNegotiation", negotiation.State),
    (dsp.encode_transfer, dsp.decode_transfer, "TransferProcess", transfer.State),
]


@pytest.mark.parametrize(("encode", "decode", "name", "states"), STATUSES)
def test_a_state_goes_both_ways(encode, decode, name, states):
    for state in states:
        status = ProcessStatus(provider_pid="p", consumer_pid="c", state=state)
        validate(name, json(encode(status)))
        assert decode(encode(status)) == status


@pytest.mark.parametrize(("encode", "decode", "name", "states"), STATUSES)
@pytest.mark.parametrize(
    ("change", "where"),
    [({"state": "DREAMING"}, "state"), ({"state": None}, "state"), ({"providerPid": 1}, "providerPid"), ({"@type": "Catalog"}, "@type")],
)
def test_a_broken_state_is_refused(encode, decode, name, states, change, where):
    answer = wire(name, {"providerPid": "p", "consumerPid": "c", "state": "REQUESTED"}, change)
    with pytest.raises(Invalid) as caught:
        decode(body(answer))
    assert caught.value.where == where
    for empty in (b"", b"[]", b"<html>"):
        with pytest.raises(Malformed):
            decode(empty)


ERRORS = [
    (dsp.encode_negotiation_error, "ContractNegotiationError"),
    (dsp.encode_transfer_error, "TransferError"),
    (dsp.encode_catalog_error, "CatalogError"),
]


@pytest.mark.parametrize(("encode", "name"), ERRORS)
def test_errors_are_valid_however_little_is_known(encode, name):
    full = Fault(code="400", reason=("Not now.",), provider_pid="p", consumer_pid="c")
    for fault in (full, Fault(), Fault(consumer_pid="c")):
        validate(name, json(encode(fault)))
        pids = {} if name != "CatalogError" else {"provider_pid": None, "consumer_pid": None}
        assert dsp.decode_fault(encode(fault)) == msgspec.structs.replace(fault, **pids)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", Fault()),
        (b"<html><body>502</body></html>", Fault()),
        (b"no such thing\r\n", Fault(reason=("no such thing",))),
        (b'{"code": 409, "reason": "text"}', Fault(code="409", reason=("text",))),
        (b'{"code": {}, "reason": [], "providerPid": 4}', Fault()),
        (b'[{"message": "of EDC", "type": "ObjectConflict"}]', Fault(reason=("of EDC",))),
        (b'{"type": "about:blank", "title": "Gone", "detail": "It went."}', Fault(reason=("It went.",))),
        (b'{"reason": [{"@value": "x"}, {"a": 1}]}', Fault(reason=("x", '{"a":1}'))),
        (b"[" * 500 + b"]" * 500, Fault()),
        (b'"just text"', Fault(reason=("just text",))),
        (b"7", Fault(reason=("7",))),
    ],
)
def test_a_refusal_is_read_whatever_it_is(raw, fault):
    assert dsp.decode_fault(raw) == fault


def test_a_refusal_is_bounded():
    assert dsp.decode_fault(body({"reason": ["x" * 60_000]})).reason[0].endswith("…")
    assert len(dsp.decode_fault(body({"reason": ["x"] * 900})).reason) == 32
    assert dsp.decode_fault(b" " * 70_000 + b"{}") == Fault()
    assert len(dsp.decode_fault(b"x" * 70_000).reason) <= 1
    assert dsp.decode_fault(b"\x1b[2Jgone").reason == (" [2Jgone",)


@pytest.mark.parametrize("criteria", [(), ({"keyword": "tides"},), ("text", 4)])
def test_a_catalogue_request_goes_both_ways(criteria):
    request = CatalogRequest(filter=criteria)
    written = json(dsp.encode_catalog_request(request))
    validate("CatalogRequestMessage", written)
    assert ("filter" in written) == bool(criteria)
    assert dsp.decode_catalog_request(body(written)) == request


def test_catalogue_requests_seen_in_the_field():
    one = wire("CatalogRequestMessage", {"filter": {"keyword": "tides"}})
    assert dsp.decode_catalog_request(body(one)).filter == ({"keyword": "tides"},)
    assert dsp.decode_catalog_request(body(one | {"filter": None})) == CatalogRequest()
    for bad in ("text", 4, [1] * 65):
        with pytest.raises(Invalid) as caught:
            dsp.decode_catalog_request(body(one | {"filter": bad}))
        assert caught.value.where == "filter"
    with pytest.raises(Invalid):
        dsp.decode_catalog_request(body(GOLDEN["start"][1]))
    with pytest.raises(Malformed):
        dsp.decode_catalog_request(b"{")
    for name in ("catalog-request-message", "catalog-error"):
        raw = (shared_data() / "dsp-2025-1/catalog/example" / f"{name}.json").read_bytes()
        read = dsp.decode_catalog_request if "request" in name else dsp.decode_fault
        assert read(raw)


def test_versions_go_both_ways():
    auth = dsp.Auth(protocol="DCP", version="1.0", profile=("vc20-bssl/jwt",))
    entry = dsp.VersionEntry(version=dsp.VERSION, path=dsp.PATH, service_id="s", identifier_type="did:web", auth=auth)
    written = dsp.encode_versions([entry, dsp.VersionEntry(version="2026-1", path="/x")])
    validate("VersionResponse", json(written))
    assert dsp.decode_versions(written) == [
        msgspec.structs.replace(entry, binding="HTTPS"),
        dsp.VersionEntry(version="2026-1", path="/x", binding="HTTPS"),
    ]
    example = (shared_data() / "dsp-2025-1/common/example/protocol-version.json").read_bytes()
    assert [entry.version for entry in dsp.decode_versions(example)] == ["2025-1", "2024-1", "2025-1"]


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({"path": "/a/"}, "/a"),
        ({"path": "a"}, "/a"),
        ({"path": "/"}, ""),
        ({"path": ""}, ""),
        ({"path": ".evil.example"}, "/.evil.example"),
        ({"path": "@evil.example"}, "/@evil.example"),
        ({"path": "//evil.example"}, "/evil.example"),
        ({"path": "/a", "binding": None, "auth": "none", "serviceId": None}, "/a"),
        ({"path": "/a", "auth": {"protocol": "x"}}, "/a"),
        ({"path": "/a/../b"}, None),
        ({"path": "/a?b"}, None),
        ({"path": "/a\\b"}, None),
        ({"path": "/a", "binding": "GRPC"}, None),
        ({"path": 7}, None),
        ({}, None),
    ],
)
def test_entries_that_can_be_used(item, path):
    listed = dsp.decode_versions(body({"protocolVersions": [{"version": "2025-1"} | item, "text"]}))
    assert [entry.path for entry in listed] == ([] if path is None else [path])


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"protocolVersions": {}}'])
def test_no_versions_at_all(raw):
    with pytest.raises(PeerInvalid):
        dsp.decode_versions(raw)


PATHS = {
    "request, first": "/negotiations/request",
    "request, counter": "/negotiations/a%2Fb%20c/request",
    "offer, first": "/negotiations/offers",
    "offer, reply": "/negotiations/a%2Fb%20c/offers",
    "agreement": "/negotiations/a%2Fb%20c/agreement",
    "verification": "/negotiations/a%2Fb%20c/agreement/verification",
    "accepted": "/negotiations/a%2Fb%20c/events",
    "finalized": "/negotiations/a%2Fb%20c/events",
    "termination": "/negotiations/a%2Fb%20c/termination",
    "transfer request, pull": "/transfers/request",
    "start": "/transfers/a%2Fb%20c/start",
    "completion": "/transfers/a%2Fb%20c/completion",
    "suspension": "/transfers/a%2Fb%20c/suspension",
    "transfer termination": "/transfers/a%2Fb%20c/termination",
}


@pytest.mark.parametrize(("name", "path"), PATHS.items())
def test_where_a_message_goes(name, path):
    assert dsp.path_of(GOLDEN[name][0], "a/b c") == path
    assert dsp.join("https://x.example/base/", path) == dsp.join("https://x.example/base", path) == f"https://x.example/base{path}"


def test_replies_carry_their_own_pid():
    assert dsp.path_of(m.ContractRequest(consumer_pid="c", provider_pid="p", offer=OFFER), None) == "/negotiations/p/request"
    assert dsp.path_of(m.ContractOffer(consumer_pid="c", provider_pid="p", offer=OFFER)) == "/negotiations/c/offers"
    assert dsp.path_of(m.ContractOffer(provider_pid="p", offer=OFFER, callback=CALLBACK), None) == "/negotiations/offers"


@pytest.mark.parametrize("pid", [None, "", ".", ".."])
def test_no_pid_no_path(pid):
    with pytest.raises(Invalid):
        dsp.path_of(GOLDEN["start"][0], pid)


def test_the_table_is_one_path_for_each_message_whoever_receives_it():
    paths: dict[tuple[type[m.Message], bool], set[str]] = {}
    for row in dsp.ENDPOINTS:
        paths.setdefault((row.message, row.initial), set()).add(row.path)
        assert ("{pid}" in row.path) != row.initial
    assert all(len(found) == 1 for found in paths.values())
    assert len(set(dsp.ENDPOINTS)) == len(dsp.ENDPOINTS) == 19
