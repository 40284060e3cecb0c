"""Whether terms can come true for a party: what may still happen is hoped for, what is so and stays so is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from msgspec import structs

from hanse.odrl.constraints.base import Badge, Operand, Operands, Test
from hanse.odrl.constraints.regions import Region
from hanse.odrl.facts import Facts, Truth
from hanse.odrl.model import Atomic, Terms
from hanse.odrl.names import (
    APPLICATION,
    ARTIFACT_STATE,
    CLASSIFICATION,
    CONNECTOR,
    CONSENT,
    DATE_TIME,
    ENVIRONMENT,
    EVENT,
    PAID,
    PAY_AMOUNT,
    PURPOSE,
    RECIPIENT,
    SECURITY_LEVEL,
    SPATIAL,
    plain,
)
from hanse.odrl.proofs import atomics_in

COMES: Final = frozenset(
    {APPLICATION, ARTIFACT_STATE, CLASSIFICATION, CONNECTOR, CONSENT, DATE_TIME, ENVIRONMENT, EVENT, PAID, PAY_AMOUNT, PURPOSE}
    | {RECIPIENT, SECURITY_LEVEL, SPATIAL}
)
"""Left operands whose fact is known only when the data is used, or may change by then."""


class Hopeful:
    """An operand that holds unless it is certain that it never will."""

    def __init__(self, operand: Operand) -> None:
        self._operand = operand

    @property
    def name(self) -> str:
        """Return the operand's own name."""
        return self._operand.name

    @property
    def needs(self) -> tuple[str, ...]:
        """Return nothing: what is missing is hoped for."""
        return ()

    @property
    def badge(self) -> Badge:
        """Return the operand's own badge."""
        return self._operand.badge

    @property
    def sentences(self) -> Mapping[str, Mapping[str, str]]:
        """Return the operand's own sentences."""
        return self._operand.sentences

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        return self._operand.problem(atomic)

    def compile(self, atomic: Atomic) -> Test:
        """Return a test that says yes if it may hold now or later: a moment that has passed does not come again."""
        test = self._operand.compile(atomic)

        def may(facts: Facts) -> Truth:
            return True if self.name != DATE_TIME or test(facts) else any(True for _ in self._coming(atomic, facts))

        return may

    def boundaries(self, atomic: Atomic, facts: Facts) -> Iterable[datetime]:
        """Return the operand's own boundaries."""
        return self._operand.boundaries(atomic, facts)

    def region(self, atomic: Atomic) -> Region | None:
        """Return the operand's own region."""
        return self._operand.region(atomic)

    def _coming(self, atomic: Atomic, facts: Facts) -> Iterable[datetime]:
        return (moment for moment in self._operand.boundaries(atomic, facts) if moment > facts.now)


def hopeful_operands(operands: Operands) -> Operands:
    """Return the same left operands, those hopeful whose fact may come."""
    found = ((name, operands.find(name) or operands.find(name + "x")) for name in operands.names())
    return Operands(Hopeful(one) if name in COMES else one for name, one in found if one is not None)


def hopeful_terms(terms: Terms) -> Terms:
    """Return the terms without what is owed, and without prohibitions that depend on what may come."""
    permissions = tuple(structs.replace(rule, duties=()) for rule in terms.permissions)
    firm = tuple(rule for rule in terms.prohibitions if not any(plain(one.left) in COMES for one in atomics_in(rule)))
    return structs.replace(terms, permissions=permissions, prohibitions=firm, obligations=())
