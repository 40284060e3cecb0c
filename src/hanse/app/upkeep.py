"""Pruning: what has expired is forgotten, a little at a time, so that no table grows without end and nobody waits for it.

| what | is forgotten |
|---|---|
| used tokens | when they have expired |
| access tokens | when they have expired, and cannot be renewed |
| private parts of former keys | when nobody signs with them any more (`wallet.keys`) |
| records of issued credentials | 400 days after their end, so that an auditor finds those of a whole year |
| answered requests at an issuer | 90 days after the answer |
| credentials that a peer presented | 30 days after it presented them, unless it has an open transfer |

Letters and outgoing messages have deadlines, refusals and a holder's requests a highest number: nothing of them is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from hanse.dataplane.records import Access
from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Did, Tenant
from hanse.storage import Database, Tx
from hanse.storage.rows import micros
from hanse.wallet.wallet import Wallet

EVERY = timedelta(minutes=1)
SELDOM = timedelta(hours=1)
"""How often that is looked at which is kept for days."""
BATCH = 1_000
"""Rows looked at in one transaction."""
TURN = 200
"""Transactions of one turn at most; what is left waits for the next."""

ISSUED_KEPT = timedelta(days=400)
ISSUANCES_KEPT = timedelta(days=90)
PRESENTED_KEPT = timedelta(days=30)

_REPLAYS = (
    "DELETE FROM replays WHERE (tenant, issuer, jti) IN"
    " (SELECT tenant, issuer, jti FROM replays WHERE expires < ? ORDER BY expires LIMIT ?)"
)
# A token that can still be renewed stays, however long ago it expired: the end of its transfer removes it.
_SPENT = "SELECT tenant, hash, doc FROM access_tokens WHERE refresh = '' AND (tenant, hash) > (?, ?) ORDER BY tenant, hash LIMIT ?"
_ENDED = "SELECT id FROM issued_credentials WHERE valid_until < ? AND id > ? ORDER BY id LIMIT ?"
_ANSWERED = "SELECT id, doc FROM issuances WHERE is_open = 0 AND created < ? AND id > ? ORDER BY id LIMIT ?"
_PRESENTED = "SELECT tenant, holder, doc FROM presented WHERE (tenant, holder) > (?, ?) ORDER BY tenant, holder LIMIT ?"
_TRANSFERS = "SELECT 1 FROM transfers WHERE tenant = ? AND peer = ? AND is_open = 1 LIMIT 1"


class _Moments(Struct):
    updated: datetime | None = None
    at: datetime | None = None


_access = msgspec.json.Decoder(Access).decode
_moments = msgspec.json.Decoder(_Moments).decode


class _Found(Struct, frozen=True):
    """What a look at some rows has found: the keys of those that may be forgotten, and where to look on (nothing: at the end)."""

    keys: Sequence[tuple[str, ...]]
    after: tuple[str, ...] | None


class Upkeep:
    """A chore of the timer: forgets what has expired."""

    def __init__(self, database: Database, clock: Clock, wallet: Wallet) -> None:
        self._database = database
        self._clock = clock
        self._wallet = wallet
        self._next: datetime | None = None
        self._seldom: datetime | None = None

    async def prune(self) -> None:
        """Prune if it is time; called as often as anybody likes."""
        now = self._clock.now()
        if self._next is not None and now < self._next:
            return
        self._next = now + EVERY
        await self._replays(now)
        await self._tokens(now)
        if self._seldom is None or now >= self._seldom:
            self._seldom = now + SELDOM
            await self._prune_seldom(now)

    async def _prune_seldom(self, now: datetime) -> None:
        await self._database.run(lambda tx: self._wallet.tidy(tx, now))
        ended, answered, presented = now - ISSUED_KEPT, now - ISSUANCES_KEPT, now - PRESENTED_KEPT
        await self._walk(("",), lambda tx, after: _ended(tx, after, ended), _delete_from("issued_credentials"))
        await self._walk(("",), lambda tx, after: _answered(tx, after, answered), _delete_from("issuances"))
        await self._walk(("", ""), lambda tx, after: _presented(tx, after, presented), lambda tx, keys: _drop(tx, keys, presented))

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

    async def _walk(
        self,
        start: tuple[str, ...],
        look: Callable[[Tx, tuple[str, ...]], _Found],
        forget: Callable[[Tx, Sequence[tuple[str, ...]]], None],
    ) -> None:
        """Look at a table without holding up anybody who writes, and forget what is found."""
        after: tuple[str, ...] | None = start
        for _ in range(TURN):
            found = await self._database.read(lambda tx, after=after: look(tx, after))  # type: ignore[misc]
            if found.keys:
                await self._database.run(lambda tx, keys=found.keys: forget(tx, keys))  # type: ignore[misc]
            after = found.after
            if after is None:
                return


def _spent(tx: Tx, after: tuple[str, str], now: datetime) -> tuple[str, str] | None:
    rows = tx.rows.all(_SPENT, (*after, BATCH))
    for tenant, hash, doc in rows:
        if _access(bytes(doc)).expires <= now:
            tx.access_tokens.delete(Tenant(tenant), hash)
    return (rows[-1][0], rows[-1][1]) if len(rows) == BATCH else None


def _ended(tx: Tx, after: tuple[str, ...], before: datetime) -> _Found:
    rows = tx.rows.all(_ENDED, (micros(before), *after, BATCH))
    return _Found([(id,) for (id,) in rows], (rows[-1][0],) if len(rows) == BATCH else None)


def _answered(tx: Tx, after: tuple[str, ...], before: datetime) -> _Found:
    # It may have waited for long before it was answered, so the answer counts.
    rows = tx.rows.all(_ANSWERED, (micros(before), *after, BATCH))
    keys = [(id,) for id, doc in rows if _is_before(_moments(bytes(doc)).updated, before)]
    return _Found(keys, (rows[-1][0],) if len(rows) == BATCH else None)


def _presented(tx: Tx, after: tuple[str, ...], before: datetime) -> _Found:
    rows = tx.rows.all(_PRESENTED, (*after, BATCH))
    keys = [(tenant, holder) for tenant, holder, doc in rows if _is_before(_moments(bytes(doc)).at, before)]
    return _Found(keys, (rows[-1][0], rows[-1][1]) if len(rows) == BATCH else None)


def _is_before(moment: datetime | None, before: datetime) -> bool:
    return moment is not None and moment < before


def _delete_from(table: str) -> Callable[[Tx, Sequence[tuple[str, ...]]], None]:
    # What has ended, or was answered, stays so: nothing has to be looked at again.
    return lambda tx, keys: tx.rows.many(f"DELETE FROM {table} WHERE id = ?", keys)  # noqa: S608 - names of this module


def _drop(tx: Tx, keys: Sequence[tuple[str, ...]], before: datetime) -> None:
    for tenant, holder in keys:
        kept = tx.presented.get(Tenant(tenant), Did(holder))
        # The standing of who has an open transfer is looked up in what it presented, however long ago that was.
        if kept is not None and kept.at < before and tx.rows.one(_TRANSFERS, (tenant, holder)) is None:
            tx.presented.delete(Tenant(tenant), Did(holder))
