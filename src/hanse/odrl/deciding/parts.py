"""The parts that a rule is compiled to: each can be tested quickly, and looked at with a finding for every constraint in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Literal, Protocol

from hanse.odrl.constraints.base import Operand, Operands, Test
from hanse.odrl.constraints.named import party
from hanse.odrl.facts import Fact, Facts, Truth
from hanse.odrl.model import Atomic, Constraint, Logical, LogicalOperator, RightOperand, Scope
from hanse.odrl.names import DATE_TIME, PARTICIPANT
from hanse.odrl.report import Finding
from hanse.odrl.vocabulary import ACTIONS, CONTAINS, LOOSE, action_includes, action_name

Kind = Literal["constraint", "refinement"]
Who = Literal["target", "assignee", "assigner"]
Combine = Callable[[Sequence[Truth]], Truth]


class Part(Protocol):
    """One condition of a rule."""

    test: Test
    """Decides it, and stops as soon as it can."""

    def look(self, facts: Facts, findings: list[Finding]) -> Truth:
        """Decide it, and add what came of all that is in it."""
        ...

    def leaves(self) -> Iterator[Leaf]:
        """Yield the single constraints in it."""
        ...


_FEW, _SHORT = 32, 256
"""What is longer is not remembered: it would fill the memory before it is needed again."""


def unknown(_facts: Facts) -> Truth:
    """Decide what can never be decided."""
    return None


def holds(_facts: Facts) -> Truth:
    """Decide a rule without conditions."""
    return True


def all_of(truths: Sequence[Truth]) -> Truth:
    """Return strong Kleene conjunction."""
    return False if False in truths else None if None in truths else True


def any_of(truths: Sequence[Truth]) -> Truth:
    """Return strong Kleene disjunction."""
    return True if True in truths else None if None in truths else False


def one_of(truths: Sequence[Truth]) -> Truth:
    """Return whether exactly one holds; two that hold are too many whatever the unknown ones are."""
    held = truths.count(True)
    return False if held > 1 else None if None in truths else held == 1


def every(tests: Sequence[Test]) -> Test:
    """Return a test that all tests pass, in strong Kleene logic."""
    if len(tests) < 2:
        return tests[0] if tests else holds
    tests = tuple(tests)

    def test(facts: Facts) -> Truth:
        truth: Truth = True
        for one in tests:
            found = one(facts)
            if found is False:
                return False
            if found is None:
                truth = None
        return truth

    return test


def some(tests: Sequence[Test]) -> Test:
    """Return a test that one of the tests passes, in strong Kleene logic."""
    tests = tuple(tests)

    def test(facts: Facts) -> Truth:
        truth: Truth = False
        for one in tests:
            found = one(facts)
            if found is True:
                return True
            if found is None:
                truth = None
        return truth

    return test


def exactly_one(tests: Sequence[Test]) -> Test:
    """Return a test that just one of the tests passes."""
    tests = tuple(tests)
    return lambda facts: one_of([one(facts) for one in tests])


# andSequence orders the way to the answer, not the answer (ODRL 2.2 IM, 2.5.2).
_JOINED: Mapping[LogicalOperator, tuple[Callable[[Sequence[Test]], Test], Combine]] = {
    "and": (every, all_of),
    "andSequence": (every, all_of),
    "or": (some, any_of),
    "xone": (exactly_one, one_of),
}

_OF_REQUEST: Mapping[str, Callable[[Facts], Fact | None]] = {
    DATE_TIME: lambda facts: Fact(facts.now, "clock", facts.now),
    PARTICIPANT: lambda facts: None if facts.assignee is None else Fact(facts.assignee, "request", facts.now),
}
"""What decides the left operands that need no further fact."""


_Decided = tuple[Operand | None, str, Test]


def _decided(operands: Operands, atomic: Atomic) -> _Decided:
    """Return the operand of a constraint, why it can never be decided, and its test; those that are alike share it.

    Thousands of agreements are made from a few offers: shared tests are compiled once, and stay in the processor's cache.
    """
    key = _key(atomic.right)
    if key is None or atomic.unit or atomic.data_type or max(map(len, (atomic.left, atomic.operator, *_words(key)))) > _SHORT:
        return _compile(operands, atomic)
    return _remembered(operands, atomic.left, atomic.operator, key)


def _key(right: RightOperand) -> str | tuple[str, ...] | None:
    """Return a right operand as something that can be remembered: a text, or a few of them."""
    if not isinstance(right, list):
        return right if isinstance(right, str) else None
    words = tuple(one for one in right[:_FEW] if isinstance(one, str))
    return words if len(words) == len(right) else None


def _words(key: str | tuple[str, ...]) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else key


@lru_cache(maxsize=8192)
def _remembered(operands: Operands, left: str, operator: str, right: str | tuple[str, ...]) -> _Decided:
    return _compile(operands, Atomic(left, operator, right if isinstance(right, str) else list(right)))


def _compile(operands: Operands, atomic: Atomic) -> _Decided:
    operand = operands.find(atomic.left)
    if operand is None:
        return None, "operand", unknown
    return (operand, "term", unknown) if operand.problem(atomic) else (operand, "", operand.compile(atomic))


class Leaf:
    """One constraint. `never` says why it can never be decided: `operand` is not known, or the `term` has a problem."""

    __slots__ = ("_own", "atomic", "kind", "need", "never", "operand", "path", "test")

    def __init__(self, path: str, atomic: Atomic, operands: Operands, kind: Kind) -> None:
        self.path = path
        self.atomic = atomic
        self.kind = kind
        self.operand, self.never, self.test = _decided(operands, atomic)
        operand = self.operand
        self.need = operand.needs[0] if operand is not None and operand.needs else ""
        self._own = _OF_REQUEST.get(operand.name) if operand is not None else None

    def look(self, facts: Facts, findings: list[Finding]) -> Truth:
        """Decide it, with the fact that it was decided on."""
        truth = self.test(facts)
        fact = facts.known.get(self.need) if self._own is None else self._own(facts)
        if truth is not None:
            findings.append(Finding(path=self.path, truth=truth, part=self.kind, atomic=self.atomic, fact=fact))
            return truth
        why = self.never or _why(fact, facts)
        needs = self.need or (self.operand.name if self.operand else "")
        needs = needs if why in ("missing", "stale") else ""
        findings.append(Finding(path=self.path, truth=None, part=self.kind, atomic=self.atomic, fact=fact, why=why, needs=needs))
        return None

    def leaves(self) -> Iterator[Leaf]:
        """Yield itself."""
        yield self

    def boundaries(self, facts: Facts) -> Iterable[datetime]:
        """Return when it may turn with time alone."""
        return () if self.operand is None or self.never else self.operand.boundaries(self.atomic, facts)


def _why(fact: Fact | None, facts: Facts) -> str:
    # Of a credential without the claim that is asked for, the claim is missing.
    if fact is None or fact.value is None or isinstance(fact.value, Mapping):
        return "missing"
    return "stale" if fact.expires is not None and facts.now >= fact.expires else "value"


class Branch:
    """Constraints joined by and / andSequence / or / xone; without any it means nothing and is unknown."""

    __slots__ = ("_combine", "kind", "members", "operator", "path", "test")

    def __init__(self, path: str, operator: LogicalOperator, members: Sequence[Part], kind: Kind) -> None:
        join, self._combine = _JOINED[operator]
        self.path = path
        self.kind = kind
        self.operator = operator
        self.members = members
        self.test: Test = join([member.test for member in members]) if members else unknown

    def look(self, facts: Facts, findings: list[Finding]) -> Truth:
        """Decide all members, and then itself."""
        place = len(findings)
        truths = [member.look(facts, findings) for member in self.members]
        truth = self._combine(truths) if truths else None
        why = "term" if not truths else ""
        findings.insert(place, Finding(path=self.path, truth=truth, part=self.kind, logical=self.operator, why=why))
        return truth

    def leaves(self) -> Iterator[Leaf]:
        """Yield the constraints in it."""
        for member in self.members:
            yield from member.leaves()


def constraint_part(path: str, constraint: Constraint, operands: Operands, kind: Kind = "constraint") -> Part:
    """Return a constraint as a part. How deep it is nested has been bounded before."""
    if isinstance(constraint, Logical):
        members = [
            constraint_part(f"{path}.{constraint.operator}[{index}]", one, operands, kind) for index, one in enumerate(constraint.operands)
        ]
        return Branch(path, constraint.operator, members, kind)
    return Leaf(path, constraint, operands, kind)


def constraint_parts(path: str, constraints: Sequence[Constraint], operands: Operands, kind: Kind = "constraint") -> list[Part]:
    """Return constraints as parts; `path` is that of their list."""
    return [constraint_part(f"{path}[{index}]", one, operands, kind) for index, one in enumerate(constraints)]


@cache
def _reach(action: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the known actions that a known action contains, and those that it does not."""
    within = CONTAINS[action]
    return within, frozenset() if action in LOOSE else ACTIONS - within - LOOSE


