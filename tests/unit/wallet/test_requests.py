"""The holder asks: by hand or because of an offer, and sees what came of it."""

import json

import pytest

from hanse.identity.credentials.model import VC11
from hanse.identity.dcp.messages import CredentialObject, CredentialOfferMessage, CredentialRequestMessage, read
from hanse.identity.did import DCP_CONTEXT
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PeerError, Unauthenticated
from hanse.wallet import requests as module
from hanse.wallet.intake import WalletRules
from hanse.wallet.letters import LetterQueued
from hanse.wallet.ports import MailAnswer
from hanse.wallet.records import RequestState
from tests.unit.wallet.world import MEMBERSHIP, PROVIDER, T, run


def wanted(w, number=-1):
    """Return what the message that was posted last asks for."""
    tenant, to, service, path, body, token = w.mail.posted[number]
    assert (tenant, to, service, path, token) == (T, w.issuer.did, "IssuerService", "/credentials", None)
    return read(CredentialRequestMessage, body)


# --- asking


def test_a_request_is_stored_with_its_letter_and_sent():
    async def scenario(w):
        request = await w.requests.ask(T, w.issuer.did, [PROVIDER], "by hand")
        assert (request.state, request.types, request.because) == (RequestState.ASKED, (PROVIDER,), "by hand")
        assert LetterQueued(T, request.letter) in w.events
        assert await w.requests.get(T, request.holder_pid) == request
        await w.send()
        message = wanted(w)
        assert (message.holder_pid, [one.id for one in message.credentials]) == (request.holder_pid, list(request.wanted))
        taken = w.request(request.holder_pid)
        assert (taken.state, taken.status_url) == (RequestState.RECEIVED, "https://issuer.example/requests/1")

    run(scenario)


def test_one_of_each_type_in_the_newer_profile_where_there_are_two():
    async def scenario(w):
        old, odd = w.kind(MEMBERSHIP, VC11), w.kind("OddCredential", "ldp")
        only_old = w.kind("OldCredential", VC11)
        w.metadata_of[w.issuer.did] = w.metadata(entries=(old, w.kind(MEMBERSHIP), only_old, odd, w.kind(PROVIDER)))
        request = await w.requests.ask(T, w.issuer.did, None, "joined")
        assert set(request.types) == {MEMBERSHIP, PROVIDER, "OldCredential"}
        assert set(request.wanted) == {w.kind(MEMBERSHIP).id, w.kind(PROVIDER).id, only_old.id}
        again = await w.requests.ask(T, w.issuer.did, [PROVIDER, PROVIDER], "by hand")
        assert again.types == (PROVIDER,)

    run(scenario)


@pytest.mark.parametrize("types", [["OtherCredential"], [MEMBERSHIP, "OddCredential"], []])
def test_what_the_issuer_does_not_make_is_not_asked_for(types):
    async def scenario(w):
        w.metadata_of[w.issuer.did] = w.metadata(MEMBERSHIP, entries=(w.kind("OddCredential", "ldp"),))
        with pytest.raises(Invalid) as caught:
            await w.requests.ask(T, w.issuer.did, types, "by hand")
        assert MEMBERSHIP in caught.value.hint
        assert w.db.tx.requests.rows == w.db.tx.letters.rows == {}

    run(scenario)


def test_an_issuer_that_makes_nothing_or_cannot_be_reached_is_told():
    async def scenario(w):
        w.metadata_of[w.issuer.did] = w.metadata()
        with pytest.raises(Invalid):
            await w.requests.ask(T, w.issuer.did, None, "joined")
        with pytest.raises(PeerError):
            await w.requests.ask(T, w.stranger.did, None, "joined")

    run(scenario)


def test_requests_are_a_tenants_own():
    async def scenario(w):
        pids = [await w.ask_for() for _ in range(3)]
        for act in (w.requests.get, w.requests.explain):
            with pytest.raises(NotFound):
                await act("zoo", pids[0])
        assert [one.holder_pid for one in await w.requests.page(T, after=pids[0], limit=9)] == pids[1:]
        assert await w.requests.page("zoo", after=None, limit=9) == []

    run(scenario)


