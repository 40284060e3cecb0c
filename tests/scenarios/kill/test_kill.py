"""`kill -9` at any moment loses nothing that was acknowledged and repeats nothing that has an effect."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from contextlib import ExitStack

import httpx
import msgspec
import pytest

from hanse.storage import open_database
from tests.scenarios.kill.driver import Driver, answered
from tests.scenarios.kill.town import Process, found, until
from tests.services import fresh_database

AT_ONCE = 8
SECONDS = 105


@pytest.mark.slow
def test_two_hundred_negotiations_and_transfers_with_sqlite(tmp_path):
    _run(tmp_path, jobs=200, kills=14)


@pytest.mark.slow
@pytest.mark.postgres
def test_a_few_with_postgresql(tmp_path, postgres_url):
    with ExitStack() as stack:
        databases = tuple(stack.enter_context(fresh_database(postgres_url)) for _ in range(2))
        _run(tmp_path, jobs=40, kills=5, databases=databases)


def _run(folder, *, jobs, kills, databases=("", "")):
    seed = int(os.environ.get("HANSE_TEST_SEED") or random.randrange(1 << 32))
    print(f"\nkill test: seed {seed} (HANSE_TEST_SEED repeats it)")
    asyncio.run(_scenario(folder, random.Random(seed), jobs, kills, databases))


async def _scenario(folder, chance, jobs, kills, databases):
    town = await found(folder, databases)
    servers = [Process(one, folder / f"{name}.record") for name, one in (("provider", town.provider), ("consumer", town.consumer))]
    driver = Driver(town)
    for server in servers:
        server.start()
    try:
        async with asyncio.timeout(SECONDS), httpx.AsyncClient(timeout=10, limits=httpx.Limits(max_connections=64)) as client:
            driver.use(client)
            refused = await _work(driver, servers, chance, jobs, kills)
            await until(lambda: _quiet(driver), 30, "both sides are quiet")
    except BaseException:
        await _tell_what_is_open(town)
        print(f"{driver.done} jobs were done; last told: {driver.consumer.complaint} | {driver.provider.complaint}")
        print(*(f"--- {server.log.name}\n{server.said()}" for server in servers), sep="\n")
        raise
    finally:
        for server in servers:
            server.stop()
    told = f"{len(driver.negotiations)} negotiations, {len(driver.transfers)} transfers, {sum(server.kills for server in servers)} kills"
    print(f"kill test: {told}, {refused} replays refused")
    assert refused
    await _check(driver, town, servers)


async def _work(driver, servers, chance, jobs, kills):
    """All jobs, eight at once, while one server or both are killed each time a few more are done; return replays refused."""
    left = list(range(jobs))
    moments = sorted(chance.sample(range(1, jobs - AT_ONCE), kills))
    replayer = asyncio.create_task(driver.replay(chance, [(server.url, server.record) for server in servers]))
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(driver.work(left))
        group.create_task(_kill(driver, servers, chance, moments))
    replayer.cancel()
    return await replayer


async def _kill(driver, servers, chance, moments):
    for moment in moments:
        while driver.done < moment:  # noqa: ASYNC110 - a test may look again and again
            await asyncio.sleep(0.005)
        await asyncio.sleep(chance.uniform(0, 0.1))
        victims = chance.choice([servers[:1], servers[1:], servers])
        for victim in victims:
            assert victim.running, victim.said()
            await asyncio.to_thread(victim.kill)
            victim.start()


async def _quiet(driver):
    for operator in (driver.provider, driver.consumer):
        counts = (await operator("GET", "/status"))["counts"]
        if counts["negotiations_open"] or counts["outbox_waiting"]:
            return False
    return True


async def _tell_what_is_open(town):
    for settings, tenant in ((town.provider, "meteo"), (town.consumer, "factory")):
        for one in [one for kind in (await _everything(settings, tenant))[:2] for one in kind if not one.final]:
            print(tenant, one.id, one.state, one.intent, *(f"\n    {line}" for line in one.history))


async def _everything(settings, tenant):
    """All negotiations, transfers and contracts of a participant, from its database."""
    database = await open_database(settings.database_address)

    def work(tx):
        return [list(store.page(tenant, after=None, limit=10_000)) for store in (tx.negotiations, tx.transfers, tx.contracts)]

    try:
        return await database.read(work)
    finally:
        await database.close()


async def _check(driver, town, servers):
    theirs, ours = await _everything(town.provider, "meteo"), await _everything(town.consumer, "factory")
    _nothing_lost(driver, *ours)
    _both_sides_agree(theirs, ours)
    for server in servers:
        taken = Counter(entry["jti"] for entry in answered(server.record) if entry["status"] < 300)
        assert taken
        assert max(taken.values()) == 1, "a token was taken twice"


def _nothing_lost(driver, negotiations, transfers, contracts):
    states = {one.id: one.state for one in negotiations}
    assert {id: states.get(id) for id in driver.negotiations} == dict.fromkeys(driver.negotiations, "FINALIZED")
    assert {one.negotiation: one.id for one in contracts}.items() >= driver.contracts.items()
    states = {one.id: one.state for one in transfers}
    assert {id: states.get(id) for id in driver.transfers} == dict.fromkeys(driver.transfers, "COMPLETED")


def _both_sides_agree(theirs, ours):
    """Each process has one counterpart in the same state, each finalised negotiation one contract, the same on both sides."""
    for our_side, their_side in zip(ours[:2], theirs[:2], strict=True):
        pairs = {one.id: one for one in their_side}
        assert Counter(one.peer_pid for one in their_side) == Counter(one.id for one in our_side)
        for one in our_side:
            other = pairs[one.peer_pid]
            assert (one.state, one.intent, other.intent) == (other.state, None, None), (one, other)
    agreements = [{one.id: msgspec.json.encode(one.agreement) for one in side[2]} for side in (theirs, ours)]
    assert agreements[0] == agreements[1]
    for negotiations, _, contracts in (theirs, ours):
        assert Counter(one.negotiation for one in contracts) == Counter(one.id for one in negotiations if one.state == "FINALIZED")
        assert all(one.final for one in negotiations)
