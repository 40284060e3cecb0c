"""Signed statements between the two parties of an agreement: sent until they are acknowledged, taken once, kept by both.

A statement is appended to its maker's log and queued in one transaction. Whoever receives it proves the signature, checks that
its signer is the caller and the other party of that very agreement, appends it to its own log, and signs that it has. The same
statement again gets the same answer; a different one under the same id is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct, structs

from hanse.evidence import kinds as k
from hanse.evidence.dsse import Envelope, read_envelope, seal
from hanse.evidence.statement import Statement, Subject, statement_of, write_statement
from hanse.identity.exchange import Exchange
from hanse.identity.proof import proved_by
from hanse.identity.self_issued import LEEWAY
from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, Conflict, Forbidden, Invalid, NotFound, PeerInvalid, Unauthenticated
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.log import Ledger
from hanse.ledger.peers import SERVICE, EvidencePeers
from hanse.ledger.ports import Agreements, Database, LedgerTx, Letters, Parties, Pens
from hanse.ledger.records import Delivery, Entry, Sent, Settled

LETTER: Final = "evidence"
"""The kind of our letters."""
LIFETIME: Final = timedelta(days=7)
"""For how long a statement is sent again."""
OLDEST: Final = timedelta(days=30)
"""How old a statement may be when it arrives."""
_POLL: Final = 1.0  # seconds; another server process may have settled it

_OF_CONSUMERS: Final = (k.UseStated, k.Receipt, k.UsageReport, k.Disputed)
_CLOSING: Final = (k.Receipt, k.UsageReport, k.Notice, k.AgreementEnded)
_REFUSED: Final = (k.Acknowledged, k.Assessed, *k.OF_FACTORIES)

Handler = Callable[[Any, Tenant, Parties, k.Predicate], None]
"""Acts on a peer's statement, in the transaction that takes it: (tx, tenant, parties, what it says)."""


class Opened(Struct, frozen=True):
    """A statement whose signature was proved, with the public JWK that proved it."""

    envelope: Envelope
    statement: Statement
    key: dict[str, str]


class Stated(Struct, frozen=True):
    """What the consumer of an agreement stated last about its use: signed by whom, arrived when (UTC), as which statement."""

    says: k.UseStated
    signer: Did
    entry: Entry


