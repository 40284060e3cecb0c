"""Left operands of plug-ins (odrl.constraints.plugged)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hanse.odrl.constraints.base import Badge, Operands
from hanse.odrl.constraints.plugged import Observing, PluggedConstraint, check_plugged
from hanse.odrl.facts import Fact, Facts
from hanse.odrl.model import Atomic

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
NAME = "https://example.org/odrl/weekday"
WEEKDAY = PluggedConstraint(
    name=NAME,
    decide=lambda value, atomic: value in atomic.right,
    operators=frozenset({"isAnyOf"}),
    sentences={"en": {"isAnyOf": "the day is one of {}"}},
    badge=Badge.ENFORCED,
    source=lambda facts: Fact(f"{facts.now:%A}", "the clock", facts.now),
    wrong=lambda atomic: None if isinstance(atomic.right, list) else "it needs a list of days",
)
MONDAY = Atomic(NAME, "isAnyOf", ["Monday", "Tuesday"])


def facts(*fact):
    return Facts(now=NOW, known=dict.fromkeys([NAME], *fact) if fact else {})


def test_it_decides_with_its_fact():
    operand = check_plugged(WEEKDAY)
    assert operand.problem(MONDAY) is None
    assert isinstance(operand, Observing)
    found = operand.observe(facts())
    assert found == Fact("Monday", "the clock", NOW)
    assert operand.compile(MONDAY)(facts(found)) is True
    assert operand.compile(MONDAY)(facts(Fact("Sunday", "the clock"))) is False


def test_what_is_missing_stale_or_raises_is_unknown():
    test = WEEKDAY.compile(MONDAY)
    assert test(facts()) is None
    stale = Fact("Monday", "the clock", expires=NOW)
    assert test(facts(stale)) is None
    fresh = Fact("Monday", "the clock", expires=NOW + timedelta(seconds=1))
    assert test(facts(fresh)) is True
    assert [*WEEKDAY.boundaries(MONDAY, facts(fresh))] == [fresh.expires]
    assert [*WEEKDAY.boundaries(MONDAY, facts())] == []
    broken = msgspec.structs.replace(WEEKDAY, decide=lambda value, atomic: value / 0)
    assert broken.compile(MONDAY)(facts(fresh)) is None
    odd = msgspec.structs.replace(WEEKDAY, decide=lambda value, atomic: "yes")
    assert odd.compile(MONDAY)(facts(fresh)) is None


def test_without_a_source_nothing_is_found():
    assert msgspec.structs.replace(WEEKDAY, source=None).observe(facts()) is None


def test_what_makes_no_sense_is_said():
    assert "lteq" in (WEEKDAY.problem(Atomic(NAME, "lteq", "Monday")) or "")
    assert WEEKDAY.problem(Atomic(NAME, "isAnyOf", "Monday")) == "it needs a list of days"
    assert msgspec.structs.replace(WEEKDAY, wrong=None).problem(Atomic(NAME, "isAnyOf", "Monday")) is None


def test_it_joins_the_others_and_takes_no_name():
    assert Operands([]).add([WEEKDAY]).find(NAME) is WEEKDAY
    with pytest.raises(ValueError, match="taken"):
        Operands([WEEKDAY]).add([WEEKDAY])


@pytest.mark.parametrize(
    "found",
    [
        42,
        msgspec.structs.replace(WEEKDAY, name="weekday"),
        msgspec.structs.replace(WEEKDAY, name="odrl:weekday"),
        msgspec.structs.replace(WEEKDAY, name="urn:hanse:odrl:weekday"),
        msgspec.structs.replace(WEEKDAY, name=5),
        msgspec.structs.replace(WEEKDAY, badge="ENFORCED!"),
        msgspec.structs.replace(WEEKDAY, sentences={}),
        msgspec.structs.replace(WEEKDAY, sentences={"de": {"isAnyOf": "{}"}}),
        msgspec.structs.replace(WEEKDAY, sentences={"en": {}}),
        msgspec.structs.replace(WEEKDAY, sentences={"en": {"isAnyOf": "no place"}}),
        msgspec.structs.replace(WEEKDAY, sentences={"en": {"among": "{}"}}),
        msgspec.structs.replace(WEEKDAY, sentences=None),
    ],
)
def test_what_is_no_operand_is_refused(found):
    with pytest.raises(ValueError, match=r"it has|its |a sentence"):
        check_plugged(found)
