"""What a left operand is to the engine: it compiles a constraint, says where it can turn, what it means, and how far it is enforced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from hanse.odrl.constraints.regions import Region
from hanse.odrl.facts import Facts, Truth
from hanse.odrl.model import Atomic
from hanse.odrl.names import plain

Test = Callable[[Facts], Truth]
"""A compiled constraint."""


class Badge(StrEnum):
    """How far a term is kept, best first: by this installation, by another's signed evidence, found out afterwards, or by law only."""

    ENFORCED = "ENFORCED"
    ATTESTED = "ATTESTED"
    MONITORED = "MONITORED"
    DECLARED = "DECLARED"


class Operand(Protocol):
    """One left operand (ODRL 2.2 IM, 2.5.1)."""

    @property
    def name(self) -> str:
        """Return the plain name, such as `dateTime` or an IRI. One that ends with `:` stands for every name that begins so."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the names of the facts in `Facts.known` that decide it; none for what the request itself says."""
        ...

    @property
    def badge(self) -> Badge:
        """Return the best badge that a term with it can have."""
        ...

    @property
    def sentences(self) -> Mapping[str, Mapping[str, str]]:
        """Return, per language (`en`, `de`, `fr`, `nl`), the sentence per operator with `{}` for the right operand.

        The key `*` stands for operators without a sentence of their own; its sentence has `{operator}` and `{}`.
        """
        ...

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided, in words; `None` when it can."""
        ...

    def compile(self, atomic: Atomic) -> Test:
        """Return the test of a constraint without a problem. It returns `None` when a fact is missing or stale."""
        ...

    def boundaries(self, atomic: Atomic, facts: Facts) -> Iterable[datetime]:
        """Return the moments at which the answer may turn with time alone."""
        ...

    def region(self, atomic: Atomic) -> Region | None:
        """Return the values for which the constraint holds; `None` when they cannot be told."""
        ...


class Operands:
    """The left operands of one installation. A value: adding makes another one."""

    def __init__(self, operands: Iterable[Operand]) -> None:
        self._by_name = {operand.name: operand for operand in operands}
        self._prefixes = tuple(sorted((name for name in self._by_name if name.endswith(":")), key=len, reverse=True))

    def find(self, left: str) -> Operand | None:
        """Return the operand of a left operand as it was written, `None` when it is not known."""
        name = plain(left)
        found = self._by_name.get(name)
        if found is not None and not name.endswith(":"):
            return found
        return next((self._by_name[prefix] for prefix in self._prefixes if name.startswith(prefix) and name != prefix), None)

    def names(self) -> tuple[str, ...]:
        """Return all names, in order."""
        return tuple(sorted(self._by_name))

    def add(self, operands: Iterable[Operand]) -> Operands:
        """Return these and more. Raises `ValueError` for a name that is taken: nobody may redefine a term."""
        more = list(operands)
        for operand in more:
            if operand.name in self._by_name:
                raise ValueError(f"The left operand {operand.name!r} is taken.")
        return Operands([*self._by_name.values(), *more])
