"""A town on a database in memory, in the loop of each test."""

import asyncio

import pytest

from hanse.storage import open_database
from tests.unit.ledger.town import Town
from tests.unit.ledger.witnesses import WitnessTown


def _running(make):
    def run(scenario, *kinds):
        async def whole():
            database = await open_database(":memory:")
            try:
                async with asyncio.timeout(60):
                    return await scenario(await make(database).settle_in(*kinds))
            finally:
                await database.close()

        return asyncio.run(whole())

    return run


@pytest.fixture
def in_town():
    """Run `async def scenario(town)`."""
    return _running(Town)


@pytest.fixture
def witnessed():
    """Run `async def scenario(town)` in a town with witnesses."""
    return _running(WitnessTown)