class ActionPart:
    """The action of a rule, which may contain the one that is asked for."""

    __slots__ = ("path", "test")

    def __init__(self, path: str, action: str) -> None:
        self.path = f"{path}.action"
        name = action_name(action)
        within, apart = _reach(name) if name in ACTIONS else (frozenset({name, action}), frozenset())

        def test(facts: Facts) -> Truth:
            asked = facts.action
            return True if asked in within else False if asked in apart else action_includes(name, asked)

        self.test: Test = test

    def look(self, facts: Facts, findings: list[Finding]) -> Truth:
        """Decide it."""
        truth = self.test(facts)
        why = "action" if truth is None else ""
        findings.append(Finding(path=self.path, truth=truth, part="action", fact=Fact(facts.action, "request", facts.now), why=why))
        return truth

    def leaves(self) -> Iterator[Leaf]:
        """Yield nothing."""
        return iter(())


class ScopePart:
    """The target or a party of a rule: itself, or one that is part of it, of which the refinements hold."""

    __slots__ = ("_ask", "_named", "_refinements", "_who", "path", "test")

    def __init__(self, path: str, who: Who, scope: Scope, operands: Operands) -> None:
        self.path = f"{path}.{who}"
        self._who: Who = who
        self._ask = _ASKED[who]
        named = [] if scope.id is None else [_is(self._ask, scope.id, who)]
        self._named = every(named if scope.collection is None else [*named, _in(self._ask, scope.collection, who)])
        self._refinements = constraint_parts(f"{self.path}.refinement", scope.refinements, operands, "refinement")
        self.test: Test = every([self._named, *(one.test for one in self._refinements)])

    def look(self, facts: Facts, findings: list[Finding]) -> Truth:
        """Decide it, and each refinement."""
        truth, asked = self._named(facts), self._ask(facts)
        why = "" if truth is not None else "unasked" if asked is None else "missing"
        fact = None if asked is None else Fact(asked, "request", facts.now)
        findings.append(Finding(path=self.path, truth=truth, part=self._who, fact=fact, why=why))
        return all_of([truth, *(one.look(facts, findings) for one in self._refinements)])

    def leaves(self) -> Iterator[Leaf]:
        """Yield the refinements."""
        for one in self._refinements:
            yield from one.leaves()


_ASKED: Mapping[Who, Callable[[Facts], str | None]] = {
    "target": attrgetter("target"),
    "assignee": attrgetter("assignee"),
    "assigner": attrgetter("assigner"),
}


def _spelled(who: Who) -> Callable[[str], str]:
    """Return what brings names into the form that is compared; assets have but one."""
    return str if who == "target" else party


def _is(ask: Callable[[Facts], str | None], named: str, who: Who) -> Test:
    """Return a test that what is asked about is what is named, or is known to be part of it."""
    same = _spelled(who)
    name = same(named)

    def test(facts: Facts) -> Truth:
        asked = ask(facts)
        if asked == named:
            return True
        if asked is None:
            return None
        return same(asked) == name or name in map(same, facts.parts.get(asked, ()))

    return test


def _in(ask: Callable[[Facts], str | None], collection: str, who: Who) -> Test:
    """Return a test that what is asked about is in the collection; unknown while it is not known what it is part of."""
    same = _spelled(who)
    name = same(collection)

    def test(facts: Facts) -> Truth:
        asked = ask(facts)
        if asked is None:
            return None
        parts = facts.parts.get(asked)
        if same(asked) == name or (parts is not None and name in map(same, parts)):
            return True
        return None if parts is None else False

    return test
