"""Each of the 25 policy classes of IDSA over two participants: from the offer to a use that is enforced, or honestly badged."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from hanse.anchor.records import Approval
from hanse.evidence import kinds as k
from hanse.evidence.statement import receipt_of
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import Invalid
from hanse.odrl.facts import Done
from hanse.odrl.names import HANSE
from hanse.usage.classes import CLASSES
from tests.scenarios.usage.world import SIZE, Atomic, Rule, pair, permitting, until

COUNTRY = ("    credential: DataConsumerCredential\n", "    credential: DataConsumerCredential\n    claims:\n      country: [DE, FI]\n")
BOUND = ("          role: [consumer]\n", "          role: [consumer]\n          country: [DE, FI]\n")
SAID = ("        role: {const: consumer}\n", "        role: {const: consumer}\n        country: {type: string}\n")
PEOPLE = "id,name,age\n1,Ann,31\n2,Bo,31\n3,Cy,32\n4,Di,32\n"
DONE = set()


def h(name, operator, right):
    return Atomic(HANSE + name, operator, right)


def eur(amount):
    return {"@value": amount, "@type": "urn:hanse:odrl:unit:EUR"}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Two servers that run for as long as the module's tests, and how to run a scenario beside them."""
    folder = tmp_path_factory.mktemp("classes")
    with asyncio.Runner() as runner:
        context = pair(folder, None)
        two = runner.run(context.__aenter__())
        (folder / "data" / "people.csv").write_text(PEOPLE)
        runner.run(_with_country(two))
        yield two, lambda scenario: runner.run(asyncio.wait_for(scenario(two), 60))
        runner.run(context.__aexit__(None, None, None))


async def _with_country(two):
    """Let the space's rulebook say countries of consumers, and make the consumer one."""
    north, management = two.north, two.north.management
    text = (await management.rulebooks.published("harbour")).text
    for old, new in (COUNTRY, BOUND, SAID):
        assert old in text
        text = text.replace(old, new)
    by = Approval(operator="op-ann", name="Ann", at=SystemClock().now())
    await management.rulebooks.publish("anchor", "harbour", text, by)
    await management.members.change_roles("anchor", "harbour", two.world.zoo, ("consumer",))
    texts = await management.issuing.issue_now("anchor", "harbour", two.world.zoo)
    await two.south.wallet.credentials.keep("zoo", two.world.zoo, two.world.space.anchor, texts)
    await two.south.ground.tenants.refresh("zoo")
    del north


def case(number):
    """Mark a scenario as that of one class; check the badge of the table on the way."""

    def wrap(scenario):
        def test(stage):
            two, run = stage
            two.number = number
            run(scenario)
            DONE.add(number)

        test.__name__ = f"test_class_{number}_{scenario.__name__}"
        test.__doc__ = scenario.__doc__
        globals()[test.__name__] = test
        return scenario

    return wrap


def kept(two, terms):
    """Tell that a term has the badge that the table promises towards a peer with an EvidenceService."""
    assert two.badge(terms) == {CLASSES[two.number - 1].badge.value}
    return terms


@case(1)
async def consumer(two):
    await two.agree(kept(two, permitting(h("participant", "isAnyOf", [two.world.zoo]))))
    assert (await two.fetch()).got == SIZE
    assert "may not use" in await two.refused(permitting(h("participant", "isAnyOf", [two.world.gone.did])))


@case(2)
async def connector(two):
    own = two.south.ground.own.base("zoo")
    await two.agree(kept(two, permitting(h("connector", "isAnyOf", [own]))))
    assert (await two.fetch()).got == SIZE
    await two.agree(permitting(h("connector", "isAnyOf", ["https://other.example/dsp"])))
    assert "does not permit" in await two.denied()


@case(3)
async def application(two):
    await two.agree(kept(two, permitting(h("application", "isAnyOf", ["urn:x:reader"]))))
    assert (await two.fetch()).got == SIZE
    assert "does not permit" in await two.denied(application="urn:x:copier")


