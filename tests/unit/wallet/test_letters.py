"""Letters: sent when they are due, again with growing pauses, by one process at a time, and never without end."""

import asyncio
import logging
from datetime import timedelta

import pytest

from hanse.kernel.errors import Invalid, StorageFailed
from hanse.wallet import letters as module
from hanse.wallet.letters import LEASE, Letters, reason
from hanse.wallet.ports import MailAnswer
from tests.unit.wallet.world import T, run

ISSUER = "did:web:issuer.example"


class Told:
    """Who queues letters, and is told what came of them."""

    def __init__(self, letters, kind="test"):
        self.outcomes = []
        letters.register(kind, self._done, self._failed)

    def _done(self, tx, letter, answer):
        tx.emit((letter.about, answer.status))

    def _failed(self, tx, letter, reason):
        tx.emit((letter.about, reason))


async def queue(w, about="a", to=ISSUER, **options):
    given = {"service": "CredentialService", "path": "/credentials", "body": b"{}", "kind": "test"}
    return await w.db.run(lambda tx: w.letters.queue(tx, tenant=T, to=to, about=about, **(given | options)))


def outcomes(w):
    return [event for event in w.events if isinstance(event, tuple)]


def waiting(w):
    return list(w.db.tx.letters.rows.values())


def letter_run(scenario):
    async def prepared(w):
        Told(w.letters)
        await scenario(w)

    run(prepared)


def test_a_letter_wakes_is_sent_as_it_is_and_is_forgotten():
    async def scenario(w):
        assert await w.letters.next_due() is None
        id = await queue(w, token="theirs", path="/offers")
        assert w.woken == 1
        assert await w.letters.next_due() == w.clock.now()
        assert [one.id for one in waiting(w)] == [id]
        await w.send()
        assert w.mail.posted == [(T, ISSUER, "CredentialService", "/offers", b"{}", "theirs")]
        assert (outcomes(w), waiting(w)) == ([("a", 201)], [])
        assert w.woken == 2

    letter_run(scenario)


def test_a_letter_of_a_transaction_that_fails_was_never_written():
    async def scenario(w):
        def work(tx):
            w.letters.queue(tx, tenant=T, to=ISSUER, service="CredentialService", path="/", body=b"", kind="test", about="a")
            raise Invalid("No.")

        with pytest.raises(Invalid):
            await w.db.run(work)
        assert (waiting(w), w.woken) == ([], 0)

    letter_run(scenario)


def test_the_oldest_to_a_receiver_give_way_when_too_many_wait(monkeypatch):
    async def scenario(w):
        monkeypatch.setattr(module, "MAX_WAITING", 3)
        for about in "abcd":
            await queue(w, about)
        await queue(w, "other", to="did:web:other.example")
        assert outcomes(w) == [("a", "It was given up for later ones: more than 3 waited.")]
        assert sorted(one.about for one in waiting(w)) == ["b", "c", "d", "other"]

    letter_run(scenario)


def test_a_letter_that_nobody_would_take_is_not_queued():
    async def scenario(w):
        with pytest.raises(Invalid):
            await queue(w, body=b" " * (module.MAX_BODY + 1))

    letter_run(scenario)


LATER = [MailAnswer(status=None, error="No route."), *(MailAnswer(status=code) for code in (404, 408, 425, 429, 500, 502, 503, 504))]


@pytest.mark.parametrize("answer", LATER, ids=lambda answer: str(answer.status))
def test_trouble_is_tried_again_with_pauses_that_grow_to_ten_minutes(answer):
    async def scenario(w):
        await queue(w)
        w.mail.will_answer(ISSUER, *[answer] * 30)
        pauses = []
        while w.clock.now() < waiting(w)[0].deadline and len(pauses) < 15:
            await w.send()
            (letter,) = waiting(w)
            assert letter.attempts == len(pauses) + 1
            assert letter.last_error == reason(answer)
            pauses.append(letter.due - w.clock.now())
            await w.send()  # too early: nothing happens
            assert len(w.mail.posted) == letter.attempts
            w.clock.advance(seconds=pauses[-1].total_seconds())
        for number, pause in enumerate(pauses):
            growing = 0.5 * 2**number
            assert timedelta(seconds=max(0.5, min(growing * 0.7, 600))) <= pause <= timedelta(seconds=min(growing * 1.3, 600))
        assert pauses[-1] == timedelta(minutes=10)
        assert outcomes(w) == []

    letter_run(scenario)


