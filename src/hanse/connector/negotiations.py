"""Contract negotiations, on both sides (DSP 2025-1, sections 7 and 8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

from hanse.connector.door import NOTHING, admit
from hanse.connector.exchange import Exchange, Note
from hanse.connector.kit import Kit, Sender, TimeSet
from hanse.connector.lasting import outlook
from hanse.connector.ports import ConnectorTx, NegotiationStore
from hanse.connector.preferences import Preferences
from hanse.connector.records import Answering, Asset, Contract, Negotiation
from hanse.connector.rules import ASK, Move, NegotiationRule
from hanse.dsp import messages as m
from hanse.dsp import negotiation as table
from hanse.dsp.messages import Role
from hanse.dsp.negotiation import State, Step
from hanse.kernel.clock import timestamp
from hanse.kernel.errors import Conflict, HanseError, Invalid, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.model import Agreement, Offer
from hanse.odrl.normal import terms_hash
from hanse.odrl.proofs import proofs_named

_LONGEST_ID = 512
_PROPOSALS_KEPT = 64


class Negotiations(Exchange[Negotiation]):
    """Every use case of a negotiation: begin, take the peer's message, move on by rule or by hand, look."""

    kind = "negotiation"
    finish = Step.FINALIZE

    def __init__(self, kit: Kit, rule: NegotiationRule, did_of: Callable[[Tenant], Did]) -> None:
        super().__init__(kit)
        self._rule = rule
        self.did_of = did_of
        kit.outbox.register("neg", self.on_acknowledged, self.on_refused, self.on_gave_up)
        self._takes: dict[type[m.NegotiationMessage], Callable[[Negotiation, m.NegotiationMessage], None]] = {
            m.ContractRequest: _take_offer,
            m.ContractOffer: _take_offer,
            m.ContractAgreement: _take_agreement,
        }

    # Begin.

    async def request(
        self,
        tenant: Tenant,
        peer: Did,
        dataset: str,
        offer: Offer,
        *,
        answering: Answering = Answering.RULE,
        preferences: Preferences | None = None,
        by: str = "us",
        note: Note | None = None,
    ) -> Negotiation:
        """Ask `peer` for `dataset` under the terms of `offer` (as consumer). Returns at once; the message is on its way.

        With `preferences` the rule answers counter-offers within them. `note` is told the id in the transaction that stores it.
        """
        await self.kit.membership.require(tenant, peer)
        await self.kit.usage.look(tenant, peer)
        address = await self.kit.peers.base_of(tenant, peer)

        def work(tx: ConnectorTx) -> Negotiation:
            placed = Offer(id=offer.id, terms=offer.terms, target=dataset)
            negotiation = self._new(tx, tenant, Role.CONSUMER, peer, address, dataset, placed, answering)
            negotiation.asked = offer.terms
            negotiation.preferences, negotiation.proposed = preferences, (terms_hash(offer.terms),)
            callback = self.kit.own.base(tenant)
            self.queue(tx, negotiation, Step.REQUEST, m.ContractRequest(consumer_pid=negotiation.id, offer=placed, callback=callback), by)
            if note is not None:
                note(tx, negotiation.id)
            return negotiation

        return await self.kit.database.run(work)

    async def offer(self, tenant: Tenant, peer: Did, asset_id: str, offer: Offer | None = None, *, by: str = "us") -> Negotiation:
        """Offer an own asset to `peer` unasked (as provider), under `offer` or the asset's first offer."""
        await self.kit.membership.require(tenant, peer)
        await self.kit.usage.look(tenant, peer)
        address = await self.kit.peers.base_of(tenant, peer)

        def work(tx: ConnectorTx) -> Negotiation:
            asset = self._asset(tx, tenant, asset_id)
            chosen = offer or asset.dataset.offers[0]
            placed = Offer(id=chosen.id, terms=chosen.terms, target=asset_id)
            negotiation = self._new(tx, tenant, Role.PROVIDER, peer, address, asset_id, placed, asset.answering)
            negotiation.proposed = (terms_hash(chosen.terms),)
            callback = self.kit.own.base(tenant)
            self.queue(tx, negotiation, Step.OFFER, m.ContractOffer(provider_pid=negotiation.id, offer=placed, callback=callback), by)
            return negotiation

        return await self.kit.database.run(work)

    # Move on by hand.

    async def move(self, tenant: Tenant, id: str, move: Move, by: str) -> Negotiation:
        """Take our next step for an operator. Raises `NotFound`, or `Conflict` if the table or a pending step forbids it."""

        def work(tx: ConnectorTx) -> Negotiation:
            negotiation = self.store(tx).get(tenant, id)
            if negotiation is None:
                raise NotFound(f"There is no negotiation {id[:80]!r} here.", where="id")
            self._make(tx, negotiation, move, by)
            return negotiation

        return await self.kit.database.run(work)

    # Take the peer's messages.

    async def receive_first(self, sender: Sender, message: m.ContractRequest | m.ContractOffer, fingerprint: str) -> m.ProcessStatus:
        """Take a first message (201). A byte-identical repeat gets the same answer and makes nothing new."""
        attested = await self.kit.usage.look(sender.tenant, sender.did)
        proofs = proofs_named(message.offer.terms) if isinstance(message, m.ContractRequest) else NOTHING
        return await admit(self.kit, sender, lambda tx: self._first(tx, sender, message, fingerprint, attested), proofs)

    async def receive_next(self, sender: Sender, pid: str, message: m.NegotiationMessage, fingerprint: str) -> m.ProcessStatus:
        """Take a message of a running negotiation (200)."""
        attested = await self.kit.usage.look(sender.tenant, sender.did)
        known = await self.kit.database.read(lambda tx: self.store(tx).get(sender.tenant, pid))
        asked = known is not None and known.peer == sender.did and known.role is Role.PROVIDER
        proofs = proofs_named(known.offer.terms) if known is not None and asked else NOTHING
        return await admit(self.kit, sender, lambda tx: self._next(tx, sender, pid, message, fingerprint, attested), proofs)

    async def state(self, sender: Sender, pid: str) -> m.ProcessStatus:
        """Tell the other party where the negotiation stands."""
        return await admit(self.kit, sender, lambda tx: self.status(self.own(tx, sender, pid)))

    def settle_finalized(self, tx: ConnectorTx, negotiation: Negotiation) -> None:
        """Commit a FINALIZED that the peer has plainly received: it asks for the data."""
        if negotiation.intent is not None and negotiation.intent.step == Step.FINALIZE:
            self._settle(tx, negotiation)

    # What this protocol says of itself.

    def store(self, tx: ConnectorTx) -> NegotiationStore:
        """Return the negotiations."""
        return tx.negotiations

    def advance(self, state: str | None, sender: Role, step: str) -> str:
        """Return the state after the step, by the table."""
        return table.advance(None if state is None else State(state), sender, Step(step))

    def set_state(self, process: Negotiation, state: str) -> None:
        """Store the state."""
        process.state = State(state)

    def patience(self, process: Negotiation) -> timedelta | None:
        """Return how long the negotiation may wait: long for people, short for rules.

        Whether a person answers on the other side is not known here: a request waits as long as one may take.
        """
        if process.final:
            return None
        asked = process.role is Role.CONSUMER and process.state is State.REQUESTED
        by_hand = process.answering is Answering.HAND or process.state is State.OFFERED or asked
        return self.kit.limits.answer_by_hand if by_hand else self.kit.limits.answer_by_rule

    def end_message(self, process: Negotiation, reason: str) -> m.NegotiationTermination:
        """Return the termination."""
        status = self.status(process)
        return m.NegotiationTermination(
            provider_pid=status.provider_pid, consumer_pid=status.consumer_pid, reason=(reason[:1000],) if reason else ()
        )

    def status_path(self, process: Negotiation) -> str:
        """Return the path of the peer's own record."""
        return f"/negotiations/{quote(process.peer_pid or '', safe='')}"

    def entered(self, tx: ConnectorTx, process: Negotiation, step: str, sender: Role) -> None:
        """Keep the contract of a finalised negotiation; after the peer's step, let the rule answer."""
        if process.state is State.FINALIZED:
            self._keep_contract(tx, process)
        elif sender is not process.role and not process.final:
            move = self._rule.answer(tx, process)
            if move is not None:
                self._make(tx, process, move, "us")

    # How it is done.

    def _new(
        self, tx: ConnectorTx, tenant: Tenant, role: Role, peer: Did, address: str, dataset: str, offer: Offer, answering: Answering
    ) -> Negotiation:
        self.kit.room.check(tx, tenant, peer)
        now = self.kit.clock.now()
        return Negotiation(
            id=self.kit.ids.new("neg"),
            tenant=tenant,
            own_did=self.did_of(tenant),
            role=role,
            peer=peer,
            peer_address=address,
            dataset=dataset,
            offer=offer,
            offered_by=role,
            answering=answering,
            created=now,
            updated=now,
        )

    def _first(
        self, tx: ConnectorTx, sender: Sender, message: m.ContractRequest | m.ContractOffer, fingerprint: str, attested: bool
    ) -> m.ProcessStatus:
        asked = isinstance(message, m.ContractRequest)
        role, peer_pid = (Role.PROVIDER, message.consumer_pid) if asked else (Role.CONSUMER, message.provider_pid)
        known = self.store(tx).by_peer_pid(sender.tenant, sender.did, peer_pid or "", role)
        if known is not None:
            return self._repeated(known, fingerprint)
        dataset = message.offer.target
        if dataset is None or message.callback is None:
            raise Invalid("A first message names the offer's target and a callbackAddress.", where="offer.target", rule="required")
        answering = self._admit(tx, sender, dataset, message.offer) if asked else Answering.HAND
        negotiation = self._new(tx, sender.tenant, role, sender.did, message.callback, dataset, message.offer, answering)
        step = Step.REQUEST if asked else Step.OFFER
        negotiation.offered_by, negotiation.attested = role.other, attested
        self.take(tx, negotiation, step, peer_pid or "", fingerprint)
        return self.status(negotiation, negotiation.received[fingerprint])

    def _repeated(self, known: Negotiation, fingerprint: str) -> m.ProcessStatus:
        if fingerprint in known.received:
            return self.status(known, known.received[fingerprint])
        raise Conflict("You have begun another negotiation under this id.", where=f"{known.role.other}Pid", hint="Use a new id.")

    def _admit(self, tx: ConnectorTx, sender: Sender, dataset: str, offer: Offer) -> Answering:
        asset = self._asset(tx, sender.tenant, dataset)
        if asset.visible_to and sender.did not in asset.visible_to:
            raise _not_on_offer(dataset)
        if not any(own.id == offer.id for own in asset.dataset.offers):
            raise Invalid(
                f"The dataset {dataset} has no offer {offer.id}.",
                where="offer.@id",
                rule="offer",
                hint="Take an offer's @id from the catalogue.",
            )
        return asset.answering

    def _asset(self, tx: ConnectorTx, tenant: Tenant, dataset: str) -> Asset:
        asset = tx.assets.get(tenant, dataset)
        if asset is None or asset.withdrawn is not None:
            raise _not_on_offer(dataset)
        return asset

    def _next(
        self, tx: ConnectorTx, sender: Sender, pid: str, message: m.NegotiationMessage, fingerprint: str, attested: bool
    ) -> m.ProcessStatus:
        negotiation = self.own(tx, sender, pid)
        if fingerprint in negotiation.received:
            return self.status(negotiation, negotiation.received[fingerprint])
        ours, theirs = _pids(negotiation.role, message)
        if ours != negotiation.id or theirs is None:
            raise Invalid("The message names another negotiation than its address.", where=f"{negotiation.role}Pid", rule="pid")
        check_offer_before = self._takes.get(type(message))
        if check_offer_before is not None:
            check_offer_before(negotiation, message)
        negotiation.attested = negotiation.attested or attested
        detail = "; ".join(message.reason) if isinstance(message, m.NegotiationTermination) else ""
        self.take(tx, negotiation, table.STEP_OF[type(message)], theirs, fingerprint, detail[:1000])
        return self.status(negotiation, negotiation.received[fingerprint])

    def _make(self, tx: ConnectorTx, negotiation: Negotiation, move: Move, by: str) -> None:
        if move.step == Step.TERMINATE:
            if negotiation.final:
                self.advance(negotiation.state, negotiation.role, move.step)
            self.end(tx, negotiation, move.reason, by)
            return
        if move.step == ASK:
            self._ask(tx, negotiation, move.reason)
            return
        message = self._message(tx, negotiation, move)
        self.queue(tx, negotiation, move.step, message, by)

    def _ask(self, tx: ConnectorTx, negotiation: Negotiation, reason: str) -> None:
        """Leave the answer, and those after it, to a person, who has longer to give it."""
        now = self.kit.clock.now()
        negotiation.answering = Answering.HAND
        negotiation.deadline = now + self.kit.limits.answer_by_hand
        negotiation.note(now, "left to a person", "us", reason[:1000])
        self.store(tx).put(negotiation)

    def _message(self, tx: ConnectorTx, negotiation: Negotiation, move: Move) -> m.NegotiationMessage:
        pids = self.status(negotiation)
        both = {"provider_pid": pids.provider_pid, "consumer_pid": pids.consumer_pid}
        if move.step in (Step.OFFER, Step.REQUEST):
            return self._counter(negotiation, move, both)
        if move.step == Step.AGREE:
            negotiation.agreement = self._agreement(negotiation)
            return m.ContractAgreement(agreement=negotiation.agreement, **both)
        if move.step == Step.ACCEPT:
            return m.NegotiationAccepted(**both)
        return m.AgreementVerification(**both) if move.step == Step.VERIFY else m.NegotiationFinalized(**both)

    def _counter(self, negotiation: Negotiation, move: Move, both: dict[str, str]) -> m.NegotiationMessage:
        self.advance(negotiation.state, negotiation.role, move.step)
        if move.offer is None:
            raise Invalid("A counter-offer needs terms.", where="offer", rule="required")
        negotiation.offer = Offer(id=move.offer.id, terms=move.offer.terms, target=negotiation.dataset)
        negotiation.offered_by = negotiation.role
        negotiation.proposed = (*negotiation.proposed, terms_hash(move.offer.terms))[-_PROPOSALS_KEPT:]
        if negotiation.role is Role.PROVIDER:
            return m.ContractOffer(offer=negotiation.offer, **both)
        negotiation.asked = move.offer.terms
        return m.ContractRequest(offer=negotiation.offer, **both)

    def _agreement(self, negotiation: Negotiation) -> Agreement:
        return Agreement(
            id=self.kit.ids.new("agr"),
            terms=negotiation.offer.terms,
            target=negotiation.dataset,
            assigner=negotiation.own_did,
            assignee=negotiation.peer,
            timestamp=timestamp(self.kit.clock.now()),
        )

    def _keep_contract(self, tx: ConnectorTx, negotiation: Negotiation) -> None:
        if negotiation.agreement is None:
            raise Conflict("A negotiation without an agreement cannot be finalised.", rule="agreement")
        now = self.kit.clock.now()
        contract = Contract(
            id=negotiation.agreement.id,
            tenant=negotiation.tenant,
            role=negotiation.role,
            peer=negotiation.peer,
            peer_address=negotiation.peer_address,
            dataset=negotiation.dataset,
            agreement=negotiation.agreement,
            negotiation=negotiation.id,
            finalized=now,
            due=outlook(negotiation.agreement.terms, now, now).next,
            attested=negotiation.attested,
            spaces=self.kit.membership.spaces(tx, negotiation.tenant, negotiation.peer),
        )
        tx.contracts.put(contract)
        if contract.due is not None:
            tx.emit(TimeSet(contract.tenant, contract.id))
        self.kit.usage.agreed(tx, contract)


