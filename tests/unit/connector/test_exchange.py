"""Messages that overtake, cross, are refused or never arrive (house, idea 3 and pitfalls 1 to 3)."""

from __future__ import annotations

import json

import pytest

from hanse.connector.ports import Delivery
from hanse.connector.records import Answering
from hanse.connector.rules import Move
from hanse.dsp import messages as m
from hanse.dsp.messages import Fault
from hanse.dsp.versions import v2025_1 as wire
from hanse.odrl.model import Offer
from tests.unit.connector.world import run, terms


async def requested(w, text=None, **said):
    asset = await w.provider.asset(**said)
    offer = asset.dataset.offers[0]
    placed = Offer(id=offer.id, terms=terms(text)) if text else offer
    return await w.consumer.negotiations.request("cons", w.provider.did, asset.id, placed)


async def states(w, negotiation):
    ours = await w.consumer.negotiation(negotiation.id)
    theirs = [one for one in await w.provider.all_negotiations() if one.peer_pid == ours.id]
    return ours.state, theirs[0].state if theirs else None


def test_the_agreement_may_arrive_before_the_201_that_names_the_provider():
    async def scenario(w):
        begun = await requested(w)
        await w.arrive("request")
        await w.arrive("agreement")
        ours = await w.consumer.negotiation(begun.id)
        assert (ours.state, ours.intent.step) == ("AGREED", "verify")
        await w.flow()
        assert await states(w, begun) == ("FINALIZED", "FINALIZED")

    run(scenario)


def test_each_next_message_stands_for_the_acknowledgement_that_is_missing():
    async def scenario(w):
        begun = await requested(w)
        for name in ("request", "agreement", "verification", "events"):
            await w.arrive(name)
        await w.lose_answers()
        assert await states(w, begun) == ("FINALIZED", "VERIFIED")
        contract = (await w.consumer.all_contracts())[0]
        await w.consumer.transfers.request("cons", contract.id, "HttpData-PULL")
        await w.arrive("request")  # asks for the data before our FINALIZED has been acknowledged
        assert await states(w, begun) == ("FINALIZED", "FINALIZED")
        assert len(await w.provider.all_contracts()) == 1
        await w.flow()
        assert [one.state for one in await w.provider.all_transfers()] == ["STARTED"]

    run(scenario)


def test_a_counter_offer_may_arrive_before_our_offer_is_acknowledged():
    async def scenario(w):
        begun = await requested(w, text="open", answering=Answering.HAND)
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        await w.provider.negotiations.move("prov", theirs, Move("offer", offer=Offer(id="o", terms=terms("members"))), "op")
        await w.arrive("offers")
        await w.consumer.negotiations.move("cons", begun.id, Move("request", offer=Offer(id="o2", terms=terms("open"))), "op")
        await w.arrive("request")
        provider = await w.provider.negotiation(theirs)
        assert (provider.state, provider.offer.id, provider.intent) == ("REQUESTED", "o2", None)
        await w.flow()
        assert await states(w, begun) == ("REQUESTED", "REQUESTED")

    run(scenario)


def test_a_late_acknowledgement_does_nothing():
    async def scenario(w):
        begun = await requested(w)
        await w.arrive("request")
        await w.arrive("agreement")
        await w.arrive("verification")
        before = [one.what for one in (await w.consumer.negotiation(begun.id)).history]
        w.net.back(w.net.answers[0])
        await w.settle()
        assert [one.what for one in (await w.consumer.negotiation(begun.id)).history] == before

    run(scenario)


def test_lost_answers_are_made_good_by_byte_identical_repeats():
    async def scenario(w):
        begun = await requested(w)
        for _ in range(40):
            await w.settle()
            for packet in list(w.net.packets):
                w.net.deliver(packet)
            await w.lose_answers()
            await w.tick(seconds=20)
            if await states(w, begun) == ("FINALIZED", "FINALIZED"):
                break
            for packet in list(w.net.packets):
                w.net.deliver(packet)
            await w.flow()
        assert await states(w, begun) == ("FINALIZED", "FINALIZED")
        bodies = {}
        for packet in w.net.sent:
            bodies.setdefault(packet.url, set()).add(packet.body)
        assert all(len(found) == 1 for found in bodies.values())
        assert len({packet.jti for packet in w.net.sent}) == len(w.net.sent)

    run(scenario)


