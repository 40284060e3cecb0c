"""Now against moments and days, and periods that pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from hanse.odrl.constraints.regions import Ordered, Span
from hanse.odrl.values import posix
from tests.unit.odrl.constraints.deciding import NOW, decide, problem, region, turns

TICK = timedelta(microseconds=1)
DAY = datetime(2026, 6, 15, tzinfo=UTC)
HOLDS = {"eq": (0, 1, 0), "neq": (1, 0, 1), "lt": (1, 0, 0), "lteq": (1, 1, 0), "gt": (0, 0, 1), "gteq": (0, 1, 1)}


def now_is(moment, operator, right):
    return decide("dateTime", operator, right, now=moment)


@pytest.mark.parametrize("operator", HOLDS)
def test_moments(operator):
    when = datetime(2026, 6, 15, 10, tzinfo=UTC)
    moments = (when - TICK, when, when + TICK)
    for right in ["2026-06-15T10:00:00Z", "2026-06-15T12:00:00+02:00", {"@value": "2026-06-15T10:00:00Z", "@type": "xsd:dateTime"}]:
        assert [now_is(moment, operator, right) for moment in moments] == [bool(one) for one in HOLDS[operator]]


@pytest.mark.parametrize("operator", HOLDS)
def test_days(operator):
    expected = [bool(one) for one in HOLDS[operator]]
    assert [now_is(moment, operator, "2026-06-15") for moment in (DAY - TICK, DAY, DAY + timedelta(days=1))] == expected
    assert now_is(DAY + timedelta(days=1) - TICK, operator, "2026-06-15") is expected[1]


def test_a_day_has_the_zone_that_it_is_written_with():
    assert now_is(datetime(2026, 6, 14, 23, tzinfo=UTC), "eq", "2026-06-15+02:00") is True
    assert now_is(datetime(2026, 6, 15, 23, tzinfo=UTC), "eq", "2026-06-15+02:00") is False


def test_sets_of_days():
    assert now_is(NOW, "isAnyOf", ["2026-06-14", "2026-06-15"]) is True
    assert now_is(NOW, "isNoneOf", ["2026-06-14", "2026-06-15"]) is False
    assert now_is(NOW, "isNoneOf", ["2026-06-14"]) is True
    assert now_is(NOW, "isAllOf", ["2026-06-14", "2026-06-15"]) is False
    assert now_is(NOW, "isAllOf", ["2026-06-15", "2026-06-15T12:00:00Z"]) is True


def test_when_it_turns():
    assert turns("dateTime", "lteq", "2026-06-15") == [DAY + timedelta(days=1)]
    assert turns("dateTime", "lt", "2026-06-15") == [DAY]
    assert turns("dateTime", "gt", "2026-06-15") == [DAY + timedelta(days=1)]
    assert turns("dateTime", "gteq", "2026-06-15T00:00:00Z") == [DAY]
    assert turns("dateTime", "eq", "2026-06-15") == [DAY, DAY + timedelta(days=1)]
    assert turns("dateTime", "isAnyOf", ["2026-06-15"]) == [DAY, DAY + timedelta(days=1)]


def test_a_day_as_a_region():
    low, high = posix(DAY), posix(DAY + timedelta(days=1))
    assert region("dateTime", "eq", "2026-06-15") == Ordered("moment", (Span(low, high, True, False),))
    assert region("dateTime", "lteq", "2026-06-15") == Ordered("moment", (Span(None, high, True, False),))
    assert region("dateTime", "gt", "2026-06-15") == Ordered("moment", (Span(high, None),))
    assert region("dateTime", "isAnyOf", ["2026-06-16", "2026-06-15"]) == Ordered(
        "moment", (Span(low, posix(DAY + timedelta(days=2)), True, False),)
    )
    assert region("dateTime", "isNoneOf", ["2026-06-15"]) == Ordered("moment", (Span(None, low, True, False), Span(high, None)))
    assert region("dateTime", "isAllOf", ["2026-06-15", "2026-06-16"]) == Ordered("moment", ())


@pytest.mark.parametrize(
    ("operator", "right"),
    [
        ("isPartOf", "2026-06-15"),
        ("isA", "2026-06-15"),
        ("lteq", ["2026-06-15"]),
        ("lteq", "tomorrow"),
        ("lteq", "1750000000"),
        ("isAnyOf", []),
    ],
)
def test_no_moments(operator, right):
    assert problem("dateTime", operator, right)


@pytest.mark.parametrize("operator", HOLDS)
def test_elapsed_since_a_start(operator):
    start = datetime(2026, 5, 16, 12, tzinfo=UTC)  # 30 days before NOW
    ends = (NOW - TICK, NOW, NOW + TICK)
    expected = [bool(one) for one in HOLDS[operator]]
    assert [decide("elapsedTime", operator, "P30D", start, now=now) for now in ends] == expected
    # The same told as the time that had passed when somebody looked.
    looked = start + timedelta(days=3)
    found = [decide("elapsedTime", operator, "P30D", timedelta(days=3), observed=looked, now=now) for now in ends]
    assert found == expected


def test_elapsed_without_a_time_of_observation_is_elapsed_now():
    assert decide("elapsedTime", "lteq", "P30D", timedelta(days=30)) is True
    assert decide("elapsedTime", "lteq", "P30D", timedelta(days=30) + TICK) is False


def test_months_are_counted_from_the_start():
    start = datetime(2026, 1, 31, tzinfo=UTC)
    assert decide("elapsedTime", "lt", "P1M", start, now=datetime(2026, 2, 27, 23, tzinfo=UTC)) is True
    assert decide("elapsedTime", "lt", "P1M", start, now=datetime(2026, 2, 28, tzinfo=UTC)) is False
    assert turns("elapsedTime", "lt", "P1M", start) == [datetime(2026, 2, 28, tzinfo=UTC)]


def test_elapsed_turns_at_its_end():
    start = NOW - timedelta(days=1)
    assert turns("elapsedTime", "lteq", "P2D", start) == [NOW + timedelta(days=1) + TICK]
    assert turns("elapsedTime", "lt", "P2D", start) == [NOW + timedelta(days=1)]
    assert turns("elapsedTime", "lteq", "P2D") == []


@pytest.mark.parametrize("value", ["P3D", 3, datetime(2026, 6, 1), None, "2026-06-01"])  # noqa: DTZ001
def test_no_start_is_unknown(value):
    assert decide("elapsedTime", "lteq", "P30D", value) is None
    assert decide("elapsedTime", "gt", "P30D", value) is None


def test_an_interval_has_to_be_over():
    for left in ("timeInterval", "delayPeriod"):
        assert decide(left, "eq", "P7D", NOW - timedelta(days=7)) is True
        assert decide(left, "eq", "P7D", NOW - timedelta(days=8)) is True
        assert decide(left, "eq", "P7D", NOW - timedelta(days=7) + TICK) is False
        assert decide(left, "eq", "P1M", timedelta.max) is True
        assert turns(left, "eq", "P7D", NOW) == [NOW + timedelta(days=7)]


def test_beyond_the_calendar_is_unknown():
    assert decide("elapsedTime", "lteq", "P9000Y", NOW) is None


def test_periods_as_regions_keep_months_apart():
    assert region("elapsedTime", "lteq", "P30D") == Ordered("seconds", (Span(None, Fraction(30 * 86_400)),))
    assert region("elapsedTime", "lteq", "P1Y") == Ordered("months", (Span(None, Fraction(12)),))
    assert region("elapsedTime", "lteq", "P1M1D") is None
    assert region("timeInterval", "eq", "P1D") == Ordered("seconds", (Span(Fraction(86_400), None),))


@pytest.mark.parametrize(
    ("operator", "right"), [("isAnyOf", ["P1D"]), ("lteq", ["P1D"]), ("lteq", "30"), ("isPartOf", "P1D"), ("lteq", "-P1D")]
)
def test_no_periods(operator, right):
    assert problem("elapsedTime", operator, right)
