"""A fetcher, and a real data plane to fetch from."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hanse.dataplane.running import Running
from hanse.dcat.holding import DatasetVersion
from hanse.dsp.messages import DataAddress
from hanse.http.guard import AddressGuard
from hanse.http.pull.fetcher import PullFetcher
from hanse.http.pull.ports import Settings
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import PeerRefused
from hanse.kernel.tenant import Tenant
from tests.scenarios.factory.transport.sink import MemorySink, Vault

FACTORY = Tenant("factory")


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


QUICK = Settings(sleep=no_wait, stall=5.0, large=256 << 10, vast=1 << 20)


@dataclass
class Fixed:
    """An address that stays, and the addresses that renewals bring."""

    address: DataAddress | None
    fresh: list[DataAddress] = field(default_factory=list)
    renewals: int = 0

    async def current(self, tenant: Tenant, transfer: str) -> DataAddress | None:
        return self.address

    async def renew(self, tenant: Tenant, transfer: str) -> DataAddress:
        self.renewals += 1
        if not self.fresh:
            raise PeerRefused("No.", status=401)
        self.address = self.fresh.pop(0)
        return self.address


@dataclass
class OneKey:
    """Opens whatever it is given a function for."""

    key: Any = None

    async def open(self, tenant: Tenant, header: bytes) -> bytes:
        return self.key(header)


def fetcher(address: DataAddress | Fixed, vault: Vault | None = None, settings: Settings = QUICK, key: Any = None) -> PullFetcher:
    addresses = address if isinstance(address, Fixed) else Fixed(address)
    guard = AddressGuard(["127.0.0.1", "localhost"])
    return PullFetcher(guard, addresses, vault or Vault(), OneKey(key), Running(SystemClock()), settings)


def fetch(address: DataAddress | Fixed, sink: MemorySink, previous: str | None = None, **said: Any) -> Any:
    """Fetch in a loop of its own."""
    progress = said.pop("progress", None)
    one = fetcher(address, sink.vault, **said)
    before = version(previous) if previous else None
    return asyncio.run(one.fetch(FACTORY, "trf_1", sink, before, progress))


def version(id: str) -> DatasetVersion:
    name, _, number = id.partition("@")
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return DatasetVersion(tenant=FACTORY, name=name, number=int(number), root="", count=0, size=0, stored=moment)
