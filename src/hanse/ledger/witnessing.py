"""A participant's log and its witnesses: who they are, what they cosigned, and whether what they saw is what the log says.

The anchors of the joined spaces are witnesses, and whomever people name. Cosignatures are not appended to the log: each would make a
new checkpoint, which would be cosigned. They are kept beside it, newest only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from hanse.evidence import kinds as k
from hanse.evidence import merkle
from hanse.evidence.checkpoint import Checkpoint, SignedCheckpoint, origin_of, read_checkpoint, read_signature
from hanse.evidence.cosignature import cosignature_of, cosigner_of
from hanse.evidence.statement import Subject, digest_of
from hanse.identity.keys import VerifyingKey
from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, Conflict, HanseError, Invalid, NotFound, PeerInvalid
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.log import Ledger, with_nodes
from hanse.ledger.records import LogState
from hanse.ledger.verifying import Earlier, signed_by
from hanse.ledger.witness_ports import Answer, Spaces, WitnessClient, WitnessDatabase, WitnessTx
from hanse.ledger.witness_records import Cosigned, CosignedLog, ForkAlarm, Watch, WitnessKey

MAX_WITNESSES: Final = 16
"""Witnesses that a log may have."""
DAILY: Final = timedelta(days=1)
"""How old a cosignature gets before it is asked for again, although nothing was appended."""
SKEW: Final = timedelta(minutes=5)
"""How far the clock of a witness may be from ours."""
FIRST, SELDOM = timedelta(seconds=5), timedelta(hours=1)
"""The first pause after an attempt that came to nothing, which doubles, and the longest."""
_TRIES: Final = 3
_OK, _CONFLICT, _UNPROVED = 200, 409, 422


class Standing(Struct, frozen=True):
    """A participant's log: whose, how large, whether it goes on, and who witnesses it."""

    own: Did
    size: int
    state: LogState
    witnesses: tuple[Watch, ...]


