"""A provider on one server, a factory on another, and a user of the factory's on the first: three members of one space."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager

from hanse.app.space import add_participant
from hanse.connector.offers import Description
from hanse.connector.records import FolderSource
from hanse.factory.mirrors.records import MirrorState, Wanted
from hanse.odrl.templates import parse_template
from tests.scenarios.operations.world import World, running, until

PASS_ON = 'members + pass-on "members + until 2035-01-01"'
BIG = 6 << 20


class Factory(World):
    """`acme` on north has the collection, `zoo` on south is the factory, `user` on north is one of its users."""

    def __init__(self, folder):
        super().__init__(folder)
        self.collection = folder / "data" / "collection"
        (self.collection / "texts").mkdir(parents=True)
        (self.collection / "big.bin").write_bytes(random.Random(1).randbytes(BIG))
        for number in range(20):
            (self.collection / "texts" / f"{number:02}.txt").write_text(f"text {number}\n")
        (folder / "own").mkdir()

    async def open(self, north, south):
        await self.populate(north, south)
        self.up, self.down = north, south
        self.user = await add_participant(north, self.space, "user", "User")
        self.mirrors = south.factory.mirrors.mirrors
        self.facility = south.factory.facility.facility

    def terms(self, text):
        return parse_template(text, self.clock.now())

    async def offer_collection(self, text="members"):
        said = Description(title="Collection", terms=(self.terms(text),))
        self.asset = await self.up.front.services.offers.create("acme", FolderSource(str(self.collection)), said)
        return self.asset

    async def make(self, name="mirror", **said):
        """Make a mirror, and wait for its first version."""
        wanted = Wanted(provider=self.acme.did, dataset=self.asset.id, name=name, **said)
        await self.mirrors.make("zoo", wanted, "ann")
        return await self.mirrors.wait("zoo", name, 30)

    async def refresh(self, name="mirror"):
        await self.mirrors.refresh("zoo", name)
        return await self.mirrors.wait("zoo", name, 30)

    async def end_contract(self, agreement, reason="It is over."):
        await self.up.endings.end("acme", agreement, "notice", reason, "us")

    async def ended(self, name="mirror"):
        async def look():
            found = await self.mirrors.show("zoo", name)
            return found if found.state is MirrorState.ENDED else None

        return await until(look, "the end of the mirror")

    async def stated(self, server, tenant, kind, agreement):
        """Return what a log says of a kind about an agreement, oldest first."""
        page = await server.evidence.ledger.page(tenant, before=None, limit=200, agreement=agreement)
        return [entry.says for entry in reversed(page) if entry.kind == kind]

    async def arrived(self, kind, agreement, count=1):
        """Wait until the provider's log has so many statements of a kind."""

        async def look():
            found = await self.stated(self.up, "acme", kind, agreement)
            return found if len(found) >= count else None

        return await until(look, f"{kind} at the provider")

    async def content(self, version):
        """Return what a version holds: its files by path."""
        found = {}
        for file in await self.facility.files("zoo", version):
            found[file.path] = b"".join([part async for part in self.facility.read("zoo", version, file.path)])
        return found

    def files(self):
        return {str(path.relative_to(self.collection)): path.read_bytes() for path in self.collection.rglob("*") if path.is_file()}

    def objects(self):
        """Return all files of the facility."""
        return [path for path in self.facility.stock.hot.folder.rglob("*") if path.is_file()]


@asynccontextmanager
async def factory(folder):
    world = Factory(folder)
    async with running(world.north, world.clock) as north, running(world.south, world.clock) as south:
        await world.open(north, south)
        yield world


def run(folder, scenario):
    async def whole():
        async with asyncio.timeout(90), factory(folder.resolve()) as world:
            await scenario(world)

    asyncio.run(whole())
