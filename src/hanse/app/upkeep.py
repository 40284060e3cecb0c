"""Pruning: what has expired is forgotten, a little at a time, so that no table grows without end and nobody waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from hanse.dataplane.records import Access
from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Tenant
from hanse.storage import Database, Tx
from hanse.storage.rows import micros

EVERY = timedelta(minutes=1)
BATCH = 1_000
"""Rows looked at in one transaction."""
TURN = 200
"""Transactions of one turn at most; what is left waits for the next."""

_REPLAYS = (
    "DELETE FROM replays WHERE (tenant, issuer, jti) IN"
    " (SELECT tenant, issuer, jti FROM replays WHERE expires < ? ORDER BY expires LIMIT ?)"
)
# A token that can still be renewed stays, however long ago it expired: the end of its transfer removes it.
_SPENT = "SELECT tenant, hash, doc FROM access_tokens WHERE refresh = '' AND (tenant, hash) > (?, ?) ORDER BY tenant, hash LIMIT ?"
_access = msgspec.json.Decoder(Access).decode


class Upkeep:
    """A chore of the timer: forgets used tokens that have expired, and access tokens that are spent."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._next: datetime | None = None

    async def prune(self) -> None:
        """Prune if it is time; called as often as anybody likes."""
        now = self._clock.now()
        if self._next is not None and now < self._next:
            return
        self._next = now + EVERY
        await self._replays(now)
        await self._tokens(now)

    async def _replays(self, now: datetime) -> None:
        for _ in range(TURN):
            # A used token is refused for having expired from this moment on, so its record is not needed any more.
            if await self._database.run(lambda tx: tx.rows.execute(_REPLAYS, (micros(now), BATCH))) < BATCH:
                return

    async def _tokens(self, now: datetime) -> None:
        after = ("", "")
        for _ in range(TURN):
            seen = await self._database.run(lambda tx, after=after: _spent(tx, after, now))  # type: ignore[misc]
            if seen is None:
                return
            after = seen


def _spent(tx: Tx, after: tuple[str, str], now: datetime) -> tuple[str, str] | None:
    rows = tx.rows.all(_SPENT, (*after, BATCH))
    for tenant, hash, doc in rows:
        if _access(bytes(doc)).expires <= now:
            tx.access_tokens.delete(Tenant(tenant), hash)
    return (rows[-1][0], rows[-1][1]) if len(rows) == BATCH else None
