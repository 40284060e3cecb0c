"""The log: append in the caller's transaction, read, prove, and find whatever was changed behind its back.

"Log before release": whoever lets bytes go appends in the transaction that first releases them, so what left is in the log.
An append reads the head, signs, and writes one row and the nodes that it completes: constant, but for one node in two more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct, structs

from hanse.evidence import merkle
from hanse.evidence.checkpoint import Checkpoint, SignedCheckpoint, origin_of, read_checkpoint, sign_checkpoint
from hanse.evidence.dsse import Envelope, seal
from hanse.evidence.kinds import KINDS, Predicate, kind_of
from hanse.evidence.merkle import Edge
from hanse.evidence.say import say
from hanse.evidence.statement import Subject, statement_of, write_statement
from hanse.identity.keys import VerifyingKey
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, HanseError, Invalid, NotFound
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.ports import Agreements, Database, LedgerTx, Pen, Pens
from hanse.ledger.records import Appended, Entry, Head

P = TypeVar("P", bound=Predicate)

_Node = tuple[int, int, bytes | None]

PAGE: Final = 200
"""Entries that are looked at in one transaction when the whole log is verified."""
MAX_FAULTS: Final = 100
"""Faults that a verification names; it goes on counting."""


class Proof(Struct, frozen=True):
    """That an entry is in the log: checkpoint (a signed note) and the hashes from the leaf up (hexadecimal)."""

    index: int
    size: int
    hashes: tuple[str, ...]
    checkpoint: str


class Fault(Struct, frozen=True):
    """Something that is not as it was written: at which index (None: the log as a whole), and what."""

    index: int | None
    problem: str


class Verdict(Struct, frozen=True):
    """What a verification of the whole log found: its size and root (hexadecimal), and at most 100 of `count` faults."""

    size: int
    root: str
    count: int
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Tell whether nothing was changed."""
        return self.count == 0


