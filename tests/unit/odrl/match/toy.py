"""Left operands that are as simple as can be, and a slow evaluator written from the definitions: what matching is tested against."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from hypothesis import strategies as st

from hanse.odrl.constraints.base import Badge, Operands
from hanse.odrl.constraints.regions import Named, Ordered, Span
from hanse.odrl.match.witness import Request, Value
from hanse.odrl.model import Atomic, Logical, Rule, Terms
from hanse.odrl.names import EMBED, MINE, ROLE, TRAIN, USE
from hanse.odrl.vocabulary import CONTAINS

X, Y, COLOUR, STRANGE = "urn:x", "urn:y", "urn:colour", "urn:strange"
COLOURS = ("red", "green", "blue")
ROLES = ("a", "b")
ACTIONS = (USE, MINE, TRAIN, EMBED, "read")
_WARM = ("red",)


class Toy:
    badge = Badge.DECLARED

    def __init__(self, name):
        self.name = name
        self.sentences = {"en": {"*": "{operator} {}"}}
        self.needs = (name,)

    def problem(self, atomic):
        return None

    def boundaries(self, atomic, facts):
        return ()

    def compile(self, atomic):
        raise NotImplementedError


class Number(Toy):
    def region(self, atomic):
        at = Fraction(atomic.right)
        spans = {
            "eq": [Span(at, at)],
            "neq": [Span(at, None, False), Span(None, at, True, False)],
            "lt": [Span(None, at, True, False)],
            "lteq": [Span(None, at)],
            "gt": [Span(at, None, False)],
            "gteq": [Span(at, None)],
        }
        return Ordered("number", tuple(spans[atomic.operator]))


class Name(Toy):
    def __init__(self, name, sort):
        super().__init__(name)
        self._sort = sort

    def region(self, atomic):
        names = atomic.right if isinstance(atomic.right, list) else [atomic.right]
        below = [one for name in names for one in (_WARM if name == "warm" else (name,))]
        return Named(self._sort, frozenset(below), atomic.operator in ("neq", "isNoneOf"))


OPERANDS = Operands([Number(X), Number(Y), Name(COLOUR, "colour"), Name(ROLE, "some:role")])

numbers = st.builds(Atomic, st.sampled_from([X, Y]), st.sampled_from(["eq", "neq", "lt", "lteq", "gt", "gteq"]), st.sampled_from("012"))
colours = st.builds(
    Atomic, st.just(COLOUR), st.sampled_from(["isAnyOf", "isNoneOf"]), st.lists(st.sampled_from(COLOURS), min_size=1, max_size=2)
)
roles = st.builds(Atomic, st.just(ROLE), st.sampled_from(["isAnyOf", "isNoneOf"]), st.lists(st.sampled_from(ROLES), min_size=1, max_size=2))
strange = st.builds(Atomic, st.just(STRANGE), st.just("eq"), st.just("1"))
leaves = numbers | colours | roles


def constraints_of(leaf):
    join = st.sampled_from(["and", "andSequence", "or", "xone"])
    return st.recursive(leaf, lambda inner: st.builds(Logical, join, st.lists(inner, min_size=1, max_size=3).map(tuple)), max_leaves=4)


def terms_of(leaf, most=2):
    rules = st.builds(Rule, st.sampled_from(ACTIONS), st.lists(constraints_of(leaf), max_size=3).map(tuple))
    return st.builds(
        Terms,
        permissions=st.lists(rules, min_size=1, max_size=most).map(tuple),
        prohibitions=st.lists(rules, max_size=1).map(tuple),
    )


terms = terms_of(leaves)
mixed = terms_of(leaves | strange)

POINTS = tuple(Fraction(n, 2) for n in range(-1, 6))
"""Every number that any constraint here can tell from its neighbours."""


def worlds():
    """All requests that these operands can tell apart, thinned out: the grid has 7 x 7 x 4 x 4 x 5 points."""
    for action, x, y, colour, mine in product(ACTIONS, POINTS, POINTS, (*COLOURS, "other"), ((), ("a",), ("b",), ROLES)):
        yield Request(
            action, (Value(X, "number", x), Value(Y, "number", y), Value(COLOUR, "colour", colour), Value(ROLE, "some:role", mine))
        )


def permits(terms, request):
    """Evaluate a request as the standard says, in three values. An operand that is not told is unknown."""
    given = {value.left: value.value for value in request.values}
    allowed = _any(_applies(rule, request.action, given) for rule in terms.permissions)
    barred = _any(_applies(rule, request.action, given) for rule in terms.prohibitions)
    return _all([allowed, None if barred is None else not barred])


def _applies(rule, action, given):
    return _all([action in CONTAINS[rule.action], *(_holds(one, given) for one in rule.constraints)])


def _holds(constraint, given):
    if isinstance(constraint, Atomic):
        return _atomic(constraint, given)
    truths = [_holds(one, given) for one in constraint.operands]
    if constraint.operator == "or":
        return _any(truths)
    if constraint.operator == "xone":
        return False if truths.count(True) > 1 else None if None in truths else truths.count(True) == 1
    return _all(truths)


def _atomic(atomic, given):
    value = given.get(atomic.left)
    if value is None:
        return None
    if isinstance(value, Fraction):
        right = Fraction(atomic.right)
        return {
            "eq": value == right, "neq": value != right, "lt": value < right,
            "lteq": value <= right, "gt": value > right, "gteq": value >= right,
        }[atomic.operator]  # fmt: skip
    found = not set(value if isinstance(value, tuple) else (value,)).isdisjoint(atomic.right)
    return found == (atomic.operator == "isAnyOf")


def _all(truths):
    truths = list(truths)
    return False if False in truths else None if None in truths else True


def _any(truths):
    truths = list(truths)
    return True if True in truths else None if None in truths else False
