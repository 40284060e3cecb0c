"""The whole road, with an API of plain functions; `test_fetch` is about the bytes."""

from __future__ import annotations

import msgspec
import pytest

from hanse.client import deals, road
from hanse.kernel.errors import Conflict, NotFound, PeerRefused
from tests.unit.client.responder import NOW, Responder, contract, negotiation, page, transfer

ADDRESS = {"endpoint_type": "x", "endpoint": "http://localhost:1/data", "properties": {"authorization": "secret"}}
DATASET = {
    "participant": "did:web:acme",
    "datasets": [{"id": "ds_1", "title": "Weather", "offers": [{"id": "off_1", "sentences": ["S."]}]}],
}
STORY = {"id": "neg_1", "kind": "negotiation", "summary": "", "state": "", "waits_for": "an answer", "who": "the provider"}


def api(**more):
    """Return an API in which nothing is agreed yet, and all goes well."""
    answers = {
        "GET /contracts": page(),
        "GET /contracts/agr_1": contract(),
        "GET /negotiations": page(),
        "POST /negotiations": negotiation(None, pending="request"),
        "GET /negotiations/neg_1": negotiation("FINALIZED", contract="agr_1"),
        "GET /catalog/datasets": DATASET,
        "GET /transfers": page(),
        "POST /transfers": transfer(None),
        "GET /transfers/trf_1": transfer("STARTED"),
        "GET /transfers/trf_1/address": ADDRESS,
        "POST /transfers/trf_1/complete": transfer("COMPLETED"),
        "GET /explain/neg_1": STORY,
        "GET /explain/trf_1": STORY,
    }
    return Responder(answers | {key.replace("_slash_", "/").replace("__", " /"): value for key, value in more.items()})


def get(responder, **wish):
    return responder.drive(road.get("ds_1", "out", peer="did:web:acme", **wish))


def test_the_whole_road():
    responder, told = api(), []
    got = get(responder, tell=told.append)
    assert (got.dataset, got.transfer, got.contract.id, got.verified) == ("ds_1", "trf_1", "agr_1", True)
    assert [str(one) for one in got.files] == ["out/a.csv"]
    assert "POST /transfers/trf_1/complete" in responder.asked()
    assert "secret" not in repr(got) + "".join(told)
    assert any("S." in sentence for sentence in told)


def test_a_contract_that_stands_is_used():
    responder = api()
    responder.answers["GET /contracts"] = [page(contract())]
    get(responder)
    assert "POST /negotiations" not in responder.asked()


@pytest.mark.parametrize("other", [{"ended": NOW}, {"role": "provider"}, {"dataset": "ds_2"}, {"peer": "did:web:else"}])
def test_a_contract_that_does_not_fit_is_not_used(other):
    responder = api()
    responder.answers["GET /contracts"] = [page(contract(**other))]
    get(responder)
    assert "POST /negotiations" in responder.asked()


def test_anew_uses_neither_contract_nor_negotiation():
    responder = api()
    responder.answers["GET /contracts"] = [page(contract())]
    responder.answers["GET /negotiations"] = [page(negotiation("REQUESTED"))]
    get(responder, anew=True)
    assert "POST /negotiations" in responder.asked()


def test_a_negotiation_under_way_is_taken_up():
    responder = api()
    responder.answers["GET /negotiations"] = [page(negotiation("REQUESTED"))]
    get(responder)
    assert "POST /negotiations" not in responder.asked()


def test_a_running_transfer_is_taken_up():
    responder = api()
    responder.answers["GET /contracts"] = [page(contract())]
    responder.answers["GET /transfers"] = [page(transfer("STARTED", contract="agr_2"), transfer("STARTED"))]
    get(responder)
    assert "POST /transfers" not in responder.asked()
    assert len(responder.fetched) == 1


def test_a_transfer_that_we_halted_is_resumed():
    responder = api()
    responder.answers["GET /contracts"] = [page(contract())]
    responder.answers["GET /transfers"] = [page(transfer("SUSPENDED", suspended_by="consumer"))]
    responder.answers["POST /transfers/trf_1/resume"] = [transfer("SUSPENDED", pending="start")]
    get(responder)
    assert "POST /transfers/trf_1/resume" in responder.asked()


def test_a_transfer_that_the_provider_halted_waits():
    responder = api()
    responder.answers["GET /transfers/trf_1"] = [transfer("SUSPENDED", suspended_by="provider", final=False)]
    with pytest.raises(Conflict) as caught:
        get(responder)
    assert caught.value.rule == road.WAITS


