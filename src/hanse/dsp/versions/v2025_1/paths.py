"""Where each message goes, relative to the receiver's base (DSP 2025-1, 8.2, 8.3, 10.2 and 10.3). One table for both roles."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from msgspec import Struct

from hanse.dsp import messages as m
from hanse.dsp.messages import Message, Role
from hanse.kernel.errors import Invalid

CATALOG_REQUEST: Final = "/catalog/request"
CATALOG_DATASET: Final = "/catalog/datasets/{id}"
NEGOTIATION: Final = "/negotiations/{pid}"
TRANSFER: Final = "/transfers/{pid}"


class Endpoint(Struct, frozen=True):
    """A message of this type to a receiver in this role is POSTed to `path`; `{pid}` is the receiver's pid.

    `initial` messages begin a process, so that the receiver has no pid yet.
    """

    message: type[Message]
    receiver: Role
    initial: bool
    path: str


_P, _C = Role.PROVIDER, Role.CONSUMER

ENDPOINTS: Final = (
    Endpoint(m.ContractRequest, _P, True, "/negotiations/request"),
    Endpoint(m.ContractRequest, _P, False, f"{NEGOTIATION}/request"),
    Endpoint(m.NegotiationAccepted, _P, False, f"{NEGOTIATION}/events"),
    Endpoint(m.AgreementVerification, _P, False, f"{NEGOTIATION}/agreement/verification"),
    Endpoint(m.NegotiationTermination, _P, False, f"{NEGOTIATION}/termination"),
    Endpoint(m.ContractOffer, _C, True, "/negotiations/offers"),
    Endpoint(m.ContractOffer, _C, False, f"{NEGOTIATION}/offers"),
    Endpoint(m.ContractAgreement, _C, False, f"{NEGOTIATION}/agreement"),
    Endpoint(m.NegotiationFinalized, _C, False, f"{NEGOTIATION}/events"),
    Endpoint(m.NegotiationTermination, _C, False, f"{NEGOTIATION}/termination"),
    Endpoint(m.TransferRequest, _P, True, "/transfers/request"),
    Endpoint(m.TransferStart, _P, False, f"{TRANSFER}/start"),
    Endpoint(m.TransferCompletion, _P, False, f"{TRANSFER}/completion"),
    Endpoint(m.TransferSuspension, _P, False, f"{TRANSFER}/suspension"),
    Endpoint(m.TransferTermination, _P, False, f"{TRANSFER}/termination"),
    Endpoint(m.TransferStart, _C, False, f"{TRANSFER}/start"),
    Endpoint(m.TransferCompletion, _C, False, f"{TRANSFER}/completion"),
    Endpoint(m.TransferSuspension, _C, False, f"{TRANSFER}/suspension"),
    Endpoint(m.TransferTermination, _C, False, f"{TRANSFER}/termination"),
)

# The path depends on the message alone; that the rows for both receivers agree is tested.
_TEMPLATES: Final = {(row.message, row.initial): row.path for row in ENDPOINTS}


def path_of(message: Message, peer_pid: str | None = None) -> str:
    """Return the path, below the receiver's base, to which the message is POSTed.

    `peer_pid` is the receiver's pid; a first message needs none, and a request or an offer in reply carries its own.
    Raises `Invalid` when there is none, or one that cannot stand in a path.
    """
    own = _receiver_pid(message)
    initial = own is None and isinstance(message, m.ContractRequest | m.ContractOffer | m.TransferRequest)
    template = _TEMPLATES[type(message), initial]
    return template if initial else template.replace("{pid}", segment(peer_pid or own))


def _receiver_pid(message: Message) -> str | None:
    if isinstance(message, m.ContractRequest):
        return message.provider_pid
    return message.consumer_pid if isinstance(message, m.ContractOffer) else None


def segment(pid: str | None) -> str:
    """Return an id as one percent-encoded segment of a path. Raises `Invalid` for none and for `.` and `..`."""
    if not pid or pid in (".", ".."):
        raise Invalid("There is no process id that can stand in a path.", where="pid", rule="pid")
    return quote(pid, safe="")


def join(base: str, path: str) -> str:
    """Return the path below the base, which may end in `/` or not (DSP 2025-1, callbackAddress)."""
    return base.rstrip("/") + path
