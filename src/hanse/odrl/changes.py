"""What duties change in data before it is released: from the terms of an agreement to the steps that its data goes through.

A duty is one of the actions `names.TRANSFORMS` on a permission, with constraints that say how:

| action | constraints |
|---|---|
| `urn:hanse:odrl:drop`, `…:mask`, `…:pseudonymise` | `urn:hanse:odrl:column isAnyOf [names]` |
| `urn:hanse:odrl:round` | the same, and `urn:hanse:odrl:digits eq "2"`: how many digits after the point stay |
| `anonymize` | the same (the quasi-identifiers), and `urn:hanse:odrl:groupSize gteq "5"` |
| `urn:hanse:odrl:encrypt` | none |

All duties of all permissions count, whichever permission is used: what several would change, is changed. (The same action
as an obligation of the policy is the consumer's: it changes what it stores, after it got it whole.) They are seen to in one
fixed order, that of `ORDER`: whatever is counted for anonymity has been masked and rounded before, and what is encrypted is
encrypted last. A column that an earlier step has dropped or replaced is out of the later ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Struct

from hanse.kernel.errors import Invalid
from hanse.odrl import names
from hanse.odrl.model import Atomic, Constraint, Rule, Terms

ORDER: Final = (names.DROP, names.MASK, names.PSEUDONYMISE, names.ROUND, names.ANONYMIZE, names.ENCRYPT)
"""The order in which steps are taken, whatever the order of the duties."""

MOST_COLUMNS: Final = 1_000
LONGEST_NAME: Final = 1_000
MOST_DIGITS: Final = 30
LARGEST_GROUP: Final = 1_000_000

_TAKES: Final = {
    names.DROP: frozenset({names.COLUMN}),
    names.MASK: frozenset({names.COLUMN}),
    names.PSEUDONYMISE: frozenset({names.COLUMN}),
    names.ROUND: frozenset({names.COLUMN, names.DIGITS}),
    names.ANONYMIZE: frozenset({names.COLUMN, names.GROUP_SIZE}),
    names.ENCRYPT: frozenset(),
}
_OPERATORS: Final = {
    names.COLUMN: frozenset({"isAnyOf", "isAllOf", "eq"}),
    names.DIGITS: frozenset({"eq", "lteq"}),
    names.GROUP_SIZE: frozenset({"gteq", "eq"}),
}


class Step(Struct, frozen=True, array_like=True):
    """One change. `columns` are named exactly, in their order; `number` is the digits or the group size, else 0."""

    action: str
    columns: tuple[str, ...] = ()
    number: int = 0


class _Wanted:
    """What the duties ask for, put together."""

    def __init__(self) -> None:
        self.columns: dict[str, set[str]] = {names.DROP: set(), names.MASK: set(), names.PSEUDONYMISE: set()}
        self.digits: dict[str, int] = {}
        self.groups: dict[frozenset[str], int] = {}
        self.sealed = False

    def add(self, step: Step) -> None:
        if step.action == names.ENCRYPT:
            self.sealed = True
        elif step.action == names.ROUND:
            for column in step.columns:
                self.digits[column] = min(step.number, self.digits.get(column, MOST_DIGITS))
        elif step.action == names.ANONYMIZE:
            quasi = frozenset(step.columns)
            self.groups[quasi] = max(step.number, self.groups.get(quasi, 0))
        else:
            self.columns[step.action].update(step.columns)

    def steps(self) -> Iterator[Step]:
        dropped = self.columns[names.DROP]
        masked = self.columns[names.MASK] - dropped
        replaced = self.columns[names.PSEUDONYMISE] - masked - dropped
        for action, columns in ((names.DROP, dropped), (names.MASK, masked), (names.PSEUDONYMISE, replaced)):
            if columns:
                yield Step(action, tuple(sorted(columns)))
        gone = dropped | masked | replaced
        for digits in sorted(set(self.digits.values())):
            columns = {column for column, found in self.digits.items() if found == digits} - gone
            if columns:
                yield Step(names.ROUND, tuple(sorted(columns)), digits)
        for quasi, size in self.groups.items():
            yield Step(names.ANONYMIZE, tuple(sorted(quasi - dropped)), size)
        if self.sealed:
            yield Step(names.ENCRYPT)


def chain_of(terms: Terms) -> tuple[Step, ...]:
    """Return the steps that the terms ask for, in the order in which they are taken; none is an empty chain.

    Raises `Invalid` for a duty that would change data and cannot be kept as it is written: what is not understood whole is
    not done by half. Nothing may be released under such terms.
    """
    wanted = _Wanted()
    for where, duty in _duties(terms):
        wanted.add(_step(duty, where))
    if len(wanted.groups) > 1:
        raise _wrong("permission", "Two duties to anonymise name different columns; one alone can be kept.")
    return tuple(wanted.steps())


def chain_id(chain: Iterable[Step]) -> str:
    """Return a name for the chain that no other chain has: 32 hexadecimal digits."""
    return hashlib.sha256(msgspec.msgpack.encode(list(chain))).hexdigest()[:32]


def _duties(terms: Terms) -> Iterator[tuple[str, Rule]]:
    for index, permission in enumerate(terms.permissions):
        for number, duty in enumerate(permission.duties):
            if names.plain(duty.action) in names.TRANSFORMS:
                yield f"permission[{index}].duty[{number}]", duty


def _step(duty: Rule, where: str) -> Step:
    action = names.plain(duty.action)
    if duty.duties or duty.refinements or duty.target or duty.assigner or duty.assignee or duty.consequences:
        raise _wrong(where, "A duty that changes data holds for all of it, without parties, duties or refinements of its own.")
    said: dict[str, Atomic] = {}
    for constraint in duty.constraints:
        one = _plain_constraint(constraint, action, where)
        if names.plain(one.left) in said:
            raise _wrong(where, "A duty that changes data says each thing once.")
        said[names.plain(one.left)] = one
    if said.keys() != _TAKES[action]:
        missing = ", ".join(sorted(_TAKES[action] - said.keys()))
        raise _wrong(where, f"This duty does not say enough to be kept: {missing} is missing.")
    columns = _names(said[names.COLUMN].right, where) if names.COLUMN in said else ()
    if names.DIGITS in said:
        return Step(action, columns, _number(said[names.DIGITS].right, 0, MOST_DIGITS, f"{where}.{names.DIGITS}"))
    if names.GROUP_SIZE in said:
        return Step(action, columns, _number(said[names.GROUP_SIZE].right, 2, LARGEST_GROUP, f"{where}.{names.GROUP_SIZE}"))
    return Step(action, columns)


def _plain_constraint(constraint: Constraint, action: str, where: str) -> Atomic:
    if not isinstance(constraint, Atomic):
        raise _wrong(where, "A duty that changes data has plain constraints only.")
    left = names.plain(constraint.left)
    if left not in _TAKES[action] or constraint.operator not in _OPERATORS[left] or constraint.unit:
        raise _wrong(where, f"A duty that changes data cannot be kept under {constraint.left[:200]!r} {constraint.operator}.")
    return constraint


def _texts(right: object) -> Iterator[str]:
    """Yield the texts of a right operand: text, a typed value object, or a list of them."""
    if isinstance(right, list):
        for one in right:
            yield from _texts(one) if not isinstance(one, list) else ("",)
    else:
        value = right.get("@value") if isinstance(right, dict) else right
        yield value if isinstance(value, str) else ""


def _names(right: object, where: str) -> tuple[str, ...]:
    found = tuple(sorted(set(_texts(right))))
    if not 0 < len(found) <= MOST_COLUMNS or any(not 0 < len(name) <= LONGEST_NAME for name in found):
        raise _wrong(f"{where}.{names.COLUMN}", f"Columns are named by 1 to {MOST_COLUMNS} texts.")
    return found


def _number(right: object, least: int, most: int, where: str) -> int:
    found = list(_texts(right))
    text = found[0] if len(found) == 1 else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most):
        raise _wrong(where, f"This is not a whole number from {least} to {most}.")
    return int(text)


def _wrong(where: str, message: str) -> Invalid:
    return Invalid(message, where=where, rule="transform", hint="Nothing is released under terms that cannot be kept.")
