"""Keys on every engine: rows of before, those that are no one's newest, and changes that meet each other."""

from __future__ import annotations

import asyncio
import json

import msgspec

from hanse.kernel.clock import ManualClock
from hanse.kernel.ids import CountedIds
from hanse.wallet.seal import MasterKeySealer, new_master_key
from hanse.wallet.wallet import Wallet
from tests.contract.storage.stage import NOW, A, B, key, later, on

DID = "did:web:localhost%3A8400:participants:acme"


def test_every_member_comes_back(address):
    async def scenario(db):
        full = msgspec.structs.replace(
            key(number=2), kind="Ed25519", retired=NOW, needed_until=later(days=90), compromised=later(hours=-1), sealed=b""
        )
        await db.run(lambda tx: tx.keys.put(full))
        assert await db.read(lambda tx: tx.keys.get(A)) == full

    on(address, scenario)


def test_rows_of_before_are_read(address):
    async def scenario(db):
        doc = json.loads(msgspec.json.encode(key()))
        old = {name: doc[name] for name in ("tenant", "did", "kid", "number", "public_jwk", "sealed", "created")}
        sql = "INSERT INTO keys (tenant, kid, number, doc) VALUES (?, ?, ?, ?)"
        await db.run(lambda tx: tx.rows.execute(sql, (A, key().kid, 1, json.dumps(old).encode())))
        assert await db.read(lambda tx: tx.keys.list(A)) == [key()]

    on(address, scenario)


def test_those_that_are_not_the_newest(address):
    async def scenario(db):
        for one in (key(number=2), key(number=10), key(number=1), key(B, 7)):
            await db.run(lambda tx, one=one: tx.keys.put(one))
        assert [(one.tenant, one.number) for one in await db.read(lambda tx: tx.keys.former())] == [(A, 1), (A, 2)]
        assert len(await db.run(lambda tx: tx.keys.former())) == 2

    on(address, scenario)


def test_rotations_and_signatures_that_meet_lose_nothing(address):
    """As several processes would: each with a wallet of its own, all on one database."""

    async def scenario(db):
        clock, sealer = ManualClock(NOW), MasterKeySealer(new_master_key())
        wallets = [Wallet(db, sealer, clock, CountedIds()) for _ in range(4)]
        await db.run(lambda tx: wallets[0].create(tx, A, DID))

        async def rotate(wallet):
            await db.run(lambda tx: wallet.rotate(tx, A))

        async def need(wallet, days):
            await wallet._key_until(A, later(days=days))

        async def tidy(wallet):
            await db.run(lambda tx: wallet.tidy(tx, clock.now()))

        await asyncio.gather(
            *(rotate(wallets[n % 4]) for n in range(12)), *(need(wallets[n % 4], n) for n in range(1, 13)), *(tidy(w) for w in wallets)
        )
        keys = await db.read(lambda tx: tx.keys.list(A))
        assert [one.number for one in keys] == list(range(1, 14))
        assert len({one.public_jwk["x"] for one in keys}) == 13
        assert [one.retired for one in keys] == [NOW] * 12 + [None]
        assert all(one.sealed for one in keys)
        assert max(one.needed_until for one in keys if one.needed_until) >= later(days=12)

    on(address, scenario)
