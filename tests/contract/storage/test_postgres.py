"""Two server processes on one PostgreSQL, as two databases of one address; and a PostgreSQL that goes away and comes back."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from hanse.anchor.spaces import Spaces
from hanse.dsp.messages import Role
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Conflict, StorageFailed
from hanse.kernel.ids import RandomIds
from hanse.participants.operators import Operators
from hanse.participants.registry import Participants
from hanse.participants.roles import SERVER
from hanse.storage import open_database
from hanse.storage.engine import RESYNC
from tests.contract.storage.stage import NOW, PEER, A, access, key, later, negotiation, on, outgoing
from tests.services import postgres, postgres_missing, require, stop
from tests.services.postgres import _start as start_again
from tests.services.processes import unprivileged_user

pytestmark = pytest.mark.postgres


async def _all_of(db, work):
    """Everything that `work` hands to this process, asked until there is no more."""
    taken = []
    while got := await db.run(work):
        taken += got
    return taken


async def _handed_out_once(first, second, work):
    parts = await asyncio.gather(*(_all_of(db, work) for db in (first, second, first, second)))
    together = [id for part in parts for id in part]
    assert len(together) == len(set(together)) == 60


def test_no_message_and_no_overdue_process_is_handed_to_both(postgres_database):
    def claim(tx):
        return [message.id for message in tx.outbox.claim(NOW, later(seconds=20), 7)]

    def end(tx):
        overdue = tx.negotiations.overdue(NOW, 7)
        for process in overdue:
            process.deadline = None
            tx.negotiations.put(process)
        return [process.id for process in overdue]

    def fill(tx):
        for n in range(60):
            tx.outbox.put(outgoing(f"msg_{n:02}"))
            tx.negotiations.put(negotiation(f"neg_{n:02}", deadline=NOW))

    async def scenario(first, second):
        await first.run(fill)
        await _handed_out_once(first, second, claim)
        await _handed_out_once(first, second, end)

    on(postgres_database, scenario, times=2)


def test_a_row_that_is_read_to_be_changed_is_changed_by_one_after_the_other(postgres_database):
    def count(tx):
        process = tx.negotiations.get(A, "neg_1")
        process.dataset = str(int(process.dataset) + 1)
        tx.negotiations.put(process)

    async def scenario(first, second):
        await first.run(lambda tx: tx.negotiations.put(negotiation(dataset="0")))
        await asyncio.gather(*(db.run(count) for db in (first, second) * 20))
        assert (await first.read(lambda tx: tx.negotiations.get(A, "neg_1"))).dataset == "40"

    on(postgres_database, scenario, times=2)


def test_of_two_first_messages_with_one_peers_id_one_makes_the_process(postgres_database):
    def first_message(id):
        def work(tx):
            known = tx.negotiations.by_peer_pid(A, PEER, "urn:their:1", Role.PROVIDER)
            if known is None:
                known = negotiation(id, peer_pid="urn:their:1", role=Role.PROVIDER)
                tx.negotiations.put(known)
            return known.id

        return work

    async def scenario(first, second):
        answers = await asyncio.gather(*(db.run(first_message(f"neg_{n}")) for n, db in enumerate((first, second) * 4)))
        assert len(set(answers)) == 1
        assert len(await first.read(lambda tx: tx.negotiations.page(A, after=None, limit=9))) == 1

    on(postgres_database, scenario, times=2)


def test_a_token_used_at_both_at_once_is_used_once(postgres_database):
    async def scenario(first, second):
        uses = await asyncio.gather(*(db.run(lambda tx: tx.replays.consume(A, PEER, "jti", NOW)) for db in (first, second) * 4))
        assert sum(uses) == 1

    on(postgres_database, scenario, times=2)


class _Keys:
    def make(self, tx, tenant, did):
        tx.keys.put(key(tenant))


def test_of_two_participants_and_two_spaces_with_one_name_the_second_is_refused(postgres_database):
    async def scenario(*databases):
        clock = ManualClock(NOW)
        ids = RandomIds(clock)
        registries = [Participants(db, clock, Operators(db, clock, ids), _Keys(), None, host="localhost", port=8400) for db in databases]
        for turn in range(5):
            made = await asyncio.gather(
                *(one.create(SERVER, f"acme-{turn}", f"Title {n}") for n, one in enumerate(registries)), return_exceptions=True
            )
            _one_made_one_refused(made)
            winner = next(one for one in made if not isinstance(one, Exception))
            assert await databases[0].read(lambda tx, turn=turn: tx.participants.get(f"acme-{turn}")) == winner.participant
            found = await asyncio.gather(
                *(
                    Spaces(db, clock, None, root="http://localhost:8400").found(f"t{n}", PEER, f"harbour-{turn}", "Harbour")
                    for n, db in enumerate(databases)
                ),
                return_exceptions=True,
            )
            _one_made_one_refused(found)

    on(postgres_database, scenario, times=2)


def _one_made_one_refused(outcomes):
    (refused,) = [one for one in outcomes if isinstance(one, Exception)]
    assert isinstance(refused, Conflict)
    assert (refused.rule, refused.where) == ("taken", "name")


def test_what_is_kept_of_a_refusal_is_not_kept_of_a_work_that_is_run_again(postgres_database):
    async def scenario(first, second):
        runs = []

        def work(tx):
            runs.append(1)
            assert tx.replays.consume(A, PEER, "jti", NOW)
            if len(runs) == 1:
                # Another process makes it between our look and our insert.
                with psycopg.connect(postgres_database) as other:
                    other.execute("INSERT INTO participants (tenant, doc) VALUES ('acme', '')")
                try:
                    tx.rows.execute("INSERT INTO participants (tenant, doc) VALUES (?, ?)", ("acme", b""))
                except Conflict as error:
                    error.keep = lambda tx: tx.replays.consume(A, PEER, "jti", NOW)
                    raise
            return len(runs)

        assert await first.run(work) == 2

    on(postgres_database, scenario, times=2)


def test_broadcasts_and_shared_events_are_heard_by_all_processes_after_the_commit(postgres_database):
    async def scenario(first, second):
        heard = asyncio.Queue()
        second.on_broadcast(lambda topic, payload: heard.put_nowait((topic, payload)))
        events = []
        second.subscribe(events.append)
        first.share(lambda event: ("shared", event) if event != "private" else None)

        def work(tx):
            tx.negotiations.put(negotiation())
            tx.broadcast("topic", "payload")
            for event in ("a", "private", "a", "b"):
                tx.emit(event)

        with suppress(ZeroDivisionError):
            await first.run(lambda tx: (tx.broadcast("never", ""), 1 / 0))
        await first.run(work)
        expected = [("topic", "payload"), ("shared", "a"), ("shared", "b")]
        assert [await asyncio.wait_for(heard.get(), 5) for _ in expected] == expected
        assert events == []

    on(postgres_database, scenario, times=2)


def test_a_postgresql_that_restarts_is_found_again(postgres_database):
    async def scenario(db):
        heard = asyncio.Queue()
        db.on_broadcast(lambda topic, payload: heard.put_nowait(topic))
        await asyncio.gather(*(db.run(lambda tx, n=n: tx.negotiations.put(negotiation(f"neg_{n}"))) for n in range(16)))
        _end_connections(postgres_database)
        # Nothing was committed on the connections that were ended: every work is run again, and nobody notices.
        await asyncio.gather(*(db.run(lambda tx, n=n: tx.access_tokens.put(access(f"h{n}"))) for n in range(16)))
        _end_connections(postgres_database)
        assert len(await db.read(lambda tx: tx.access_tokens.of_transfer(A, "trf_1"))) == 16
        while await asyncio.wait_for(heard.get(), 10) != RESYNC:
            pass
        await asyncio.sleep(2.5)  # it listens again
        await db.run(lambda tx: tx.broadcast("again", ""))
        while await asyncio.wait_for(heard.get(), 5) != "again":
            pass

    on(postgres_database, scenario)


def _end_connections(address):
    """End every connection to this database but our own, as a restart of PostgreSQL does."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_postgresql_itself_is_stopped_and_started_under_the_server():
    require(postgres_missing())

    async def scenario(db, url):
        with psycopg.connect(url) as connection:
            folder = Path(connection.execute("SHOW data_directory").fetchone()[0]).parent
            pid = int(connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()[0].split()[0])
        await db.run(lambda tx: tx.negotiations.put(negotiation("neg_1")))
        os.kill(pid, signal.SIGINT)
        waiting = asyncio.ensure_future(db.run(lambda tx: tx.negotiations.put(negotiation("neg_2"))))
        await asyncio.sleep(1)
        process = await asyncio.to_thread(start_again, folder, int(url.rpartition(":")[2].partition("/")[0]), unprivileged_user("postgres"))
        try:
            await waiting  # it waits for a connection, up to ten seconds
            assert len(await db.read(lambda tx: tx.negotiations.page(A, after=None, limit=9))) == 2
        finally:
            await db.close()
            stop(process, signal.SIGINT)

    async def whole(url):
        await scenario(await open_database(url), url)

    with postgres() as url:
        asyncio.run(whole(url))


def test_a_connection_that_breaks_within_a_work_makes_it_run_again(postgres_database):
    async def scenario(db):
        runs = []

        def work(tx):
            runs.append(1)
            tx.negotiations.put(negotiation())
            if len(runs) == 1:
                _end_connections(postgres_database)
            tx.outbox.put(outgoing())

        await db.run(work)
        assert len(runs) == 2
        with pytest.raises(StorageFailed):
            await db.run(lambda tx: (_end_connections(postgres_database), tx.outbox.put(outgoing())))
        assert await db.read(lambda tx: tx.outbox.get("msg_1")) == outgoing()

    on(postgres_database, scenario)
