"""Left operands with an order: each operator, units, levels, and what they mean for matching."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from hanse.odrl import names as n
from hanse.odrl.constraints.regions import Ordered, Span
from tests.unit.odrl.constraints.deciding import NOW, decide, problem, region

UNIT = "urn:hanse:odrl:unit:"
HOLDS = {"eq": (0, 1, 0), "neq": (1, 0, 1), "lt": (1, 0, 0), "lteq": (1, 1, 0), "gt": (0, 0, 1), "gteq": (0, 1, 1)}
"""For a value below, at and above the right operand."""


def sized(text, unit):
    return {"@value": text, "@type": UNIT + unit}


@pytest.mark.parametrize("operator", HOLDS)
@pytest.mark.parametrize(
    ("left", "right", "values"),
    [
        ("count", "3", (2, 3, 4)),
        ("count", {"@value": "3", "@type": "xsd:integer"}, (2, 3, 4)),
        ("percentage", "12.5", (Fraction(249, 20), Decimal("12.50"), 13)),
        (n.VOLUME, sized("10", "GB"), (10**10 - 1, 10**10, 10**10 + 1)),
        (n.VOLUME, sized("1", "KiB"), (1023, 1024, 1025)),
        (n.VOLUME, "512", (511, 512, 513)),
        ("meteredTime", "PT1H", (timedelta(minutes=59), timedelta(hours=1), timedelta(minutes=61))),
        ("payAmount", sized("500.00", "EUR"), ((Fraction(49999, 100), "EUR"), (500, "EUR"), (501, "EUR"))),
        ("resolution", sized("300", "dpi"), ((200, "dpi"), (300, "dpi"), (1200, "dpi"))),
        ("version", "2.0", ("1.99", "2", "2.0.1")),
        ("version", "2.9", ("2.8.100", "2.9.0", "2.10")),
        (n.SECURITY_LEVEL, "trust", ("base", "trust", "trust+")),
        (n.CLASSIFICATION, "internal", ("public", "internal", "secret")),
    ],
)
def test_the_order(operator, left, right, values):
    assert [decide(left, operator, right, value) for value in values] == [bool(one) for one in HOLDS[operator]]


def test_sets_of_numbers():
    assert decide("count", "isAnyOf", ["1", "3"], 3) is True
    assert decide("count", "isAnyOf", ["1", "3"], 2) is False
    assert decide("count", "isNoneOf", ["1", "3"], 2) is True
    assert decide("count", "isNoneOf", ["1", "3"], 3) is False
    assert decide("count", "isAllOf", ["3", "3.0"], 3) is True
    assert decide("count", "isAllOf", ["1", "3"], 3) is False
    assert decide("count", "isAnyOf", "3", 3) is True


@pytest.mark.parametrize("operator", [*HOLDS, "isAnyOf", "isNoneOf", "isAllOf"])
@pytest.mark.parametrize(
    ("left", "right", "values"),
    [
        ("count", "3", ("3", 3.0, None, True, (3, "EUR"), ["3"])),
        ("payAmount", sized("5", "EUR"), (5, (5, "USD"), (5,), (5.0, "EUR"), "5 EUR")),
        ("resolution", sized("300", "dpi"), (300, (300, "dpcm"))),
        ("resolution", "300", ((300, "dpi"),)),
        ("meteredTime", "PT1H", (3600, "PT1H", NOW)),
        (n.SECURITY_LEVEL, "trust", ("TRUST", "trust++", 1)),
        ("version", "2.0", ("2.0-beta", 2)),
    ],
)
def test_what_cannot_be_compared_is_unknown(operator, left, right, values):
    assert [decide(left, operator, right, value) for value in values] == [None] * len(values)


@pytest.mark.parametrize("operator", [*HOLDS, "isAnyOf", "isNoneOf", "isAllOf"])
def test_a_missing_or_stale_fact_is_unknown(operator):
    assert decide("count", operator, "3") is None
    assert decide("count", operator, "3", 3, expires=NOW) is None
    assert decide("count", operator, "3", 3, expires=NOW + timedelta(seconds=1)) is not None


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [
        ("count", "isPartOf", "3"),
        ("count", "hasPart", "3"),
        ("count", "isA", "3"),
        ("count", "term-lteq", "3"),
        ("count", "", "3"),
        ("count", "lteq", ["3"]),
        ("count", "lteq", "three"),
        ("count", "isAnyOf", []),
        ("count", "isAnyOf", ["3", 4]),
        ("resolution", "isAnyOf", ["3", sized("3", "dpi")]),
        ("payAmount", "eq", "500.00"),
        (n.VOLUME, "lteq", sized("1", "EUR")),
        ("meteredTime", "lteq", "P1M"),
        ("meteredTime", "lteq", "3600"),
        (n.SECURITY_LEVEL, "gteq", "highest"),
        ("version", "gteq", "two"),
    ],
)
def test_what_can_never_be_decided_has_a_problem(left, operator, right):
    assert problem(left, operator, right)


THREE = Fraction(3)


@pytest.mark.parametrize(
    ("operator", "right", "spans"),
    [
        ("eq", "3", [Span(THREE, THREE)]),
        ("neq", "3", [Span(None, THREE, True, False), Span(THREE, None, False, True)]),
        ("lt", "3", [Span(None, THREE, True, False)]),
        ("lteq", "3", [Span(None, THREE)]),
        ("gt", "3", [Span(THREE, None, False, True)]),
        ("gteq", "3", [Span(THREE, None)]),
        ("isAnyOf", ["3", "1", "3"], [Span(Fraction(1), Fraction(1)), Span(THREE, THREE)]),
        ("isNoneOf", ["3"], [Span(None, THREE, True, False), Span(THREE, None, False, True)]),
        ("isAllOf", ["3", "3"], [Span(THREE, THREE)]),
        ("isAllOf", ["3", "1"], []),
    ],
)
def test_regions(operator, right, spans):
    assert region("count", operator, right) == Ordered("number", tuple(spans))


def test_regions_keep_sorts_apart():
    assert region("payAmount", "lteq", sized("3", "EUR")).sort == "EUR"
    assert region(n.VOLUME, "lteq", sized("3", "B")).sort == "bytes"
    assert region("meteredTime", "lteq", "PT3S") == Ordered("seconds", (Span(None, THREE),))
    assert region(n.SECURITY_LEVEL, "gteq", "trust") == Ordered("level:securityLevel", (Span(Fraction(1), None),))
    assert region("version", "gteq", "2.0") is None
    assert region("count", "isPartOf", "3") is None


@pytest.mark.parametrize("operator", [*HOLDS, "isAnyOf", "isNoneOf"])
@pytest.mark.parametrize("value", [1, 2, 3, 4, 5])
def test_a_region_is_where_the_constraint_holds(operator, value):
    found = region("count", operator, "3")
    inside = any(
        (span.low is None or value > span.low or (span.low_in and value == span.low))
        and (span.high is None or value < span.high or (span.high_in and value == span.high))
        for span in found.spans
    )
    assert decide("count", operator, "3", value) is inside
