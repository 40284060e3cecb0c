"""The holder asks how far its requests are: at growing intervals, for as long as it makes sense, at the issuer's own address."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs

from hanse.identity.dcp.messages import CredentialStatus
from hanse.kernel.errors import Invalid, PeerRefused, StorageFailed
from hanse.wallet import polling as module
from hanse.wallet.polling import FIRST, KEPT, LONGEST, NOT_HERE, ON_ITS_WAY, issuer_pid
from hanse.wallet.ports import MailAnswer
from hanse.wallet.records import RequestState
from tests.unit.wallet.world import MEMBERSHIP, T, run

RECEIVED, ISSUED, REJECTED = "RECEIVED", "ISSUED", "REJECTED"


async def taken(w):
    """Have the issuer take a request; return its id."""
    pid = await w.ask_for()
    await w.send()
    return pid


async def poll(w, *says, **later):
    """Let time pass and ask what is due; return how many questions there were."""
    w.clock.advance(**later)
    before = len(w.polled)
    w.says += says
    await w.polling.ask_due()
    await w.settle()
    assert w.says == []
    return len(w.polled) - before


def said(pid, status):
    return CredentialStatus(issuer_pid="iss_9", holder_pid=pid, status=status)


def test_a_minute_after_the_issuer_took_it_it_is_asked():
    async def scenario(w):
        pid = await w.ask_for()
        assert await w.polling.next_due() is None
        await w.send()
        assert await w.polling.next_due() == w.later(seconds=60)
        assert await poll(w, seconds=59) == 0
        assert await poll(w, said(pid, RECEIVED), seconds=1) == 1
        assert w.polled == [(T, w.issuer.did, "1")]
        assert w.request(pid).state is RequestState.RECEIVED

    run(scenario)


def test_the_intervals_double_to_six_hours_and_it_ends_after_ninety_days():
    async def scenario(w):
        pid = await taken(w)
        taken_at, pauses = w.clock.now(), []
        while (due := await w.polling.next_due()) is not None:
            pauses.append(due - w.clock.now())
            asked = await poll(w, seconds=pauses[-1].total_seconds())  # nobody answers
            assert asked == (0 if w.clock.now() >= taken_at + KEPT else 1)
        assert pauses[:4] == [FIRST, FIRST * 2, FIRST * 4, FIRST * 8]
        assert (pauses[-1], len(pauses)) == (LONGEST, len(w.polled) + 1)
        assert len(w.polled) < 400
        story = await w.requests.explain(T, pid)
        assert (story.last_error, story.next_attempt) == ("It did not answer.", None)

    run(scenario)


def test_a_refusal_whose_letter_was_lost_is_learnt():
    async def scenario(w):
        pid = await taken(w)
        await poll(w, said(pid, REJECTED), minutes=1)
        request = w.request(pid)
        assert (request.state, request.issuer_pid, request.due) == (RequestState.REJECTED, "iss_9", None)
        assert request.reason == "Its issuer says that it was rejected. No letter came that says why."

    run(scenario)


def test_what_this_wallet_did_not_take_is_told():
    async def scenario(w):
        pid = await taken(w)
        with pytest.raises(Invalid) as fault:
            await w.store(w.delivery(pid, w.credential(types=("OddCredential",)), type="OddCredential"))
        story = await w.requests.explain(T, pid)
        assert story.state is RequestState.RECEIVED
        assert story.summary.endswith(f"This wallet did not take what was delivered: {fault.value.message}")
        await poll(w, said(pid, REJECTED), minutes=1)
        assert w.request(pid).reason.endswith(fault.value.message)
        await w.store(w.delivery(pid, w.credential()))  # it is put right
        assert (await w.requests.explain(T, pid)).summary.endswith(f"for {MEMBERSHIP}.")

    run(scenario)


def test_a_strangers_delivery_says_nothing_of_our_request():
    async def scenario(w):
        pid = await taken(w)
        with pytest.raises(Exception, match="no request"):
            await w.store(w.delivery(pid, w.credential()), party=w.stranger)
        assert w.request(pid).refusal == ""

    run(scenario)


def test_what_was_issued_and_did_not_arrive_is_so_by_its_issuers_word_and_asked_about_for_two_days():
    async def scenario(w):
        pid = await taken(w)
        await poll(w, said(pid, ISSUED), minutes=1)
        story = await w.requests.explain(T, pid)
        assert (story.state, story.waits_for, story.who) == (RequestState.ISSUED, "the delivery", "the issuer")
        assert story.summary.endswith(NOT_HERE)
        assert await poll(w, said(pid, ISSUED), minutes=2) == 1
        assert await poll(w, seconds=ON_ITS_WAY.total_seconds()) == 0
        assert (w.request(pid).state, w.request(pid).due) == (RequestState.ISSUED, None)

    run(scenario)


def test_a_delivery_that_was_lost_for_good_is_learnt_after_all():
    async def scenario(w):
        pid = await taken(w)
        await poll(w, said(pid, ISSUED), minutes=1)
        await poll(w, said(pid, REJECTED), minutes=2)
        assert w.request(pid).state is RequestState.REJECTED

    run(scenario)


def test_what_arrives_is_issued_and_nobody_asks_any_more():
    async def scenario(w):
        pid = await taken(w)
        await poll(w, said(pid, ISSUED), minutes=1)
        await w.store(w.delivery(pid, w.credential()))
        assert (w.request(pid).state, w.request(pid).reason) == (RequestState.ISSUED, "")
        assert await poll(w, days=1) == 0
        assert await w.polling.next_due() is None

    run(scenario)


def test_what_arrives_while_it_is_asked_stays():
    async def scenario(w):
        pid, gate = await taken(w), asyncio.Event()

        async def slow(_request):
            await gate.wait()
            return said(pid, REJECTED)

        w.polling._status = slow
        w.clock.advance(minutes=1)
        await w.polling.ask_due()
        await w.store(w.delivery(pid, w.credential()))
        gate.set()
        await w.settle()
        assert w.request(pid).state is RequestState.ISSUED

    run(scenario)


@pytest.mark.parametrize("fault", [PeerRefused("It refused with HTTP 404.", status=404), RuntimeError("odd")])
def test_trouble_is_noted_and_tried_again(fault):
    async def scenario(w):
        pid = await taken(w)
        await poll(w, fault, minutes=1)
        request = w.request(pid)
        assert request.state is RequestState.RECEIVED
        if isinstance(fault, PeerRefused):
            assert (await w.requests.explain(T, pid)).last_error == "It refused with HTTP 404."
        assert await poll(w, said(pid, REJECTED), minutes=2) == 1
        assert w.request(pid).state is RequestState.REJECTED

    run(scenario)


def test_an_answer_about_another_request_is_none():
    async def scenario(w):
        pid = await taken(w)
        await poll(w, said("req_other", REJECTED), minutes=1)
        assert (w.request(pid).state, w.request(pid).last_error) == (
            RequestState.RECEIVED,
            "The issuer's answer is about another request.",
        )

    run(scenario)


def test_no_answer_in_time_is_none(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", timedelta())

    async def scenario(w):
        async def hang(*_):
            await asyncio.sleep(60)

        w.polling._status = hang
        pid, done = await taken(w), asyncio.Event()
        w.polling.wake = done.set
        w.clock.advance(minutes=1)
        await w.polling.ask_due()
        await done.wait()
        assert w.request(pid).last_error == "No answer came in time."

    run(scenario)


def test_many_are_asked_a_few_at_a_time_and_the_end_wakes():
    async def scenario(w):
        for _ in range(module.PARALLEL + 1):
            await taken(w)
        w.woken_by_polling = 0

        def wake():
            w.woken_by_polling += 1

        w.polling.wake = wake
        w.clock.advance(minutes=1)
        await w.polling.ask_due()
        await w.polling.ask_due()
        assert await w.polling.next_due() is None
        await w.settle()
        assert (len(w.polled), w.woken_by_polling) == (module.PARALLEL, 1)
        assert await w.polling.next_due() <= w.clock.now()
        assert await poll(w) == 1

    run(scenario)


def test_two_processes_ask_once():
    async def scenario(w):
        await taken(w)
        other = module.Polling(w.db, w.polling._issuers, w.clock)
        w.clock.advance(minutes=1)
        await asyncio.gather(w.polling.ask_due(), other.ask_due())
        await w.settle()
        assert len(w.polled) == 1

    run(scenario)


def test_what_cannot_be_stored_is_asked_again():
    async def scenario(w):
        pid = await taken(w)
        commit = w.db.run
        w.clock.advance(minutes=1)
        w.says = [said(pid, REJECTED), said(pid, REJECTED)]
        await w.polling.ask_due()

        async def full(work):
            raise StorageFailed("The disk is full.")

        w.db.run = full
        await w.settle()
        w.db.run = commit
        assert w.request(pid).state is RequestState.RECEIVED
        w.clock.advance(minutes=2)
        await w.polling.ask_due()
        await w.settle()
        assert w.request(pid).state is RequestState.REJECTED

    run(scenario)


def test_closing_breaks_off():
    async def scenario(w):
        pid = await taken(w)
        await w.polling.close()
        w.clock.advance(minutes=1)
        await w.polling.ask_due()
        await w.polling.close()
        assert w.request(pid).state is RequestState.RECEIVED
        assert await w.polling.next_due() == w.later(minutes=2)

    run(scenario)


@pytest.mark.parametrize(
    ("location", "id"),
    [
        ("https://x.example/issuer/requests/iss_1", "iss_1"),
        ("/requests/iss_1?a=b", "iss_1"),
        ("iss-1", "iss-1"),
        ("https://x.example/requests/", None),
        ("https://x.example/requests/..", None),
        ("https://[::1/requests/a", None),
        ("https://x.example/a b", None),
        ("https://x.example/" + "a" * 257, None),
        ("", None),
    ],
)
def test_of_the_address_that_the_issuer_gave_only_the_id_counts(location, id):
    async def scenario(w):
        pid = await w.ask_for()
        w.mail.will_answer(w.issuer.did, MailAnswer(status=201, location=location))
        await w.send()
        request = w.request(pid)
        assert issuer_pid(request) == id
        assert (request.due is None) == (id is None)
        assert issuer_pid(structs.replace(request, issuer_pid="theirs")) == "theirs"

    run(scenario)
