"""Usage after a restore: what was used up stays used up, and what was taken back stays taken back."""

from __future__ import annotations

from hanse.odrl.facts import Done
from hanse.usage.records import Owed, Tally, Told
from tests.unit.app.recovery.world import NOW, TAKEN, restored


def told(name, value="given", observed=TAKEN):
    return Told(tenant="port", about="agr_1", name=name, values=(value,), source="Ann", observed=observed)


def owed(path, state=Done.PENDING):
    return Owed(tenant="port", agreement="agr_1", path=path, action="delete", state=state)


def tally(tx, **taken):
    tx.uses.hold("port", "agr_1")
    tx.uses.put_tally(Tally(tenant="port", agreement="agr_1", **taken))


def before(tx):
    tally(tx, count=2, volume=900, seconds=5, last=TAKEN)
    for name in ("consent", "paid"):
        tx.told.put(told(name))
    for index in range(2):
        tx.owed.put(owed(f"obligation[{index}]"))


def since(tx):
    tally(tx, count=3, volume=100, seconds=9, last=NOW)
    tx.told.delete("port", "agr_1", "consent")
    tx.told.put(told("paid", "current", NOW))
    tx.told.put(told("event", "launch", NOW))
    tx.owed.put(owed("obligation[1]", Done.VIOLATED))


def look_at(monkeypatch, **options):
    """Restore, and look before the database is closed."""
    found = []
    monkeypatch.setattr(
        "tests.unit.app.recovery.world.look",
        lambda tx: found.append((tx.uses.tally("port", "agr_1"), tx.told.page("port", limit=9), tx.owed.of_agreement("port", "agr_1"))),
    )
    restoring, _ = restored(before, since, **options)
    return (restoring, *found[0])


def test_the_replaced_database_has_the_newer_word(monkeypatch):
    restoring, taken, facts, obligations = look_at(monkeypatch)
    assert taken == Tally(tenant="port", agreement="agr_1", count=3, volume=900, seconds=9, last=NOW)
    assert facts == [told("event", "launch", NOW), told("paid", "current", NOW)]
    assert [one.state for one in obligations] == [Done.PENDING, Done.VIOLATED]
    assert "facts to be told again" not in restoring.counts


def test_what_nobody_vouches_for_is_told_again(monkeypatch):
    restoring, taken, facts, _ = look_at(monkeypatch, continues=False)
    assert taken.count == 2
    assert facts == []
    assert restoring.counts["facts to be told again"] == 2
