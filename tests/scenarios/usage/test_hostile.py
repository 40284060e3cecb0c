"""What a consumer must not be able to do to the terms that it signed, over two real servers."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from hanse.dsp.messages import DataAddress
from hanse.evidence import kinds as k
from hanse.evidence.statement import receipt_of
from hanse.kernel.errors import PeerUnreachable, StorageFailed
from hanse.odrl.facts import Done
from tests.scenarios.usage.world import SIZE, Atomic, Pull, Rule, pair, permitting, pull, said, until

EUROS = {"@value": "5.00", "@type": "urn:hanse:odrl:unit:EUR"}


def run(folder, terms, scenario):
    async def whole():
        async with asyncio.timeout(90), pair(folder, terms) as found:
            await scenario(found)

    asyncio.run(whole())


async def state(two, says):
    """Let the consumer state it, and wait until the provider has taken it, or not."""
    sent = await two.south.evidence.evidence.send("zoo", says)
    return await two.south.evidence.evidence.settled("zoo", sent.id, 15)


async def owed_by(two):
    return await two.north.ground.database.read(lambda tx: tx.owed.of_agreement("acme", two.contract))


def receipt(two, what, obligation):
    gone = [k.Object("big.bin", "ab" * 32, 12)]
    return k.Receipt(agreement=two.contract, what=what, obligation=obligation, **receipt_of(gone))


@pytest.mark.parametrize(
    ("action", "what"), [("compensate", "deleted"), ("compensate", "modified"), ("delete", "modified"), ("urn:hanse:odrl:mask", "deleted")]
)
def test_a_receipt_for_something_else_fulfils_nothing(tmp_path, action, what):
    owed = {
        "compensate": (Atomic("payAmount", "eq", EUROS),),
        "delete": (),
        "urn:hanse:odrl:mask": (Atomic("urn:hanse:odrl:column", "isAnyOf", ["name"]),),
    }[action]
    by = Atomic("dateTime", "lteq", "2099-01-01T00:00:00Z")

    async def scenario(two):
        for named in ("obligation[0]", ""):
            await state(two, receipt(two, what, named))
        assert [one.state for one in await owed_by(two)] == [Done.PENDING]

    run(tmp_path, permitting(obligations=(Rule(action, (*owed, by)),)), scenario)


def test_one_receipt_of_a_deletion_is_for_all_that_is_to_be_deleted(tmp_path):
    by = Rule("delete", (Atomic("dateTime", "lteq", "2099-01-01T00:00:00Z"),))
    after = Rule("delete", (Atomic("delayPeriod", "lteq", "P1D"),))

    async def scenario(two):
        await state(two, receipt(two, "deleted", ""))
        assert [one.state for one in await owed_by(two)] == [Done.FULFILLED, Done.FULFILLED]

    run(tmp_path, permitting(obligations=(by, after)), scenario)


def test_who_is_paid_tells_that_it_was(tmp_path):
    by = Atomic("dateTime", "lteq", "2099-01-01T00:00:00Z")

    async def scenario(two):
        await two.tell("payAmount", "5.00 EUR")
        two.world.clock.ahead = datetime(2099, 1, 2, tzinfo=UTC) - datetime.now(UTC)
        two.north.connector.timer.wake()

        async def settled():
            return next((one for one in await owed_by(two) if one.state is not Done.PENDING), None)

        assert (await until(settled, "the deadline")).state is Done.FULFILLED
        assert (await two.north.ground.database.read(lambda tx: tx.contracts.get("acme", two.contract))).ended is None

    run(tmp_path, permitting(obligations=(Rule("compensate", (Atomic("payAmount", "eq", EUROS), by)),)), scenario)


def test_a_new_purpose_ends_the_stream_that_it_does_not_permit(tmp_path):
    good, bad = "https://w3id.org/dpv#AcademicResearch", "https://w3id.org/dpv#Marketing"

    async def scenario(two):
        asked = await two.ask(stated={"purpose": good})

        async def started():
            return await two.south.connector.transfers.address("zoo", asked.id)

        one = await Pull(await until(started, "the address")).open()
        reading = asyncio.create_task(one.read(0.05))
        await asyncio.sleep(0.2)
        await state(two, k.UseStated(agreement=two.contract, purpose=bad))
        stated = time.monotonic()
        ended = await two.ended(asked.id)
        assert ended.state == "TERMINATED"
        assert "Marketing" in said(ended)
        assert await reading < 64 << 20
        assert one.ended - stated < 1.0

    run(tmp_path, permitting(Atomic("purpose", "isA", "https://w3id.org/dpv#ResearchAndDevelopment")), scenario)


def test_data_that_came_after_the_receipt_is_owed_a_receipt_of_its_own(tmp_path):
    async def scenario(two):
        id, address = await two.start()
        await pull(address, (0, 10))
        await state(two, receipt(two, "deleted", "obligation[0]"))
        assert [one.state for one in await owed_by(two)] == [Done.FULFILLED]
        two.world.clock.ahead += timedelta(seconds=5)
        _, address = await two.start()
        await pull(address, (0, 10))
        await two.north.endings.end("acme", two.contract, "notice", "We stop.", "a test")
        owed = await owed_by(two)
        assert [one.state for one in owed] == [Done.PENDING]
        assert owed[0].due is not None
        assert id

    run(tmp_path, permitting(obligations=(Rule("delete", (Atomic("delayPeriod", "lteq", "P1D"),)),)), scenario)


def test_what_was_cut_is_not_called_completed(tmp_path):
    consent = "urn:hanse:odrl:consent"

    async def scenario(two):
        await two.tell(consent, "given")
        id, address = await two.start()
        assert (await pull(address, (0, 10))).got == 10
        await two.tell(consent, "withdrawn")
        await two.ended(id)
        for server, tenant in ((two.north, "acme"), (two.south, "zoo")):

            async def over(server=server, tenant=tenant):
                page = await server.evidence.ledger.page(tenant, before=None, limit=100, agreement=two.contract)
                return [one.says for one in page if one.kind == "use-ended"]

            (says,) = await until(over, f"the end in the log of {tenant}")
            assert says.outcome == "cut"
            assert "withdrawn" in says.reason

    run(tmp_path, permitting(Atomic(consent, "eq", "given")), scenario)


def test_who_could_sign_statements_at_the_agreement_cannot_fall_silent(tmp_path):
    async def scenario(two):
        two.north.evidence.peers._known[two.world.zoo] = (False, two.world.clock.now() + timedelta(hours=1))
        asked = await two.ask()
        ended = await two.ended(asked.id)
        assert "does not permit" in said(ended)

    run(tmp_path, permitting(Atomic("purpose", "isA", "https://w3id.org/dpv#AcademicResearch")), scenario)


class Sink:
    """A stranger's sink: it takes whatever comes."""

    def __init__(self):
        self.took = 0

    async def put(self, tenant, url, headers, length, body):
        async for chunk in body():
            self.took += len(chunk)
        return 201


