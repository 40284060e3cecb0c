"""Keys and wallets after a restore: a key in the stricter of its states, a wallet as whoever vouches for it has it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hanse.app.recovery.wallets import stricter
from hanse.identity.credentials.model import VC20
from hanse.wallet.records import CredentialRequest, Held, Letter, RequestState
from tests.unit.app.recovery.world import ACME, NOW, TAKEN, changed, key, restored

EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(days=30)


def held(id, **changes):
    fields = {"types": ("MembershipCredential",), "text": f"text of {id}"}
    return Held(id=id, tenant="port", issuer=ACME, profile=VC20, received=TAKEN, **(fields | changes))


def request(pid, state=RequestState.ASKED):
    return CredentialRequest(
        holder_pid=pid, tenant="port", issuer=ACME, wanted=("x",), types=("X",), state=state, because="joined", created=TAKEN, updated=TAKEN
    )


def letter(id="ltr_1"):
    fields = {"service": "IssuerService", "path": "/credentials", "body": b"{}", "kind": "credential-request", "about": "req_1"}
    return Letter(id=id, tenant="port", to=ACME, due=NOW, deadline=LATER, **fields)


def test_the_stricter_of_two_states():
    assert stricter(key(), key()) == key()
    retired = key(retired=NOW, needed_until=NOW)
    assert stricter(key(needed_until=LATER), retired) == key(retired=NOW, needed_until=LATER)
    assert stricter(retired, key(needed_until=LATER)) == key(retired=NOW, needed_until=LATER)
    assert stricter(key(retired=NOW), key(retired=EARLIER)).retired == EARLIER


def test_destroyed_wins_and_the_earliest_moment_of_a_compromise():
    gone = key(retired=NOW, compromised=NOW, sealed=b"", needed_until=LATER)
    for pair in ((key(needed_until=NOW), gone), (gone, key(needed_until=NOW))):
        assert stricter(*pair) == gone
    assert stricter(gone, changed(gone, compromised=EARLIER)).compromised == EARLIER


def test_a_compromised_key_that_was_released_stays_released():
    released = key(retired=NOW, compromised=NOW, sealed=b"")
    for pair in ((key(needed_until=LATER), released), (released, changed(released, needed_until=LATER))):
        assert stricter(*pair).needed_until is None


def test_a_rotation_since_the_backup_stays():
    def since(tx):
        tx.keys.put(key(retired=EARLIER, needed_until=LATER))
        tx.keys.put(key(2))

    restoring, facts = restored(lambda tx: None, since)
    assert facts.keys == [key(retired=EARLIER, needed_until=LATER), key(2)]
    assert restoring.advice == []


def test_a_key_that_was_compromised_since_is_not_revived():
    def since(tx):
        tx.keys.put(key(retired=EARLIER, compromised=EARLIER, sealed=b"", needed_until=LATER))
        tx.keys.put(key(2))

    for continues in (True, False):
        _, facts = restored(lambda tx: None, since, continues=continues)
        assert facts.keys[0].sealed == b""
        assert facts.keys[0].compromised == EARLIER
        assert facts.keys[-1] == key(2)


def test_without_the_old_database_it_is_revived_and_people_are_told():
    restoring, facts = restored(lambda tx: None)
    assert facts.keys == [key()]
    assert any("compromised" in line and "2026-03-01 12:00 UTC" in line for line in restoring.advice)


@pytest.mark.parametrize("continues", [True, False])
def test_of_two_histories_one_key_signs(continues):
    def backed_up(tx):
        tx.keys.put(key(retired=EARLIER))
        tx.keys.put(key(2))

    def since(tx):
        tx.keys.put(key(2, public_jwk={"kty": "EC", "x": "another"}))
        tx.keys.put(key(3))

    _, facts = restored(backed_up, since, continues=continues)
    assert [(one.number, one.public_jwk["x"]) for one in facts.keys] == [(1, "1"), (2, "2"), (3, "3")]
    assert [one.retired is None for one in facts.keys] == [False, False, True]


def test_a_wallet_is_as_the_replaced_database_has_it():
    def backed_up(tx):
        tx.held.put(held("vc_1"))
        tx.held.put(held("vc_2"))
        tx.requests.put(request("req_1"))

    def since(tx):
        tx.held.delete("port", "vc_1")
        tx.held.put(held("vc_3"))
        tx.requests.put(request("req_1", RequestState.ISSUED))
        tx.requests.put(request("req_2"))
        tx.letters.put(letter())

    _, facts = restored(backed_up, since)
    assert [one.id for one in facts.held] == ["vc_2", "vc_3"]
    assert {pid: one.state for pid, one in facts.requests.items()} == {"req_1": "issued", "req_2": "asked"}
    assert facts.letters == 1


def test_without_it_the_credentials_are_there_and_what_was_under_way_can_be_asked_for_again():
    def backed_up(tx):
        tx.held.put(held("vc_1"))
        tx.requests.put(request("req_1"))
        tx.requests.put(request("req_2", RequestState.RECEIVED))

    _, facts = restored(backed_up)
    assert [one.id for one in facts.held] == ["vc_1"]
    assert {pid: one.state for pid, one in facts.requests.items()} == {"req_1": "failed", "req_2": "received"}
    assert "ask again" in facts.requests["req_1"].reason
    assert facts.letters == 0
