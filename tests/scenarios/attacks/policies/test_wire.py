"""`mallory`, a member with a key of its own, puts hostile policies on the table of others: as consumer, and as provider."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from uuid import uuid4

import pytest

from tests.scenarios.attacks.policies.hostile import COUNT, REFUSED, UNDECIDABLE, policy, raw
from tests.scenarios.attacks.town import CONTEXT, Outsider, allow, check_dsp_error, say
from tests.scenarios.classes.town import eventually

SECONDS = 5
"""Processor time of the whole process, servers and attackers together."""


@contextmanager
def soon(seconds=SECONDS):
    began = time.process_time()
    yield
    assert time.process_time() - began < seconds


def works(town):
    """Assert that the server goes on: somebody honest gets its data."""
    assert town.operators["acme"].ask("GET", "/assets").status_code == 200
    assert town.dsp("/catalog/request", town.proof(), {"@context": CONTEXT, "@type": "CatalogRequestMessage"}).status_code == 200


def request_with(town, terms, **more):
    message = town.contract_request(**more)
    message["offer"] = {key: message["offer"][key] for key in ("@type", "@id", "target")} | terms
    return message


@pytest.mark.usefixtures("unchanged")
def test_a_first_message_that_cannot_be_read_is_refused_with_the_place(town):
    for name, terms in REFUSED.items():
        with soon():
            answer = town.dsp("/negotiations/request", town.proof(), raw(request_with(town, terms)), method="POST")
        body = check_dsp_error(answer, "ContractNegotiationError", 400, 413, 422)
        assert len(answer.content) < 5_000
        assert name in ("a megabyte", "1,000 deep") or "offer" in str(body["reason"]), name
    works(town)


@pytest.mark.parametrize("name", UNDECIDABLE)
def test_terms_that_nobody_offers_are_not_agreed_on(town, name):
    """The rule answers with the offer's own terms; nothing of the hostile ones is kept as an agreement."""
    pid = f"neg-{uuid4().hex}"
    with soon():
        answer = town.dsp("/negotiations/request", town.proof(), raw(request_with(town, UNDECIDABLE[name], consumerPid=pid)), method="POST")
        if answer.status_code != 201:
            check_dsp_error(answer, "ContractNegotiationError", 400, 413, 422)
            works(town)
            return
        mine = f"/negotiations/{answer.json()['providerPid']}"
        eventually(lambda: [one for one in list(town.mallory.taken) if f"/negotiations/{pid}/" in one[1]])
    (sent, *_) = [one for one in town.mallory.taken if f"/negotiations/{pid}/" in one[1]]
    said = json.loads(sent[3])
    assert said["@type"] in ("ContractOfferMessage", "ContractNegotiationTerminationMessage")
    if said["@type"] == "ContractOfferMessage":
        assert "evil" not in sent[3].decode()
    shown = town.operators["acme"].ask("GET", mine)
    assert shown.status_code == 200
    assert shown.json()["contract"] is None
    explained = town.operators["acme"].ask("GET", f"/explain/{answer.json()['providerPid']}")
    assert explained.status_code == 200
    works(town)


def test_counter_offers_that_cannot_be_read_change_nothing(town):
    """A good first message, the offer in answer, hostile counter-offers; and then a good one is taken all the same."""
    asset = town.offer("acme", town.roots["acme"] / "rain.csv", terms=("members + count 3",))
    pid = f"neg-{uuid4().hex}"
    message = request_with(town, policy(), consumerPid=pid)
    message["offer"] |= {"@id": asset["dataset"]["offers"][0]["id"], "target": asset["id"]}
    first = town.dsp("/negotiations/request", town.proof(), message)
    assert first.status_code == 201, first.text
    provider = first.json()["providerPid"]
    town.operators["acme"].until(f"/negotiations/{provider}", "OFFERED")
    counter = {key: inner for key, inner in message.items() if key != "callbackAddress"} | {"providerPid": provider}
    placed = {key: message["offer"][key] for key in ("@type", "@id", "target")}
    for name, terms in REFUSED.items():
        with soon():
            answer = town.dsp(f"/negotiations/{provider}/request", town.proof(), raw(counter | {"offer": placed | terms}), method="POST")
        check_dsp_error(answer, "ContractNegotiationError", 400, 413, 422)
        shown = town.operators["acme"]("GET", f"/negotiations/{provider}")
        assert (shown["state"], shown["contract"]) == ("OFFERED", None), name
    good = counter | {"offer": placed | asset["dataset"]["offers"][0]["terms"]}
    assert town.dsp(f"/negotiations/{provider}/request", town.proof(), good).status_code == 200
    town.operators["acme"].until(f"/negotiations/{provider}", "AGREED")


