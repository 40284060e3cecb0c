"""Who moves next, by rule: the answers that need no person.

A rule looks at a process that has just entered a state by the peer's step and returns our move, or nothing: then a
person decides. The checks that no person may skip (is this the agreement that was negotiated?) are here too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from hanse.connector.deciding import Usage
from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Answering, Asset, Negotiation, Transfer
from hanse.connector.rights import passed_on_under
from hanse.dsp.messages import Role
from hanse.dsp.negotiation import State, Step
from hanse.odrl.model import Agreement, Offer
from hanse.odrl.normal import same_terms

ASK = "ask"
"""No step of the protocol: from here on a person answers."""


class Move(Struct, frozen=True):
    """Our next step. `offer` goes with an offer or a counter-offer, `reason` with a termination, and with `ASK`."""

    step: str
    offer: Offer | None = None
    reason: str = ""


class NegotiationRule(Protocol):
    """Answers a negotiation's incoming step."""

    def answer(self, tx: ConnectorTx, negotiation: Negotiation) -> Move | None:
        """Return our move, or nothing to wait for a person."""
        ...


class TransferRule(Protocol):
    """Answers a transfer's incoming step."""

    def answer(self, tx: ConnectorTx, transfer: Transfer) -> Move | None:
        """Return our move, or nothing to wait."""
        ...


def own_offer(asset: Asset, negotiation: Negotiation) -> Offer | None:
    """Return the asset's own offer that the negotiation is about: the one of that id, else the one with equal terms."""
    offers = asset.dataset.offers
    for offer in offers:
        if offer.id == negotiation.offer.id:
            return offer
    return next((o for o in offers if same_terms(o.terms, negotiation.offer.terms)), None)


class OwnOffersRule:
    """Accept what equals an own offer, counter what does not, and verify and finalise what was agreed.

    A provider whose asset is answered by hand leaves requests to a person, and so does a consumer for terms that it
    did not ask for itself.
    """

    def __init__(self, usage: Usage) -> None:
        self._usage = usage
        self._answers: dict[tuple[Role, State | None], Callable[[ConnectorTx, Negotiation], Move | None]] = {
            (Role.PROVIDER, State.REQUESTED): self._requested,
            (Role.PROVIDER, State.ACCEPTED): self.agree,
            (Role.PROVIDER, State.VERIFIED): lambda _tx, _negotiation: Move(Step.FINALIZE),
            (Role.CONSUMER, State.OFFERED): self._offered,
            (Role.CONSUMER, State.AGREED): self._verify,
        }

    def answer(self, tx: ConnectorTx, negotiation: Negotiation) -> Move | None:
        """Return our move, or nothing to wait for a person."""
        find = self._answers.get((negotiation.role, negotiation.state))
        return find(tx, negotiation) if find else None

    def _requested(self, tx: ConnectorTx, negotiation: Negotiation) -> Move | None:
        asset = tx.assets.get(negotiation.tenant, negotiation.dataset)
        if asset is None or asset.withdrawn is not None:
            return Move(Step.TERMINATE, reason="This dataset is no longer on offer.")
        if negotiation.answering is Answering.HAND:
            return None
        own = own_offer(asset, negotiation) or asset.dataset.offers[0]
        if same_terms(own.terms, negotiation.offer.terms):
            return self.agree(tx, negotiation)
        return Move(Step.OFFER, offer=Offer(id=own.id, terms=own.terms, target=asset.id))

    def agree(self, tx: ConnectorTx, negotiation: Negotiation) -> Move:
        """Agree, unless the data may not be passed on any more, or the peer could never use it under these terms."""
        asset = tx.assets.get(negotiation.tenant, negotiation.dataset)
        gone = "" if asset is None else passed_on_under(tx, asset)
        if gone:
            return Move(Step.TERMINATE, reason=gone)
        why = self._usage.prospect(tx, negotiation)
        return Move(Step.TERMINATE, reason=f"Under these terms you may not use the data: {why}") if why else Move(Step.AGREE)

    def _offered(self, tx: ConnectorTx, negotiation: Negotiation) -> Move | None:
        asked = negotiation.asked
        if negotiation.answering is Answering.RULE and asked is not None and same_terms(asked, negotiation.offer.terms):
            return Move(Step.ACCEPT)
        return None

    def _verify(self, tx: ConnectorTx, negotiation: Negotiation) -> Move:
        agreement = negotiation.agreement
        wrong = "there is none" if agreement is None else _difference(agreement, negotiation)
        if wrong:
            return Move(Step.TERMINATE, reason=f"The agreement is not what was negotiated: {wrong}.")
        return Move(Step.VERIFY)


def _difference(agreement: Agreement, negotiation: Negotiation) -> str:
    if agreement.target != negotiation.dataset:
        return f"its target is {agreement.target}, not {negotiation.dataset}"
    if agreement.assigner != negotiation.peer:
        return f"its assigner is {agreement.assigner}, not {negotiation.peer}"
    if agreement.assignee != negotiation.own_did:
        return f"its assignee is {agreement.assignee}, not {negotiation.own_did}"
    if not same_terms(agreement.terms, negotiation.offer.terms):
        return "its terms differ from the last offer"
    return ""


class StartAtOnceRule:
    """Start every transfer that has been admitted, and again one that the consumer resumes; leave the rest to a person."""

    def answer(self, tx: ConnectorTx, transfer: Transfer) -> Move | None:
        """Return our move, or nothing to wait."""
        asked = transfer.role is Role.PROVIDER and transfer.state in ("REQUESTED", "STARTED")
        return Move("start") if asked else None
