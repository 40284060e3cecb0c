"""What all tests share: real servers, started once per run and only when a test asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services import fresh_database, postgres, postgres_missing, require


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Yield the address of a PostgreSQL server of this run's own, with the user `hanse` and a database `hanse`, which all tests share."""
    require(postgres_missing())
    with postgres() as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """Yield the address of an empty database on that server, for this test alone."""
    with fresh_database(postgres_url) as url:
        yield url