@pytest.mark.parametrize("answers", [False, True])
def test_a_push_waits_until_the_connector_that_is_named_has_taken_its_start(tmp_path, answers):
    connector = "urn:hanse:odrl:connector"

    async def scenario(two):
        await two.agree(permitting(Atomic(connector, "isAnyOf", [two.south.connector.kit.own.base("zoo")])))
        take, asked_for = two.south.connector.transfers.receive_next, []

        async def refuse(*args):
            asked_for.append(args)
            raise PeerUnreachable("I know of no such transfer.")

        if not answers:
            two.south.connector.transfers.receive_next = refuse
        two.north.plane.pusher._sender = sink = Sink()
        address = DataAddress(endpoint_type="https://w3id.org/idsa/v4.1/HTTP", endpoint="http://127.0.0.1:9/in")
        asked = await two.south.connector.transfers.request("zoo", two.contract, "HttpData-PUSH", address)
        if not answers:
            await until(lambda: _some(asked_for), "the start")
            await two.north.standing.look()
            assert sink.took == 0
            two.south.connector.transfers.receive_next = take
        assert (await two.ended(asked.id)).state == "COMPLETED"
        assert sink.took == SIZE

    run(tmp_path, None, scenario)


def test_a_push_goes_on_once_it_is_known_again_that_it_may(tmp_path):
    consent = "urn:hanse:odrl:consent"

    async def scenario(two):
        gate = asyncio.Event()

        class Slow(Sink):
            async def put(self, tenant, url, headers, length, body):
                await gate.wait()
                return await super().put(tenant, url, headers, length, body)

        await two.tell(consent, "given")
        two.north.plane.pusher._sender = sink = Slow()
        address = DataAddress(endpoint_type="https://w3id.org/idsa/v4.1/HTTP", endpoint="http://127.0.0.1:9/in")
        asked = await two.south.connector.transfers.request("zoo", two.contract, "HttpData-PUSH", address)
        await two.theirs(asked.id)
        await two.north.usage.telling.untell("acme", two.contract, consent)

        async def cut():
            return "data cut" in said(await two.theirs(asked.id))

        await until(cut, "the cut")
        gate.set()
        await asyncio.sleep(0.2)
        assert sink.took == 0
        await two.tell(consent, "given")
        assert (await two.ended(asked.id)).state == "COMPLETED"
        assert sink.took == SIZE

    run(tmp_path, permitting(Atomic(consent, "eq", "given")), scenario)


def test_a_use_that_could_not_be_decided_again_is_looked_at_again(tmp_path):
    consent = "urn:hanse:odrl:consent"

    async def scenario(two):
        await two.tell(consent, "given")
        id, address = await two.start()
        assert (await pull(address, (0, 10))).got == 10
        prepare, failed = two.north.usage.prepare, []

        async def fail(*args):
            if not failed:
                failed.append(args)
                raise StorageFailed("The disk is full.")
            await prepare(*args)

        two.north.usage.prepare = fail
        await two.tell(consent, "withdrawn")
        await until(lambda: _some(failed), "the failure")
        two.world.clock.ahead += timedelta(minutes=1)
        two.north.connector.timer.wake()
        assert (await two.ended(id)).state == "TERMINATED"

    run(tmp_path, permitting(Atomic(consent, "eq", "given")), scenario)


async def _some(got):
    return list(got)
