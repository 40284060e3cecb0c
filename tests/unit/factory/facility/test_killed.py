"""A process that is killed at any moment leaves nothing half done, and the next one goes on where it was."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hanse.factory.facility.collecting import Collection
from hanse.factory.facility.verifying import Verification, versions_of
from tests.unit.factory.facility import child
from tests.unit.factory.facility.world import ACME

ROOT = Path(__file__).parents[4]


def start(folder):
    command = [sys.executable, "-m", "tests.unit.factory.facility.child", str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def look(folder):
    """Return the ids that a reader sees, after all of each was read."""
    world = await child.opened(folder)
    try:
        seen = await world.facility.versions(ACME)
        for one in seen:
            assert await world.contents(one.id) == child.files()
        return [one.id for one in seen]
    finally:
        await world.database.close()


async def tidy(folder):
    """Tidy up and verify; return how many objects there are."""
    world = await child.opened(folder)
    try:
        world.clock.advance(days=3650)  # whatever was left is old by then
        await Collection(world.stock, ACME).run()
        assert (await Verification(world.stock).run(await versions_of(world.stock, ACME))).sound
        assert await world.facility.versions(ACME)
        return len([path for path in (folder / "hot").rglob("*") if path.is_file()])
    finally:
        await world.database.close()


@pytest.mark.slow
def test_killed_at_many_moments(tmp_path):
    chance, kills, there = random.Random(7), 0, []
    whole = tmp_path / "whole"
    whole.mkdir()
    began = time.monotonic()
    assert "done data@1" in start(whole).communicate(timeout=120)[0]
    length = time.monotonic() - began
    folder = tmp_path / "killed"
    folder.mkdir()
    for _ in range(12):
        process = start(folder)
        try:
            process.wait(length * chance.uniform(0.3, 0.9))
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        said = process.communicate()[0]
        there += [int(line.split()[1]) for line in said.splitlines() if line.startswith("there")]
        seen = asyncio.run(look(folder))
        assert seen in ([], ["data@1"])
        if seen:
            break
    else:
        assert "done data@1" in start(folder).communicate(timeout=120)[0]
    assert kills >= 1
    assert there == sorted(there[:-1]) + there[-1:]  # no attempt has less than the one before; one after the commit begins anew
    assert asyncio.run(look(folder)) == ["data@1"]
    assert asyncio.run(tidy(folder)) == asyncio.run(tidy(whole)) + extra(folder, whole)


def extra(folder, whole):
    """Return how many packs more there may be: an attempt that was killed had a pack that was not full."""
    counts = [len(list((one / "hot").rglob("packs/*"))) for one in (folder, whole)]
    return counts[0] - counts[1]
