"""From a wish to a plan, over a space in memory."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from msgspec import structs

from hanse.dcat.holding import DatasetVersion, Origin
from hanse.dcat.model import Checksum, Measured
from hanse.factory.acquire import searching
from hanse.factory.acquire.ports import Described, Found
from hanse.factory.acquire.records import Limits, Standing
from hanse.factory.acquire.searching import Pace
from hanse.factory.acquire.states import Event, ItemState, OrderState
from hanse.kernel.errors import Conflict, Invalid, NotFound, PeerRefused, PeerUnreachable
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.price import Price, read_price
from hanse.odrl.templates import parse_template
from tests.unit.factory.acquire.space import (
    ACQUIRED,
    EVA,
    NOW,
    OTHER,
    OWN,
    SPACE,
    TENANT,
    Modes,
    budget,
    by_dataset,
    dataset,
    did,
    offer,
    play,
    wish,
)

COMPLETENESS = "urn:hanse:quality:completeness"


def placed(wish, **catalogues):
    """Return what one order comes to over these catalogues."""

    async def scenario(world):
        world.spaces = {SPACE: list(catalogues)}
        world.catalogues = {did(name): datasets for name, datasets in catalogues.items()}
        return await world.run(wish)

    return play(scenario)


def why(seen, id="ds_1"):
    return by_dataset(seen)[id].why


def test_what_fits_is_approved_and_goes_to_the_running_room():
    seen = placed(wish(), zoo=[dataset()])
    (item,) = seen.items
    assert (seen.order.state, item.state) == (OrderState.RUNNING, ItemState.APPROVED)
    assert item.candidate.cover is Verdict.COVERED
    assert item.price is None
    assert item.candidate.offer.id == "off_ds_1"
    assert item.name.startswith("weather-in-europe-")
    assert item.candidate.licence == "CC-BY-4.0"


def test_all_members_of_all_spaces_are_asked_once_and_we_are_not():
    async def scenario(world):
        world.spaces = {SPACE: ["zoo", "uni", "factory"], OTHER: ["uni", "city"]}
        world.catalogues[did("city")] = [dataset("ds_9")]
        seen = await world.run(wish())
        assert did("factory") == OWN
        assert sorted(peer for peer, _ in world.filters) == [did("city"), did("uni"), did("zoo")]
        assert by_dataset(seen)["ds_9"].space == OTHER
        assert seen.order.run.asked == 3
        assert seen.order.run.spaces == (SPACE, OTHER)

    play(scenario)


def test_who_does_not_answer_is_named_with_the_reason():
    async def scenario(world):
        world.spaces[OTHER] = PeerUnreachable("The anchor is away.")
        world.catalogues[did("zoo")] = PeerUnreachable("Nobody is there.")
        world.catalogues[did("uni")] = [dataset()]
        seen = await world.run(wish())
        told = {(one.member, one.why) for one in seen.order.run.silent}
        assert told == {(did("zoo"), "Nobody is there."), ("", "The anchor is away.")}
        assert [item.state for item in seen.items] == [ItemState.APPROVED]

    play(scenario)


def test_who_is_slow_is_given_up_on():

    async def scenario(world):
        async def never(_filter):
            await asyncio.Event().wait()

        world.catalogues[did("zoo")] = never
        world.catalogues[did("uni")] = [dataset()]
        world.start(Pace(per_member=timedelta(milliseconds=20)))
        seen = await world.run(wish())
        assert [one.member for one in seen.order.run.silent] == [did("zoo")]
        assert "0.02 seconds" in seen.order.run.silent[0].why
        assert len(seen.items) == 1

    play(scenario)


def test_who_knows_no_filter_is_asked_for_everything_and_it_is_applied_here():
    async def scenario(world):
        async def simple(filter):
            return PeerRefused("Bad filter.", status=400) if filter else Found([dataset("ds_1"), dataset("ds_2", "Cats")])

        world.catalogues[did("zoo")] = simple
        seen = await world.run(wish())
        assert [item.dataset for item in seen.items] == ["ds_1"]
        assert [filter for peer, filter in world.filters if peer == did("zoo")] == [({"text": ["weather"]},), ()]
        assert not seen.order.run.silent

    play(scenario)


def test_a_refusal_that_has_nothing_to_do_with_the_filter_stays_one():
    seen = placed(wish(), zoo=PeerRefused("You may not.", status=403))
    assert [one.why for one in seen.order.run.silent] == ["You may not."]
    assert seen.order.state is OrderState.DONE


@pytest.mark.parametrize(
    ("ordered", "offered", "said"),
    [
        ({"languages": ("de",)}, {}, "names no language"),
        ({"languages": ("de",)}, {"language": ("en", "fr")}, "language is en, fr"),
        ({"licences": ("cc0-1.0",)}, {}, "licence is CC-BY-4.0"),
        ({"licences": ("mit",)}, {"licence": None}, "names no licence"),
        ({}, {"licence": "cc-by-nc-4.0"}, "forbids commercial use"),
        ({"purpose": "dpv:NonCommercialResearch"}, {"licence": "cc-by-nd-4.0"}, "forbids sharing what is derived"),
        ({"max_size": 999}, {}, "1000 bytes; at most 999"),
        ({"newer_than": NOW + timedelta(days=1)}, {}, "is of 2026-11-26"),
        ({"newer_than": NOW}, {"modified": None}, "does not say how old"),
        ({"quality": {"completeness": Decimal("0.9")}}, {}, "declares no completeness"),
        (
            {"quality": {"completeness": Decimal("0.9")}},
            {"measures": (Measured(COMPLETENESS, 0.8),)},
            "declares completeness 0.8; at least 0.9",
        ),
        ({"quality_most": {"completeness": Decimal("0.9")}}, {"measures": (Measured(COMPLETENESS, 1.0),)}, "at most 0.9 is ordered"),
        ({"eu_only": True}, {}, "does not say"),
        ({"eu_only": True}, {"spatial": ("DE", "US")}, "comes from DE, US"),
        ({"clear_rights": True}, {"licence": "https://example.org/ours"}, "clear rights"),
        ({}, {"formats": ("AmazonS3-PUSH",)}, "cannot be fetched"),
        ({}, {"offers": ()}, "no offer that can be read"),
        ({"purpose": "dpv:AcademicResearch"}, {"offers": (offer("members + purpose dpv:Marketing"),)}, "do not cover"),
        ({}, {"measures": (Measured(COMPLETENESS, 0.9),), "offers": (offer("members + quality completeness>=0.95"),)}, "do not cover"),
        ({}, {"spatial": ("US",), "offers": (offer("members + origin EU"),)}, "do not cover"),
        ({}, {"offers": (offer("evaluate"),)}, "do not cover train"),
        ({"limits": budget("10EUR")}, {"offers": (offer("members + pay 11 EUR"),)}, "costs 11 EUR, more than 10 EUR"),
    ],
)
def test_what_does_not_fit_is_left_out_with_the_reason(ordered, offered, said):
    seen = placed(wish(**ordered), zoo=[structs.replace(dataset(), **offered)])
    assert seen.items[0].state is ItemState.LEFT_OUT
    assert said in why(seen)
    assert seen.order.state is OrderState.DONE


@pytest.mark.parametrize(
    ("ordered", "offered"),
    [
        ({"languages": ("de",)}, {"language": ("de-AT",)}),
        ({"licences": ("http://creativecommons.org/licenses/by/4.0/legalcode.de",)}, {}),
        ({"licences": ("MIT",)}, {"licence": "CC-BY-NC-4.0 OR MIT"}),
        ({"purpose": "dpv:NonCommercialResearch"}, {"licence": "cc-by-nc-4.0"}),
        ({"max_size": 1000, "newer_than": NOW}, {}),
        ({"clear_rights": True}, {}),
        ({"quality": {"completeness": Decimal("0.9")}}, {"measures": (Measured(COMPLETENESS, 0.9),)}),
        ({}, {"measures": (Measured(COMPLETENESS, 0.96),), "offers": (offer("members + quality completeness>=0.95"),)}),
        ({}, {"spatial": ("DE", "FR"), "offers": (offer("members + origin EU + without outside-eu,rights-unclear"),)}),
        ({"eu_only": True}, {"spatial": ("EU",)}),
        ({"eu_only": True}, {"spatial": ("DE", "http://publications.europa.eu/resource/authority/country/FRA")}),
        ({"limits": budget("10EUR")}, {"offers": (offer("members + pay 10.00 EUR"),)}),
        ({"purpose": "dpv:AcademicResearch"}, {"offers": (offer("train + purpose dpv:ResearchAndDevelopment"),)}),
    ],
)
def test_what_fits_is_taken(ordered, offered):
    seen = placed(wish(**ordered), zoo=[structs.replace(dataset(), **offered)])
    assert seen.items[0].state is ItemState.APPROVED, why(seen)


@pytest.mark.parametrize(
    ("ordered", "offered", "about", "said"),
    [
        ({"limits": budget("10EUR")}, {"offers": (offer("members + pay 5 USD"),)}, "price", "nothing is converted"),
        ({}, {"offers": (offer("members + pay 5 EUR"),)}, "price", "no budget"),
        ({"limits": budget("10EUR")}, {"offers": (offer("members + rent 5 EUR per P1M"),)}, "price", "again and again"),
        ({"limits": budget("100EUR", each=read_price("5EUR"))}, {"offers": (offer("members + pay 6 EUR"),)}, "price", "one dataset"),
        ({}, {"offers": (offer("members + purpose dpv:Marketing"),)}, "terms", "the order says nothing"),
        ({"max_size": 10}, {"byte_size": None}, "size", "does not say how large"),
        ({"yes": False}, {}, "plan", "without `yes`"),
    ],
)
def test_what_is_not_known_asks_a_person(ordered, offered, about, said):
    seen = placed(wish(**ordered), zoo=[structs.replace(dataset(), **offered)])
    (item,) = seen.items
    assert (seen.order.state, item.state) == (OrderState.ASKING, ItemState.ASKING)
    assert [(one.about, said in one.said) for one in item.questions] == [(about, True)]


def test_terms_that_only_the_law_keeps_ask_unless_they_are_accepted():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset()]
        world.declares[did("zoo")] = ("permission[0].constraint[1]",)
        asked, accepted = await world.run(wish()), await world.run(wish(query="europe", declared=True))
        assert [one.about for one in asked.items[0].questions] == ["declared"]
        assert "permission[0].constraint[1]" in asked.items[0].questions[0].said
        # The same dataset is acquired by one order at a time.
        assert "It waits for a decision already" in accepted.items[0].why
        await world.orders.refuse(TENANT, asked.order.id, [], EVA)
        again = await world.run(wish(query="europe", declared=True))
        assert again.items[0].state is ItemState.APPROVED

    play(scenario)


def test_terms_that_cover_a_part_ask_and_name_the_narrower_ones():
    seen = placed(wish(action="use"), zoo=[dataset(terms="train")])
    (item,) = seen.items
    assert item.candidate.cover is Verdict.PARTLY
    assert [one.about for one in item.questions] == ["terms"]
    assert item.need == item.candidate.terms != item.offer.terms or item.need is None


def test_the_cheapest_offer_that_covers_is_chosen():
    offers = (offer("members + pay 9 EUR", "dear"), offer("members + pay 3 EUR", "cheap"), offer("evaluate", "free"))
    seen = placed(wish(limits=budget("10EUR")), zoo=[dataset(terms=offers)])
    assert seen.items[0].candidate.offer.id == "cheap"
    assert seen.items[0].price == Price(Decimal(3), "EUR")


def test_the_budget_buys_the_best_set_and_the_rest_is_left_out():
    goods = [dataset(f"ds_{n}", terms=f"members + pay {price} EUR") for n, price in enumerate((6, 3, 2), 1)]
    seen = placed(wish(limits=budget("8EUR")), zoo=goods)
    found = by_dataset(seen)
    assert {id: item.state.value for id, item in found.items()} == {"ds_1": "left-out", "ds_2": "approved", "ds_3": "approved"}
    assert "6 EUR is more than the 3 EUR that are left of 8 EUR" in found["ds_1"].why


def test_limits_of_datasets_and_bytes():
    goods = [dataset(f"ds_{n}", byte_size=400) for n in range(4)]
    assert [item.state.value for item in placed(wish(limits=Limits(datasets=1)), zoo=goods).items].count("approved") == 1
    assert [item.state.value for item in placed(wish(limits=Limits(size=1000)), zoo=goods).items].count("approved") == 2


def test_the_ranking_does_not_depend_on_the_order_of_the_answers():
    goods = [
        dataset("ds_1", "Rain", description="weather", licence=None),
        dataset("ds_2"),
        dataset("ds_3", checksums=(Checksum("sha256", "a" * 64),)),
        dataset("ds_4", modified=NOW - timedelta(days=900)),
    ]
    orders = [[item.dataset for item in placed(wish(), zoo=list(some)).items] for some in (goods, goods[::-1])]
    assert orders[0] == orders[1] == ["ds_3", "ds_2", "ds_4", "ds_1"]
    reasons = placed(wish(), zoo=goods).items[0].candidate.reasons
    assert "checksums +5" in next(one.said for one in reasons if one.about == "rank")


def test_the_same_bytes_of_two_members_are_taken_once():
    sums = (Checksum("sha256", "a" * 64),)
    seen = placed(wish(), uni=[dataset("ds_1", checksums=sums)], zoo=[dataset("ds_2", checksums=sums)])
    assert [item.state.value for item in seen.items] == ["approved", "left-out"]
    assert "same bytes" in seen.items[1].why


def test_origin_and_rights_are_marked():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset("ds_1"), dataset("ds_2", licence="ours"), dataset("ds_3")]
        world.described["ds_1"] = Described(origin=Origin(places=("DE", "FR")))
        world.described["ds_3"] = Described(origin=Origin(places=("DE", "US"), personal=True))
        found = by_dataset(await world.run(wish()))
        assert found["ds_1"].candidate.risks == ()
        assert found["ds_2"].candidate.risks == ("rights unclear", "origin unknown")
        assert found["ds_3"].candidate.risks == ("outside the EU", "personal data")

    play(scenario)


NAME = "weather-in-europe-" + hashlib.sha256(f"{did('zoo')} ds_1".encode()).hexdigest()[:8]


def version(offered, agreement="agr_1"):
    return DatasetVersion(
        tenant=TENANT,
        name=NAME,
        number=3,
        provider=did("zoo"),
        dataset="ds_1",
        root="0" * 64,
        count=1,
        size=1,
        stored=NOW,
        agreement=agreement,
        offered=offered,
    )


@pytest.mark.parametrize(
    ("terms", "changed", "state"),
    [("members", False, "left-out"), ("members", True, "approved"), ("evaluate", False, "approved")],
)
def test_what_is_held_under_an_agreement_that_covers_the_use_is_not_bought_again(terms, changed, state):
    async def scenario(world):
        now = dataset(terms="members + pay 5 EUR")
        world.catalogues[did("zoo")] = [now]
        world.versions[NAME] = [version(structs.replace(now, version="old") if changed else now)]
        world.agreements["agr_1"] = parse_template(terms, NOW)
        (item,) = (await world.run(wish(limits=budget("10EUR")))).items
        assert item.state.value == state
        if terms == "members":
            assert item.agreement == ("agr_1" if changed else None)
            assert item.price is None
        else:
            assert item.agreement is None
            assert item.price == Price(Decimal(5), "EUR")
        if state == "left-out":
            assert f"held already, as {NAME}@3 under agr_1" in item.why
        assert item.name == NAME

    play(scenario)


def test_a_dry_run_plans_and_nothing_else():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset()]
        seen = await world.run(wish(dry_run=True, yes=False))
        assert (seen.order.state, seen.items[0].state) == (OrderState.PLANNED, ItemState.CANDIDATE)
        assert await world.db.read(lambda tx: tx.orders.open()) == []
        with pytest.raises(Conflict, match="dry run"):
            await world.orders.approve(TENANT, seen.order.id, [], EVA)

    play(scenario)


def test_a_person_approves_the_plan_and_questions_one_by_one():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset("ds_1"), dataset("ds_2", terms="members + rent 5 EUR per P1M")]
        seen = await world.run(wish(yes=False))
        numbers = {item.dataset: item.number for item in seen.items}
        seen = await world.orders.approve(TENANT, seen.order.id, [], EVA)
        found = by_dataset(seen)
        assert (found["ds_1"].state, found["ds_2"].state) == (ItemState.APPROVED, ItemState.ASKING)
        assert seen.order.state is OrderState.RUNNING
        assert found["ds_1"].approved_by == "eva"
        seen = await world.orders.approve(TENANT, seen.order.id, [numbers["ds_2"]], EVA, read_price("60EUR"))
        item = by_dataset(seen)["ds_2"]
        assert item.state is ItemState.APPROVED
        assert item.answered == ("price", "plan")
        assert item.price == read_price("60EUR")
        with pytest.raises(Conflict):
            await world.orders.approve(TENANT, seen.order.id, [numbers["ds_2"]], EVA)
        with pytest.raises(NotFound):
            await world.orders.approve(TENANT, seen.order.id, [99], EVA)
        assert [what for what, _ in world.log] == ["placed", "searched", "approved", "approved"]

    play(scenario)


def test_a_person_says_no():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset()]
        seen = await world.run(wish(yes=False))
        seen = await world.orders.refuse(TENANT, seen.order.id, [1], EVA, "Too old.")
        assert (seen.order.state, seen.items[0].state, seen.items[0].why) == (OrderState.DONE, ItemState.REFUSED, "Too old.")
        assert world.log[-1][0] == "finished"

    play(scenario)


def test_an_order_is_cancelled_while_items_run():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset("ds_1"), dataset("ds_2", terms="members + rent 5 EUR per P1M")]
        seen = await world.run(wish())
        id = seen.order.id
        seen = await world.orders.cancel(TENANT, id, EVA, "Not needed.")
        states = {item.dataset: item.state for item in seen.items}
        assert states == {"ds_1": ItemState.APPROVED, "ds_2": ItemState.CANCELLED}
        assert seen.order.cancelled is not None
        assert seen.order.state is OrderState.RUNNING  # until the running room has ended its item
        await world.finish(id, by_dataset(seen)["ds_1"].number, Event.CANCEL)
        seen = await world.orders.get(TENANT, id)
        assert seen.order.state is OrderState.CANCELLED
        assert world.log[-1][0] == "cancelled"
        with pytest.raises(Conflict):
            await world.orders.cancel(TENANT, id, EVA)

    play(scenario)


def test_an_order_is_cancelled_while_it_searches():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset()]
        order = await world.orders.place(TENANT, wish(), EVA)
        await world.orders.cancel(TENANT, order.id, EVA)
        seen = await world.go(order.id)
        assert seen.order.state is OrderState.CANCELLED
        assert not seen.items

    play(scenario)


def test_a_cancellation_during_a_search_is_not_undone_by_its_end():
    async def scenario(world):
        async def meanwhile(_filter):
            await world.orders.cancel(TENANT, "ord_1", EVA)
            return Found([dataset()])

        world.catalogues[did("zoo")] = meanwhile
        seen = await world.run(wish())
        assert seen.order.state is OrderState.CANCELLED
        assert not seen.items

    play(scenario)


def test_an_order_ends_with_its_items():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset("ds_1"), dataset("ds_2")]
        id = (await world.run(wish())).order.id
        await world.finish(id, 1, *ACQUIRED)
        assert (await world.orders.get(TENANT, id)).order.state is OrderState.RUNNING
        await world.finish(id, 2, Event.NEGOTIATE, Event.FAIL, why="The disk is full.")
        assert (await world.orders.get(TENANT, id)).order.state is OrderState.FAILED
        seen = await world.orders.retry(TENANT, id, [], EVA)
        assert (seen.order.state, seen.items[1].state) == (OrderState.RUNNING, ItemState.APPROVED)
        await world.finish(id, 2, *ACQUIRED)
        assert (await world.orders.get(TENANT, id)).order.state is OrderState.DONE
        assert [what for what, _ in world.log] == ["placed", "searched", "failed", "changed", "finished"]

    play(scenario)


def standing(days=1, **fields):
    return {"standing": Standing(every=timedelta(days=days), total=fields.pop("total", Limits())), **fields}


def test_a_standing_order_acquires_what_is_new_and_what_has_changed():
    async def scenario(world):
        first = dataset("ds_1", version="1")
        world.catalogues[did("zoo")] = [first, dataset("ds_9", licence="cc-by-nc-4.0")]
        seen = await world.run(wish(**standing()))
        id = seen.order.id
        await world.finish(id, 1, *ACQUIRED)
        seen = await world.orders.get(TENANT, id)
        assert seen.order.state is OrderState.WAITING
        assert seen.order.due == NOW + timedelta(days=1)
        assert await world.runs.next_due() == NOW + timedelta(days=1)

        world.clock.advance(days=1)
        seen = await world.go(id)  # nothing new
        assert (len(seen.items), seen.order.run.number) == (3, 2)
        again = seen.items[2]
        assert again.state is ItemState.LEFT_OUT
        assert "Item 1 of this order is the same data, and is done." in again.why

        world.clock.advance(days=1)
        world.catalogues[did("zoo")] = [structs.replace(first, version="2"), dataset("ds_3")]
        seen = await world.go(id)
        taken = {(item.dataset, item.offered.version, item.run) for item in seen.items if item.state is ItemState.APPROVED}
        assert taken == {("ds_1", "2", 3), ("ds_3", None, 3)}
        assert seen.order.state is OrderState.RUNNING
        assert [what for what, _ in world.log].count("searched") == 3

    play(scenario)


def test_what_a_standing_order_leaves_out_each_time_does_not_make_it_grow():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset("ds_9", licence="cc-by-nc-4.0")]
        id = (await world.run(wish(**standing()))).order.id
        for _ in range(5):
            world.clock.advance(days=1)
            seen = await world.go(id)
        assert [(item.number, item.run) for item in seen.items] == [(1, 6)]

    play(scenario)


def test_what_has_failed_is_tried_again_in_the_next_run_under_its_number():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset()]
        id = (await world.run(wish(**standing()))).order.id
        await world.finish(id, 1, Event.NEGOTIATE, Event.FAIL, why="Nobody was there.", tidy=True)
        world.clock.advance(days=1)
        seen = await world.go(id)
        assert [(item.number, item.run, item.state) for item in seen.items] == [(1, 2, ItemState.APPROVED)]
        assert "Nobody was there." in [line.detail for line in seen.items[0].story]

    play(scenario)


def test_a_standing_order_keeps_its_total_limits():
    async def scenario(world):
        paid = standing(limits=budget("6EUR"), total=budget("10EUR"))
        world.catalogues[did("zoo")] = [dataset("ds_1", terms="members + pay 6 EUR")]
        id = (await world.run(wish(**paid))).order.id
        await world.finish(id, 1, *ACQUIRED, agreement="agr_1")
        world.catalogues[did("zoo")] = [dataset("ds_2", terms="members + pay 6 EUR"), dataset("ds_3", terms="members + pay 4 EUR")]
        world.clock.advance(days=1)
        found = by_dataset(await world.go(id))
        assert found["ds_3"].state is ItemState.APPROVED
        assert found["ds_2"].state is ItemState.LEFT_OUT
        assert "6 EUR is more than the" in found["ds_2"].why

    play(scenario)


def test_a_standing_order_asks_where_the_link_with_the_space_wants_a_person():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset("ds_1"), dataset("ds_2"), dataset("ds_3", licence="cc-by-nc-4.0")]
        world.runs.links = Modes("The link is not automated.")
        seen = await world.run(wish(**standing()))
        assert [[one.said for one in item.questions] for item in seen.items[:2]] == [["The link is not automated."]] * 2
        assert seen.order.state is OrderState.ASKING
        once = await world.run(wish(query="europe"))  # a person is there
        assert {item.state for item in once.items} == {ItemState.LEFT_OUT}

    play(scenario)


def test_the_limits_of_a_link_hold_for_all_that_comes_without_a_person():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset("ds_1"), dataset("ds_2")]
        world.catalogues[did("uni")] = [dataset("ds_0", terms="members + pay 5 EUR", checksums=(Checksum("sha256", "a" * 64),))]
        world.runs.links = Modes(1)
        seen = await world.run(wish(**standing()))
        found = by_dataset(seen)
        assert {id: item.state.value for id, item in found.items()} == {"ds_0": "asking", "ds_1": "approved", "ds_2": "asking"}
        assert [one.about for one in found["ds_0"].questions] == ["price"]  # a person is asked anyhow, so it counts against no limit
        assert found["ds_2"].questions[0].said == "ds_2 is one too many for the link."

    play(scenario)


def test_nothing_comes_from_a_space_whose_link_has_ended():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset()]
        world.runs.links = Modes(9, refused="The link has ended.")
        (item,) = (await world.run(wish())).items
        assert (item.state, item.why) == (ItemState.LEFT_OUT, "The link has ended.")

    play(scenario)


def test_a_standing_order_is_revoked_at_once():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset("ds_9", licence="cc-by-nc-4.0")]
        id = (await world.run(wish(**standing()))).order.id
        seen = await world.orders.cancel(TENANT, id, EVA)
        assert seen.order.state is OrderState.CANCELLED
        assert seen.order.due is None
        world.clock.advance(days=2)
        assert (await world.go(id)).order.run.number == 1

    play(scenario)


def test_a_run_that_was_cut_off_is_begun_anew_and_writes_once():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset()]
        order = await world.orders.place(TENANT, wish(), EVA)
        await world.runs.begin_due()
        await world.runs.stop()
        world.start()
        assert (await world.orders.get(TENANT, order.id)).order.state is OrderState.SEARCHING
        await world.go(order.id)
        assert not (await world.orders.get(TENANT, order.id)).items  # another process may have it still
        world.clock.advance(minutes=2)
        seen = await world.go(order.id)
        assert [item.state for item in seen.items] == [ItemState.APPROVED]
        assert seen.order.run.number == 1

    play(scenario)


def test_a_server_that_is_alone_takes_up_a_run_at_once():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset()]
        order = await world.orders.place(TENANT, wish(), EVA)
        await world.runs.begin_due()
        await world.runs.stop()
        world.start()
        await world.runs.take_up()
        assert [item.state for item in (await world.go(order.id)).items] == [ItemState.APPROVED]

    play(scenario)


def test_a_person_decides_while_the_next_run_searches():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset(terms="members + pay 5 EUR")]
        id = (await world.run(wish(**standing()))).order.id
        world.clock.advance(days=1)

        async def meanwhile(_filter):
            seen = await world.orders.approve(TENANT, id, [1], EVA)
            assert (seen.order.state, seen.items[0].state) == (OrderState.SEARCHING, ItemState.APPROVED)
            return Found([dataset(terms="members + pay 5 EUR")])

        world.catalogues[did("zoo")] = meanwhile
        seen = await world.go(id)
        assert [(item.number, item.state) for item in seen.items] == [(1, ItemState.APPROVED), (2, ItemState.LEFT_OUT)]
        assert seen.order.state is OrderState.RUNNING
        with pytest.raises(Conflict, match="waits for this"):
            await world.orders.approve(TENANT, id, [], EVA)

    play(scenario)


def test_a_search_that_cannot_begin_fails_the_order_with_the_reason():
    async def scenario(world):
        async def joined(tenant):
            raise PeerUnreachable("The register cannot be read.")

        world.joined = joined
        seen = await world.run(wish())
        assert (seen.order.state, seen.order.why) == (OrderState.FAILED, "The register cannot be read.")
        later = await world.run(wish(**standing()))
        assert later.order.state is OrderState.WAITING
        assert later.order.due == NOW + timedelta(minutes=5)

    play(scenario)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"query": " "}, "query"),
        ({"query": "colour:red"}, "query"),
        ({"action": "urn:hanse:odrl:eat"}, "action"),
        ({"languages": ("d e",)}, "languages"),
        ({"licences": ("",)}, "licences"),
        ({"max_size": 0}, "max_size"),
        ({"limits": Limits(datasets=0)}, "limits.datasets"),
        ({"limits": budget("5EUR", each=read_price("5USD"))}, "limits.each"),
        (standing(days=999), "standing.every"),
        (standing(limits=budget("5EUR")), "standing.total.budget"),
        (standing(dry_run=True), "dry_run"),
    ],
)
def test_a_wish_that_cannot_be_fulfilled_is_refused_and_names_the_field(fields, where):
    async def scenario(world):
        with pytest.raises(Invalid) as caught:
            await world.orders.place(TENANT, wish(**fields), EVA)
        assert caught.value.where == where

    play(scenario)


def test_following_an_order_returns_once_a_person_is_needed():
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset()]
        order = await world.orders.place(TENANT, wish(yes=False), EVA)
        waiting = asyncio.ensure_future(world.orders.when(TENANT, order.id, None, 30))
        await world.go(order.id)
        assert (await waiting).order.state is OrderState.ASKING
        assert (await world.orders.when(TENANT, order.id, None, 0)).order.id == order.id

    play(scenario)


def test_a_catalogue_that_breaks_off_keeps_what_came_before():
    async def scenario(world):
        goods = [dataset(f"ds_{n}") for n in range(4)]
        world.page = 2

        async def breaks(_filter):
            return Found(goods[:2])

        search = world.search

        async def half(tenant, peer, filter):
            async for page in search(tenant, peer, filter):
                yield page
            if peer == did("zoo"):
                raise PeerUnreachable("The line is dead.")

        world.search = half
        world.catalogues[did("zoo")] = breaks
        seen = await world.run(wish())
        assert len(seen.items) == 2
        assert [one.why for one in seen.order.run.silent] == ["The line is dead."]

    play(scenario)


def test_a_catalogue_is_read_page_by_page_and_one_member_does_not_crowd_out_the_others(monkeypatch):
    monkeypatch.setattr(searching, "MOST_FOUND", 10)
    monkeypatch.setattr(searching, "MOST_OF_ONE", 8)

    async def scenario(world):
        world.page = 3
        world.catalogues = {did("zoo"): [dataset(f"ds_{n:02}") for n in range(30)], did("uni"): [dataset("ds_x"), dataset("ds_y")]}
        seen = await world.run(wish())
        taken = [item.peer for item in seen.items]
        assert (taken.count(did("zoo")), taken.count(did("uni"))) == (8, 2)
        assert ["8 datasets of it were taken" in one.why for one in seen.order.run.silent] == [True]
        assert seen.order.run.seen == 11  # nobody reads on once a member has given its share

    play(scenario)


def test_an_item_survives_the_way_to_the_database():
    seen = placed(wish(limits=budget("9EUR")), zoo=[dataset(terms="members + pay 2.50 EUR")])
    (item,) = seen.items
    assert msgspec.json.decode(msgspec.json.encode(item), type=type(item)) == item
    assert item.price == Price(Decimal("2.50"), "EUR")


@pytest.mark.parametrize(("terms", "price", "said"), [("members", "5EUR", "nothing"), ("members + pay 20 EUR", "5EUR", "20 EUR")])
def test_a_price_that_is_known_is_not_approved_as_another(terms, price, said):
    async def scenario(world):
        world.catalogues[did("zoo")] = [dataset(terms=terms)]
        seen = await world.run(wish(yes=False, limits=budget("50EUR")))
        with pytest.raises(Invalid, match=said):
            await world.orders.approve(TENANT, seen.order.id, [1], EVA, read_price(price))

    play(scenario)
