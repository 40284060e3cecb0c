from __future__ import annotations

import pytest

from tests.scenarios.attacks.town import Town
from tests.scenarios.classes.town import Market


@pytest.fixture(scope="package")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes").resolve()
    (folder / "town").mkdir()
    town = Town(folder / "town")
    yield Market(town, folder)
    town.close()