@pytest.mark.usefixtures("unchanged")
def test_references_make_nobody_connect(town):
    """Every address in these policies leads to mallory's own server, which must not hear of it."""
    address = f"{town.mallory.base}/fetched"
    hostile = [
        policy({key: inner for key, inner in COUNT.items() if key != "rightOperand"} | {"rightOperandReference": address}),
        policy(COUNT | {"rightOperandReference": {"@id": address}}),
        policy(inheritFrom=address),
        policy(inheritFrom=[address]),
        policy() | {"@context": address},
        policy(COUNT | {"@context": address}),
        policy() | {"dct:isReplacedBy": address},
        policy() | {"@context": [{"@vocab": address}]},
    ]
    for terms in hostile:
        check_dsp_error(town.dsp("/negotiations/request", town.proof(), request_with(town, terms)), "ContractNegotiationError", 400, 422)
        for path in ("check", "translate", "simulate"):
            body = {"terms": [terms] if path == "check" else terms}
            assert town.operators["acme"].ask("POST", f"/policies/{path}", body).status_code in (200, 400, 422)
        answer = town.operators["acme"].ask("POST", "/assets", {"source": source(town), "terms": [terms]})
        assert answer.status_code in (400, 422)
    assert not [path for path in town.mallory.paths() if path.endswith("/fetched")]


def test_addresses_within_values_are_names(town):
    address = f"{town.mallory.base}/named"
    for terms in (
        policy(profile=address),
        policy({"leftOperand": address, "operator": "eq", "rightOperand": address}),
        policy({"leftOperand": "purpose", "operator": "isA", "rightOperand": {"@id": address}}),
        {"permission": [{"action": address}]},
        {
            "permission": [
                {
                    "action": "use",
                    "duty": [
                        {
                            "action": "nextPolicy",
                            "constraint": [{"leftOperand": "urn:hanse:odrl:policy", "operator": "eq", "rightOperand": address}],
                        }
                    ],
                }
            ]
        },
    ):
        for path in ("check", "translate", "simulate"):
            body = {"terms": [terms] if path == "check" else terms}
            assert town.operators["acme"].ask("POST", f"/policies/{path}", body).status_code == 200
        town.dsp("/negotiations/request", town.proof(), request_with(town, terms))
    town.quiet()
    assert not [path for path in town.mallory.paths() if path.endswith("/named")]


def source(town):
    return {"kind": "file", "path": str(town.roots["acme"] / "rain.csv")}


# mallory as provider: zoo asks, and what mallory sends back is not what zoo asked for.


def answers(handler, body, status=200):
    say(handler, status, json.dumps(body).encode(), Content_Type="application/json")


@pytest.fixture(scope="module")
def malice(town):
    """A member that provides, with a catalogue."""
    one = Outsider("malice")
    whole = json.loads(one.did_document())
    whole["service"].append({"id": f"{one.did}#catalog", "type": "CatalogService", "serviceEndpoint": f"{one.base}/catalog"})
    one.answers[one.document] = lambda handler: answers(handler, whole)
    allow(town.host, one)
    town.admit(one)
    yield one
    one.close()


