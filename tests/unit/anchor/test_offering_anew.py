"""New credentials are offered for what a compromised key signed, and for what the rulebook has say something else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from hanse.anchor.issuing import renewal
from hanse.anchor.issuing.status import mark
from hanse.anchor.standing import Status
from hanse.identity.credentials.model import VC11
from hanse.identity.did import key_id
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import NotFound, StorageFailed
from tests.unit.anchor.issuing_memory import ACME, BOLT, CITY, FACTORY, MEMBERSHIP, PROVIDER, House, kind, run


@pytest.fixture
def house():
    house = House()
    house.member(roles=("provider", "ai-factory"))
    return house


def rotate(house):
    """Let the anchor sign with another key; return the name of the old one."""
    old = house.signer.key("port")
    house.signer.keys["port"] = SigningKey.generate(key_id(old.did, 2))
    house.clock.advance(seconds=1)
    return old.kid


def again(house, kid, tenant="port"):
    before = len(house.letters)
    count = run(house.renewals.offer_again(tenant, kid, house.clock.now()))
    made = [
        (one.to, [entry.id for entry in house.offered(before + number).credentials]) for number, one in enumerate(house.letters[before:])
    ]
    assert count == len(made)
    return made


def test_what_the_key_signed_is_offered_again_until_it_is_taken_up(house):
    house.ask(MEMBERSHIP, PROVIDER)
    old = rotate(house)
    assert run(house.renewals.depending("port", old, house.clock.now())) == 2
    assert again(house, old) == [(ACME, [kind(MEMBERSHIP), kind(PROVIDER)])]
    assert {one.offer_reason for one in house.offered().credentials} == {"reissue"}
    house.ask(MEMBERSHIP, pid="req_2")
    assert run(house.renewals.depending("port", old, house.clock.now())) == 2  # it is on its way, and may be refused
    house.arrive()
    assert run(house.renewals.depending("port", old, house.clock.now())) == 1
    assert again(house, old) == [(ACME, [kind(PROVIDER)])]
    house.ask(PROVIDER, pid="req_3")
    house.arrive()
    assert run(house.renewals.depending("port", old, house.clock.now())) == 0
    assert again(house, old) == []


def test_what_the_new_key_signed_is_not_followed_by_what_the_old_one_did(house):
    house.ask(MEMBERSHIP)
    old = rotate(house)
    house.ask(MEMBERSHIP, pid="req_2")
    new = house.signer.key("port").kid
    assert (again(house, old), again(house, new)) == ([], [(ACME, [kind(MEMBERSHIP)])])


def test_what_another_key_signed_or_another_anchor_is_left_alone(house):
    house.ask(MEMBERSHIP)
    old = house.signer.key("port").kid
    assert again(house, old + "0") == []
    assert again(house, old, tenant="stranger") == []


def test_what_has_ended_or_was_taken_back_is_not_offered(house):
    house.ask(MEMBERSHIP)
    house.ask(FACTORY, pid="req_2")
    old = rotate(house)
    house.clock.advance(days=30)
    assert again(house, old) == [(ACME, [kind(MEMBERSHIP)])]
    mark(house.db.tx, house.space, ACME, "revoked", "", house.clock.now())
    assert again(house, old) == []
    assert run(house.renewals.depending("port", old, house.clock.now())) == 0


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.REMOVED, Status.PENDING])
def test_who_is_no_member_now_gets_no_offer(house, status):
    house.ask(MEMBERSHIP)
    old = rotate(house)
    house.member(status=status)
    assert again(house, old) == []


def test_the_usual_renewal_still_comes_in_its_time(house):
    house.ask(MEMBERSHIP)
    again(house, rotate(house))
    house.clock.advance(days=60)
    assert run(house.renewals.offer_renewals(house.clock.now())) == 1


def test_all_holders_are_found_batch_by_batch_and_it_goes_on_where_it_was_stopped(house, monkeypatch):
    monkeypatch.setattr(renewal, "BATCH", 2)
    dids = [f"did:web:m{number}.example" for number in range(5)]
    for did in dids:
        house.member(did)
        house.ask(kind(MEMBERSHIP, VC11), caller=house.caller(did))
    old, commit, runs = rotate(house), house.db.run, []

    async def fail_the_second_time(work):
        runs.append(work)
        if len(runs) == 2:
            raise StorageFailed("The disk is full.")
        return await commit(work)

    house.db.run = fail_the_second_time
    with pytest.raises(StorageFailed):
        run(house.renewals.offer_again("port", old, house.clock.now()))
    house.db.run = commit
    assert sorted(did for did, _ in again(house, old)) == dids


def test_types_are_offered_to_the_members_that_may_have_them(house, monkeypatch):
    monkeypatch.setattr(renewal, "BATCH", 2)
    house.member(BOLT)
    house.member(CITY, status=Status.SUSPENDED)
    house.member("did:web:dock.example", roles=("ai-factory",))
    before = len(house.letters)
    offered = run(house.renewals.offer_types("port", "baltic", {PROVIDER, "StrangeCredential"}))
    assert (offered, [one.to for one in house.letters[before:]]) == (2, [ACME, BOLT])
    assert [entry.id for entry in house.offered().credentials] == [kind(PROVIDER)]
    with pytest.raises(NotFound):
        run(house.renewals.offer_types("stranger", "baltic", {PROVIDER}))


def test_an_older_one_that_another_key_signed_takes_no_place(house):
    house.ask(MEMBERSHIP)
    old = rotate(house)
    house.ask(MEMBERSHIP, pid="req_2")
    first, second = house.issued()
    house.db.tx.issued.put(structs.replace(second, valid_from=first.valid_from - timedelta(seconds=1)))
    assert again(house, old) == [(ACME, [kind(MEMBERSHIP)])]
