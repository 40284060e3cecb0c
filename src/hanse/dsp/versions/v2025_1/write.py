"""Messages to wire JSON: exactly the compact form, the same bytes for the same message (DSP 2025-1, 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from hanse.dsp import messages as m
from hanse.dsp.messages import Message
from hanse.dsp.versions.v2025_1.fields import CONTEXT, JsonObject
from hanse.odrl.forms.write import write_agreement, write_offer

_CONTEXTS: Final = (CONTEXT,)
# Keys in the order of the alphabet: equal messages give equal bytes, whatever order their mappings were made in.
_encoder = msgspec.json.Encoder(order="deterministic")


def encode(message: Message) -> bytes:
    """Return the message as JSON: absent fields are left out, and so are empty lists."""
    name, write = _WRITERS[type(message)]
    return encode_object(name, write(message))


def encode_object(name: str, content: JsonObject) -> bytes:
    """Return a JSON object of the given `@type` with the DSP context alone."""
    content["@context"] = _CONTEXTS
    content["@type"] = name
    return _encoder.encode(content)


def write_code(content: JsonObject, code: str | None, reason: tuple[str, ...]) -> JsonObject:
    """Add `code` (text) and `reason` (a list with at least one item), where there are any."""
    if code is not None:
        content["code"] = code
    if reason:
        content["reason"] = reason
    return content


def _contract_request(message: m.ContractRequest) -> JsonObject:
    content: JsonObject = {"consumerPid": message.consumer_pid, "offer": write_offer(message.offer, in_catalogue=False)}
    return _with_callback(content, message.callback, "providerPid", message.provider_pid)


def _contract_offer(message: m.ContractOffer) -> JsonObject:
    content: JsonObject = {"providerPid": message.provider_pid, "offer": write_offer(message.offer, in_catalogue=False)}
    return _with_callback(content, message.callback, "consumerPid", message.consumer_pid)


def _with_callback(content: JsonObject, callback: str | None, name: str, pid: str | None) -> JsonObject:
    """Add the one of the two that is there; a reply never carries both (the `oneOf` of the schemas)."""
    if pid is not None:
        content[name] = pid
    elif callback is not None:
        content["callbackAddress"] = callback
    return content


def _pids(message: m.Pids) -> JsonObject:
    return {"providerPid": message.provider_pid, "consumerPid": message.consumer_pid}


def _contract_agreement(message: m.ContractAgreement) -> JsonObject:
    return _pids(message) | {"agreement": write_agreement(message.agreement)}


def _event(event: str) -> Callable[[m.Pids], JsonObject]:
    return lambda message: _pids(message) | {"eventType": event}


def _coded(message: m.NegotiationTermination | m.TransferSuspension | m.TransferTermination) -> JsonObject:
    return write_code(_pids(message), message.code, message.reason)


def _transfer_request(message: m.TransferRequest) -> JsonObject:
    content: JsonObject = {
        "consumerPid": message.consumer_pid,
        "agreementId": message.agreement_id,
        "format": message.format,
        "callbackAddress": message.callback,
    }
    return _with_data(content, message.data_address)


def _transfer_start(message: m.TransferStart) -> JsonObject:
    return _with_data(_pids(message), message.data_address)


def _with_data(content: JsonObject, data: m.DataAddress | None) -> JsonObject:
    if data is not None:
        content["dataAddress"] = _data_address(data)
    return content


def _data_address(data: m.DataAddress) -> JsonObject:
    content: JsonObject = {"@type": "DataAddress", "endpointType": data.endpoint_type}
    if data.endpoint is not None:
        content["endpoint"] = data.endpoint
    if data.properties:
        content["endpointProperties"] = [
            {"@type": "EndpointProperty", "name": name, "value": value} for name, value in sorted(data.properties.items())
        ]
    return content


_WRITERS: dict[type[Message], tuple[str, Callable[[Any], JsonObject]]] = {
    m.ContractRequest: ("ContractRequestMessage", _contract_request),
    m.ContractOffer: ("ContractOfferMessage", _contract_offer),
    m.ContractAgreement: ("ContractAgreementMessage", _contract_agreement),
    m.AgreementVerification: ("ContractAgreementVerificationMessage", _pids),
    m.NegotiationAccepted: ("ContractNegotiationEventMessage", _event("ACCEPTED")),
    m.NegotiationFinalized: ("ContractNegotiationEventMessage", _event("FINALIZED")),
    m.NegotiationTermination: ("ContractNegotiationTerminationMessage", _coded),
    m.TransferRequest: ("TransferRequestMessage", _transfer_request),
    m.TransferStart: ("TransferStartMessage", _transfer_start),
    m.TransferCompletion: ("TransferCompletionMessage", _pids),
    m.TransferSuspension: ("TransferSuspensionMessage", _coded),
    m.TransferTermination: ("TransferTerminationMessage", _coded),
}