class Evidence:
    """Sends and takes statements for all participants of this server."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        pens: Pens,
        agreements: Agreements,
        letters: Letters,
        peers: EvidencePeers,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._pens = pens
        self._agreements = agreements
        self._letters = letters
        self.peers = peers
        self._clock = clock
        self._ids = ids
        self._handlers: dict[type[k.Predicate], Handler] = {}
        self._own_handlers: dict[type[k.Predicate], Handler] = {}
        self._waiting: dict[tuple[Tenant, str], asyncio.Event] = {}

    def register(self, kind: type[k.Predicate], handler: Handler) -> None:
        """Name who acts on peers' statements of a kind."""
        self._handlers[kind] = handler

    def register_own(self, kind: type[k.Predicate], handler: Handler) -> None:
        """Name who acts on our own statements of a kind to peers, in the transaction that makes them."""
        self._own_handlers[kind] = handler

    # Send.

    def state(self, tx: LedgerTx, tenant: Tenant, says: k.Predicate) -> Sent:
        """State something to the other party of its agreement: append it to our log, and send it, in the caller's transaction.

        A peer that is known to take none gets none, and the record says so. Raises as `Ledger.append` does.
        """
        parties = self._parties(tx, tenant, says.agreement)
        entry = self._ledger.append(tx, tenant, says, to=parties.peer)
        handler = self._own_handlers.get(type(says))
        if handler is not None:
            handler(tx, tenant, parties, entry.says)
        nobody = self.peers.known(parties.peer) is False
        sent = Sent(
            tenant=tenant,
            id=entry.id,
            index=entry.index,
            to=parties.peer,
            agreement=entry.agreement,
            kind=entry.kind,
            state=Delivery.ONE_SIDED if nobody else Delivery.WAITING,
            at=self._clock.now(),
            reason=_NOBODY if nobody else "",
        )
        tx.sent.put(sent)
        if not nobody:
            self._letters.queue(
                tx, tenant=tenant, to=parties.peer, service=SERVICE, path="", body=entry.raw, kind=LETTER, about=entry.id, lifetime=LIFETIME
            )
        return sent

    async def send(self, tenant: Tenant, says: k.Predicate) -> Sent:
        """Do the same in a transaction of its own, after a look whether the peer takes statements. Raises as `state` does."""
        parties = await self._database.read(lambda tx: self._parties(tx, tenant, says.agreement))
        await self.peers.look(parties.peer)
        return await self._database.run(lambda tx: self.state(tx, tenant, says))

    async def sent(self, tenant: Tenant, id: str) -> Sent | None:
        """Return what became of a statement of ours, if it was one to a peer."""
        return await self._database.read(lambda tx: tx.sent.get(tenant, id))

    async def settled(self, tenant: Tenant, id: str, seconds: float) -> Sent:
        """Wait until it is known what became of a statement, at most so long; return how it stands. Raises `NotFound`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        event = self._waiting.setdefault((tenant, id), asyncio.Event())
        try:
            while True:
                found = await self.sent(tenant, id)
                if found is None:
                    raise NotFound("There is no such statement to a peer.", where="id")
                left = end - loop.time()
                if found.state is not Delivery.WAITING or left <= 0:
                    return found
                try:
                    await asyncio.wait_for(event.wait(), min(left, _POLL))
                except TimeoutError:
                    continue
                event.clear()
        finally:
            self._waiting.pop((tenant, id), None)

    def on_event(self, event: object) -> None:
        """Wake who waits for a statement. To be subscribed to the database's events."""
        if isinstance(event, Settled):
            waiting = self._waiting.get((event.tenant, event.id))
            if waiting is not None:
                waiting.set()

    def arrived(self, tx: LedgerTx, tenant: Tenant, id: str, receipt: bytes) -> None:
        """Note that a statement was acknowledged, by a receipt that was checked (`check_receipt`)."""
        self._settle(tx, tenant, id, Delivery.ACKNOWLEDGED, "", receipt)

    def lost(self, tx: LedgerTx, tenant: Tenant, id: str, reason: str) -> None:
        """Note that a statement was refused or given up, and why."""
        sent = tx.sent.get(tenant, id)
        nobody = sent is not None and self.peers.known(sent.to) is False
        self._settle(tx, tenant, id, Delivery.ONE_SIDED if nobody else Delivery.REFUSED, _NOBODY if nobody else reason)

    # Take.

    def open(self, raw: bytes, sender: Did) -> Exchange[Opened]:
        """Read an envelope and prove that `sender` signed it, with a key that counts now. Nothing of it is stored yet.

        Raises `TooLarge`, `Malformed`, `Invalid` for kinds that are not known, and `Unauthenticated` for a signature that proves nothing.
        """
        return _open(read_envelope(raw), sender, self._clock.now().timestamp())

    def closes(self, tx: LedgerTx, tenant: Tenant, sender: Did, opened: Opened) -> bool:
        """Tell whether a proved statement is one by which a party brings an agreement to its end, whether it is a member still or not."""
        says = opened.statement.predicate
        if not isinstance(says, _CLOSING):
            return False
        parties = self._agreements.parties(tx, tenant, says.agreement)
        return parties is not None and parties.peer == sender

    def take(self, tx: LedgerTx, tenant: Tenant, own: Did, sender: Did, opened: Opened) -> bytes:
        """Take a proved statement into our log, act on it, and return our signed receipt (an envelope).

        Raises `NotFound` where there is no such agreement with the sender, `Forbidden` for what only the other side may state, `Invalid`
        for a statement to somebody else, and `Conflict` for another one under a known id.
        """
        says = opened.statement.predicate
        self._agreements.implied(tx, tenant, says.agreement, sender)
        parties = self._agreements.parties(tx, tenant, says.agreement)
        if parties is None or parties.peer != sender:
            raise NotFound("There is no such agreement with you.", where="predicate.agreement", rule="agreement")
        _check_parties(opened.statement, parties, own)
        known = tx.ledger.find(tenant, says.id)
        if known is None:
            self._check_time(says)
            self._check_order(tx, tenant, says, sender)
            entry = self._ledger.append_foreign(tx, tenant, opened.envelope, says, opened.key)
            handler = self._handlers.get(type(says))
            if handler is not None:
                handler(tx, tenant, parties, says)
        elif known.hash == opened.envelope.hash and known.signer == sender:
            entry = known
        else:
            raise Conflict("Another statement has this id.", where="predicate.id", rule="statement-id", hint="Make a new id for each.")
        return self._receipt(tx, tenant, entry)

    def stated(self, tx: LedgerTx, tenant: Tenant, agreement: str) -> Stated | None:
        """Return what the consumer of an agreement stated last about its use; on the consumer's own side what it stated itself."""
        parties = self._agreements.parties(tx, tenant, agreement)
        if parties is None:
            return None
        consumer = parties.peer if parties.provides else parties.own
        entry = tx.ledger.latest(tenant, agreement, "use-stated", consumer)
        if entry is None:
            return None
        says = entry.says
        assert isinstance(says, k.UseStated)
        return Stated(says, consumer, entry)

    def _check_time(self, says: k.Predicate) -> None:
        now = self._clock.now()
        if says.at > now + LEEWAY:
            raise Invalid("The statement was made in the future.", where="predicate.at", rule="not-yet", hint="Compare the clocks.")
        if says.at < now - OLDEST:
            raise Invalid(f"The statement is older than {OLDEST.days} days.", where="predicate.at", rule="expired", hint="State it anew.")

    def _check_order(self, tx: LedgerTx, tenant: Tenant, says: k.Predicate, sender: Did) -> None:
        """What was said of the use last counts, whatever arrives last."""
        latest = tx.ledger.latest(tenant, says.agreement, "use-stated", sender) if isinstance(says, k.UseStated) else None
        if latest is not None and latest.says.at > says.at:
            raise Conflict("A later statement about the use is here already.", where="predicate.at", rule="superseded")

    def _parties(self, tx: LedgerTx, tenant: Tenant, agreement: str) -> Parties:
        parties = self._agreements.parties(tx, tenant, agreement)
        if parties is None:
            raise NotFound(f"There is no agreement {agreement[:80]!r} here.", where="agreement")
        return parties

    def _receipt(self, tx: LedgerTx, tenant: Tenant, entry: Entry) -> bytes:
        pen = self._pens.pen(tx, tenant)
        says = k.Acknowledged(
            id=self._ids.new("led"),
            by=pen.did,
            to=entry.signer,
            agreement=entry.agreement,
            at=self._clock.now(),
            entry=entry.index,
            statement=entry.hash,
            kind=entry.kind,
            index=entry.index,
        )
        return seal(write_statement(Subject.of(entry.id, entry.hash), says), pen.kid, pen.sign).encode()

    def _settle(self, tx: LedgerTx, tenant: Tenant, id: str, state: Delivery, reason: str, receipt: bytes = b"") -> None:
        sent = tx.sent.get(tenant, id)
        if sent is not None:
            tx.sent.put(structs.replace(sent, state=state, reason=reason, receipt=receipt))
            tx.emit(Settled(tenant, id, state.value))


