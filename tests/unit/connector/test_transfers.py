"""Transfers on both sides: every use case, and every fault, with real storage and no socket."""

from __future__ import annotations

import json

import pytest

from hanse.connector.rules import Move
from hanse.connector.transfers import flows
from hanse.dsp import messages as m
from hanse.dsp.messages import DataAddress, Role
from hanse.kernel.errors import Conflict, Invalid, NotFound
from tests.unit.connector.world import run

STRANGER = "did:web:localhost%3A8400:participants:stranger"
CALLBACK = "http://localhost:8400/participants/cons/dsp/2025-1"
SINK = DataAddress(
    endpoint_type="https://w3id.org/idsa/v4.1/HTTP", endpoint="http://localhost:8400/in", properties={"authorization": "s3cret"}
)


def code(answer):
    return json.loads(answer.body)["code"]


def asked(contract, format="HttpData-PULL", pid="t-1", sink=None):
    return m.TransferRequest(consumer_pid=pid, agreement_id=contract, format=format, callback=CALLBACK, data_address=sink)


async def look(w, ours, theirs):
    return await w.consumer.transfer(ours.id), await w.provider.transfer(theirs.id)


async def states(w, ours, theirs):
    first, second = await look(w, ours, theirs)
    return first.state, second.state


async def move(w, side, ours, theirs, step, reason=""):
    acting = getattr(w, side)
    await acting.transfers.move(acting.tenant, ours.id if side == "consumer" else theirs.id, Move(step, reason=reason), "op")


def test_a_pull_starts_by_rule_and_the_consumer_has_the_address():
    async def scenario(w):
        ours, theirs = await w.started()
        address = await w.consumer.transfers.address("cons", ours.id)
        assert address.properties["authorization"].startswith("token-")
        assert b"token-" not in ours.address  # sealed
        assert w.provider.plane.events == [("serve", theirs.id)]
        assert w.consumer.plane.events == [("started", ours.id)]
        await move(w, "consumer", ours, theirs, "complete")
        await w.flow()
        assert await states(w, ours, theirs) == ("COMPLETED", "COMPLETED")
        assert await w.consumer.transfers.address("cons", ours.id) is None
        assert not w.provider.plane.live

    run(scenario)


def test_a_push_needs_an_address_on_both_sides_and_gives_none_back():
    async def scenario(w):
        ours, theirs = await w.started("HttpData-PUSH", SINK)
        assert w.provider.plane.events == [("push", theirs.id)]
        assert await w.consumer.transfers.address("cons", ours.id) is None
        assert b"s3cret" not in theirs.address
        with pytest.raises(Invalid) as error:
            await w.consumer.transfers.request("cons", ours.agreement_id, "HttpData-PUSH")
        assert error.value.where == "dataAddress"
        for message in (asked(ours.agreement_id, "HttpData-PUSH"), asked(ours.agreement_id, sink=SINK)):
            answer = await w.say(w.provider, message)
            assert (answer.status, code(answer)) == (400, "dataAddress")

    run(scenario)


def test_a_format_that_is_not_offered_is_refused():
    async def scenario(w):
        _, ours = await w.agreed()
        answer = await w.say(w.provider, asked(ours.agreement.id, "AmazonS3-PUSH"))
        assert (answer.status, code(answer)) == (400, "format")
        assert "HttpData-PULL" in json.loads(answer.body)["reason"][0]

    run(scenario)


def test_only_the_parties_of_an_agreement_can_ask_and_only_the_consumer():
    async def scenario(w):
        _, ours = await w.agreed()
        assert (await w.say(w.provider, asked(ours.agreement.id), by=STRANGER)).status == 404
        assert (await w.say(w.provider, asked("agr_none"))).status == 404
        assert (await w.say(w.consumer, asked(ours.agreement.id))).status == 404
        for side in (w.provider, w.consumer):
            with pytest.raises(NotFound):
                await side.transfers.request(side.tenant, "agr_none" if side is w.consumer else ours.agreement.id, "HttpData-PULL")

    run(scenario)


