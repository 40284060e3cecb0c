"""One golden message of every kind: what we mean, and exactly what goes over the wire. Written by hand."""

from __future__ import annotations

from typing import Any

from hanse.dsp import messages as m
from hanse.odrl.model import Agreement, Atomic, Logical, Offer, Rule, Terms

CONTEXT = ["https://w3id.org/dspace/2025/1/context.jsonld"]
PROVIDER, CONSUMER = "neg_provider1", "neg_consumer1"
BOTH = {"provider_pid": PROVIDER, "consumer_pid": CONSUMER}
WIRE_BOTH = {"providerPid": PROVIDER, "consumerPid": CONSUMER}

TERMS = Terms(
    permissions=(
        Rule(
            action="use",
            constraints=(
                Atomic("dateTime", "lteq", "2031-05-01T00:00:00Z"),
                Logical("or", (Atomic("https://lighthouse.example/tide", "eq", "high"), Atomic("count", "lt", "12"))),
            ),
        ),
    ),
    prohibitions=(Rule(action="https://lighthouse.example/resell"),),
)
WIRE_TERMS = {
    "permission": [
        {
            "action": "use",
            "constraint": [
                {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": "2031-05-01T00:00:00Z"},
                {
                    "or": [
                        {"leftOperand": "https://lighthouse.example/tide", "operator": "eq", "rightOperand": "high"},
                        {"leftOperand": "count", "operator": "lt", "rightOperand": "12"},
                    ]
                },
            ],
        }
    ],
    "prohibition": [{"action": "https://lighthouse.example/resell"}],
}
OFFER = Offer(id="off_harbour", target="ds_tides", terms=TERMS)
WIRE_OFFER = {"@type": "Offer", "@id": "off_harbour", "target": "ds_tides"} | WIRE_TERMS
AGREEMENT = Agreement(
    id="agr_harbour",
    target="ds_tides",
    assigner="did:web:harbour.example",
    assignee="did:web:ferry.example",
    timestamp="2030-02-03T04:05:06Z",
    terms=Terms(permissions=(Rule(action="use"),)),
)
WIRE_AGREEMENT = {
    "@type": "Agreement",
    "@id": "agr_harbour",
    "target": "ds_tides",
    "assigner": "did:web:harbour.example",
    "assignee": "did:web:ferry.example",
    "timestamp": "2030-02-03T04:05:06Z",
    "permission": [{"action": "use"}],
}
ADDRESS = m.DataAddress(
    endpoint_type="https://w3id.org/idsa/v4.1/HTTP",
    endpoint="https://harbour.example/data/7",
    properties={"authorization": "a-token", "authType": "bearer"},
)
WIRE_ADDRESS = {
    "@type": "DataAddress",
    "endpointType": "https://w3id.org/idsa/v4.1/HTTP",
    "endpoint": "https://harbour.example/data/7",
    "endpointProperties": [
        {"@type": "EndpointProperty", "name": "authType", "value": "bearer"},
        {"@type": "EndpointProperty", "name": "authorization", "value": "a-token"},
    ],
}
CALLBACK = "https://ferry.example/dsp/2025-1"
WHY = {"code": "410", "reason": ["The season is over.", "Ask again in spring."]}
OUR_WHY: dict[str, Any] = {"code": "410", "reason": ("The season is over.", "Ask again in spring.")}


def wire(name: str, *parts: dict[str, Any]) -> dict[str, Any]:
    """Return a wire object of the given type."""
    content: dict[str, Any] = {"@context": CONTEXT, "@type": name}
    for part in parts:
        content |= part
    return content


def _event(kind: str) -> dict[str, Any]:
    return wire("ContractNegotiationEventMessage", WIRE_BOTH, {"eventType": kind})


def _request(**more: Any) -> dict[str, Any]:
    content = {"consumerPid": "trf_1", "agreementId": "agr_harbour", "format": "HttpData-PULL", "callbackAddress": CALLBACK}
    return wire("TransferRequestMessage", content, more)


GOLDEN: dict[str, tuple[m.Message, dict[str, Any]]] = {
    "request, first": (
        m.ContractRequest(consumer_pid=CONSUMER, offer=OFFER, callback=CALLBACK),
        wire("ContractRequestMessage", {"consumerPid": CONSUMER, "offer": WIRE_OFFER, "callbackAddress": CALLBACK}),
    ),
    "request, counter": (
        m.ContractRequest(**BOTH, offer=OFFER),
        wire("ContractRequestMessage", WIRE_BOTH, {"offer": WIRE_OFFER}),
    ),
    "offer, first": (
        m.ContractOffer(provider_pid=PROVIDER, offer=OFFER, callback=CALLBACK),
        wire("ContractOfferMessage", {"providerPid": PROVIDER, "offer": WIRE_OFFER, "callbackAddress": CALLBACK}),
    ),
    "offer, reply": (m.ContractOffer(**BOTH, offer=OFFER), wire("ContractOfferMessage", WIRE_BOTH, {"offer": WIRE_OFFER})),
    "agreement": (
        m.ContractAgreement(**BOTH, agreement=AGREEMENT),
        wire("ContractAgreementMessage", WIRE_BOTH, {"agreement": WIRE_AGREEMENT}),
    ),
    "verification": (m.AgreementVerification(**BOTH), wire("ContractAgreementVerificationMessage", WIRE_BOTH)),
    "accepted": (m.NegotiationAccepted(**BOTH), _event("ACCEPTED")),
    "finalized": (m.NegotiationFinalized(**BOTH), _event("FINALIZED")),
    "termination, bare": (m.NegotiationTermination(**BOTH), wire("ContractNegotiationTerminationMessage", WIRE_BOTH)),
    "termination": (m.NegotiationTermination(**BOTH, **OUR_WHY), wire("ContractNegotiationTerminationMessage", WIRE_BOTH, WHY)),
    "transfer request, pull": (
        m.TransferRequest(consumer_pid="trf_1", agreement_id="agr_harbour", format="HttpData-PULL", callback=CALLBACK),
        _request(),
    ),
    "transfer request, push": (
        m.TransferRequest(
            consumer_pid="trf_1", agreement_id="agr_harbour", format="HttpData-PUSH", callback=CALLBACK, data_address=ADDRESS
        ),
        _request(format="HttpData-PUSH", dataAddress=WIRE_ADDRESS),
    ),
    "start": (m.TransferStart(**BOTH, data_address=ADDRESS), wire("TransferStartMessage", WIRE_BOTH, {"dataAddress": WIRE_ADDRESS})),
    "start, bare": (m.TransferStart(**BOTH), wire("TransferStartMessage", WIRE_BOTH)),
    "start, smallest address": (
        m.TransferStart(**BOTH, data_address=m.DataAddress(endpoint_type="urn:x")),
        wire("TransferStartMessage", WIRE_BOTH, {"dataAddress": {"@type": "DataAddress", "endpointType": "urn:x"}}),
    ),
    "completion": (m.TransferCompletion(**BOTH), wire("TransferCompletionMessage", WIRE_BOTH)),
    "suspension": (m.TransferSuspension(**BOTH, **OUR_WHY), wire("TransferSuspensionMessage", WIRE_BOTH, WHY)),
    "transfer termination": (m.TransferTermination(**BOTH, **OUR_WHY), wire("TransferTerminationMessage", WIRE_BOTH, WHY)),
}
