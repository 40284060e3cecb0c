"""Terms as boxes: constraints are expanded to a union of boxes (a disjunctive normal form), twice where something is unknown.

What is not known (a left operand, an operator, an action, a profile) makes two sets of a policy: what it permits for certain,
with everything unknown taken against it, and what it may permit at most, with everything unknown taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.regions import Named, Region
from hanse.odrl.match.bounds import is_many, may_hold, region_of
from hanse.odrl.match.boxes import Box, Budget, Dim, in_domain, is_void, meet_all, other, subtract
from hanse.odrl.model import Atomic, Constraint, Rule, Scope, Terms
from hanse.odrl.names import KNOWN_PROFILES, plain
from hanse.odrl.vocabulary import CONTAINS, LOOSE, action_name

ACTION = Dim("action", "action")
"""The dimension of the action that is asked for."""
YES = Named("yes", frozenset({"yes"}))
"""Of a yes-or-no dimension: the fact has the name."""

_WHOLE: tuple[Box, ...] = ({},)


class Taking(NamedTuple):
    """How what is not certain is taken: whether a constraint holds where that is in `doubt`, and one that is not known at all."""

    doubt: bool
    unknown: bool


_SURE = Taking(doubt=False, unknown=False)
_MOST = Taking(doubt=True, unknown=True)
_SAID = Taking(doubt=False, unknown=True)
_BARRED = Taking(doubt=True, unknown=False)


class Permit(Struct, frozen=True):
    """What one permission permits, less what is prohibited: `sure` for certain, `most` at most. `duties` are owed for it.

    `known` tells whether every word that has a part in it is known.
    """

    path: str
    rule: Rule
    sure: list[Box]
    most: list[Box]
    duties: tuple[Rule, ...]
    known: bool


def expand_use(terms: Terms, operands: Operands, budget: Budget) -> list[Permit]:
    """Return the permissions of an intended use: it means what it says. Raises `Exhausted`."""
    return _expand(terms, operands, budget, _SAID, _BARRED)


def expand_offer(terms: Terms, operands: Operands, budget: Budget) -> list[Permit]:
    """Return the permissions of an offer: what may hold at most may yet turn out to. Raises `Exhausted`."""
    return _expand(terms, operands, budget, _MOST, _SURE)


def of_rule(rule: Rule, operands: Operands, budget: Budget, *, barred: bool = False) -> list[Box]:
    """Return the requests that a rule speaks of; of one that bars them, what is in doubt too. Raises `Exhausted`."""
    return _of_rule(rule, operands, budget, _BARRED if barred else _SAID)


def _expand(terms: Terms, operands: Operands, budget: Budget, most: Taking, barred: Taking) -> list[Permit]:
    """Expand. A prohibition takes away; under `perm` it does not, and under `invalid` what it collides with is void all the same."""
    strange = bool(terms.inherits) or any(profile not in KNOWN_PROFILES for profile in terms.profile)
    rules = () if terms.conflict == "perm" else terms.prohibitions
    holes = [box for rule in rules for box in _of_rule(rule, operands, budget, _MOST)]
    sure_holes = [box for rule in rules for box in _of_rule(rule, operands, budget, barred)]
    clear = not strange and all(_known(rule, operands) for rule in rules)
    found = []
    for index, rule in enumerate(terms.permissions):
        surely = [] if strange else subtract(_of_rule(rule, operands, budget, _SURE), holes, budget)
        mostly = list(_WHOLE) if strange else subtract(_of_rule(rule, operands, budget, most), sure_holes, budget)
        owed = (*rule.duties, *terms.obligations)
        found.append(Permit(f"permission[{index}]", rule, surely, mostly, owed, clear and _known(rule, operands)))
    return found


def _of_rule(rule: Rule, operands: Operands, budget: Budget, taking: Taking) -> list[Box]:
    """Return the requests that a rule applies to."""
    actions, expansion = included(rule.action), _Expansion(operands, budget, taking)
    boxes: list[Box] = [{ACTION: Named("action", actions)}] if actions is not None else expansion.unknown()
    for name, scope in (("target", rule.target), ("assigner", rule.assigner), ("assignee", rule.assignee)):
        boxes = meet_all(boxes, _of_scope(name, scope, expansion), budget)
    for constraint in (*rule.constraints, *rule.refinements):
        boxes = meet_all(boxes, expansion.of(constraint, holds=True), budget)
    return boxes


def _known(rule: Rule, operands: Operands) -> bool:
    scopes = (rule.target, rule.assigner, rule.assignee)
    every = all(region_of(atomic, operands) is not None for atomic in atomics((*rule.constraints, *rule.refinements)))
    return every and included(rule.action) is not None and all(scope is None or _is_plain(scope) for scope in scopes)


def included(action: str) -> frozenset[str] | None:
    """Return the names of all actions that an action contains, itself among them; nothing if it is not known."""
    name = action_name(action)
    return None if name in LOOSE else CONTAINS.get(name)


def dimensions(terms: Terms, operands: Operands) -> Box:
    """Return every dimension that `terms` ask about, each with some region of it that is not empty."""
    found: dict[Dim, Region] = {}
    expansion = _Expansion(operands, Budget(), _SURE)
    for rule in (*terms.permissions, *terms.prohibitions):
        for atomic in atomics((*rule.constraints, *rule.refinements)):
            for box in (*expansion.of(atomic, holds=False), *expansion.of(atomic, holds=True)):
                found |= box
    return found


def atomics(constraints: Sequence[Constraint]) -> Iterator[Atomic]:
    """Return every atomic constraint, at all levels."""
    for constraint in constraints:
        if isinstance(constraint, Atomic):
            yield constraint
        else:
            yield from atomics(constraint.operands)


class _Expansion:
    """Expands one constraint."""

    def __init__(self, operands: Operands, budget: Budget, taking: Taking) -> None:
        self._operands = operands
        self._budget = budget
        self._taking = taking

    def unknown(self) -> list[Box]:
        """Return the requests for which something that is not known counts: that it holds, and that it does not."""
        return list(_WHOLE) if self._taking.unknown else []

    def of(self, constraint: Constraint, *, holds: bool) -> list[Box]:
        """Return the requests for which the constraint holds, or for which it does not."""
        if isinstance(constraint, Atomic):
            return self._atomic(constraint, holds=holds)
        if constraint.operator == "xone":
            return self._xone(constraint.operands, holds=holds)
        parts = (self.of(one, holds=holds) for one in constraint.operands)
        return self._all(parts) if (constraint.operator != "or") is holds else self._any(parts)

    def _xone(self, operands: tuple[Constraint, ...], *, holds: bool) -> list[Box]:
        yes = [self.of(one, holds=True) for one in operands]
        no = [self.of(one, holds=False) for one in operands]
        if holds:
            return self._any(self._all(yes[j] if j == i else no[j] for j in range(len(yes))) for i in range(len(yes)))
        pairs = [self._all((yes[i], yes[j])) for i in range(len(yes)) for j in range(i)]
        return self._any([self._all(no), *pairs])

    def _all(self, parts: Sequence[list[Box]] | Iterator[list[Box]]) -> list[Box]:
        boxes: list[Box] = list(_WHOLE)
        for part in parts:
            boxes = meet_all(boxes, part, self._budget)
        return boxes

    def _any(self, parts: Sequence[list[Box]] | Iterator[list[Box]]) -> list[Box]:
        boxes: list[Box] = []
        for part in parts:
            boxes = self._budget.bound([*boxes, *part])
        return boxes

    def _atomic(self, atomic: Atomic, *, holds: bool) -> list[Box]:
        region = self._region(atomic, holds=holds)
        if region is None:
            return self.unknown()
        self._budget.spend(region)
        left = plain(atomic.left)
        if isinstance(region, Named) and is_many(left, region.sort):
            return self._budget.bound(_of_many(left, region))
        return [] if is_void(region) else [{Dim(left, region.sort): region}]

    def _region(self, atomic: Atomic, *, holds: bool) -> Region | None:
        """Return where it holds, or where it does not: what does not hold for certain is what may hold, taken away."""
        region = region_of(atomic, self._operands)
        if region is None or self._taking.doubt is not holds:
            return region if region is None or holds else in_domain(plain(atomic.left), other(region))
        widest = may_hold(atomic, self._operands)
        return widest if holds or widest is None else in_domain(plain(atomic.left), other(widest))


def _of_many(left: str, region: Named) -> list[Box]:
    """Return boxes over one yes-or-no dimension per name: the fact has one of the names, or it has none of them."""
    dims = [Dim(left, region.sort, name) for name in sorted(region.names)]
    if region.others:
        return [dict.fromkeys(dims, other(YES))]
    return [{dim: YES} for dim in dims]


def _of_scope(name: str, scope: Scope | None, expansion: _Expansion) -> Sequence[Box]:
    if scope is None:
        return _WHOLE
    if not _is_plain(scope):
        return expansion.unknown()
    return ({Dim(name, "iri"): Named("iri", frozenset({scope.id or ""}))},)


def _is_plain(scope: Scope) -> bool:
    return scope.id is not None and scope.collection is None and not scope.refinements
