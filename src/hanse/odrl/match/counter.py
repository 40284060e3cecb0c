"""The terms that two policies both would do with: what lies in both, with the duties of both, the heavier of each two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import structs

from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.regions import Named, Region
from hanse.odrl.forms.bounds import MAX_CONSTRAINTS, MAX_RULES
from hanse.odrl.match.bounds import comparable, is_many, region_of
from hanse.odrl.match.boxes import Budget, Exhausted, first_met, meet, within
from hanse.odrl.match.duties import fulfils
from hanse.odrl.match.expand import Permit, expand_use, included
from hanse.odrl.model import Atomic, Constraint, Rule, Terms
from hanse.odrl.names import plain

_MOST_VALUES = 200
_MOST_JOINED = 16


def both(a: Terms, b: Terms, operands: Operands) -> Terms | None:
    """Return the terms that lie in `a` and in `b`; nothing if there are none, or they cannot be told.

    Where duties differ the heavier one stays, of a price that of `b`.
    """
    try:
        return _both(a, b, operands, Budget())
    except Exhausted:
        return None


def _both(a: Terms, b: Terms, operands: Operands, budget: Budget) -> Terms | None:
    mine, yours = expand_use(a, operands, budget), expand_use(b, operands, budget)
    if not all(permit.known for permit in (*mine, *yours)):
        return None
    pairs = [(one, two) for one in mine for two in yours if first_met(one.sure, two.sure, budget) is not None]
    permissions = _distinct([rule for one, two in pairs if (rule := _permission(one, two, operands)) is not None])
    terms = Terms(
        permissions=permissions,
        prohibitions=_distinct(_effective(a), _effective(b)),
        obligations=_duties(a.obligations, b.obligations, operands),
        profile=tuple(dict.fromkeys((*b.profile, *a.profile))),
        conflict=a.conflict if a.conflict == b.conflict and a.conflict != "perm" else None,
    )
    return terms if permissions and _fits(terms) else None


def _effective(terms: Terms) -> tuple[Rule, ...]:
    return () if terms.conflict == "perm" else terms.prohibitions


def _distinct(*lists: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple({repr(rule): rule for rules in lists for rule in rules}.values())  # a rule has lists in it, and there may be thousands


def _permission(one: Permit, two: Permit, operands: Operands) -> Rule | None:
    """Return the permission in which both rules' constraints hold, for the narrower of their actions."""
    a, b = one.rule, two.rule
    mine, yours = included(a.action), included(b.action)
    if mine is None or yours is None or not (mine <= yours or yours <= mine):
        return None
    narrower = a if mine <= yours else b
    return structs.replace(
        narrower,
        uid=None,
        constraints=merge((*b.constraints, *a.constraints), operands),
        refinements=merge((*b.refinements, *a.refinements), operands),
        duties=_duties(a.duties, b.duties, operands),
        target=a.target or b.target,
        assigner=a.assigner or b.assigner,
        assignee=a.assignee or b.assignee,
    )


def merge(constraints: Iterable[Constraint], operands: Operands) -> tuple[Constraint, ...]:
    """Return constraints that hold exactly when all of `constraints` do, without those that others make superfluous."""
    kept: list[Constraint] = []
    for constraint in constraints:
        if constraint in kept:
            continue
        # Which of very many make others superfluous would take long to find out; what is superfluous does no harm.
        if isinstance(constraint, Atomic) and len(kept) < _MOST_JOINED:
            kept = _add(kept, constraint, operands)
        else:
            kept.append(constraint)
    return tuple(kept)


def _add(kept: list[Constraint], atomic: Atomic, operands: Operands) -> list[Constraint]:
    for index, before in enumerate(kept):
        if isinstance(before, Atomic) and plain(before.left) == plain(atomic.left):
            one = _join(before, atomic, operands)
            if one is not None:
                return _add(kept[:index] + kept[index + 1 :], one, operands)
    return [*kept, atomic]


def _join(a: Atomic, b: Atomic, operands: Operands) -> Atomic | None:
    """Return one constraint that says what both say; nothing if it takes two."""
    if a == b:
        return a
    one, two = region_of(a, operands), region_of(b, operands)
    if one is None or two is None or not comparable(plain(a.left), one, two):
        return None
    if within(one, two):
        return a
    if within(two, one):
        return b
    return None if is_many(plain(a.left), one.sort) else _listed(a, b, meet(one, two), operands)


def _listed(a: Atomic, b: Atomic, met: Region, operands: Operands) -> Atomic | None:
    """Return `left isAnyOf` the entries of both lists that lie in both, if that says the same."""
    if not isinstance(met, Named) or met.others:
        return None
    entries = [item for one in (a, b) for item in _items(one)]
    if len(entries) > _MOST_VALUES:
        return None
    inside: list[object] = []
    for item in entries:
        region = region_of(Atomic(a.left, "isAnyOf", [item]), operands)
        if region is not None and within(region, met) and item not in inside:
            inside.append(item)
    joined = Atomic(a.left, "isAnyOf", inside)
    return joined if inside and region_of(joined, operands) == met else None


def _items(atomic: Atomic) -> list[object]:
    if atomic.operator not in ("eq", "isAnyOf"):
        return []
    return list(atomic.right) if isinstance(atomic.right, list) else [atomic.right]


def _duties(a: Sequence[Rule], b: Sequence[Rule], operands: Operands) -> tuple[Rule, ...]:
    """Return the duties of both, without those that another one fulfils anyhow."""
    mine = [duty for duty in a if not any(fulfils(other, duty, operands) for other in b)]
    yours = [duty for duty in b if not any(fulfils(other, duty, operands) and other not in b for other in mine)]
    return _distinct(yours, mine)


def _fits(terms: Terms) -> bool:
    rules = (*terms.permissions, *terms.prohibitions, *terms.obligations)
    duties = [duty for rule in rules for duty in rule.duties]
    few = len(rules) + len(duties) <= MAX_RULES
    return few and sum(_count(rule.constraints) for rule in (*rules, *duties)) <= MAX_CONSTRAINTS


def _count(constraints: Iterable[Constraint]) -> int:
    return sum(1 if isinstance(one, Atomic) else 1 + _count(one.operands) for one in constraints)
