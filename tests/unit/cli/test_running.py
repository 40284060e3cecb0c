"""Running a server from the command line: what fails at the start is told, and ends the command."""

from __future__ import annotations

import asyncio

import pytest

from hanse.cli.running import _run
from hanse.config import Settings
from hanse.kernel.errors import HanseError


def test_a_server_that_cannot_start_says_so_and_does_not_wait_for_ever(tmp_path):
    async def broken(server):
        await server.database.run(lambda tx: tx.rows.run("DROP TABLE orders", ()))

    async def tell(_made):
        pytest.fail("nothing is served")

    async def whole():
        await asyncio.wait_for(_run(Settings(home=tmp_path), broken, tell), 30)

    with pytest.raises(HanseError):
        asyncio.run(whole())