def test_settled_requests_give_way_open_ones_do_not(monkeypatch):
    async def scenario(w):
        monkeypatch.setattr(module, "MAX_REQUESTS", 3)
        first, second, third = [await w.ask_for() for _ in range(3)]
        with pytest.raises(Conflict):
            await w.ask_for()
        await w.store(w.delivery(second, status="REJECTED"))
        fourth = await w.ask_for()
        assert [one.holder_pid for one in await w.requests.page(T, after=None, limit=9)] == [first, third, fourth]

    run(scenario)


# --- what comes of it


def test_credentials_may_be_faster_than_the_answer():
    async def scenario(w):
        pid = await w.ask_for()
        w.mail.gate.clear()
        await w.send()
        await w.store(w.delivery(pid, w.credential()))
        w.mail.gate.set()
        await w.settle()
        request = w.request(pid)
        assert (request.state, request.status_url) == (RequestState.ISSUED, "https://issuer.example/requests/1")

    run(scenario)


def test_a_refusal_is_kept_with_the_issuers_reason():
    async def scenario(w):
        pid = await w.ask_for()
        w.mail.will_answer(w.issuer.did, MailAnswer(status=403, body=b'{"detail": "You are not a member."}'))
        await w.send()
        request = w.request(pid)
        assert request.state is RequestState.FAILED
        assert request.reason == "The other side answered HTTP 403: You are not a member."
        assert w.db.tx.letters.rows == {}
        assert (await w.requests.explain(T, pid)).summary.endswith("You are not a member.")

    run(scenario)


def test_a_request_that_nobody_takes_fails_after_a_day():
    async def scenario(w):
        pid = await w.ask_for()
        w.mail.will_answer(w.issuer.did, *[MailAnswer(status=None, error="No route.")] * 2)
        await w.send()
        assert w.request(pid).state is RequestState.ASKED
        w.clock.advance(days=1)
        await w.send()
        request = w.request(pid)
        assert (request.state, request.reason) == (RequestState.FAILED, "It was given up after 2 attempts. No route.")

    run(scenario)


def test_a_refusal_does_not_undo_what_has_come_meanwhile():
    async def scenario(w):
        pid = await w.ask_for()
        w.mail.gate.clear()
        w.mail.will_answer(w.issuer.did, 400)
        await w.send()
        await w.store(w.delivery(pid, w.credential()))
        w.mail.gate.set()
        await w.settle()
        assert w.request(pid).state is RequestState.ISSUED

    run(scenario)


def test_the_outcome_of_a_request_that_is_gone_is_nobodys():
    async def scenario(w):
        for status in (201, 400):
            pid = await w.ask_for()
            w.db.tx.requests.delete(T, pid)
            w.mail.will_answer(w.issuer.did, status)
            await w.send()
        assert w.db.tx.letters.rows == {}

    run(scenario)


def test_a_request_explains_itself():
    async def scenario(w):
        pid = await w.ask_for(MEMBERSHIP, PROVIDER)
        w.mail.will_answer(w.issuer.did, MailAnswer(status=503))
        await w.send()
        story = await w.requests.explain(T, pid)
        assert story.summary == f"A request (by hand) to {w.issuer.did} for {MEMBERSHIP}, {PROVIDER}."
        assert (story.state, story.who, story.attempts) == ("asked", "the issuer, or the network between", 1)
        assert story.last_error == "The other side answered HTTP 503."
        assert story.next_attempt > w.clock.now()
        assert story.until == w.later(days=1)
        w.clock.advance(seconds=2)
        await w.send()
        story = await w.requests.explain(T, pid)
        assert (story.waits_for, story.who, story.until) == (
            "the issuer to decide, and to deliver the credentials",
            "the issuer",
            None,
        )
        await w.store(w.delivery(pid, w.credential()))
        story = await w.requests.explain(T, pid)
        assert (story.state, story.waits_for, story.who) == ("issued", "", "")

    run(scenario)


# --- offers


async def hear(w, message, party=None, **options):
    return await w.service.offered(T, w.holder.did, w.caller(party or w.issuer, **options), message)


