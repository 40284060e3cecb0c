"""The databases that every contract test runs on."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["file", "memory", "postgres"])
def address(request, tmp_path):
    """The address of an empty database of each kind."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_database")
    return ":memory:" if request.param == "memory" else str(tmp_path / "hanse.db")