@case(4)
async def role(two):
    await two.agree(kept(two, permitting(h("role", "isAnyOf", ["consumer"]), h("claim:DataConsumerCredential#$.role", "eq", "consumer"))))
    assert (await two.fetch()).got == SIZE
    assert "may not use" in await two.refused(permitting(h("role", "isAnyOf", ["ai-factory"])))


@case(5)
async def place_of_use(two):
    await two.agree(kept(two, permitting(Atomic("spatial", "isPartOf", "EU"))))
    assert (await two.fetch()).got == SIZE
    assert "does not permit" in await two.denied(spatial="US")


@case(6)
async def purpose(two):
    await two.agree(kept(two, permitting(Atomic("purpose", "isA", "https://w3id.org/dpv#ResearchAndDevelopment"))))
    assert (await two.fetch()).got == SIZE
    assert "does not permit" in await two.denied(purpose="https://w3id.org/dpv#Marketing")


@case(7)
async def event(two):
    await two.agree(kept(two, permitting(Atomic("event", "isAnyOf", ["urn:x:harvest"]))))
    assert "does not permit" in await two.denied()
    await two.tell("event", "urn:x:harvest")
    assert (await two.fetch()).got == SIZE


@case(8)
async def security_level(two):
    await two.agree(kept(two, permitting(h("securityLevel", "gteq", "trust"))))
    assert (await two.fetch()).got == SIZE
    assert "does not permit" in await two.denied(securityLevel="base")


@case(9)
async def interval(two):
    now = datetime.now(UTC)
    past, soon = (now - timedelta(days=2)).isoformat(), (now + timedelta(days=2)).isoformat()
    await two.agree(kept(two, permitting(Atomic("dateTime", "gteq", past), Atomic("dateTime", "lt", soon))))
    assert (await two.fetch()).got == SIZE
    await two.agree(permitting(Atomic("dateTime", "gteq", soon)))
    assert "does not permit" in await two.denied()
    with pytest.raises(Invalid):
        await two.offer(permitting(Atomic("dateTime", "lt", past)))


@case(10)
async def duration(two):
    await two.agree(kept(two, permitting(Atomic("elapsedTime", "lteq", "PT2S"))))
    id, address = await two.start()
    ours = await two.ended(id)
    assert ours.state == "TERMINATED"
    del address


@case(11)
async def number_of_uses(two):
    await two.agree(kept(two, permitting(Atomic("count", "lteq", "1"))))
    assert (await two.fetch()).got == SIZE
    assert "does not permit" in await two.denied()


@case(12)
async def delete(two):
    terms = permitting(obligations=[Rule("delete", (Atomic("delayPeriod", "lteq", "P30D"),))])
    await two.agree(kept(two, terms))
    assert (await two.fetch()).got == SIZE
    await two.north.endings.end("acme", two.contract, "notice", "The station is taken down.", "a test")
    (owed,) = await two.owed()
    assert (owed.state, owed.due - two.world.clock.now() > timedelta(days=29)) == (Done.PENDING, True)
    await _receipt(two, "deleted")


@case(13)
async def modify_in_transit(two):
    await two.agree(kept(two, permitting(duties=[Rule(HANSE + "mask", (h("column", "isAnyOf", ["name"]),))])), "people.csv")
    got = (await two.fetch()).body.decode()
    assert "Ann" not in got
    assert got.splitlines()[0] == "id,name,age"
    # Of what cannot be changed so, nothing leaves.
    await two.agree(permitting(duties=[Rule(HANSE + "mask", (h("column", "isAnyOf", ["name"]),))]), "big.bin")
    assert "does not permit" in await two.denied()


@case(14)
async def modify_at_rest(two):
    by = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    said = Rule(HANSE + "pseudonymise", (h("column", "isAnyOf", ["name"]), Atomic("dateTime", "lteq", by)))
    await two.agree(kept(two, permitting(obligations=[said])), "people.csv")
    assert (await two.fetch()).body.decode() == PEOPLE
    await _receipt(two, "modified")


@case(15)
async def log(two):
    await two.agree(kept(two, permitting(duties=[Rule(HANSE + "log")])))
    assert "use-began" not in await two.kinds(two.north, "acme")
    _, address = await two.start()
    assert "use-began" in await two.kinds(two.north, "acme")
    assert (await two.north.evidence.ledger.verify("acme")).sound
    del address


