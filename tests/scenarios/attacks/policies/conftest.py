"""The same town, with what a test of policies does in it."""

from __future__ import annotations

import pytest

from tests.scenarios.classes.town import Market


@pytest.fixture(scope="package")
def market(town, tmp_path_factory):
    return Market(town, tmp_path_factory.mktemp("policies").resolve())
