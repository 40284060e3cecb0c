"""Verifying, moving between tiers, and tidying up."""

from __future__ import annotations

import random

import pytest

from hanse.factory.facility import tiers
from hanse.factory.facility.collecting import FORGOTTEN, YOUNG, Collection
from hanse.factory.facility.records import Intake
from hanse.factory.facility.verifying import Verification, versions_of
from hanse.kernel.errors import Invalid
from tests.unit.factory.facility.world import ACME, KIB, MIB, noise, pieces, run

FILES = {"big.bin": noise(3 * MIB, 1), **{f"small/{number}": noise(KIB, number) for number in range(20)}, "empty": b""}


async def verify(world, progress=lambda _done, _all: None):
    return await Verification(world.stock, progress).run(await versions_of(world.stock, ACME))


def test_what_is_sound_is_said_to_be():
    heard = []

    async def scenario(world):
        await world.store(FILES)
        await world.store({"a": b"b"}, agreement="agr_1")
        verdict = await verify(world, lambda *said: heard.append(said))
        size = sum(map(len, FILES.values())) + 1
        assert (verdict.sound, verdict.versions, verdict.files, verdict.size) == (True, 2, len(FILES) + 1, size)
        assert heard[-1] == (size, size)

    run(scenario)


def test_every_changed_bit_is_found_and_its_place_is_said():
    async def scenario(world):
        version = await world.store(FILES)
        [path] = world.hot.of("/packs/")
        contents = await world.stock.contents(await world.facility.stored(ACME, version.id))
        place = {}
        for file in contents.manifest.files:
            offset = 0
            for row in contents.rows(file):
                place[row.offset] = (file.path, offset, row.size + 16)
                offset += row.size
        chance = random.Random(5)
        for _ in range(40):
            start = chance.choice(sorted(place))
            name, offset, size = place[start]
            data = bytearray(world.hot.objects[path])
            data[start + chance.randrange(size)] ^= 1 << chance.randrange(8)
            before, world.hot.objects[path] = world.hot.objects[path], bytes(data)
            verdict = await verify(world)
            assert [(one.version, one.path, one.offset) for one in verdict.faults] == [("data@1", name, offset)]
            world.hot.objects[path] = before
        assert (await verify(world)).sound

    run(scenario)


@pytest.mark.parametrize("kind", ["/packs/", "/versions/", "/key"])
@pytest.mark.parametrize("harm", ["gone", "cut", "begin"])
def test_what_is_missing_cut_off_or_changed_is_found(kind, harm):
    async def scenario(world):
        await world.store(FILES)
        [path] = world.hot.of(kind)
        data = world.hot.objects.pop(path)
        if harm != "gone":
            world.hot.objects[path] = data[:-1] if harm == "cut" else bytes([data[0] ^ 1]) + data[1:]
        verdict = await verify(world.again())
        assert not verdict.sound
        assert {one.version for one in verdict.faults} == {"data@1"}

    run(scenario)


def test_one_damaged_version_does_not_hide_another():
    async def scenario(world):
        await world.store({"a": b"a"}, name="a", agreement="agr_1")
        await world.store({"b": b"b"}, name="b", agreement="agr_2")
        for path in world.hot.of("/packs/"):
            world.hot.objects.pop(path)
        verdict = await verify(world)
        assert (verdict.count, [one.version for one in verdict.faults]) == (2, ["a@1", "b@1"])

    run(scenario)


def test_a_cold_version_is_read_from_where_it_is():
    async def scenario(world):
        version = await world.store(FILES)
        assert (await tiers.move(world.stock, await world.facility.stored(ACME, version.id), "cold")).tier == "cold"
        assert (world.hot.of("/packs/"), len(world.cold.of("/packs/"))) == ([], 1)
        assert await world.contents(version.id) == FILES
        usage = await world.facility.usage(ACME)
        assert (usage.hot, usage.cold > 3 * MIB) == (0, True)
        assert (await verify(world)).sound
        moved = await tiers.move(world.stock, await world.facility.stored(ACME, version.id), "hot")
        assert (moved.tier, world.cold.objects, len(world.hot.of("/packs/"))) == ("hot", {}, 1)
        assert await world.contents(version.id) == FILES
        with pytest.raises(Invalid):
            await tiers.move(world.stock, await world.facility.stored(ACME, version.id), "warm")

    run(scenario)


