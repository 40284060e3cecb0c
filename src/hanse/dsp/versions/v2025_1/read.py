"""Wire JSON to messages (DSP 2025-1, 7.4, 9.4 and the message schemas)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, overload

from hanse.dsp import messages as m
from hanse.dsp.messages import Message, NegotiationMessage, TransferMessage
from hanse.dsp.versions.v2025_1 import fields as f
from hanse.dsp.versions.v2025_1.fields import JsonObject
from hanse.kernel.errors import Invalid
from hanse.odrl.forms.read import read_agreement, read_offer
from hanse.odrl.model import Offer

M = TypeVar("M", bound=Message)

MAX_PROPERTIES: Final = 64
MAX_ENDPOINT: Final = 8_192
MAX_VALUE: Final = 16_384


@overload
def decode(body: bytes, expected: type[M], /) -> M: ...


@overload
def decode(body: bytes, first: type[NegotiationMessage], /, *others: type[NegotiationMessage]) -> NegotiationMessage: ...


@overload
def decode(body: bytes, first: type[TransferMessage], /, *others: type[TransferMessage]) -> TransferMessage: ...


@overload
def decode(body: bytes, /, *expected: type[Message]) -> Message: ...


def decode(body: bytes, /, *expected: type[Any]) -> Message:
    """Return the message in `body`, which must be of one of the `expected` types (any type when none is named).

    Unknown keys are ignored, and null is the same as absent (DSP 2025-1, 4: plain JSON processing).
    Raises `Malformed` when the body cannot be read, and `Invalid` with the field when it breaks a rule.
    """
    message = f.read_object(body)
    f.check_context(message)
    name = f.type_of(message)
    entry = _READERS.get(name)
    if entry is None:
        raise f.unexpected(name, _names(expected))
    types, read = entry
    if expected and not any(kind in expected for kind in types):
        raise f.unexpected(name, _names(expected))
    result = read(message)
    if expected and type(result) not in expected:  # only an event is of two types
        raise _unexpected_event(result)
    return result


def _names(expected: tuple[type[Message], ...]) -> str:
    names = [name for name, (types, _) in _READERS.items() if any(kind in expected for kind in types)]
    return " or ".join(names) or "negotiation or transfer message"


def _unexpected_event(found: Message) -> Invalid:
    sent, wanted = ("FINALIZED", "ACCEPTED") if isinstance(found, m.NegotiationFinalized) else ("ACCEPTED", "FINALIZED")
    return Invalid(f"The event is {sent}; here {wanted} is expected.", where="eventType", rule="event")


def _contract_request(message: JsonObject) -> m.ContractRequest:
    callback, provider = _callback_or_pid(message, "providerPid")
    offer = _offer(message)
    return m.ContractRequest(consumer_pid=f.pid(message, "consumerPid"), offer=offer, provider_pid=provider, callback=callback)


def _contract_offer(message: JsonObject) -> m.ContractOffer:
    callback, consumer = _callback_or_pid(message, "consumerPid")
    offer = _offer(message)
    return m.ContractOffer(provider_pid=f.pid(message, "providerPid"), offer=offer, consumer_pid=consumer, callback=callback)


def _callback_or_pid(message: JsonObject, name: str) -> tuple[str | None, str | None]:
    """Return exactly one of callbackAddress (the first message) and the other side's pid (the `oneOf` of the schemas)."""
    first, reply = message.get("callbackAddress") is not None, message.get(name) is not None
    if first and reply:
        raise Invalid(
            f"callbackAddress and {name} exclude each other.", where="callbackAddress", rule="one-of", hint=f"Send {name} only in a reply."
        )
    if not first and not reply:
        raise Invalid(f"callbackAddress or {name} is required.", where="callbackAddress", rule="one-of")
    return (f.address(message, "callbackAddress"), None) if first else (None, f.pid(message, name))


def _offer(message: JsonObject) -> Offer:
    """Return the offer, which in a message names its target (DSP 2025-1, 7.3: MessageOffer)."""
    offer = read_offer(_required(message, "offer"), where="offer")
    if offer.target is None:
        raise Invalid("offer.target is missing.", where="offer.target", rule="required", hint="Name the dataset.")
    return offer


def _required(message: JsonObject, name: str) -> object:
    value = message.get(name)
    if value is None:
        raise Invalid(f"{name} is missing.", where=name, rule="required")
    return value


def _contract_agreement(message: JsonObject) -> m.ContractAgreement:
    return m.ContractAgreement(
        provider_pid=f.pid(message, "providerPid"),
        consumer_pid=f.pid(message, "consumerPid"),
        agreement=read_agreement(_required(message, "agreement"), where="agreement"),
    )


