"""Negotiations on both sides: every use case, and every fault, with real storage and no socket."""

from __future__ import annotations

import json

import pytest

from hanse.connector.records import Answering
from hanse.connector.rules import Move
from hanse.dsp import messages as m
from hanse.dsp.versions import v2025_1 as wire
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from hanse.odrl.model import Agreement, Offer
from tests.unit.connector.world import run, terms

STRANGER = "did:web:localhost%3A8400:participants:stranger"
CALLBACK = "http://localhost:8400/participants/cons/dsp/2025-1"


def asked(asset, pid="c-1", text=None, callback=CALLBACK):
    offer = asset.dataset.offers[0]
    placed = Offer(id=offer.id, terms=terms(text) if text else offer.terms, target=asset.id)
    return m.ContractRequest(consumer_pid=pid, offer=placed, callback=callback)


def code(answer):
    return json.loads(answer.body)["code"]


async def both(w, negotiation):
    ours = await w.consumer.negotiation(negotiation.id)
    theirs = await w.provider.negotiation(ours.peer_pid)
    return ours.state, theirs.state


def test_an_own_offer_is_agreed_verified_and_finalised_by_rule():
    async def scenario(w):
        asset, ours = await w.agreed()
        theirs = await w.provider.negotiation(ours.peer_pid)
        assert theirs.state == "FINALIZED"
        assert theirs.agreement == ours.agreement
        assert (ours.agreement.assigner, ours.agreement.assignee, ours.agreement.target) == (w.provider.did, w.consumer.did, asset.id)
        assert (
            [one.id for one in await w.provider.all_contracts()]
            == [one.id for one in await w.consumer.all_contracts()]
            == [ours.agreement.id]
        )
        assert ours.deadline is None
        assert theirs.deadline is None
        assert [packet.name for packet in w.net.sent] == ["request", "agreement", "verification", "events"]

    run(scenario)


def test_other_terms_are_countered_and_the_counter_offer_is_accepted_by_hand():
    async def scenario(w):
        asset = await w.provider.asset()
        wanted = Offer(id=asset.dataset.offers[0].id, terms=terms("open"))
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, wanted)
        await w.flow()
        assert await both(w, begun) == ("OFFERED", "OFFERED")
        ours = await w.consumer.negotiation(begun.id)
        assert ours.offer.terms == terms("members")
        await w.consumer.negotiations.move("cons", begun.id, Move("accept"), "op")
        await w.flow()
        assert await both(w, begun) == ("FINALIZED", "FINALIZED")
        contract = (await w.consumer.all_contracts())[0]
        assert contract.agreement.terms == terms("members")

    run(scenario)


def test_counter_offers_go_back_and_forth_even_when_they_say_the_same_again():
    async def scenario(w):
        asset = await w.provider.asset()
        own = asset.dataset.offers[0]
        wanted = Offer(id=own.id, terms=terms("open"))
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, wanted)
        await w.flow()
        for _ in range(3):
            assert await both(w, begun) == ("OFFERED", "OFFERED")
            await w.consumer.negotiations.move("cons", begun.id, Move("request", offer=wanted), "op")
            await w.flow()
        await w.consumer.negotiations.move("cons", begun.id, Move("request", offer=Offer(id=own.id, terms=own.terms)), "op")
        await w.flow()
        assert await both(w, begun) == ("FINALIZED", "FINALIZED")

    run(scenario)


def test_a_provider_offers_first_and_the_consumer_accepts():
    async def scenario(w):
        asset = await w.provider.asset()
        begun = await w.provider.negotiations.offer("prov", w.consumer.did, asset.id)
        await w.flow()
        ours = (await w.consumer.all_negotiations())[0]
        assert (ours.state, ours.answering, ours.peer_pid) == ("OFFERED", Answering.HAND, begun.id)
        await w.consumer.negotiations.move("cons", ours.id, Move("accept"), "op")
        await w.flow()
        assert await both(w, ours) == ("FINALIZED", "FINALIZED")

    run(scenario)


