"""Left operands whose values have an order: numbers, sizes, money, lengths of time, levels, versions."""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from msgspec import Struct

from hanse.odrl.constraints.base import Badge, Test
from hanse.odrl.constraints.regions import Region
from hanse.odrl.constraints.spans import compared, point
from hanse.odrl.facts import Facts, Truth, fresh
from hanse.odrl.model import Atomic
from hanse.odrl.values import (
    Quantity,
    exact,
    read_all,
    read_money,
    read_name,
    read_number,
    read_period,
    read_size,
    read_version,
    seconds,
)
from hanse.odrl.words import quote

Key = Any
"""What is compared: a number, a span of time, the place of a level, the numbers of a version."""

COMPARE: Mapping[str, Callable[[Key, Key], bool]] = {
    "eq": python.eq,
    "neq": python.ne,
    "lt": python.lt,
    "lteq": python.le,
    "gt": python.gt,
    "gteq": python.ge,
}
SETS = frozenset({"isAnyOf", "isNoneOf", "isAllOf"})


class Kind(Struct, frozen=True, kw_only=True):
    """One sort of values with an order.

    `read` returns a right operand as (unit, key), where all keys of one unit can be compared; `measure` makes, for a unit, what
    turns a fact's value into a key, `None` when it is of another unit or sort; `number` places a key on the line of a region.
    """

    what: str
    read: Callable[[object], tuple[str, Key] | None]
    measure: Callable[[str], Callable[[object], Key | None]]
    number: Callable[[Key], Fraction] | None = Fraction


class Ordered(Struct, frozen=True, kw_only=True):
    """A left operand of one `Kind`.

    Where the fact is of another unit or currency than the right operand the answer is unknown: nothing is converted. `isAllOf`
    several different values holds for none.
    """

    name: str
    kind: Kind
    badge: Badge = Badge.DECLARED
    sentences: Mapping[str, Mapping[str, str]] = {}

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the fact's name."""
        return (self.name,)

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        if atomic.operator not in COMPARE and atomic.operator not in SETS:
            return f"the operator {quote(atomic.operator)} does not compare {self.kind.what}"
        if atomic.operator in COMPARE and isinstance(atomic.right, list):
            return f"the operator {atomic.operator} compares with one right operand, not with a list"
        found = read_all(atomic, self.kind.read)
        if found is None:
            return f"the right operand is not read as {self.kind.what}"
        return "the right operands are of several units" if len({unit for unit, _ in found}) > 1 else None

    def compile(self, atomic: Atomic) -> Test:
        """Compare the fact with the right operand."""
        right = read_all(atomic, self.kind.read) or ()
        measure, name = self.kind.measure(right[0][0]), self.name
        keys = [key for _, key in right]
        if atomic.operator in COMPARE:
            return _comparing(name, measure, COMPARE[atomic.operator], keys[0])
        decide = _decide(atomic.operator, keys)

        def test(facts: Facts) -> Truth:
            fact = fresh(facts, name)
            if fact is None:
                return None
            key = measure(fact.value)
            return None if key is None else decide(key)

        return test

    def boundaries(self, atomic: Atomic, facts: Facts) -> tuple[datetime, ...]:
        """Time alone changes nothing."""
        return ()

    def region(self, atomic: Atomic) -> Region | None:
        """Return the values that stand in this relation to the right operand."""
        number, right = self.kind.number, read_all(atomic, self.kind.read)
        if number is None or right is None or self.problem(atomic):
            return None
        return compared(right[0][0], atomic.operator, [point(number(key)) for _, key in right])


def _comparing(name: str, measure: Callable[[object], Key | None], compare: Callable[[Key, Key], bool], limit: Key) -> Test:
    """Return the test that is needed most, with nothing between the fact and the comparison."""

    def test(facts: Facts) -> Truth:
        fact = fresh(facts, name)
        if fact is None:
            return None
        key = measure(fact.value)
        return None if key is None else compare(key, limit)

    return test


def _decide(operator: str, keys: list[Key]) -> Callable[[Key], bool]:
    chosen = frozenset(keys)
    if operator == "isAllOf":
        return lambda key: chosen == {key}
    wanted = operator == "isAnyOf"
    return lambda key: (key in chosen) is wanted


def _quantity(read: Callable[[object], Quantity | None]) -> Callable[[object], tuple[str, Key] | None]:
    def reader(value: object) -> tuple[str, Key] | None:
        found = read(value)
        return None if found is None else (found.unit or "number", found.amount)

    return reader


def _measure(unit: str) -> Callable[[object], Key | None]:
    if unit == "number":
        return exact

    def measure(value: object) -> Key | None:
        return exact(value[0]) if isinstance(value, tuple) and len(value) == 2 and value[1] == unit else None

    return measure


def _read_bytes(value: object) -> tuple[str, Key] | None:
    size = read_size(value)
    return None if size is None else ("bytes", size)


def _read_span(value: object) -> tuple[str, Key] | None:
    period = read_period(value)
    return ("seconds", period.rest) if period is not None and period.fixed else None


def _read_version(value: object) -> tuple[str, Key] | None:
    version = read_version(value)
    return None if version is None else ("version", version)


def levels(name: str, *ascending: str) -> Kind:
    """Return the kind of levels in an order, lowest first."""
    places = {level: place for place, level in enumerate(ascending)}

    def read(value: object) -> tuple[str, Key] | None:
        level = read_name(value)
        return None if level is None or level not in places else (f"level:{name}", places[level])

    def place(value: object) -> Key | None:
        return places.get(value) if isinstance(value, str) else None

    return Kind(what=f"one of {', '.join(ascending)}", read=read, measure=lambda _unit: place)


NUMBERS = Kind(what="a number", read=_quantity(read_number), measure=_measure)
MONEY = Kind(what="an amount of money with its currency", read=_quantity(read_money), measure=_measure)
BYTES = Kind(what="a size in bytes or a larger unit", read=_read_bytes, measure=lambda _unit: exact)
SPANS = Kind(
    what="a period of fixed length (P1M has none, P30D has)",
    read=_read_span,
    measure=lambda _unit: lambda value: value if isinstance(value, timedelta) else None,
    number=seconds,
)
VERSIONS = Kind(
    what="a version such as 2.0",
    read=_read_version,
    measure=lambda _unit: read_version,
    number=None,
)