@pytest.mark.parametrize("sparse", [True, False])
def test_what_a_trusted_issuer_offers_is_asked_for(sparse):
    async def scenario(w):
        entry = w.kind(PROVIDER)
        request = await hear(w, w.offer(CredentialObject(id=entry.id) if sparse else entry))
        assert (request.types, request.wanted, request.because) == ((PROVIDER,), (entry.id,), "offered")
        await w.send()
        assert [one.id for one in wanted(w).credentials] == [entry.id]
        await w.store(w.delivery(request.holder_pid, w.credential(types=(PROVIDER,)), type=PROVIDER))
        assert w.request(request.holder_pid).state is RequestState.ISSUED

    run(scenario)


def test_a_full_offer_needs_no_look_at_the_metadata():
    async def scenario(w):
        w.metadata_of.clear()
        assert (await hear(w, w.offer(w.kind(PROVIDER)))).types == (PROVIDER,)
        with pytest.raises(PeerError):
            await hear(w, w.offer(w.kind(PROVIDER), w.kind(MEMBERSHIP).id))

    run(scenario)


def test_what_a_stranger_offers_is_heard_and_no_more():
    async def scenario(w):
        offer = w.offer(w.kind(PROVIDER), issuer=w.stranger.did)
        assert await hear(w, offer, party=w.stranger) is None
        w.accepts = {("zoo", w.stranger.did), (T, w.issuer.did + ":a")}
        assert await hear(w, offer, party=w.stranger) is None
        assert await hear(w, w.offer(w.kind(PROVIDER))) is None
        assert w.db.tx.requests.rows == w.db.tx.letters.rows == {}

    run(scenario)


def test_what_is_offered_by_the_issuer_of_something_held_is_asked_for():
    async def scenario(w):
        w.accepts = set()
        offer = w.offer(w.kind(PROVIDER))
        assert await hear(w, offer) is None
        await w.hold(w.credential())
        assert (await hear(w, offer)).types == (PROVIDER,)
        assert await hear(w, w.offer(w.kind(PROVIDER), issuer=w.stranger.did), party=w.stranger) is None

    run(scenario)


def test_nobody_offers_in_anothers_name():
    async def scenario(w):
        w.accepts.add((T, w.stranger.did))
        for issuer in (w.issuer.did, w.stranger.did + ":a", w.stranger.did[:-5]):
            with pytest.raises(Forbidden):
                await hear(w, w.offer(w.kind(PROVIDER), issuer=issuer), party=w.stranger)
        with pytest.raises(Unauthenticated):
            await hear(w, w.offer(w.kind(PROVIDER)), audience=w.verifier.did)
        assert w.db.tx.requests.rows == {}

    run(scenario)


def test_ids_that_the_issuer_does_not_have_are_refused():
    async def scenario(w):
        with pytest.raises(Invalid) as caught:
            await hear(w, w.offer(w.kind(PROVIDER), w.kind(MEMBERSHIP).id, "urn:none"))
        assert (caught.value.where, caught.value.rule) == ("credentials[2].id", "unknown-id")
        assert w.db.tx.requests.rows == {}

    run(scenario)


def test_a_kit_may_offer_ids_that_nobody_has():
    async def scenario(w):
        assert await hear(w, w.offer("urn:none", "urn:neither")) is None
        assert (await hear(w, w.offer("urn:none", w.kind(MEMBERSHIP).id))).types == (MEMBERSHIP,)
        w.metadata_of.clear()
        assert await hear(w, w.offer("urn:none")) is None

    run(scenario, rules=WalletRules(unknown_offers=True))


def test_an_offer_of_what_cannot_be_held_is_heard_and_no_more():
    async def scenario(w):
        assert await hear(w, w.offer(w.kind(PROVIDER, "ldp"))) is None

    run(scenario)


def test_an_offer_made_twice_is_asked_for_once_and_again_when_it_is_answered_or_old():
    async def scenario(w):
        first = await hear(w, w.offer(w.kind(MEMBERSHIP)))
        assert await hear(w, w.offer(w.kind(MEMBERSHIP))) == first
        assert (await hear(w, w.offer(w.kind(PROVIDER)))).holder_pid != first.holder_pid
        await w.store(w.delivery(first.holder_pid, w.credential()))
        second = await hear(w, w.offer(w.kind(MEMBERSHIP)))
        assert second.holder_pid != first.holder_pid
        w.clock.advance(minutes=59)
        assert await hear(w, w.offer(w.kind(MEMBERSHIP))) == second
        w.clock.advance(minutes=1)
        assert (await hear(w, w.offer(w.kind(MEMBERSHIP)))).holder_pid != second.holder_pid

    run(scenario)