def test_by_hand_a_person_agrees_and_refuses():
    async def scenario(w):
        asset = await w.provider.asset(answering=Answering.HAND)
        begun = [await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0]) for _ in range(2)]
        await w.flow()
        first, second = [(await w.consumer.negotiation(one.id)).peer_pid for one in begun]
        assert (await w.provider.negotiation(first)).deadline == w.clock.now() + w.provider.limits.answer_by_hand
        await w.provider.negotiations.move("prov", first, Move("agree"), "eve")
        await w.provider.negotiations.move("prov", second, Move("terminate", reason="Not to you."), "eve")
        await w.flow()
        assert await both(w, begun[0]) == ("FINALIZED", "FINALIZED")
        assert await both(w, begun[1]) == ("TERMINATED", "TERMINATED")
        ended = await w.consumer.negotiation(begun[1].id)
        assert ended.history[-1].detail == "Not to you."

    run(scenario)


@pytest.mark.parametrize("side", ["provider", "consumer"])
@pytest.mark.parametrize("when", ["REQUESTED", "OFFERED", "AGREED", "VERIFIED"])
def test_either_side_ends_it_in_every_state_that_is_not_final(side, when):
    async def scenario(w):
        asset = await w.provider.asset(answering=Answering.HAND)
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        if when == "OFFERED":
            await w.provider.negotiations.move("prov", theirs, Move("offer", offer=Offer(id="o", terms=terms("open"))), "op")
            await w.flow()
        elif when != "REQUESTED":
            await w.provider.negotiations.move("prov", theirs, Move("agree"), "op")
            await w.arrive("agreement")
            if when == "VERIFIED":
                await w.arrive("verification")
            await w.lose_answers()
            for packet in list(w.net.packets):
                w.net.lose(packet)
            await w.settle()
        acting = getattr(w, side)
        await acting.negotiations.move(acting.tenant, theirs if side == "provider" else begun.id, Move("terminate", reason="no"), "op")
        await w.flow()
        assert await both(w, begun) == ("TERMINATED", "TERMINATED")
        assert not await w.provider.all_contracts()
        assert not await w.consumer.all_contracts()

    run(scenario)


def test_a_repeat_gets_the_same_answer_and_makes_nothing_new():
    async def scenario(w):
        message = asked(await w.provider.asset(answering=Answering.HAND))
        first = await w.say(w.provider, message)
        again = await w.say(w.provider, message)
        assert (first.status, first.body) == (again.status, again.body)
        assert first.status == 201
        assert len(await w.provider.all_negotiations()) == 1
        pid = wire.decode_negotiation(first.body).provider_pid
        end = m.NegotiationTermination(provider_pid=pid, consumer_pid="c-1", reason=("no",))
        assert (await w.say(w.provider, end, pid)).status == 200
        assert (await w.say(w.provider, end, pid)).status == 200
        third = await w.say(w.provider, message)
        assert (third.status, third.body) == (first.status, first.body)
        story = (await w.provider.negotiation(pid)).history
        assert [one.what for one in story] == ["request: now REQUESTED", "terminate: now TERMINATED"]

    run(scenario)


def test_another_body_under_a_known_id_is_refused():
    async def scenario(w):
        asset = await w.provider.asset(answering=Answering.HAND)
        await w.say(w.provider, asked(asset))
        answer = await w.say(w.provider, asked(asset, text="open"))
        assert answer.status == 400
        assert len(await w.provider.all_negotiations()) == 1
        # The same id from somebody else is somebody else's.
        assert (await w.say(w.provider, asked(asset), by=STRANGER)).status == 201

    run(scenario)


def test_what_is_not_the_senders_is_not_there():
    async def scenario(w):
        _, ours = await w.agreed()
        end = m.NegotiationTermination(provider_pid=ours.peer_pid, consumer_pid=ours.id)
        for target, pid in ((w.provider, ours.peer_pid), (w.consumer, ours.id)):
            foreign = await w.say(target, end, pid, by=STRANGER)
            unknown = await w.say(target, end, "neg_unknown", by=STRANGER)
            assert foreign.status == unknown.status == 404
            assert foreign.body == unknown.body
            assert (await w.look(target, "negotiations", pid, by=STRANGER))[0] == 404
            assert await w.look(target, "negotiations", pid) == (200, "FINALIZED")

    run(scenario)