@pytest.mark.parametrize("status", [301, 400, 403, 409, 410, 413, 422, 451])
def test_a_clear_no_is_final(status):
    async def scenario(w):
        await queue(w)
        w.mail.will_answer(ISSUER, MailAnswer(status=status, body=b'{"detail": "No."}'))
        await w.send()
        assert outcomes(w) == [("a", f"The other side answered HTTP {status}: No.")]
        assert waiting(w) == []

    letter_run(scenario)


def test_what_is_hopeless_is_not_tried_again():
    async def scenario(w):
        await queue(w)
        w.mail.will_answer(ISSUER, MailAnswer(status=None, error="There is no such service.", hopeless=True))
        await w.send()
        assert waiting(w) == []
        assert outcomes(w) == [("a", "There is no such service.")]

    letter_run(scenario)


def test_a_conflict_on_a_repetition_says_that_the_first_has_arrived():
    async def scenario(w):
        await queue(w)
        w.mail.will_answer(ISSUER, MailAnswer(status=None, error="Broken off."), 409)
        await w.send()
        w.clock.advance(seconds=1)
        await w.send()
        assert (outcomes(w), waiting(w)) == ([("a", 409)], [])

    letter_run(scenario)


def test_a_wallet_that_is_full_has_not_taken_it_however_often_it_is_asked():
    async def scenario(w):
        await queue(w)
        full = MailAnswer(status=409, body=b'{"type": "urn:hanse:problem:wallet-full", "detail": "The wallet is full."}')
        w.mail.will_answer(ISSUER, MailAnswer(status=None, error="Broken off."), full)
        await w.send()
        w.clock.advance(seconds=1)
        await w.send()
        assert outcomes(w) == [("a", "The other side answered HTTP 409: The wallet is full.")]

    letter_run(scenario)


def test_401_is_final_after_half_a_minute():
    async def scenario(w):
        await queue(w)
        began = w.clock.now()
        w.mail.will_answer(ISSUER, *[401] * 30)
        while not outcomes(w):
            await w.send()
            if waiting(w):
                w.clock.advance(seconds=(waiting(w)[0].due - w.clock.now()).total_seconds())
        assert outcomes(w) == [("a", "The other side answered HTTP 401.")]
        assert timedelta(seconds=20) < w.clock.now() - began < timedelta(seconds=42)

    letter_run(scenario)


@pytest.mark.parametrize(("asked", "kept"), [(7.0, 7), (100_000.0, 3600), (0.0, 0)])
def test_it_waits_as_long_as_it_was_asked_to_within_reason(asked, kept):
    async def scenario(w):
        await queue(w)
        w.mail.will_answer(ISSUER, MailAnswer(status=503, retry_after=asked))
        await w.send()
        pause = waiting(w)[0].due - w.clock.now()
        assert pause == timedelta(seconds=kept) if kept else timedelta(seconds=0.5) <= pause < timedelta(seconds=1)

    letter_run(scenario)


def test_the_last_attempt_is_made_when_the_time_is_over():
    async def scenario(w):
        await queue(w, lifetime=timedelta(seconds=3))
        w.mail.will_answer(ISSUER, *[MailAnswer(status=None, error="No route.")] * 9)
        for _ in range(9):
            await w.send()
            if not waiting(w):
                break
            due = waiting(w)[0].due
            assert due <= waiting(w)[0].deadline + timedelta(seconds=0.5)
            w.clock.advance(seconds=(due - w.clock.now()).total_seconds())
        assert [about for about, _ in outcomes(w)] == ["a"]
        assert outcomes(w)[0][1].startswith("It was given up after ")
        assert outcomes(w)[0][1].endswith(" attempts. No route.")

    letter_run(scenario)


