"""Links: what each mode needs and allows, what a change keeps, and what an end takes with it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from hanse.factory.links.limits import Sought
from hanse.factory.links.links import Wanted
from hanse.factory.links.records import Limits, Mode, Relay, Spent
from hanse.kernel.errors import Conflict, Invalid, NotFound
from hanse.odrl.price import Price
from tests.unit.factory.links.memory import HARBOUR, MEADOW, MILL, NOON, US, ZOO, Factory, run

WEEK = timedelta(days=7)
EUR = "EUR"


@pytest.fixture
def factory():
    return Factory()


def change(factory, mode, space=HARBOUR, **said):
    return run(factory.links.set(US, space, Wanted(mode=mode, **said), "ann"))


def refused(factory, mode, space=HARBOUR, **said):
    with pytest.raises(Conflict) as fault:
        change(factory, mode, space, **said)
    assert fault.value.rule == "needs"
    return fault.value.message


def unmet(factory, space=HARBOUR):
    return [one.what for one in run(factory.links.show(US, space)).needs if one.met is not True]


def may(factory, right, space=HARBOUR):
    return run(factory.links.may(US, space, right)).yes


def mirroring(factory, **changes):
    said = {"trust": {"mirror": ("ai-factory",), "replicate": ("ai-factory",)}, "roles": frozenset({"ai-factory"})}
    factory.change(HARBOUR, **{**said, "proved": frozenset({"ai-factory"}), **changes})


def test_a_member_is_an_ordinary_participant_until_it_says_otherwise(factory):
    (standing,) = run(factory.links.all(US))
    assert (standing.link.mode, standing.set, standing.rights) == (Mode.PARTICIPANT, False, ("acquire", "offer"))
    assert standing.next is Mode.OWN_ROLE
    assert [one.met for one in standing.next_needs] == [True, True, False, False, False]
    with pytest.raises(NotFound):
        run(factory.links.show(US, MEADOW))


def test_who_is_no_member_any_more_has_no_rights(factory):
    factory.change(HARBOUR, listed=False)
    assert run(factory.links.show(US, HARBOUR)).rights == ()
    assert not may(factory, "acquire")
    assert "an active member" in refused(factory, Mode.PARTICIPANT)


def test_what_cannot_be_told_lets_nobody_in(factory):
    factory.change(HARBOUR, problem="The anchor cannot be reached.", listed=False, membership=False)
    assert "The anchor cannot be reached." in refused(factory, Mode.PARTICIPANT)


# Ad hoc.


def test_an_ad_hoc_link_is_bound_to_a_project_and_a_date(factory):
    assert "a project" in refused(factory, Mode.AD_HOC, until=NOON + WEEK)
    assert "a date on which it ends" in refused(factory, Mode.AD_HOC, project="flood")
    assert "a date on which it ends" in refused(factory, Mode.AD_HOC, project="flood", until=NOON)
    change(factory, Mode.AD_HOC, project="flood", until=NOON + WEEK)
    assert (may(factory, "acquire"), may(factory, "offer")) == (True, False)
    assert run(factory.links.next_due()) == NOON + WEEK


def test_when_its_time_is_over_what_it_brought_ends_and_what_was_there_before_stands(factory):
    factory.deal("agr_before", after=-WEEK)
    change(factory, Mode.AD_HOC, project="flood", until=NOON + WEEK)
    factory.deal("agr_project", after=timedelta(hours=1))
    factory.deal("agr_both", spaces=(HARBOUR, MEADOW), after=timedelta(hours=2))
    factory.change(MEADOW, joined=True, listed=True, membership=True)
    factory.clock.advance(days=7, seconds=-1)
    run(factory.links.end_due())
    assert factory.ended == []
    factory.clock.advance(seconds=1)
    assert not may(factory, "acquire"), "not even before the timer has come round"
    run(factory.links.end_due())
    assert (factory.ended, factory.revoked) == (["agr_project"], ["ord_1"])
    link = run(factory.links.show(US, HARBOUR)).link
    assert (link.ended, link.why) == (NOON + WEEK, "The project flood is over.")
    assert [(says.mode, says.before) for _, says in factory.tx.stated] == [("ad-hoc", "participant"), ("ended", "ad-hoc")]
    assert run(factory.links.next_due()) is None


def test_an_end_that_was_broken_off_goes_on(factory):
    change(factory, Mode.AD_HOC, project="flood", until=NOON + WEEK)
    factory.deal("agr_1", after=timedelta(hours=1))
    factory.deal("agr_2", after=timedelta(hours=2))
    end = factory.end

    async def fails(tenant, id, reason):
        if id == "agr_2":
            raise RuntimeError("killed")
        return await end(tenant, id, reason)

    factory.end = fails
    with pytest.raises(RuntimeError):
        run(factory.links.end(US, HARBOUR, "over"))
    assert run(factory.links.show(US, HARBOUR)).link.ended is None
    factory.end = end
    ending = run(factory.links.end(US, HARBOUR, "over"))
    assert (ending.contracts, factory.ended) == (("agr_2",), ["agr_1", "agr_2"])
    with pytest.raises(NotFound):
        run(factory.links.end(US, HARBOUR, "again"))


def test_only_an_ad_hoc_link_has_a_project_and_an_end(factory):
    with pytest.raises(Invalid):
        change(factory, Mode.PARTICIPANT, until=NOON + WEEK)
    with pytest.raises(Invalid):
        change(factory, Mode.AUTOMATED, project="flood", limits=Limits(datasets=1))


# Through an intermediary.


def test_an_intermediary_has_to_be_one_and_to_be_met_and_to_sign(factory):
    assert "Name one" in refused(factory, Mode.INTERMEDIARY, MEADOW)
    assert f"lists as intermediaries: {ZOO}" in refused(factory, Mode.INTERMEDIARY, MEADOW, intermediary=MILL)
    factory.relays[ZOO] = Relay(met=False, notes=True)
    assert "You are in no space with it" in refused(factory, Mode.INTERMEDIARY, MEADOW, intermediary=ZOO)
    factory.relays[ZOO] = Relay(met=True, notes=False)
    assert "by your word alone" in refused(factory, Mode.INTERMEDIARY, MEADOW, intermediary=ZOO)
    factory.relays[ZOO] = Relay(met=True, notes=True)
    factory.deal("agr_zoo", peer=ZOO)
    changed = change(factory, Mode.INTERMEDIARY, MEADOW, intermediary=ZOO)
    assert changed.kept == ()
    assert "an agreement with it whose terms let it pass data on" in " ".join(changed.new)
    assert (may(factory, "relay", MEADOW), may(factory, "acquire", MEADOW)) == (True, False)
    assert run(factory.links.show(US, MEADOW)).contracts == 1


def test_the_intermediary_is_bypassed_later_and_what_came_through_it_stands(factory):
    change(factory, Mode.INTERMEDIARY, MEADOW, intermediary=ZOO)
    factory.deal("agr_zoo", peer=ZOO)
    assert "You have not joined it" in refused(factory, Mode.PARTICIPANT, MEADOW)
    factory.change(MEADOW, joined=True, listed=True, membership=True)
    changed = change(factory, Mode.PARTICIPANT, MEADOW)
    assert changed.kept == ("agr_zoo",)
    assert "What came through an intermediary stays under the agreement with it." in " ".join(changed.new)
    assert factory.ended == []


# Own role, federated, automated.


def test_a_role_of_ones_own_is_granted_had_and_proved(factory):
    assert "trust: [mirror]" in refused(factory, Mode.OWN_ROLE)
    mirroring(factory, roles=frozenset(), proved=frozenset())
    assert "--role ai-factory" in refused(factory, Mode.OWN_ROLE)
    mirroring(factory, proved=frozenset())
    assert "hanse wallet request" in refused(factory, Mode.OWN_ROLE)
    mirroring(factory)
    factory.deal("agr_1")
    changed = change(factory, Mode.OWN_ROLE)
    assert (changed.kept, factory.ended) == (("agr_1",), [])
    assert "one new agreement, whose target is the collection" in " ".join(changed.new)
    assert may(factory, "mirror")


def test_trust_that_is_taken_back_is_gone_at_once(factory):
    mirroring(factory)
    change(factory, Mode.OWN_ROLE)
    mirroring(factory, trust={"mirror": (), "replicate": ()})
    assert not may(factory, "mirror")
    mirroring(factory, proved=frozenset())
    assert not may(factory, "mirror")


def test_a_trusted_role_alone_is_not_the_mode(factory):
    mirroring(factory)
    told = run(factory.links.may(US, HARBOUR, "mirror"))
    assert (told.yes, "`hanse link set`" in told.why) == (False, True)


def test_a_federated_link_needs_an_anchor_that_takes_statements(factory):
    mirroring(factory, notes=False)
    assert "uses cannot be reported" in refused(factory, Mode.FEDERATED)
    mirroring(factory, notes=True)
    change(factory, Mode.FEDERATED)
    assert may(factory, "replicate")
    assert not may(factory, "automatic")


def test_automation_needs_limits_and_keeps_to_them(factory):
    assert "limits for standing orders" in refused(factory, Mode.AUTOMATED)
    assert not run(factory.links.allowed(US, HARBOUR)).yes
    limits = Limits(budget=Price(Decimal(100), EUR), size=1_000, datasets=3)
    assert any("without a person" in line for line in change(factory, Mode.AUTOMATED, limits=limits).new)

    def allowed(**said):
        return run(factory.links.allowed(US, HARBOUR, **said))

    assert allowed(price=Price(Decimal(100), EUR), size=1_000).yes
    assert "more than 1000 bytes" in allowed(size=1_001).why
    assert "100.01 EUR would be spent" in allowed(price=Price(Decimal("100.01"), EUR)).why
    assert "nothing is converted" in allowed(price=Price(Decimal(1), "USD")).why
    factory.acquired = Spent(money=(Price(Decimal(60), EUR),), size=900, datasets=2)
    assert not allowed(price=Price(Decimal(50), EUR)).yes
    assert allowed(price=Price(Decimal(40), EUR), size=100).yes
    factory.acquired = Spent(datasets=3)
    assert "3 datasets came in 30 days" in allowed().why
    factory.change(HARBOUR, listed=False)
    assert not allowed().yes


def test_without_a_budget_nothing_is_bought_automatically_and_own_rules_come_first(factory):
    change(factory, Mode.AUTOMATED, limits=Limits(datasets=10), without=(MILL, "ds_9"))
    assert "has no budget" in run(factory.links.allowed(US, HARBOUR, price=Price(Decimal(1), EUR))).why
    assert run(factory.links.allowed(US, HARBOUR, price=Price(Decimal(0), EUR))).yes
    for said in ({"member": MILL}, {"dataset": "ds_9"}):
        assert "left out" in run(factory.links.allowed(US, HARBOUR, **said)).why
    assert run(factory.links.allowed(US, HARBOUR, member=ZOO, dataset="ds_1")).yes


def test_each_change_is_in_the_log_and_what_a_mode_needs_can_be_asked_before(factory):
    change(factory, Mode.AUTOMATED, limits=Limits(datasets=1))
    change(factory, Mode.PARTICIPANT)
    assert [(name, says.mode, says.before) for name, says in factory.tx.stated] == [
        (HARBOUR, "automated", "participant"),
        (HARBOUR, "participant", "automated"),
    ]
    needs = run(factory.links.needs(US, MEADOW, Wanted(mode=Mode.INTERMEDIARY, intermediary=ZOO)))
    assert [one.met for one in needs] == [True, True, True, True]
    assert len(factory.tx.stated) == 2


def test_datasets_that_are_chosen_together_share_the_limits_of_their_space(factory):
    change(factory, Mode.AUTOMATED, limits=Limits(budget=Price(Decimal(10), EUR), datasets=2))
    six = Price(Decimal(6), EUR)
    sought = [
        Sought(space=HARBOUR, price=six),
        Sought(space=HARBOUR, price=six),
        Sought(space=MEADOW),
        Sought(space=HARBOUR),
        Sought(space=HARBOUR),
    ]
    first, second, third, fourth, fifth = run(factory.links.unattended(US, sought))
    assert (first, fourth) == ("", ""), "what is refused takes nothing from the rest"
    assert "12 EUR would be spent" in second
    assert "There is no link with" in third
    assert "2 datasets came" in fifth
    purse = run(factory.links.purse(US, HARBOUR))
    again = purse.copy()
    purse.take(sought[0])
    assert (purse.problem(sought[1]) == "", again.problem(sought[1]), again.spent.datasets) == (False, "", 0)
