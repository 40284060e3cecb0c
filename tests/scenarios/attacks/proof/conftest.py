"""The harbour that most of these tests knock at."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenarios.attacks.proof.world import Doors, Harbour
from tests.scenarios.attacks.town import Town, rows_of

INSIDE = {
    "metadata.example": ["169.254.169.254"],
    "private.example": ["10.0.0.1"],
    "loop.example": ["127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "mixed.example": ["93.184.216.34", "10.0.0.1"],
    "zero.example": ["0.0.0.0"],
}
"""Names of which a name server says that they lead inside."""


@pytest.fixture(scope="package")
def harbour(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """Yield the harbour; its secrets are looked for in the town's log."""
    made = Harbour(tmp_path_factory.mktemp("harbour").resolve(), names=INSIDE)
    yield made
    town.secrets |= made.secrets
    made.close()


@pytest.fixture
def doors(harbour: Harbour) -> Doors:
    """Return the harbour's doors."""
    return harbour.doors


_RESTED: set[int] = set()
"""Harbours in which credentials are not on their way any more, which are delivered in the background at the beginning."""


def _at_rest(harbour: Harbour) -> dict[str, list[Any]]:
    """Return what is in the database; the first time once nothing has moved for a while."""
    rows, until = rows_of(harbour.folder / "home"), time.monotonic() + 10
    while id(harbour) not in _RESTED and time.monotonic() < until:
        time.sleep(0.5)
        before, rows = rows, rows_of(harbour.folder / "home")
        if rows == before:
            break
    _RESTED.add(id(harbour))
    return rows


@pytest.fixture
def unmoved(harbour: Harbour) -> Iterator[None]:
    """Assert that the test leaves the harbour's database as it was."""
    before = _at_rest(harbour)
    yield
    after = rows_of(harbour.folder / "home")
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
