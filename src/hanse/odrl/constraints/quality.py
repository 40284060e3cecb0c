"""Measures of quality: `urn:hanse:odrl:quality:MEASURE gteq 0.95` asks what is published of that measure with the data.

The fact is one for all of them: by the name of the measure, the exact values that are published with the versions that the data may be;
the constraint holds if it holds for each. What is not published is unknown, for every operator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.odrl.constraints.base import Badge, Test
from hanse.odrl.constraints.ordered import NUMBERS, Ordered
from hanse.odrl.constraints.regions import Region
from hanse.odrl.facts import Fact, Facts, Truth, fresh
from hanse.odrl.model import Atomic
from hanse.odrl.names import QUALITY, plain

MEASURE: Final = re.compile("[a-z][a-z0-9-]{0,63}")
"""The name of a measure."""


class Quality(Struct, frozen=True):
    """A published measure, compared as a number."""

    name: str = QUALITY
    needs: tuple[str, ...] = (QUALITY,)
    badge: Badge = Badge.ENFORCED
    sentences: Mapping[str, Mapping[str, str]] = {}

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        if not MEASURE.fullmatch(measure_of(atomic)):
            return "after urn:hanse:odrl:quality: the name of a measure such as completeness is due"
        return _number(atomic).problem(atomic)

    def compile(self, atomic: Atomic) -> Test:
        """Compare what is published."""
        name, left, compare = measure_of(atomic), plain(atomic.left), _number(atomic).compile(atomic)

        def test(facts: Facts) -> Truth:
            fact = fresh(facts, QUALITY)
            values = fact.value.get(name) if fact is not None and isinstance(fact.value, Mapping) else None
            if not isinstance(values, tuple) or not values:
                return None
            truths = {compare(Facts(now=facts.now, known={left: Fact(value, "")})) for value in values}
            return False if False in truths else None if None in truths else True

        return test

    def boundaries(self, atomic: Atomic, facts: Facts) -> tuple[datetime, ...]:
        """Time alone changes nothing."""
        return ()

    def region(self, atomic: Atomic) -> Region | None:
        """Return the values that stand in this relation to the right operand."""
        return None if self.problem(atomic) else _number(atomic).region(atomic)


def measure_of(atomic: Atomic) -> str:
    """Return the name of the measure."""
    return plain(atomic.left).removeprefix(QUALITY)


def _number(atomic: Atomic) -> Ordered:
    return Ordered(name=plain(atomic.left), kind=NUMBERS, badge=Badge.ENFORCED)