class Ledger:
    """The logs of all participants of this server."""

    def __init__(self, database: Database, pens: Pens, agreements: Agreements, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._pens = pens
        self._agreements = agreements
        self._clock = clock
        self._ids = ids
        self._verifying = asyncio.Lock()

    def append(self, tx: LedgerTx, tenant: Tenant, says: Predicate, *, to: Did | None = None) -> Entry:
        """State something about an agreement, sign it, and append it in the caller's transaction.

        `says` needs no `id`, `by`, `at` and `entry`: they are filled in. `to` addresses it to a peer. Raises `NotFound` for an agreement
        that there is none of, `TooLarge`, and `Invalid` if a field is not as its kind demands.
        """
        parties = self._agreements.parties(tx, tenant, says.agreement)
        if parties is None:
            raise NotFound(f"There is no agreement {says.agreement[:80]!r} to state anything about.", where="agreement")
        return self.append_about(tx, tenant, Subject.of(says.agreement, parties.digest), says, to=to)

    def append_about(self, tx: LedgerTx, tenant: Tenant, subject: Subject, says: P, *, to: Did | None = None) -> Entry:
        """Append a statement about any subject; see `append`."""
        head = self._head(tx, tenant)
        pen = self._pens.pen(tx, tenant)
        says = self._filled(says, pen, head, to)
        envelope = seal(write_statement(subject, says), pen.kid, pen.sign)
        return self._add(tx, head, envelope, says, pen)

    def append_foreign(self, tx: LedgerTx, tenant: Tenant, envelope: Envelope, says: Predicate, key: dict[str, str]) -> Entry:
        """Append a peer's statement as it is. Whoever calls has checked it; `key` (a public JWK) proved it."""
        pen = Pen(Did(says.by), envelope.keyid, key, lambda _: b"")
        return self._add(tx, self._head(tx, tenant), envelope, says, pen)

    def content(self, kind: str, agreement: str, content: object) -> Predicate:
        """Return a predicate of that kind from its fields by name, as plain values. Raises `Invalid` where they are not its own."""
        if kind not in KINDS:
            raise Invalid(f"There is no kind of statement {kind[:40]!r}.", where="kind", rule="kind")
        try:
            return structs.replace(msgspec.convert(content, KINDS[kind], strict=False), agreement=agreement)
        except msgspec.ValidationError as fault:
            raise Invalid(f"This is no {kind}: {fault}.", where="content", rule="statement") from None

    async def get(self, tenant: Tenant, index: int) -> Entry:
        """Return an entry. Raises `NotFound`."""
        return _there(await self._database.read(lambda tx: tx.ledger.get(tenant, index)))

    async def find(self, tenant: Tenant, id: str) -> Entry:
        """Return the entry of the statement of that id. Raises `NotFound`."""
        return _there(await self._database.read(lambda tx: tx.ledger.find(tenant, id)))

    async def page(self, tenant: Tenant, *, before: int | None, limit: int, agreement: str | None = None) -> Sequence[Entry]:
        """Return up to `limit` entries, newest first, those below the index `before`; of one agreement, if it is named."""
        return await self._database.read(lambda tx: tx.ledger.page(tenant, before=before, limit=limit, agreement=agreement))

    async def checkpoint(self, tenant: Tenant) -> str:
        """Return what the log says about itself now, signed."""
        return await self._database.run(lambda tx: self._signed(tx, tenant)[1])

    async def prove(self, tenant: Tenant, index: int) -> Proof:
        """Return the proof that an entry is in the log as it is now. Raises `NotFound`."""

        def work(tx: LedgerTx) -> Proof:
            head, text = self._signed(tx, tenant)
            if not 0 <= index < head.edge.size:
                raise _missing()
            hashes = merkle.inclusion_proof(index, head.edge.size, _nodes(tx, tenant))
            return Proof(index, head.edge.size, tuple(one.hex() for one in hashes), text)

        return await self._database.run(work)

    async def prove_growth(self, tenant: Tenant, old: int) -> Proof:
        """Return the proof that the log as it is now begins with what it was at the size `old`. Raises `Invalid`."""

        def work(tx: LedgerTx) -> Proof:
            head, text = self._signed(tx, tenant)
            hashes = merkle.consistency_proof(old, head.edge.size, _nodes(tx, tenant))
            return Proof(old, head.edge.size, tuple(one.hex() for one in hashes), text)

        return await self._database.run(work)

    async def verify(self, tenant: Tenant, earlier: str | None = None) -> Verdict:
        """Read the whole log and check every signature, hash and index; and that it goes on from an `earlier` checkpoint of it.

        Whoever can write to the database can cut off the newest entries, and nothing that is left there tells: an earlier checkpoint,
        kept elsewhere, does. Raises `Malformed` for a checkpoint that cannot be read.
        """
        past = None if earlier is None else read_checkpoint(earlier)
        async with self._verifying:  # it takes a while, and so would another one
            keys = await self._database.read(lambda tx: self._pens.keys(tx, tenant))
            checks = _Checks(keys, past)
            head = await self._database.read(lambda tx: self._head(tx, tenant))  # what comes later is for the next time
            while checks.edge.size < head.edge.size and not checks.broken:
                start, most = checks.edge.size, min(PAGE, head.edge.size - checks.edge.size)
                page = await self._database.read(lambda tx, start=start, most=most: _read(tx, tenant, start, most))  # type: ignore[misc]
                await asyncio.to_thread(checks.look_at, page)
                if len(page) < most:
                    break
            checks.end(head)
        return Verdict(checks.edge.size, checks.edge.root.hex(), checks.count, tuple(checks.faults))

    def _filled(self, says: P, pen: Pen, head: Head, to: Did | None) -> P:
        changed = structs.replace(says, id=self._ids.new("led"), by=pen.did, to=to or "", at=self._clock.now(), entry=head.edge.size)
        try:
            return msgspec.convert(msgspec.to_builtins(changed), type(says))  # a Struct does not check what it is made with
        except msgspec.ValidationError as fault:
            raise Invalid(f"The statement is not as its kind demands: {fault}.", where="statement", rule="statement") from None

    def _head(self, tx: LedgerTx, tenant: Tenant) -> Head:
        return tx.ledger.head(tenant) or Head(tenant, Edge())

    def _add(self, tx: LedgerTx, head: Head, envelope: Envelope, says: Predicate, pen: Pen) -> Entry:
        raw = envelope.encode()
        edge, nodes = head.edge.append(merkle.leaf_hash(raw))
        entry = Entry(
            tenant=head.tenant,
            index=head.edge.size,
            id=says.id,
            kind=kind_of(says),
            agreement=says.agreement,
            signer=pen.did,
            hash=envelope.hash,
            at=self._clock.now(),
            raw=raw,
            key=dict(pen.jwk),
        )
        tx.ledger.add(entry, Head(head.tenant, edge), nodes)
        tx.emit(Appended(head.tenant, entry.index, entry.kind, entry.agreement, say(says)))
        return entry

    def _signed(self, tx: LedgerTx, tenant: Tenant) -> tuple[Head, str]:
        head, pen = self._head(tx, tenant), self._pens.pen(tx, tenant)
        checkpoint = Checkpoint(origin_of(pen.did), head.edge.size, head.edge.root)
        return head, sign_checkpoint(checkpoint, pen.jwk, pen.sign)


class _Checks:
    """What has been seen of a log that is verified."""

    def __init__(self, keys: Mapping[str, Mapping[str, str]], past: SignedCheckpoint | None) -> None:
        self._keys = keys
        self._past = past.checkpoint if past is not None else None
        self.edge = Edge()
        self.count = 0
        self.faults: list[Fault] = []
        self.broken = False
        if past is not None and not any(past.signed_with(jwk, VerifyingKey.from_jwk(jwk).verify_bytes) for jwk in keys.values()):
            self.fault(None, "The earlier checkpoint is not signed by this participant.")

    def fault(self, index: int | None, problem: str) -> None:
        self.count += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(index, problem))

    def look_at(self, page: Sequence[tuple[Entry, Sequence[_Node]]]) -> None:
        """Check the next entries, each with what is stored of the nodes that it completes."""
        for entry, nodes in page:
            self._look(entry, nodes)
            if self._past is not None and self.edge.size == self._past.size and self.edge.root != self._past.root:
                self.fault(entry.index, "Up to this entry the log is not what the earlier checkpoint says.")

    def _look(self, entry: Entry, nodes: Sequence[_Node]) -> None:
        if entry.index != self.edge.size:
            self.broken = True
            return self.fault(self.edge.size, "An entry is missing here.")
        self.edge, made = self.edge.append(merkle.leaf_hash(entry.raw))
        if tuple(nodes) != made:
            self.fault(entry.index, "Its hash is not the one that it was stored with: it was changed.")
        problem = self._problem(entry)
        if problem:
            self.fault(entry.index, problem)
        return None

    def end(self, head: Head) -> None:
        """Check the log as a whole."""
        past = self._past
        if head.edge != self.edge:
            self.fault(None, "The entries do not add up to what the log says of itself.")
        if past is not None and past.size > self.edge.size:
            self.fault(None, f"The earlier checkpoint has {past.size} entries, the log {self.edge.size}: entries were cut off.")

    def _problem(self, entry: Entry) -> str:
        try:
            envelope = entry.envelope
            says = statement_of(envelope).predicate
            own = self._keys.get(envelope.keyid)
            key = VerifyingKey.from_jwk(own or entry.key)
        except HanseError as fault:
            return f"It cannot be read: {fault.message}"
        if not key.verify_bytes(envelope.signed, envelope.signature):
            return "Its signature does not fit."
        if own is not None and says.entry != entry.index:
            return f"Its owner signed it as entry {says.entry}: it was moved."
        told = (says.id, says.agreement, says.by, kind_of(says), envelope.hash)
        return "" if told == (entry.id, entry.agreement, entry.signer, entry.kind, entry.hash) else "What is stored beside it was changed."


def _read(tx: LedgerTx, tenant: Tenant, start: int, most: int) -> list[tuple[Entry, list[_Node]]]:
    found = []
    for entry in tx.ledger.walk(tenant, start, most):
        levels = range(((entry.index + 1) & ~entry.index).bit_length())  # how often the number of entries can be halved
        found.append((entry, [(one, entry.index >> one, tx.ledger.node(tenant, one, entry.index >> one)) for one in levels]))
    return found


def _nodes(tx: LedgerTx, tenant: Tenant) -> merkle.NodeOf:
    def node(level: int, number: int) -> bytes:
        found = tx.ledger.node(tenant, level, number)
        if found is None:
            raise Conflict("A part of the log is missing.", where="ledger", rule="ledger-broken", hint="`hanse ledger verify` says where.")
        return found

    return node


def _there(entry: Entry | None) -> Entry:
    if entry is None:
        raise _missing()
    return entry


def _missing() -> NotFound:
    return NotFound("There is no such entry in the ledger.", where="index", hint="`hanse ledger` lists them.")
