"""Of two versions of a participant, a restore keeps what both allow."""

from __future__ import annotations

from datetime import UTC, datetime

from hanse.app.recovery.restrict import confined
from hanse.participants.records import Participant, Quota, SpaceLink

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LINK = SpaceLink("https://anchor.example/spaces/x", "did:web:anchor.example", NOW)


def participant(**fields):
    return Participant(name="acme", did="did:web:x", title="ACME", created=NOW, **fields)


def test_the_narrower_of_each():
    restored = participant(allowed_roots=("/a", "/b"), allowed_hosts=("h", "i"), quota=Quota(assets=10, burst=9), spaces=(LINK,))
    former = participant(allowed_roots=("/b", "/c"), allowed_hosts=("i",), quota=Quota(assets=20, burst=3), suspended=NOW)
    kept = confined(restored, former)
    assert kept.allowed_roots == ("/b",)
    assert kept.allowed_hosts == ("i",)
    assert (kept.quota.assets, kept.quota.burst) == (10, 3)
    assert kept.spaces == (), "it has left the space since"
    assert kept.suspended == NOW


def test_what_was_suspended_in_the_backup_stays_so():
    assert confined(participant(suspended=NOW), participant()).suspended == NOW
