"""The 25 policy classes of IDSA: where each is kept, how, what proves it, and the best badge that it can have.

`docs` and the tests are made from this table. The last column is the badge towards a peer with an EvidenceService; towards one
without, what is ATTESTED here is DECLARED.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from hanse.odrl.constraints.base import Badge


class PolicyClass(Struct, frozen=True):
    """One class: its number and name, place of enforcement, mechanism, proof, and best badge."""

    number: int
    name: str
    where: str
    how: str
    proof: str
    badge: Badge


_PROVIDER: Final = "the provider's decision point, at the transfer request and at every data request"
_TWICE: Final = "both decision points: the provider's for transfers, the consumer's own for openings"
_PLANE: Final = "the provider's data plane, before the first byte"
_CONSUMER: Final = "the consumer's server"
_STATED: Final = "the consumer's signed statement, verified before the first byte"

CLASSES: Final[tuple[PolicyClass, ...]] = (
    PolicyClass(1, "consumer", _PROVIDER, "the DID that proved itself is one of those named", "self-issued token", Badge.ENFORCED),
    PolicyClass(2, "connector", _PROVIDER, "the address that the consumer answers at is one of those named", "delivery", Badge.ENFORCED),
    PolicyClass(3, "application", _TWICE, _STATED, "signed statement", Badge.ATTESTED),
    PolicyClass(4, "user role", _PROVIDER, "role and claim credentials, verified again while data flows", "credentials", Badge.ENFORCED),
    PolicyClass(5, "place of use", _TWICE, f"a credential's claim, else {_STATED}", "credential or signed statement", Badge.ATTESTED),
    PolicyClass(6, "purpose", _TWICE, f"{_STATED}, compared in the DPV tree", "signed statement", Badge.ATTESTED),
    PolicyClass(7, "event", _TWICE, "events that operators and hooks tell; silence is unknown", "told fact", Badge.ENFORCED),
    PolicyClass(8, "security level", _TWICE, f"a credential's claim, else {_STATED}", "credential or signed statement", Badge.ATTESTED),
    PolicyClass(9, "interval", _TWICE, "the clock; streams are cut at the boundary", "log entry with the moment", Badge.ENFORCED),
    PolicyClass(10, "duration", _TWICE, "age of the agreement, or time measured in leases", "tally", Badge.ENFORCED),
    PolicyClass(11, "number of uses", _TWICE, "a locked tally per agreement, reserved with the request", "tally", Badge.ENFORCED),
    PolicyClass(12, "delete", _CONSUMER, "an obligation with a deadline; overdue is a breach", "signed deletion receipt", Badge.ATTESTED),
    PolicyClass(13, "modify in transit", _PLANE, "a row-local transform; without it no bytes", "manifest", Badge.ENFORCED),
    PolicyClass(14, "modify at rest", _CONSUMER, "an obligation with a deadline; overdue is a breach", "signed receipt", Badge.ATTESTED),
    PolicyClass(15, "log", "the provider's ledger", "appended in the transaction of the admission", "inclusion proof", Badge.ENFORCED),
    PolicyClass(16, "inform", "both servers", "a signed notice with every use", "signed notice", Badge.ATTESTED),
    PolicyClass(17, "next policy", _CONSUMER, "an own offer that names the agreement may not permit more", "agreement", Badge.DECLARED),
    PolicyClass(18, "state of the data", _PLANE, "encrypted or changed before it leaves, or stored so", "manifest", Badge.ENFORCED),
    PolicyClass(19, "sale", _PROVIDER, "a payment that an operator or a hook told", "payment reference", Badge.ENFORCED),
    PolicyClass(20, "rental", _PROVIDER, "a payment for the period, stale when it is over", "payment reference", Badge.ENFORCED),
    PolicyClass(21, "environment", _TWICE, _STATED, "signed statement", Badge.ATTESTED),
    PolicyClass(22, "participant's location", _PROVIDER, "the claim of a verified credential", "credential", Badge.ENFORCED),
    PolicyClass(23, "consent", _PROVIDER, "a consent that an operator or a hook told and can take back", "reference", Badge.ENFORCED),
    PolicyClass(24, "classification", _PROVIDER, "what the data's owner told of it, compared by level", "told fact", Badge.ENFORCED),
    PolicyClass(25, "anonymise", _PLANE, "a derived version of at least k records per group", "manifest of the version", Badge.ENFORCED),
)
"""In the order of their numbers."""
