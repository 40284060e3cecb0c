"""Status lists at the anchor: places, bits, and the signed lists that everybody reads."""

from datetime import timedelta

import pytest
from msgspec import structs

from hanse.anchor.issuing import status
from hanse.anchor.issuing.status import ENTRIES, Place, allocate, mark, mark_one
from hanse.anchor.records import Issued, StatusBits, StatusChanged
from hanse.identity.credentials.lists import open_list
from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.exchange import drive
from hanse.identity.status import Bits
from hanse.kernel.errors import NotFound, StorageFailed
from tests.unit.anchor.issuing_memory import ACME, BOLT, NOON, PROVIDER, URL, House, run

LATER = NOON + timedelta(days=90)


@pytest.fixture
def house():
    return House()


def issued(house, id, did=ACME, *, type=PROVIDER, until=LATER, place=None, profile=VC20):
    found = place or allocate(house.db.tx, house.space)[0]
    record = Issued(
        id=id,
        space="baltic",
        tenant="port",
        holder=did,
        type=type,
        profile=profile,
        number=found.number,
        index=found.index,
        valid_from=NOON,
        valid_until=until,
        kid="k",
        issuance="",
    )
    house.db.tx.issued.put(record)
    return record


def bits(house, number=1):
    lists = house.db.tx.status_lists.get("baltic", number)
    return Bits(lists.revoked), Bits(lists.suspended)


