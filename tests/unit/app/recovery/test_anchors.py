"""What an anchor issued and took back, after a restore: nothing that was taken back counts again, and no place is given twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from hanse.anchor.issuing.status import ENTRIES, Place, mark, mark_one
from hanse.anchor.records import Deed, Issuance, IssuanceState
from hanse.anchor.rulebooks import version
from hanse.anchor.standing import Status
from hanse.app.recovery.anchors import place_by_clock
from hanse.app.recovery.restoring import WAITS
from hanse.identity.credentials.model import VC11
from hanse.identity.status import Bits
from tests.unit.app.recovery.world import ACME, BOLT, NOW, SPACE, TAKEN, URL, changed, give, member, restored


def nothing(_tx):
    pass


def issuance(id="iss_1", **changes):
    fields = {"space": "baltic", "tenant": "port", "holder": ACME, "holder_pid": "req_1", "wanted": ("x",), "token": "opaque"}
    return Issuance(id=id, created=TAKEN, updated=TAKEN, **({"state": IssuanceState.RECEIVED} | fields | changes))


# The replaced database goes on from the backup.


def test_what_was_revoked_since_stays_revoked():
    def since(tx):
        mark_one(tx, SPACE, tx.issued.get("vc_1"), "revoked", "lost", "Ann")

    restoring, facts = restored(nothing, since)
    assert not facts.counts("vc_1")
    assert (facts.issued["vc_1"].reason, facts.issued["vc_1"].by) == ("lost", "Ann")
    assert restoring.advice == []


def test_what_was_suspended_since_stays_suspended_and_what_was_reinstated_counts():
    def backed_up(tx):
        mark(tx, SPACE, ACME, "suspended", "asked", NOW)

    def reinstated(tx):
        mark(tx, SPACE, ACME, "", "", NOW)

    assert restored(backed_up, reinstated)[1].counts("vc_1")
    assert not restored(nothing, lambda tx: mark(tx, SPACE, ACME, "suspended", "asked", NOW))[1].counts("vc_1")


def test_a_revocation_that_only_the_backup_knows_stays():
    def backed_up(tx):
        mark_one(tx, SPACE, tx.issued.get("vc_1"), "revoked", "lost")

    def since(tx):  # as no product of ours would: somebody has put an older copy in its place
        tx.issued.put(changed(tx.issued.get("vc_1"), status="", reason=""))
        lists = tx.status_lists.get("baltic", 1)
        tx.status_lists.flip(changed(lists, revoked=Bits.zeros().data))

    assert not restored(backed_up, since)[1].counts("vc_1")


def test_what_was_issued_since_is_known_and_its_place_is_not_given_again():
    _, facts = restored(nothing, lambda tx: give(tx, "vc_2"))
    assert facts.counts("vc_2")
    assert facts.next == Place(1, 2)


def test_a_list_that_was_begun_since_is_there():
    def since(tx):
        tx.status_lists.reserve("baltic", 1, ENTRIES)
        mark_one(tx, SPACE, give(tx, "vc_2"), "revoked", "")

    _, facts = restored(nothing, since)
    assert facts.issued["vc_2"].number == 2
    assert not facts.counts("vc_2")
    assert facts.next == Place(2, 1)


def test_the_newest_rulebook_holds_and_no_version_is_added():
    def since(tx):
        tx.rulebooks.put(version(SPACE, 2, tx.rulebooks.newest("baltic").text + "# stricter\n", "Ann", NOW))

    _, facts = restored(nothing, since)
    assert facts.rulebook.version == 2
    assert facts.rulebook.text.endswith("# stricter\n")


def test_requests_go_on_as_the_replaced_database_has_them():
    def since(tx):
        tx.issuances.put(changed(tx.issuances.get("iss_1"), state=IssuanceState.ISSUED, token=None, issued=("vc_9",)))
        tx.issuances.put(issuance("iss_2", holder_pid="req_2"))

    _, facts = restored(lambda tx: tx.issuances.put(issuance()), since)
    assert facts.issuances["iss_1"].state is IssuanceState.ISSUED
    assert facts.issuances["iss_2"].token == "opaque"


# Members and their credentials go together.


@pytest.mark.parametrize("status", [Status.REMOVED, Status.LEFT, Status.REFUSED, Status.PENDING])
def test_who_is_no_member_any_more_has_nothing_that_counts(status):
    _, facts = restored(nothing, lambda tx: tx.members.put(member(status=status, reason="out")))
    assert facts.members[ACME].status is status
    assert facts.issued["vc_1"].status == "revoked"
    assert not facts.counts("vc_1")


def test_who_was_suspended_since_has_suspended_credentials_that_come_back_with_it():
    def since(tx):
        tx.members.put(member(status=Status.SUSPENDED, reason="asked to explain"))

    _, facts = restored(nothing, since)
    assert (facts.issued["vc_1"].status, facts.issued["vc_1"].reason) == ("suspended", "asked to explain")


@pytest.mark.parametrize("status", [Status.PENDING, None])
def test_who_was_admitted_since_is_no_member_and_has_nothing_that_counts(status):
    def backed_up(tx):
        if status is not None:
            tx.members.put(member(BOLT, status))

    def since(tx):
        tx.members.put(member(BOLT))
        give(tx, "vc_2", BOLT)

    _, facts = restored(backed_up, since)
    assert BOLT not in facts.members if status is None else facts.members[BOLT].status is status
    assert not facts.counts("vc_2")
    assert facts.counts("vc_1")


def test_a_role_that_was_given_since_is_gone_with_its_credential():
    def backed_up(tx):
        tx.members.put(member(roles=("provider",)))
        give(tx, "vc_2", type="DataProviderCredential")

    def since(tx):
        tx.members.put(member(roles=("provider", "consumer")))
        give(tx, "vc_3", type="DataConsumerCredential")

    _, facts = restored(backed_up, since)
    assert facts.members[ACME].roles == ("provider",)
    assert [facts.counts(id) for id in ("vc_1", "vc_2", "vc_3")] == [True, True, False]


def test_a_member_has_what_was_decided_about_it_last():
    deed = Deed(at=NOW, what="lowered", by="Ann")

    def since(tx):
        tx.members.put(member(claims={"ai-factory": {"trustLevel": 1}}, history=(deed,)))

    _, facts = restored(lambda tx: tx.members.put(member(claims={"ai-factory": {"trustLevel": 3}})), since)
    assert facts.members[ACME].claims == {"ai-factory": {"trustLevel": 1}}
    assert facts.members[ACME].history == (deed,)


def test_who_was_barred_since_stays_barred():
    def since(tx):
        tx.members.put(member(BOLT, Status.REFUSED, barred=Status.REFUSED))

    _, facts = restored(lambda tx: tx.members.put(member(BOLT, Status.PENDING)), since)
    assert facts.members[BOLT].barred is Status.REFUSED


# Nobody vouches for what came after the backup.


def test_a_member_waits_and_its_credentials_with_it():
    restoring, facts = restored(lambda tx: give(tx, "vc_2", profile=VC11))
    assert facts.members[ACME].status is Status.SUSPENDED
    assert (facts.issued["vc_1"].status, facts.issued["vc_1"].reason) == ("suspended", WAITS)
    assert facts.issued["vc_2"].status == "revoked", "a VC 1.1 cannot be suspended"
    assert restoring.counts["credentials revoked or suspended"] == 2


def test_places_that_may_have_been_given_are_revoked_and_never_given():
    _, facts = restored(nothing)
    revoked = Bits(facts.lists[1].revoked)
    assert [revoked[index] for index in (0, 1, 2, ENTRIES - 1)] == [False, True, True, True]
    assert facts.lists[1].next == ENTRIES
    assert facts.next == place_by_clock(NOW)


def test_two_restores_of_the_same_backup_never_give_the_same_place():
    places = [restored(nothing, now=NOW + timedelta(seconds=seconds))[1].next for seconds in (0, 1, 60, 3600)]
    assert len(set(places)) == 4
    assert [(place.number, place.index) for place in places] == sorted((place.number, place.index) for place in places)


def test_the_clock_never_falls_behind_lists_that_are_there():
    def far(tx):
        tx.status_lists.add(changed(tx.status_lists.get("baltic", 1), number=500_000, next=5))

    _, facts = restored(far)
    assert facts.next.number == 500_001
    assert facts.lists[500_000].next == ENTRIES


@pytest.mark.parametrize(
    ("moment", "place"),
    [
        (datetime(2025, 1, 1, tzinfo=UTC), Place(0, 0)),
        (datetime(2025, 1, 1, 0, 30, tzinfo=UTC), Place(0, ENTRIES // 2)),
        (datetime(2025, 1, 1, 1, tzinfo=UTC), Place(1, 0)),
        (datetime(2026, 1, 1, tzinfo=UTC), Place(365 * 24, 0)),
        (datetime(2138, 12, 31, tzinfo=UTC), Place(999_264, 0)),
    ],
)
def test_the_clocks_place(moment, place):
    assert place_by_clock(moment) == place
    assert place.number < 1_000_000, "names of lists have six digits"


def test_the_rulebook_is_published_anew_in_a_version_that_nobody_has_seen():
    restoring, facts = restored(nothing)
    assert facts.rulebook.version == int(NOW.timestamp())
    assert facts.space.version > NOW.timestamp()
    assert len(restoring.advice) == 2
    assert any("baltic" in line and "rulebook" in line for line in restoring.advice)


def test_what_waits_is_rejected_and_nothing_is_sent():
    def backed_up(tx):
        tx.issuances.put(issuance())
        tx.issuances.put(issuance("iss_2", state=IssuanceState.ISSUED, token=None))

    _, facts = restored(backed_up)
    assert (facts.issuances["iss_1"].state, facts.issuances["iss_1"].token) == (IssuanceState.REJECTED, None)
    assert "ask again" in facts.issuances["iss_1"].reason
    assert facts.issuances["iss_2"].state is IssuanceState.ISSUED
    assert facts.letters == 0


def test_people_decide_about_whoever_may_have_been_refused_since():
    def backed_up(tx):
        tx.members.put(member(BOLT, Status.PENDING))

    assert restored(backed_up)[1].members[BOLT].barred is Status.REFUSED


# A database that does not go on from the backup, but knows the space.


def test_what_an_older_or_other_copy_knows_makes_it_stricter_only():
    def backed_up(tx):
        give(tx, "vc_2")
        mark_one(tx, SPACE, tx.issued.get("vc_2"), "revoked", "by the backup")

    def since(tx):
        mark_one(tx, SPACE, tx.issued.get("vc_1"), "revoked", "by the copy")
        give(tx, "vc_3")

    _, facts = restored(backed_up, since, continues=False)
    assert [facts.issued[id].status for id in ("vc_1", "vc_2", "vc_3")] == ["revoked", "revoked", "suspended"]
    assert not any(facts.counts(id) for id in ("vc_1", "vc_2", "vc_3"))
    assert facts.next == place_by_clock(NOW)


def test_another_space_of_the_same_name_has_nothing_to_say():
    def since(tx):
        mark_one(tx, SPACE, give(tx, "vc_9"), "revoked", "")
        tx.spaces.put(structs.replace(SPACE, created=NOW, url=URL))

    restoring, facts = restored(nothing, since)
    assert "vc_9" not in facts.issued
    assert restoring.continues
    assert facts.next == place_by_clock(NOW)
