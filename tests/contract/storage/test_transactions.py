"""What a transaction promises on every engine: all or nothing, events after the commit, and what an error keeps."""

from __future__ import annotations

import asyncio

import pytest

from hanse.kernel.errors import Conflict, Invalid, StorageFailed
from tests.contract.storage.stage import NOW, PEER, A, negotiation, on, space


class Refused(Exception):
    """What a work raises; it may carry `keep`."""


def use(jti):
    return lambda tx: tx.replays.consume(A, PEER, jti, NOW)


def failing(jti, *, keep=None):
    def work(tx):
        use(jti)(tx)
        tx.emit(jti)
        error = Refused(jti)
        if keep is not None:
            error.keep = keep
        raise error

    return work


async def used(database):
    rows = await database.read(lambda tx: tx.rows.all("SELECT jti FROM replays ORDER BY jti"))
    return [jti for (jti,) in rows]


def test_an_error_undoes_its_own_work_and_no_other(address):
    async def scenario(database):
        works = [use("a"), failing("b"), use("c"), failing("d"), use("e")]
        outcomes = await asyncio.gather(*(database.run(work) for work in works), return_exceptions=True)
        return [outcome if outcome is True else str(outcome) for outcome in outcomes], await used(database)

    outcomes, stored = on(address, scenario)
    assert outcomes == [True, "b", True, "d", True]
    assert stored == ["a", "c", "e"]


def test_an_error_alone_leaves_nothing_and_the_next_work_succeeds(address):
    async def scenario(database):
        with pytest.raises(Refused):
            await database.run(failing("a"))
        return await database.run(use("a")), await used(database)

    assert on(address, scenario) == (True, ["a"])


@pytest.mark.parametrize("beside", [0, 6], ids=["alone", "in a batch"])
def test_what_an_error_keeps_is_stored_without_the_rest(address, beside):
    async def scenario(database):
        works = [failing("lost", keep=use("kept")), *(use(f"other{n}") for n in range(beside))]
        outcomes = await asyncio.gather(*(database.run(work) for work in works), return_exceptions=True)
        return isinstance(outcomes[0], Refused), await used(database)

    assert on(address, scenario) == (True, ["kept", *(f"other{n}" for n in range(beside))])


def test_what_an_error_keeps_may_fail_too_at_no_cost_to_others(address):
    async def scenario(database):
        works = [use("a"), failing("lost", keep=failing("lost too")), use("b")]
        outcomes = await asyncio.gather(*(database.run(work) for work in works), return_exceptions=True)
        return isinstance(outcomes[1], Refused), await used(database)

    assert on(address, scenario) == (True, ["a", "b"])


def test_events_are_heard_once_what_they_tell_of_can_be_read(address):
    async def scenario(database):
        heard, seen = [], []

        def subscriber(event):
            heard.append(event)
            seen.append(asyncio.ensure_future(used(database)))

        database.subscribe(lambda event: 1 / 0)  # one that fails keeps nobody else from hearing
        database.subscribe(subscriber)

        def work(tx):
            use("a")(tx)
            tx.emit("first")
            tx.emit("second")
            assert heard == []

        await database.run(work)
        told = list(heard)
        with pytest.raises(Refused):
            await database.run(failing("b"))
        await database.read(lambda tx: tx.emit("a read tells nobody"))
        await asyncio.sleep(0.05)
        return told, heard, [await one for one in seen]

    told, heard, seen = on(address, scenario)
    assert told == heard == ["first", "second"]
    assert seen == [["a"], ["a"]]


def test_a_read_cannot_write(address):
    async def scenario(database):
        with pytest.raises(StorageFailed):
            await database.read(use("a"))
        return await used(database), await database.run(use("a"))

    assert on(address, scenario) == ([], True)


def test_what_was_told_as_done_is_stored_even_if_the_work_ignores_a_refusal(address):
    """PostgreSQL answers the COMMIT of a transaction that it has given up with a rollback, and the driver says nothing."""

    def work(tx):
        tx.negotiations.put(negotiation())
        tx.spaces.add(space())
        try:
            tx.spaces.add(space())
        except Conflict:
            return "done"

    async def scenario(database):
        try:
            told = await database.run(work)
        except Conflict:
            told = None
        return told, await database.read(lambda tx: tx.negotiations.get(A, "neg_1") is not None)

    assert on(address, scenario) in {("done", True), (None, False)}


def test_a_broadcast_reaches_this_process_after_the_commit_only(address):
    async def scenario(database):
        heard = []
        database.on_broadcast(lambda topic, payload: heard.append((topic, payload)))

        def failing_work(tx):
            tx.broadcast("topic", "never")
            raise Refused

        with pytest.raises(Refused):
            await database.run(failing_work)
        await database.run(lambda tx: tx.broadcast("topic", "line\nbreaks — 数据"))
        for _ in range(100):
            if heard:
                break
            await asyncio.sleep(0.02)
        return heard

    assert on(address, scenario) == [("topic", "line\nbreaks — 数据")]


@pytest.mark.parametrize(("topic", "payload"), [("two\nlines", ""), ("topic", "x" * 7_001)])
def test_what_cannot_be_broadcast_is_refused(address, topic, payload):
    async def scenario(database):
        with pytest.raises(Invalid):
            await database.run(lambda tx: tx.broadcast(topic, payload))

    on(address, scenario)


def test_close_finishes_what_waits_and_refuses_what_comes_later(address):
    async def scenario(database):
        waiting = [asyncio.ensure_future(database.run(use(f"j{n}"))) for n in range(40)]
        await asyncio.sleep(0)
        await database.close()
        outcomes = await asyncio.gather(*waiting)
        with pytest.raises(StorageFailed):
            await database.run(use("late"))
        return outcomes

    assert on(address, scenario) == [True] * 40


def test_who_does_not_wait_any_more_harms_nobody(address):
    async def scenario(database):
        tasks = [asyncio.ensure_future(database.run(use(f"j{n}"))) for n in range(9)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        kept = await asyncio.gather(*tasks[1::2])
        return kept, await database.run(use("next"))

    assert on(address, scenario) == ([True] * 4, True)


def test_a_backup_is_one_consistent_copy_that_opens_as_sqlite(address, tmp_path):
    async def scenario(database):
        await database.run(lambda tx: tx.negotiations.put(negotiation()))
        await database.backup_to(tmp_path / "copy.db")
        with pytest.raises(StorageFailed):
            await database.backup_to(tmp_path / "copy.db")
        await database.run(lambda tx: tx.negotiations.put(negotiation("neg_2")))

    async def reading(copy):
        return [one.id for one in await copy.read(lambda tx: tx.negotiations.page(A, after=None, limit=9))]

    on(address, scenario)
    assert on(str(tmp_path / "copy.db"), reading) == ["neg_1"]
