"""The log: append in the caller's transaction, read, prove, and find whatever was changed behind its back.

"Log before release": whoever lets bytes go appends in the transaction that first releases them, so what left is in the log.
An append reads the head, signs, and writes one row and the nodes that it completes: constant, but for one node in two more.

Many entries are signed one by one and written at once. Threads would sign no faster: the libraries hold the interpreter's lock
while they sign (measured: 27 µs with one, 28 µs with two).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from msgspec import Struct, structs

from hanse.evidence import merkle, tiles
from hanse.evidence.checkpoint import Checkpoint, origin_of, read_checkpoint, sign_checkpoint, signature_line
from hanse.evidence.cosignature import Submission
from hanse.evidence.dsse import Envelope, seal
from hanse.evidence.kinds import KINDS, Predicate, kind_of
from hanse.evidence.merkle import Edge
from hanse.evidence.personal import redacted
from hanse.evidence.say import say
from hanse.evidence.statement import Subject, write_statement
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, Invalid, NotFound
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.ports import Agreements, Database, LedgerTx, NoteKeys, Pen, Pens
from hanse.ledger.records import Appended, Entry, Grown, Head, LogState
from hanse.ledger.verifying import Checks, Earlier, Verdict, read_page

P = TypeVar("P", bound=Predicate)
T = TypeVar("T")

PAGE: Final = 200
"""Entries that are looked at in one transaction when the whole log is verified."""
GROUP: Final = 500
"""Entries of one transaction when very many are appended: some 20 ms, in which nobody else writes."""


class Proof(Struct, frozen=True):
    """That an entry is in the log: checkpoint (a signed note) and the hashes from the leaf up (hexadecimal)."""

    index: int
    size: int
    hashes: tuple[str, ...]
    checkpoint: str


class Bundle(Struct, frozen=True):
    """That several entries are in the log, under one checkpoint (a signed note): for each index the hashes from the leaf up."""

    checkpoint: str
    size: int
    proofs: dict[int, tuple[bytes, ...]]


class Ledger:
    """The logs of all participants of this server. With `notes` every checkpoint is signed by the note key, too."""

    def __init__(
        self, database: Database, pens: Pens, agreements: Agreements, clock: Clock, ids: Ids, notes: NoteKeys | None = None
    ) -> None:
        self._database = database
        self._pens = pens
        self._notes = notes
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
        return self._extend(tx, tenant, [(subject, says)], to)[0]

    def append_many(self, tx: LedgerTx, tenant: Tenant, said: Sequence[tuple[Subject, Predicate]]) -> list[Entry]:
        """Append statements about their subjects, in their order, in the caller's transaction: all of them or none; see `append`."""
        return self._extend(tx, tenant, said, None) if said else []

    async def append_all(self, tenant: Tenant, said: Sequence[tuple[Subject, Predicate]]) -> int:
        """Append very many, in groups of 500 that are each one transaction; return the size of the log. Raises as `append` does.

        Where one group fails, those before it are in the log.
        """
        for start in range(0, len(said), GROUP):
            group = said[start : start + GROUP]
            await self._database.run(lambda tx, group=group: self.append_many(tx, tenant, group))  # type: ignore[misc]
        return await self._database.read(lambda tx: self._head(tx, tenant).edge.size)

    def append_foreign(self, tx: LedgerTx, tenant: Tenant, envelope: Envelope, says: Predicate, key: dict[str, str]) -> Entry:
        """Append a peer's statement as it is. Whoever calls has checked it; `key` (a public JWK) proved it."""
        head = self._going_on(tx, tenant)
        leaf = merkle.leaf_hash(raw := envelope.encode())
        edge, nodes = head.edge.append(leaf)
        entry = self._entry(tenant, head.edge.size, envelope, raw, says, Pen(Did(says.by), envelope.keyid, key, lambda _: b""))
        tx.ledger.add(entry, Head(tenant, edge), nodes)
        tx.emit(_appended(entry, says))
        return entry

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
        """Return what the log says about itself now, signed. Raises `Conflict` for a log that has stopped: it would be a second history."""
        return await self._database.run(lambda tx: self._shown(tx, tenant)[1])

    async def prove(self, tenant: Tenant, index: int) -> Proof:
        """Return the proof that an entry is in the log as it is now. Raises `NotFound`."""

        def work(tx: LedgerTx) -> Proof:
            head, text = self._signed(tx, tenant)
            if not 0 <= index < head.edge.size:
                raise _missing()
            hashes = with_nodes(tx, tenant, lambda node: merkle.inclusion_proof(index, head.edge.size, node))
            return Proof(index, head.edge.size, tuple(one.hex() for one in hashes), text)

        return await self._database.run(work)

    async def prove_growth(self, tenant: Tenant, old: int) -> Proof:
        """Return the proof that the log as it is now begins with what it was at the size `old`. Raises `Invalid`."""

        def work(tx: LedgerTx) -> Proof:
            head, text = self._signed(tx, tenant)
            hashes = with_nodes(tx, tenant, lambda node: merkle.consistency_proof(old, head.edge.size, node))
            return Proof(old, head.edge.size, tuple(one.hex() for one in hashes), text)

        return await self._database.run(work)

    async def prove_all(self, tenant: Tenant, indexes: Sequence[int]) -> Bundle:
        """Return the proofs that all of these entries are in the log as it is now, under one checkpoint. Raises `NotFound`."""

        def work(tx: LedgerTx) -> Bundle:
            head, text = self._signed(tx, tenant)
            size = head.edge.size
            if not all(0 <= index < size for index in indexes):
                raise _missing()
            proofs = with_nodes(tx, tenant, lambda node: {one: merkle.inclusion_proof(one, size, node) for one in indexes})
            return Bundle(text, size, proofs)

        return await self._database.run(work)

    async def submission(self, tenant: Tenant, old: int) -> Submission:
        """Return what a witness is asked to cosign that saw the log at the size `old` last; without a proof where there is none."""

        def work(tx: LedgerTx) -> Submission:
            head, text = self._shown(tx, tenant)
            size = head.edge.size
            known = 0 < old <= size
            hashes = with_nodes(tx, tenant, lambda node: merkle.consistency_proof(old, size, node)) if known else ()
            return Submission(old, hashes, read_checkpoint(text))

        return await self._database.run(work)

    async def tile(self, tenant: Tenant, tile: tiles.Tile) -> bytes:
        """Return the hashes of a tile of the log. Raises `NotFound` for one that the log is too small for."""

        def work(tx: LedgerTx) -> bytes:
            there = tiles.tile_at(tile.level, tile.number, self._head(tx, tenant).edge.size)
            if there is None or there.width < tile.width:
                raise NotFound("The log has no such tile.", where="tile", hint="Its checkpoint tells how large it is.")
            row = tx.ledger.row(tenant, tile.level * tiles.HEIGHT, tile.number * tiles.WIDTH, tile.width)
            if len(row) != tile.width:
                raise _broken()
            return b"".join(row)

        return await self._database.read(work)

    async def verify(self, tenant: Tenant, earlier: str | None = None, seen: Sequence[Earlier] = ()) -> Verdict:
        """Read the whole log and check every signature, hash and index; and that it goes on from earlier checkpoints of it.

        Whoever can write to the database can cut off the newest entries, and nothing that is left there tells: an earlier checkpoint,
        kept elsewhere, does; `seen` are those of witnesses. Raises `Malformed` for a checkpoint that cannot be read.
        """
        past = [*seen, *([] if earlier is None else [Earlier(read_checkpoint(earlier))])]
        async with self._verifying:  # it takes a while, and so would another one
            keys = await self._database.read(lambda tx: self.keys(tx, tenant))
            checks = Checks(keys, past)
            head = await self._database.read(lambda tx: self._head(tx, tenant))  # what comes later is for the next time
            while checks.edge.size < head.edge.size and not checks.broken:
                start, most = checks.edge.size, min(PAGE, head.edge.size - checks.edge.size)
                page = await self._database.read(lambda tx, start=start, most=most: read_page(tx, tenant, start, most))  # type: ignore[misc]
                await asyncio.to_thread(checks.look_at, page)
                if len(page) < most:
                    break
            return checks.end(head)

    def keys(self, tx: LedgerTx, tenant: Tenant) -> dict[str, Mapping[str, str]]:
        """Return the public JWKs of all keys with which the participant ever signed entries and checkpoints, by name."""
        keys: dict[str, Mapping[str, str]] = dict(self._pens.keys(tx, tenant))
        if keys and self._notes is not None:
            note = self._notes.pen(Did(next(iter(keys)).partition("#")[0]))
            keys[note.kid] = note.jwk
        return keys

    def _extend(self, tx: LedgerTx, tenant: Tenant, said: Sequence[tuple[Subject, P]], to: Did | None) -> list[Entry]:
        head = self._going_on(tx, tenant)
        pen, now, entries, leaves = self._pens.pen(tx, tenant), self._clock.now(), [], []
        for index, (subject, says) in enumerate(said, head.edge.size):
            full = self._filled(says, pen, index, now, to)
            envelope = seal(write_statement(subject, full), pen.kid, pen.sign)
            raw = envelope.encode()
            leaves.append(merkle.leaf_hash(raw))
            entries.append(self._entry(tenant, index, envelope, raw, full, pen))
        edge, made = head.edge.extend(leaves)
        if len(entries) == 1:
            tx.ledger.add(entries[0], Head(tenant, edge), made)
            tx.emit(_appended(entries[0], full))
        else:
            tx.ledger.add_many(entries, Head(tenant, edge), made)
            tx.emit(Grown(tenant, head.edge.size, len(entries)))
        return entries

    def _filled(self, says: P, pen: Pen, index: int, now: datetime, to: Did | None) -> P:
        changed = structs.replace(redacted(says), id=self._ids.new("led"), by=pen.did, to=to or "", at=now, entry=index)
        try:
            return msgspec.convert(msgspec.to_builtins(changed), type(says))  # a Struct does not check what it is made with
        except msgspec.ValidationError as fault:
            raise Invalid(f"The statement is not as its kind demands: {fault}.", where="statement", rule="statement") from None

    def _head(self, tx: LedgerTx, tenant: Tenant) -> Head:
        return tx.ledger.head(tenant) or Head(tenant, Edge())

    def _going_on(self, tx: LedgerTx, tenant: Tenant) -> Head:
        """Return how far a log is that may be appended to. Raises `Conflict` if it must not go on."""
        _check(tx.ledger.state(tenant))
        return self._head(tx, tenant)

    def _entry(self, tenant: Tenant, index: int, envelope: Envelope, raw: bytes, says: Predicate, pen: Pen) -> Entry:
        return Entry(
            tenant=tenant,
            index=index,
            id=says.id,
            kind=kind_of(says),
            agreement=says.agreement,
            signer=pen.did,
            hash=envelope.hash,
            at=self._clock.now(),
            raw=raw,
            key=dict(pen.jwk),
        )

    def _shown(self, tx: LedgerTx, tenant: Tenant) -> tuple[Head, str]:
        state = tx.ledger.state(tenant)
        if not state.unchecked:
            _check(state)
        return self._signed(tx, tenant)

    def _signed(self, tx: LedgerTx, tenant: Tenant) -> tuple[Head, str]:
        head, pen = self._head(tx, tenant), self._pens.pen(tx, tenant)
        checkpoint = Checkpoint(origin_of(pen.did, tx.ledger.state(tenant).log), head.edge.size, head.edge.root)
        note = sign_checkpoint(checkpoint, pen.jwk, pen.sign)
        if self._notes is not None:
            second = self._notes.pen(pen.did)
            note += signature_line(checkpoint, second.jwk, second.sign)
        return head, note