def test_a_counter_offer_waits_for_a_person():
    responder = api()
    responder.answers["GET /negotiations/neg_1"] = [negotiation("OFFERED", who="you", waits_for="an answer")]
    with pytest.raises(Conflict) as caught:
        get(responder)
    assert caught.value.rule == road.WAITS
    assert "neg_1" in (caught.value.hint or "")


def test_a_counter_offer_is_accepted_where_that_was_said():
    responder = api()
    states = [negotiation("OFFERED", who="you"), negotiation("FINALIZED", contract="agr_1")]
    responder.answers["GET /negotiations/neg_1"] = states
    responder.answers["POST /negotiations/neg_1/accept"] = [negotiation("OFFERED", pending="accept")]
    get(responder, accept_counter=True, terms="members + until 2035-01-01")
    asked = responder.asked()
    assert asked.index("POST /negotiations") < asked.index("POST /negotiations/neg_1/accept")
    body = msgspec.json.decode(responder.requests[asked.index("POST /negotiations")].body)
    assert body == {"peer": "did:web:acme", "dataset": "ds_1", "offer": "off_1", "terms": "members + until 2035-01-01"}


def test_an_ended_negotiation_says_why():
    responder = api()
    responder.answers["GET /negotiations/neg_1"] = [negotiation("TERMINATED")]
    history = [{"at": NOW, "what": "terminate", "by": "peer", "detail": "Too long."}]
    responder.answers["GET /explain/neg_1"] = [STORY | {"history": history}]
    with pytest.raises(Conflict, match="Too long") as caught:
        get(responder)
    assert caught.value.rule == "ended"


def test_who_has_it_is_found_among_the_members():
    member = {"name": "x", "roles": [], "since": NOW}
    me = {"name": "me", "did": "did:web:me", "title": "Me", "created": NOW}
    responder = api()
    responder.answers["GET /members"] = [page(*({**member, "did": did} for did in ("did:web:me", "did:web:other", "did:web:acme")))]
    responder.answers["GET /whoami"] = [{"operator": "op", "name": "x", "role": "read", "participant": me}]
    responder.answers["GET /catalog/datasets"] = [lambda r: DATASET if r.query["peer"] == "did:web:acme" else NotFound("No.")]
    assert responder.drive(road.get("ds_1", "out")).peer == "did:web:acme"
    assert [one.query["peer"] for one in responder.requests if one.path == "/catalog/datasets"] == ["did:web:other", "did:web:acme"]


def test_a_dataset_without_an_offer_says_so():
    responder = api()
    responder.answers["GET /catalog/datasets"] = [{"participant": "did:web:acme", "datasets": [{"id": "ds_1", "title": "W"}]}]
    with pytest.raises(NotFound, match="no offer"):
        get(responder)


def test_a_refusal_on_the_way_tells_where_the_transfer_stands():
    responder = api()
    responder.answers["GET /transfers/trf_1"] = [transfer("STARTED"), transfer("TERMINATED")]
    responder.fault = PeerRefused("No.", status=403)
    with pytest.raises(Conflict, match="TERMINATED"):
        get(responder)


def test_a_failed_completion_does_not_spoil_the_data():
    responder, told = api(), []
    responder.answers["POST /transfers/trf_1/complete"] = [Conflict("The peer is away.")]
    assert get(responder, tell=told.append).verified
    assert any("could not be completed" in sentence for sentence in told)


def test_tokens_are_renewed_through_the_same_client():
    responder = api()
    responder.answers["POST /transfers/trf_1/refresh"] = [ADDRESS | {"properties": {"authorization": "fresh"}}]
    get(responder)
    assert responder.drive(responder.fetched[0].renew()).properties == {"authorization": "fresh"}


def test_waiting_ends_when_the_patience_does():
    responder = Responder({"GET /negotiations/neg_1": negotiation("REQUESTED", who="the provider")})
    found = responder.drive(deals.await_negotiation("neg_1", patience=70))
    assert found.state == "REQUESTED"
    assert [one.query["wait"] for one in responder.requests] == ["30", "30", "10"]


@pytest.mark.parametrize("dataset", ["ds_1", "https://x.example/data/../../etc", "..", "", "urn:uuid:1"])
def test_a_folder_named_as_a_dataset_is_one_plain_name(dataset):
    name = road._file_name(dataset)
    assert name
    assert "/" not in name
    assert not name.startswith(".")
