"""A member whose catalogue is made to fill the memory and the database of whoever searches."""

from __future__ import annotations

import pytest

from hanse.factory.acquire import searching
from tests.unit.factory.acquire.space import dataset, did, play, wish


def test_descriptions_without_measure_are_not_kept():
    async def scenario(world):
        huge = dataset("ds_0", description="weather " * (searching.LARGEST // 8))
        world.catalogues[did("zoo")] = [huge, dataset("ds_1")]
        seen = await world.run(wish())
        assert [item.dataset for item in seen.items] == ["ds_1"]
        assert (seen.order.run.found, seen.order.run.unread) == (1, 1)

    play(scenario)


@pytest.mark.parametrize("count", [100])
def test_one_member_gives_no_more_than_its_share_of_bytes(monkeypatch, count):
    monkeypatch.setattr(searching, "MOST_BYTES", 20_000)

    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset(f"ds_{number:03}", description="weather " * 100) for number in range(count)]
        world.catalogues[did("uni")] = [dataset("other")]
        seen = await world.run(wish())
        assert len(seen.items) < 30
        assert "other" in {item.dataset for item in seen.items}
        assert any("not looked at to the end" in one.why for one in seen.order.run.silent)

    play(scenario)


def test_hostile_titles_name_no_path_in_the_facility():
    async def scenario(world):
        titles = ["../../etc/passwd", "a/b\\c", "\x1b]0;x\x07 weather", "..", "Wetter \u202e", "x" * 5_000, "=cmd|' /C calc'!A0"]
        world.catalogues[did("zoo")] = [dataset(f"../ds/{number}\x00", title=f"weather {title}") for number, title in enumerate(titles)]
        seen = await world.run(wish())
        assert len(seen.items) == len(titles)
        for item in seen.items:
            assert item.name.replace("-", "").isalnum(), item.name
            assert item.name.isascii()
            assert len(item.name) < 64

    play(scenario)
