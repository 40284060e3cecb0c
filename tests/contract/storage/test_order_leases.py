"""One server process works on an order at a time, whatever the engine."""

from __future__ import annotations

from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import NOW, A, B, later, on


def test_a_lease_is_one_process_s_until_it_is_over(address):
    async def scenario(db):
        async def claim(holder, now=NOW, tenant=A, order="ord_1", **until):
            return await db.run(lambda tx: tx.order_leases.claim(tenant, order, holder, now, later(**until)))

        async def holds(holder, tenant=A):
            return await db.run(lambda tx: tx.order_leases.holds(tenant, "ord_1", holder))

        assert await claim("one", minutes=1)
        assert not await claim("two", minutes=2)
        assert await claim("one", minutes=3)
        assert not await claim("two", now=later(minutes=2), minutes=4)
        assert await claim("two", tenant=B, minutes=1)
        assert (await holds("one"), await holds("two"), await holds("two", B)) == (True, False, True)
        assert await claim("two", now=later(minutes=3), minutes=5)
        assert (await holds("one"), await holds("two")) == (False, True)
        await db.run(lambda tx: tx.order_leases.release(A, "ord_1", "one"))
        assert await holds("two")
        await db.run(lambda tx: tx.order_leases.release(A, "ord_1", "two"))
        assert await claim("one", minutes=1)
        await db.run(lambda tx: tx.order_leases.void())
        assert not await holds("one")

    on(address, scenario)


def test_an_erased_participant_leaves_no_lease(address):
    async def scenario(db):
        await db.run(lambda tx: tx.order_leases.claim(A, "ord_1", "one", NOW, later(minutes=1)))
        assert (await db.run(lambda tx: erase_tenant(tx, A)))["order_leases"] == 1

    on(address, scenario)
