"""Somebody else's log, looked at from outside: does it show its witnesses, and us, one and the same history?

A witness alone cannot tell: to each of two, a forked log goes on. So what they saw is compared, with the log's own signatures as proof and
its public tiles as the way from one to the other. No entry is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from hanse.evidence import merkle, tiles
from hanse.evidence.checkpoint import Checkpoint, SignedCheckpoint, did_of_origin, read_checkpoint
from hanse.evidence.cosignature import cosignature_of, cosigner_of
from hanse.evidence.tiles import Tile
from hanse.identity.keys import VerifyingKey
from hanse.kernel.errors import CallerError, HanseError, PeerInvalid
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.witness_ports import Spaces, WitnessClient, WitnessDatabase
from hanse.ledger.witness_records import ForkAlarm

Verdict = Literal["same", "unseen", "unknown", "differs"]
"""The witness saw what the log shows; saw no such log; could not be asked or believed; or saw something else."""
AT_ONCE: Final = 8
"""Tiles that are fetched at once."""


class View(Struct, frozen=True):
    """What one witness saw of the log: at which size, whether that is what the log shows, and why not. `note` is its proof."""

    witness: Did
    verdict: Verdict
    size: int = 0
    problem: str = ""
    note: str = ""


class Look(Struct, frozen=True):
    """A look at a log: its name and size, the checkpoint that it shows, and what each witness saw."""

    origin: str
    size: int
    checkpoint: str
    views: tuple[View, ...]

    @property
    def forked(self) -> bool:
        """Tell whether the log shows more than one history."""
        return any(one.verdict == "differs" for one in self.views)


class Monitor:
    """Looks at the logs of members, for every participant of this server."""

    def __init__(self, database: WitnessDatabase, spaces: Spaces, client: WitnessClient) -> None:
        self._database = database
        self._spaces = spaces
        self._client = client

    async def look(self, tenant: Tenant, did: Did) -> Look:
        """Compare what a participant's log shows with what our witnesses, and we ourselves as one, saw of it.

        Raises `PeerError`s if the log cannot be read, or is not signed by its owner.
        """
        shown = _believed(await self._client.checkpoint(did), did, await self._client.log_keys(did))
        checkpoint = shown.checkpoint
        known = await self._database.read(lambda tx: tx.log_witnesses.list(tenant))
        asked = [*await self._spaces.anchors(tenant), *(one.witness for one in known if one.named), self._spaces.own(tenant)]
        seen = await asyncio.gather(*(self._seen(one, did, checkpoint) for one in dict.fromkeys(asked) if one != did))
        if any(one.size > checkpoint.size for one in seen):  # it may have grown between the two looks: that is no fork
            shown = await self._later(did, shown)
            checkpoint = shown.checkpoint
        views = _compared(await asyncio.gather(*(self._judged(one, did, checkpoint) for one in seen)))
        for one in views:
            if one.verdict == "differs":
                alarm = ForkAlarm(tenant, checkpoint.origin, one.witness, one.problem, ours=False)
                await self._database.run(lambda tx, alarm=alarm: tx.emit(alarm))  # type: ignore[misc]
        return Look(checkpoint.origin, checkpoint.size, shown.note, views)

    async def _later(self, did: Did, shown: SignedCheckpoint) -> SignedCheckpoint:
        """Return what the log shows now, if that goes on from what it has shown; else that stands."""
        before = shown.checkpoint
        try:
            later = _believed(await self._client.checkpoint(did), did, await self._client.log_keys(did))
            goes_on = later.checkpoint.size >= before.size and await self._root(did, before.size, later.checkpoint) == before.root
        except HanseError:
            return shown
        return later if goes_on else shown

    async def _seen(self, witness: Did, did: Did, shown: Checkpoint) -> View:
        """Return what a witness says that it saw, proved by the signatures of both."""
        try:
            text = await self._client.seen(witness, shown.origin)
            if text is None:
                return View(witness, "unseen", problem="It never saw this log.")
            signed = _believed(text, did, await self._client.log_keys(did))
            for jwk in await self._client.keys(witness):
                if cosignature_of(signed, cosigner_of(witness), jwk, VerifyingKey.from_jwk(jwk).verify_bytes) is not None:
                    return View(witness, "same", signed.checkpoint.size, note=signed.note)
            return View(witness, "unknown", problem="What it shows is not cosigned by it.")
        except HanseError as error:
            return View(witness, "unknown", problem=error.message)

    async def _judged(self, view: View, did: Did, shown: Checkpoint) -> View:
        """Find out whether the log that is shown contains what the witness saw."""
        if view.verdict != "same":
            return view
        seen = read_checkpoint(view.note).checkpoint
        if seen.size > shown.size:
            problem = f"It saw {seen.size} entries, and the log shows {shown.size}: it was cut off, or shows us an old state."
            return View(view.witness, "differs", seen.size, problem, view.note)
        try:
            root = await self._root(did, seen.size, shown)
        except HanseError as error:
            return View(view.witness, "unknown", seen.size, f"The log's tiles do not add up: {error.message}", view.note)
        if root != seen.root:
            return View(view.witness, "differs", seen.size, f"It saw another history of the first {seen.size} entries.", view.note)
        return view

    async def _root(self, did: Did, size: int, shown: Checkpoint) -> bytes:
        """Return the root at a size, from tiles that add up to what is shown. Raises `PeerInvalid` where they do not."""

        def work(tile: tiles.TileOf) -> tuple[bytes, bytes]:
            node = tiles.nodes_of(shown.size, tile)  # of the whole, so that no tile is asked for in two widths
            return merkle.root_at(shown.size, node), merkle.root_at(size, node)

        wanted = tiles.tiles_for(work)
        slots = asyncio.Semaphore(AT_ONCE)

        async def fetch(tile: Tile) -> bytes:
            async with slots:
                return await self._client.tile(did, tile.path)

        held: Mapping[Tile, bytes] = dict(zip(wanted, await asyncio.gather(*(fetch(one) for one in wanted)), strict=True))
        try:
            whole, part = work(held.__getitem__)
        except CallerError as fault:
            raise PeerInvalid(fault.message, rule="tile") from None
        if whole != shown.root:
            raise PeerInvalid("They have another root than its checkpoint.", rule="tile")
        return part


def _believed(text: str, did: Did, keys: Sequence[Mapping[str, str]]) -> SignedCheckpoint:
    try:
        signed = read_checkpoint(text)
    except CallerError as fault:
        raise PeerInvalid(fault.message, rule="checkpoint") from None
    if did_of_origin(signed.checkpoint.origin) != did:
        raise PeerInvalid("The checkpoint is of another log.", rule="checkpoint")
    if not any(signed.signed_with(jwk, VerifyingKey.from_jwk(jwk).verify_bytes) for jwk in keys):
        raise PeerInvalid("The checkpoint is not signed by the log's owner.", rule="checkpoint")
    return signed


def _compared(views: Sequence[View]) -> tuple[View, ...]:
    """Mark views of one size with two roots: both are signed by the log, whatever it shows now."""
    roots: dict[int, tuple[bytes, Did]] = {}
    found = []
    for one in views:
        if one.note:
            root = read_checkpoint(one.note).checkpoint.root
            first, witness = roots.setdefault(one.size, (root, one.witness))
            if first != root:
                problem = f"It and {witness} saw two histories of the first {one.size} entries."
                found.append(View(one.witness, "differs", one.size, problem, one.note))
                continue
        found.append(one)
    return tuple(found)
