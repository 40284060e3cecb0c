"""Two servers for all of these; each test offers data of its own and places an order of its own."""

from __future__ import annotations

import itertools

import pytest

from tests.scenarios.factory.acquire.towns import FullObjects, Towns

_numbers = itertools.count(1)


@pytest.fixture(scope="package")
def towns(tmp_path_factory):
    """Yield the provider and the factory."""
    towns = Towns(tmp_path_factory.mktemp("acquire").resolve())
    stock = towns.factory.server.factory.facility.facility.stock
    stock.hot = towns.disk = FullObjects(stock.hot)
    yield towns
    towns.close()


@pytest.fixture
def name():
    """Return a name that no other test uses."""
    return f"set-{next(_numbers)}"
