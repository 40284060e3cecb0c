"""Several server processes on one PostgreSQL: locks, claims, lost races, broadcasts, lost connections."""

from __future__ import annotations

import asyncio
import threading

import psycopg
import pytest

from hanse.kernel.errors import Misconfigured
from hanse.storage import open_database
from hanse.storage.engine import RESYNC
from tests.contract.storage.stage import NOW, PEER, A, later, negotiation, on, outgoing, transfer

pytestmark = pytest.mark.postgres


async def until(condition):
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - what it waits for happens in threads and on servers
            await asyncio.sleep(0.02)


def cut(address):
    """Let the server end all connections to the database but this one."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_process_that_is_read_in_a_run_is_locked_until_its_end(postgres_database):
    async def scenario(one, two):
        await one.run(lambda tx: tx.transfers.put(transfer()))
        holding, go_on = threading.Event(), threading.Event()
        order = []

        def slow(tx):
            found = tx.transfers.get(A, "trf_1")
            holding.set()
            go_on.wait(10)
            found.format = "changed"
            tx.transfers.put(found)
            order.append("slow")

        def quick(tx):
            found = tx.transfers.get(A, "trf_1")
            order.append("quick")
            return found.format

        first = asyncio.ensure_future(one.run(slow))
        await until(holding.is_set)
        second = asyncio.ensure_future(two.run(quick))
        unlocked = await two.read(lambda tx: tx.transfers.get(A, "trf_1").format)  # who only reads does not wait
        await asyncio.sleep(0.1)
        go_on.set()
        await first
        return unlocked, await second, order

    assert on(postgres_database, scenario, times=2) == ("HttpData-PULL", "changed", ["slow", "quick"])


def test_a_message_is_claimed_by_one_process_only(postgres_database):
    async def scenario(*databases):
        await databases[0].run(lambda tx: [tx.outbox.put(outgoing(f"msg_{n:03}")) for n in range(200)] and None)

        async def claim_all(database):
            mine = []
            while claimed := await database.run(lambda tx: tx.outbox.claim(NOW, later(seconds=20), 7)):
                mine += [message.id for message in claimed]
            return mine

        return await asyncio.gather(*(claim_all(database) for database in databases for _ in range(3)))

    claimed = [id for some in on(postgres_database, scenario, times=2) for id in some]
    assert sorted(claimed) == [f"msg_{n:03}" for n in range(200)]


def test_an_overdue_process_that_another_holds_is_left_to_it(postgres_database):
    async def scenario(one, two):
        await one.run(lambda tx: [tx.negotiations.put(negotiation(f"neg_{n}", deadline=NOW)) for n in (1, 2)] and None)
        holding, go_on = threading.Event(), threading.Event()

        def hold(tx):
            held = [process.id for process in tx.negotiations.overdue(NOW, 1)]
            holding.set()
            go_on.wait(10)
            return held

        first = asyncio.ensure_future(one.run(hold))
        await until(holding.is_set)
        others = await two.run(lambda tx: [process.id for process in tx.negotiations.overdue(NOW, 9)])
        go_on.set()
        return sorted(await first + others), len(others)

    assert on(postgres_database, scenario, times=2) == (["neg_1", "neg_2"], 1)


def test_the_same_first_message_at_two_processes_makes_one_negotiation(postgres_database):
    async def scenario(one, two):
        barrier = threading.Barrier(2)
        runs = []

        def receive(id):
            def work(tx):
                runs.append(id)
                mine = negotiation(id, peer_pid="theirs")
                found = tx.negotiations.by_peer_pid(A, PEER, "theirs", mine.role)
                if runs.count(id) == 1:
                    barrier.wait(10)
                if found is None:
                    tx.negotiations.put(mine)
                return (found or mine).id

            return work

        told = await asyncio.gather(one.run(receive("neg_1")), two.run(receive("neg_2")))
        return told, [process.id for process in await one.read(lambda tx: tx.negotiations.page(A, after=None, limit=9))], len(runs)

    told, stored, runs = on(postgres_database, scenario, times=2)
    assert len(stored) == 1
    assert told == stored * 2
    assert runs == 3


def test_two_that_wait_for_each_other_both_end(postgres_database):
    async def scenario(one, two):
        await one.run(lambda tx: [tx.transfers.put(transfer(f"trf_{n}")) for n in (1, 2)] and None)
        barrier = threading.Barrier(2)
        tries = []

        def crossing(first, second):
            def work(tx):
                tx.transfers.get(A, first)
                tries.append(first)
                if tries.count(first) == 1:
                    barrier.wait(10)
                tx.transfers.get(A, second)
                tx.transfers.put(transfer(second))

            return work

        await asyncio.gather(one.run(crossing("trf_1", "trf_2")), two.run(crossing("trf_2", "trf_1")))
        return len(tries)

    assert on(postgres_database, scenario, times=2) > 2  # somebody had to begin again


def test_a_token_is_used_once_over_all_processes(postgres_database):
    async def scenario(*databases):
        consume = [database.run(lambda tx: tx.replays.consume(A, PEER, "jti", NOW)) for database in databases for _ in range(5)]
        return await asyncio.gather(*consume)

    assert sorted(on(postgres_database, scenario, times=2)) == [False] * 9 + [True]


def test_broadcasts_and_shared_events_reach_the_other_process(postgres_database):
    async def scenario(one, two):
        heard = []
        two.on_broadcast(lambda topic, payload: heard.append((topic, payload)))
        one.share(lambda event: ("shared", event) if event != "private" else None)

        def work(tx):
            tx.broadcast("cut", "trf_1")
            tx.emit("event")
            tx.emit("event")
            tx.emit("private")

        await one.run(work)
        await until(lambda: len(heard) >= 2)
        return sorted(heard)

    assert on(postgres_database, scenario, times=2) == [("cut", "trf_1"), ("shared", "event")]


def test_lost_connections_are_replaced_and_what_was_missed_is_said(postgres_database):
    async def scenario(database):
        heard = []
        database.on_broadcast(lambda topic, payload: heard.append(topic))
        await asyncio.gather(*(database.run(lambda tx, n=n: tx.transfers.put(transfer(f"trf_{n}"))) for n in range(8)))
        await asyncio.to_thread(cut, postgres_database)
        await asyncio.gather(*(database.run(lambda tx, n=n: tx.transfers.put(transfer(f"trf_{n}"))) for n in range(8, 16)))
        await until(lambda: RESYNC in heard)
        await asyncio.sleep(2.5)  # the listener is back by then
        heard.clear()
        await database.run(lambda tx: tx.broadcast("again", ""))
        await until(lambda: "again" in heard)
        return len(await database.read(lambda tx: tx.transfers.page(A, after=None, limit=99)))

    assert on(postgres_database, scenario) == 16


def test_a_connection_lost_in_the_middle_of_a_work_runs_it_again(postgres_database):
    async def scenario(database):
        runs = []

        def work(tx):
            runs.append(1)
            tx.transfers.put(transfer(f"trf_{len(runs)}"))
            if len(runs) == 1:
                cut(postgres_database)
            tx.transfers.put(transfer("trf_9"))

        await database.run(work)
        return [process.id for process in await database.read(lambda tx: tx.transfers.page(A, after=None, limit=9))]

    assert on(postgres_database, scenario) == ["trf_9", "trf_2"]


def test_many_that_start_at_once_make_one_schema(postgres_database):
    async def scenario():
        opened = await asyncio.gather(*(open_database(postgres_database, pool_size=1) for _ in range(4)))
        for database in opened:
            await database.close()

    asyncio.run(scenario())


def test_a_server_that_is_not_there_is_named_without_its_password(monkeypatch):
    monkeypatch.setattr("hanse.storage.postgres.WAIT_SECONDS", 0.5)
    with pytest.raises(Misconfigured) as raised:
        asyncio.run(open_database("postgresql://hanse:s3cret@127.0.0.1:1/hanse"))
    assert "s3cret" not in str(raised.value)
