"""What a person is told: what happened, what it waits for, and who must act."""

from __future__ import annotations

import pytest

from hanse.connector import explain as module
from hanse.connector.explain import explain
from hanse.connector.ports import Delivery
from hanse.connector.records import Answering
from hanse.connector.rules import Move
from hanse.dsp import negotiation, transfer
from hanse.dsp.messages import Role
from hanse.kernel.errors import NotFound
from hanse.odrl.model import Offer
from tests.unit.connector.test_transfers import SINK
from tests.unit.connector.world import run, terms


async def told(side, id):
    return await side.read(lambda tx: explain(tx, side.tenant, id))


def test_every_state_that_is_not_final_says_what_it_waits_for_and_who_must_act():
    for role in Role:
        for state in negotiation.State:
            assert ((role, state) in module._NEGOTIATION) is (state not in negotiation.TERMINAL)
        for state in transfer.State:
            said = (role, state) in module._TRANSFER or state is transfer.State.SUSPENDED
            assert said is (state not in transfer.TERMINAL)


def test_a_negotiation_by_hand_waits_for_people_until_a_moment():
    async def scenario(w):
        asset = await w.provider.asset(answering=Answering.HAND)
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0], answering=Answering.HAND)
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        ours, other = await told(w.consumer, begun.id), await told(w.provider, theirs)
        assert (ours.state, ours.who, other.who) == ("REQUESTED", "the provider", "you")
        assert other.until == w.clock.now() + w.provider.limits.answer_by_hand
        assert other.waits_for.startswith("an answer to the consumer's request")
        await w.provider.negotiations.move("prov", theirs, Move("offer", offer=Offer(id="o", terms=terms("open"))), "op")
        await w.flow()
        ours, other = await told(w.consumer, begun.id), await told(w.provider, theirs)
        assert (ours.who, other.who) == ("you", "the consumer")
        assert [one.what for one in other.history][-1] == "offer: now OFFERED"

    run(scenario)


def test_a_consumer_by_rule_waits_as_long_as_a_person_at_the_provider_may_take():
    async def scenario(w):
        asset = await w.provider.asset(answering=Answering.HAND)
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        await w.flow()
        theirs = (await w.consumer.negotiation(begun.id)).peer_pid
        assert (await told(w.consumer, begun.id)).until == (await told(w.provider, theirs)).until

    run(scenario)


def test_a_push_waits_for_the_provider():
    async def scenario(w):
        ours, theirs = await w.started("HttpData-PUSH", SINK)
        assert (await told(w.consumer, ours.id)).who == "the provider"
        assert (await told(w.provider, theirs.id)).who == "this server"

    run(scenario)


def test_what_is_on_its_way_says_what_went_wrong_and_when_it_is_tried_again():
    async def scenario(w):
        asset = await w.provider.asset()
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
        await w.settle()
        w.net.packets.pop().future.set_result(Delivery(None, b"", "The certificate has expired."))
        await w.settle()
        ours = await told(w.consumer, begun.id)
        assert ours.state == "NOT YET ACKNOWLEDGED"
        assert ours.waits_for == "the other side to acknowledge 'request'"
        assert ours.who == "the provider, or the network between"
        assert ours.last_error == "The certificate has expired."
        assert w.clock.now() < ours.next_attempt < ours.until

    run(scenario)


def test_a_transfer_its_contract_and_its_dataset():
    async def scenario(w):
        ours, theirs = await w.started()
        assert ((await told(w.consumer, ours.id)).who, (await told(w.provider, theirs.id)).who) == ("you", "the consumer")
        await w.consumer.transfers.move("cons", ours.id, Move("suspend"), "op")
        await w.flow()
        assert ((await told(w.consumer, ours.id)).who, (await told(w.provider, theirs.id)).who) == ("you", "the consumer")
        await w.consumer.transfers.move("cons", ours.id, Move("terminate", reason="Done."), "op")
        await w.flow()
        ended = await told(w.provider, theirs.id)
        assert (ended.state, ended.waits_for, ended.who, ended.until) == ("TERMINATED", "", "", None)
        assert ended.history[-1].detail == "Done."
        contract = await told(w.provider, ours.agreement_id)
        assert (contract.kind, contract.state, contract.related["dataset"]) == ("agreement", "IN FORCE", ours.dataset)
        asset = await told(w.provider, ours.dataset)
        assert (asset.kind, asset.state) == ("dataset", "ON OFFER")
        assert "every member" in asset.summary
        agreed = await told(w.consumer, contract.related["negotiation"]) if contract.related["negotiation"].startswith("neg_c") else None
        assert agreed is None or agreed.state == "FINALIZED"

    run(scenario)


def test_what_is_unknown_or_anothers_is_not_explained():
    async def scenario(w):
        ours, _ = await w.started()
        for id in ("neg_none", "", ours.id):
            with pytest.raises(NotFound):
                await told(w.provider, id)

    run(scenario)
