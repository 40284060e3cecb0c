"""What is signed as deleted is deleted: all of it, however many transfers brought it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hanse.app.inbox_keeper import _debts
from hanse.dsp.messages import Role
from hanse.storage import open_database
from hanse.usage.records import Owed, Use
from tests.contract.storage.stage import contract

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MANY = 1_203


def test_no_transfer_is_left_out():
    async def scenario():
        db = await open_database(":memory:")
        made = contract(role=Role.CONSUMER)

        def fill(tx):
            tx.contracts.put(made)
            tx.owed.put(Owed(tenant=made.tenant, agreement=made.id, path="obligation[0]", action="delete", due=NOW))
            for number in range(MANY):
                tx.uses.put(
                    Use(id=f"trf_{number}", tenant=made.tenant, agreement=made.id, peer=made.peer, role=Role.CONSUMER, reserved=NOW)
                )

        try:
            await db.run(fill)
            (debt,) = await db.read(lambda tx: _debts(tx, tx.owed.overdue(NOW + timedelta(minutes=1), 10)))
            assert sorted(debt.transfers) == sorted(f"trf_{number}" for number in range(MANY))
        finally:
            await db.close()

    asyncio.run(scenario())
