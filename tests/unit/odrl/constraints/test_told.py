"""Facts from people's words (odrl.constraints.told)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from hanse.odrl import names as n
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.constraints.told import told_value
from hanse.odrl.facts import Fact, Facts
from hanse.odrl.model import Atomic

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
EUR = "urn:hanse:odrl:unit:EUR"


@pytest.mark.parametrize(
    ("left", "texts", "value"),
    [
        ("count", ["3"], 3),
        ("count", ["3.5"], Fraction(7, 2)),
        ("count", ["many"], None),
        ("count", ["1", "2"], None),
        (n.VOLUME, ["10 GB"], 10**10),
        (n.VOLUME, ["512"], 512),
        (n.VOLUME, ["10 parsecs"], None),
        ("meteredTime", ["PT1H"], timedelta(hours=1)),
        ("meteredTime", ["P1M"], None),
        ("elapsedTime", ["P2D"], timedelta(days=2)),
        ("elapsedTime", ["2026-06-01"], datetime(2026, 6, 1, tzinfo=UTC)),
        ("payAmount", ["500 EUR"], (500, "EUR")),
        ("payAmount", ["500"], None),
        (n.SECURITY_LEVEL, ["trust"], "trust"),
        ("purpose", ["dpv:Marketing"], "dpv:Marketing"),
        (n.ROLE, ["a", "b"], frozenset({"a", "b"})),
        (n.ROLE, [], None),
    ],
)
def test_values(left, texts, value):
    operand = BUILT_IN.find(left)
    assert told_value(operand, texts) == value


@pytest.mark.parametrize(
    ("atomic", "texts"),
    [
        (Atomic("count", "lteq", "3"), ["3"]),
        (Atomic(n.VOLUME, "lteq", {"@value": "10", "@type": "urn:hanse:odrl:unit:GB"}), ["9.5 GB"]),
        (Atomic("meteredTime", "lteq", "PT1H"), ["PT59M"]),
        (Atomic("elapsedTime", "lteq", "P30D"), ["P29D"]),
        (Atomic("elapsedTime", "lteq", "P1M"), ["2026-06-01"]),
        (Atomic("payAmount", "eq", {"@value": "500.00", "@type": EUR}), ["500 EUR"]),
        (Atomic(n.CLASSIFICATION, "lteq", "internal"), ["public"]),
        (Atomic("purpose", "isA", "dpv:Marketing"), ["DirectMarketing"]),
        (Atomic("spatial", "isPartOf", "EU"), ["de"]),
        (Atomic("event", "isAnyOf", ["launch"]), ["launch", "recall"]),
    ],
)
def test_what_is_told_is_of_the_sort_that_the_operand_wants(atomic, texts):
    operand = BUILT_IN.find(atomic.left)
    fact = Fact(told_value(operand, texts), "told", NOW)
    assert operand.compile(atomic)(Facts(now=NOW, known={operand.needs[0]: fact})) is True
