"""Left operands that time decides: now compared with a moment or a day, and with the end of a period that began at some moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

from hanse.odrl.constraints.base import Badge, Test
from hanse.odrl.constraints.ordered import COMPARE, SETS
from hanse.odrl.constraints.regions import Region, Span
from hanse.odrl.constraints.spans import compared, point
from hanse.odrl.facts import Fact, Facts, Truth, fresh
from hanse.odrl.model import Atomic
from hanse.odrl.names import DATE_TIME
from hanse.odrl.values import Period, posix, read_all, read_period, seconds
from hanse.odrl.when import When, read_when
from hanse.odrl.words import quote

_TICK = timedelta(microseconds=1)
_DAWN = datetime.min.replace(tzinfo=UTC)
_LAST_YEAR = 9999

Now = Callable[[Facts], bool]


def _lt(when: When) -> Now:
    start = when.start
    return lambda facts: facts.now < start


def _lteq(when: When) -> Now:
    end = when.end
    return lambda facts: facts.now < end


def _gt(when: When) -> Now:
    end = when.end
    return lambda facts: facts.now >= end


def _gteq(when: When) -> Now:
    start = when.start
    return lambda facts: facts.now >= start


def _eq(when: When) -> Now:
    start, end = when.start, when.end
    return lambda facts: start <= facts.now < end


def _neq(when: When) -> Now:
    start, end = when.start, when.end
    return lambda facts: not start <= facts.now < end


_NOW: Mapping[str, Callable[[When], Now]] = {"lt": _lt, "lteq": _lteq, "gt": _gt, "gteq": _gteq, "eq": _eq, "neq": _neq}
"""How now stands to a span of time: after a day means after its end, until a day means until its end."""
_BEGINS = frozenset({"lt", "gteq"})
_ENDS = frozenset({"lteq", "gt"})


def turns(operator: str, when: When) -> tuple[datetime, ...]:
    """Return the moments at which that turns."""
    return (when.start,) if operator in _BEGINS else (when.end,) if operator in _ENDS else (when.start, when.end)


def compare_now(operator: str, spans: tuple[When, ...]) -> Now:
    """Return how now stands to the moments or days named; a list is one of the operators of sets."""
    if operator in _NOW:
        return _NOW[operator](spans[0])
    if operator == "isAllOf":
        return lambda facts: all(when.start <= facts.now < when.end for when in spans)
    wanted = operator == "isAnyOf"
    return lambda facts: any(when.start <= facts.now < when.end for when in spans) is wanted


def when_span(when: When) -> Span:
    """Return a moment or day on the line of a region, in seconds since 1970."""
    return Span(posix(when.start), posix(when.end), True, False)


_LONGEST = 64
_remembered = lru_cache(maxsize=4096)(read_when)


def _read_when(value: object) -> When | None:
    """Return a moment or a day; what is written is remembered, because boundaries are asked for again and again."""
    return _remembered(value) if isinstance(value, str) and len(value) <= _LONGEST else read_when(value)


_remembered_period = lru_cache(maxsize=4096)(read_period)


def _read_period(value: object) -> Period | None:
    return _remembered_period(value) if isinstance(value, str) and len(value) <= _LONGEST else read_period(value)


class DateTime(Struct, frozen=True):
    """`dateTime`: now, compared with a moment or with a whole day (`lteq` a day holds until that day has ended)."""

    name: str = DATE_TIME
    needs: tuple[str, ...] = ()
    badge: Badge = Badge.ENFORCED
    sentences: Mapping[str, Mapping[str, str]] = {}

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        if atomic.operator not in _NOW and atomic.operator not in SETS:
            return f"the operator {quote(atomic.operator)} does not compare moments"
        if atomic.operator in _NOW and isinstance(atomic.right, list):
            return f"the operator {atomic.operator} compares with one moment, not with a list"
        return None if read_all(atomic, _read_when) else "the right operand is no xsd:dateTime or xsd:date"

    def compile(self, atomic: Atomic) -> Test:
        """Compare now."""
        return compare_now(atomic.operator, read_all(atomic, _read_when) or ())

    def boundaries(self, atomic: Atomic, facts: Facts) -> Iterable[datetime]:
        """Return when the comparison turns."""
        return [moment for when in read_all(atomic, _read_when) or () for moment in turns(atomic.operator, when)]

    def region(self, atomic: Atomic) -> Region | None:
        """Return the moments for which it holds."""
        spans = read_all(atomic, _read_when)
        return None if spans is None or self.problem(atomic) else compared("moment", atomic.operator, list(map(when_span, spans)))


class Elapsed(Struct, frozen=True, kw_only=True):
    """Time that has passed since something: `elapsedTime lteq P30D` holds until 30 days after the start.

    The fact is the moment of the start, or the time that had passed when it was observed (else: now), from which the start
    follows. So months are counted by the calendar. With `waits` the period has to be over: `timeInterval eq P7D` and `delayPeriod
    eq P7D` hold from 7 days after the last use, or after the trigger, on; that is what these two say (ODRL 2.2 Vocabulary).
    """

    name: str
    waits: bool = False
    badge: Badge = Badge.ENFORCED
    sentences: Mapping[str, Mapping[str, str]] = {}

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the fact's name."""
        return (self.name,)

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        if atomic.operator not in COMPARE:
            return f"the operator {quote(atomic.operator)} does not compare a time that passes"
        if isinstance(atomic.right, list) or read_all(atomic, _read_period) is None:
            return "the right operand is no xsd:duration such as P30D"
        return None

    def compile(self, atomic: Atomic) -> Test:
        """Compare now with the end of the period."""
        period, name = self._period(atomic), self.name
        compare = _NOW[self._operator(atomic)]

        def test(facts: Facts) -> Truth:
            fact = fresh(facts, name)
            when = None if fact is None else _end(period, fact, facts.now)
            return None if when is None else compare(when)(facts)

        return test

    def boundaries(self, atomic: Atomic, facts: Facts) -> Iterable[datetime]:
        """Return when the comparison with the end of the period turns."""
        fact = fresh(facts, self.name)
        when = None if fact is None or self.problem(atomic) else _end(self._period(atomic), fact, facts.now)
        return () if when is None else turns(self._operator(atomic), when)

    def region(self, atomic: Atomic) -> Region | None:
        """Return the periods for which it holds, in seconds or in months; of months and days together none is known."""
        if self.problem(atomic):
            return None
        period = self._period(atomic)
        if period.months and period.rest:
            return None
        sort, length = ("months", Fraction(period.months)) if period.months else ("seconds", seconds(period.rest))
        return compared(sort, self._operator(atomic), [point(length)])

    def _operator(self, atomic: Atomic) -> str:
        return "gteq" if self.waits and atomic.operator == "eq" else atomic.operator

    @staticmethod
    def _period(atomic: Atomic) -> Period:
        return (read_all(atomic, _read_period) or (Period(0, timedelta()),))[0]


def _end(period: Period, fact: Fact, now: datetime) -> When | None:
    """Return the moment at which the period ends that the fact began."""
    start = _start(fact, now)
    end = None if start is None else period.after(start)
    return None if end is None or end.year == _LAST_YEAR else When(end, end + _TICK)


def _start(fact: Fact, now: datetime) -> datetime | None:
    value = fact.value
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else None
    if not isinstance(value, timedelta):
        return None
    try:
        return (fact.observed or now) - value
    except OverflowError:  # longer ago than the calendar goes
        return _DAWN if value > timedelta() else None
