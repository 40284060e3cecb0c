"""A facility in memory: objects that can be made to fail, a database, and receipts that are only remembered."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

from hanse.app.bridges import ContextSealer
from hanse.dcat.chunks import Known
from hanse.factory.facility.facility import Facility
from hanse.factory.facility.ports import Listed
from hanse.factory.facility.records import Intake
from hanse.factory.facility.removal import Removal
from hanse.factory.facility.stock import Stock
from hanse.factory.facility.vaults import Vaults
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Tenant
from hanse.storage import open_database
from hanse.storage.objects.names import check_name, full
from hanse.wallet.seal import MasterKeySealer

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
ACME, ZOO = Tenant("acme"), Tenant("zoo")
KIB, MIB = 1 << 10, 1 << 20


class MemoryObjects:
    """`ports.Objects` in memory. `room` bytes fit; `fail` is asked before each writing."""

    def __init__(self, clock, room=1 << 40):
        self.objects: dict[str, bytes] = {}
        self.written: dict[str, datetime] = {}
        self.limit = room
        self.clock = clock
        self.puts = 0
        self.fail = lambda name: None

    async def put(self, name, data):
        await asyncio.sleep(0)
        self.fail(check_name(name))
        if sum(map(len, self.objects.values())) + len(data) > self.limit:
            raise full("memory")
        self.puts += 1
        self.objects[name] = bytes(data)
        self.written[name] = self.clock.now()

    async def get(self, name):
        await asyncio.sleep(0)
        if check_name(name) not in self.objects:
            raise NotFound("There is no such object.")
        return self.objects[name]

    async def read(self, name, start, length):
        return (await self.get(name))[start : start + length]

    async def delete(self, name):
        await asyncio.sleep(0)
        self.objects.pop(check_name(name), None)

    async def list(self, prefix):
        for name, data in sorted(self.objects.items()):
            if name.startswith(f"{prefix}/"):
                yield Listed(name, len(data), self.written[name])

    async def room(self):
        return self.limit

    async def sweep(self, before):
        return

    def of(self, part):
        """Return the names of the objects that have this in their name."""
        return [name for name in self.objects if part in name]


class Receipts:
    """Remembers what would be signed."""

    def __init__(self):
        self.said = []

    async def look(self, tenant, agreement):
        return

    def state(self, tx, tenant, version, says):
        self.said.append((version.id, says))
        return f"led_{len(self.said)}"


class World:
    """One facility; `again` is the same after its process has ended."""

    def __init__(self, database, hot=None, cold=None, clock=None, quota=1 << 40):
        self.database = database
        self.clock = clock or ManualClock(NOW)
        self.hot = hot or MemoryObjects(self.clock)
        self.cold = cold or MemoryObjects(self.clock)
        self.receipts = Receipts()
        self.quota = quota
        self.events = []
        database.subscribe(self.events.append)
        self.again()

    def again(self):
        vaults = Vaults(self.database, self.hot, ContextSealer(MasterKeySealer(b"k" * 32)), self.clock)
        self.stock = Stock(self.database, self.hot, self.cold, vaults, self.clock)
        self.facility = Facility(self.stock, lambda _tenant: self.quota)
        self.removal = Removal(self.stock, self.receipts)
        return self

    async def store(self, files, name="data", tenant=ACME, **wish):
        """Store a version of these files (path -> bytes)."""
        intaking = await self.facility.intake(tenant, Intake(name=name, **wish))
        for path, data in files.items():
            await intaking.put(path, pieces(data))
        return await intaking.commit()

    async def content(self, version, path, tenant=ACME, start=0, end=None):
        """Return the bytes of a file."""
        return b"".join([part async for part in self.facility.read(tenant, version, path, start, end)])

    async def contents(self, version, tenant=ACME):
        """Return all files of a version."""
        return {one.path: await self.content(version, one.path, tenant) for one in await self.facility.files(tenant, version)}


def run(scenario, **settings):
    """Run `async def scenario(world)`."""

    async def whole():
        database = await open_database(":memory:")
        try:
            return await scenario(World(database, **settings))
        finally:
            await database.close()

    return asyncio.run(whole())


def noise(size, seed=1):
    """Return bytes that nothing compresses, the same for the same seed."""
    return random.Random(seed).randbytes(size)


async def pieces(*parts, size=0):
    """Yield parts: bytes, in pieces of `size`, and chunks that are known."""
    for part in parts:
        if isinstance(part, Known) or not size:
            yield part
            continue
        for start in range(0, len(part), size):
            yield part[start : start + size]
