"""Moments and days (odrl.when)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.odrl.when import read_when, write_moment

zones = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2027-01-01T00:00:00Z",
        "2027-01-01T00:00:00",
        "2027-01-01T00:00Z",
        "2027-01-01T00:00:00.000000000Z",
        "2027-01-01T01:00:00+01:00",
        "2026-12-31T19:00:00-05:00",
        "2026-12-31T24:00:00Z",
        {"@value": "2027-01-01T00:00:00Z"},
        {"@value": "2027-01-01T00:00:00Z", "@type": "xsd:dateTime"},
        {"@value": "2027-01-01T00:00:00Z", "@type": "http://www.w3.org/2001/XMLSchema#dateTime"},
    ],
)
def test_spellings_of_one_moment(text):
    when = read_when(text)
    assert when is not None
    assert when.start == NEW_YEAR
    assert not when.is_day


@pytest.mark.parametrize(("text", "hours"), [("2027-01-01", 0), ("2027-01-01Z", 0), ("2027-01-01+02:00", -2)])
def test_days(text, hours):
    when = read_when(text)
    assert when is not None
    assert when.is_day
    assert when.start == NEW_YEAR + timedelta(hours=hours)
    assert when.end - when.start == timedelta(days=1)


@pytest.mark.parametrize(
    "value",
    [
        "", "soon", "2027-1-1", "20270101", "2027-02-30", "2027-W01", "2027-01-01T25:00:00Z", "2027-01-01T24:00:01Z",
        "2027-01-01T24:00:00.5Z", "2027-01-01T00:00:60Z", "2027-01-01T00:00:00+15:00", "2027-01-01T00:00:00.1234567Z",
        "-0001-01-01", "0000-01-01", "12027-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "2027-01-01 00:00:00Z",
        "٢٠٢٧-٠١-٠١", "2027-01-01\n", "2027-01-01T00:00:00." + "0" * 100 + "Z", None, 5, True, [], ["2027-01-01"], {},
        {"@value": 5}, {"@id": "2027-01-01"}, {"@value": "2027-01-01", "@type": "xsd:dateTime"},
        {"@value": "2027-01-01T00:00:00Z", "@type": "xsd:date"}, {"@value": "2027-01-01", "@language": "en"},
    ],
)  # fmt: skip
def test_what_is_no_moment_is_not_guessed(value):
    assert read_when(value) is None


@given(st.integers(-(10**16), 10**16), zones)
def test_a_moment_goes_both_ways(microseconds, zone):
    moment = (NEW_YEAR + timedelta(microseconds=microseconds)).astimezone(zone)
    when = read_when(write_moment(moment))
    assert when is not None
    assert when.start == moment


@given(st.text(max_size=40))
def test_any_text(text):
    read_when(text)
