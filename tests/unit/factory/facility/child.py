"""Takes a version in, in a process of its own that a test kills: `python -m tests.unit.factory.facility.child FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from hanse.factory.facility.records import Intake
from hanse.storage import open_database
from hanse.storage.objects import FolderObjects
from tests.unit.factory.facility.world import ACME, MIB, World, noise, pieces

WISH = Intake(name="data", agreement="agr_1", order="ord_1")


def files():
    """Return what is taken in: large and small, some of it twice."""
    same = noise(2 * MIB, 99)
    found = {f"big/{number}.bin": noise(9 * MIB, number) + same for number in range(6)}
    return found | {f"small/{number}.txt": b"%d" % number * 50 for number in range(400)}


async def opened(folder):
    """Return the facility in a folder."""
    database = await open_database(str(folder / "hanse.db"))
    hot, cold = FolderObjects(folder / "hot", reserved=0), FolderObjects(folder / "cold", reserved=0)
    return World(database, hot, cold)


async def take(folder):
    """Take everything in that is not there yet."""
    world = await opened(folder)
    intaking = await world.facility.intake(ACME, WISH)
    print(f"there {len(await intaking.files())}", flush=True)
    for path, data in files().items():
        if await intaking.have(path) is None:
            await intaking.put(path, pieces(data, size=MIB))
    version = await intaking.commit()
    print(f"done {version.id}", flush=True)
    await world.database.close()


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1])))
