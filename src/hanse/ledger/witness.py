"""A participant as a witness of others' logs (C2SP tlog-witness 1.0): it remembers how far it saw each, and cosigns what goes on.

The memory is durable before the signature exists. Whoever asks is not proved otherwise than by the log's own signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import structs

from hanse.evidence.checkpoint import Checkpoint, SignedCheckpoint, did_of_origin, key_id, read_checkpoint
from hanse.evidence.cosignature import Submission, cosign, cosigner_of, read_submission
from hanse.evidence.merkle import EMPTY_ROOT, consistent
from hanse.identity.keys import VerifyingKey
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, Forbidden, Invalid, Malformed, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.ports import NoteKeys
from hanse.ledger.witness_ports import Spaces, WitnessClient, WitnessDatabase, WitnessTx
from hanse.ledger.witness_records import ForkAlarm, Seen

MAX_LOGS: Final = 8
"""Logs of one owner that are witnessed: it has one, and another only after it lost entries."""


class KnownSize(Conflict):
    """The log said that we saw it last at another size than we did; `size` is the right one."""

    rule = "witness-size"

    def __init__(self, size: int) -> None:
        super().__init__(f"This witness saw the log at the size {size} last.", where="old", hint="Prove how it goes on from there.")
        self.size = size


class Witness:
    """Witnesses logs of members, for every participant of this server."""

    def __init__(
        self,
        database: WitnessDatabase,
        notes: NoteKeys,
        spaces: Spaces,
        client: WitnessClient,
        clock: Clock,
        limit: Callable[[Tenant, Did], None] = lambda _tenant, _owner: None,
    ) -> None:
        """Take the ports; `limit` raises `TooMany` for an owner, proved by then, that asks too often."""
        self._database = database
        self._notes = notes
        self._spaces = spaces
        self._client = client
        self._clock = clock
        self._limit = limit

    async def add(self, tenant: Tenant, body: str) -> str:
        """Take a request `add-checkpoint`; return our signature line.

        Raises, as the standard has it: `NotFound` (404) for logs of nobody that we know, `Forbidden` (403) without a good signature of the
        log, `Malformed` (400), `KnownSize` (409), `TooMany` (429), and `Invalid` (422) for what does not go on from what we saw.
        """
        submission = read_submission(body)
        owner = await self._known(tenant, submission.note.checkpoint.origin)
        note = await self._proved(owner, submission.note)
        self._limit(tenant, owner)
        if submission.old > note.checkpoint.size:
            raise Malformed("The old size is larger than the checkpoint's.", where="old", rule="size")
        now = self._clock.now()
        await self._database.run(lambda tx: self._remember(tx, tenant, owner, structs.replace(submission, note=note), now))
        return self._line(tenant, note.checkpoint, now)

    async def seen(self, tenant: Tenant, hash: str) -> str:
        """Return the checkpoint that we saw last of the log whose name has that SHA-256, with our cosignature. Raises `NotFound`."""
        found = await self._database.read(lambda tx: tx.witnessed_logs.get(tenant, hash))
        if found is None:
            raise NotFound("This witness never saw such a log.", where="path")
        return found.note + self._line(tenant, read_checkpoint(found.note).checkpoint, found.at)

    async def logs(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Seen]:
        """Return up to `limit` of the logs that a participant witnesses, by hash, those after `after`."""
        return await self._database.read(lambda tx: tx.witnessed_logs.page(tenant, after=after, limit=limit))

    async def _known(self, tenant: Tenant, origin: str) -> Did:
        owner = Did(did_of_origin(origin))
        unknown = NotFound("This witness witnesses the logs of members of its spaces.", where="origin", rule="origin")
        if not owner or owner == self._spaces.own(tenant) or not await self._spaces.is_member(tenant, owner):
            raise unknown
        return owner

    async def _proved(self, owner: Did, note: SignedCheckpoint) -> SignedCheckpoint:
        """Return the note with the signatures alone that a key of its owner's DID document proves."""
        for fresh in (False, True):
            proved = _signatures(note, await self._client.log_keys(owner, fresh=fresh))
            if proved is not None and proved.signatures:
                return proved
        raise Forbidden("No key of the log's owner has signed this checkpoint.", where="checkpoint", rule="signature")

    def _remember(self, tx: WitnessTx, tenant: Tenant, owner: Did, submission: Submission, now: datetime) -> None:
        if not self._spaces.hosts(tx, tenant):
            raise NotFound("There is no such witness any more.", where="path")
        checkpoint = submission.note.checkpoint
        hash = hash_of(checkpoint.origin)
        before = tx.witnessed_logs.get(tenant, hash)
        known = before.size if before is not None else 0
        if submission.old != known:
            raise KnownSize(known)
        problem = _problem(submission, known, bytes.fromhex(before.root) if before is not None else EMPTY_ROOT)
        if problem:
            raise self._refused(tenant, hash, submission.note, problem)
        seen = Seen(
            tenant=tenant,
            hash=hash,
            owner=owner,
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            note=submission.note.note,
            at=now,
        )
        if before is not None:
            tx.witnessed_logs.put(structs.replace(seen, refused=before.refused, suspect=before.suspect))
            return
        if tx.witnessed_logs.count(tenant, owner) >= MAX_LOGS:
            raise NotFound(f"This witness witnesses {MAX_LOGS} logs of one owner at most.", where="origin", rule="origin")
        tx.witnessed_logs.add(seen)

    def _refused(self, tenant: Tenant, hash: str, note: SignedCheckpoint, problem: str) -> Invalid:
        error = Invalid(problem, where="proof", rule="inconsistent")

        def keep(tx: WitnessTx) -> None:
            before = tx.witnessed_logs.get(tenant, hash)
            if before is None:
                return
            tx.witnessed_logs.put(structs.replace(before, refused=before.refused + 1, suspect=before.suspect or note.note))
            if not before.suspect:
                tx.emit(ForkAlarm(tenant, before.origin, self._spaces.own(tenant), problem, ours=False))

        error.keep = keep
        return error

    def _line(self, tenant: Tenant, checkpoint: Checkpoint, at: datetime) -> str:
        own = self._spaces.own(tenant)
        pen = self._notes.pen(own)
        return cosign(checkpoint, cosigner_of(own), pen.jwk, pen.sign, at)