def almost_full(house, free, number=1):
    nothing = bytes(ENTRIES // 8)
    house.db.tx.status_lists.add(StatusBits(space="baltic", tenant="port", number=number, next=free, revoked=nothing, suspended=nothing))


def opened(house, name, text):
    url = f"{URL}/status/{name}"
    return drive(open_list(text.encode(), url, house.anchor, house.clock.now()), house.signer._resolve)


# Places.


def test_places_are_given_in_order_and_never_twice(house):
    tx = house.db.tx
    given = allocate(tx, house.space) + allocate(tx, house.space, 3) + allocate(tx, house.space)
    assert given == [Place(1, index) for index in range(5)]
    mark_one(tx, house.space, issued(house, "vc_1", place=given[0]), "revoked", "")
    assert allocate(tx, house.space) == [Place(1, 5)]  # nor is that of a revoked credential


def test_a_new_pair_of_lists_begins_where_one_is_full(house):
    almost_full(house, ENTRIES - 2)
    assert allocate(house.db.tx, house.space, 4) == [Place(1, ENTRIES - 2), Place(1, ENTRIES - 1), Place(2, 0), Place(2, 1)]
    assert allocate(house.db.tx, house.space) == [Place(2, 2)]
    assert [len(one) for one in bits(house, 2)] == [ENTRIES, ENTRIES]


def test_a_full_list_still_takes_credentials_back(house):
    almost_full(house, ENTRIES)
    last = issued(house, "vc_1", place=Place(1, ENTRIES - 1))
    mark_one(house.db.tx, house.space, last, "revoked", "")
    assert bits(house)[0][ENTRIES - 1]
    assert allocate(house.db.tx, house.space) == [Place(2, 0)]


# Marks.


def test_all_that_a_holder_has_and_that_has_not_ended_is_marked_and_nothing_else(house):
    tx = house.db.tx
    own = [issued(house, "vc_1"), issued(house, "vc_2")]
    issued(house, "vc_3", BOLT)
    issued(house, "vc_4", until=NOON - timedelta(hours=1))
    assert mark(tx, house.space, ACME, "revoked", "expelled", NOON) == 2
    revoked, suspended = bits(house)
    assert [revoked[index] for index in range(4)] == [True, True, False, False]
    assert suspended == Bits.zeros()
    assert [(tx.issued.get(one.id).status, tx.issued.get(one.id).reason) for one in own] == [("revoked", "expelled")] * 2
    assert {tx.issued.get(id).status for id in ("vc_3", "vc_4")} == {""}
    assert tx.events == [StatusChanged("port", "baltic", URL)]
    assert tx.status_lists.changed("baltic", 1) == 1


def test_what_has_just_ended_is_marked_too_because_clocks_differ(house):
    issued(house, "vc_1", until=NOON - timedelta(seconds=20))
    assert mark(house.db.tx, house.space, ACME, "revoked", "", NOON) == 1


def test_a_suspension_is_lifted_and_a_revocation_never(house):
    tx = house.db.tx
    issued(house, "vc_1")
    issued(house, "vc_2")
    mark_one(tx, house.space, tx.issued.get("vc_1"), "revoked", "lost", "ann")
    assert mark(tx, house.space, ACME, "suspended", "asked to explain", NOON) == 1
    assert bits(house)[1][1]
    assert not bits(house)[1][0]
    assert mark(tx, house.space, ACME, "", "explained", NOON) == 1
    assert [(one.status, one.by) for one in (tx.issued.get("vc_1"), tx.issued.get("vc_2"))] == [("revoked", "ann"), ("", "")]
    assert bits(house)[0][0]
    assert bits(house)[1] == Bits.zeros()
    assert tx.issued.get("vc_1").reason == "lost"


def test_what_is_suspended_can_be_revoked(house):
    issued(house, "vc_1")
    mark(house.db.tx, house.space, ACME, "suspended", "", NOON)
    assert mark(house.db.tx, house.space, ACME, "revoked", "", NOON) == 1
    assert mark(house.db.tx, house.space, ACME, "", "", NOON) == 0
    assert bits(house)[0][0]


def test_what_has_no_status_for_a_suspension_is_revoked_instead(house):
    issued(house, "vc_1", profile=VC11)
    issued(house, "vc_2")
    assert mark(house.db.tx, house.space, ACME, "suspended", "asked to explain", NOON) == 2
    assert mark(house.db.tx, house.space, ACME, "", "explained", NOON) == 1
    old, new = (house.db.tx.issued.get(id) for id in ("vc_1", "vc_2"))
    assert (old.status, old.reason, new.status) == ("revoked", "asked to explain", "")
    assert [[found[0], found[1]] for found in bits(house)] == [[True, False], [False, False]]


def test_a_mark_that_changes_nothing_tells_nobody(house):
    tx = house.db.tx
    issued(house, "vc_1")
    assert mark(tx, house.space, ACME, "", "", NOON) == 0
    assert mark(tx, house.space, BOLT, "revoked", "", NOON) == 0
    mark(tx, house.space, ACME, "revoked", "", NOON)
    assert mark(tx, house.space, ACME, "revoked", "again", NOON) == 0
    assert len(tx.events) == tx.status_lists.changed("baltic", 1) == 1


def test_a_lost_role_takes_its_credential_alone(house):
    issued(house, "vc_1")
    issued(house, "vc_2", type="MembershipCredential")
    assert mark(house.db.tx, house.space, ACME, "revoked", "", NOON, types={PROVIDER}) == 1
    assert house.db.tx.issued.get("vc_2").status == ""


def test_credentials_in_several_lists_are_marked_in_each(house):
    almost_full(house, ENTRIES - 1)
    issued(house, "vc_1")
    issued(house, "vc_2")
    assert mark(house.db.tx, house.space, ACME, "suspended", "", NOON) == 2
    assert bits(house, 1)[1][ENTRIES - 1]
    assert bits(house, 2)[1][0]


def test_a_list_that_is_gone_is_no_silent_success(house):
    one = issued(house, "vc_1", place=Place(7, 0))
    with pytest.raises(StorageFailed):
        mark_one(house.db.tx, house.space, one, "revoked", "")


# Signed lists.


@pytest.mark.parametrize(
    ("name", "form", "purpose"),
    [
        ("revocation-1", "BitstringStatusList", "revocation"),
        ("suspension-1", "BitstringStatusList", "suspension"),
        ("revocation-1-2021", "StatusList2021", "revocation"),
    ],
)
def test_a_verifier_reads_each_list(house, name, form, purpose):
    issued(house, "vc_1")
    other = issued(house, "vc_2")
    mark_one(house.db.tx, house.space, other, "revoked" if purpose == "revocation" else "suspended", "")
    found = opened(house, name, run(house.pages.signed("baltic", name)))
    assert (found.form, found.purposes) == (form, (purpose,))
    assert [found.bits[0], found.bits[1]] == [False, True]


def test_a_list_is_signed_once_until_its_bits_change(house):
    one = issued(house, "vc_1")
    first = run(house.pages.signed("baltic", "revocation-1"))
    assert run(house.pages.signed("baltic", "revocation-1")) == first
    allocate(house.db.tx, house.space)
    assert run(house.pages.signed("baltic", "revocation-1")) == first
    assert house.signer.signed == 1
    mark_one(house.db.tx, house.space, one, "revoked", "")  # by whichever process: the page is asked, not told
    assert opened(house, "revocation-1", run(house.pages.signed("baltic", "revocation-1"))).bits[0]
    assert house.signer.signed == 2


def test_a_list_is_signed_again_after_half_of_its_life_and_when_the_clock_is_set_back(house):
    issued(house, "vc_1")
    first = run(house.pages.signed("baltic", "revocation-1"))
    house.clock.advance(hours=11, minutes=59)
    assert run(house.pages.signed("baltic", "revocation-1")) == first
    house.clock.advance(minutes=1)
    second = run(house.pages.signed("baltic", "revocation-1"))
    assert second != first
    house.clock.advance(hours=-2)
    assert run(house.pages.signed("baltic", "revocation-1")) != second


def test_lists_are_forgotten_when_a_key_does_not_count_any_more(house):
    issued(house, "vc_1")
    run(house.pages.signed("baltic", "revocation-1"))
    house.pages.forget("zoo")
    run(house.pages.signed("baltic", "revocation-1"))
    assert house.signer.signed == 1
    house.pages.forget("port")
    run(house.pages.signed("baltic", "revocation-1"))
    assert house.signer.signed == 2


def test_what_is_being_signed_when_a_key_falls_is_not_kept(house):
    issued(house, "vc_1")
    sign = house.signer.issue_list

    async def and_forget(*args):
        text = await sign(*args)
        house.pages.forget("port")
        return text

    house.signer.issue_list = and_forget
    run(house.pages.signed("baltic", "revocation-1"))
    house.signer.issue_list = sign
    run(house.pages.signed("baltic", "revocation-1"))
    assert house.signer.signed == 2


def test_another_space_of_the_same_name_does_not_show_the_lists_of_the_first(house):
    issued(house, "vc_1")
    first = run(house.pages.signed("baltic", "revocation-1"))
    house.db.tx.spaces.put(structs.replace(house.space, tenant="zoo", anchor=house.signer.did("zoo"), created=NOON + timedelta(days=1)))
    assert run(house.pages.signed("baltic", "revocation-1")) != first


@pytest.mark.parametrize(
    "name",
    [
        "revocation-2",
        "revocation-0",
        "revocation-01",
        "revocation",
        "revocation-1-2020",
        "suspension-1-2021",  # no credential points to it
        "Revocation-1",
        "../revocation-1",
        "revocation-9999999",
    ],
)
def test_there_are_no_other_lists(house, name):
    issued(house, "vc_1")
    with pytest.raises(NotFound):
        run(house.pages.signed("baltic", name))


def test_there_is_no_list_before_the_first_credential_and_none_of_a_strange_space(house):
    for space in ("baltic", "elsewhere"):
        with pytest.raises(NotFound):
            run(house.pages.signed(space, "revocation-1"))


def test_a_verifier_on_the_same_server_gets_the_same_text_without_http(house):
    issued(house, "vc_1")
    text = run(house.pages.signed("baltic", "revocation-1"))
    assert run(house.pages.local(f"{URL}/status/revocation-1")) == text.encode()
    for url in (
        f"{URL}/status/revocation-2",
        f"{URL}/status/",
        f"{URL}/register",
        "http://elsewhere.example/spaces/baltic/status/revocation-1",
        "http://localhost:8400/spaces/other/status/revocation-1",
        f"{URL}x/status/revocation-1",
        "",
    ):
        assert run(house.pages.local(url)) is None


def test_memory_for_signed_lists_is_bounded(house, monkeypatch):
    monkeypatch.setattr(status, "_KEPT", 2)
    issued(house, "vc_1")
    names = ["revocation-1", "suspension-1", "revocation-1-2021"]
    for name in (*names, names[0]):
        run(house.pages.signed("baltic", name))
    assert house.signer.signed == 4


def test_addresses_of_lists_differ_by_profile():
    assert status.list_url(URL, "revocation", 3, VC20) == f"{URL}/status/revocation-3"
    assert status.list_url(URL, "revocation", 3, VC11) == f"{URL}/status/revocation-3-2021"
