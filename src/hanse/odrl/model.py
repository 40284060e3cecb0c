"""The ODRL 2.2 information model: policies, rules, duties, constraints (ODRL 2.2 IM, 2).

Values are frozen, so that equal terms compare equal and a policy can be shared. `forms/read.py` makes them from the JSON of the
Dataspace Protocol and `forms/full.py` from any ODRL in JSON-LD; nothing is dropped on the way, because a term that is dropped is a
term that is not kept. What the protocol cannot carry is marked below; `forms/travel.py` says so to whoever offers it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

LogicalOperator = Literal["and", "andSequence", "or", "xone"]
Conflict = Literal["perm", "prohibit", "invalid"]

OPERATORS = frozenset(
    {"eq", "gt", "gteq", "lt", "lteq", "neq", "hasPart", "isA", "isAllOf", "isAnyOf", "isNoneOf", "isPartOf", "term-lteq"}
)
"""The operators of the DSP schema; `term-lteq` is a slip of the schema that other connectors may send."""

RightOperand = str | list[object] | dict[str, object]
"""DSP allows text, objects and arrays; never bare numbers or booleans. A number is text or a typed value object."""


class Atomic(Struct, frozen=True, tag="atomic", tag_field="kind", omit_defaults=True):
    """`left operator right`, e.g. `dateTime lteq "2026-12-31T00:00:00Z"` (ODRL 2.2 IM, 2.5).

    `unit` and `data_type` are IRIs; they do not travel, a typed value object in `right` does.
    """

    left: str
    operator: str
    right: RightOperand
    unit: str | None = None
    data_type: str | None = None


class Logical(Struct, frozen=True, tag="logical", tag_field="kind"):
    """Constraints joined by and / andSequence / or / xone (ODRL 2.2 IM, 2.5.2)."""

    operator: LogicalOperator
    operands: tuple[Atomic | Logical, ...]


Constraint = Atomic | Logical


class Scope(Struct, frozen=True, omit_defaults=True):
    """An asset or a party of a rule, or a collection of them (ODRL 2.2 IM, 2.2 and 2.3).

    `id` is its uid. `collection` is the uid of a collection whose members are meant, narrowed by `refinements`.
    """

    id: str | None = None
    collection: str | None = None
    refinements: tuple[Atomic | Logical, ...] = ()


class Rule(Struct, frozen=True, omit_defaults=True):
    """A permission, a prohibition or a duty: an action under constraints (ODRL 2.2 IM, 2.6). All constraints must hold.

    The members after `duties` do not travel in DSP 2025-1: `refinements` narrow the action, `target` and the parties are the
    rule's own, `consequences` are owed besides a duty that was not done, `remedies` after a prohibition was broken.
    """

    action: str
    constraints: tuple[Atomic | Logical, ...] = ()
    duties: tuple[Rule, ...] = ()
    uid: str | None = None
    refinements: tuple[Atomic | Logical, ...] = ()
    target: Scope | None = None
    assigner: Scope | None = None
    assignee: Scope | None = None
    consequences: tuple[Rule, ...] = ()
    remedies: tuple[Rule, ...] = ()


class Terms(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is permitted, forbidden and owed. Offers and agreements share it; a template is one without parties.

    `conflict` (absent means `invalid`, ODRL 2.2 IM, 2.9) and `inherits` (uids of parent policies, 2.8) do not travel.
    """

    permissions: tuple[Rule, ...] = ()
    prohibitions: tuple[Rule, ...] = ()
    obligations: tuple[Rule, ...] = ()
    profile: tuple[str, ...] = ()
    conflict: Conflict | None = None
    inherits: tuple[str, ...] = ()


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