def _not_on_offer(dataset: str) -> HanseError:
    return NotFound(f"There is no dataset {dataset[:80]!r} on offer for you.", where="offer.target", hint="Read the catalogue again.")


def _pids(role: Role, message: m.NegotiationMessage) -> tuple[str | None, str | None]:
    """Return (our id, the peer's id) as the message names them."""
    if role is Role.PROVIDER:
        return message.provider_pid, message.consumer_pid
    return message.consumer_pid, message.provider_pid


def _take_offer(negotiation: Negotiation, message: m.NegotiationMessage) -> None:
    """Put a counter-offer on the table: it may change the terms, never the dataset."""
    if not isinstance(message, m.ContractRequest | m.ContractOffer):
        return
    offer = message.offer
    if offer.target is not None and offer.target != negotiation.dataset:
        raise Invalid(
            "A counter-offer cannot change the dataset.", where="offer.target", rule="target", hint=f"It is {negotiation.dataset}."
        )
    negotiation.offer = Offer(id=offer.id, terms=offer.terms, target=negotiation.dataset)
    negotiation.offered_by = negotiation.role.other


def _take_agreement(negotiation: Negotiation, message: m.NegotiationMessage) -> None:
    if isinstance(message, m.ContractAgreement):
        if len(message.agreement.id) > _LONGEST_ID:
            raise Invalid(f"An agreement's id has at most {_LONGEST_ID} characters.", where="agreement.@id", rule="length")
        negotiation.agreement = message.agreement
