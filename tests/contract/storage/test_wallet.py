"""The wallet's stores: held credentials, requests, letters; and letters that several server processes want to send."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hanse.identity.credentials.model import VC11
from hanse.kernel.clock import ManualClock
from hanse.kernel.ids import RandomIds
from hanse.wallet.letters import LEASE, Letters
from hanse.wallet.ports import MailAnswer
from hanse.wallet.records import RequestState
from tests.contract.storage.stage import NOW, OTHER, PEER, A, B, held, later, letter, on, request


def full_held():
    return held(
        credential_id="urn:uuid:1",
        valid_from=NOW,
        valid_until=later(days=90),
        request="req_1",
        invalid="suspended",
        types=("A", "Bü"),
        profile=VC11,
    )


STORES = pytest.mark.parametrize(
    ("store", "make", "key"),
    [("held", held, "id"), ("requests", request, "holder_pid")],
)


@STORES
def test_a_record_comes_back_as_it_was_to_its_tenant_alone(address, store, make, key):
    async def scenario(db):
        one = full_held() if make is held else request(status_url="https://x", reason="no — ünïcode", issuer_pid="p", letter="ltr_1")
        id = getattr(one, key)
        await db.run(lambda tx: getattr(tx, store).put(one))
        assert await db.read(lambda tx: getattr(tx, store).get(A, id)) == one
        assert await db.read(lambda tx: getattr(tx, store).get(B, id)) is None
        await db.run(lambda tx: getattr(tx, store).put(make(id, B)))
        await db.run(lambda tx: getattr(tx, store).delete(B, id))
        await db.run(lambda tx: getattr(tx, store).delete(B, "none"))
        assert await db.read(lambda tx: getattr(tx, store).get(B, id)) is None
        assert await db.read(lambda tx: getattr(tx, store).get(A, id)) == one
        await db.run(lambda tx: getattr(tx, store).put(make(id)))
        assert await db.read(lambda tx: getattr(tx, store).get(A, id)) == make(id)

    on(address, scenario)


@STORES
def test_pages_in_the_order_of_ids_without_gaps_or_repeats(address, store, make, key):
    async def scenario(db):
        ids = sorted(["x_a", "x_B", "x_1", "x_10", "x_2", "x_é"])
        for id in ids:
            await db.run(lambda tx, id=id: getattr(tx, store).put(make(id)))
            await db.run(lambda tx, id=id: getattr(tx, store).put(make(id + "_", B)))
        seen, after = [], None
        while page := await db.read(lambda tx, after=after: getattr(tx, store).page(A, after=after, limit=4)):
            seen += [getattr(one, key) for one in page]
            after = seen[-1]
        assert seen == ids

    on(address, scenario)


def test_requests_of_which_the_issuer_is_to_be_asked(address):
    async def scenario(db):
        assert await db.read(lambda tx: tx.requests.next_due()) is None
        late, early, never = request("req_1", due=later(seconds=5)), request("req_2", B, due=NOW), request("req_3")
        for one in (late, early, never):
            await db.run(lambda tx, one=one: tx.requests.put(one))
        assert await db.read(lambda tx: tx.requests.due(later(seconds=4), limit=9)) == [early]
        assert await db.read(lambda tx: tx.requests.due(later(seconds=5), limit=9)) == [early, late]
        assert await db.read(lambda tx: tx.requests.due(later(seconds=5), limit=1)) == [early]
        assert await db.read(lambda tx: tx.requests.next_due()) == NOW
        await db.run(lambda tx: tx.requests.put(request("req_2", B)))
        assert await db.read(lambda tx: tx.requests.next_due()) == later(seconds=5)

    on(address, scenario)


def test_the_letters_of_one_tenant_to_one_receiver(address):
    async def scenario(db):
        for one in (letter("ltr_b"), letter("ltr_a"), letter("ltr_c", B), letter("ltr_d", to=OTHER)):
            await db.run(lambda tx, one=one: tx.letters.put(one))
        assert await db.read(lambda tx: tx.letters.to(A, PEER)) == ["ltr_a", "ltr_b"]
        assert await db.read(lambda tx: tx.letters.to(B, OTHER)) == []

    on(address, scenario)


def test_the_letter_that_is_due_for_longest_to_somebody_who_is_not_busy(address):
    async def scenario(db):
        assert await db.read(lambda tx: tx.letters.next_due(())) is None
        assert await db.run(lambda tx: tx.letters.longest_due(NOW, ())) is None
        one, two, three = letter("ltr_z", due=later(seconds=1)), letter("ltr_a", B, to=OTHER, due=later(seconds=2)), letter("ltr_m")
        for made in (one, two, three):
            await db.run(lambda tx, made=made: tx.letters.put(made))
        assert await db.read(lambda tx: tx.letters.get("ltr_a")) == two
        assert await db.read(lambda tx: tx.letters.count()) == 3

        async def longest(moment, *busy):
            found = await db.run(lambda tx: tx.letters.longest_due(moment, busy))
            return None if found is None else found.id

        assert await longest(later(seconds=-1)) is None
        assert await longest(later(seconds=9)) == "ltr_m"
        assert await longest(later(seconds=9), PEER) == "ltr_a"
        assert await longest(later(seconds=1), PEER) is None
        assert await longest(later(seconds=9), PEER, OTHER, "did:web:third") is None
        assert await longest(later(seconds=9), PEER[:-1], PEER + "x") == "ltr_m"
        assert await db.read(lambda tx: tx.letters.next_due(())) == NOW
        assert await db.read(lambda tx: tx.letters.next_due((PEER,))) == later(seconds=2)
        assert await db.read(lambda tx: tx.letters.next_due((PEER, OTHER))) is None
        await db.run(lambda tx: tx.letters.put(letter("ltr_m", due=later(seconds=60), attempts=1, last_error="No route.", token="theirs")))
        assert await longest(later(seconds=9)) == "ltr_z"
        await db.run(lambda tx: tx.letters.delete("ltr_z"))
        await db.run(lambda tx: tx.letters.delete("ltr_z"))
        assert await db.read(lambda tx: tx.letters.next_due(())) == later(seconds=2)

    on(address, scenario)


# --- several processes


class Counting:
    """Posts nothing, and counts; gives everybody else a chance to do the same at the same time."""

    def __init__(self):
        self.posted = []

    async def post(self, tenant, to, service, path, body, token):
        self.posted.append(body)
        await asyncio.sleep(0)
        return MailAnswer(status=200)


def process(db, mail, clock):
    letters = Letters(db, mail, clock, RandomIds(clock))
    letters.register("test", lambda tx, letter, answer: tx.emit(letter.about), lambda tx, letter, reason: tx.emit(reason))
    return letters


async def _all_sent(*databases):
    """Let two services send 60 letters to 20 receivers; return what was posted, and what was told."""
    clock, mail, told = ManualClock(NOW), Counting(), []
    for db in databases:
        db.subscribe(told.append)
    for n in range(60):
        made = letter(f"ltr_{n:03}", to=f"did:web:h{n % 20}.example", body=str(n).encode(), about=str(n))
        await databases[0].run(lambda tx, made=made: tx.letters.put(made))
    processes = [process(databases[0], mail, clock), process(databases[-1], mail, clock)]
    async with asyncio.timeout(30):
        while await databases[0].read(lambda tx: tx.letters.count()):
            await asyncio.gather(*(one.send_due() for one in processes for _ in range(2)))
            await asyncio.gather(*(one.drain(10) for one in processes))
    return sorted(mail.posted, key=int), sorted(told, key=int)


def test_each_letter_is_sent_and_told_once_by_two_on_one_database(address):
    posted, told = on(address, _all_sent)
    assert posted == [str(n).encode() for n in range(60)]
    assert told == [str(n) for n in range(60)]


@pytest.mark.postgres
def test_each_letter_is_sent_and_told_once_by_two_processes(postgres_database):
    posted, told = on(postgres_database, _all_sent, times=2)
    assert posted == [str(n).encode() for n in range(60)]
    assert told == [str(n) for n in range(60)]


@pytest.mark.postgres
def test_a_letter_that_one_process_is_taking_is_left_to_it(postgres_database):
    async def scenario(one, two):
        for n in (1, 2):
            await one.run(lambda tx, n=n: tx.letters.put(letter(f"ltr_{n}", to=f"did:web:h{n}", due=later(seconds=n))))
        holding, go_on = threading.Event(), threading.Event()
        moment = later(seconds=9)

        def slow(tx):
            found = tx.letters.longest_due(moment, ())
            holding.set()
            go_on.wait(10)
            tx.letters.put(letter(found.id, to=found.to, due=moment + LEASE))
            return found.id

        first = asyncio.ensure_future(one.run(slow))
        await asyncio.to_thread(holding.wait, 10)
        others = await two.run(lambda tx: tx.letters.longest_due(moment, ()).id)
        go_on.set()
        mine = await first
        return mine, others, await two.run(lambda tx: tx.letters.longest_due(moment, ()).id)

    assert on(postgres_database, scenario, times=2) == ("ltr_1", "ltr_2", "ltr_2")


@pytest.mark.postgres
def test_two_deliveries_for_one_request_wait_for_each_other(postgres_database):
    async def scenario(one, two):
        await one.run(lambda tx: tx.requests.put(request()))
        holding, go_on = threading.Event(), threading.Event()

        def slow(tx):
            found = tx.requests.get(A, "req_1")
            holding.set()
            go_on.wait(10)
            tx.requests.put(request(state=RequestState.ISSUED, issuer_pid="slow"))
            return found.state

        first = asyncio.ensure_future(one.run(slow))
        await asyncio.to_thread(holding.wait, 10)
        second = asyncio.ensure_future(two.run(lambda tx: tx.requests.get(A, "req_1").issuer_pid))
        await asyncio.sleep(0.1)
        go_on.set()
        await first
        return await second

    assert on(postgres_database, scenario, times=2) == "slow"