@case(16)
async def inform(two):
    await two.agree(kept(two, permitting(obligations=[Rule("inform")])))
    await two.fetch()
    await two.south.usage.openings.open("zoo", two.contract, "use", {})

    async def told():
        return "usage-report" in await two.kinds(two.north, "acme") and (await two.owed())[0].state is Done.FULFILLED

    await until(told, "the report")


@case(17)
async def next_policy(two):
    await two.agree(
        kept(two, permitting(duties=[Rule("nextPolicy", (h("policy", "eq", "members + purpose dpv:ResearchAndDevelopment"),))]))
    )
    assert (await two.fetch()).got == SIZE


@case(18)
async def state_of_the_data(two):
    terms = permitting(h("artifactState", "isAnyOf", ["encrypted"]), duties=[Rule(HANSE + "encrypt")])
    await two.agree(kept(two, terms), "people.csv")
    got = await two.fetch()
    assert got.status == 200
    assert b"Ann" not in got.body
    await two.agree(permitting(h("artifactState", "isAnyOf", ["anonymised"])), "people.csv")
    assert "does not permit" in await two.denied()


@case(19)
async def sale(two):
    await two.agree(kept(two, permitting(duties=[Rule("compensate", (Atomic("payAmount", "eq", eur("500.00")),))])))
    assert "does not permit" in await two.denied()
    await two.tell("payAmount", "500.00 EUR")
    assert (await two.fetch()).got == SIZE


@case(20)
async def rental(two):
    await two.agree(kept(two, permitting(h("paid", "eq", "current"))))
    assert "does not permit" in await two.denied()
    await two.tell("paid", "current", expires=two.world.clock.now() + timedelta(seconds=4))
    id, _ = await two.start()

    async def cut():
        return "data cut" in "".join(one.what for one in (await two.theirs(id)).history)

    await until(cut, "the end of the period")
    assert "does not permit" in await two.denied()


@case(21)
async def environment(two):
    await two.agree(kept(two, permitting(h("environment", "isAnyOf", ["air-gapped"]))))
    assert (await two.fetch()).got == SIZE
    assert "does not permit" in await two.denied(environment="open-plan")


@case(22)
async def participants_location(two):
    await two.agree(kept(two, permitting(h("participantLocation", "isPartOf", "EU"))))
    assert (await two.fetch()).got == SIZE
    assert "may not use" in await two.refused(permitting(h("participantLocation", "isAnyOf", ["FR"])))


@case(23)
async def consent(two):
    await two.agree(kept(two, permitting(h("consent", "eq", "given"))))
    assert "does not permit" in await two.denied()
    await two.tell("consent", "given")
    assert (await two.fetch()).got == SIZE


@case(24)
async def classification(two):
    await two.agree(kept(two, permitting(h("classification", "lteq", "internal"))))
    assert "does not permit" in await two.denied()
    await two.north.usage.telling.tell("acme", two.asset.id, "classification", "secret", source="its owner")
    assert "does not permit" in await two.denied()
    await two.north.usage.telling.tell("acme", two.asset.id, "classification", "public", source="its owner")
    assert (await two.fetch()).got == SIZE


@case(25)
async def anonymise(two):
    said = Rule("anonymize", (h("groupSize", "gteq", "2"), h("column", "isAnyOf", ["age"])))
    await two.agree(kept(two, permitting(duties=[said])), "people.csv")
    got = await two.fetch()
    assert got.status == 200
    assert got.body.startswith(b"id,name,age")


async def _receipt(two, what):
    """Let the consumer sign that it has done it, and see the obligation fulfilled at the provider."""
    objects = (k.Object("people.csv", "0" * 64, 9),)
    says = k.Receipt(agreement=two.contract, what=what, **receipt_of(objects))
    await two.south.evidence.evidence.send("zoo", says)

    async def fulfilled():
        return (await two.owed())[0].state is Done.FULFILLED

    await until(fulfilled, "the receipt")
    assert "receipt" in (await two.owed())[0].source


def test_no_class_was_left_out():
    assert {one.number for one in CLASSES} == DONE
    assert json.dumps([one.name for one in CLASSES])