def hash_of(origin: str) -> str:
    """Return the name of a log in a witness's addresses: the SHA-256 of its origin, in hexadecimal."""
    return hashlib.sha256(origin.encode()).hexdigest()


def _signatures(note: SignedCheckpoint, keys: Sequence[Mapping[str, str]]) -> SignedCheckpoint | None:
    """Return the note with the log's own signatures; nothing if one that names such a key does not fit it (signed-note 1.0)."""
    origin = note.checkpoint.origin
    proved = []
    for jwk in keys:
        for signature in note.named(origin, key_id(origin, jwk)):
            one = SignedCheckpoint(note.checkpoint, (signature,))
            if not one.signed_with(jwk, VerifyingKey.from_jwk(jwk).verify_bytes):
                return None
            proved.append(signature)
    return SignedCheckpoint(note.checkpoint, tuple(proved))


def _problem(submission: Submission, known: int, root: bytes) -> str:
    """Return why a checkpoint does not go on from what was seen, if it does not."""
    checkpoint = submission.note.checkpoint
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        return "An empty log has the root of the empty tree."
    if known == 0 and submission.proof:
        return "From an empty log there is nothing to prove."
    if known == 0 or consistent(known, checkpoint.size, root, checkpoint.root, submission.proof):
        return ""
    if known == checkpoint.size and root != checkpoint.root:
        return f"At the size {known} this log had another root: it shows two histories."
    return f"It is not proved that this log goes on from what was seen at the size {known}."
