"""The peer's messages, written by hand after the tables of DSP 2025-1: nothing of the product is used to make or read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

Message = dict[str, Any]
CONTEXT = "https://w3id.org/dspace/2025/1/context.jsonld"
TCK = "TCK_PARTICIPANT"


class Kind(NamedTuple):
    """Where a message goes, below the receiver's process, and its type."""

    tail: str
    type: str
    event: str | None = None


KINDS: dict[str, dict[str, Kind]] = {
    "negotiations": {
        "request": Kind("request", "ContractRequestMessage"),
        "offer": Kind("offers", "ContractOfferMessage"),
        "accept": Kind("events", "ContractNegotiationEventMessage", "ACCEPTED"),
        "agree": Kind("agreement", "ContractAgreementMessage"),
        "verify": Kind("agreement/verification", "ContractAgreementVerificationMessage"),
        "finalize": Kind("events", "ContractNegotiationEventMessage", "FINALIZED"),
        "terminate": Kind("termination", "ContractNegotiationTerminationMessage"),
    },
    "transfers": {
        "request": Kind("request", "TransferRequestMessage"),
        "start": Kind("start", "TransferStartMessage"),
        "complete": Kind("completion", "TransferCompletionMessage"),
        "suspend": Kind("suspension", "TransferSuspensionMessage"),
        "terminate": Kind("termination", "TransferTerminationMessage"),
    },
}


class Parties(NamedTuple):
    """What a message may have to name: the connector's participant id, both process ids and what it is all about."""

    connector: str
    provider_pid: str | None
    consumer_pid: str | None
    provides: bool
    """Whether the connector is the provider."""
    offer: str
    target: str
    callback: str


def word_of(protocol: str, tail: str, message: Message) -> str:
    """Return the step that an arriving message is, by its address, its type and its event."""
    found = Kind(tail, message["@type"], message.get("eventType"))
    return next(word for word, kind in KINDS[protocol].items() if kind == found)


def write(protocol: str, word: str, parties: Parties) -> Message:
    """Return the message of that step. Each has an `@id` of its own, as the kit's have."""
    kind = KINDS[protocol][word]
    pids = {"providerPid": parties.provider_pid, "consumerPid": parties.consumer_pid}
    message: Message = {"@context": [CONTEXT], "@id": str(uuid4()), "@type": kind.type}
    message |= {name: pid for name, pid in pids.items() if pid is not None}
    if kind.event is not None:
        message["eventType"] = kind.event
    extra = _EXTRAS.get((protocol, word))
    return message | (extra(parties) if extra else {})


def _offer(parties: Parties) -> Message:
    permission = [{"action": "use", "constraint": []}]
    offer = {"@type": "Offer", "@id": parties.offer, "target": parties.target, "permission": permission}
    first = {"callbackAddress": parties.callback} if parties.provides and parties.provider_pid is None else {}
    return {"offer": offer} | first


def _agreement(parties: Parties) -> Message:
    agreement = {
        "@type": "Agreement",
        "@id": str(uuid4()),
        "target": parties.target,
        "assigner": TCK,
        "assignee": parties.connector,
        "timestamp": datetime.now(UTC).isoformat(),
        "permission": [{"action": "use", "constraint": []}],
    }
    return {"agreement": agreement}


def _transfer(parties: Parties) -> Message:
    return {"agreementId": parties.target, "format": parties.offer, "callbackAddress": parties.callback}


def _address(parties: Parties) -> Message:
    if parties.provides:
        return {}
    endpoint = {"@type": "DataAddress", "endpointType": "https://w3id.org/idsa/v4.1/HTTP", "endpoint": "http://example.com"}
    return {"dataAddress": endpoint}


def _reason(parties: Parties) -> Message:
    return {"code": "1", "reason": [{"message": "The case says so."}]}


_EXTRAS: dict[tuple[str, str], Callable[[Parties], Message]] = {
    ("negotiations", "request"): _offer,
    ("negotiations", "offer"): _offer,
    ("negotiations", "agree"): _agreement,
    ("negotiations", "terminate"): _reason,
    ("transfers", "request"): _transfer,
    ("transfers", "start"): _address,
    ("transfers", "suspend"): _reason,
    ("transfers", "terminate"): _reason,
}
