"""The left operands that this engine can decide: one class each, one table.

Each says what it cannot decide (`problem`), decides the rest (`holds`), and knows the moments at which its answer
turns (`boundaries`). `holds` returns `None` when a fact is missing: unknown, which never permits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from hanse.odrl.model import Atomic
from hanse.odrl.names import ACTIVE, CREDENTIAL, DATE_TIME, MEMBERSHIP, PARTICIPANT, ROLE, USE, did_key, is_did
from hanse.odrl.when import When, read_when


class Proofs(Struct, frozen=True):
    """What a party has to prove, or has proved: roles in the space, and credentials by their types."""

    roles: frozenset[str] = frozenset()
    credentials: frozenset[str] = frozenset()


class Facts(Struct, frozen=True, kw_only=True):
    """What is known when a decision is made.

    `now` is timezone-aware; `action` is `use` or an IRI; `assignee` is the DID of the party that asks; `is_member`
    is `None` when it could not be found out; `proofs` is what it has proved, `None` when it was asked for none;
    `values` holds the text of further left operands by their name.
    """

    now: datetime
    action: str = USE
    assignee: str | None = None
    is_member: bool | None = None
    proofs: Proofs | None = None
    values: Mapping[str, str] = {}


class Operand(Protocol):
    """One left operand."""

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided, `None` when it can."""
        ...

    def holds(self, atomic: Atomic, facts: Facts) -> bool | None:
        """Decide a constraint without a problem; `None` when a fact is missing."""
        ...

    def boundaries(self, atomic: Atomic) -> tuple[datetime, ...]:
        """Return the moments at which the answer turns with time alone."""
        ...


_COMPARE: dict[str, Callable[[datetime, When], bool]] = {
    "lt": lambda now, when: now < when.start,
    "lteq": lambda now, when: now < when.end,
    "gt": lambda now, when: now >= when.end,
    "gteq": lambda now, when: now >= when.start,
    "eq": lambda now, when: when.start <= now < when.end,
    "neq": lambda now, when: not when.start <= now < when.end,
}
_TURNS: dict[str, Callable[[When], tuple[datetime, ...]]] = {
    "lt": lambda when: (when.start,),
    "lteq": lambda when: (when.end,),
    "gt": lambda when: (when.end,),
    "gteq": lambda when: (when.start,),
    "eq": lambda when: (when.start, when.end),
    "neq": lambda when: (when.start, when.end),
}


class DateTime:
    """`dateTime`: now, compared with a moment or with a whole day (`lteq` a day holds until that day has ended)."""

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        if atomic.operator not in _COMPARE:
            return f"the operator {atomic.operator} does not compare moments"
        return None if read_when(atomic.right) else "the right operand is no xsd:dateTime or xsd:date"

    def holds(self, atomic: Atomic, facts: Facts) -> bool | None:
        """Compare now."""
        when = read_when(atomic.right)
        return None if when is None else _COMPARE[atomic.operator](facts.now, when)

    def boundaries(self, atomic: Atomic) -> tuple[datetime, ...]:
        """Return when the comparison turns."""
        when = read_when(atomic.right)
        return () if when is None else _TURNS[atomic.operator](when)


class _Timeless:
    def boundaries(self, atomic: Atomic) -> tuple[datetime, ...]:
        """Time alone changes nothing."""
        return ()


class Membership(_Timeless):
    """`urn:hanse:odrl:membership eq "active"`: the party that asks is an active member of the space."""

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        return None if (atomic.operator, atomic.right) == ("eq", ACTIVE) else f'membership is known only as eq "{ACTIVE}"'

    def holds(self, atomic: Atomic, facts: Facts) -> bool | None:
        """Return what is known of the membership."""
        return facts.is_member


class Participant(_Timeless):
    """`urn:hanse:odrl:participant`: the DID of the party that asks is, or is not, one of those named."""

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        named = _named(atomic)
        if named is None:
            return f"the operator {atomic.operator} with this right operand does not name participants"
        return None if all(map(is_did, named)) else "the right operand is not a DID"

    def holds(self, atomic: Atomic, facts: Facts) -> bool | None:
        """Look for the DID that asks among those named."""
        if facts.assignee is None:
            return None
        found = did_key(facts.assignee) in map(did_key, _named(atomic) or ())
        return found == (atomic.operator in _POSITIVE)


class Role(_Timeless):
    """`urn:hanse:odrl:role`: the party that asks has the role, or one of the roles named. That it has not, nobody can prove."""

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        return None if atomic.operator in _POSITIVE and _named(atomic) is not None else "roles are known only as eq or isAnyOf names"

    def holds(self, atomic: Atomic, facts: Facts) -> bool | None:
        """Look for a role that was proved among those named."""
        return None if facts.proofs is None else not facts.proofs.roles.isdisjoint(_named(atomic) or ())


class Credential(_Timeless):
    """`urn:hanse:odrl:credential`: the party that asks has a credential of one of the types named, by an issuer trusted for it."""

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        known = atomic.operator in _POSITIVE and _named(atomic) is not None
        return None if known else "credentials are known only as eq or isAnyOf types"

    def holds(self, atomic: Atomic, facts: Facts) -> bool | None:
        """Look for a credential that was verified among the types named."""
        return None if facts.proofs is None else not facts.proofs.credentials.isdisjoint(_named(atomic) or ())


class Given(_Timeless):
    """Any other left operand whose text the caller hands in; text compares exactly."""

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        return None if _named(atomic) is not None else f"the operator {atomic.operator} does not compare text with this right operand"

    def holds(self, atomic: Atomic, facts: Facts) -> bool | None:
        """Look for the given text among those named."""
        if atomic.left not in facts.values:
            return None
        found = facts.values[atomic.left] in (_named(atomic) or ())
        return found == (atomic.operator in _POSITIVE)


_POSITIVE = frozenset({"eq", "isAnyOf"})
_NEGATIVE = frozenset({"neq", "isNoneOf"})
_SETS = frozenset({"isAnyOf", "isNoneOf"})


def named(atomic: Atomic) -> list[str]:
    """Return the texts or ids that a constraint names; none when it names no such."""
    return _named(atomic) or []


def _named(atomic: Atomic) -> list[str] | None:
    """Return the texts or ids that an equality or set operator names, `None` when it does not name such."""
    if atomic.operator not in _POSITIVE | _NEGATIVE:
        return None
    if isinstance(atomic.right, list) and atomic.operator not in _SETS:
        return None
    items = atomic.right if isinstance(atomic.right, list) else [atomic.right]
    named = [_one(item) for item in items]
    return [text for text in named if text is not None] if named and None not in named else None


def _one(value: object) -> str | None:
    if isinstance(value, dict) and set(value) == {"@id"}:
        value = value["@id"]
    return value if isinstance(value, str) else None


OPERANDS: Mapping[str, Operand] = {
    DATE_TIME: DateTime(),
    MEMBERSHIP: Membership(),
    PARTICIPANT: Participant(),
    ROLE: Role(),
    CREDENTIAL: Credential(),
}
GIVEN: Operand = Given()