def with_nodes(tx: LedgerTx, tenant: Tenant, work: Callable[[merkle.NodeOf], T]) -> T:
    """Compute something from the complete nodes of a log, which are read at once. What is missing raises `Conflict`."""
    wanted: dict[tuple[int, int], None] = {}

    def note(level: int, number: int) -> bytes:
        wanted[level, number] = None
        return bytes(merkle.HASH_SIZE)

    work(note)
    held = tx.ledger.nodes(tenant, list(wanted))
    if len(held) < len(wanted):
        raise _broken()
    return work(lambda level, number: held[level, number])


def _appended(entry: Entry, says: Predicate) -> Appended:
    return Appended(entry.tenant, entry.index, entry.kind, entry.agreement, say(says))


def _there(entry: Entry | None) -> Entry:
    if entry is None:
        raise _missing()
    return entry


def _missing() -> NotFound:
    return NotFound("There is no such entry in the ledger.", where="index", hint="`hanse ledger` lists them.")


def _check(state: LogState) -> None:
    if state.halted:
        raise Conflict(f"The ledger does not go on: {state.halted}", where="ledger", rule="ledger-halted", hint=state.hint)


def _broken() -> Conflict:
    return Conflict("A part of the log is missing.", where="ledger", rule="ledger-broken", hint="`hanse ledger verify` says where.")
