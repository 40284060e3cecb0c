"""An erased participant leaves a tombstone and a receipt, and nothing else: no row, no file, no running response."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from hanse.participants.roles import SERVER
from hanse.storage import portable, schema
from tests.scenarios.operations.world import World, running, until


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    return World(tmp_path, request.getfixturevalue("postgres_database") if request.param == "postgres" else "")


def rows_of(tx, tenant):
    """Return how many rows of each table name the tenant in any column."""
    found = {}
    for table in schema.tables():
        rows = sum(any(cell == tenant for cell in row) for row in portable.export_rows(tx.rows, table))
        if rows:
            found[table] = rows
    return found


def test_no_row_and_no_file_is_left(world, tmp_path):
    async def scenario():
        async with running(world.north) as north, running(world.south) as south:
            await world.populate(north, south)
            contract = await world.agree(south, world.assets[0])
            _, address = await world.start(south, contract)
            await north.ground.database.run(lambda tx: tx.assets.put(_seen_by(tx, world), b"{}"))
            folder = tmp_path / "north" / "participants" / "acme" / "incoming"
            folder.mkdir(parents=True)
            (folder / "pushed.csv").write_text("1,2\n")
            before = await north.ground.database.read(lambda tx: rows_of(tx, "acme"))
            assert {"assets", "contracts", "transfers", "keys", "operators", "access_tokens", "replays"} <= set(before)
            receipt = await north.management.participants.erase(SERVER, "acme")
            assert receipt.counts["contracts"] == 1
            assert await north.ground.database.read(lambda tx: rows_of(tx, "acme")) == {"tombstones": 1}

            async def cleared():
                return not folder.parent.exists()

            await until(cleared, "the removal of the folder")
            async with httpx.AsyncClient() as client:
                headers = {"Authorization": "Bearer " + address.properties["authorization"]}
                assert (await client.get(address.endpoint, headers=headers)).status_code in (401, 403, 404)
            assert await north.management.participants.erase(SERVER, "acme") == receipt
            folder.mkdir(parents=True)  # as if the server had been killed in between
        async with running(world.north):
            assert not folder.exists()

    asyncio.run(scenario())


def _seen_by(tx, world):
    asset = tx.assets.get("acme", world.assets[0].id)
    asset.visible_to = (world.zoo,)
    return asset