def test_a_repeat_gets_the_same_answer_and_another_body_none():
    async def scenario(w):
        _, ours = await w.agreed()
        first, again = await w.say(w.provider, asked(ours.agreement.id)), await w.say(w.provider, asked(ours.agreement.id))
        assert first.status == again.status == 201
        assert first.body == again.body
        assert len(await w.provider.all_transfers()) == 1
        answer = await w.say(w.provider, asked(ours.agreement.id, "HttpData-PUSH", sink=SINK))
        assert (answer.status, code(answer)) == (400, "conflict")

    run(scenario)


@pytest.mark.parametrize("side", ["provider", "consumer"])
def test_either_side_suspends_and_only_that_side_resumes(side):
    async def scenario(w):
        ours, theirs = await w.started()
        other = "consumer" if side == "provider" else "provider"
        first = (await w.consumer.transfers.address("cons", ours.id)).properties["authorization"]
        for _ in range(3):  # the same words again are no repeat
            await move(w, side, ours, theirs, "suspend", "a pause")
            if side == "provider":
                assert not flows(await w.provider.transfer(theirs.id))
            await w.flow()
            assert await states(w, ours, theirs) == ("SUSPENDED", "SUSPENDED")
            assert not w.provider.plane.live
            with pytest.raises(Conflict, match="other side suspended"):
                await move(w, other, ours, theirs, "start")
            await move(w, side, ours, theirs, "start")
            await w.flow()
            assert await states(w, ours, theirs) == ("STARTED", "STARTED")
            assert w.provider.plane.live == {theirs.id}
        address = await w.consumer.transfers.address("cons", ours.id)
        assert address.properties["authorization"] != first
        assert all(one.suspended_by is None and one.intent is None for one in await look(w, ours, theirs))

    run(scenario)


def test_a_push_goes_on_when_the_consumer_resumes_it():
    async def scenario(w):
        ours, theirs = await w.started("HttpData-PUSH", SINK)
        await move(w, "consumer", ours, theirs, "suspend")
        await w.flow()
        assert not w.provider.plane.live
        await move(w, "consumer", ours, theirs, "start")
        await w.flow()
        assert w.provider.plane.live == {theirs.id}
        assert await states(w, ours, theirs) == ("STARTED", "STARTED")

    run(scenario)


def test_a_peer_cannot_resume_what_we_suspended_not_even_while_the_message_is_on_its_way():
    async def scenario(w):
        ours, theirs = await w.started()
        await move(w, "provider", ours, theirs, "suspend")
        start = m.TransferStart(provider_pid=theirs.id, consumer_pid=ours.id)
        for _ in range(2):
            answer = await w.say(w.provider, start, theirs.id)
            assert (answer.status, code(answer)) == (400, "resume")
            assert not flows(await w.provider.transfer(theirs.id))
            await w.flow()
        assert not w.provider.plane.live

    run(scenario)


@pytest.mark.parametrize(
    ("first", "second", "end"),
    [
        ("terminate", "terminate", "TERMINATED"),
        ("complete", "complete", "COMPLETED"),
        ("suspend", "suspend", "SUSPENDED"),
        ("suspend", "complete", "COMPLETED"),
        ("complete", "suspend", "COMPLETED"),
        ("complete", "terminate", "TERMINATED"),
        ("suspend", "terminate", "TERMINATED"),
    ],
)
@pytest.mark.parametrize("order", [0, 1])
def test_when_both_move_at_once_the_stronger_step_wins_on_both(first, second, end, order):
    async def scenario(w):
        ours, theirs = await w.started()
        await move(w, "consumer", ours, theirs, first)
        await move(w, "provider", ours, theirs, second)
        await w.settle()
        if order:
            w.net.packets.reverse()
        await w.flow()
        for _ in range(4):
            await w.tick(seconds=1)
            await w.flow()
        assert await states(w, ours, theirs) == (end, end)
        by = {one.suspended_by for one in await look(w, ours, theirs)}
        assert end != "SUSPENDED" or by == {Role.PROVIDER}
        assert not w.provider.plane.live

    run(scenario)


