"""Bodies that nobody should send."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.scenarios.attacks.town import check_dsp_error, check_problem

DEEP = b'{"@context":' + b"[" * 1000 + b"]" * 1000 + b"}"
BAD = {
    "empty": b"",
    "no JSON": b'{"@type": ',
    "no UTF-8": b'{"@type": "\xff\xfe"}',
    "UTF-16": '{"@type": "x"}'.encode("utf-16"),
    "an array": b"[]",
    "a number": b"1",
    "null": b"null",
    "two objects": b"{}{}",
    "NaN": b'{"@type": NaN}',
    "a huge number": b'{"@type": 1e99999, "x": ' + b"9" * 5000 + b"}",
    "1,000 deep": DEEP,
    "1,000 open": b"[" * 1000,
    "100,000 open": b'{"a":' * 100_000,
    "a NUL": b'{"@type": "a\x00b"}',
    "a lone surrogate": b'{"@type": "\\ud800"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
}


@pytest.mark.parametrize("path", ["/negotiations/request", "/transfers/request", "/catalog/request", "/negotiations/neg_1/events"])
@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
@pytest.mark.usefixtures("unchanged")
def test_what_is_no_message_gets_the_protocols_own_error(town, path, body):
    kind = {"n": "ContractNegotiationError", "t": "TransferError", "c": "CatalogError"}[path[1]]
    check_dsp_error(town.dsp(path, town.proof(), body, method="POST"), kind, 400)


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
@pytest.mark.usefixtures("unchanged")
def test_the_management_interface_says_it_in_a_problem(town, body):
    headers = {"Content-Type": "application/json"}
    check_problem(town.operators["acme"].ask("POST", "/assets", content=body, headers=headers), 400, 422)


CHANGES = {
    "type": {"@type": "ContractAgreementMessage"},
    "type of the type": {"@type": ["ContractRequestMessage"]},
    "no type": {"@type": None},
    "no context": {"@context": []},
    "inline context": {"@context": ["https://w3id.org/dspace/2025/1/context.jsonld", {"offer": "x"}]},
    "pid, number": {"consumerPid": 7},
    "pid, object": {"consumerPid": {"@id": "x"}},
    "pid, empty": {"consumerPid": ""},
    "pid, long": {"consumerPid": "x" * 100_000},
    "pid, NUL": {"consumerPid": "a\u0000b"},
    "pid, newline": {"consumerPid": "a\nb"},
    "pid, direction": {"consumerPid": "a\u202eb"},
    "offer, null": {"offer": None},
    "offer, list": {"offer": [{}]},
    "offer, text": {"offer": "off_1"},
    "offer, unknown": {"offer": {"@type": "Offer", "@id": "off_nowhere", "target": "ds_nowhere", "permission": [{"action": "use"}]}},
    "both": {"providerPid": "neg_x"},
    "callback, number": {"callbackAddress": 7},
    "callback, none": {"callbackAddress": None},
    "callback, long": {"callbackAddress": "http://localhost/" + "a" * 100_000},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.usefixtures("unchanged")
def test_a_message_with_one_thing_wrong_changes_nothing(town, change):
    body = check_dsp_error(
        town.dsp("/negotiations/request", town.proof(), town.contract_request(**change)), "ContractNegotiationError", 400, 404
    )
    assert body["reason"]


@pytest.mark.usefixtures("unchanged")
def test_unknown_states_and_events_are_refused(town):
    both = {"providerPid": "neg_1", "consumerPid": "neg_2", "@context": town.contract_request()["@context"]}
    for event in ("REQUESTED", "accepted", "", None, 7, ["ACCEPTED"], "FINALIZED " * 1000):
        message = both | {"@type": "ContractNegotiationEventMessage", "eventType": event}
        check_dsp_error(town.dsp("/negotiations/neg_1/events", town.proof(), message), "ContractNegotiationError", 400)
    message = both | {"@type": "ContractNegotiation", "state": "FINALIZED"}
    check_dsp_error(town.dsp("/negotiations/neg_1/events", town.proof(), message), "ContractNegotiationError", 400)


def test_of_two_equal_keys_one_counts_and_nothing_is_mixed(town):
    """The last one counts, as msgspec reads it; what is judged and what is stored are the same reading."""
    message = town.contract_request()
    text = json.dumps(message)[:-1] + ', "consumerPid": "neg-last"}'
    answer = town.dsp("/negotiations/request", town.proof(), text.encode())
    assert answer.status_code == 201
    assert answer.json()["consumerPid"] == "neg-last"
    town.quiet()


@pytest.mark.usefixtures("unchanged")
def test_compressed_bodies_are_refused_before_they_are_opened(town):
    bomb = gzip.compress(b" " * 50_000_000)
    headers = {"Content-Encoding": "gzip"}
    check_dsp_error(town.dsp("/negotiations/request", town.proof(), bomb, headers=headers), "ContractNegotiationError", 400)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", ""])
def test_the_content_type_opens_no_other_reader(town, content_type):
    """JSON is what counts: a wrong label on good JSON is read, and a form is no JSON."""
    headers = {"Content-Type": content_type}
    check_dsp_error(town.dsp("/catalog/request", town.proof(), b"a=1&b=2", headers=headers), "CatalogError", 400)


@pytest.mark.usefixtures("unchanged")
def test_filters_are_bounded_like_bodies(town):
    deep = town.contract_request()["@context"]
    message = {"@context": deep, "@type": "CatalogRequestMessage", "filter": [{"nowhere": "x"}]}
    check_dsp_error(town.dsp("/catalog/request", town.proof(), message), "CatalogError", 400)
    for text in ("[" * 2000, '{"a":' * 2000, "%00", "%ed%a0%80", "1e999999"):
        answer = town.dsp(f"/catalog/request?filter={text}", town.proof())
        check_dsp_error(answer, "CatalogError", 400)


PATHS = [
    "/negotiations/%2e%2e",
    "/negotiations/a%2fb",
    "/negotiations/%00",
    "/negotiations/" + "x" * 20_000,
    "/negotiations/neg%0d%0aX",
    "/transfers/%F0%9F%92%A9",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("unchanged")
def test_odd_ids_in_paths_are_nothing_here(town, path):
    kind = "ContractNegotiationError" if "neg" in path else "TransferError"
    check_dsp_error(town.dsp(path, town.proof()), kind, 404, 400)


@pytest.mark.parametrize(
    "path", ["/nowhere", "/", "", "/negotiations", "/negotiations/request/x/y/z", "/catalog", "/.well-known/dspace-version"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
def test_paths_and_methods_that_the_protocol_has_not(town, path, method):
    answer = town.dsp(path, town.proof(), b"{}", method=method)
    assert answer.status_code in (404, 405)
    assert answer.headers["content-type"].startswith(("application/json", "application/problem+json")), answer.headers
    answer.json()