class Witnessing:
    """Witnesses of the logs of this server's participants."""

    def __init__(self, database: WitnessDatabase, ledger: Ledger, spaces: Spaces, client: WitnessClient, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._spaces = spaces
        self._client = client
        self._clock = clock

    async def witnesses(self, tenant: Tenant) -> Sequence[Watch]:
        """Return the witnesses of a participant's log and how far each saw it: the named ones, and the anchors of its spaces."""
        known = {one.witness: one for one in await self._database.read(lambda tx: tx.log_witnesses.list(tenant))}
        anchors = await self._spaces.anchors(tenant)
        mine = dict.fromkeys([*anchors, *(did for did, one in known.items() if one.named)])
        return [known.get(did) or Watch(tenant=tenant, witness=did) for did in mine]

    async def trouble(self, tenant: Tenant) -> str:
        """Return what is wrong with a participant's log, in words: it has stopped, or contradicts a witness. Empty if nothing is."""

        def work(tx: WitnessTx) -> str:
            state = tx.ledger.state(tenant)
            if state.halted:
                return f"It has stopped: {state.halted} {state.hint}"
            return next((f"{one.alarm} (Its witness is {one.witness}.)" for one in tx.log_witnesses.list(tenant) if one.alarm), "")

        return await self._database.read(work)

    async def seen_by(self, tenant: Tenant, index: int) -> Sequence[Watch]:
        """Return the witnesses that cosigned the log with this entry in it."""
        return [one for one in await self._database.read(lambda tx: tx.log_witnesses.list(tenant)) if one.size > index]

    async def standing(self, tenant: Tenant) -> Standing:
        """Return how a participant's log stands with its witnesses."""
        size, state = await self._database.read(lambda tx: (_size(tx, tenant), tx.ledger.state(tenant)))
        return Standing(self._spaces.own(tenant), size, state, tuple(await self.witnesses(tenant)))

    async def name(self, tenant: Tenant, witness: Did) -> Watch:
        """Let somebody witness the log from now on. Raises `Invalid` for oneself and for one too many, and `PeerError`s."""
        if witness == self._spaces.own(tenant):
            raise Invalid("Nobody witnesses its own log.", where="did", rule="witness-self")
        if len(await self.witnesses(tenant)) >= MAX_WITNESSES:
            raise Invalid(f"A log has {MAX_WITNESSES} witnesses at most.", where="did", rule="witnesses")
        if not await self._client.keys(witness):
            raise PeerInvalid(f"The DID document of {witness} names no key for notes.", rule="no-witness", hint="It is no witness.")

        def work(tx: WitnessTx) -> Watch:
            watch = structs.replace(tx.log_witnesses.get(tenant, witness) or Watch(tenant=tenant, witness=witness), named=True)
            tx.log_witnesses.put(watch)
            return watch

        return await self._database.run(work)

    async def drop(self, tenant: Tenant, witness: Did) -> None:
        """Let a named witness go; what it cosigned is forgotten. Raises `NotFound`; `Conflict` for an anchor, which stays."""
        if witness in await self._spaces.anchors(tenant):
            raise Conflict("The anchor of a space witnesses the logs of its members.", where="did", rule="witness-anchor")

        def work(tx: WitnessTx) -> None:
            if tx.log_witnesses.get(tenant, witness) is None:
                raise NotFound("The log has no such witness.", where="did")
            tx.log_witnesses.delete(tenant, witness)

        await self._database.run(work)

    async def state(self, tenant: Tenant) -> LogState:
        """Return whether a participant's log may go on."""
        return await self._database.read(lambda tx: tx.ledger.state(tenant))

    async def cosigned(self, tenant: Tenant) -> Cosigned | None:
        """Return the newest checkpoint that a witness cosigned, with the lines of all that cosigned that very one."""
        watches = [one for one in await self._database.read(lambda tx: tx.log_witnesses.list(tenant)) if one.line]
        if not watches:
            return None
        newest = max(watches, key=lambda one: (one.size, one.at))
        checkpoint = read_checkpoint(newest.note).checkpoint
        same = [one for one in watches if read_checkpoint(one.note).checkpoint == checkpoint]
        keys = tuple(WitnessKey(one.witness, cosigner_of(one.witness), one.key, one.at) for one in same if one.at is not None)
        return Cosigned(newest.note + "".join(one.line for one in same), checkpoint.size, checkpoint.root, keys)

    async def due(self, tenant: Tenant) -> bool:
        """Tell whether a witness has not seen the log as it is, or not for a day; or was not asked yet after a restore."""
        size, state = await self._database.read(lambda tx: (_size(tx, tenant), tx.ledger.state(tenant)))
        if state.unchecked or not size:
            return state.unchecked
        late = self._clock.now() - DAILY
        return any(one.size < size or one.at is None or one.at < late for one in await self.witnesses(tenant))

    async def round(self, tenant: Tenant) -> datetime | None:
        """Let every witness see the log as it is now; return when to try again, if one has not. What goes wrong is in their records."""
        watches = await self.witnesses(tenant)
        if (await self.state(tenant)).unchecked:
            return await self._check_restored(tenant, watches)
        now = self._clock.now()
        done = await asyncio.gather(*(self.submit(tenant, one) for one in watches if one.again is None or one.again <= now))
        waiting = [one for one in watches if one.again is not None and one.again > now]
        return min((one.again for one in (*done, *waiting) if one.again is not None), default=None)

    async def submit(self, tenant: Tenant, watch: Watch) -> Watch:
        """Let one witness see the log as it is now; return how it stands. Raises nothing that a witness can cause."""
        try:
            changed = await self._submitted(tenant, watch)
        except HanseError as error:
            changed = self._failed(watch, error.message)
        return await self._keep(changed, watch)

    async def views(self, tenant: Tenant) -> list[Earlier]:
        """Return what the witnesses saw last of the log, asked now; of those that do not answer, what they cosigned last.

        What they show counts if it is signed by the log's own key: a witness may claim anything.
        """
        watches = await self.witnesses(tenant)
        origin = await self._origin(tenant)
        keys = await self._database.read(lambda tx: self._ledger.keys(tx, tenant))
        found = await asyncio.gather(*(self._view(watch, origin, keys) for watch in watches))
        return [one for one in found if one is not None]

    async def restart(self, tenant: Tenant, reason: str) -> LogState:
        """Begin a new log where one has stopped for good: under a new name, with the entries that are left, and a word about it.

        A log that was restored may be begun anew before its witnesses have answered. Raises `Conflict` if the log goes on.
        """

        def work(tx: WitnessTx) -> LogState:
            state = tx.ledger.state(tenant)
            if not state.halted:
                raise Conflict("The ledger goes on: there is no need for a new one.", where="ledger", rule="ledger-goes-on")
            fresh = LogState(tenant=tenant, log=state.log + 1, proof=state.proof)
            tx.ledger.put_state(fresh)
            for one in tx.log_witnesses.list(tenant):
                tx.log_witnesses.put(Watch(tenant=tenant, witness=one.witness, named=one.named))
            said = f"{reason} The log before it has stopped: {state.halted}"[:2000]
            subject = Subject.of(origin_of(self._spaces.own(tenant), state.log), digest_of(state.proof.encode()))
            self._ledger.append_about(tx, tenant, subject, k.Notice(agreement="", about="ledger", text=said))
            return fresh

        return await self._database.run(work)

    async def _submitted(self, tenant: Tenant, watch: Watch) -> Watch:
        old = watch.size
        for _ in range(_TRIES):
            submission = await self._ledger.submission(tenant, old)
            size = submission.note.checkpoint.size
            if not size:
                return watch
            if old > size:
                return await self._contradicted(watch, f"The witness saw {old} entries, the log has {size}: entries were lost.")
            answer = await self._client.add(watch.witness, submission)
            if answer.status == _OK:
                return await self._accepted(watch, submission.note, answer)
            if answer.status == _UNPROVED:
                return await self._contradicted(watch, "The witness saw another history of this log.")
            if answer.status != _CONFLICT:
                raise PeerInvalid(f"The witness answered HTTP {answer.status}.", rule="witness")
            old = _known(answer)
        raise PeerInvalid("The witness names another size each time.", rule="witness")

    async def _accepted(self, watch: Watch, note: SignedCheckpoint, answer: Answer) -> Watch:
        """Take a cosignature: of a key that the witness's DID document names, over this very checkpoint, at about this moment."""
        lines = tuple(read_signature(line) for line in answer.body.removesuffix("\n").split("\n")[:16])
        now = self._clock.now()
        for jwk in await self._client.keys(watch.witness):
            found = _line_of(SignedCheckpoint(note.checkpoint, lines), cosigner_of(watch.witness), jwk)
            if found is None:
                continue
            at, line = found
            if not now - SKEW <= at <= now + SKEW:
                raise PeerInvalid("The witness's clock is wrong: its cosignature is of another time.", rule="witness-time")
            news = {"size": note.checkpoint.size, "note": note.note, "line": line, "key": jwk, "at": at}
            return structs.replace(watch, **news, failures=0, problem="", again=None)
        raise PeerInvalid("The cosignature is by no key of the witness's DID document.", rule="witness-key")

    async def _contradicted(self, watch: Watch, suspicion: str) -> Watch:
        """Find out whether the witness can show that we signed something else. Only our own signature proves it, and stops the log."""
        origin = await self._origin(watch.tenant)
        shown = await self._client.seen(watch.witness, origin)
        seen = None if shown is None else read_checkpoint(shown)
        tenant = watch.tenant

        def work(tx: WitnessTx) -> str:
            keys = self._ledger.keys(tx, tenant)  # none of a participant that was erased
            if seen is None or not _ours(seen, origin, keys):
                return ""
            problem = differs(tx, tenant, seen.checkpoint)
            state = tx.ledger.state(tenant)
            if problem and (state.unchecked or not state.halted):
                tx.ledger.put_state(structs.replace(state, halted=problem, unchecked=False, proof=seen.note))
                tx.emit(ForkAlarm(tenant, seen.checkpoint.origin, watch.witness, problem, ours=True))
            return problem

        problem = await self._database.run(work)
        if not problem:
            raise PeerInvalid(f"{suspicion} It cannot prove that.", rule="witness")
        assert seen is not None
        return structs.replace(self._failed(watch, problem), alarm=problem, proof=seen.note)

    async def _check_restored(self, tenant: Tenant, watches: Sequence[Watch]) -> datetime | None:
        """Ask every witness how far it saw a log that was restored from a backup; it goes on if none saw more, or something else."""
        origin = await self._origin(tenant)
        for watch in watches:
            try:
                shown = await self._client.seen(watch.witness, origin)
                good = structs.replace(watch, problem="", failures=0, again=None)
                changed = good if shown is None else await self._compared(good, origin, shown)
            except HanseError as error:
                changed = self._failed(watch, error.message)
            await self._keep(changed, watch)
            if changed.problem:
                return changed.again

        def clear(tx: WitnessTx) -> None:
            state = tx.ledger.state(tenant)
            if state.unchecked:
                tx.ledger.put_state(structs.replace(state, halted="", unchecked=False))

        await self._database.run(clear)
        return None

    async def _compared(self, watch: Watch, origin: str, shown: str) -> Watch:
        """Compare a restored log with what a witness shows; what our key has not signed is no reason to wait."""
        try:
            seen = read_checkpoint(shown)
        except CallerError:
            return watch

        def work(tx: WitnessTx) -> str:
            ours = _ours(seen, origin, self._ledger.keys(tx, watch.tenant))
            return differs(tx, watch.tenant, seen.checkpoint) if ours else ""

        problem = await self._database.read(work)
        return await self._contradicted(watch, problem) if problem else watch

    def _failed(self, watch: Watch, problem: str) -> Watch:
        failures = watch.failures + 1
        again = self._clock.now() + min(SELDOM, FIRST * 2 ** min(failures - 1, 12))
        return structs.replace(watch, failures=failures, problem=problem[:300], again=again)

    async def _view(self, watch: Watch, origin: str, keys: Mapping[str, Mapping[str, str]]) -> Earlier | None:
        called = f"the checkpoint that {watch.witness} saw"
        try:
            shown = await self._client.seen(watch.witness, origin)
            if shown is not None and _ours(seen := read_checkpoint(shown), origin, keys):
                return Earlier(seen, called)
        except HanseError:
            pass  # what it cosigned last is here
        return Earlier(read_checkpoint(watch.note), called) if watch.note else None

    async def _keep(self, changed: Watch, before: Watch) -> Watch:
        def work(tx: WitnessTx) -> Watch:
            if not self._spaces.hosts(tx, before.tenant):
                return changed
            now = tx.log_witnesses.get(before.tenant, before.witness)
            if now is None and before.named:
                return changed  # it was dismissed meanwhile
            kept = structs.replace(changed, named=now is not None and now.named)
            if kept.line and kept.size < (now.size if now is not None else 0):
                return now or kept  # another process was further
            tx.log_witnesses.put(kept)
            if changed.at != before.at:
                tx.emit(CosignedLog(kept.tenant, kept.witness, kept.size))
            return kept

        return changed if changed == before else await self._database.run(work)

    async def _origin(self, tenant: Tenant) -> str:
        return origin_of(self._spaces.own(tenant), (await self.state(tenant)).log)


def differs(tx: WitnessTx, tenant: Tenant, seen: Checkpoint) -> str:
    """Return how the log as it is contradicts a checkpoint of it, if it does."""
    head = tx.ledger.head(tenant)
    size = head.edge.size if head is not None else 0
    if seen.size > size:
        return f"A witness saw {seen.size} entries, and {size} are here: {seen.size - size} were lost."
    found = with_nodes(tx, tenant, lambda node: merkle.root_at(seen.size, node))
    return "" if found == seen.root else f"A witness saw another history of the first {seen.size} entries."


def _ours(seen: SignedCheckpoint, origin: str, keys: Mapping[str, Mapping[str, str]]) -> bool:
    """Tell whether a checkpoint is of that very log, and signed by its owner: one of a log before a restart contradicts nothing."""
    return seen.checkpoint.origin == origin and signed_by(seen, keys)


def _size(tx: WitnessTx, tenant: Tenant) -> int:
    head = tx.ledger.head(tenant)
    return head.edge.size if head is not None else 0


def _line_of(signed: SignedCheckpoint, name: str, jwk: Mapping[str, str]) -> tuple[datetime, str] | None:
    """Return the latest cosignature of that key, and its moment."""
    check = VerifyingKey.from_jwk(jwk).verify_bytes
    found = []
    for one in signed.signatures:
        at = cosignature_of(SignedCheckpoint(signed.checkpoint, (one,)), name, jwk, check)
        if at is not None:
            found.append((at, one.line))
    return max(found, default=None)


def _known(answer: Answer) -> int:
    text = answer.body.removesuffix("\n")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise PeerInvalid("The witness does not say how far it saw the log.", rule="witness")
    return int(text)