def test_wrong_pids_are_refused_and_change_nothing():
    async def scenario(w):
        asset = await w.provider.asset(answering=Answering.HAND)
        pid = wire.decode_negotiation((await w.say(w.provider, asked(asset))).body).provider_pid
        for provider_pid, consumer_pid in ((pid, "c-2"), ("neg_other", "c-1")):
            answer = await w.say(w.provider, m.NegotiationTermination(provider_pid=provider_pid, consumer_pid=consumer_pid), pid)
            assert (answer.status, code(answer)) == (400, "pid")
        assert (await w.provider.negotiation(pid)).state == "REQUESTED"

    run(scenario)


def test_a_token_counts_once_also_after_an_error():
    async def scenario(w):
        asset = await w.provider.asset(answering=Answering.HAND)
        message = asked(asset)
        assert (await w.say(w.provider, message, jti="one")).status == 201
        replay = await w.say(w.provider, message, jti="one")
        assert (replay.status, code(replay)) == (401, "replay")
        wrong = m.NegotiationTermination(provider_pid="neg_none", consumer_pid="c-1")
        assert (await w.say(w.provider, wrong, "neg_none", jti="two")).status == 404
        assert (await w.say(w.provider, wrong, "neg_none", jti="two")).status == 401
        assert (await w.say(w.provider, asked(asset, "c-2"), jti="two")).status == 401
        assert len(await w.provider.all_negotiations()) == 1

    run(scenario)


def test_who_is_not_a_member_gets_nothing_and_is_asked_for_nothing():
    async def scenario(w):
        asset = await w.provider.asset()
        w.provider.members.strangers.add(w.consumer.did)
        w.consumer.members.strangers.add(w.provider.did)
        assert (await w.say(w.provider, asked(asset))).status == 403
        with pytest.raises(Forbidden):
            await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        with pytest.raises(Forbidden):
            await w.provider.negotiations.offer("prov", w.consumer.did, asset.id)
        assert not await w.provider.all_negotiations()

    run(scenario)


def test_what_is_not_on_offer_cannot_be_asked_for():
    async def scenario(w):
        hidden = await w.provider.asset(visible_to=(STRANGER,))
        gone = await w.provider.asset()
        await w.provider.offers.withdraw("prov", gone.id)
        shown = await w.provider.asset()
        assert (await w.say(w.provider, asked(hidden))).status == 404
        assert (await w.say(w.provider, asked(gone))).status == 404
        other = Offer(id="off_none", terms=terms("members"), target=shown.id)
        answer = await w.say(w.provider, m.ContractRequest(consumer_pid="c", offer=other, callback=CALLBACK))
        assert (answer.status, code(answer)) == (400, "offer")
        assert (await w.say(w.provider, asked(hidden, "c-9"), by=STRANGER)).status == 201
        with pytest.raises(NotFound):
            await w.provider.negotiations.offer("prov", w.consumer.did, gone.id)

    run(scenario)


def test_a_dataset_that_was_withdrawn_meanwhile_ends_the_negotiation():
    async def scenario(w):
        asset = await w.provider.asset()
        begun = await w.consumer.negotiations.request(
            "cons", w.provider.did, asset.id, Offer(id=asset.dataset.offers[0].id, terms=terms("open"))
        )
        await w.flow()
        await w.provider.offers.withdraw("prov", asset.id)
        await w.consumer.negotiations.move("cons", begun.id, Move("request", offer=asset.dataset.offers[0]), "op")
        await w.flow()
        assert await both(w, begun) == ("TERMINATED", "TERMINATED")
        assert "no longer on offer" in (await w.consumer.negotiation(begun.id)).history[-1].detail

    run(scenario)


def test_terms_that_do_not_permit_the_use_are_not_agreed_by_rule():
    async def scenario(w):
        asset = await w.provider.asset("until 2026-03-02")
        w.clock.advance(days=2)
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        await w.flow()
        assert await both(w, begun) == ("TERMINATED", "TERMINATED")
        assert "may not use the data" in (await w.consumer.negotiation(begun.id)).history[-1].detail

    run(scenario)


def test_a_counter_offer_cannot_change_the_dataset():
    async def scenario(w):
        asset = await w.provider.asset(answering=Answering.HAND)
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        offer = Offer(id="o", terms=terms("open"), target="another")
        answer = await w.say(w.consumer, m.ContractOffer(provider_pid=theirs, consumer_pid=begun.id, offer=offer), begun.id)
        assert (answer.status, code(answer)) == (400, "target")
        assert (await w.consumer.negotiation(begun.id)).offer.terms == terms("members")

    run(scenario)


