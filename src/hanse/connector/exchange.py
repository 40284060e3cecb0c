"""What negotiations and transfers share: an intent per process, its outcome, and how a peer's message is taken.

The rules (house, idea 3):

1. Our step is stored as an intent with its message; the peer's acknowledgement commits the state.
2. A peer's step that is only possible after our intent implies the acknowledgement; a late one is then a no-op.
3. When both sides move at once, the stronger step wins on both (terminate > complete > suspend > the rest; of two
   suspensions the provider's), so that both end in the same state: the weaker is refused as `crossed` and tried again
   until the stronger has arrived and dropped it.
4. A byte-identical repeat gets the answer it got before.
5. When the peer refuses, it is asked for its state; if that is where our step led, the step had arrived.
6. A step that we gave up, whoever decided it, stays noted as `unsure`: the peer may have taken it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import Generic

from hanse.connector.kit import Changed, Kit, Sender
from hanse.connector.ports import ConnectorTx, Delivery, P, ProcessStore
from hanse.connector.records import Intent, Outgoing
from hanse.dsp import messages as m
from hanse.dsp.messages import Role
from hanse.kernel.errors import Conflict, Invalid, NotFound, PeerError, PeerInvalid, PeerRefused

_RANK = {"terminate": 4, "complete": 3, "suspend": 1}
_RESTS = frozenset({"STARTED", "COMPLETED", "FINALIZED"})
"""States without a deadline: a peer that may be in one of them is told of the end for longer."""
_RECEIVED_LIMIT = 64
_UNKNOWN = "unknown"
CROSSED = "crossed"
US = "us"
PEER = "peer"


Note = Callable[[ConnectorTx, str], None]
"""Writes down what was begun, in the transaction that begins it: (tx, id of the process)."""


class Exchange(ABC, Generic[P]):
    """The part of a protocol that does not depend on its table."""

    kind: str
    finish: str
    """The step with which the protocol ends well."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    # What each protocol says itself.

    @abstractmethod
    def store(self, tx: ConnectorTx) -> ProcessStore[P]:
        """Return the store of this protocol's processes."""

    @abstractmethod
    def advance(self, state: str | None, sender: Role, step: str) -> str:
        """Return the state after the step; raise `Conflict` if the table does not hold it."""

    @abstractmethod
    def set_state(self, process: P, state: str) -> None:
        """Store the state in the process."""

    @abstractmethod
    def patience(self, process: P) -> timedelta | None:
        """Return how long the process may stay in its state; nothing if it may for ever."""

    @abstractmethod
    def entered(self, tx: ConnectorTx, process: P, step: str, sender: Role) -> None:
        """Do what follows from a state that has just been committed."""

    @abstractmethod
    def end_message(self, process: P, reason: str) -> m.NegotiationMessage | m.TransferMessage:
        """Return the termination message."""

    @abstractmethod
    def status_path(self, process: P) -> str:
        """Return the path at which the peer tells the state of the process."""

    # Sending.

    def queue(self, tx: ConnectorTx, process: P, step: str, message: m.Message, by: str = US, detail: str = "") -> None:
        """Store our next step and its message. Raises `Conflict` if another one waits or the table forbids it."""
        if process.intent is not None:
            raise Conflict(
                f"The {self.kind} waits for the other side to acknowledge '{process.intent.step}'.",
                rule="pending",
                hint="Try again once `hanse explain` shows that it has arrived.",
            )
        to = self.advance(process.state, process.role, step)
        body = self.kit.wire.encode(message)
        patience = self.kit.limits.answer_by_hand if step == "terminate" and self._peer_may_rest(process) else None
        message_id = self.kit.outbox.put(tx, process, self.kit.wire.path_of(message, process.peer_pid), step, body, patience)
        process.intent = Intent(message_id, step, to)
        process.note(self.kit.clock.now(), f"{step}: sent, not yet acknowledged", by, detail)
        self.store(tx).put(process)

    def end(self, tx: ConnectorTx, process: P, reason: str, by: str = US) -> None:
        """End the process: tell the peer if it knows of it, else only note it."""
        if process.intent is not None and process.intent.step != "terminate":
            process.unsure = process.intent.step
        self._drop_intent(tx, process)
        if process.final:
            return
        if process.peer_pid is None:
            self._commit(tx, process, "terminate", process.role, by, reason)
        else:
            self.queue(tx, process, "terminate", self.end_message(process, reason), by)
            process.note(self.kit.clock.now(), "ending", by, reason)
            process.deadline = None  # from here the message's own deadline counts
            self.store(tx).put(process)

    # The outcomes of what was sent; called by the outbox.

    async def on_acknowledged(self, outgoing: Outgoing, delivery: Delivery) -> None:
        """Commit the state that the message carried."""
        await self.kit.database.run(lambda tx: self._settled(tx, outgoing, delivery))

    async def on_refused(self, outgoing: Outgoing, delivery: Delivery) -> None:
        """Take a clear no: find out where the peer stands, then adopt its state or end the process."""
        fault = self.kit.wire.decode_fault(delivery.body)
        known, theirs = (False, None) if fault.code == CROSSED else await self._their_state(outgoing)
        if not known and self.kit.clock.now() < outgoing.deadline:
            await self.kit.outbox.retry_later(outgoing, delivery)
            return
        said = "; ".join(fault.reason) or fault.code or delivery.error
        reason = f"The other side refused '{outgoing.step}'" + (f": {said}" if said else f" with HTTP {delivery.status}.")

        def work(tx: ConnectorTx) -> None:
            process = self._waiting(tx, outgoing)
            if process is None or process.intent is None:
                return
            process.note(self.kit.clock.now(), f"{outgoing.step}: refused", PEER, reason[:1000])
            if theirs == process.intent.to:
                self._settle(tx, process)
            elif not self._adopt(tx, process, theirs) and outgoing.step == "terminate":
                self._end_locally(tx, process, reason)
            elif not process.final:
                self.end(tx, process, reason)

        await self.kit.database.run(work)

    async def on_gave_up(self, outgoing: Outgoing, delivery: Delivery) -> None:
        """End a process whose message could not be delivered by its deadline."""
        said = "; ".join(self.kit.wire.decode_fault(delivery.body).reason) if delivery.body else ""
        why = delivery.error.rstrip(".") or f"HTTP {delivery.status}" + (f": {said[:500].rstrip('.')}" if said else "")
        reason = f"'{outgoing.step}' could not be delivered to {outgoing.peer} before its deadline; last answer: {why}."

        def work(tx: ConnectorTx) -> None:
            process = self._waiting(tx, outgoing)
            if process is not None:
                self._give_up(tx, process, reason)

        await self.kit.database.run(work)

    async def end_overdue(self) -> None:
        """End every process whose deadline has passed, with a reason that a person understands."""
        now = self.kit.clock.now()

        def work(tx: ConnectorTx) -> None:
            for process in self.store(tx).overdue(now, 100):
                waited = f"Nobody moved the {self.kind} on from {process.state or 'its first message'} before its deadline."
                self._give_up(tx, process, waited)

        await self.kit.database.run(work)

    # Receiving.

    def own(self, tx: ConnectorTx, sender: Sender, pid: str) -> P:
        """Return the process `pid` if it is between this participant and the sender; else `NotFound`, with no hint."""
        process = self.store(tx).get(sender.tenant, pid)
        if process is None or process.peer != sender.did:
            raise NotFound(f"There is no {self.kind} {pid[:80]!r} here for you.", where="pid")
        return process

    def take(self, tx: ConnectorTx, process: P, step: str, peer_pid: str, fingerprint: str, detail: str = "") -> None:
        """Take a peer's step, judged by the table, with the rules at the top of this module."""
        sender = process.role.other
        self._learn_pid(process, peer_pid)
        self._make_way(tx, process, sender, step)
        if len(process.received) >= _RECEIVED_LIMIT:
            process.received.pop(next(iter(process.received)))
        process.received[fingerprint] = self.advance(process.state, sender, step)
        self._commit(tx, process, step, sender, PEER, detail)

    def status(self, process: P, state: str | None = None) -> m.ProcessStatus:
        """Return what both sides may know: the two ids and the state."""
        ours, theirs = process.id, process.peer_pid or _UNKNOWN
        provider, consumer = (ours, theirs) if process.role is Role.PROVIDER else (theirs, ours)
        return m.ProcessStatus(provider_pid=provider, consumer_pid=consumer, state=state or process.state or "REQUESTED")

    # How it is done.

    def _commit(self, tx: ConnectorTx, process: P, step: str, sender: Role, by: str, detail: str = "") -> None:
        state = self._after(process, sender, step)
        now = self.kit.clock.now()
        self.set_state(process, state)
        process.note(now, f"{step}: now {state}", by, detail)
        allowed = self.patience(process)
        process.deadline = None if allowed is None else now + allowed
        self.store(tx).put(process)
        tx.emit(Changed(self.kind, process.tenant, process.id, step, state, sender is process.role))
        self.entered(tx, process, step, sender)

    def _settle(self, tx: ConnectorTx, process: P) -> None:
        intent = process.intent
        if intent is not None:
            self._drop_intent(tx, process)
            self._commit(tx, process, intent.step, process.role, US)

    def _settled(self, tx: ConnectorTx, outgoing: Outgoing, delivery: Delivery) -> None:
        process = self._waiting(tx, outgoing)
        if process is None:
            return
        if process.peer_pid is None:
            answer = self.kit.wire.decode_status(delivery.body)
            if answer is not None:
                self._learn_pid(process, answer.consumer_pid if process.role is Role.PROVIDER else answer.provider_pid)
        self._settle(tx, process)

    def _waiting(self, tx: ConnectorTx, outgoing: Outgoing) -> P | None:
        """Return the process if it still waits for this message; forget the message in any case."""
        tx.outbox.delete(outgoing.id)
        process = self.store(tx).get(outgoing.tenant, outgoing.process)
        if process is None or process.intent is None or process.intent.message_id != outgoing.id:
            return None
        return process

    def _make_way(self, tx: ConnectorTx, process: P, sender: Role, step: str) -> None:
        intent = process.intent
        if intent is None:
            return
        if not self._allows(process.state, sender, step) and self._allows(intent.to, sender, step):
            self._settle(tx, process)
        elif _strength(step, sender) < _strength(intent.step, process.role):
            raise Conflict(f"We have just sent '{intent.step}' for this {self.kind}.", rule=CROSSED)
        elif self._allows(process.state, sender, step):
            self._drop_intent(tx, process)

    def _after(self, process: P, sender: Role, step: str) -> str:
        if process.state is None and step == "terminate" and sender is process.role:
            return "TERMINATED"  # no message: the peer has never heard of it, so its table does not hold it
        return self.advance(process.state, sender, step)

    def _peer_may_rest(self, process: P) -> bool:
        """Tell whether the peer may be where it waits for nothing, by the state that we know or by the step we are unsure of."""
        states: set[str | None] = {process.state}
        if process.unsure is not None and self._allows(process.state, process.role, process.unsure):
            states.add(self.advance(process.state, process.role, process.unsure))
        return bool(states & _RESTS)

    def _allows(self, state: str | None, sender: Role, step: str) -> bool:
        try:
            self.advance(state, sender, step)
        except Conflict:
            return False
        return True

    def _drop_intent(self, tx: ConnectorTx, process: P) -> None:
        if process.intent is not None:
            tx.outbox.delete(process.intent.message_id)
            process.intent = None

    def _learn_pid(self, process: P, peer_pid: str) -> None:
        if process.peer_pid is None:
            process.peer_pid = peer_pid
        elif process.peer_pid != peer_pid:
            raise Invalid(f"This {self.kind} goes by another id on your side.", where=f"{process.role.other}Pid", rule="pid")

    def _give_up(self, tx: ConnectorTx, process: P, reason: str) -> None:
        if process.intent is not None and process.intent.step == "terminate":
            self._end_locally(tx, process, reason)
            return
        self.end(tx, process, reason)

    def _end_locally(self, tx: ConnectorTx, process: P, reason: str) -> None:
        self._drop_intent(tx, process)
        if not process.final:
            self._commit(tx, process, "terminate", process.role, US, reason)

    def _adopt(self, tx: ConnectorTx, process: P, theirs: str | None) -> bool:
        """Follow the peer into its final state; tell whether that was so.

        Only by a step of the peer's own, by a termination, or by a step that we did send and gave up on: a peer's
        word alone never finalises what we have not finalised.
        """
        peer = process.role.other
        steps = [(self.finish, peer), ("terminate", peer)]
        if process.unsure is not None:
            steps.append((process.unsure, process.role))
        for step, sender in steps:
            if self._allows(process.state, sender, step) and self.advance(process.state, sender, step) == theirs:
                self._drop_intent(tx, process)
                self._commit(tx, process, step, sender, PEER, "adopted from the other side's own report")
                return True
        return False

    async def _their_state(self, outgoing: Outgoing) -> tuple[bool, str | None]:
        """Return whether the peer could be asked where it stands, and the state; none if it knows of no process."""
        process = await self.kit.database.read(lambda tx: self.store(tx).get(outgoing.tenant, outgoing.process))
        if process is None or process.peer_pid is None:
            return True, None
        try:
            url = process.peer_address.rstrip("/") + self.status_path(process)
            answer = self.kit.wire.decode_status(await self.kit.peers.get(process.tenant, process.peer, url))
        except PeerInvalid:
            return True, None
        except PeerError as error:
            return isinstance(error, PeerRefused) and error.status == 404, None
        return True, answer.state if answer else None


def _strength(step: str, sender: Role) -> int:
    """Return the rank of a step against another that crosses it."""
    return _RANK.get(step, 0) + (step == "suspend" and sender is Role.PROVIDER)