class Shop:
    """A dataset of malice's, zoo's negotiation about it, and what malice sends in it."""

    def __init__(self, town, malice):
        self.town, self.malice, self.zoo = town, malice, town.operators["zoo"]
        self.dataset, self.mine, self.theirs = f"ds-{uuid4().hex}", f"neg-{uuid4().hex}", ""
        offer = f"off-{uuid4().hex}"
        served = {
            "@context": CONTEXT,
            "@id": self.dataset,
            "@type": "Dataset",
            "hasPolicy": [{"@type": "Offer", "@id": offer, **policy(COUNT)}],
            "distribution": [{"@type": "Distribution", "format": "HttpData-PULL", "accessService": "urn:svc"}],
        }
        path = malice.base.partition(f":{malice.port}")[2]
        malice.answers[f"{path}/catalog/datasets/{self.dataset}"] = lambda handler: answers(handler, served)
        malice.answers[f"{path}/negotiations/request"] = self._asked
        self.id = self.zoo("POST", "/negotiations", {"peer": malice.did, "dataset": self.dataset, "offer": offer})["id"]
        self.zoo.until(f"/negotiations/{self.id}", "REQUESTED")

    def _asked(self, handler):
        self.theirs = json.loads(self.malice.taken[-1][3])["consumerPid"]
        status = {"@context": CONTEXT, "@type": "ContractNegotiation", "providerPid": self.mine, "consumerPid": self.theirs}
        answers(handler, status | {"state": "REQUESTED"}, 201)

    def agreement(self, **changes):
        made = {"@type": "Agreement", "@id": f"agr-{uuid4().hex}", "target": self.dataset, "assigner": self.malice.did}
        made |= {"assignee": self.town.made["zoo"].did, "timestamp": "2026-11-25T00:00:00Z", **policy(COUNT), **changes}
        return {name: value for name, value in made.items() if value is not None}

    def send(self, path, kind, **more):
        body = {"@context": CONTEXT, "@type": kind, "providerPid": self.mine, "consumerPid": self.theirs, **more}
        token = self.town.proof("zoo", self.malice)
        return self.town.dsp(f"/negotiations/{self.theirs}/{path}", token, raw(body), name="zoo", method="POST")


@pytest.fixture
def shop(town, malice):
    return Shop(town, malice)


SAME = {
    "as it was": lambda t: {},
    "other spelling": lambda t: {
        "permission": [{"action": "odrl:use", "constraint": [{"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": "3"}]}]
    },
    "typed": lambda t: policy(COUNT | {"rightOperand": {"@value": "3", "@type": "xsd:integer"}}),
    "joined": lambda t: policy({"and": [COUNT, COUNT]}),
}
OTHER = {
    "more uses": lambda t: policy(COUNT | {"rightOperand": "30"}),
    "fewer uses": lambda t: policy(COUNT | {"rightOperand": "2"}),
    "no limit": lambda t: policy(),
    "a duty more": lambda t: {"permission": [{"action": "use", "constraint": [COUNT], "duty": [{"action": "compensate"}]}]},
    "a prohibition more": lambda t: policy(COUNT) | {"prohibition": [{"action": "use"}]},
    "an obligation more": lambda t: policy(COUNT) | {"obligation": [{"action": "delete"}]},
    "another operator": lambda t: policy(COUNT | {"operator": "gteq"}),
    "another word": lambda t: policy(COUNT | {"leftOperand": "coun\u0442"}),
    "exclusive": lambda t: policy({"xone": [COUNT, COUNT]}),
    "a profile": lambda t: policy(COUNT, profile="urn:mallory:profile"),
    "another target": lambda t: {"target": "ds-other"},
    "another assigner": lambda t: {"assigner": t.made["acme"].did},
    "another assignee": lambda t: {"assignee": t.made["owl"].did},
    "turned": lambda t: {"assigner": t.made["zoo"].did, "assignee": t.made["acme"].did},
    "a confusable assignee": lambda t: {"assignee": t.made["zoo"].did.replace("o", "\u043e")},
    "capitals": lambda t: {"assignee": t.made["zoo"].did.upper()},
}
UNREAD = {
    "a status": lambda t: policy(COUNT | {"status": "0"}),
    "a bare number": lambda t: policy(COUNT | {"rightOperand": 3}),
    "an old timestamp": lambda t: {"timestamp": "yesterday"},
    "an offer": lambda t: {"@type": "Offer"},
    "a long id": lambda t: {"@id": "x" * 600},
    "no assignee": lambda t: {"assignee": None},
    "a list of parties": lambda t: {"assignee": [t.made["zoo"].did]},
    "a remote parent": lambda t: {"inheritFrom": "http://127.0.0.1:1/"},
    "deep": lambda t: policy({"and": [{"or": [{"and": [{"or": [COUNT]}]}] * 3}] * 3}, *[COUNT] * 300),
}


