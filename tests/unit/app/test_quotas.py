"""The bytes that a participant may keep are counted over all its transfers, and anew when it has made room."""

from __future__ import annotations

import asyncio

import pytest

from hanse.dataplane.inbox import Inbox
from hanse.dataplane.records import Grant, Purpose
from hanse.dataplane.tokens import Tokens
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import TooLarge
from hanse.storage import open_database


def test_stored_bytes_over_all_transfers(tmp_path):
    async def scenario():
        database, tokens = await open_database(":memory:"), Tokens(SystemClock())
        inbox = Inbox(database, tokens, lambda tenant: tmp_path / tenant, quota=lambda _: 10)

        async def push(tenant, transfer, body):
            grant = Grant(tenant=tenant, transfer=transfer, agreement="agr_1", peer="did:web:zoo", purpose=Purpose.SINK)
            token = (await database.run(lambda tx: tokens.issue(tx, grant))).access_token
            sink = await inbox.open(tenant, transfer, token, "", str(len(body)), None)
            try:
                await sink.write(body)
                await sink.finish()
            finally:
                sink.close()

        await push("acme", "trf_1", b"123456")
        with pytest.raises(TooLarge):
            await push("acme", "trf_2", b"12345")
        await push("other", "trf_3", b"12345")
        (tmp_path / "acme" / "trf_1" / "data").unlink()
        await push("acme", "trf_2", b"12345")
        await database.close()

    asyncio.run(scenario())