def test_what_was_due_while_no_server_ran_is_tried_once_at_least():
    async def scenario(w):
        await queue(w)
        w.clock.advance(days=3)
        await w.send()
        assert outcomes(w) == [("a", 201)]

    letter_run(scenario)


def test_one_at_a_time_to_each_receiver_and_sixteen_at_most():
    async def scenario(w):
        for number in range(20):
            for about in ("first", "second"):
                await queue(w, f"{about}{number}", to=f"did:web:h{number}.example")
            w.clock.advance(seconds=0.001)
        w.mail.gate.clear()
        for _ in range(3):
            await w.send()
        assert [one[1] for one in w.mail.posted] == [f"did:web:h{number}.example" for number in range(16)]
        assert await w.letters.next_due() is None  # there is no room: the end of an attempt wakes
        w.mail.gate.set()
        await w.settle()
        assert [about for about, _ in outcomes(w)] == [f"first{number}" for number in range(16)]
        await w.send()
        await w.send()
        await w.send()
        assert len(outcomes(w)) == 40
        assert w.mail.most == 16

    letter_run(scenario)


def test_one_slow_receiver_holds_up_nobody_else():
    async def scenario(w):
        slow = asyncio.Event()
        post = w.mail.post

        async def held_up(tenant, to, *rest):
            if to == ISSUER:
                await slow.wait()
            return await post(tenant, to, *rest)

        w.mail.post = held_up
        for number in range(300):
            await queue(w, str(number))
        await queue(w, "other", to="did:web:other.example")
        await w.send()
        assert outcomes(w) == [("other", 201)]
        # The rest waits for the one under way, and nobody has to look again before it ends.
        assert await w.letters.next_due() is None
        slow.set()
        await w.settle()
        assert await w.letters.next_due() == w.clock.now()

    letter_run(scenario)


def test_two_calls_at_once_take_a_letter_once():
    async def scenario(w):
        for number in range(10):
            await queue(w, str(number), to=f"did:web:h{number % 5}.example")
        w.mail.gate.clear()
        await asyncio.gather(*(w.letters.send_due() for _ in range(4)))
        await w.settle()
        assert len(w.mail.posted) == len({to for _, to, *_ in w.mail.posted}) == 5
        w.mail.gate.set()
        await w.settle()
        await asyncio.gather(*(w.letters.send_due() for _ in range(4)))
        await w.settle()
        assert sorted(int(about) for about, _ in outcomes(w)) == list(range(10))

    letter_run(scenario)


def test_two_processes_take_a_letter_once():
    async def scenario(w):
        other = Letters(w.db, w.mail, w.clock, w.ids)
        Told(other)
        await queue(w)
        w.mail.gate.clear()
        await asyncio.gather(w.letters.send_due(), other.send_due())
        await w.settle()
        w.clock.advance(seconds=LEASE.total_seconds() - 1)
        await asyncio.gather(w.letters.send_due(), other.send_due())
        await w.settle()
        assert len(w.mail.posted) == 1
        w.mail.gate.set()
        await w.settle()
        assert outcomes(w) == [("a", 201)]

    letter_run(scenario)


def test_what_a_process_took_that_died_is_sent_by_another_and_told_once():
    async def scenario(w):
        other = Letters(w.db, w.mail, w.clock, w.ids)
        Told(other)
        await queue(w)
        w.mail.gate.clear()
        await w.send()
        w.clock.advance(seconds=LEASE.total_seconds())
        await other.send_due()
        await w.settle()
        assert len(w.mail.posted) == 2
        assert waiting(w)[0].attempts == 2
        w.mail.gate.set()  # and the first lives after all
        await w.settle()
        assert outcomes(w) == [("a", 201)]

    letter_run(scenario)


