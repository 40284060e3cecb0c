"""What of a policy DSP 2025-1 cannot carry, and the form that would do (DSP 2025-1, contract schema and ODRL context).

A policy that cannot travel unchanged is refused when it is offered: the other side would otherwise agree to something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from hanse.odrl.forms.bounds import WIRE
from hanse.odrl.forms.compose import size_of
from hanse.odrl.model import OPERATORS, Atomic, Constraint, Rule, Scope, Terms

Found = tuple[str, str, str]
"""(path, what cannot travel, the form that would do)"""


def cannot_travel(terms: Terms) -> list[Found]:
    """Return (path, what, the form that would do) for everything in `terms` that cannot travel; empty: all of it does."""
    found = list(_whole(terms))
    for name, rules in (("permission", terms.permissions), ("prohibition", terms.prohibitions), ("obligation", terms.obligations)):
        found += _rules(name, rules, duties=name == "permission")
    return found


def _whole(terms: Terms) -> Iterator[Found]:
    if not terms.permissions and not terms.prohibitions:
        yield "", "a policy without a permission and a prohibition", 'the least is "permission": [{"action": "use"}]'
    if terms.conflict is not None:
        yield "conflict", "a strategy for conflicts", "permissions and prohibitions that never meet: put constraints on them"
    for index, _ in enumerate(terms.inherits):
        yield f"inheritFrom[{index}]", "inheritance", "the parent's rules, written into this policy"
    size = size_of(terms)
    for what, count, limit in (
        ("rules", size.rules, WIRE.rules),
        ("constraints", size.constraints, WIRE.constraints),
        ("values", size.values, WIRE.values),
    ):
        if count > limit:
            yield "", f"{count} {what} in one policy", f"at most {limit}: several offers, or a collection with a name"


def _rules(path: str, rules: tuple[Rule, ...], *, duties: bool) -> Iterator[Found]:
    for index, rule in enumerate(rules):
        yield from _rule(f"{path}[{index}]", rule, duties=duties)


def _rule(path: str, rule: Rule, *, duties: bool) -> Iterator[Found]:
    if rule.uid is not None:
        yield f"{path}.uid", "a rule's own id", "none: the rule's place in the policy names it"
    if rule.refinements:
        yield f"{path}.action.refinement", "a refinement of the action", "the same constraint on the rule, or on one of its duties"
    yield from _scope(f"{path}.target", rule.target, "a rule's own target", "an offer of its own for this dataset")
    yield from _scope(f"{path}.assigner", rule.assigner, "a rule's own assigner", "none: the agreement names the parties")
    yield from _scope(f"{path}.assignee", rule.assignee, "a rule's own assignee", "a constraint urn:hanse:odrl:participant isAnyOf [...]")
    yield from _constraints(f"{path}.constraint", rule.constraints)
    yield from _rules(f"{path}.duty", rule.duties, duties=False)
    if rule.duties and not duties:
        yield f"{path}.duty", "a duty of something that is no permission", "an obligation of the policy"
    for index, _ in enumerate(rule.consequences):
        yield f"{path}.consequence[{index}]", "a consequence", "an obligation of its own with the constraints under which it is owed"
    for index, _ in enumerate(rule.remedies):
        yield f"{path}.remedy[{index}]", "a remedy", "an obligation of its own with the constraints under which it is owed"


def _scope(path: str, scope: Scope | None, what: str, form: str) -> Iterator[Found]:
    if scope is not None:
        yield path, what, form


def _constraints(path: str, constraints: tuple[Constraint, ...]) -> Iterator[Found]:
    for index, constraint in enumerate(constraints):
        where = f"{path}[{index}]"
        if isinstance(constraint, Atomic):
            yield from _atomic(where, constraint)
        elif constraint.operands:
            yield from _constraints(f"{where}.{constraint.operator}", constraint.operands)
        else:
            yield where, f"{constraint.operator} that joins nothing", "none: leave it out"


def _atomic(path: str, atomic: Atomic) -> Iterator[Found]:
    if atomic.operator not in OPERATORS:
        yield f"{path}.operator", "an operator that is not the protocol's", f"one of {', '.join(sorted(OPERATORS))}"
    if atomic.unit is not None:
        form = f'a typed value: {{"@value": ..., "@type": "{atomic.unit}"}}'
        yield f"{path}.unit", "a unit beside the value", form
    if atomic.data_type is not None:
        form = f'a typed value: {{"@value": ..., "@type": "{atomic.data_type}"}}'
        yield f"{path}.dataType", "a data type beside the value", form
    yield from _right(f"{path}.rightOperand", atomic.right)


def _right(path: str, right: object) -> Iterator[Found]:
    if isinstance(right, list):
        for index, one in enumerate(right):
            yield from _right(f"{path}[{index}]", one)
    elif right is None or isinstance(right, bool | int | float):
        yield path, "a bare number, truth value or null", 'text ("5") or a typed value: {"@value": "5", "@type": "xsd:integer"}'
