"""Renewal offers: in time, once, to those who may have them."""

from datetime import timedelta

import pytest
from msgspec import structs

from hanse.anchor.issuing import renewal
from hanse.anchor.issuing.status import mark
from hanse.anchor.standing import Status
from hanse.identity.credentials.model import VC11, VC20
from hanse.kernel.errors import StorageFailed
from tests.unit.anchor.issuing_memory import ACME, BOLT, CITY, FACTORY, MEMBERSHIP, NOON, PROVIDER, House, kind, run


@pytest.fixture
def house():
    made = House()
    made.member(roles=("provider", "ai-factory"))
    return made


def offers(house, **later):
    """Let time pass, run the chore, and return the offers that it made since."""
    house.clock.advance(**later)
    before = len(house.letters)
    made = run(house.renewals.offer_renewals(house.clock.now()))
    letters = house.letters[before:]
    assert made == len(letters)
    assert {letter.kind for letter in letters} <= {"offer"}
    return [(letter.to, [one.id for one in house.offered(before + number).credentials]) for number, letter in enumerate(letters)]


def test_a_credential_of_ninety_days_is_offered_anew_thirty_days_before_its_end_and_once(house):
    house.ask(MEMBERSHIP, PROVIDER)
    assert offers(house, days=59, hours=23) == []
    assert offers(house, hours=1) == [(ACME, [kind(MEMBERSHIP), kind(PROVIDER)])]
    assert {one.offer_reason for one in house.offered().credentials} == {"reissue"}
    assert all(not one.is_sparse for one in house.offered().credentials)
    assert offers(house, days=1) == []
    assert {one.renewal_offered for one in house.issued()} == {NOON + timedelta(days=60)}


def test_a_short_one_is_offered_anew_when_a_third_of_its_life_is_left(house):
    house.ask(FACTORY)
    assert offers(house, days=19, hours=23) == []
    assert offers(house, hours=1) == [(ACME, [kind(FACTORY)])]


def test_what_was_missed_is_made_up_for(house):
    house.ask(MEMBERSHIP)
    assert offers(house, days=200) == [(ACME, [kind(MEMBERSHIP)])]


def test_the_old_one_stays_good_and_the_new_one_is_renewed_in_its_turn(house):
    house.ask(MEMBERSHIP)
    offers(house, days=60)
    house.ask(MEMBERSHIP, pid="req_2")
    assert [one.status for one in house.issued()] == ["", ""]
    assert offers(house, days=30) == []
    assert offers(house, days=30) == [(ACME, [kind(MEMBERSHIP)])]


def test_who_has_a_newer_one_already_is_not_asked(house):
    house.ask(MEMBERSHIP)
    house.clock.advance(days=50)
    house.ask(MEMBERSHIP, pid="req_2")
    house.arrive()
    assert offers(house, days=10) == []
    mark(house.db.tx, house.space, ACME, "revoked", "", house.clock.now())
    assert offers(house, days=60) == []


def test_a_newer_one_that_was_taken_back_counts_for_nothing(house):
    house.ask(MEMBERSHIP)
    house.clock.advance(days=50)
    house.ask(MEMBERSHIP, pid="req_2")
    house.db.tx.issued.put(structs.replace(house.issued()[1], status="revoked"))
    assert offers(house, days=10) == [(ACME, [kind(MEMBERSHIP)])]


def test_each_holder_gets_one_offer_in_the_profile_that_it_has(house):
    house.member(BOLT)
    house.ask(kind(MEMBERSHIP, VC11))
    house.ask(MEMBERSHIP, PROVIDER, caller=house.caller(BOLT))
    assert offers(house, days=60) == [(ACME, [kind(MEMBERSHIP, VC11)]), (BOLT, [kind(MEMBERSHIP), kind(PROVIDER)])]


def test_a_profile_that_was_given_up_is_followed_by_the_preferred_one(house):
    house.ask(kind(MEMBERSHIP, VC11), kind(MEMBERSHIP, VC20))
    book = house.rulebooks["baltic"]
    modern = structs.replace(book.credentials[MEMBERSHIP], profiles=[VC20])
    house.rulebooks["baltic"] = structs.replace(book, credentials={**book.credentials, MEMBERSHIP: modern})
    assert offers(house, days=60) == [(ACME, [kind(MEMBERSHIP)])]


def test_nothing_is_offered_that_the_member_may_not_have_any_more(house):
    house.ask(MEMBERSHIP, FACTORY)
    house.member(roles=("provider",))
    assert offers(house, days=60) == [(ACME, [kind(MEMBERSHIP)])]


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.REMOVED, Status.PENDING])
def test_nothing_is_offered_to_who_is_no_member_now(house, status):
    house.ask(MEMBERSHIP)
    house.member(status=status)
    assert offers(house, days=60) == []


def test_what_is_suspended_is_offered_when_the_suspension_is_lifted(house):
    house.ask(MEMBERSHIP)
    mark(house.db.tx, house.space, ACME, "suspended", "", NOON)
    assert offers(house, days=60) == []
    mark(house.db.tx, house.space, ACME, "", "", house.clock.now())
    assert offers(house, days=1) == [(ACME, [kind(MEMBERSHIP)])]


def test_it_goes_on_batch_by_batch_where_it_was_stopped(house, monkeypatch):
    monkeypatch.setattr(renewal, "BATCH", 2)
    dids = [f"did:web:m{number}.example" for number in range(5)]
    for did in dids:
        house.member(did)
        house.ask(MEMBERSHIP, caller=house.caller(did))
    house.clock.advance(days=60)
    commit, runs = house.db.run, []

    async def fail_the_second_time(work):
        runs.append(work)
        if len(runs) == 2:
            raise StorageFailed("The disk is full.")
        return await commit(work)

    house.db.run = fail_the_second_time
    before = len(house.letters)
    with pytest.raises(StorageFailed):
        run(house.renewals.offer_renewals(house.clock.now()))
    assert len(house.letters) - before == 2
    assert run(house.renewals.offer_renewals(house.clock.now())) == 3
    assert sorted(letter.to for letter in house.letters[before:]) == dids


def test_two_processes_offer_once(house):
    house.ask(MEMBERSHIP)
    house.clock.advance(days=60)
    read, now = house.db.read, house.clock.now()

    async def overtaken(work):
        found = await read(work)
        house.db.read = read
        await house.renewals.offer_renewals(now)
        return found

    house.db.read = overtaken
    before = len(house.letters)
    assert run(house.renewals.offer_renewals(now)) == 0
    assert len(house.letters) == before + 1


def test_nothing_due_writes_nothing(house):
    house.member(CITY)
    commits = house.db.commits
    assert offers(house, days=400) == []
    assert house.db.commits == commits
