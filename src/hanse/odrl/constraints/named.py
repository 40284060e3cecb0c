"""Left operands whose values are names: parties, roles, purposes, places, events, states, formats.

A fact is one name or a frozenset of names. What several names mean differs (`Named.many`):

- `any`: who asks *has* all of them (roles, credentials, states, events that have happened). `isAnyOf` holds if one is among those
  named, `isNoneOf` if none is, `isAllOf` and `hasPart` if all that are named are there.
- `each`: the use is *for* all of them (purposes, places). A constraint holds if it holds for each of them and does not if it does for
  none; in between it is unknown, so that neither a permission nor a prohibition is taken too lightly.

In a hierarchy (purposes, places) `eq`, `neq`, `isAnyOf` and `isNoneOf` are about the names themselves (ODRL 2.2 IM, 2.5.1: equality),
`isA` and `isPartOf` about all that lies below them, several together. Two names that overlap without what is asked (a narrower one
where equality is asked, a wider one where a part is) leave the answer unknown: direct marketing is not *equal* to marketing, but who
excludes marketing has not allowed it. Names from elsewhere are below others only if `Facts.parts` says so; if it knows nothing of
them that is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from hanse.odrl.constraints.base import Badge, Test
from hanse.odrl.constraints.regions import Named as Names
from hanse.odrl.constraints.regions import Region
from hanse.odrl.constraints.trees import Tree, remembered
from hanse.odrl.facts import Facts, Truth, fresh
from hanse.odrl.model import Atomic
from hanse.odrl.names import PARTICIPANT, did_key, is_did
from hanse.odrl.values import read_all, read_name
from hanse.odrl.words import quote

Texts = frozenset[str]
Judge = Callable[[Texts, Facts], Truth]
"""Decides what a set of names is, given the collections that are known."""
One = Callable[[str, Facts], Truth]
"""Decides what one name is."""

_ONE = frozenset({"eq", "neq"})
_NEGATIVE = frozenset({"neq", "isNoneOf"})
_MANY = frozenset({"isAnyOf", "isNoneOf", "isAllOf", "isA", "isPartOf", "hasPart"})
_POSITIVE = (_ONE | _MANY) - _NEGATIVE

party = remembered(did_key)
"""A DID in the form that is compared; remembered, because every request names the same ones."""


def same(name: str) -> str:
    """Return `name`."""
    return name


class Named(Struct, frozen=True, kw_only=True):
    """A left operand whose values are names.

    `fact` names the fact if it is not the left operand's own name. `provable` tells whether it can be known that somebody has no
    further names; who presents credentials can leave one out, so that nobody can prove to have none. `also` gives further
    operators the meaning of others. A hierarchy is a `tree`, or told by the names themselves (`above`).
    """

    name: str
    fact: str = ""
    badge: Badge = Badge.DECLARED
    many: Literal["any", "each"] = "each"
    provable: bool = True
    canonical: Callable[[str], str] = same
    tree: Tree | None = None
    above: Callable[[str], Texts] | None = None
    read: Callable[[object], str | None] = read_name
    also: Mapping[str, str] = {}
    sentences: Mapping[str, Mapping[str, str]] = {}

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the fact's name."""
        return (self.fact or self.name,)

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        operator = self.also.get(atomic.operator, atomic.operator)
        if operator not in _POSITIVE and operator not in _NEGATIVE:
            return f"the operator {quote(atomic.operator)} does not compare names"
        if operator in _NEGATIVE and not self.provable:
            return f"that somebody has none cannot be proved, so {atomic.operator} cannot be decided"
        if operator in _ONE and isinstance(atomic.right, list):
            return f"the operator {atomic.operator} compares with one name, not with a list"
        return None if self._names(atomic) else "the right operand does not name anything of this kind"

    def compile(self, atomic: Atomic) -> Test:
        """Compare the fact's names with those named."""
        one, judge = self._compiled(atomic)
        need, canonical = self.needs[0], self.canonical

        def test(facts: Facts) -> Truth:
            fact = fresh(facts, need)
            if fact is None:
                return None
            value = fact.value
            if isinstance(value, str):
                return judge(frozenset((canonical(value),)), facts) if one is None else one(canonical(value), facts)
            return judge(frozenset(map(canonical, value)), facts) if isinstance(value, frozenset | Mapping) else None

        return test

    def judge(self, atomic: Atomic) -> Judge:
        """Return what decides about names in the form that is compared; for a constraint without a problem."""
        return self._compiled(atomic)[1]

    def _compiled(self, atomic: Atomic) -> tuple[One | None, Judge]:
        """Return how to decide about one name, where there is a shorter way for that, and about several."""
        operator, names = self.also.get(atomic.operator, atomic.operator), self._names(atomic)
        if operator in ("isAllOf", "hasPart"):
            return None, self._whole(operator, names)
        if operator in ("isA", "isPartOf"):
            below = _below(names, self)
            return below, _some_of(below) if self.many == "any" else _each(below)
        wanted = operator not in _NEGATIVE
        if self.many == "any":
            return None, lambda values, _facts: names.isdisjoint(values) is not wanted
        equal = _equal(names, self)
        return (equal, _each(equal)) if wanted else (None, _none(_each(equal)))

    def _whole(self, operator: str, names: Texts) -> Judge:
        if self.many == "any":
            return lambda values, _facts: names <= values
        if operator == "hasPart":
            return _contain(names, self)
        # For a use with further purposes than those named it holds neither wholly nor not at all.
        return lambda values, _facts: True if values == names else None if names < values else False

    def boundaries(self, atomic: Atomic, facts: Facts) -> tuple[datetime, ...]:
        """Time alone changes nothing."""
        return ()

    def region(self, atomic: Atomic) -> Region | None:
        """Return the names for which it holds, those below included where a hierarchy of them is known."""
        if self.problem(atomic):
            return None
        operator, names = self.also.get(atomic.operator, atomic.operator), self._names(atomic)
        if operator in _NEGATIVE:
            return Names(self.name, self.tree.touching(names) if self.tree else names, others=True)
        if operator in ("eq", "isAnyOf"):
            return Names(self.name, names)
        if operator in ("isA", "isPartOf"):
            return Names(self.name, self.tree.within(names)) if self.tree else None
        return Names(self.name, names) if operator == "isAllOf" and len(names) == 1 else None

    def _names(self, atomic: Atomic) -> Texts:
        return frozenset(map(self.canonical, read_all(atomic, self.read) or ()))