def test_data_flows_only_while_it_may():
    async def scenario(w):
        _, ours = await w.agreed()
        begun = await w.consumer.transfers.request("cons", ours.agreement.id, "HttpData-PULL")
        assert not flows(begun)
        await w.arrive("request")
        theirs = (await w.provider.all_transfers())[0]
        assert theirs.state == "REQUESTED"
        assert flows(theirs)  # our start is on its way: the consumer may use its address before we hear that it has it
        await w.flow()
        assert flows(await w.provider.transfer(theirs.id))
        for step in ("suspend", "start", "terminate"):
            await w.provider.transfers.move("prov", theirs.id, Move(step), "op")
            assert flows(await w.provider.transfer(theirs.id)) is (step == "start")
            assert bool(w.provider.plane.live) is (step == "start")
            await w.flow()
            assert flows(await w.provider.transfer(theirs.id)) is (step == "start")

    run(scenario)


def test_a_source_that_has_vanished_ends_the_transfer_with_the_reason():
    async def scenario(w):
        _, ours = await w.agreed()
        w.provider.plane.vanished = True
        begun = await w.consumer.transfers.request("cons", ours.agreement.id, "HttpData-PULL")
        await w.flow()
        transfer = await w.consumer.transfer(begun.id)
        assert transfer.state == "TERMINATED"
        assert transfer.history[-1].detail == "The file is gone."
        assert [one.state for one in await w.provider.all_transfers()] == ["TERMINATED"]

    run(scenario)


def test_a_contract_that_has_ended_gives_nothing_any_more():
    async def scenario(w):
        ours, theirs = await w.started()

        def end(tx):
            for side in w.sides:
                contract = tx.contracts.get(side.tenant, ours.agreement_id)
                if contract is not None:
                    contract.ended, contract.end_reason = w.clock.now(), "It was revoked."
                    tx.contracts.put(contract)

        await move(w, "consumer", ours, theirs, "suspend")
        await w.flow()
        await w.provider.db.run(end)
        answer = await w.say(w.provider, asked(ours.agreement_id))
        assert (answer.status, code(answer)) == (400, "ended")
        assert "It was revoked." in json.loads(answer.body)["reason"][0]
        answer = await w.say(w.provider, m.TransferStart(provider_pid=theirs.id, consumer_pid=ours.id), theirs.id)
        assert (answer.status, code(answer)) == (400, "ended")
        assert await w.provider.transfers.end_all("prov", ours.agreement_id, "It was revoked.") == 1
        await w.flow()
        assert await states(w, ours, theirs) == ("TERMINATED", "TERMINATED")
        await w.consumer.db.run(end)
        with pytest.raises(Conflict, match="ended"):
            await w.consumer.transfers.request("cons", ours.agreement_id, "HttpData-PULL")

    run(scenario)


def test_a_policy_that_no_longer_permits_it_refuses_request_and_resumption():
    async def scenario(w):
        ours, theirs = await w.started(text="until 2026-03-02")
        await move(w, "consumer", ours, theirs, "suspend")
        await w.flow()
        w.clock.advance(days=2)
        answer = await w.say(w.provider, asked(ours.agreement_id))
        assert (answer.status, code(answer)) == (400, "policy")
        answer = await w.say(w.provider, m.TransferStart(provider_pid=theirs.id, consumer_pid=ours.id), theirs.id)
        assert (answer.status, code(answer)) == (400, "policy")
        assert (await w.provider.transfer(theirs.id)).state == "SUSPENDED"

    run(scenario)


