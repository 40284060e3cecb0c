"""The values for which a constraint holds for certain, and those for which it may hold.

They differ in hierarchies: who is offered marketing has not been refused direct marketing for certain, nor allowed it; and a purpose
from another vocabulary may lie below any purpose, once somebody says so. Of numbers and moments all is certain.
"""

from __future__ import annotations

from hanse.odrl.constraints.base import Operand, Operands
from hanse.odrl.constraints.named import Named as NamedOperand
from hanse.odrl.constraints.regions import Named, Region
from hanse.odrl.match.boxes import in_domain, tidy
from hanse.odrl.model import Atomic
from hanse.odrl.names import ARTIFACT_STATE, CLAIM, CREDENTIAL, ENVIRONMENT, EVENT, RISK, ROLE, plain

SOME = "some:"
"""May begin the sort of an operand whose fact holds several names at once."""

_MANY = frozenset({ROLE, CREDENTIAL, EVENT, ARTIFACT_STATE, ENVIRONMENT, RISK})
_NEGATIVE = frozenset({"neq", "isNoneOf"})
_BELOW = frozenset({"isA", "isPartOf"})


def region_of(atomic: Atomic, operands: Operands) -> Region | None:
    """Return the values for which `atomic` holds for certain, nothing if it is not known or can never be decided."""
    operand = operands.find(atomic.left)
    if operand is None or operand.problem(atomic) is not None:
        return None
    region = operand.region(atomic)
    return None if region is None else in_domain(plain(atomic.left), tidy(region))


def may_hold(atomic: Atomic, operands: Operands) -> Region | None:
    """Return the values for which `atomic` does not fail for certain; nothing if it is not known."""
    region, operand = region_of(atomic, operands), operands.find(atomic.left)
    if not isinstance(region, Named) or not isinstance(operand, NamedOperand):
        return region
    if operand.above is not None:
        return None
    return region if operand.tree is None else _in_tree(atomic, region, operand)


def is_many(left: str, sort: str) -> bool:
    """Tell whether the facts of a left operand hold several names at once."""
    return sort.startswith(SOME) or left in _MANY or left.startswith(CLAIM)


def comparable(left: str, a: Region, b: Region) -> bool:
    """Tell whether two regions of a left operand are sets of the same things, so that one can lie within the other.

    Of a fact with several names "has one of" and "has none of" are not: who has another role may have this one too.
    """
    if isinstance(a, Named) and isinstance(b, Named):
        return a.sort == b.sort and (a.others == b.others or not is_many(left, a.sort))
    return type(a) is type(b) and a.sort == b.sort


def _in_tree(atomic: Atomic, region: Named, operand: NamedOperand) -> Region | None:
    tree = operand.tree
    if tree is None:
        return region
    if atomic.operator in _NEGATIVE:
        named = _positive(atomic, operand)
        return None if named is None else Named(region.sort, named.names, others=True)
    near = tree.touching(region.names)
    if atomic.operator not in _BELOW:
        return Named(region.sort, near)
    foreign = any(name not in tree.extents for name in region.names)
    return Named(region.sort, frozenset() if foreign else frozenset(tree.extents) - near, others=True)


def _positive(atomic: Atomic, operand: Operand) -> Named | None:
    region = operand.region(Atomic(atomic.left, "isAnyOf", atomic.right, atomic.unit, atomic.data_type))
    return region if isinstance(region, Named) else None
