"""A participant over its quota answers 429 and says when to come back; nobody else feels it."""

from __future__ import annotations

import asyncio

import httpx
import msgspec
import pytest

from hanse.connector.ports import Limits
from hanse.kernel.errors import TooMany
from hanse.participants.records import Quota
from tests.scenarios.operations.world import World, running


async def allow(server, name, **figures):
    """Give a participant another quota."""

    def work(tx):
        participant = tx.participants.get(name)
        tx.participants.put(msgspec.structs.replace(participant, quota=Quota(**figures)))

    await server.ground.database.run(work)
    await server.ground.tenants.refresh(name)


async def first_message(world, south, number):
    """Send a request for a negotiation as the consumer's connector would."""
    asset = world.assets[2]  # answered by hand: it stays open
    body = {
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "ContractRequestMessage",
        "consumerPid": f"urn:uuid:{number}",
        "offer": {"@id": asset.dataset.offers[0].id, "@type": "Offer", "target": asset.id, "permission": [{"action": "use"}]},
        "callbackAddress": f"{world.south.public_root}/participants/zoo/dsp/2025-1",
    }
    token = await south.wallet.tokens.token_for("zoo", world.acme.did)
    async with httpx.AsyncClient() as client:
        url = f"{world.north.public_root}/participants/acme/dsp/2025-1/negotiations/request"
        return await client.post(url, json=body, headers={"Authorization": f"Bearer {token}"})


def test_assets_and_open_processes(tmp_path):
    world = World(tmp_path)

    async def scenario():
        async with running(world.north) as north, running(world.south) as south:
            await world.populate(north, south)
            await allow(north, "acme", assets=3, open_processes=2)
            with pytest.raises(TooMany, match="3 assets"):
                await world.offer(north)
            for _ in range(2):
                await south.connector.negotiations.request("zoo", world.acme.did, world.assets[2].id, _offer(world))
            await _arrived(north, 2)
            answer = await first_message(world, south, 3)
            assert answer.status_code == 429, answer.text
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["@type"] == "ContractNegotiationError"
            await allow(north, "acme", open_processes=3)
            assert (await first_message(world, south, 4)).status_code == 201

    asyncio.run(scenario())


def _offer(world):
    return world.assets[2].dataset.offers[0]


async def _arrived(north, count):
    for _ in range(500):
        found = await north.ground.database.read(lambda tx: tx.negotiations.page("acme", after=None, limit=9, open_only=True))
        if len(found) == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the negotiations did not arrive")


def test_one_peer_cannot_take_all_the_room(tmp_path):
    world = World(tmp_path)

    async def scenario():
        async with running(world.north) as north, running(world.south) as south:
            await world.populate(north, south)
            quotas = type(north.ground.quotas)(north.ground.tenants, Limits(open_processes_per_peer=1))
            await north.ground.database.read(lambda tx: quotas.check(tx, "acme", world.zoo))
            await south.connector.negotiations.request("zoo", world.acme.did, world.assets[2].id, _offer(world))
            await _arrived(north, 1)
            with pytest.raises(TooMany, match="One peer"):
                await north.ground.database.read(lambda tx: quotas.check(tx, "acme", world.zoo))
            await north.ground.database.read(lambda tx: quotas.check(tx, "acme", "did:web:somebody.example"))
            await north.ground.database.read(lambda tx: quotas.check(tx, "anchor", world.zoo))

    asyncio.run(scenario())


def test_the_rate_of_requests(tmp_path):
    world = World(tmp_path)

    async def scenario():
        async with running(world.north) as north, running(world.south) as south:
            await world.populate(north, south)
            await allow(north, "acme", requests_per_second=1, burst=3)
            statuses = [(await first_message(world, south, n)).status_code for n in range(6)]
            assert statuses.count(429) >= 2
            assert statuses[-1] == 429
            last = await first_message(world, south, 9)
            assert int(last.headers["retry-after"]) >= 1

    asyncio.run(scenario())
