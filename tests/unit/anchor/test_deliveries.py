"""What never reached its holder counts for nothing, is told, and is offered anew after pauses that grow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from hanse.anchor.issuing.deliveries import FIRST_PAUSE, LONGEST_PAUSE, OFFER_PAUSE
from hanse.anchor.records import IssuanceState
from hanse.anchor.standing import Status
from hanse.identity.did import key_id
from hanse.identity.keys import SigningKey
from hanse.identity.status import Bits
from tests.unit.anchor.issuing_memory import ACME, MEMBERSHIP, NOON, PROVIDER, House, kind, run


@pytest.fixture
def house():
    made = House()
    made.member(roles=("provider", "ai-factory"))
    return made


def offers(house, **later):
    """Let time pass, run the chore, and return what it offered."""
    house.clock.advance(**later)
    before = len(house.letters)
    assert run(house.renewals.offer_renewals(house.clock.now())) == len(house.letters) - before
    return [[one.id for one in house.offered(number).credentials] for number in range(before, len(house.letters))]


def depending(house, kid):
    return run(house.renewals.depending("port", kid, house.clock.now()))


def test_what_was_taken_is_noted(house):
    asked = house.ask(MEMBERSHIP, PROVIDER)
    assert [one.taken for one in house.issued()] == [False, False]
    house.clock.advance(minutes=3)
    house.arrive()
    assert {one.delivered for one in house.issued()} == {NOON + timedelta(minutes=3)}
    assert house.stored(asked.id).state is IssuanceState.ISSUED


def test_what_was_lost_is_revoked_and_its_request_rejected_with_the_reason(house):
    asked = house.ask(MEMBERSHIP, PROVIDER)
    house.lose()
    one, other = house.issued()
    assert {(each.status, each.lost, each.by, each.taken) for each in (one, other)} == {("revoked", 1, "", False)}
    assert one.reason == "It never reached its holder, so nobody holds it. The other side answered HTTP 400: No."
    bits = Bits(house.db.tx.status_lists.get("baltic", one.number).revoked)
    assert (bits[one.index], bits[other.index]) == (True, True)
    stored = house.stored(asked.id)
    assert (stored.state, stored.reason) == (
        IssuanceState.REJECTED,
        "Its holder's wallet did not take what was delivered. The other side answered HTTP 400: No.",
    )
    assert run(house.issuing.status("port", house.caller(), asked.id)).status == "REJECTED"


def test_it_is_offered_anew_after_pauses_that_double_to_a_week(house):
    pauses = []
    for number in range(11):
        house.ask(MEMBERSHIP, pid=f"req_{number}")
        house.lose()
        (lost,) = [one for one in house.issued() if one.offer_from is not None and one.renewal_offered is None]
        assert lost.lost == number + 1
        pauses.append(lost.offer_from - house.clock.now())
        house.clock.advance(seconds=pauses[-1].total_seconds() - 1)
        assert offers(house) == []
        assert offers(house, seconds=1) == [[kind(MEMBERSHIP)]]
        assert offers(house, minutes=1) == []
    assert pauses[:4] == [FIRST_PAUSE * 2**number for number in range(4)]
    assert pauses[-2:] == [LONGEST_PAUSE] * 2


def test_the_pause_is_short_again_once_one_was_taken(house):
    for number in range(3):
        house.ask(MEMBERSHIP, pid=f"req_{number}")
        house.lose()
        house.clock.advance(hours=1)
    house.ask(MEMBERSHIP, pid="req_3")
    house.arrive()
    assert offers(house, hours=9) == []  # it has one
    house.ask(MEMBERSHIP, pid="req_4")
    house.lose()
    assert max(house.issued(), key=lambda one: one.valid_from).lost == 1


def test_a_renewal_that_was_lost_is_offered_although_the_old_one_still_counts(house):
    house.ask(MEMBERSHIP)
    house.arrive()
    assert offers(house, days=60) == [[kind(MEMBERSHIP)]]
    house.ask(MEMBERSHIP, pid="req_2")
    house.lose()
    assert offers(house, hours=1) == [[kind(MEMBERSHIP)]]
    assert house.issued()[0].status == ""


def test_one_that_is_on_its_way_or_was_taken_later_stands_for_it(house):
    house.ask(MEMBERSHIP)
    house.lose()
    house.clock.advance(minutes=1)
    house.ask(MEMBERSHIP, pid="req_2")
    assert offers(house, hours=1) == []
    house.lose()
    assert offers(house, hours=2) == [[kind(MEMBERSHIP)]]


def test_a_letter_of_which_nothing_is_known_any_more_stands_for_nothing(house):
    house.ask(MEMBERSHIP)
    house.arrive()
    house.clock.advance(days=58)
    house.ask(MEMBERSHIP, pid="req_2")  # and the database is restored from a backup, which has no letters
    assert offers(house, days=2) == [[kind(MEMBERSHIP)]]


def test_a_successor_that_is_on_its_way_or_was_lost_frees_no_key(house):
    house.ask(MEMBERSHIP)
    house.arrive()
    old = house.signer.key("port")
    house.signer.keys["port"] = SigningKey.generate(key_id(old.did, 2))
    house.clock.advance(seconds=1)
    house.ask(MEMBERSHIP, pid="req_2")
    assert depending(house, old.kid) == 1
    house.lose()
    assert depending(house, old.kid) == 1
    assert run(house.renewals.offer_again("port", old.kid, house.clock.now())) == 1
    house.clock.advance(seconds=1)
    house.ask(MEMBERSHIP, pid="req_3")
    house.arrive()
    assert depending(house, old.kid) == 0


def test_what_was_handed_to_a_wallet_at_hand_is_taken(house):
    run(house.issuing.issue_now("port", "baltic", ACME))
    assert all(one.taken for one in house.issued())


def test_what_an_operator_took_back_meanwhile_stays_so_and_is_not_offered(house):
    house.ask(MEMBERSHIP)
    run(house.issuing.revoke("port", "baltic", house.issued()[0].id, "a mistake", "kim"))
    house.lose()
    (one,) = house.issued()
    assert (one.reason, one.by, one.lost) == ("a mistake", "kim", 0)
    assert offers(house, days=10) == []


def test_who_is_no_member_any_more_gets_no_offer(house):
    house.ask(MEMBERSHIP)
    house.lose()
    house.member(status=Status.REMOVED)
    assert offers(house, days=1) == []


def test_a_refusal_that_was_lost_stays_a_refusal(house):
    house.member(status=Status.PENDING)
    asked = house.ask(MEMBERSHIP)
    house.member(status=Status.REMOVED)
    run(house.issuing.answer_waiting("baltic", ACME))
    before = house.stored(asked.id)
    assert before.state is IssuanceState.REJECTED
    house.lose()
    assert house.stored(asked.id) == before


def test_the_outcome_of_what_is_gone_is_nobodys(house):
    house.ask(MEMBERSHIP)
    house.db.tx.issuances.rows.clear()
    house.arrive()
    house.lose()
    assert [(one.delivered, one.lost) for one in house.issued()] == [(None, 0)]


def test_an_offer_that_was_lost_is_made_again_a_day_later_until_it_is_taken_up(house):
    house.ask(MEMBERSHIP)
    house.arrive()
    assert offers(house, days=60) == [[kind(MEMBERSHIP)]]
    house.lose()
    assert offers(house, seconds=OFFER_PAUSE.total_seconds() - 1) == []
    assert offers(house, seconds=1) == [[kind(MEMBERSHIP)]]
    house.lose()
    house.ask(MEMBERSHIP, pid="req_2")
    house.arrive()
    assert offers(house, days=2) == []


def test_an_offer_of_what_was_lost_may_be_lost_as_well(house):
    house.ask(MEMBERSHIP)
    house.lose()
    assert offers(house, hours=1) == [[kind(MEMBERSHIP)]]
    house.lose()
    assert offers(house, hours=23) == []
    assert offers(house, hours=1) == [[kind(MEMBERSHIP)]]


def test_an_offer_lost_leaves_alone_what_was_taken_back_or_has_its_time_still_before_it(house):
    house.ask(MEMBERSHIP)
    house.arrive()
    offers(house, days=60)
    (one,) = house.issued()
    house.db.tx.issued.put(structs.replace(one, status="revoked"))
    house.ask(MEMBERSHIP, pid="req_2")
    before = house.issued()
    house.lose(number=1)
    assert house.issued() == before