def _event(message: JsonObject) -> m.NegotiationAccepted | m.NegotiationFinalized:
    provider, consumer = f.pid(message, "providerPid"), f.pid(message, "consumerPid")
    event = f.text(message, "eventType")
    if event == "ACCEPTED":
        return m.NegotiationAccepted(provider_pid=provider, consumer_pid=consumer)
    if event == "FINALIZED":
        return m.NegotiationFinalized(provider_pid=provider, consumer_pid=consumer)
    raise Invalid(f"There is no event {f.shown(event)}.", where="eventType", rule="event", hint="Send ACCEPTED or FINALIZED.")


_Plain = TypeVar("_Plain", m.AgreementVerification, m.TransferCompletion)
_Coded = TypeVar("_Coded", m.NegotiationTermination, m.TransferSuspension, m.TransferTermination)


def _plain(kind: type[_Plain]) -> Callable[[JsonObject], _Plain]:
    def read(message: JsonObject) -> _Plain:
        return kind(provider_pid=f.pid(message, "providerPid"), consumer_pid=f.pid(message, "consumerPid"))

    return read


def _coded(kind: type[_Coded]) -> Callable[[JsonObject], _Coded]:
    def read(message: JsonObject) -> _Coded:
        return kind(
            provider_pid=f.pid(message, "providerPid"),
            consumer_pid=f.pid(message, "consumerPid"),
            code=f.optional_text(message, "code", limit=f.MAX_PID),
            reason=f.reasons(message),
        )

    return read


def _transfer_request(message: JsonObject) -> m.TransferRequest:
    return m.TransferRequest(
        consumer_pid=f.pid(message, "consumerPid"),
        agreement_id=f.text(message, "agreementId"),
        format=f.text(message, "format"),
        callback=f.address(message, "callbackAddress"),
        data_address=_data_address(message),
    )


def _transfer_start(message: JsonObject) -> m.TransferStart:
    return m.TransferStart(
        provider_pid=f.pid(message, "providerPid"), consumer_pid=f.pid(message, "consumerPid"), data_address=_data_address(message)
    )


def _data_address(message: JsonObject) -> m.DataAddress | None:
    """Return the data address, if there is one (DSP 2025-1, data-address-schema; a missing `@type` is tolerated)."""
    value = message.get("dataAddress")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Invalid("dataAddress is not an object.", where="dataAddress", rule="object")
    if value.get("@type", "DataAddress") != "DataAddress":
        raise Invalid("dataAddress is not of the type DataAddress.", where="dataAddress.@type", rule="type")
    return m.DataAddress(
        endpoint_type=f.text(value, "endpointType", "dataAddress."),
        endpoint=f.optional_text(value, "endpoint", "dataAddress.", MAX_ENDPOINT),
        properties=_properties(value.get("endpointProperties")),
    )


def _properties(items: object) -> dict[str, str]:
    where = "dataAddress.endpointProperties"
    if items is None:
        return {}
    if not isinstance(items, list):
        raise Invalid(f"{where} is not a list.", where=where, rule="list")
    if len(items) > MAX_PROPERTIES:
        raise Invalid(f"{where} has more than {MAX_PROPERTIES} items.", where=where, rule="length")
    properties: dict[str, str] = {}
    for index, item in enumerate(items):
        name, value = _property(item, f"{where}[{index}]")
        if name in properties:  # two tokens under one name: which of them holds would be a guess
            raise Invalid(f"{f.shown(name)} is given twice.", where=f"{where}[{index}].name", rule="unique")
        properties[name] = value
    return properties


def _property(item: object, where: str) -> tuple[str, str]:
    if not isinstance(item, dict):
        raise Invalid(f"{where} is not an object.", where=where, rule="object")
    name, value = f.text(item, "name", f"{where}.", f.MAX_PID), item.get("value")
    if not isinstance(value, str) or len(value) > MAX_VALUE:  # the value may be a secret: never quoted
        raise Invalid(f"{where}.value is not text of at most {MAX_VALUE} characters.", where=f"{where}.value", rule="text")
    return name, value


_READERS: dict[str, tuple[tuple[type[Message], ...], Callable[[JsonObject], Message]]] = {
    "ContractRequestMessage": ((m.ContractRequest,), _contract_request),
    "ContractOfferMessage": ((m.ContractOffer,), _contract_offer),
    "ContractAgreementMessage": ((m.ContractAgreement,), _contract_agreement),
    "ContractAgreementVerificationMessage": ((m.AgreementVerification,), _plain(m.AgreementVerification)),
    "ContractNegotiationEventMessage": ((m.NegotiationAccepted, m.NegotiationFinalized), _event),
    "ContractNegotiationTerminationMessage": ((m.NegotiationTermination,), _coded(m.NegotiationTermination)),
    "TransferRequestMessage": ((m.TransferRequest,), _transfer_request),
    "TransferStartMessage": ((m.TransferStart,), _transfer_start),
    "TransferCompletionMessage": ((m.TransferCompletion,), _plain(m.TransferCompletion)),
    "TransferSuspensionMessage": ((m.TransferSuspension,), _coded(m.TransferSuspension)),
    "TransferTerminationMessage": ((m.TransferTermination,), _coded(m.TransferTermination)),
}