def test_a_withdrawn_asset_still_serves_the_contracts_that_stand():
    async def scenario(w):
        asset, ours = await w.agreed()
        await w.provider.offers.withdraw("prov", asset.id)
        assert (await w.say(w.provider, asked(ours.agreement.id))).status == 201

    run(scenario)


def test_what_the_table_does_not_hold_and_what_is_not_ones_own():
    async def scenario(w):
        ours, theirs = await w.started()
        pids = {"provider_pid": theirs.id, "consumer_pid": ours.id}
        answer = await w.say(w.provider, m.TransferStart(**pids), theirs.id)
        assert (answer.status, code(answer)) == (400, "transition")
        answer = await w.say(w.consumer, m.TransferStart(**pids), ours.id)
        assert (answer.status, code(answer)) == (400, "transition")
        answer = await w.say(w.provider, m.TransferCompletion(provider_pid=theirs.id, consumer_pid="other"), theirs.id)
        assert (answer.status, code(answer)) == (400, "pid")
        answer = await w.say(w.provider, m.TransferCompletion(provider_pid="other", consumer_pid=ours.id), theirs.id)
        assert (answer.status, code(answer)) == (400, "pid")
        assert (await w.say(w.provider, m.TransferCompletion(**pids), theirs.id, by=STRANGER)).status == 404
        assert (await w.look(w.provider, "transfers", theirs.id, by=STRANGER))[0] == 404
        assert await w.look(w.provider, "transfers", theirs.id) == (200, "STARTED")
        with pytest.raises(Conflict):
            await move(w, "provider", ours, theirs, "start")
        assert await states(w, ours, theirs) == ("STARTED", "STARTED")
        await move(w, "provider", ours, theirs, "terminate")
        await w.flow()
        for step in ("suspend", "start", "complete", "terminate"):
            with pytest.raises(Conflict):
                await move(w, "consumer", ours, theirs, step)
        with pytest.raises(NotFound):
            await w.consumer.transfers.move("cons", "trf_none", Move("start"), "op")
        with pytest.raises(NotFound):
            await w.provider.transfers.address("prov", ours.id)

    run(scenario)


def test_a_request_that_the_provider_has_not_acknowledged_can_be_ended():
    async def scenario(w):
        _, ours = await w.agreed()
        begun = await w.consumer.transfers.request("cons", ours.agreement.id, "HttpData-PULL")
        await w.consumer.transfers.move("cons", begun.id, Move("terminate", reason="Not needed."), "op")
        assert (await w.consumer.transfer(begun.id)).state == "TERMINATED"
        await w.flow()  # it arrives all the same, and the provider learns that it is over
        for _ in range(3):
            await w.tick(seconds=5)
            await w.flow()
        assert [one.state for one in await w.provider.all_transfers()] == ["TERMINATED"]
        assert not w.provider.plane.live

    run(scenario)


def test_a_suspension_that_nobody_lifts_ends():
    async def scenario(w):
        ours, theirs = await w.started()
        assert ours.deadline is None
        await move(w, "consumer", ours, theirs, "suspend")
        await w.flow()
        await w.tick(days=14, seconds=1)
        await w.flow()
        assert await states(w, ours, theirs) == ("TERMINATED", "TERMINATED")

    run(scenario)


def test_a_peer_that_flows_for_ever_is_told_of_the_end_for_longer_than_others():
    async def scenario(w):
        ours, theirs = await w.started()
        await move(w, "provider", ours, theirs, "terminate", "The contract is over.")
        for _ in range(30):
            await w.settle()
            for packet in list(w.net.packets):
                w.net.lose(packet)
            await w.settle()
            await w.tick(minutes=2)
        assert await states(w, ours, theirs) == ("STARTED", "STARTED")
        assert not flows(await w.provider.transfer(theirs.id))
        await w.flow()
        assert await states(w, ours, theirs) == ("TERMINATED", "TERMINATED")

    run(scenario)
