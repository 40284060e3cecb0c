"""Duties compared: what is heavier, what is less, what has to be asked."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.regions import Named, Ordered, Span
from hanse.odrl.match.coverage import equivalent, match, subsumes
from hanse.odrl.match.duties import fulfils
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import COLUMN, COMPENSATE, DELAY_PERIOD, DELETE, DIGITS, GROUP_SIZE, INFORM, MASK, PAY_AMOUNT, ROUND
from tests.unit.odrl.match.toy import Name, Number, X


class Days(Number):
    def region(self, atomic):
        return super().region(Atomic(atomic.left, atomic.operator, atomic.right.strip("PD")))


class Money(Number):
    def region(self, atomic):
        at = Fraction(atomic.right["@value"])
        low = None if atomic.operator == "lteq" else at
        return Ordered(atomic.right["@type"], (Span(low, None if atomic.operator == "gteq" else at),))


OPERANDS = Operands([Days(DELAY_PERIOD), Money(PAY_AMOUNT), Name(COLUMN, "column"), Number(DIGITS), Number(GROUP_SIZE), Number(X)])


def within(days, action=DELETE):
    return Rule(action, (Atomic(DELAY_PERIOD, "lteq", f"P{days}D"),))


def pay(operator, amount, unit="EUR"):
    return Rule(COMPENSATE, (Atomic(PAY_AMOUNT, operator, {"@value": amount, "@type": unit}),))


def mask(*columns):
    return Rule(MASK, (Atomic(COLUMN, "isAnyOf", list(columns)),))


def one(action, left, operator, right):
    return Rule(action, (Atomic(left, operator, right),))


@pytest.mark.parametrize(
    ("ready", "asked", "truth"),
    [
        (within(30), within(90), True),
        (within(90), within(30), False),
        (within(30), Rule(DELETE), True),
        (Rule(DELETE), within(30), False),
        (Rule(INFORM), Rule(DELETE), False),
        (pay("lteq", "600"), pay("eq", "500"), True),
        (pay("lteq", "400"), pay("eq", "500"), False),
        (pay("lteq", "600", "USD"), pay("eq", "500"), False),
        (pay("eq", "450"), pay("gteq", "400"), True),
        (pay("eq", "350"), pay("gteq", "400"), False),
        (mask("name", "street"), mask("name"), True),
        (mask("name"), mask("name", "street"), False),
        (mask("name"), Rule(MASK), None),
        (one(ROUND, DIGITS, "eq", "1"), one(ROUND, DIGITS, "eq", "2"), True),
        (one(ROUND, DIGITS, "eq", "2"), one(ROUND, DIGITS, "eq", "1"), False),
        (one("anonymize", GROUP_SIZE, "gteq", "10"), one("anonymize", GROUP_SIZE, "gteq", "5"), True),
        (one("anonymize", GROUP_SIZE, "gteq", "3"), one("anonymize", GROUP_SIZE, "eq", "5"), False),
        (one(INFORM, "recipient", "eq", "x"), one(INFORM, "recipient", "eq", "x"), True),
        (one(INFORM, "recipient", "eq", "x"), one(INFORM, "recipient", "eq", "y"), None),
        (Rule(INFORM), one(INFORM, X, "lteq", "3"), True),
        (one(INFORM, X, "lteq", "3"), Rule(INFORM), False),
        (one(INFORM, X, "lteq", "5"), one(INFORM, X, "lteq", "3"), True),
        (one(INFORM, X, "lteq", "3"), one(INFORM, X, "lteq", "5"), False),
        (Rule(DELETE, consequences=(Rule(INFORM),)), within(30), None),
    ],
)
def test_who_does_the_heavier_does_the_lighter(ready, asked, truth):
    assert fulfils(ready, asked, OPERANDS) is truth


def use(*duties, obligations=()):
    return Terms(permissions=(Rule("use", duties=duties),), obligations=obligations)


@pytest.mark.parametrize(
    ("ready", "asked", "verdict"),
    [
        (use(within(30)), use(within(90)), Verdict.COVERED),
        (use(within(90)), use(within(30)), Verdict.CONFLICT),
        (use(), use(within(30)), Verdict.UNKNOWN),
        (use(within(30)), use(), Verdict.COVERED),
        (use(within(30)), use(obligations=(within(90),)), Verdict.COVERED),
        (use(obligations=(within(30),)), use(within(90)), Verdict.COVERED),
        (use(Rule(INFORM)), use(within(90)), Verdict.UNKNOWN),
    ],
)
def test_an_offer_covers_whoever_is_ready_to_do_what_it_asks(ready, asked, verdict):
    assert match(ready, asked, OPERANDS).verdict is verdict


def test_the_counter_offer_keeps_the_heavier_duty_and_the_price_that_is_asked():
    counter = match(use(within(30), pay("lteq", "600")), use(within(90), pay("eq", "500"), Rule(INFORM)), OPERANDS).counter
    assert set(map(repr, counter.permissions[0].duties)) == set(map(repr, (within(30), pay("eq", "500"), Rule(INFORM))))


def test_a_policy_that_asks_less_is_not_within_one_that_asks_more():
    assert subsumes(use(), use(within(30)), OPERANDS) is False
    assert subsumes(use(within(10)), use(within(30)), OPERANDS) is True
    assert equivalent(use(within(10)), use(within(30)), OPERANDS) is False


def test_the_table_has_a_row_for_each_duty():
    rows = {row.about: (row.verdict, row.who) for row in match(use(within(90)), use(within(30), Rule(INFORM)), OPERANDS).rows}
    assert rows["duty:delete"] == (Verdict.CONFLICT, "either")
    assert rows["duty:inform"] == (Verdict.UNKNOWN, "consumer")


def test_columns_are_counted_by_name():
    assert isinstance(OPERANDS.find(COLUMN).region(Atomic(COLUMN, "isAnyOf", ["a"])), Named)
