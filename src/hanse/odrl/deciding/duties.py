"""What is owed, as a condition: a duty of a permission, an obligation of a policy (ODRL 2.2 IM, 2.6.3 to 2.6.6).

How far something owed is comes with the facts (`Facts.duties`); whoever sees to it tells, and knows its constraints. Here a duty
counts as done if it is fulfilled, and with it each consequence that is owed beside it, which is each that has a state. A duty that was
violated is done once it has been fulfilled late and its consequences too; a consequence never stands for the duty itself.

Constraints of a duty say two things, because nothing else travels. Those about its parameters (`PARAMETERS`: how much to pay, which
columns to mask, by when to delete) belong to whoever sees to it. The others say when it is owed at all: if one of them does not hold
for this request, the duty is not owed (ODRL formal semantics, inactive condition); if that is unknown, it is owed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hanse.odrl.constraints.base import Operands, Test
from hanse.odrl.deciding.parts import Leaf, all_of, constraint_part, every
from hanse.odrl.facts import Done, Duty, Fact, Facts, Truth
from hanse.odrl.model import Atomic, Constraint, Rule
from hanse.odrl.names import (
    COLUMN,
    COUNT,
    DATE_TIME,
    DELAY_PERIOD,
    DIGITS,
    ELAPSED_TIME,
    EVENT,
    GROUP_SIZE,
    METERED_TIME,
    PAY_AMOUNT,
    POLICY,
    RECIPIENT,
    TIME_INTERVAL,
    plain,
)
from hanse.odrl.report import Finding

PARAMETERS = frozenset({
    COLUMN, COUNT, DATE_TIME, DELAY_PERIOD, DIGITS, ELAPSED_TIME, EVENT, GROUP_SIZE, METERED_TIME, PAY_AMOUNT, POLICY, RECIPIENT,
    TIME_INTERVAL, "unitOfCount", "percentage",
})  # fmt: skip
"""Left operands that, in a duty, say how, how much, for whom or by when it is done."""

_WHY = {Done.PENDING: "owed", Done.VIOLATED: "violated", Done.FULFILLED: "consequence"}


class Owed:
    """One duty or obligation with its consequences. `pending` and `missing` are what comes of it in these two cases.

    A duty that a permission waits for is not done while it is pending; an obligation is in order, but has to be known.
    """

    __slots__ = ("_consequences", "_gates", "_owed", "_when_missing", "_when_pending", "key", "path", "test")

    def __init__(self, path: str, duty: Rule, operands: Operands, *, pending: Truth, missing: Truth) -> None:
        self.path = path
        self.key = duty.uid or path
        self._consequences = tuple(_keys(path, duty))
        self._when_pending = pending
        self._when_missing = missing
        gates = [(index, one) for index, one in enumerate(duty.constraints) if not _parameter(one)]
        self._gates = [constraint_part(f"{path}.constraint[{index}]", one, operands) for index, one in gates]
        self._owed: Test = every([gate.test for gate in self._gates])
        self.test: Test = self._decide if self._gates else self._done

    def look(self, facts: Facts, findings: list[Finding]) -> Truth:
        """Decide it; where it is not done, with what says whether it is owed."""
        truth = self._done(facts)
        place = len(findings)
        if truth is not True and self._gates and all_of([gate.look(facts, findings) for gate in self._gates]) is False:
            truth = True
        duty = facts.duties.get(self.key)
        why = "" if truth is True else "missing" if duty is None else _WHY[duty.state]
        fact = None if duty is None else Fact(duty.state, duty.source, duty.observed)
        findings.insert(place, Finding(path=self.path, truth=truth, part="duty", fact=fact, why=why))
        return truth

    def leaves(self) -> Iterator[Leaf]:
        """Yield the constraints that say whether it is owed."""
        for gate in self._gates:
            yield from gate.leaves()

    def _decide(self, facts: Facts) -> Truth:
        truth = self._done(facts)
        return True if truth is not True and self._owed(facts) is False else truth

    def _done(self, facts: Facts) -> Truth:
        duty = facts.duties.get(self.key)
        if duty is None:
            return self._when_missing
        if duty.state is Done.FULFILLED:
            return all_of([self._follows(facts.duties[key]) for key in self._consequences if key in facts.duties])
        return False if duty.state is Done.VIOLATED else self._when_pending

    def _follows(self, consequence: Duty) -> Truth:
        """Tell whether a consequence that is owed is seen to; it may be pending where the duty itself may."""
        if consequence.state is Done.PENDING:
            return self._when_pending
        return consequence.state is Done.FULFILLED


def _parameter(constraint: Constraint) -> bool:
    """Tell whether a constraint of a duty is about how it is done; of joined ones, whether any is."""
    waiting: list[Constraint] = [constraint]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, Atomic):
            waiting += one.operands
        elif plain(one.left) in PARAMETERS:
            return True
    return False


def _keys(path: str, duty: Rule) -> Iterator[str]:
    """Yield the ids of all consequences, and of theirs."""
    waiting: list[tuple[str, Sequence[Rule]]] = [(path, duty.consequences)]
    while waiting:
        above, rules = waiting.pop()
        for index, rule in enumerate(rules):
            where = f"{above}.consequence[{index}]"
            yield rule.uid or where
            waiting.append((where, rule.consequences))
