"""Constraints from decoded JSON, in their logical structure (ODRL 2.2 IM, 2.5). What every reader of policies shares."""

from __future__ import annotations

from typing import cast

from hanse.kernel.errors import Invalid
from hanse.odrl.forms.bounds import Bounds, as_list, as_object, as_text, check_keys
from hanse.odrl.model import OPERATORS, Atomic, Constraint, Logical, LogicalOperator, RightOperand

_LOGICAL = ("and", "andSequence", "or", "xone")
_ATOMIC = frozenset({"@type", "leftOperand", "operator", "rightOperand"})

Json = dict[str, object]


class ConstraintReader:
    """Reads constraints as DSP 2025-1 writes them (contract schema); `jsonld` reads more of ODRL by overriding the parts."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds

    def read(self, items: list[object], where: str, depth: int = 1) -> tuple[Constraint, ...]:
        """Return the constraints. Raises `Malformed` when one is no object or nested too deep, else `Invalid`."""
        return tuple(self._constraint(item, f"{where}[{index}]", depth) for index, item in enumerate(items))

    def node(self, value: object, where: str) -> Json:
        """Return the object that `value` stands for."""
        return as_object(value, where)

    def items(self, value: object, where: str) -> list[object]:
        """Return the constraints that a logical one joins."""
        return as_list(value, where)

    def atomic(self, constraint: Json, where: str, depth: int) -> Atomic:
        """Return a constraint that is not logical."""
        check_keys(constraint, _ATOMIC, where)
        check_type(constraint, ("AtomicConstraint", "Constraint"), where)
        left = as_text(constraint.get("leftOperand"), f"{where}.leftOperand")
        operator = as_operator(constraint.get("operator"), f"{where}.operator")
        return Atomic(left, operator, self._right(constraint.get("rightOperand"), f"{where}.rightOperand", depth))

    def _constraint(self, value: object, where: str, depth: int) -> Constraint:
        self._bounds.count_constraint(where, depth)
        constraint = self.node(value, where)
        logical = [key for key in _LOGICAL if key in constraint]
        if not logical:
            return self.atomic(constraint, where, depth)
        if len(logical) > 1:
            raise Invalid(
                f"A constraint has one of and, andSequence, or, xone; this one has {' and '.join(logical)}.",
                where=where,
                rule="policy-logical",
                hint="Put one inside the other.",
            )
        return self._logical(constraint, logical[0], where, depth)

    def _logical(self, constraint: Json, key: str, where: str, depth: int) -> Logical:
        check_keys(constraint, frozenset({"@type", key}), where)
        check_type(constraint, ("LogicalConstraint", "Constraint"), where)
        items = self.items(constraint[key], f"{where}.{key}")
        if not items:
            raise Invalid(f"{key} joins nothing.", where=f"{where}.{key}", rule="policy-logical", hint="Leave it out.")
        return Logical(cast("LogicalOperator", key), self.read(items, f"{where}.{key}", depth + 1))

    def _right(self, value: object, where: str, depth: int) -> RightOperand:
        if not isinstance(value, str | list | dict):
            raise Invalid(
                "A right operand is text, an object or an array.",
                where=where,
                rule="policy-right-operand",
                hint='Write a number as text ("5") or as {"@value": "5", "@type": "xsd:integer"}.',
            )
        self._bounds.measure(value, where, depth)
        return value


def as_operator(value: object, where: str) -> str:
    """Return `value` if it is an operator of ODRL 2.2 or of the DSP schema, else raise `Invalid`."""
    operator = as_text(value, where)
    if operator not in OPERATORS:
        raise Invalid(
            "The operator is not one of the protocol's.",
            where=where,
            rule="policy-operator",
            hint=f"Known: {', '.join(sorted(OPERATORS))}.",
        )
    return operator


def check_type(value: Json, types: tuple[str, ...], where: str) -> None:
    """Raise `Invalid` when there is a type that is none of `types`."""
    if "@type" in value and value["@type"] not in types:
        raise Invalid(
            "The type does not belong here.",
            where=f"{where}.@type",
            rule="policy-type",
            hint=f"It is {' or '.join(types)}.",
        )
