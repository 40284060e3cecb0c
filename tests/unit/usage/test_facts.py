"""Every fact has a source and an age; what is missing, stale or from the future is unknown, and unknown permits nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from hanse.dsp.messages import Role
from hanse.kernel.errors import Invalid, NotFound
from hanse.odrl.names import HANSE
from hanse.usage.gather import agreed_values
from hanse.usage.ports import Origin, Proven
from hanse.usage.records import FactChanged
from tests.unit.usage.rig import PEER, START, Atomic, Rule, Terms, run, terms

ROLE, CREDENTIAL = Atomic(HANSE + "role", "eq", "consumer"), Atomic(HANSE + "credential", "eq", "LegalEntityCredential")
COUNTRY = Atomic(HANSE + "claim:LegalEntityCredential#$.address.country", "eq", "DE")
LOCATION = Atomic(HANSE + "participantLocation", "isPartOf", "EU")
ENTITY = Proven(credentials={"LegalEntityCredential": ({"id": PEER, "address": {"country": "DE"}},)}, roles=frozenset({"consumer"}))


async def permitted(rig):
    return (await rig.admit()).permitted


@pytest.mark.parametrize("constraint", [ROLE, CREDENTIAL, COUNTRY, Atomic(HANSE + "membership", "eq", "active")])
def test_what_is_proved_by_credentials_counts_only_while_it_is_known(constraint):
    async def scenario(rig):
        rig.proven_now = structs.replace(ENTITY, until=START + timedelta(seconds=45))
        answer = await rig.admit()
        assert answer.permitted
        assert answer.valid_until == START + timedelta(seconds=45)
        assert answer.due is None
        rig.proven_now = None
        answer = await rig.again()
        assert not answer.permitted
        assert not answer.certain

    run(terms(constraint), scenario)


EU_ONLY, CLEAR = Atomic(HANSE + "origin", "isPartOf", "EU"), Atomic(HANSE + "risk", "isNoneOf", ["personal-data", "rights-unclear"])
NO_MARKS: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("found", "permitted_"),
    [
        (Origin(frozenset({"de", "fr"}), NO_MARKS), True),
        (Origin(frozenset({"de", "us"}), NO_MARKS), False),
        (Origin(None, NO_MARKS), False),
        (Origin(frozenset({"de"}), frozenset({"personal-data"})), False),
        (None, False),
    ],
    ids=["inside", "partly outside", "unknown", "about persons", "not described"],
)
def test_data_is_released_only_if_its_description_says_where_it_comes_from_and_bears_no_mark(found, permitted_):
    async def scenario(rig):
        rig.from_ = found
        assert await permitted(rig) is permitted_

    run(terms(EU_ONLY, CLEAR), scenario)


def test_whoever_holds_data_takes_the_providers_word_until_it_has_a_description_of_its_own():
    async def scenario(rig):
        assert await permitted(rig)
        rig.from_ = Origin(frozenset({"us"}), NO_MARKS)
        assert not (await rig.again()).permitted

    run(terms(EU_ONLY), scenario, role=Role.CONSUMER)


COMPLETE = Atomic(HANSE + "quality:completeness", "gteq", "0.95")


@pytest.mark.parametrize(
    ("measures", "permitted_"),
    [
        ({"completeness": (Decimal("0.95"),)}, True),
        ({"completeness": (Decimal("0.94"),)}, False),
        ({"completeness": (Decimal("0.99"), Decimal("0.9"))}, False),
        ({"duplicates": (Decimal(0),)}, False),
        ({}, False),
        (None, False),
    ],
    ids=["enough", "too little", "one version with too little", "another measure", "no measure", "no data"],
)
def test_data_is_released_only_if_what_is_published_of_its_quality_is_enough(measures, permitted_):
    async def scenario(rig):
        rig.measures = measures
        assert await permitted(rig) is permitted_

    run(terms(COMPLETE), scenario)


def test_whoever_holds_data_takes_the_providers_word_until_measures_came_with_it():
    async def scenario(rig):
        assert await permitted(rig)
        rig.measures = {}
        assert not (await rig.again()).permitted

    run(terms(COMPLETE), scenario, role=Role.CONSUMER)


def test_who_has_no_such_role_may_not():
    async def scenario(rig):
        rig.proven_now = Proven(roles=frozenset({"provider"}))
        answer = await rig.admit()
        assert not answer.permitted
        assert "consumer" in answer.sentence

    run(terms(ROLE), scenario)


@pytest.mark.parametrize(("country", "inside"), [("DE", True), ("US", False), (None, False)])
def test_where_a_participant_is_established_its_credential_says(country, inside):
    async def scenario(rig):
        subject = {"id": PEER} | ({"country": country} if country else {})
        rig.proven_now = Proven(credentials={"LegalEntityCredential": (subject,)})
        assert await permitted(rig) is inside

    run(terms(LOCATION), scenario)


PURPOSE = Atomic("purpose", "isA", "https://w3id.org/dpv#ResearchAndDevelopment")


@pytest.mark.parametrize(
    ("service", "said", "allowed"),
    [
        (True, "https://w3id.org/dpv#AcademicResearch", True),
        (True, "https://w3id.org/dpv#Marketing", False),
        (True, None, False),
        (None, None, False),
        (False, None, True),
    ],
    ids=["stated", "another stated", "nothing stated", "nothing known of the peer", "declared by the agreement"],
)
def test_a_purpose_is_what_the_consumer_signed_or_else_what_it_agreed_on(service, said, allowed):
    async def scenario(rig):
        rig.has_service = service
        rig.said = {} if said is None else {"purpose": said}
        assert await permitted(rig) is allowed

    run(terms(PURPOSE), scenario)


def test_a_statement_grows_old():
    async def scenario(rig):
        rig.said = {"purpose": "https://w3id.org/dpv#ResearchAndDevelopment"}
        answer = await rig.admit()
        assert answer.due == START + timedelta(days=30)
        rig.clock.advance(days=30)
        assert not (await rig.again()).permitted

    run(terms(PURPOSE), scenario)


def test_an_agreement_declares_nothing_that_it_forbids():
    said = Terms(permissions=(Rule("use"),), prohibitions=(Rule("use", (Atomic("purpose", "isA", "https://w3id.org/dpv#Marketing"),)),))

    async def scenario(rig):
        rig.has_service = False
        rig.said = {"purpose": "https://w3id.org/dpv#Marketing"}
        assert not await permitted(rig)

    run(said, scenario)
    assert agreed_values(said) == {}


PAID = Rule("compensate", (Atomic("payAmount", "eq", {"@value": "500.00", "@type": "urn:hanse:odrl:unit:EUR"}),))


@pytest.mark.parametrize(("value", "allowed"), [("500 EUR", True), ("500.00 EUR", True), ("499.99 EUR", False), ("500 USD", False)])
def test_a_price_is_owed_until_somebody_tells_that_it_was_paid(value, allowed):
    async def scenario(rig):
        assert not await permitted(rig)
        await rig.tell("payAmount", value)
        assert await permitted(rig) is allowed

    run(terms(duties=[PAID]), scenario)


def test_a_rent_is_paid_for_its_period():
    async def scenario(rig):
        await rig.tell("urn:hanse:odrl:paid", "current", expires=START + timedelta(days=30))
        answer = await rig.admit()
        assert answer.permitted
        assert answer.due == START + timedelta(days=30)
        rig.clock.advance(days=30)
        late = await rig.again()
        assert not late.permitted
        assert not late.certain

    run(terms(Atomic(HANSE + "paid", "eq", "current")), scenario)


def test_a_consent_that_is_taken_back_ends_the_right():
    async def scenario(rig):
        await rig.tell("consent", "given", about="ds_1")
        assert await permitted(rig)
        events = []
        rig.db.subscribe(events.append)
        await rig.telling.untell("acme", "ds_1", "consent")
        assert FactChanged(tenant="acme") in events
        assert [one.id for one in await rig.db.read(lambda tx: tx.uses.due(START, 9))] == ["trf_1"]
        assert not (await rig.again()).permitted

    run(terms(Atomic(HANSE + "consent", "eq", "given")), scenario)


def test_the_nearest_that_was_told_counts():
    async def scenario(rig):
        await rig.tell("classification", "secret", about="ds_1")
        assert not await permitted(rig)
        await rig.tell("classification", "public", about="")
        assert not await permitted(rig)
        await rig.tell("classification", "internal", about="agr_1")
        assert await permitted(rig)

    run(terms(Atomic(HANSE + "classification", "lteq", "internal")), scenario)


def test_events_add_up_and_silence_is_unknown():
    async def scenario(rig):
        silent = await rig.admit()
        assert not silent.permitted
        assert not silent.certain
        await rig.tell("event", "", about="")
        assert (await rig.admit()).certain
        await rig.tell("event", "urn:x:other", about="")
        await rig.tell("event", "urn:x:launch", about="ds_1")
        assert await permitted(rig)

    run(terms(Atomic("event", "isAnyOf", ["urn:x:launch"])), scenario)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("count", "1", "fact"),
        ("nonsense", "1", "fact"),
        ("urn:hanse:odrl:claim:", "x", "fact"),
        ("payAmount", "lots", "value"),
        ("paid", "", "required"),
    ],
)
def test_nobody_can_tell_what_is_measured_or_makes_no_sense(name, value, rule):
    async def scenario(rig):
        with pytest.raises(Invalid) as caught:
            await rig.tell(name, value)
        assert caught.value.rule == rule

    run(terms(), scenario)


def test_the_future_is_not_believed():
    async def scenario(rig):
        with pytest.raises(Invalid):
            await rig.tell("paid", "current", observed=START + timedelta(minutes=6))
        await rig.tell("paid", "current", observed=START + timedelta(minutes=4))
        rig.clock.advance(minutes=-10)  # a clock that was put back: what was told lies ahead now
        assert not await permitted(rig)
        with pytest.raises(NotFound):
            await rig.telling.untell("acme", "", "paid")

    run(terms(Atomic(HANSE + "paid", "eq", "current")), scenario)


def test_the_connector_is_the_address_that_answers():
    async def scenario(rig):
        assert not (await rig.admit("trf_1", connector="https://other.example/dsp")).permitted
        assert (await rig.admit("trf_2", connector="https://peer.example/dsp")).permitted

    run(terms(Atomic(HANSE + "connector", "isAnyOf", ["https://peer.example/dsp"])), scenario)


def test_injected_text_is_text():
    async def scenario(rig):
        evil = "{{7*7}}'; DROP TABLE uses; --__import__('os')"
        rig.said = {"purpose": evil}
        assert not await permitted(rig)
        await rig.tell("classification", "internal")

    run(terms(PURPOSE), scenario)


def test_a_consumer_is_told_what_it_opens_was_let_go_under():
    async def scenario(rig):
        assert (await rig.openings.open("acme", "agr_1", "use", {})).began == START

    said = terms(Atomic(HANSE + "consent", "eq", "given"), Atomic(HANSE + "artifactState", "isAnyOf", ["pseudonymised"]), duties=[PAID])
    run(said, scenario, Role.CONSUMER)
