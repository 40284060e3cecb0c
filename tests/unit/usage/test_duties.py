"""Who sees to which duty: transforms, log, payment, consent; obligations until their deadline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.facts import Done
from hanse.odrl.names import HANSE
from hanse.usage.duties import Capabilities, deadline, seen_to
from hanse.usage.records import Breach
from tests.unit.usage.rig import START, Atomic, Rule, run, terms

MASK = Rule(HANSE + "mask", (Atomic(HANSE + "column", "isAnyOf", ["name"]),))
DELETE = Rule("delete", (Atomic("delayPeriod", "lteq", "P30D"),))
ALL = Capabilities(operands=BUILT_IN, ledger=True)


def test_without_the_transform_no_byte_leaves():
    async def scenario(rig):
        answer = await rig.admit()
        assert not answer.permitted
        assert "data plane" in answer.sentence
        rig.transforms = {MASK.action}
        assert (await rig.admit()).permitted

    run(terms(duties=[MASK]), scenario)


@pytest.mark.parametrize("duty", [Rule(HANSE + "log"), Rule("inform"), Rule("nextPolicy"), Rule("attribute")])
def test_what_is_done_in_the_same_transaction_or_taken_on_does_not_wait(duty):
    async def scenario(rig):
        assert (await rig.admit()).permitted

    run(terms(duties=[duty]), scenario)


@pytest.mark.parametrize("duty", [Rule("urn:x:dance"), Rule("delete"), Rule("watermark")])
def test_a_duty_that_nobody_sees_to_is_refused_when_written_and_permits_nothing_when_received(duty):
    async def scenario(rig):
        assert not (await rig.admit()).permitted

    run(terms(duties=[duty]), scenario)
    assert [path for path, _ in seen_to(terms(duties=[duty]), ALL)] == ["permission[0].duty[0]"]


def test_what_can_be_seen_to_is_not_refused():
    assert seen_to(terms(duties=[MASK, Rule(HANSE + "log"), Rule("compensate")], obligations=[DELETE, Rule("inform")]), ALL) == []
    without = Capabilities(operands=BUILT_IN, transforms=frozenset(), ledger=False)
    assert len(seen_to(terms(duties=[MASK, Rule(HANSE + "log")], obligations=[Rule("urn:x:dance")]), without)) == 3


def test_an_obligation_is_pending_until_it_is_overdue_and_then_blocks_until_it_is_seen_to():
    by = Rule("delete", (Atomic("dateTime", "lteq", "2026-03-02T00:00:00Z"),))

    async def scenario(rig):
        events = []
        rig.db.subscribe(events.append)
        await rig.db.run(lambda tx: rig.obligations.agreed(tx, rig.deal_))
        answer = await rig.admit()
        assert answer.permitted
        assert answer.due == START + timedelta(hours=12, microseconds=1)
        rig.clock.advance(hours=12, seconds=1)
        late = await rig.again()
        assert not late.permitted
        assert "overdue" in late.sentence
        overdue = await rig.db.run(rig.obligations.end_overdue)
        assert [(one.path, one.action) for one in overdue] == [("obligation[0]", "delete")]
        assert Breach(tenant="acme", agreement="agr_1", path="obligation[0]", action="delete") in events
        assert await rig.db.run(rig.obligations.end_overdue) == []
        assert await rig.db.run(lambda tx: rig.obligations.fulfilled(tx, "acme", "agr_1", "obligation[0]", "receipt led_1"))
        assert not await rig.db.run(lambda tx: rig.obligations.fulfilled(tx, "acme", "agr_1", "obligation[9]", "receipt led_1"))
        assert (await rig.again()).permitted

    run(terms(obligations=[by]), scenario)


def test_a_period_runs_from_the_end_of_the_agreement():
    async def scenario(rig):
        assert deadline(DELETE, rig.deal_, None) is None
        ended = START + timedelta(days=2)
        await rig.db.run(lambda tx: rig.obligations.agreed(tx, rig.deal_))
        await rig.db.run(lambda tx: rig.obligations.agreement_ended(tx, rig.deal_, ended))
        (owed,) = await rig.db.read(lambda tx: tx.owed.of_agreement("acme", "agr_1"))
        assert (owed.state, owed.due) == (Done.PENDING, ended + timedelta(days=30))

    run(terms(obligations=[DELETE]), scenario)


@pytest.mark.parametrize("constraint", [Atomic("elapsedTime", "lteq", "P10D"), Atomic("dateTime", "lt", "2026-03-11T12:00:00Z")])
def test_or_from_the_end_that_its_own_terms_set(constraint):
    async def scenario(rig):
        assert deadline(DELETE, rig.deal_, None) == START + timedelta(days=40)

    run(terms(constraint, obligations=[DELETE]), scenario)