def test_what_a_hot_version_shares_stays_hot():
    same = noise(2 * MIB, 9)

    async def scenario(world):
        a = await world.store({"same": same}, name="a")
        await world.store({"same": same, "b": b"b"}, name="b")
        await tiers.move(world.stock, await world.facility.stored(ACME, a.id), "cold")
        assert (len(world.hot.of("/packs/")), world.cold.objects) == (2, {})
        assert (await verify(world)).sound

    run(scenario)


def test_a_move_that_was_broken_off_goes_on():
    class Broken(Exception):
        pass

    async def scenario(world):
        version = await world.store(FILES)
        delete = world.hot.delete

        async def breaking(_name):
            raise Broken

        world.hot.delete = breaking
        with pytest.raises(Broken):
            await tiers.move(world.stock, await world.facility.stored(ACME, version.id), "cold")
        assert await world.contents(version.id) == FILES
        world.hot.delete = delete
        await tiers.move(world.stock, await world.facility.stored(ACME, version.id), "cold")
        assert world.hot.of("/packs/") == []
        assert await world.contents(version.id) == FILES

    run(scenario)


def test_a_deleted_cold_version_is_gone_too():
    async def scenario(world):
        version = await world.store(FILES, agreement="agr_1")
        await tiers.move(world.stock, await world.facility.stored(ACME, version.id), "cold")
        await world.removal.delete(ACME, version.id, "")
        assert (world.hot.objects, world.cold.objects) == ({}, {})

    run(scenario)


def test_tidying_up_leaves_what_is_needed():
    async def scenario(world):
        await world.store(FILES)
        intaking = await world.facility.intake(ACME, Intake(name="more"))
        await intaking.put("a", pieces(noise(MIB, 4)))
        await intaking.suspend()
        world.clock.advance(days=10)
        found = await Collection(world.stock, ACME).run()
        assert (found.freed, found.objects, found.intakes, found.unknown) == (0, 0, 0, ())
        await intaking.commit()
        assert (await verify(world)).sound

    run(scenario)


def test_tidying_up_takes_what_nobody_needs():
    async def scenario(world):
        await world.store(FILES)
        intaking = await world.facility.intake(ACME, Intake(name="more"))
        await intaking.put("a", pieces(noise(MIB, 4)))
        await intaking.suspend()
        [vault] = {one.split("/")[1] for one in world.hot.objects}
        await world.hot.put(f"acme/{vault}/packs/{'0' * 32}-{'1' * 32}", b"left by a crash")
        world.clock.advance(days=FORGOTTEN.days + 1)
        found = await Collection(world.stock, ACME).run()
        assert (found.intakes, found.objects, found.freed > MIB) == (1, 2, True)
        assert len(world.hot.objects) == 3
        assert await world.contents("data@1") == FILES

    run(scenario)


def test_what_may_be_on_its_way_in_is_left():
    async def scenario(world):
        await world.store(FILES)
        [vault] = {one.split("/")[1] for one in world.hot.objects}
        await world.hot.put(f"acme/{vault}/packs/{'0' * 32}-{'1' * 32}", b"x")
        world.clock.advance(seconds=YOUNG.total_seconds() - 1)
        assert (await Collection(world.stock, ACME).run()).objects == 0

    run(scenario)


def test_a_manifest_that_nobody_knows_is_left_and_reported_with_all_that_may_belong_to_it():
    async def scenario(world):
        version = await world.store(FILES)
        stored = await world.facility.stored(ACME, version.id)

        def forget(tx):  # as a database that was restored from an older backup has never known it
            tx.rows.execute("DELETE FROM facility_versions")
            tx.rows.execute("DELETE FROM facility_packs")

        await world.database.run(forget)
        world.clock.advance(days=30)
        found = await Collection(world.stock, ACME).run()
        assert (found.objects, len(found.unknown)) == (0, 2)
        assert any(stored.manifest in one for one in found.unknown)

    run(scenario)
