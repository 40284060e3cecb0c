"""Whether time alone has ended an agreement: nothing but what time decides is looked at, everything else is hoped for.

So an agreement ends by its terms only when it can never permit anything again, whatever is paid, proved, stated or happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.odrl.constraints.base import Operand
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.facts import Fact, Facts
from hanse.odrl.model import Atomic, Constraint, Rule, Terms
from hanse.odrl.names import DATE_TIME, ELAPSED_TIME, USE, plain

_TIMES: Final = frozenset({DATE_TIME, ELAPSED_TIME})
_ANY: Final = frozenset({"or", "xone"})


class Outlook(Struct, frozen=True):
    """Whether the terms can permit anything now or later, and when time may change that (exclusive end of what is known)."""

    hope: bool
    next: datetime | None


def outlook(terms: Terms, since: datetime, now: datetime) -> Outlook:
    """Look at terms that have been agreed on since `since`. Terms without any permission have nothing to lose, and do not end."""
    facts = Facts(now=now, known={ELAPSED_TIME: Fact(since, "the agreement")})
    moments = sorted({moment for rule in (*terms.permissions, *terms.prohibitions) for moment in _turns(rule, facts) if moment > now})
    hope = not terms.permissions or any(_permits(terms, _at(facts, moment)) for moment in (now, *moments))
    return Outlook(hope, moments[0] if hope and moments else None)


def _permits(terms: Terms, facts: Facts) -> bool:
    forbidden = any(_forbids(rule) and all(_may(one, facts) for one in rule.constraints) for rule in terms.prohibitions)
    return not forbidden and any(all(_may(one, facts) for one in rule.constraints) for rule in terms.permissions)


def _forbids(rule: Rule) -> bool:
    """Tell whether time alone decides whether the prohibition forbids everything."""
    narrowed = rule.refinements or rule.target or rule.assignee or rule.assigner
    return plain(rule.action) == USE and not narrowed and all(_of_time(one) for one in rule.constraints)


def _of_time(constraint: Constraint) -> bool:
    return isinstance(constraint, Atomic) and _operand(constraint) is not None


def _may(constraint: Constraint, facts: Facts) -> bool:
    """Tell whether a constraint holds at the moment of the facts, as far as time decides; what it does not decide may hold."""
    if isinstance(constraint, Atomic):
        operand = _operand(constraint)
        return operand is None or operand.compile(constraint)(facts) is not False
    held = (_may(one, facts) for one in constraint.operands)
    return any(held) if constraint.operator in _ANY else all(held)


def _turns(rule: Rule, facts: Facts) -> Iterator[datetime]:
    for atomic in _atomics(rule.constraints):
        operand = _operand(atomic)
        if operand is not None:
            yield from operand.boundaries(atomic, facts)


def _atomics(constraints: tuple[Constraint, ...]) -> Iterator[Atomic]:
    for one in constraints:
        if isinstance(one, Atomic):
            yield one
        else:
            yield from _atomics(one.operands)


def _operand(atomic: Atomic) -> Operand | None:
    if plain(atomic.left) not in _TIMES:
        return None
    operand = BUILT_IN.find(atomic.left)
    return None if operand is None or operand.problem(atomic) else operand


def _at(facts: Facts, moment: datetime) -> Facts:
    return Facts(now=moment, known=facts.known)
