"""What goes back: states, errors and the catalogue request (DSP 2025-1, 5.3, 7.4 and 9.4)."""

from __future__ import annotations

from typing import Final

import msgspec

from hanse.dsp import negotiation, transfer
from hanse.dsp.messages import CatalogRequest, Fault, ProcessStatus
from hanse.dsp.versions.v2025_1 import fields as f
from hanse.dsp.versions.v2025_1.fields import JsonObject
from hanse.dsp.versions.v2025_1.write import encode_object, write_code
from hanse.kernel.errors import Invalid

MAX_FILTERS: Final = 64
MAX_FAULT: Final = 65_536
UNKNOWN_PID: Final = "unknown"
"""The schemas want both pids in every error; this stands for one that does not exist or could not be read."""


def encode_negotiation(status: ProcessStatus) -> bytes:
    """Return a ContractNegotiation (DSP 2025-1, 7.4: answer to the first message and to GET)."""
    return _encode_status("ContractNegotiation", status)


def encode_transfer(status: ProcessStatus) -> bytes:
    """Return a TransferProcess (DSP 2025-1, 9.4: answer to the request and to GET)."""
    return _encode_status("TransferProcess", status)


def _encode_status(name: str, status: ProcessStatus) -> bytes:
    return encode_object(name, {"providerPid": status.provider_pid, "consumerPid": status.consumer_pid, "state": status.state})


def decode_negotiation(body: bytes) -> ProcessStatus:
    """Return what a peer says of a negotiation. Raises `Malformed` or `Invalid` when it is no ContractNegotiation."""
    return _decode_status(body, "ContractNegotiation", frozenset(negotiation.State))


def decode_transfer(body: bytes) -> ProcessStatus:
    """Return what a peer says of a transfer. Raises `Malformed` or `Invalid` when it is no TransferProcess."""
    return _decode_status(body, "TransferProcess", frozenset(transfer.State))


def _decode_status(body: bytes, name: str, states: frozenset[str]) -> ProcessStatus:
    message = f.read_object(body)
    f.check_context(message)
    f.check_type(message, name)
    state = f.text(message, "state")
    if state not in states:
        raise Invalid(f"A {name} has no state {f.shown(state)}.", where="state", rule="state")
    return ProcessStatus(provider_pid=f.pid(message, "providerPid"), consumer_pid=f.pid(message, "consumerPid"), state=state)


def encode_negotiation_error(fault: Fault) -> bytes:
    """Return a ContractNegotiationError."""
    return encode_object("ContractNegotiationError", _fault(fault))


def encode_transfer_error(fault: Fault) -> bytes:
    """Return a TransferError."""
    return encode_object("TransferError", _fault(fault))


def encode_catalog_error(fault: Fault) -> bytes:
    """Return a CatalogError, which has no pids."""
    return encode_object("CatalogError", write_code({}, fault.code, fault.reason))


def _fault(fault: Fault) -> JsonObject:
    pids: JsonObject = {"providerPid": fault.provider_pid or UNKNOWN_PID, "consumerPid": fault.consumer_pid or UNKNOWN_PID}
    return write_code(pids, fault.code, fault.reason)


def decode_fault(body: bytes) -> Fault:
    """Return what can be told of any refusal, so that a person learns why. Never raises; everything is bounded.

    Beyond the protocol's errors this reads the usual fields of others' (RFC 9457, EDC) and short plain text.
    """
    try:
        value: object = msgspec.json.decode(body) if len(body) <= MAX_FAULT else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Fault(reason=_plain_text(body))
    if f.is_deep(value):
        return Fault()
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return Fault(reason=(f.readable(value),) if value else ())
    return Fault(
        code=_word(value.get("code")),
        reason=_why(value),
        provider_pid=_known_pid(value.get("providerPid")),
        consumer_pid=_known_pid(value.get("consumerPid")),
    )


def _why(value: JsonObject) -> tuple[str, ...]:
    for name in ("reason", "detail", "message", "title", "error"):
        found = value.get(name)
        items = found if isinstance(found, list) else [found]
        texts = tuple(f.readable(item) for item in items[: f.MAX_REASONS] if item)
        if texts:
            return texts
    return ()


def _word(value: object) -> str | None:
    return f.readable(value)[: f.MAX_PID] if isinstance(value, str | int) else None


def _known_pid(value: object) -> str | None:
    return f.readable(value) if isinstance(value, str) and value != UNKNOWN_PID and 0 < len(value) <= f.MAX_PID else None


def _plain_text(body: bytes) -> tuple[str, ...]:
    words = body[: 4 * f.MAX_REASON].decode(errors="replace").strip()
    return () if not words or words.startswith("<") else (f.readable(words),)


def encode_catalog_request(request: CatalogRequest) -> bytes:
    """Return a CatalogRequestMessage; an empty filter is left out (DSP 2025-1, 5.3.1)."""
    return encode_object("CatalogRequestMessage", {"filter": request.filter} if request.filter else {})


def decode_catalog_request(body: bytes) -> CatalogRequest:
    """Return the request; `filter` may be absent, a list, or one object (seen in the field).

    Raises `Malformed` or `Invalid`.
    """
    message = f.read_object(body)
    f.check_context(message)
    f.check_type(message, "CatalogRequestMessage")
    criteria = message.get("filter")
    if criteria is None:
        return CatalogRequest()
    if isinstance(criteria, dict):
        return CatalogRequest(filter=(criteria,))
    if not isinstance(criteria, list):
        raise Invalid("filter is not a list.", where="filter", rule="list")
    if len(criteria) > MAX_FILTERS:
        raise Invalid(f"filter has more than {MAX_FILTERS} items.", where="filter", rule="length")
    return CatalogRequest(filter=tuple(criteria))