def check_receipt(raw: bytes, statement: bytes, sender: Did, peer: Did, now: float) -> Exchange[bytes]:
    """Prove that `peer` signed that it has taken the statement (an envelope of `sender`'s); return the receipt.

    Raises `PeerInvalid`; a `PeerError` from the resolution passes through.
    """
    try:
        opened = yield from _open(read_envelope(raw), peer, now)
    except CallerError as fault:
        raise PeerInvalid(f"The other side's receipt proves nothing: {fault.message}", where=fault.where, rule="receipt") from fault
    says = opened.statement.predicate
    wanted = read_envelope(statement).hash
    if not isinstance(says, k.Acknowledged) or (says.by, says.to, says.statement) != (peer, sender, wanted):
        raise PeerInvalid("The other side's receipt is for something else.", rule="receipt")
    return raw


def _open(envelope: Envelope, signer: Did, now: float) -> Exchange[Opened]:
    statement = statement_of(envelope)
    document = yield from proved_by(
        envelope.keyid, lambda key: key.verify_bytes(envelope.signed, envelope.signature), signer, "assertionMethod", now
    )
    method = document.method(envelope.keyid)
    if document.id != signer or method is None or statement.predicate.by != signer:
        raise Unauthenticated("The statement is not made by who signed it.", where="predicate.by", rule="signer")
    key = {name: value for name, value in (method.public_key_jwk or {}).items() if isinstance(value, str)}
    return Opened(envelope, statement, {name: key[name] for name in _PUBLIC if name in key})


def _check_parties(statement: Statement, parties: Parties, own: Did) -> None:
    says = statement.predicate
    if says.to != own:
        raise Invalid("The statement is addressed to somebody else.", where="predicate.to", rule="audience")
    if not 1 <= len(says.id) <= 64 or statement.subject.name != says.agreement:
        raise Invalid("The statement needs an id, and an agreement as its subject.", where="subject", rule="subject")
    if statement.subject.digest.sha256 != parties.digest:
        hint = "Both sides have to hold the same agreement."
        raise Invalid(
            "The statement is about other terms than those agreed on.", where="subject.digest", rule="agreement-differs", hint=hint
        )
    if isinstance(says, _REFUSED) or (isinstance(says, _OF_CONSUMERS) and not parties.provides):
        raise Forbidden("That is not for you to state.", where="predicateType", rule="whose")


_PUBLIC: Final = ("kty", "crv", "x", "y", "n", "e")
_NOBODY: Final = "The other side lists no EvidenceService in its DID document, so only we hold this statement."
