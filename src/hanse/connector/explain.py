"""What happened to a negotiation or a transfer, what it waits for, and who must act."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Answering, Asset, Contract, Happening, Negotiation, Process, Transfer
from hanse.connector.transfers import PUSH
from hanse.dsp.messages import Role
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Tenant
from hanse.odrl.say import say_terms

_NEGOTIATION = {
    (Role.CONSUMER, "REQUESTED"): ("the provider's agreement or counter-offer", "the provider"),
    (Role.CONSUMER, "OFFERED"): ("an answer to the provider's offer: accept, counter or refuse it", "you"),
    (Role.CONSUMER, "ACCEPTED"): ("the provider's agreement", "the provider"),
    (Role.CONSUMER, "AGREED"): ("the verification of the agreement", "you"),
    (Role.CONSUMER, "VERIFIED"): ("the provider to finalise the agreement", "the provider"),
    (Role.PROVIDER, "REQUESTED"): ("an answer to the consumer's request: agree, counter or refuse it", "you"),
    (Role.PROVIDER, "OFFERED"): ("the consumer's answer to the offer", "the consumer"),
    (Role.PROVIDER, "ACCEPTED"): ("the agreement to be made from the accepted offer", "you"),
    (Role.PROVIDER, "AGREED"): ("the consumer to verify the agreement", "the consumer"),
    (Role.PROVIDER, "VERIFIED"): ("the agreement to be finalised", "you"),
}
_TRANSFER = {
    (Role.CONSUMER, "REQUESTED"): ("the provider to start the transfer", "the provider"),
    (Role.PROVIDER, "REQUESTED"): ("the transfer to be started", "you"),
    (Role.CONSUMER, "STARTED"): ("the data to be fetched, then completion", "you"),
    (Role.PROVIDER, "STARTED"): ("the consumer to fetch the data", "the consumer"),
}
_PUSH = {
    Role.CONSUMER: ("the provider to send the data", "the provider"),
    Role.PROVIDER: ("the data to be sent, then completion", "this server"),
}


class Explanation(Struct, kw_only=True, omit_defaults=True):
    """The story of an id. `waits_for` and `who` are empty when nothing is left to do; `until` is the deadline."""

    id: str
    kind: str
    summary: str
    state: str
    waits_for: str = ""
    who: str = ""
    until: datetime | None = None
    history: list[Happening] = []
    last_error: str = ""
    next_attempt: datetime | None = None
    related: dict[str, str] = {}


def explain(tx: ConnectorTx, tenant: Tenant, id: str) -> Explanation:
    """Explain a negotiation, a transfer, an agreement or a dataset of this tenant. Raises `NotFound` for anything else."""
    negotiation = tx.negotiations.get(tenant, id)
    if negotiation is not None:
        return _of_negotiation(tx, negotiation)
    transfer = tx.transfers.get(tenant, id)
    if transfer is not None:
        return _of_transfer(tx, transfer)
    contract = tx.contracts.get(tenant, id)
    if contract is not None:
        return _of_contract(contract)
    asset = tx.assets.get(tenant, id) or tx.assets.by_offer(tenant, id)
    if asset is not None:
        return _of_asset(asset, id)
    raise NotFound(
        f"Nothing here goes by the id {id[:80]!r}.",
        where="id",
        hint="Ids look like neg_…, agr_…, trf_…, ds_… or off_…; `hanse contracts` and `hanse transfers` list them.",
    )


def _of_asset(asset: Asset, id: str) -> Explanation:
    seen = "the members named: " + ", ".join(asset.visible_to) if asset.visible_to else "every member of the space"
    summary = f"The dataset {asset.dataset.title!r} is seen by {seen}; requests are answered by {asset.answering}."
    state = "WITHDRAWN" if asset.withdrawn else "ON OFFER"
    offer = next((offer for offer in asset.dataset.offers if offer.id == id), None)
    if offer is None:
        return Explanation(id=id, kind="dataset", summary=summary, state=state)
    said = " ".join(say_terms(offer.terms))
    return Explanation(id=id, kind="offer", summary=f"{said} {summary}", state=state, related={"dataset": asset.id})


def _of_negotiation(tx: ConnectorTx, negotiation: Negotiation) -> Explanation:
    related = {"dataset": negotiation.dataset, "peer": negotiation.peer}
    if negotiation.agreement is not None:
        related["agreement"] = negotiation.agreement.id
    waits = _NEGOTIATION.get((negotiation.role, negotiation.state or ""), ("", ""))
    if negotiation.answering is Answering.RULE and waits[1] == "you" and negotiation.intent is None and negotiation.state != "OFFERED":
        waits = (waits[0], "this server, by rule")
    summary = f"A negotiation as {negotiation.role} with {negotiation.peer} about {negotiation.dataset}."
    return _of_process(tx, negotiation, "negotiation", summary, negotiation.state, waits, related)


def _of_transfer(tx: ConnectorTx, transfer: Transfer) -> Explanation:
    waits = _TRANSFER.get((transfer.role, transfer.state or ""), ("", ""))
    if transfer.state == "STARTED" and transfer.format.endswith(PUSH):
        waits = _PUSH[transfer.role]
    if transfer.state == "SUSPENDED":
        ours = transfer.suspended_by is transfer.role
        waits = ("the transfer to be resumed by the side that suspended it", "you" if ours else f"the {transfer.role.other}")
    summary = f"A transfer ({transfer.format}) as {transfer.role} with {transfer.peer} under {transfer.agreement_id}."
    related = {"agreement": transfer.agreement_id, "dataset": transfer.dataset, "peer": transfer.peer}
    return _of_process(tx, transfer, "transfer", summary, transfer.state, waits, related)


def _of_process(
    tx: ConnectorTx, process: Process, kind: str, summary: str, state: str | None, waits: tuple[str, str], related: dict[str, str]
) -> Explanation:
    explanation = Explanation(
        id=process.id,
        kind=kind,
        summary=summary,
        state=state or "NOT YET ACKNOWLEDGED",
        until=process.deadline,
        history=process.history,
        related=related,
    )
    explanation.waits_for, explanation.who = waits
    if process.intent is not None:
        explanation.waits_for = f"the other side to acknowledge '{process.intent.step}'"
        explanation.who = f"the {process.role.other}, or the network between"
        message = tx.outbox.get(process.intent.message_id)
        if message is not None:
            explanation.last_error = message.last_error
            explanation.next_attempt = message.due
            explanation.until = message.deadline
    return explanation


def _of_contract(contract: Contract) -> Explanation:
    state = "ENDED" if contract.ended else "IN FORCE"
    since = f"{contract.finalized:%Y-%m-%d %H:%M} UTC"
    summary = f"An agreement as {contract.role} with {contract.peer} about {contract.dataset}, final since {since}."
    if contract.ended:
        summary += f" It ended on {contract.ended:%Y-%m-%d %H:%M} UTC. {contract.end_reason}"
    related = {"negotiation": contract.negotiation, "dataset": contract.dataset, "peer": contract.peer}
    return Explanation(id=contract.id, kind="agreement", summary=summary, state=state, related=related)
