"""One town for all attacks, and its whole log: at the end no secret may stand in it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hanse.app.space import add_participant, found_space
from tests.scenarios.attacks.town import Host, Logs, Outsider, Town, leaked
from tests.services import fresh_database


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
    found = {secret[:12] for secret in town.secrets if secret in text} | leaked(Outsider.seen, text)
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


@contextmanager
def two_processes(folder: Path, database: str) -> Iterator[tuple[Host, Host, Any, Outsider]]:
    """Run two server processes' worth on one database, with one provider, and a member elsewhere."""
    outsider = Outsider("mallory")
    common = {"database": database, "peers_allow": (f"localhost:{outsider.port}",)}
    first = Host(folder / "a", **common)
    shutil.copytree(folder / "a", folder / "b")
    second = Host(folder / "b", public_port=first.settings.port, **common)
    space, _ = first.call(lambda s: found_space(s, "port", "Port"))
    acme = first.call(lambda s: add_participant(s, space, "acme", "Acme"))
    outsider.enter(first, space)
    yield first, second, acme, outsider
    second.stop()
    first.stop()
    outsider.close()


@pytest.fixture(scope="package")
def twins(logs: Logs, tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[tuple[Host, Host, Any, Outsider]]:
    """Yield two server processes' worth on one PostgreSQL; what one test leaves behind must not hinder the next."""
    with fresh_database(postgres_url) as database, two_processes(tmp_path_factory.mktemp("twins"), database) as made:
        yield made
