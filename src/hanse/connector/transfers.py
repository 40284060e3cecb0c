"""Transfer processes, on both sides (DSP 2025-1, sections 9 and 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import quote

import msgspec

from hanse.connector.door import NOTHING, admit
from hanse.connector.exchange import US, Exchange, Note
from hanse.connector.kit import Kit, Sender
from hanse.connector.negotiations import Negotiations
from hanse.connector.ports import ConnectorTx, TransferStore
from hanse.connector.records import Contract, Transfer
from hanse.connector.rules import Move, TransferRule
from hanse.dsp import messages as m
from hanse.dsp import transfer as table
from hanse.dsp.messages import DataAddress, Role
from hanse.dsp.transfer import State, Step
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound, SourceVanished
from hanse.kernel.tenant import Tenant
from hanse.odrl.proofs import Proofs, proofs_named

PUSH = "-PUSH"
"""Formats that end so are pushed by the provider; all others are pulled by the consumer."""


_HANDED_BACK = (State.STARTED, Role.PROVIDER, Step.START)


Sink = Callable[[ConnectorTx, Transfer], DataAddress]
"""Makes this server ready to receive a transfer, in the transaction of its request; returns the address with its token."""


class Transfers(Exchange[Transfer]):
    """Every use case of a transfer: begin, take the peer's message, move on by rule or by hand, read the address."""

    kind = "transfer"
    finish = Step.COMPLETE

    def __init__(self, kit: Kit, rule: TransferRule, negotiations: Negotiations) -> None:
        super().__init__(kit)
        self._rule = rule
        self._negotiations = negotiations
        kit.outbox.register("trf", self.on_acknowledged, self.on_refused, self.on_gave_up)

    # Begin.

    async def request(
        self,
        tenant: Tenant,
        contract_id: str,
        format: str,
        sink: DataAddress | Sink | None = None,
        *,
        stated: Mapping[str, str] | None = None,
        by: str = US,
        note: Note | None = None,
    ) -> Transfer:
        """Ask for the data of a contract (as consumer). Returns at once; the message is on its way.

        `stated` says how the data will be used, by left operand; what the terms want stated reaches the provider before the request.
        `sink` says where a push is to go: an address, or what makes one in the transaction of the request. `note` is told the id in
        that transaction. Raises `NotFound`, `Conflict` (the contract has ended) and `Invalid` (a push without a sink, or the reverse).
        """
        await self.kit.usage.announce(tenant, contract_id, stated or {})

        def work(tx: ConnectorTx) -> Transfer:
            contract = tx.contracts.get(tenant, contract_id)
            if contract is None or contract.role is not Role.CONSUMER:
                raise NotFound(f"There is no contract {contract_id[:80]!r} under which you may fetch data.", where="agreementId")
            _require_alive(contract)
            transfer = self._new(tx, contract, format)
            if format.endswith(PUSH) != (sink is not None):
                raise Invalid(
                    "A push needs a sink, and nothing else takes one.", where="dataAddress", rule="sink", hint="HttpData-PUSH is a push."
                )
            address = sink(tx, transfer) if callable(sink) else sink
            message = m.TransferRequest(
                consumer_pid=transfer.id, agreement_id=contract_id, format=format, callback=self.kit.own.base(tenant), data_address=address
            )
            self.queue(tx, transfer, Step.REQUEST, message, by)
            if note is not None:
                note(tx, transfer.id)
            return transfer

        return await self.kit.database.run(work)

    # Move on by hand.

    async def move(self, tenant: Tenant, id: str, move: Move, by: str) -> Transfer:
        """Take our next step for an operator. Raises `NotFound`, or `Conflict` if the table or a pending step forbids it."""

        def work(tx: ConnectorTx) -> Transfer:
            transfer = self._known(tx, tenant, id)
            if transfer.state is State.STARTED and move.step == Step.START:
                table.advance(transfer.state, transfer.role, Step.START)
            self._make(tx, transfer, move, by)
            return transfer

        return await self.kit.database.run(work)

    async def address(self, tenant: Tenant, id: str) -> DataAddress | None:
        """Return where the data of a started pull is, with its token; nothing while there is none."""

        def work(tx: ConnectorTx) -> DataAddress | None:
            transfer = self._known(tx, tenant, id)
            return None if transfer.address is None else self._unseal(transfer.address, id)

        return await self.kit.database.read(work)

    async def end_all(self, tenant: Tenant, contract_id: str, reason: str, by: str = US) -> int:
        """End every running transfer under a contract; return how many there were."""
        return await self.kit.database.run(lambda tx: self.stop_all(tx, tenant, contract_id, reason, by))

    def stop_all(self, tx: ConnectorTx, tenant: Tenant, contract_id: str, reason: str, by: str = US) -> int:
        """End every running transfer under a contract in the caller's transaction; return how many there were."""
        running = tx.transfers.running(tenant, contract_id)
        for transfer in running:
            self.end(tx, transfer, reason, by)
        return len(running)

    # Take the peer's messages.

    async def receive_first(self, sender: Sender, message: m.TransferRequest, fingerprint: str) -> m.ProcessStatus:
        """Take a TransferRequest (201). A byte-identical repeat gets the same answer and makes nothing new."""
        proofs = await self._prepared(sender, message.agreement_id)
        return await admit(self.kit, sender, lambda tx: self._first(tx, sender, message, fingerprint), proofs)

    async def receive_next(self, sender: Sender, pid: str, message: m.TransferMessage, fingerprint: str) -> m.ProcessStatus:
        """Take a message of a running transfer (200)."""
        known = await self.kit.database.read(lambda tx: self.store(tx).get(sender.tenant, pid))
        ours = known is not None and known.role is Role.PROVIDER and known.peer == sender.did
        proofs = await self._prepared(sender, known.agreement_id) if known is not None and ours else NOTHING
        return await admit(self.kit, sender, lambda tx: self._next(tx, sender, pid, message, fingerprint), proofs)

    async def state(self, sender: Sender, pid: str) -> m.ProcessStatus:
        """Tell the other party where the transfer stands."""
        return await admit(self.kit, sender, lambda tx: self.status(self.own(tx, sender, pid)))

    # What this protocol says of itself.

    def store(self, tx: ConnectorTx) -> TransferStore:
        """Return the transfers."""
        return tx.transfers

    def advance(self, state: str | None, sender: Role, step: str) -> str:
        """Return the state after the step, by the table.

        And beyond it: after a resumption by the consumer, the provider hands back a fresh address with a start of its
        own (Data Plane Signaling, suspension and resumption), which changes no state.
        """
        if (state, sender, step) == _HANDED_BACK:
            return State.STARTED
        return table.advance(None if state is None else State(state), sender, Step(step))

    def set_state(self, process: Transfer, state: str) -> None:
        """Store the state."""
        process.state = State(state)

    def patience(self, process: Transfer) -> timedelta | None:
        """Return how long the transfer may wait; data may flow for as long as the contract allows."""
        waits = {State.REQUESTED: self.kit.limits.answer_by_rule, State.SUSPENDED: self.kit.limits.answer_by_hand}
        return None if process.state is None else waits.get(process.state)

    def end_message(self, process: Transfer, reason: str) -> m.TransferTermination:
        """Return the termination."""
        status = self.status(process)
        return m.TransferTermination(
            provider_pid=status.provider_pid, consumer_pid=status.consumer_pid, reason=(reason[:1000],) if reason else ()
        )

    def status_path(self, process: Transfer) -> str:
        """Return the path of the peer's own record."""
        return f"/transfers/{quote(process.peer_pid or '', safe='')}"

    def entered(self, tx: ConnectorTx, process: Transfer, step: str, sender: Role) -> None:
        """Tell the data plane; after the peer's step, let the rule answer."""
        if step == Step.SUSPEND:
            process.suspended_by = sender
        elif step == Step.START:
            process.suspended_by = None
            if process.role is Role.CONSUMER:
                self.kit.usage.started(tx, process)
        if process.state is not State.STARTED and process.state is not State.REQUESTED:
            self.kit.dataplane.halt(tx, process)
        if process.final:
            process.address = None
            self.kit.usage.ended(tx, process, _why_ended(process))
        self.store(tx).put(process)
        if sender is not process.role and not process.final:
            move = self._rule.answer(tx, process)
            if move is not None:
                self._make(tx, process, move, "us")

    def queue(self, tx: ConnectorTx, process: Transfer, step: str, message: m.Message, by: str = US, detail: str = "") -> None:
        """Store our next step. What ends or halts the flow does so now, whenever the peer may hear of it."""
        super().queue(tx, process, step, message, by, detail)
        if step not in (Step.REQUEST, Step.START):
            self.kit.dataplane.halt(tx, process)

    # How it is done.

    async def _prepared(self, sender: Sender, agreement_id: str) -> Proofs:
        """Find out what a decision for the sender may depend on, and return what it has to prove under the contract.

        One that is not there yet may become final by this very request; one with somebody else is none of the sender's business.
        """
        contract = await self.kit.database.read(lambda tx: tx.contracts.get(sender.tenant, agreement_id))
        if contract is not None and (contract.peer != sender.did or contract.role is not Role.PROVIDER):
            return NOTHING
        await self.kit.usage.prepare(sender.tenant, agreement_id, sender.did)
        return NOTHING if contract is None else proofs_named(contract.agreement.terms)

    def _known(self, tx: ConnectorTx, tenant: Tenant, id: str) -> Transfer:
        transfer = self.store(tx).get(tenant, id)
        if transfer is None:
            raise NotFound(f"There is no transfer {id[:80]!r} here.", where="id")
        return transfer

    def _new(self, tx: ConnectorTx, contract: Contract, format: str) -> Transfer:
        self.kit.room.check(tx, contract.tenant, contract.peer)
        now = self.kit.clock.now()
        return Transfer(
            id=self.kit.ids.new("trf"),
            tenant=contract.tenant,
            role=contract.role,
            peer=contract.peer,
            peer_address=contract.peer_address,
            agreement_id=contract.id,
            dataset=contract.dataset,
            format=format,
            created=now,
            updated=now,
        )

    def _first(self, tx: ConnectorTx, sender: Sender, message: m.TransferRequest, fingerprint: str) -> m.ProcessStatus:
        known = self.store(tx).by_peer_pid(sender.tenant, sender.did, message.consumer_pid, Role.PROVIDER)
        if known is not None:
            if fingerprint in known.received:
                return self.status(known, known.received[fingerprint])
            raise Conflict("You have begun another transfer under this id.", where="consumerPid", hint="Use a new id.")
        contract = self._contract(tx, sender, message.agreement_id)
        self._admit(tx, contract, message)
        transfer = self._new(tx, contract, message.format)
        transfer.peer_address = message.callback
        self._reserve(tx, contract, transfer)
        if message.data_address is not None:
            transfer.address = self._seal(message.data_address, transfer.id)
        self.take(tx, transfer, Step.REQUEST, message.consumer_pid, fingerprint)
        return self.status(transfer, transfer.received[fingerprint])

    def _contract(self, tx: ConnectorTx, sender: Sender, agreement_id: str) -> Contract:
        contract = tx.contracts.get(sender.tenant, agreement_id)
        if contract is None:
            # Our FINALIZED has arrived, its acknowledgement has not: the request implies it (house, pitfall 2).
            negotiation = tx.negotiations.by_agreement(sender.tenant, agreement_id)
            if negotiation is not None and negotiation.peer == sender.did:
                self._negotiations.settle_finalized(tx, negotiation)
                contract = tx.contracts.get(sender.tenant, agreement_id)
        if contract is None or contract.peer != sender.did or contract.role is not Role.PROVIDER:
            raise NotFound(f"There is no agreement {agreement_id[:80]!r} with you.", where="agreementId")
        return contract

    def _admit(self, tx: ConnectorTx, contract: Contract, message: m.TransferRequest) -> None:
        _require_alive(contract)
        asset = tx.assets.get(contract.tenant, contract.dataset)
        formats = asset.dataset.formats if asset is not None else ()
        if message.format not in formats:
            raise Invalid(
                f"The dataset is not offered as {message.format[:80]!r}.",
                where="format",
                rule="format",
                hint=f"Offered: {', '.join(formats) or 'nothing'}.",
            )
        pushed = message.format.endswith(PUSH)
        if pushed != (message.data_address is not None):
            needed = "A push needs a dataAddress." if pushed else "A pull has no dataAddress in its request."
            raise Invalid(needed, where="dataAddress", rule="dataAddress")

    def _reserve(self, tx: ConnectorTx, contract: Contract, transfer: Transfer) -> None:
        why = self.kit.usage.admit(tx, contract, transfer)
        if why:
            error = Invalid(f"The agreement does not permit this now: {why}", where="agreementId", rule="policy")
            error.keep = lambda kept: self.kit.usage.refused(kept, contract, transfer, why)
            raise error

    def _next(self, tx: ConnectorTx, sender: Sender, pid: str, message: m.TransferMessage, fingerprint: str) -> m.ProcessStatus:
        transfer = self.own(tx, sender, pid)
        if fingerprint in transfer.received:
            return self.status(transfer, transfer.received[fingerprint])
        if isinstance(message, m.TransferRequest):
            raise Conflict("A running transfer cannot be requested again.", rule="transition")
        ours, theirs = message.provider_pid, message.consumer_pid
        if transfer.role is Role.CONSUMER:
            ours, theirs = theirs, ours
        if ours != transfer.id:
            raise Invalid("The message names another transfer than its address.", where=f"{transfer.role}Pid", rule="pid")
        if isinstance(message, m.TransferStart):
            if message.data_address is None and transfer.state is State.STARTED and transfer.intent is None:
                table.advance(State.STARTED, transfer.role.other, Step.START)
            self._check_start(tx, transfer, message)
        detail = "; ".join(message.reason) if isinstance(message, m.TransferTermination | m.TransferSuspension) else ""
        self.take(tx, transfer, table.STEP_OF[type(message)], theirs, fingerprint, detail[:1000])
        return self.status(transfer, transfer.received[fingerprint])

    def _check_start(self, tx: ConnectorTx, transfer: Transfer, message: m.TransferStart) -> None:
        pending = transfer.intent.step if transfer.intent is not None else None
        ours = transfer.suspended_by is transfer.role and pending != Step.START
        if ours or pending == Step.SUSPEND:
            raise Conflict("This side suspended the transfer, so this side resumes it.", rule="resume")
        if transfer.role is Role.PROVIDER:
            self._permitted(tx, transfer)
        elif message.data_address is not None:
            transfer.address = self._seal(message.data_address, transfer.id)
            self.kit.dataplane.started(tx, transfer, message.data_address)

    def _permitted(self, tx: ConnectorTx, transfer: Transfer) -> Contract:
        contract = tx.contracts.get(transfer.tenant, transfer.agreement_id)
        if contract is None:
            raise Conflict("The agreement of this transfer is gone.", rule="agreement")
        _require_alive(contract)
        why = self.kit.usage.again(tx, contract, transfer)
        if why:
            raise Conflict(f"The agreement no longer permits this use: {why}", rule="policy")
        return contract

    def _make(self, tx: ConnectorTx, transfer: Transfer, move: Move, by: str) -> None:
        if move.step == Step.TERMINATE:
            if transfer.final:
                self.advance(transfer.state, transfer.role, move.step)
            self.end(tx, transfer, move.reason, by)
            return
        try:
            message = self._message(tx, transfer, move)
        except (SourceVanished, Forbidden) as error:
            # The source has vanished or may not be read any more: the consumer is told, instead of waiting for nothing.
            self.end(tx, transfer, error.message, by)
            return
        if message is not None:
            self.queue(tx, transfer, move.step, message, by, move.reason[:1000])

    def _message(self, tx: ConnectorTx, transfer: Transfer, move: Move) -> m.TransferMessage | None:
        pids = self.status(transfer)
        both = {"provider_pid": pids.provider_pid, "consumer_pid": pids.consumer_pid}
        reason = (move.reason[:1000],) if move.reason else ()
        if move.step == Step.SUSPEND:
            return m.TransferSuspension(reason=reason, **both)
        if move.step == Step.COMPLETE:
            return m.TransferCompletion(**both)
        self.advance(transfer.state, transfer.role, move.step)
        if transfer.suspended_by is transfer.role.other:
            raise Conflict("The other side suspended the transfer, so it resumes it.", rule="resume")
        address = self._provision(tx, transfer)
        if address is None and transfer.state is State.STARTED:
            return None  # a push goes on after the consumer has resumed it: there is nothing to tell
        return m.TransferStart(data_address=address, **both)

    def _provision(self, tx: ConnectorTx, transfer: Transfer) -> DataAddress | None:
        if transfer.role is Role.CONSUMER:
            return None
        self._permitted(tx, transfer)
        sink = self._unseal(transfer.address, transfer.id) if transfer.address is not None else None
        return self.kit.dataplane.start(tx, transfer, sink)

    def _seal(self, address: DataAddress, id: str) -> bytes:
        return self.kit.sealer.seal(msgspec.json.encode(address), id)

    def _unseal(self, sealed: bytes, id: str) -> DataAddress:
        return msgspec.json.decode(self.kit.sealer.unseal(sealed, id), type=DataAddress)


def flows(transfer: Transfer) -> bool:
    """Tell whether data may flow: started (or our start is on its way), and nothing of ours that halts it is pending."""
    pending = transfer.intent.step if transfer.intent is not None else None
    if pending is None:
        return transfer.state is State.STARTED
    return pending == Step.START


def _why_ended(transfer: Transfer) -> str:
    """Return why a transfer was terminated, as it was said last; nothing if it was completed."""
    if transfer.state is not State.TERMINATED:
        return ""
    return next((one.detail for one in reversed(transfer.history) if one.detail), "The transfer was terminated.")


def _require_alive(contract: Contract) -> None:
    if contract.ended is not None:
        raise Conflict(f"The agreement ended on {contract.ended:%Y-%m-%d %H:%M} UTC. {contract.end_reason}".strip(), rule="ended")
