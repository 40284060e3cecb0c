"""The part of the ODRL 2.2 information model that the Dataspace Protocol carries (DSP 2025-1, contract-schema).

Values are frozen, so that equal terms compare equal and a policy can be shared. `read.py` makes them from JSON and
`write.py` turns them back; nothing is dropped on the way, because a term that is dropped is a term that is not kept.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

LogicalOperator = Literal["and", "andSequence", "or", "xone"]

OPERATORS = frozenset(
    {"eq", "gt", "gteq", "lt", "lteq", "neq", "hasPart", "isA", "isAllOf", "isAnyOf", "isNoneOf", "isPartOf", "term-lteq"}
)
"""The operators of the DSP schema; `term-lteq` is a slip of the schema that other connectors may send."""

RightOperand = str | list[object] | dict[str, object]
"""DSP allows text, objects and arrays; never bare numbers or booleans."""


class Atomic(Struct, frozen=True, tag="atomic", tag_field="kind"):
    """`left operator right`, e.g. `dateTime lteq "2026-12-31T00:00:00Z"` (ODRL 2.2 IM, 2.5)."""

    left: str
    operator: str
    right: RightOperand


class Logical(Struct, frozen=True, tag="logical", tag_field="kind"):
    """Constraints joined by and / andSequence / or / xone (ODRL 2.2 IM, 2.5.2)."""

    operator: LogicalOperator
    operands: tuple[Atomic | Logical, ...]


Constraint = Atomic | Logical


class Rule(Struct, frozen=True, omit_defaults=True):
    """A permission, a prohibition or a duty: an action under constraints (ODRL 2.2 IM, 2.6). All constraints must hold."""

    action: str
    constraints: tuple[Atomic | Logical, ...] = ()
    duties: tuple[Rule, ...] = ()


class Terms(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is permitted, forbidden and owed. Offers and agreements share it; a template is one without parties."""

    permissions: tuple[Rule, ...] = ()
    prohibitions: tuple[Rule, ...] = ()
    obligations: tuple[Rule, ...] = ()
    profile: tuple[str, ...] = ()


class Offer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Terms that one party proposes for a target (ODRL 2.2 IM, 2.1.2). `target` is absent inside a catalogue."""

    id: str
    terms: Terms
    target: str | None = None
    assigner: str | None = None
    assignee: str | None = None


class Agreement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Terms that both parties have agreed on (ODRL 2.2 IM, 2.1.3). `timestamp` is xsd:dateTime as it was written."""

    id: str
    terms: Terms
    target: str
    assigner: str
    assignee: str
    timestamp: str | None = None