@pytest.mark.parametrize("name", [*SAME, *OTHER, *UNREAD])
def test_an_agreement_is_what_was_asked_for_or_nothing(town, shop, name):
    made = shop.agreement(**(SAME | OTHER | UNREAD)[name](town))
    answer = shop.send("agreement", "ContractAgreementMessage", agreement=made)
    path = f"/negotiations/{shop.id}"
    if name in UNREAD:
        check_dsp_error(answer, "ContractNegotiationError", 400, 422)
        assert shop.zoo("GET", path)["state"] == "REQUESTED"
        return
    assert answer.status_code == 200, answer.text
    if name in SAME:
        shop.zoo.until(path, "VERIFIED")
        return
    assert shop.zoo.until(path, "TERMINATED")["contract"] is None
    assert "not what was negotiated" in str(shop.zoo("GET", f"/explain/{shop.id}")["history"])
    assert shop.zoo.ask("GET", f"/contracts/{made['@id']}").status_code == 404


def test_a_provider_s_counter_offers_that_cannot_be_read_change_nothing(shop):
    for terms in REFUSED.values():
        with soon():
            offer = {"@type": "Offer", "@id": "off-2", "target": shop.dataset} | terms
            answer = shop.send("offers", "ContractOfferMessage", offer=offer)
        check_dsp_error(answer, "ContractNegotiationError", 400, 413, 422)
        assert shop.zoo("GET", f"/negotiations/{shop.id}")["state"] == "REQUESTED"


@pytest.mark.parametrize("name", UNDECIDABLE)
def test_a_provider_s_odd_counter_offer_waits_for_a_person(shop, name):
    with soon():
        offer = {"@type": "Offer", "@id": "off-2", "target": shop.dataset} | UNDECIDABLE[name]
        answer = shop.send("offers", "ContractOfferMessage", offer=offer)
    if answer.status_code != 200:
        check_dsp_error(answer, "ContractNegotiationError", 400, 413, 422)
        return
    with soon():
        shown = shop.zoo("GET", f"/negotiations/{shop.id}")
        assert (shown["state"], shown["contract"]) == ("OFFERED", None)
        assert shop.zoo.ask("GET", f"/explain/{shop.id}").status_code == 200


def test_an_agreement_cannot_take_the_id_of_another(town, market, shop):
    """The provider chooses the id; the contract that zoo has with acme under it stays what it is."""
    contract = market.agree("members + count 2")
    before = shop.zoo("GET", f"/contracts/{contract}")
    answer = shop.send("agreement", "ContractAgreementMessage", agreement=shop.agreement(**{"@id": contract}))
    if answer.status_code == 200 and shop.zoo.until(f"/negotiations/{shop.id}", "VERIFIED", "TERMINATED")["state"] == "VERIFIED":
        answer = shop.send("events", "ContractNegotiationEventMessage", eventType="FINALIZED")
        check_dsp_error(answer, "ContractNegotiationError", 400, 409, 422)
    assert shop.zoo("GET", f"/contracts/{contract}") == before
