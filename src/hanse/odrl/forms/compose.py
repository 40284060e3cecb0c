"""Whole policies, and how what is shared by their rules becomes each rule's own (ODRL 2.2 IM, 2.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from hanse.odrl.forms.bounds import Size
from hanse.odrl.model import Atomic, Constraint, Logical, Rule, Scope, Terms

T = TypeVar("T", bound=Struct)
PolicyKind = Literal["Set", "Offer", "Agreement"]


class Act(Struct, frozen=True):
    """An action with the constraints that narrow it."""

    name: str
    refinements: tuple[Constraint, ...] = ()


class Shared(Struct, frozen=True):
    """What a policy says once for all its rules: actions, targets and parties (ODRL 2.2 IM, 2.7.1)."""

    actions: tuple[Act, ...] = ()
    targets: tuple[Scope, ...] = ()
    assigners: tuple[Scope, ...] = ()
    assignees: tuple[Scope, ...] = ()

    def join(self, more: Shared) -> Shared:
        """Return what both say, each thing once."""
        return Shared(
            actions=unique((*self.actions, *more.actions)),
            targets=unique((*self.targets, *more.targets)),
            assigners=unique((*self.assigners, *more.assigners)),
            assignees=unique((*self.assignees, *more.assignees)),
        )


class Policy(Struct, frozen=True):
    """A whole policy. Its rules already have what is `shared`; that is kept for policies that inherit from this one."""

    uid: str | None
    kind: PolicyKind
    terms: Terms
    shared: Shared = Shared()


def atomic(rule: Rule, roles: Shared) -> tuple[Rule, ...]:
    """Return one rule for each target, assigner, assignee and action in `roles`, each with all the rest of `rule`.

    `rule` has none of these itself; a role that nobody has stays open. A rule that becomes several has no uid any more: one name
    cannot stand for all of them, and the state of one duty must not pass for the state of another.
    """
    nobody: tuple[Scope | None, ...] = (None,)
    combined = list(product(roles.targets or nobody, roles.assigners or nobody, roles.assignees or nobody, roles.actions))
    uid = rule.uid if len(combined) == 1 else None
    return tuple(
        msgspec.structs.replace(
            rule, uid=uid, action=act.name, refinements=act.refinements, target=target, assigner=assigner, assignee=assignee
        )
        for target, assigner, assignee, act in combined
    )


def roles_of(rule: Rule) -> Shared:
    """Return an atomic rule's own action, target and parties."""
    return Shared(
        actions=(Act(rule.action, rule.refinements),),
        targets=_optional(rule.target),
        assigners=_optional(rule.assigner),
        assignees=_optional(rule.assignee),
    )


def _optional(scope: Scope | None) -> tuple[Scope, ...]:
    return () if scope is None else (scope,)


def unique(items: Iterable[T]) -> tuple[T, ...]:
    """Return each item once, in order of first appearance; two are the same when their JSON is (to Python 1 equals True)."""
    return tuple({msgspec.json.encode(item, order="sorted"): item for item in items}.values())


def size_of(terms: Terms) -> Size:
    """Return how many rules (duties among them), constraints and values there are."""
    rules = [rule for each in (terms.permissions, terms.prohibitions, terms.obligations) for top in each for rule in _all_rules(top)]
    constraints = [one for rule in rules for one in _all_constraints(rule)]
    values = sum(_values(one.right) for one in constraints if isinstance(one, Atomic))
    return Size(len(rules), len(constraints), values)


def _all_rules(rule: Rule) -> Iterator[Rule]:
    yield rule
    for inner in (*rule.duties, *rule.consequences, *rule.remedies):
        yield from _all_rules(inner)


def _all_constraints(rule: Rule) -> Iterator[Constraint]:
    scopes = [scope for scope in (rule.target, rule.assigner, rule.assignee) if scope is not None]
    waiting = [*rule.constraints, *rule.refinements, *(one for scope in scopes for one in scope.refinements)]
    while waiting:
        constraint = waiting.pop()
        yield constraint
        if isinstance(constraint, Logical):
            waiting += constraint.operands


def _values(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_values, inner))
