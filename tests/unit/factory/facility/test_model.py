"""Any sequence of storing, deleting, moving, tidying up and crashing leaves exactly the versions that it should, whole."""

from __future__ import annotations

import contextlib
import random

import pytest

from hanse.factory.facility import tiers
from hanse.factory.facility.collecting import Collection
from hanse.factory.facility.records import Intake
from hanse.factory.facility.verifying import Verification, versions_of
from hanse.kernel.errors import Conflict, NotFound
from tests.unit.factory.facility.test_removal import Broken, break_at
from tests.unit.factory.facility.world import ACME, KIB, noise, pieces, run

PARTS = [noise(90 * KIB, seed) for seed in range(12)]
AGREEMENTS = ["agr_1", "agr_2", None]


class Model:
    """What should be there: (agreement, files) by the version's id."""

    def __init__(self, world, chance):
        self.world, self.chance = world, chance
        self.there = {}
        self.open = []

    def files(self):
        count = self.chance.randrange(1, 5)
        return {f"{number}": b"".join(self.chance.choices(PARTS, k=self.chance.randrange(4))) for number in range(count)}

    async def store(self):
        agreement = self.chance.choice(AGREEMENTS)
        files = self.files()
        version = await self.world.store(files, name=self.chance.choice("abc"), agreement=agreement)
        self.there[version.id] = (agreement, files)

    async def begin(self):
        agreement, files = self.chance.choice(AGREEMENTS), self.files()
        wish = Intake(name="later", agreement=agreement, run=str(self.chance.random()))
        intaking = await self.world.facility.intake(ACME, wish)
        for path, data in files.items():
            await intaking.put(path, pieces(data))
        if self.chance.random() < 0.5:
            await intaking.suspend()
        self.open.append((intaking, wish, files))

    async def end(self):
        if not self.open:
            return
        intaking, wish, files = self.open.pop(self.chance.randrange(len(self.open)))
        try:
            version = await intaking.commit()
        except Conflict:  # what it rested on is gone: again, from what is there
            again = await self.world.facility.intake(ACME, wish)
            for path, data in files.items():
                if await again.have(path) is None:
                    await again.put(path, pieces(data))
            version = await again.commit()
        self.there[version.id] = (wish.agreement, files)

    async def delete(self):
        if self.there:
            id = self.chance.choice(sorted(self.there))
            del self.there[id]
            await self.world.removal.delete(ACME, id, "")

    async def destroy(self):
        agreement = self.chance.choice(AGREEMENTS[:2])
        for id in [id for id, (of, _) in self.there.items() if of == agreement]:
            del self.there[id]
        self.open = [one for one in self.open if one[1].agreement != agreement]
        await self.world.removal.destroy(ACME, agreement, "")

    async def move(self):
        if self.there:
            id = self.chance.choice(sorted(self.there))
            await tiers.move(self.world.stock, await self.world.facility.stored(ACME, id), self.chance.choice(["hot", "cold"]))

    async def collect(self):
        await Collection(self.world.stock, ACME).run()

    async def crash(self):
        """Let a deletion or a move fail somewhere, and start anew."""
        mend = break_at(self.world.hot, self.chance.randrange(1, 6))
        with contextlib.suppress(Broken):
            await self.chance.choice([self.delete, self.destroy, self.move])()
        mend()
        self.open = []
        await self.world.again().removal.resume()

    async def check(self):
        found = {one.id for one in await self.world.facility.versions(ACME)}
        assert found == set(self.there)
        for id, (_, files) in self.there.items():
            assert await self.world.contents(id) == files
        assert (await Verification(self.world.stock).run(await versions_of(self.world.stock, ACME))).sound


@pytest.mark.parametrize("seed", range(8))
def test_any_sequence(seed):
    async def scenario(world):
        model = Model(world, random.Random(seed))
        steps = [model.store, model.store, model.begin, model.end, model.delete, model.destroy, model.move, model.collect, model.crash]
        for _ in range(30):
            await model.chance.choice(steps)()
            await model.check()
        await world.again().removal.resume()
        for id in list(model.there):
            await world.removal.delete(ACME, id, "")
        for agreement in AGREEMENTS[:2]:
            await world.removal.destroy(ACME, agreement, "")
        world.clock.advance(days=100)
        assert (await Collection(world.stock, ACME).run()).unknown == ()
        left = [name for name in (*world.hot.objects, *world.cold.objects) if "/packs/" in name or "/versions/" in name]
        assert left == []
        with pytest.raises(NotFound):
            await world.facility.version(ACME, "a")

    run(scenario)
