"""The messages of the Dataspace Protocol, free of any version's wire form (DSP 2025-1, sections 5 to 10)."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from hanse.odrl.model import Agreement, Offer


class Role(StrEnum):
    """Which side of a process a participant is on."""

    PROVIDER = "provider"
    CONSUMER = "consumer"

    @property
    def other(self) -> Role:
        """Return the counterparty's role."""
        return Role.CONSUMER if self is Role.PROVIDER else Role.PROVIDER


class DataAddress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where data is, or is to be put. `properties` are the endpointProperties as name -> value, all text."""

    endpoint_type: str
    endpoint: str | None = None
    properties: dict[str, str] = {}


class ContractRequest(Struct, frozen=True, kw_only=True):
    """The consumer asks, or counters (then `provider_pid` is set and `callback` is not)."""

    consumer_pid: str
    offer: Offer
    provider_pid: str | None = None
    callback: str | None = None


class ContractOffer(Struct, frozen=True, kw_only=True):
    """The provider offers, first (`callback` set) or in reply (`consumer_pid` set)."""

    provider_pid: str
    offer: Offer
    consumer_pid: str | None = None
    callback: str | None = None


class Pids(Struct, frozen=True, kw_only=True):
    """A message that names both ends of a running process."""

    provider_pid: str
    consumer_pid: str


class ContractAgreement(Pids, frozen=True, kw_only=True):
    """The provider agrees; it carries the agreement."""

    agreement: Agreement


class AgreementVerification(Pids, frozen=True, kw_only=True):
    """The consumer has checked the agreement."""


class NegotiationAccepted(Pids, frozen=True, kw_only=True):
    """ContractNegotiationEventMessage ACCEPTED: the consumer takes the provider's last offer."""


class NegotiationFinalized(Pids, frozen=True, kw_only=True):
    """ContractNegotiationEventMessage FINALIZED: the provider declares the agreement ready for use."""


class NegotiationTermination(Pids, frozen=True, kw_only=True):
    """Either side ends the negotiation. `reason` is what a person reads."""

    code: str | None = None
    reason: tuple[str, ...] = ()


class TransferRequest(Struct, frozen=True, kw_only=True):
    """The consumer asks for data under an agreement; `data_address` only for a push."""

    consumer_pid: str
    agreement_id: str
    format: str
    callback: str
    data_address: DataAddress | None = None


class TransferStart(Pids, frozen=True, kw_only=True):
    """Data can flow (again). From the provider of a pull it carries the data address."""

    data_address: DataAddress | None = None


class TransferCompletion(Pids, frozen=True, kw_only=True):
    """Either side says that the transfer is done."""


class TransferSuspension(Pids, frozen=True, kw_only=True):
    """Either side halts the transfer for now."""

    code: str | None = None
    reason: tuple[str, ...] = ()


class TransferTermination(Pids, frozen=True, kw_only=True):
    """Either side ends the transfer for good."""

    code: str | None = None
    reason: tuple[str, ...] = ()


_FromProvider = ContractOffer | ContractAgreement | NegotiationFinalized
_FromConsumer = ContractRequest | NegotiationAccepted | AgreementVerification
NegotiationMessage = _FromConsumer | _FromProvider | NegotiationTermination
TransferMessage = TransferRequest | TransferStart | TransferCompletion | TransferSuspension | TransferTermination
Message = NegotiationMessage | TransferMessage


class CatalogRequest(Struct, frozen=True, kw_only=True):
    """Ask for datasets; `filter` holds the criteria as they came, each judged by `dcat.search`."""

    filter: tuple[object, ...] = ()


class ProcessStatus(Pids, frozen=True, kw_only=True):
    """ContractNegotiation or TransferProcess: the two ids and the state."""

    state: str


class Fault(Struct, frozen=True, kw_only=True):
    """What an error body says: CatalogError, ContractNegotiationError or TransferError."""

    code: str | None = None
    reason: tuple[str, ...] = ()
    provider_pid: str | None = None
    consumer_pid: str | None = None
