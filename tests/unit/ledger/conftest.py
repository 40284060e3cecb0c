"""A town on a database in memory, in the loop of each test."""

import asyncio

import pytest

from hanse.storage import open_database
from tests.unit.ledger.town import Town


@pytest.fixture
def in_town():
    """Run `async def scenario(town)`."""

    def run(scenario, *kinds):
        async def whole():
            database = await open_database(":memory:")
            try:
                async with asyncio.timeout(60):
                    return await scenario(await Town(database).settle_in(*kinds))
            finally:
                await database.close()

        return asyncio.run(whole())

    return run
