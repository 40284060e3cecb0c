"""What the erasure of a participant leaves outside the database: responses under way, and its folder."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from hanse.dataplane.running import Running
from hanse.kernel.tenant import Tenant
from hanse.storage import Database, Tx

_log = logging.getLogger("hanse.erasure")


class Erasure:
    """Follows every erasure, in every server process: each cuts its own responses and clears its own home."""

    def __init__(self, home: Path, database: Database, running: Running) -> None:
        self._folders = home / "participants"
        self._database = database
        self._running = running

    async def follow(self, tenant: Tenant) -> None:
        """Cut and clear, if this participant was erased; else do nothing."""
        if await self._database.read(lambda tx: tx.tombstones.get(tenant)) is not None:
            self._running.cut_tenant(tenant)
            await asyncio.to_thread(self._clear, [tenant])

    async def sweep(self) -> None:
        """Clear what was left because a server ended between an erasure and its end; once, at the start."""
        erased = await self._database.read(_tombstones)
        await asyncio.to_thread(self._clear, erased)

    def _clear(self, tenants: Sequence[Tenant]) -> None:
        for tenant in tenants:
            folder = self._folders / tenant
            shutil.rmtree(folder, ignore_errors=True)
            if folder.exists():
                _log.error("The folder of the erased participant %s cannot be removed; it is tried again at the next start.", tenant)


def _tombstones(tx: Tx) -> list[Tenant]:
    return [Tenant(name) for (name,) in tx.rows.all("SELECT tenant FROM tombstones")]