def test_a_trouble_that_comes_late_does_not_bring_a_settled_letter_back():
    async def scenario(w):
        await queue(w)
        w.mail.will_answer(ISSUER, 503)
        w.mail.gate.clear()
        await w.send()
        w.db.tx.letters.rows.clear()
        w.mail.gate.set()
        await w.settle()
        assert (waiting(w), outcomes(w)) == ([], [])

    letter_run(scenario)


def test_an_attempt_ends_in_time(monkeypatch):
    async def scenario(w):
        monkeypatch.setattr(module, "ATTEMPT", timedelta(seconds=0.01))
        await queue(w)
        w.mail.gate.clear()
        await w.letters.send_due()
        await w.letters.drain(5)
        await w.settle()
        assert waiting(w)[0].last_error == "No answer came in time."

    letter_run(scenario)


def test_an_outcome_that_could_not_be_stored_is_not_lost(caplog):
    async def scenario(w):
        keep = w.letters._kinds["test"]

        def full(tx, letter, answer):
            raise StorageFailed("The disk is full.")

        w.letters.register("test", full, full)
        await queue(w)
        woken = w.woken
        with caplog.at_level(logging.WARNING):
            await w.send()
        assert caplog.messages == ["letters: StorageFailed: The disk is full."]
        assert (w.woken, len(waiting(w))) == (woken + 1, 1)
        w.letters.register("test", *keep)
        w.clock.advance(seconds=LEASE.total_seconds())
        await w.send()
        assert outcomes(w) == [("a", 201)]

    letter_run(scenario)


def test_an_unexpected_fault_is_logged_without_its_words(caplog):
    async def scenario(w):
        async def broken(*args):
            raise RuntimeError("secret")

        w.mail.post = broken
        await queue(w)
        with caplog.at_level(logging.WARNING):
            await w.send()
        assert caplog.messages == ["letters: RuntimeError: unexpected"]
        assert len(waiting(w)) == 1

    letter_run(scenario)


def test_a_kind_that_nobody_has_registered_is_sent_and_forgotten():
    async def scenario(w):
        await queue(w, kind="of a later version")
        await queue(w, kind="of a later version", to="did:web:other.example")
        w.mail.will_answer(ISSUER, 400)
        await w.send()
        assert (len(w.mail.posted), waiting(w)) == (2, [])

    letter_run(scenario)


def test_drain_waits_for_what_is_under_way_but_not_for_ever():
    async def scenario(w):
        await w.letters.drain(5)
        await queue(w)
        w.mail.gate.clear()
        await w.letters.send_due()
        await w.letters.drain(0.01)
        assert outcomes(w) == []
        w.mail.gate.set()
        await w.letters.drain(5)
        assert outcomes(w) == [("a", 201)]

    letter_run(scenario)


SAID = [
    (MailAnswer(status=None, error=""), "No answer came."),
    (MailAnswer(status=None, error="No\nroute."), "No route."),
    (MailAnswer(status=400), "The other side answered HTTP 400."),
    (MailAnswer(status=400, body=b"<html>"), "The other side answered HTTP 400."),
    (MailAnswer(status=400, body=b'{"detail": ""}'), "The other side answered HTTP 400."),
    (MailAnswer(status=400, body=b'{"detail": 7, "error": "invalid"}'), "The other side answered HTTP 400: invalid"),
    (MailAnswer(status=400, body=b'[{"message": "No \\u001b[2J", "type": "X"}]'), "The other side answered HTTP 400: No  [2J"),
    (MailAnswer(status=400, body=b"[]"), "The other side answered HTTP 400."),
    (MailAnswer(status=400, body=b"[" * 100_000), "The other side answered HTTP 400."),
    (MailAnswer(status=400, body=b'"' + b"x" * module.MAX_BODY + b'"'), "The other side answered HTTP 400."),
    (MailAnswer(status=400, body=b'{"detail": "' + b"x" * 9999 + b'"}'), "The other side answered HTTP 400: " + "x" * 500),
]


@pytest.mark.parametrize(("answer", "words"), SAID)
def test_what_others_say_is_shown_on_one_short_line(answer, words):
    assert reason(answer) == words
