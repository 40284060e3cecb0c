"""Keep until against delete by, before anything is signed."""

from __future__ import annotations

import pytest

from hanse.app.factory.custody import TermDeadlines
from hanse.factory.custody.retention import Retention, after_years
from hanse.kernel.clock import ManualClock
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import EVALUATE, FINE_TUNE, TRAIN
from tests.unit.factory.custody.world import NOW


def terms(*obligations, until=None):
    ends = () if until is None else (Atomic("dateTime", "lteq", until),)
    return Terms(permissions=(Rule("use", ends),), obligations=obligations)


def delete(left, right, operator="lteq"):
    return Rule("delete", (Atomic(left, operator, right),))


BY_2027 = delete("dateTime", "2027-01-01T00:00:00Z")
BY_2040 = delete("dateTime", "2040-01-01T00:00:00Z")
AFTER = delete("delayPeriod", "P30D", "eq")
KEEP = Rule("archive", (Atomic("dateTime", "gteq", "2030-01-01T00:00:00Z"),))


@pytest.mark.parametrize(
    ("made", "action", "words"),
    [
        (terms(), TRAIN, None),
        (terms(BY_2027), TRAIN, "its deletion by 2027-01-01 (obligation[0]), but what trained a model is kept for 10 years"),
        (terms(BY_2027), FINE_TUNE, "its deletion by 2027-01-01"),
        (terms(BY_2027), EVALUATE, None),
        (terms(BY_2027), "use", None),
        (terms(BY_2040), TRAIN, None),
        (terms(BY_2040, BY_2027), TRAIN, "(obligation[1])"),
        (terms(AFTER), TRAIN, "its deletion P30D after the contract ends, whenever that is (obligation[0])"),
        (terms(AFTER, until="2028-01-01T00:00:00Z"), TRAIN, "its deletion by 2028-01-31"),
        (terms(AFTER, until="2045-01-01T00:00:00Z"), TRAIN, None),
        (terms(KEEP, BY_2027), "use", "the terms ask for it to be kept (obligation[0]), until 2030-01-01"),
        (terms(KEEP, BY_2040), "use", None),
        (terms(Rule("delete")), TRAIN, "its deletion at a time that is not known yet"),
    ],
)
def test_before_signing(made, action, words):
    found = Retention(TermDeadlines(), 10, ManualClock(NOW)).conflict(made, action)
    if words is None:
        assert found is None
    else:
        assert words in found


def test_terms_that_name_training_are_warned_of_and_others_are_not():
    retention = Retention(TermDeadlines(), 10, ManualClock(NOW))
    training = Terms(permissions=(Rule(TRAIN),), obligations=(BY_2027,))
    assert len(retention.warnings(training)) == 1
    assert retention.warnings(terms(BY_2027)) == []
    assert retention.warnings(Terms(permissions=(Rule(TRAIN),))) == []


def test_without_custody_there_is_nothing_to_contradict():
    retention = Retention(TermDeadlines(), 0, ManualClock(NOW))
    assert retention.conflict(terms(BY_2027), TRAIN) is None
    assert retention.conflict(terms(AFTER), TRAIN) is None


def test_years_end_where_the_calendar_does():
    assert after_years(NOW, 10) == NOW.replace(year=2036)
    assert after_years(NOW.replace(month=2, day=28), 4).year == 2030
    assert after_years(NOW, 9_000).year == 9999
