"""What a peer, a failed try or the passing of time must not be able to do to a term."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hanse.dsp.messages import Role
from hanse.odrl.names import EVENT
from hanse.usage.records import Kind
from tests.unit.usage.rig import START, Atomic, Rule, run, terms

MONTHLY = terms(Atomic("timeInterval", "eq", "P30D"))
DAY = timedelta(days=1)


def reported(rig, at):
    use = rig.use("use_1@peer", kind=Kind.OPENING)
    use.reserved = use.began = use.ended = at
    return use


@pytest.mark.parametrize("at", [START - timedelta(days=20_000), START + timedelta(days=2)])
def test_a_report_of_another_time_neither_shortens_nor_breaks_the_interval(at):
    async def scenario(rig):
        assert (await rig.admit("trf_1")).permitted
        await rig.take("trf_1")
        await rig.end("trf_1")
        rig.clock.advance(days=1)
        await rig.db.run(lambda tx: rig.uses.note(tx, rig.deal_, reported(rig, at)))
        assert not (await rig.admit("trf_2")).permitted
        rig.clock.advance(days=30)
        assert (await rig.admit("trf_3")).permitted

    run(MONTHLY, scenario)


def test_a_use_without_a_byte_does_not_begin_the_interval():
    async def scenario(rig):
        assert (await rig.admit("trf_1")).permitted
        await rig.end("trf_1", "the source was gone")
        assert (await rig.admit("trf_2")).permitted
        await rig.take("trf_2")
        await rig.end("trf_2")
        assert not (await rig.admit("trf_3")).permitted

    run(MONTHLY, scenario)


RENT = Rule("compensate", (Atomic("payAmount", "eq", {"@value": "5.00", "@type": "urn:hanse:odrl:unit:EUR"}),))


@pytest.mark.parametrize(
    ("duty", "name", "value"), [(RENT, "payAmount", "5.00 EUR"), (Rule("obtainConsent"), "urn:hanse:odrl:consent", "given")]
)
def test_a_fact_that_a_duty_rests_on_is_a_boundary_when_it_grows_stale(duty, name, value):
    async def scenario(rig):
        await rig.tell(name, value, expires=START + DAY)
        answer = await rig.admit()
        assert answer.permitted
        assert answer.valid_until == START + DAY
        assert answer.due == START + DAY
        rig.clock.advance(days=1)
        assert not (await rig.again()).permitted

    run(terms(duties=[duty]), scenario)


def test_the_rent_of_a_month_does_not_last_longer():
    rent = Rule(RENT.action, (*RENT.constraints, Atomic("timeInterval", "eq", "P1M")))

    async def scenario(rig):
        await rig.tell("payAmount", "5.00 EUR")
        answer = await rig.admit()
        assert answer.permitted
        assert answer.valid_until == START.replace(month=4)
        rig.clock.advance(days=31)
        assert not (await rig.again()).permitted

    run(terms(duties=[rent]), scenario)


def test_an_event_that_grows_stale_does_not_live_on_in_the_next_one():
    async def scenario(rig):
        await rig.tell(EVENT, "harvest", expires=START + DAY)
        await rig.tell(EVENT, "audit")
        assert (await rig.admit()).permitted
        rig.clock.advance(days=2)
        assert not (await rig.again()).permitted
        await rig.tell(EVENT, "audit")
        assert not (await rig.again()).permitted
        await rig.tell(EVENT, "harvest")
        assert (await rig.again()).permitted

    run(terms(Atomic(EVENT, "isAnyOf", ["harvest"])), scenario)


def test_what_came_to_a_named_connector_can_be_opened_there():
    async def scenario(rig):
        assert (await rig.openings.open("acme", "agr_1", "use", {})).began is not None

    run(terms(Atomic("urn:hanse:odrl:connector", "isAnyOf", ["https://acme.example/dsp"])), scenario, Role.CONSUMER)


PAY_BY = Rule("compensate", (*RENT.constraints, Atomic("dateTime", "lteq", "2026-03-02T00:00:00Z")))


def test_a_payment_that_is_owed_later_is_seen_to_once_it_is_told():
    async def scenario(rig):
        await rig.db.run(lambda tx: rig.obligations.agreed(tx, rig.deal_))
        assert (await rig.admit()).permitted
        await rig.tell("payAmount", "5.00 EUR")
        rig.clock.advance(days=2)
        assert (await rig.again()).permitted

    run(terms(obligations=[PAY_BY]), scenario)


def test_what_is_only_declared_is_never_overdue():
    by = Rule("attribute", (Atomic("dateTime", "lteq", "2026-03-02T00:00:00Z"),))

    async def scenario(rig):
        await rig.db.run(lambda tx: rig.obligations.agreed(tx, rig.deal_))
        rig.clock.advance(days=2)
        assert (await rig.admit()).permitted
        assert await rig.db.run(rig.obligations.end_overdue) == []

    run(terms(obligations=[by]), scenario)