def test_a_fresh_offer_replaces_a_request_that_is_stuck():
    async def scenario(w):
        first = await hear(w, w.offer(w.kind(MEMBERSHIP)))
        await w.send()
        w.clock.advance(seconds=59)
        assert (await hear(w, w.offer(w.kind(MEMBERSHIP)))).holder_pid == first.holder_pid
        w.clock.advance(seconds=1)
        second = await hear(w, w.offer(w.kind(MEMBERSHIP)))
        assert (second.holder_pid, second.state) == (max(w.db.tx.requests.rows)[1], RequestState.ASKED)
        stuck = w.request(first.holder_pid)
        assert (stuck.state, stuck.due) == (RequestState.FAILED, None)
        assert "asked for anew" in (await w.requests.explain(T, first.holder_pid)).summary
        await w.store(w.delivery(first.holder_pid, w.credential()))  # it comes after all
        assert w.request(first.holder_pid).state is RequestState.ISSUED
        assert len(w.held()) == 1

    run(scenario)


def test_what_is_replaced_is_not_sent_any_more():
    async def scenario(w):
        first = await hear(w, w.offer(w.kind(MEMBERSHIP)))
        w.clock.advance(hours=1)
        second = await hear(w, w.offer(w.kind(MEMBERSHIP)))
        assert [one.about for one in w.db.tx.letters.rows.values()] == [second.holder_pid]
        assert w.request(first.holder_pid).state is RequestState.FAILED

    run(scenario)


def test_stuck_requests_leave_room_for_what_replaces_them(monkeypatch):
    async def scenario(w):
        monkeypatch.setattr(module, "MAX_REQUESTS", 1)
        await hear(w, w.offer(w.kind(MEMBERSHIP)))
        await w.send()
        w.clock.advance(minutes=1)
        assert (await hear(w, w.offer(w.kind(MEMBERSHIP)))).state is RequestState.ASKED

    run(scenario)


def test_an_offer_uses_its_token_up_also_when_it_is_refused():
    async def scenario(w):
        good, bad = w.caller(w.issuer), w.caller(w.issuer)
        await w.service.offered(T, w.holder.did, good, w.offer(w.kind(MEMBERSHIP)))
        with pytest.raises(Invalid):
            await w.service.offered(T, w.holder.did, bad, w.offer("urn:none"))
        for caller in (good, bad):
            with pytest.raises(Unauthenticated) as caught:
                await w.service.offered(T, w.holder.did, caller, w.offer(w.kind(PROVIDER)))
            assert caught.value.rule == "replay"
        assert [one.types for one in w.db.tx.requests.rows.values()] == [(MEMBERSHIP,)]

    run(scenario)


def test_an_offer_for_which_there_is_no_room_is_refused_and_its_token_is_used_up(monkeypatch):
    async def scenario(w):
        monkeypatch.setattr(module, "MAX_REQUESTS", 1)
        await w.ask_for()
        caller = w.caller(w.issuer)
        with pytest.raises(Conflict):
            await w.service.offered(T, w.holder.did, caller, w.offer(w.kind(PROVIDER)))
        with pytest.raises(Unauthenticated):
            await w.service.offered(T, w.holder.did, caller, w.offer(w.kind(PROVIDER)))

    run(scenario)


def test_an_offer_of_nothing_is_no_offer():
    offer = {"@context": [DCP_CONTEXT], "type": "CredentialOfferMessage", "issuer": "a"}
    assert read(CredentialOfferMessage, json.dumps(offer | {"credentials": [{"id": "urn:x"}]}).encode()).issuer == "a"
    for wrong in ({"credentials": []}, {"credentials": None}, {"credentials": [{"id": "urn:x"}], "issuer": None}, {}):
        with pytest.raises(Invalid):
            read(CredentialOfferMessage, json.dumps(offer | wrong).encode())
