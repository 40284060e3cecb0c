"""What terms want proved by credentials: roles, types, and claims inside of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from hanse.odrl.model import Atomic, Constraint, Rule, Terms
from hanse.odrl.names import CLAIM, CREDENTIAL, PARTICIPANT_LOCATION, ROLE, SECURITY_LEVEL, SPATIAL, plain

CLAIM_PATHS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    PARTICIPANT_LOCATION: (
        ("LegalEntityCredential", "country"),
        ("LegalEntityCredential", "address.country"),
        ("MembershipCredential", "country"),
        ("DataConsumerCredential", "country"),
    ),
    SECURITY_LEVEL: (("ConnectorCredential", "securityLevel"),),
    SPATIAL: (("ConnectorCredential", "country"), ("ConnectorCredential", "spatial")),
}
"""Where a verified credential says it: (type, members of the subject joined by points), the first that is there."""


class Proofs(Struct, frozen=True):
    """What a party has to prove, or has proved: roles in the space, and credentials by their types."""

    roles: frozenset[str] = frozenset()
    credentials: frozenset[str] = frozenset()


def proofs_named(terms: Terms) -> Proofs:
    """Return the roles and credentials that `terms` ask about anywhere: what the other side has to prove before a decision."""
    found = list(atomics_of(terms))
    roles = [name for one in found if plain(one.left) == ROLE for name in _texts(one.right)]
    types = [name for one in found if plain(one.left) == CREDENTIAL for name in _texts(one.right)]
    types += [plain(one.left).removeprefix(CLAIM).partition("#")[0] for one in found if plain(one.left).startswith(CLAIM)]
    types += [kind for one in found for kind, _ in CLAIM_PATHS.get(plain(one.left), ())]
    return Proofs(frozenset(roles), frozenset(kind for kind in types if kind))


def atomics_of(terms: Terms) -> Iterator[Atomic]:
    """Yield every constraint of the terms that joins no others, those of duties included."""
    for rule in (*terms.permissions, *terms.prohibitions, *terms.obligations):
        yield from atomics_in(rule)


def atomics_in(rule: Rule) -> Iterator[Atomic]:
    """Yield every constraint of a rule and of what is owed in it."""
    for constraint in (*rule.constraints, *rule.refinements):
        yield from _atomics(constraint)
    for owed in (*rule.duties, *rule.consequences, *rule.remedies):
        yield from atomics_in(owed)


def _atomics(constraint: Constraint) -> Iterator[Atomic]:
    if isinstance(constraint, Atomic):
        yield constraint
        return
    for one in constraint.operands:
        yield from _atomics(one)


def _texts(right: object) -> list[str]:
    items = right if isinstance(right, list) else [right]
    texts = [item.get("@id", item.get("@value")) if isinstance(item, dict) else item for item in items]
    return [text for text in texts if isinstance(text, str)]