def _some_of(one: One) -> Judge:
    """Return how to decide whether it holds for one of all that somebody has."""

    def judge(values: Texts, facts: Facts) -> Truth:
        truths = {one(value, facts) for value in values}
        return True if True in truths else None if None in truths else False

    return judge


def _each(one: One) -> Judge:
    """Return how to decide whether it holds for each value by itself, or for none."""

    def judge(values: Texts, facts: Facts) -> Truth:
        truths = {one(value, facts) for value in values}
        return truths.pop() if len(truths) == 1 else None

    return judge


def _none(judge: Judge) -> Judge:
    """Return the contrary, which is unknown when `judge` is."""

    def contrary(values: Texts, facts: Facts) -> Truth:
        truth = judge(values, facts)
        return None if truth is None else not truth

    return contrary


def _equal(names: Texts, operand: Named) -> One:
    extents, space = _space(names, operand.tree)
    above = operand.above or _nowhere
    around = _NONE.union(*map(above, names))

    def equal(value: str, _facts: Facts) -> Truth:
        if value in names:
            return True
        extent = extents.get(value, _NONE)
        return False if extent.isdisjoint(space) and value not in around and names.isdisjoint(above(value)) else None

    return equal


def _below(names: Texts, operand: Named) -> One:
    extents, space = _space(names, operand.tree)
    above, canonical = operand.above, operand.canonical
    foreign = any(name not in extents for name in names)
    around = _NONE.union(*map(above, names)) if above else _NONE

    def below(value: str, facts: Facts) -> Truth:
        extent, parts = extents.get(value), facts.parts.get(value)
        if above is not None:
            parts = above(value) | (parts or _NONE)
        if value in names or (extent is not None and extent <= space):
            return True
        if parts is not None and not names.isdisjoint(map(canonical, parts)):
            return True
        if value in around or (extent is not None and not extent.isdisjoint(space)):
            return None
        # What is not in the hierarchy, or is compared with what is not, is apart only if all that it is part of is known.
        return False if parts is not None or (extent is not None and not foreign) else None

    return below


