"""Short ways to decide one constraint."""

from __future__ import annotations

from datetime import UTC, datetime

from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.facts import Fact, Facts
from hanse.odrl.model import Atomic

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
MISSING = object()


def problem(left, operator, right, **more):
    operand = BUILT_IN.find(left)
    assert operand is not None, left
    return operand.problem(Atomic(left, operator, right, **more))


def world(name, value, *, now=NOW, observed=None, expires=None, parts=None, assignee=None):
    known = {} if value is MISSING else {name: Fact(value, "test", observed, expires)}
    return Facts(now=now, known=known, parts=parts or {}, assignee=assignee)


def decide(left, operator, right, value=MISSING, *, fact=None, unit=None, data_type=None, **more):
    """Decide `left operator right` in a world in which the fact has `value`."""
    atomic = Atomic(left, operator, right, unit, data_type)
    operand = BUILT_IN.find(left)
    assert operand is not None, left
    assert operand.problem(atomic) is None, operand.problem(atomic)
    name = fact or (operand.needs[0] if operand.needs else left)
    return operand.compile(atomic)(world(name, value, **more))


def turns(left, operator, right, value=MISSING, **more):
    atomic = Atomic(left, operator, right)
    operand = BUILT_IN.find(left)
    assert operand is not None
    return list(operand.boundaries(atomic, world(left, value, **more)))


def region(left, operator, right, **more):
    operand = BUILT_IN.find(left)
    assert operand is not None
    return operand.region(Atomic(left, operator, right, **more))
