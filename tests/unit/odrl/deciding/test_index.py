"""Many agreements at once."""

from __future__ import annotations

from datetime import UTC, datetime

from hanse.odrl.deciding.index import Index
from hanse.odrl.facts import Facts
from hanse.odrl.model import Agreement, Atomic, Rule, Terms

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
A, B = "did:web:a.example", "did:web:b.example"
USE = Terms(permissions=(Rule("use"),))
NEVER = Terms(permissions=(Rule("use", (Atomic("dateTime", "lt", "2000-01-01"),)),))


def agreed(id, terms=USE, target="urn:t", assignee=A):
    return Agreement(id=id, terms=terms, target=target, assigner=B, assignee=assignee)


def asks(target="urn:t", assignee=A, **more):
    return Facts(now=NOW, target=target, assignee=assignee, **more)


def test_agreements_are_found_by_target_and_party():
    index = Index()
    for one in (agreed("urn:1"), agreed("urn:2", target="urn:u"), agreed("urn:3", NEVER, target="urn:v")):
        index.add(one)
    assert len(index) == 3
    assert index.decide(asks()) is True
    assert index.decide(asks("urn:u", action="read")) is True
    assert index.decide(asks("urn:v")) is False
    assert index.decide(asks("urn:w")) is False
    assert index.decide(asks(assignee=B)) is False
    assert index.decide(asks(assignee="did:web:A.example")) is True
    assert index.decide(asks(None)) is False
    assert index.decide(asks(assignee=None)) is False
    assert {id: report.permitted for id, report in index.report(asks("urn:v")).items()} == {"urn:3": False}


def test_each_agreement_stands_for_itself():
    index = Index()
    index.add(agreed("urn:1", NEVER))
    assert index.decide(asks()) is False
    index.add(agreed("urn:2"))
    assert index.decide(asks()) is True
    assert {id: report.permitted for id, report in index.report(asks()).items()} == {"urn:1": False, "urn:2": True}
    index.remove("urn:2")
    assert index.decide(asks()) is False
    index.remove("urn:2")
    index.add(agreed("urn:1", target="urn:u"))
    assert len(index) == 1
    assert index.decide(asks("urn:u")) is True
    assert not index.report(asks())


def test_collections_are_found_by_their_members():
    index = Index()
    index.add(agreed("urn:1", target="urn:assets", assignee="urn:group"))
    parts = {"urn:t": frozenset({"urn:assets"}), A: frozenset({"urn:group"})}
    assert index.decide(asks(parts=parts)) is True
    assert index.decide(asks("urn:u", parts=parts)) is False
    assert index.decide(asks()) is False
