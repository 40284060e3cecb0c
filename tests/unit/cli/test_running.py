"""Running a server from the command line: what fails at the start is told, and ends the command."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from hanse.cli.running import _run
from hanse.config import Settings
from hanse.kernel.errors import StorageFailed


def test_a_server_that_cannot_start_says_so_and_does_not_wait_for_ever(tmp_path):
    home = tmp_path / "home"

    async def broken(_server):
        with sqlite3.connect(home / "hanse.db") as database:
            database.execute("DROP TABLE orders")

    async def tell(_made):
        pytest.fail("nothing is served")

    with pytest.raises(StorageFailed):
        asyncio.run(asyncio.wait_for(_run(Settings(home=str(home)), broken, tell), 30))