def test_both_sides_end_it_at_once():
    async def scenario(w):
        begun = await requested(w, answering=Answering.HAND)
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        await w.consumer.negotiations.move("cons", begun.id, Move("terminate", reason="c"), "op")
        await w.provider.negotiations.move("prov", theirs, Move("terminate", reason="p"), "op")
        await w.flow()
        assert await states(w, begun) == ("TERMINATED", "TERMINATED")

    run(scenario)


def test_a_termination_beats_the_step_that_it_crosses():
    async def scenario(w):
        begun = await requested(w, answering=Answering.HAND)
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        await w.consumer.negotiations.move("cons", begun.id, Move("terminate"), "op")
        await w.provider.negotiations.move("prov", theirs, Move("agree"), "op")
        await w.arrive("agreement")
        assert json.loads(w.net.answers[0].delivery.body)["code"] == "crossed"
        await w.flow()
        assert await states(w, begun) == ("TERMINATED", "TERMINATED")

    run(scenario)


async def refuse(w, status=400, code=None, reason="We do not want to."):
    await w.settle()
    packet = w.net.packets.pop(0)
    packet.future.set_result(Delivery(status, wire.encode_negotiation_error(Fault(code=code, reason=(reason,)))))
    await w.settle()
    return packet


def test_a_refused_first_message_ends_here_alone():
    async def scenario(w):
        begun = await requested(w)
        await refuse(w)
        ours = await w.consumer.negotiation(begun.id)
        assert (ours.state, ours.peer_pid, ours.deadline) == ("TERMINATED", None, None)
        assert "We do not want to." in ours.history[-1].detail
        assert not w.net.packets
        assert await w.consumer.read(lambda tx: tx.outbox.next_due()) is None

    run(scenario)


def test_a_refused_step_ends_it_on_both_sides():
    async def scenario(w):
        begun = await requested(w)
        await w.arrive("request")
        await refuse(w)  # the agreement
        await w.flow()
        assert await states(w, begun) == ("TERMINATED", "TERMINATED")
        assert any("refused 'agree'" in one.detail for one in (await w.consumer.negotiation(begun.id)).history)

    run(scenario)


def test_a_refusal_of_what_had_arrived_is_an_acknowledgement():
    async def scenario(w):
        begun = await requested(w)
        await w.arrive("request")
        packet = await w.arrive("agreement")
        w.net.back(w.net.answers[-1], lost=True)
        await w.settle()
        await w.tick(seconds=1)
        repeat = next(p for p in w.net.packets if p.name == "agreement")
        assert repeat.body == packet.body
        w.net.packets.remove(repeat)
        repeat.future.set_result(Delivery(409, b"{}"))  # a peer that does not know a repeat when it sees one
        await w.flow()
        assert await states(w, begun) == ("FINALIZED", "FINALIZED")

    run(scenario)


@pytest.mark.parametrize("lost", [0, 3])
def test_a_provider_that_ends_what_the_consumer_has_finalised_learns_so(lost):
    async def scenario(w):
        begun = await requested(w)
        for name in ("request", "agreement", "verification", "events"):
            await w.arrive(name)
        await w.lose_answers()
        theirs = (await w.provider.all_negotiations())[0]
        await w.provider.negotiations.move("prov", theirs.id, Move("terminate", reason="changed our mind"), "op")
        await w.arrive("termination")
        for _ in range(lost):  # its no arrives, but where it stands cannot be learned at first
            await w.settle()
            for answer in list(w.net.answers):
                w.net.back(answer)
            await w.settle()
            for packet in [packet for packet in w.net.packets if packet.name == "state"]:
                w.net.lose(packet)
            await w.tick(seconds=1)
        for _ in range(6):
            await w.tick(seconds=5)
            await w.flow()
        assert await states(w, begun) == ("FINALIZED", "FINALIZED")
        assert len(await w.provider.all_contracts()) == 1

    run(scenario)


def test_the_peers_word_alone_finalises_nothing():
    async def scenario(w):
        begun = await requested(w, answering=Answering.HAND)
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        await w.provider.negotiations.move("prov", theirs, Move("agree"), "op")
        await refuse(w)
        await w.settle()
        look = w.net.packets.pop(0)
        assert look.name == "state"
        status = m.ProcessStatus(provider_pid=theirs, consumer_pid=begun.id, state="FINALIZED")
        look.future.set_result(Delivery(200, wire.encode_negotiation(status)))
        await w.settle()
        provider = await w.provider.negotiation(theirs)
        assert (provider.state, provider.intent.step) == ("REQUESTED", "terminate")
        assert not await w.provider.all_contracts()

    run(scenario)


