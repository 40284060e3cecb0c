"""Plans keep their limits, whatever is on offer, and say why."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from hanse.dcat.model import Agent, Stated
from hanse.factory.acquire.choosing import Chooser
from hanse.factory.acquire.describing import Declared
from hanse.factory.acquire.judging import Sight, judge
from hanse.factory.acquire.planning import name_of, plan, same_data
from hanse.factory.acquire.ports import Member
from hanse.factory.acquire.purposes import commercial, wanted
from hanse.factory.acquire.purposes import given as known
from hanse.factory.acquire.query import read_query
from hanse.factory.acquire.ranking import rank
from hanse.factory.acquire.records import Limits, LinkSpeed, Order
from hanse.factory.acquire.searching import Spotted, _shares
from hanse.factory.acquire.states import OrderState
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.price import read_price
from tests.unit.factory.acquire.space import NOW, OWN, SPACE, TENANT, budget, dataset, did, wish


def planned(one, *goods):
    """Return the drafts of an order over (member, dataset) pairs."""
    chooser = Chooser(wanted(one), known(one, OWN, NOW), one.action, BUILT_IN)
    sights = [
        Sight(spotted=Spotted(SPACE, Member(did(name), name), good), choice=chooser.choose(good.offers), described=Declared().of(good))
        for name, good in goods
    ]
    ranked = rank([judge(sight, one) for sight in sights], one, read_query(one.query), NOW)
    order = Order(tenant=TENANT, id="ord_1", wish=one, state=OrderState.SEARCHING, by="eva", created=NOW, updated=NOW)
    return plan(order, ranked, {}, (), ())


prices = st.integers(0, 30).map(lambda cents: "members" if cents == 0 else f"members + pay {cents}.5 EUR")
goods = st.lists(st.tuples(st.sampled_from(["zoo", "uni"]), prices, st.integers(1, 900), st.booleans()), max_size=12).map(
    lambda some: [
        (name, dataset(f"ds_{index}", terms=terms, byte_size=size, licence="cc-by-4.0" if clear else None))
        for index, (name, terms, size, clear) in enumerate(some)
    ]
)


@settings(max_examples=60)
@given(goods, st.integers(1, 60), st.integers(1, 3_000), st.integers(1, 9), st.randoms())
def test_no_plan_passes_its_limits_and_the_order_of_answers_does_not_matter(goods, money, size, count, chance):
    limits = Limits(budget=read_price(f"{money}EUR"), size=size, datasets=count)
    drafts = planned(wish(limits=limits), *goods)
    taken = [draft for draft in drafts if not draft.out]
    assert sum((draft.price.amount for draft in taken if draft.price), Decimal(0)) <= money
    assert sum(draft.candidate.dataset.byte_size for draft in taken) <= size
    assert len(taken) <= count
    assert len(drafts) == len(goods)
    assert all(draft.out[0] for draft in drafts if draft.out)
    shuffled = list(goods)
    chance.shuffle(shuffled)
    assert [draft.candidate for draft in planned(wish(limits=limits), *shuffled)] == [draft.candidate for draft in drafts]


def test_money_that_a_person_approved_in_another_currency_does_not_stop_the_rest():
    paid = ("zoo", dataset("ds_1", terms="members + pay 5 USD")), ("zoo", dataset("ds_2", terms="members + pay 5 EUR"))
    drafts = {draft.candidate.dataset.id: draft for draft in planned(wish(limits=budget("5EUR")), *paid)}
    assert [one.about for one in drafts["ds_1"].questions] == ["price"]
    assert (drafts["ds_2"].out, drafts["ds_2"].questions) == ((), ())


def test_without_a_budget_nothing_is_bought_unasked():
    (draft,) = planned(wish(limits=Limits(each=read_price("9EUR"))), ("zoo", dataset(terms="members + pay 5 EUR")))
    assert [one.about for one in draft.questions] == ["price"]


def test_a_measured_link_gives_the_time_before_bytes_move():
    link = LinkSpeed(tenant=TENANT, peer=did("zoo"), rate=2e6, latency=0.5, at=NOW)
    good = dataset(byte_size=10_000_000)
    sight = Sight(spotted=Spotted(SPACE, Member(did("zoo"), "zoo"), good), choice=None, link=link)
    estimate = judge(sight, wish()).estimate
    assert (estimate.seconds, estimate.size, estimate.measured) == (5.5, 10_000_000, NOW)
    assert judge(structs.replace(sight, link=None), wish()).estimate is None
    unknown = structs.replace(sight, spotted=Spotted(SPACE, Member(did("zoo"), "zoo"), structs.replace(good, byte_size=None)))
    assert judge(unknown, wish()).estimate is None


def test_names_in_the_facility_are_plain_and_tell_datasets_apart():
    drafts = planned(wish(), ("zoo", dataset("ds_1", "Wétter: täglich / daily!")), ("uni", dataset("ds_1", "Wetter täglich daily weather")))
    names = sorted(draft.name for draft in drafts)
    assert names[0].startswith("wetter-taglich-daily")
    assert len(set(names)) == 2
    assert all(len(name) <= 64 and name.replace("-", "").isalnum() and name.isascii() for name in names)
    bare = planned(wish(query="weather"), ("zoo", dataset("ds_1", "天気", description="weather")))
    assert bare[0].name.startswith("dataset-")
    assert name_of(bare[0].candidate) == bare[0].name


def test_what_is_the_same_data():
    one = dataset(version="1")
    assert same_data(one, structs.replace(one, title="Another title"))
    assert not same_data(one, structs.replace(one, version="2"))
    assert not same_data(one, structs.replace(one, modified=NOW + timedelta(days=1)))


def test_what_a_dataset_declares_of_its_origin():
    said = (Stated("dataCollectionType", ("Surveys",)), Stated("personalSensitiveInformation", ("Names of patients.",)))
    good = dataset(spatial=("http://publications.europa.eu/resource/authority/country/DEU", "Berlin", "FR"), rai=said)
    origin = Declared().of(good).origin
    assert (origin.places, origin.collection, origin.personal, origin.rights) == (("DE", "FR"), "Surveys", True, "CC-BY-4.0")
    assert Declared().of(structs.replace(good, rai=(Stated("personalSensitiveInformation", ("None.",)),))).origin.personal is False
    assert Declared().of(dataset(licence=None, publisher=Agent("Somebody"))).origin.personal is None


def test_which_purposes_are_commercial():
    assert commercial(None)
    assert commercial("dpv:Marketing")
    assert commercial("https://example.org/ours")
    assert not commercial("dpv:NonCommercialResearch")
    assert not commercial("https://w3id.org/dpv#AcademicResearch")


@given(st.lists(st.integers(0, 3_000), max_size=40))
def test_room_for_finds_is_shared_fairly(counts):
    shares = _shares(counts)
    assert sum(shares) <= 2_000
    assert all(share <= min(count, 500) for share, count in zip(shares, counts, strict=True))
    if sum(min(count, 500) for count in counts) <= 2_000:
        assert shares == [min(count, 500) for count in counts]