_NONE: Texts = frozenset()


def _nowhere(_name: str) -> Texts:
    return _NONE


def _space(names: Texts, tree: Tree | None) -> tuple[Mapping[str, Texts], Texts]:
    """Return what each name of a hierarchy stands for, and what `names` stand for together."""
    return ({}, names) if tree is None else (tree.extents, tree.together(names))


def _contain(names: Texts, operand: Named) -> Judge:
    """Return how to decide whether values together contain all of `names`."""

    def contains(values: Texts, facts: Facts) -> Truth:
        within = _below(values, operand)
        truths = {within(name, facts) for name in names}
        return False if False in truths else None if None in truths else True

    return contains


class Participant(Struct, frozen=True):
    """`urn:hanse:odrl:participant`: the DID of the party that asks is, or is not, one of those named, or part of a collection."""

    name: str = PARTICIPANT
    needs: tuple[str, ...] = ()
    badge: Badge = Badge.ENFORCED
    sentences: Mapping[str, Mapping[str, str]] = {}

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        if atomic.operator in ("isA", "hasPart"):
            return f"the operator {atomic.operator} does not compare parties"
        problem = _PARTIES.problem(atomic)
        if problem or atomic.operator == "isPartOf":
            return problem
        return None if all(map(is_did, read_all(atomic, read_name) or ())) else "the right operand is not a DID"

    def compile(self, atomic: Atomic) -> Test:
        """Look for the DID that asks among those named."""
        names = frozenset(map(party, read_all(atomic, read_name) or ()))
        if atomic.operator in ("isPartOf", "isAllOf"):
            judge = _PARTIES.judge(atomic)
            return lambda facts: None if facts.assignee is None else judge(frozenset((party(facts.assignee),)), facts)
        wanted = atomic.operator not in _NEGATIVE

        def test(facts: Facts) -> Truth:
            asks = facts.assignee
            return None if asks is None else (party(asks) in names) is wanted

        return test

    def boundaries(self, atomic: Atomic, facts: Facts) -> tuple[datetime, ...]:
        """Time alone changes nothing."""
        return ()

    def region(self, atomic: Atomic) -> Region | None:
        """Return the DIDs for which it holds."""
        return _PARTIES.region(atomic) if self.problem(atomic) is None else None


_PARTIES = Named(name=PARTICIPANT, canonical=party)


class State(Struct, frozen=True, kw_only=True):
    """A left operand that is known only as `eq` one word: membership "active", consent "given", payment "current".

    The fact is that word, another one, or a boolean.
    """

    name: str
    word: str
    badge: Badge = Badge.ENFORCED
    sentences: Mapping[str, Mapping[str, str]] = {}

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the fact's name."""
        return (self.name,)

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        known = atomic.operator == "eq" and not isinstance(atomic.right, list) and read_all(atomic, read_name) == (self.word,)
        return None if known else f'{self.name.rpartition(":")[2]} is known only as eq "{self.word}"'

    def compile(self, atomic: Atomic) -> Test:
        """Return what is known of it."""
        name, word = self.name, self.word

        def test(facts: Facts) -> Truth:
            fact = fresh(facts, name)
            if fact is None or not isinstance(fact.value, bool | str):
                return None
            return fact.value if isinstance(fact.value, bool) else fact.value == word

        return test

    def boundaries(self, atomic: Atomic, facts: Facts) -> tuple[datetime, ...]:
        """Time alone changes nothing."""
        return ()

    def region(self, atomic: Atomic) -> Region | None:
        """Return the one word."""
        return Names(self.name, frozenset({self.word})) if self.problem(atomic) is None else None
