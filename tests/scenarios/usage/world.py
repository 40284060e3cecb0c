"""Two real servers on loopback, an asset under the terms that a test wants, and a reader of raw bytes."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from hanse.connector.offers import Description
from hanse.connector.records import FileSource
from hanse.odrl.model import Atomic, Rule, Terms
from tests.scenarios.operations.world import World, running, until

SIZE = 64 << 20


def permitting(*constraints, duties=(), obligations=(), action="use"):
    return Terms(permissions=(Rule(action, constraints, duties=tuple(duties)),), obligations=tuple(obligations))


class Pair:
    """Provider `acme` on north, consumer `zoo` on south, and one contract between them."""

    def __init__(self, world, north, south):
        self.world, self.north, self.south = world, north, south
        self.contract = ""
        self.asset = None

    async def offer(self, terms, name="big.bin"):
        source = FileSource(str(self.world.folder / "data" / name))
        self.asset = await self.north.front.services.offers.create("acme", source, Description(terms=(terms,)))

    async def agree(self, terms, name="big.bin"):
        await self.offer(terms, name)
        self.contract = await self.world.agree(self.south, self.asset)
        return self.contract

    async def start(self, **stated):
        return await self.world.start(self.south, self.contract, **stated)

    async def ask(self, **said):
        return await self.south.connector.transfers.request("zoo", self.contract, "HttpData-PULL", **said)

    async def theirs(self, id):
        """The provider's own record of the consumer's transfer, once it has one."""

        async def found():
            ours = await self.world.transfer(self.south, id)
            return ours.peer_pid

        pid = await until(found, "the provider's id")
        return await self.north.ground.database.read(lambda tx: tx.transfers.get("acme", pid))

    async def ended(self, id):
        async def look():
            found = await self.world.transfer(self.south, id)
            return found if found.final else None

        return await until(look, "the end of the transfer")

    async def tally(self):
        return await self.north.ground.database.read(lambda tx: tx.uses.tally("acme", self.contract))

    async def tell(self, name, value, **more):
        return await self.north.usage.telling.tell("acme", self.contract, name, value, source="a test", **more)

    async def kinds(self, server, tenant):
        """The kinds of what a ledger holds about the contract, oldest first."""
        page = await server.evidence.ledger.page(tenant, before=None, limit=100, agreement=self.contract)
        return [entry.kind for entry in reversed(page)]


@asynccontextmanager
async def pair(folder, terms):
    world = World(folder)
    with (folder / "data" / "big.bin").open("wb") as file:
        file.truncate(SIZE)
    async with running(world.north, world.clock) as north, running(world.south, world.clock) as south:
        await world.populate(north, south)
        found = Pair(world, north, south)
        if terms is not None:
            await found.agree(terms)
        yield found


def said(process):
    """The story of a process in one text."""
    return "\n".join(f"{one.what} {one.detail}" for one in process.history)


class Pull:
    """One GET of a data address, read as slowly as a test wants."""

    def __init__(self, address, span=None, path=""):
        self._address, self._span, self._path = address, span, path
        self.status, self.got, self.body = 0, 0, b""

    async def open(self):
        parts = urlsplit(self._address.endpoint)
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", parts.port, limit=1 << 16)
        span = f"Range: bytes={self._span[0]}-{self._span[1] - 1}\r\n" if self._span else ""
        token = self._address.properties["authorization"]
        head = f"GET {parts.path}{self._path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{span}Connection: close\r\n"
        self._writer.write(f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
        line = await self._reader.readline()
        self.status = int(line.split()[1])
        while (await self._reader.readline()).strip():
            pass
        return self

    async def read(self, pause=0.0):
        """Read until the end; return how many bytes there were."""
        try:
            while data := await self._reader.read(1 << 16):
                self.got += len(data)
                if len(self.body) < 1 << 20:
                    self.body += data
                if pause:
                    await asyncio.sleep(pause)
        except ConnectionError:
            pass
        self.ended = time.monotonic()
        self._writer.close()
        return self.got


async def pull(address, span=None, path=""):
    one = await Pull(address, span, path).open()
    await one.read()
    return one


__all__ = ["SIZE", "Atomic", "Pull", "Rule", "pair", "permitting", "pull", "said", "until"]
