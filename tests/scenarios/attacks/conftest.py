"""One town for all attacks, and its whole log: at the end no secret may stand in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.scenarios.attacks.town import Logs, Town


@pytest.fixture(scope="package")
def logs() -> Iterator[Logs]:
    """Yield what is logged, from the first server on."""
    handler = Logs()
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture(scope="package")
def town(logs: Logs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Yield the town; when all attacks are over, look through its log."""
    town = Town(tmp_path_factory.mktemp("town").resolve())
    yield town
    town.close()
    text = "\n".join(logs.lines)
    found = [secret[:12] for secret in town.secrets if secret in text]
    assert not found, f"secrets in the log: {found}"
    assert "BEGIN PRIVATE KEY" not in text
    assert "Traceback" not in text, text[text.index("Traceback") - 2000 :][:6000]


@pytest.fixture
def unchanged(town: Town) -> Iterator[None]:
    """Assert that the test leaves the database as it was."""
    town.quiet()
    before = town.rows()
    yield
    town.quiet()
    after = town.rows()
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
