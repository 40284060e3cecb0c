"""Claims of credentials: `urn:hanse:odrl:claim:TYPE#PATH` asks what stands at PATH in the subject of a verified credential of that TYPE.

The fact is that of `urn:hanse:odrl:credential`: per type the subjects of the credentials that were verified. Where several subjects,
or a list at that place, give several values, one of them suffices (`isNoneOf` and `neq`: all of them), as whoever presents them
has them all. A claim that is not there is unknown, for every operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from fractions import Fraction

from msgspec import Struct

from hanse.odrl.constraints.base import Badge, Test
from hanse.odrl.constraints.jsonpath import Path, read_path, value_at
from hanse.odrl.constraints.moments import when_span
from hanse.odrl.constraints.named import Judge, Named
from hanse.odrl.constraints.ordered import COMPARE
from hanse.odrl.constraints.places import PLACES, place
from hanse.odrl.constraints.regions import Named as Names
from hanse.odrl.constraints.regions import Region, Span
from hanse.odrl.constraints.spans import compared, point
from hanse.odrl.facts import Facts, Truth, fresh
from hanse.odrl.model import Atomic
from hanse.odrl.names import CLAIM, CREDENTIAL, plain
from hanse.odrl.values import Number, exact, number_in, read_all, read_name, read_number
from hanse.odrl.when import When, read_when
from hanse.odrl.words import quote

_SETS = {"eq": "any", "isAnyOf": "any", "neq": "none", "isNoneOf": "none", "isAllOf": "all", "hasPart": "all"}
_BELOW = frozenset({"isA", "isPartOf"})
_MAX_VALUES, _MAX_NAMED = 100, 1_000

Found = list[object]
Decide = Callable[[Found, Facts], Truth]


class Claim(Struct, frozen=True):
    """A value in a verified credential. The right operand tells the sort: a number, a moment or day, or text and names.

    A number of the credential is compared as a number; text is compared with a right operand that is typed as a number
    (`xsd:decimal`) as one too, else letter by letter, because `01234` may be a postal code. `isA` and `isPartOf` understand countries
    and their groups, and collections that are known.
    """

    name: str = CLAIM
    needs: tuple[str, ...] = (CREDENTIAL,)
    badge: Badge = Badge.ENFORCED
    sentences: Mapping[str, Mapping[str, str]] = {}

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        if _place(atomic) is None:
            return "after urn:hanse:odrl:claim: a type, # and a JSONPath such as $.address.country are due"
        operator = atomic.operator
        if operator not in COMPARE and operator not in _SETS and operator not in _BELOW:
            return f"the operator {quote(operator)} does not compare claims"
        if operator in COMPARE and isinstance(atomic.right, list):
            return f"the operator {operator} compares with one value, not with a list"
        if isinstance(atomic.right, list) and len(atomic.right) > _MAX_NAMED:
            return f"there are more than {_MAX_NAMED} right operands"
        return None if _decision(atomic) else f"the right operand is nothing that {operator} compares with"

    def compile(self, atomic: Atomic) -> Test:
        """Compare what stands in the credentials."""
        kind, path = _place(atomic) or ("", ())
        decide = _decision(atomic)

        def test(facts: Facts) -> Truth:
            fact = fresh(facts, CREDENTIAL)
            if fact is None or decide is None or not isinstance(fact.value, Mapping):
                return None
            found = list(_values(fact.value.get(kind, ()), path))
            return decide(found, facts) if 0 < len(found) <= _MAX_VALUES else None

        return test

    def boundaries(self, atomic: Atomic, facts: Facts) -> tuple[datetime, ...]:
        """Time alone changes nothing."""
        return ()

    def region(self, atomic: Atomic) -> Region | None:
        """Return the values for which it holds, if the claim has one value."""
        if self.problem(atomic) or atomic.operator == "hasPart" or (atomic.operator == "isAllOf" and isinstance(atomic.right, list)):
            return None
        if atomic.operator in _BELOW:
            region = _places(atomic).region(atomic)
            return Names(atomic.left, region.names) if isinstance(region, Names) else None
        whens = read_all(atomic, read_when)
        numbers: tuple[Number, ...] | None = read_all(atomic, _plain_number)
        operator = "eq" if atomic.operator == "isAllOf" else atomic.operator
        if whens:
            return compared("moment", operator, list(map(when_span, whens)))
        if numbers and (operator not in _SETS or read_all(atomic, _typed_number)):
            return compared("number", operator, list(map(_point, numbers)))
        texts = read_all(atomic, read_name)
        return Names(atomic.left, frozenset(texts), others=_SETS[operator] == "none") if texts else None


def _place(atomic: Atomic) -> tuple[str, Path] | None:
    """Return the type of the credential and the path into its subject."""
    name = plain(atomic.left)
    # A type may be an IRI with a # of its own; the path is percent-encoded and has none.
    kind, _, query = name.removeprefix(CLAIM).rpartition("#")
    path = read_path(query) if kind and name.startswith(CLAIM) else None
    return None if path is None else (kind, path)


def _values(subjects: object, path: Path) -> Iterator[object]:
    """Yield the single values at the place, over all subjects."""
    for subject in subjects if isinstance(subjects, list | tuple) else ():
        found = value_at(subject, path)
        for one in found if isinstance(found, list | tuple) else (found,):
            if isinstance(one, str | int | float):
                yield one


def _decision(atomic: Atomic) -> Decide | None:
    """Return how to decide; `None` when the right operand and the operator do not go together."""
    operator = atomic.operator
    if operator in _BELOW:
        return _below(_places(atomic).judge(atomic)) if read_all(atomic, read_name) else None
    if operator in _SETS:
        matchers = read_all(atomic, _matcher)
        return None if matchers is None else _matching(_SETS[operator], matchers)
    return _ordered(atomic)


def _below(judge: Judge) -> Decide:
    return lambda found, facts: judge(frozenset(place(one) for one in found if isinstance(one, str)), facts)


def _places(atomic: Atomic) -> Named:
    return Named(name=atomic.left, tree=PLACES, canonical=place, many="any")


def _matching(how: str, matchers: tuple[Callable[[object], bool], ...]) -> Decide:
    if how == "all":
        return lambda found, _facts: all(any(map(matches, found)) for matches in matchers)
    wanted = how == "any"
    return lambda found, _facts: any(matches(one) for matches in matchers for one in found) is wanted


def _matcher(right: object) -> Callable[[object], bool] | None:
    """Return what tells whether a claim equals one right operand."""
    number, text, when = _plain_number(right), read_name(right), read_when(right)
    if number is None and text is None and when is None:
        return None
    as_number = _typed_number(right) is not None

    def matches(claim: object) -> bool:
        if isinstance(claim, bool):
            return text == ("true" if claim else "false")
        if when is not None and (moment := read_when(claim)) is not None:
            return when.start <= moment.start and moment.end <= when.end
        if isinstance(claim, str) and not as_number:
            return claim == text
        return number is not None and _number(claim) == number

    return matches


def _ordered(atomic: Atomic) -> Decide | None:
    """Return how to compare in an order: a moment if the right operand is one, else a number."""
    compare = COMPARE[atomic.operator]
    when, number = read_when(atomic.right), _plain_number(atomic.right)
    if when is not None:
        return lambda found, _facts: _some([_order_moment(atomic.operator, read_when(one), when) for one in found])
    if number is None:
        return None
    return lambda found, _facts: _some([None if (one := _number(each)) is None else compare(one, number) for each in found])


def _order_moment(operator: str, claim: When | None, when: When) -> Truth:
    """Tell how a claim that is a moment or a day stands to another; where they overlap in part it is unknown."""
    if claim is None:
        return None
    before, after = claim.end <= when.start, claim.start >= when.end
    inside = when.start <= claim.start and claim.end <= when.end
    if not (before or after or inside):
        return None
    return {"lt": before, "lteq": before or inside, "gt": after, "gteq": after or inside}[operator]


def _some(truths: list[Truth]) -> Truth:
    return True if True in truths else None if None in truths else False


def _number(claim: object) -> Number | None:
    """Return a claim as an exact number: of a fraction in JSON, the decimal that its text says."""
    if isinstance(claim, bool):
        return None
    return number_in(repr(claim)) if isinstance(claim, float) else number_in(claim) if isinstance(claim, str) else exact(claim)


def _plain_number(right: object) -> Number | None:
    quantity = read_number(right)
    return quantity.amount if quantity is not None and not quantity.unit else None


def _typed_number(right: object) -> Number | None:
    return _plain_number(right) if isinstance(right, dict) else None


def _point(number: Number) -> Span:
    return point(Fraction(number))
