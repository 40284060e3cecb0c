"""The last look before an agreement, and the table of states."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hanse.factory.acquire.guard import may_agree
from hanse.factory.acquire.records import Candidate, Item, Limits, Order, Standing, advance, standing_of, told
from hanse.factory.acquire.states import FINAL, TABLE, UNDER_WAY, Event, ItemState, OrderState
from hanse.kernel.errors import Conflict
from hanse.odrl.price import read_price
from hanse.odrl.templates import parse_template
from tests.unit.factory.acquire.space import NOW, SPACE, TENANT, budget, dataset, did, wish


def item(terms="members + pay 5 EUR", price="5EUR", number=1, **fields):
    one = dataset(terms=terms)
    candidate = Candidate(
        space=SPACE, provider=did("zoo"), provider_name="zoo", dataset=one, offer=one.offers[0], terms=one.offers[0].terms
    )
    made = {
        "tenant": TENANT,
        "order": "ord_1",
        "number": number,
        "run": 1,
        "state": ItemState.NEGOTIATING,
        "name": "rain",
        "candidate": candidate,
        "created": NOW,
        "updated": NOW,
        "price": None if price is None else read_price(price),
    }
    return Item(**(made | fields))


def order(**fields):
    state = fields.pop("state", OrderState.RUNNING)
    cancelled = fields.pop("cancelled", None)
    return Order(tenant=TENANT, id="ord_1", wish=wish(**fields), state=state, by="eva", created=NOW, updated=NOW, cancelled=cancelled)


def said(text):
    return parse_template(text, NOW)


def why(order_, item_, terms, *others):
    return may_agree(order_, [item_, *others], item_, said(terms))


def test_what_was_planned_may_be_agreed_on():
    assert why(order(), item(), "members + pay 5 EUR") == ""


def test_less_may_be_agreed_on_as_well():
    assert why(order(), item(), "members + pay 4.99 EUR") == ""
    assert why(order(), item(), "members") == ""


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ("members + pay 6 EUR", "6 EUR is more than the 5 EUR that are left"),
        ("members + pay 5 USD", "cannot be compared"),
        ("members + rent 5 EUR per P1M", "price is not known"),
        ("members + pay 5 EUR + delete within 3 days", "others than those that were planned"),
        ("evaluate + pay 5 EUR", "others than those that were planned"),
    ],
)
def test_what_is_dearer_or_different_stops(terms, reason):
    assert reason in why(order(limits=budget("5EUR")), item(), terms)


def test_a_higher_price_within_the_limits_is_taken_by_an_order_that_needs_no_approval():
    more = order(limits=budget("10EUR"))
    assert why(more, item(), "members + pay 6 EUR") == ""
    bought = item(number=2, state=ItemState.DONE, agreement="agr_1")
    assert "more than the 5 EUR that are left of 10 EUR" in why(more, item(), "members + pay 6 EUR", bought)
    assert why(more, item(), "members + pay 6 EUR", structs.replace(bought, state=ItemState.FAILED, agreement=None)) == ""


def test_what_a_person_approved_at_one_price_is_not_taken_at_a_higher_one():
    asked = order(yes=False, limits=budget("100EUR"))
    assert "the price is 6 EUR now, and 5 EUR was approved" in why(asked, item(), "members + pay 6 EUR")


def test_the_price_of_one_dataset_and_of_all_runs_is_kept():
    each = order(limits=budget("100EUR", each=read_price("5EUR")))
    assert "one dataset may cost" in why(each, item(), "members + pay 6 EUR")
    standing = order(limits=budget("100EUR"), standing=Standing(every=timedelta(days=1), total=budget("12EUR")))
    earlier = item(number=2, run=0, state=ItemState.DONE, price="7EUR", agreement="agr_1")
    assert "left of 12 EUR" in why(standing, item(), "members + pay 6 EUR", earlier)


def test_an_unknown_price_is_agreed_on_once_a_person_said_yes_to_it():
    rent = item("members + rent 5 EUR per P1M", price=None)
    assert "not known" in why(order(), rent, "members + rent 5 EUR per P1M")
    approved = structs.replace(rent, answered=("price",))
    assert why(order(), approved, "members + rent 5 EUR per P1M") == ""
    assert "not known" in why(order(), approved, "members + rent 9 EUR per P1M")


def test_nothing_is_agreed_on_for_an_order_that_was_cancelled():
    assert why(order(cancelled=NOW), item(), "members + pay 5 EUR") == "the order was cancelled"


# --- The table ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(list(Event)), max_size=40))
def test_no_sequence_of_events_leaves_the_table_or_an_end(events):
    one = item(state=ItemState.CANDIDATE)
    for event in events:
        to = TABLE.get((one.state, event))
        if to is None:
            with pytest.raises(Conflict):
                advance(one, event, NOW)
            continue
        if one.state in FINAL:
            assert (one.state, event) == (ItemState.FAILED, Event.RETRY)
        one = advance(one, event, NOW)
        assert one.state is to
        assert (one.due is None) is (to in FINAL or to is ItemState.ASKING)
    assert len(one.story) <= 100


def test_every_state_can_be_reached_and_every_open_one_left():
    reached = {ItemState.CANDIDATE, *TABLE.values()}
    assert reached == set(ItemState)
    left = {state for state, _ in TABLE}
    assert set(ItemState) - FINAL <= left
    assert FINAL.isdisjoint(UNDER_WAY)


def test_a_story_is_bounded_and_keeps_its_beginning():
    story = ()
    for number in range(500):
        story = told(story, number)
    assert (len(story), story[0], story[-1]) == (100, 0, 499)


@pytest.mark.parametrize(
    ("states", "standing", "state"),
    [
        ((), False, OrderState.DONE),
        (("done", "left-out"), False, OrderState.DONE),
        (("done", "failed"), False, OrderState.FAILED),
        (("refused", "cancelled"), False, OrderState.DONE),
        (("asking", "done"), False, OrderState.ASKING),
        (("asking", "storing"), False, OrderState.RUNNING),
        (("documented",), False, OrderState.RUNNING),
        (("failed",), True, OrderState.WAITING),
        (("asking",), True, OrderState.ASKING),
    ],
)
def test_where_an_order_stands_follows_from_its_items(states, standing, state):
    more = {"standing": Standing(every=timedelta(days=1))} if standing else {}
    items = [item(number=number, state=ItemState(one)) for number, one in enumerate(states, 1)]
    assert standing_of(order(limits=Limits(), **more), items) is state


def test_an_order_that_was_cancelled_ends_once_its_items_have():
    ending = order(cancelled=NOW)
    assert standing_of(ending, [item(state=ItemState.STORING)]) is OrderState.RUNNING
    assert standing_of(ending, [item(state=ItemState.CANCELLED)]) is OrderState.CANCELLED


def test_what_failed_is_not_taken_again_once_its_money_went_elsewhere():
    again, limits = item(price="5EUR"), budget("8EUR")
    bought = item(number=2, state=ItemState.DONE, agreement="agr_1", price="5EUR")
    assert "more than the 3 EUR that are left of 8 EUR" in why(order(limits=limits), again, "members + pay 5 EUR", bought)
    by_a_person = structs.replace(bought, approved_by="eva")
    assert why(order(limits=limits), again, "members + pay 5 EUR", by_a_person) == ""
    assert why(order(limits=limits), structs.replace(again, approved_by="eva"), "members + pay 5 EUR", bought) == ""
    # Of two that are tried again at once, one is taken.
    waiting = item(number=2, state=ItemState.APPROVED, price="5EUR")
    assert why(order(limits=limits), again, "members + pay 5 EUR", waiting) == ""
    assert "left of 8 EUR" in may_agree(order(limits=limits), [again, waiting], waiting, said("members + pay 5 EUR"))


def test_what_failed_is_not_taken_again_beyond_the_limit_of_all_runs():
    standing = order(limits=budget("8EUR"), standing=Standing(every=timedelta(days=1), total=budget("9EUR")))
    later = item(number=2, run=2, state=ItemState.DONE, agreement="agr_1", price="5EUR")
    assert "left of 9 EUR" in why(standing, item(price="5EUR"), "members + pay 5 EUR", later)