@pytest.mark.parametrize("wrong", ["target", "assigner", "assignee", "terms"])
def test_an_agreement_that_is_not_what_was_negotiated_is_refused(wrong):
    async def scenario(w):
        asset = await w.provider.asset(answering=Answering.HAND)
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        right = {"target": asset.id, "assigner": w.provider.did, "assignee": w.consumer.did, "terms": terms("members")}
        agreement = Agreement(
            id="agr_x", timestamp="2026-03-01T12:00:00Z", **right | {wrong: terms("open") if wrong == "terms" else "did:web:x"}
        )
        message = m.ContractAgreement(provider_pid=theirs, consumer_pid=begun.id, agreement=agreement)
        assert (await w.say(w.consumer, message, begun.id)).status == 200
        await w.flow()
        assert await both(w, begun) == ("TERMINATED", "TERMINATED")
        assert "not what was negotiated" in (await w.provider.negotiation(theirs)).history[-1].detail

    run(scenario)


def test_a_provider_cannot_give_two_contracts_one_id():
    async def scenario(w):
        _, ours = await w.agreed()
        asset = await w.provider.asset(answering=Answering.HAND)
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        await w.flow()
        pids = {"provider_pid": (await w.consumer.negotiation(begun.id)).peer_pid, "consumer_pid": begun.id}
        parties = {"assigner": w.provider.did, "assignee": w.consumer.did}
        agreement = Agreement(id=ours.agreement.id, terms=terms("members"), target=asset.id, timestamp="2026-03-01T12:00:00Z", **parties)
        assert (await w.say(w.consumer, m.ContractAgreement(agreement=agreement, **pids), begun.id)).status == 200
        final = await w.say(w.consumer, m.NegotiationFinalized(**pids), begun.id)
        assert (final.status, code(final)) == (400, "agreement-id")
        assert [one.negotiation for one in await w.consumer.all_contracts()] == [ours.id]

    run(scenario)


def test_what_the_table_does_not_hold_is_refused_on_both_sides():
    async def scenario(w):
        asset = await w.provider.asset(answering=Answering.HAND)
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        pids = {"provider_pid": theirs, "consumer_pid": begun.id}
        offer = Offer(id="o", terms=terms("open"), target=asset.id)
        for target, pid, message in (
            (w.provider, theirs, m.NegotiationAccepted(**pids)),
            (w.provider, theirs, m.AgreementVerification(**pids)),
            (w.provider, theirs, m.ContractRequest(offer=offer, **pids)),
            (w.consumer, begun.id, m.NegotiationFinalized(**pids)),
        ):
            answer = await w.say(target, message, pid)
            assert (answer.status, code(answer)) == (400, "transition")
        for side, id, step in ((w.consumer, begun.id, "accept"), (w.provider, theirs, "offer"), (w.consumer, begun.id, "request")):
            with pytest.raises((Conflict, Invalid)):
                await side.negotiations.move(side.tenant, id, Move(step), "op")
        with pytest.raises(NotFound):
            await w.consumer.negotiations.move("cons", "neg_none", Move("accept"), "op")
        assert await both(w, begun) == ("REQUESTED", "REQUESTED")

    run(scenario)


def test_nobody_acts_while_a_step_is_on_its_way_and_a_final_state_is_final():
    async def scenario(w):
        asset = await w.provider.asset()
        begun = await w.consumer.negotiations.request(
            "cons", w.provider.did, asset.id, Offer(id=asset.dataset.offers[0].id, terms=terms("open"))
        )
        await w.flow()
        await w.consumer.negotiations.move("cons", begun.id, Move("accept"), "op")
        with pytest.raises(Conflict, match="acknowledge 'accept'"):
            await w.consumer.negotiations.move("cons", begun.id, Move("request", offer=asset.dataset.offers[0]), "op")
        await w.flow()
        with pytest.raises(Conflict, match="final"):
            await w.consumer.negotiations.move("cons", begun.id, Move("terminate"), "op")

    run(scenario)
