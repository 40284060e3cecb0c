"""What an operator may look at: lists, single processes with what they wait for, and figures. Nothing here changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Generic

from msgspec import Struct

from hanse.connector.explain import Explanation, explain
from hanse.connector.ports import ConnectorTx, Database, P, ProcessStore
from hanse.connector.records import Contract, Negotiation, Transfer
from hanse.connector.watch import Watch
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Tenant

COUNT_LIMIT = 1_000
"""Figures are counted up to this many: a figure that says 1,000 means that many or more."""


class Seen(Struct, Generic[P], frozen=True):
    """A process, with what it waits for while it is not final."""

    process: P
    explanation: Explanation | None

    @property
    def needs_person(self) -> bool:
        """Tell whether it stands still until a person on this side acts."""
        return self.explanation is not None and self.explanation.who == "you" and self.process.intent is None


class Counts(Struct, frozen=True, kw_only=True):
    """The figures of one participant; `outbox_waiting` are messages that wait for the other side's acknowledgement."""

    assets: int
    negotiations_open: int
    transfers_running: int
    contracts: int
    outbox_waiting: int


class Views:
    """The read side of the connector, for one participant at a time."""

    def __init__(self, database: Database, watch: Watch) -> None:
        self._database = database
        self._watch = watch

    async def negotiations(self, tenant: Tenant, after: str | None, limit: int, *, open_only: bool = False) -> Sequence[Seen[Negotiation]]:
        """Return up to `limit` negotiations, newest first, those older than the id `after`."""
        return await self._page(tenant, _negotiations, after, limit, open_only=open_only)

    async def transfers(self, tenant: Tenant, after: str | None, limit: int, *, open_only: bool = False) -> Sequence[Seen[Transfer]]:
        """Return up to `limit` transfers, newest first, those older than the id `after`."""
        return await self._page(tenant, _transfers, after, limit, open_only=open_only)

    async def contracts(self, tenant: Tenant, after: str | None, limit: int) -> Sequence[Contract]:
        """Return up to `limit` contracts, newest first, those older than the id `after`."""
        return await self._database.read(lambda tx: tx.contracts.page(tenant, after=after, limit=limit))

    async def contract(self, tenant: Tenant, id: str) -> Contract:
        """Return a contract. Raises `NotFound`."""
        contract = await self._database.read(lambda tx: tx.contracts.get(tenant, id))
        if contract is None:
            raise NotFound(f"There is no contract {id[:80]!r} here.", where="id", hint="`hanse contracts` shows yours.")
        return contract

    async def negotiation(self, tenant: Tenant, id: str) -> Seen[Negotiation]:
        """Return a negotiation. Raises `NotFound`."""
        return await self._database.read(lambda tx: _see(tx, _negotiations(tx), tenant, id, "negotiation"))

    async def transfer(self, tenant: Tenant, id: str) -> Seen[Transfer]:
        """Return a transfer. Raises `NotFound`."""
        return await self._database.read(lambda tx: _see(tx, _transfers(tx), tenant, id, "transfer"))

    async def negotiation_when(self, tenant: Tenant, id: str, until: Collection[str], seconds: float) -> Seen[Negotiation]:
        """Return the negotiation once its state is one of `until`, or final, or a person must act, or `seconds` are over."""
        return await self._when(tenant, id, until, seconds, lambda: self.negotiation(tenant, id))

    async def transfer_when(self, tenant: Tenant, id: str, until: Collection[str], seconds: float) -> Seen[Transfer]:
        """Return the transfer as `negotiation_when` does the negotiation."""
        return await self._when(tenant, id, until, seconds, lambda: self.transfer(tenant, id))

    async def explain(self, tenant: Tenant, id: str) -> Explanation:
        """Explain whatever of this participant has the id. Raises `NotFound`."""
        return await self._database.read(lambda tx: explain(tx, tenant, id))

    async def counts(self, tenant: Tenant) -> Counts:
        """Return the figures of a participant."""
        return await self._database.read(lambda tx: _counts(tx, tenant))

    async def _page(
        self, tenant: Tenant, store: Callable[[ConnectorTx], ProcessStore[P]], after: str | None, limit: int, *, open_only: bool
    ) -> Sequence[Seen[P]]:
        def work(tx: ConnectorTx) -> list[Seen[P]]:
            return [_seen(tx, process) for process in store(tx).page(tenant, after=after, limit=limit, open_only=open_only)]

        return await self._database.read(work)

    async def _when(
        self, tenant: Tenant, id: str, until: Collection[str], seconds: float, look: Callable[[], Coroutine[object, object, Seen[P]]]
    ) -> Seen[P]:
        with self._watch.following(tenant, id) as changed:
            try:
                async with asyncio.timeout(seconds):
                    return await self._until(changed, until, look)
            except TimeoutError:
                return await look()

    async def _until(
        self, changed: asyncio.Event, states: Collection[str], look: Callable[[], Coroutine[object, object, Seen[P]]]
    ) -> Seen[P]:
        while True:
            # Cleared before looking: a change that comes between the two is not slept through.
            changed.clear()
            seen = await look()
            if self._watch.ended or seen.process.final or seen.process.state in states or seen.needs_person:
                return seen
            await changed.wait()


def _negotiations(tx: ConnectorTx) -> ProcessStore[Negotiation]:
    return tx.negotiations


def _transfers(tx: ConnectorTx) -> ProcessStore[Transfer]:
    return tx.transfers


def _see(tx: ConnectorTx, store: ProcessStore[P], tenant: Tenant, id: str, kind: str) -> Seen[P]:
    process = store.get(tenant, id)
    if process is None:
        raise NotFound(f"There is no {kind} {id[:80]!r} here.", where="id", hint=f"`hanse {kind}s` shows yours.")
    return _seen(tx, process)


def _seen(tx: ConnectorTx, process: P) -> Seen[P]:
    return Seen(process, None if process.final else explain(tx, process.tenant, process.id))


def _counts(tx: ConnectorTx, tenant: Tenant) -> Counts:
    negotiations = tx.negotiations.page(tenant, after=None, limit=COUNT_LIMIT, open_only=True)
    transfers = tx.transfers.page(tenant, after=None, limit=COUNT_LIMIT, open_only=True)
    return Counts(
        assets=tx.assets.count(tenant),
        negotiations_open=len(negotiations),
        transfers_running=len(transfers),
        contracts=len(tx.contracts.page(tenant, after=None, limit=COUNT_LIMIT)),
        outbox_waiting=sum(process.intent is not None for process in (*negotiations, *transfers)),
    )
