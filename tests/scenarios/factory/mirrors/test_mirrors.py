"""Mirrors: made, refreshed by difference, purged with proof when the right to them ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hanse.factory.mirrors.records import MirrorState
from hanse.kernel.errors import Conflict, NotFound
from tests.scenarios.factory.mirrors.town import BIG, run


def test_a_mirror_is_made_and_refreshed_by_difference(tmp_path):
    async def scenario(world):
        await world.offer_collection()
        first = await world.make(stated={"purpose": "dpv:ResearchAndDevelopment"})
        assert (first.problem, first.version, first.count) == ("", "mirror@1", 21)
        assert first.moved >= BIG
        assert await world.content("mirror@1") == world.files()
        # One changed, one new, one gone, and a little in the middle of the large one.
        big = world.collection / "big.bin"
        content = bytearray(big.read_bytes())
        content[BIG // 2 : BIG // 2 + 100] = bytes(100)
        big.write_bytes(content)
        (world.collection / "texts" / "00.txt").write_text("another text\n")
        (world.collection / "texts" / "new.txt").write_text("new\n")
        (world.collection / "texts" / "19.txt").unlink()
        second = await world.refresh()
        assert (second.problem, second.version, second.agreement) == ("", "mirror@2", first.agreement)
        assert second.moved < 2 << 20
        assert await world.content("mirror@2") == world.files()
        assert "texts/19.txt" in await world.content("mirror@1")
        # Nothing changed: no version is made, and next to nothing moves.
        third = await world.refresh()
        assert (third.problem, third.version) == ("", "mirror@2")
        assert third.moved < 50_000
        said = await world.stated(world.down, "zoo", "mirrored", first.agreement)
        assert [(one.version, one.removed, one.moved) for one in said] == [
            ("mirror@1", 0, first.moved),
            ("mirror@2", 1, second.moved),
        ]
        assert len(await world.stated(world.down, "zoo", "acquired", first.agreement)) == 2

    run(tmp_path, scenario)


def test_it_is_refreshed_by_the_timer_and_old_versions_are_dropped(tmp_path):
    async def scenario(world):
        await world.offer_collection()
        mirror = await world.make(every=timedelta(hours=6), keep=2)
        for number in (2, 3, 4):
            (world.collection / "texts" / "00.txt").write_text(f"version {number}\n")
            world.clock.ahead += timedelta(hours=6, seconds=5)
            world.down.connector.timer.wake()

            async def there(number=number):
                found = await world.mirrors.show("zoo", "mirror")
                return found.version == f"mirror@{number}" and not world.mirrors.busy(found)

            from tests.scenarios.operations.world import until

            await until(there, f"version {number}")
        assert [one.id for one in await world.facility.versions("zoo", name="mirror")] == ["mirror@3", "mirror@4"]
        receipts = await world.arrived("receipt", mirror.agreement, 2)
        assert [one.obligation for one in receipts] == ["mirror@1", "mirror@2"]

    run(tmp_path, scenario)


@pytest.mark.parametrize("how", ["notice", "recall", "ours"])
def test_it_is_purged_with_proof(tmp_path, how):
    async def scenario(world):
        await world.offer_collection()
        mirror = await world.make()
        (world.collection / "texts" / "00.txt").write_text("another\n")
        await world.refresh()
        roots = {one.root for one in await world.facility.versions("zoo", name="mirror")}
        assert len(roots) == 2
        assert world.objects()
        if how == "notice":
            await world.end_contract(mirror.agreement)
        elif how == "recall":
            await world.up.factory.mirrors.recall("acme", mirror.agreement, "We were wrong.")
        else:
            await world.mirrors.end("zoo", "mirror", "Not needed.")
        ended = await world.ended()
        assert {"notice": "It is over.", "recall": "We were wrong.", "ours": "Not needed."}[how] in ended.why
        receipts = await world.arrived("receipt", mirror.agreement, 2)
        assert {one.root for one in receipts} == roots
        assert {one.id for one in receipts} == set(ended.receipts)
        assert world.objects() == []
        with pytest.raises(NotFound):
            await world.facility.files("zoo", "mirror@2")
        with pytest.raises(Conflict):
            await world.mirrors.refresh("zoo", "mirror")

    run(tmp_path, scenario)


def test_what_somebody_keeps_is_told_to_the_provider_and_goes_when_they_let_go(tmp_path):
    async def scenario(world):
        await world.offer_collection()
        mirror = await world.make()
        keepers = world.down.factory.facility.keepers
        keepers.append(lambda _tx, _version: "a court wants it")
        await world.end_contract(mirror.agreement)
        [told] = [one for one in await world.arrived("notice", mirror.agreement) if one.about == "mirror-kept"]
        assert "mirror@1: a court wants it" in told.text
        found = await world.mirrors.show("zoo", "mirror")
        assert (found.state, [one.version for one in found.held]) == (MirrorState.PURGING, ["mirror@1"])
        assert await world.stated(world.up, "acme", "receipt", mirror.agreement) == []
        keepers.pop()
        world.clock.ahead += timedelta(hours=1, minutes=1)
        world.down.connector.timer.wake()
        ended = await world.ended()
        assert (len(ended.receipts), ended.held) == (1, ())
        assert len(await world.arrived("receipt", mirror.agreement)) == 1

    run(tmp_path, scenario)