def test_nothing_is_decided_while_the_peer_cannot_be_asked_where_it_stands():
    async def scenario(w):
        begun = await requested(w)
        await w.arrive("request")
        await refuse(w)
        w.net.lose(w.net.packets[0])  # the look at its state
        await w.settle()
        theirs = (await w.provider.all_negotiations())[0]
        assert (theirs.state, theirs.intent.step) == ("REQUESTED", "agree")
        await w.tick(seconds=1)
        await w.flow()
        assert await states(w, begun) == ("FINALIZED", "FINALIZED")

    run(scenario)


def test_what_cannot_be_delivered_by_its_deadline_is_ended_with_a_reason():
    async def scenario(w):
        begun = await requested(w)
        for _ in range(40):
            await w.settle()
            for packet in list(w.net.packets):
                w.net.lose(packet)
            await w.settle()
            await w.tick(seconds=60)
        ours = await w.consumer.negotiation(begun.id)
        assert ours.state == "TERMINATED"
        assert "could not be delivered" in ours.history[-1].detail
        assert w.provider.did in ours.history[-1].detail
        assert await w.consumer.next_moment() is None

    run(scenario)


def test_an_overdue_process_is_ended_and_the_peer_is_told():
    async def scenario(w):
        begun = await requested(w, answering=Answering.HAND)
        await w.flow()
        await w.tick(days=14, seconds=1)  # both sides' clocks: the consumer's rule waits an hour, the provider's person 14 days
        await w.tick(seconds=1)  # another look before anything has arrived must not end it in silence
        theirs = (await w.provider.all_negotiations())[0]
        assert (theirs.state, theirs.intent.step) == ("REQUESTED", "terminate")
        await w.flow()
        assert await states(w, begun) == ("TERMINATED", "TERMINATED")
        assert "Nobody moved the negotiation on from REQUESTED" in str((await w.provider.negotiation(theirs.id)).history)

    run(scenario)


def test_an_answer_that_names_another_process_ends_this_one():
    async def scenario(w):
        first, second = await requested(w, answering=Answering.HAND), await requested(w, answering=Answering.HAND)
        await w.settle()
        for packet, begun in zip(list(w.net.packets), (first, second), strict=True):
            status = m.ProcessStatus(provider_pid="p-same", consumer_pid=begun.id, state="REQUESTED")
            w.net.packets.remove(packet)
            packet.future.set_result(Delivery(201, wire.encode_negotiation(status)))
        await w.settle()
        assert (await w.consumer.negotiation(first.id)).state == "REQUESTED"
        assert (await w.consumer.negotiation(second.id)).state == "TERMINATED"
        assert await w.consumer.read(lambda tx: tx.outbox.next_due()) is None

    run(scenario)


def test_a_201_without_a_body_is_an_acknowledgement_all_the_same():
    async def scenario(w):
        begun = await requested(w)
        await w.settle()
        w.net.packets.pop(0).future.set_result(Delivery(201, b""))
        await w.settle()
        ours = await w.consumer.negotiation(begun.id)
        assert (ours.state, ours.peer_pid) == ("REQUESTED", None)
        assert await w.look(w.consumer, "negotiations", begun.id) == (200, "REQUESTED")

    run(scenario)


def test_the_story_of_a_peer_that_repeats_itself_does_not_grow_without_end():
    async def scenario(w):
        begun = await requested(w, text="open", answering=Answering.HAND)
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        for count in range(80):
            offer = Offer(id=f"o{count}", terms=terms("members"), target=begun.dataset)
            pids = {"provider_pid": theirs, "consumer_pid": begun.id}
            assert (await w.say(w.consumer, m.ContractOffer(offer=offer, **pids), begun.id)).status == 200
            await w.consumer.negotiations.move("cons", begun.id, Move("request", offer=Offer(id=f"c{count}", terms=terms("open"))), "op")
            await w.settle()
            packet = w.net.packets.pop(0)
            packet.future.set_result(Delivery(200, b""))
            await w.settle()
        ours = await w.consumer.negotiation(begun.id)
        assert len(ours.received) <= 64
        assert len(ours.history) <= 200

    run(scenario)
