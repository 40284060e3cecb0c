"""How far each term of a policy is kept by this installation: shown before signing, and true.

ENFORCED: without it no byte leaves here. ATTESTED: the other side's signed statement says so. MONITORED: a breach is found out
afterwards. DECLARED: it is law and nothing else; nobody notices.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from hanse.odrl.constraints.base import Badge
from hanse.odrl.model import Atomic, Constraint, Rule, Terms
from hanse.odrl.names import (
    APPLICATION,
    COMPENSATE,
    DATE_TIME,
    DELAY_PERIOD,
    ENVIRONMENT,
    LOG,
    OBTAIN_CONSENT,
    PARTICIPANT_LOCATION,
    PURPOSE,
    RECIPIENT,
    SECURITY_LEVEL,
    SPATIAL,
    TRANSFORMS,
    USE,
    plain,
)
from hanse.usage.duties import MANNER, TAKEN_ON, Capabilities, duties_of

_ORDER: Final = tuple(Badge)
_STATED: Final = frozenset({PURPOSE, APPLICATION, ENVIRONMENT, SPATIAL, SECURITY_LEVEL})
"""What a signed statement has a field for."""


class Term(NamedTuple):
    """The badge of one term: its path, and why it is no better or how it is kept."""

    path: str
    badge: Badge
    why: str


def badges(terms: Terms, capabilities: Capabilities, peer_evidence: bool | None) -> list[Term]:
    """Return the badge of every term. `peer_evidence` tells whether the other side signs statements; unknown counts as no."""
    view = _View(capabilities, peer_evidence is True)
    found: list[Term] = []
    for name, rules in (("permission", terms.permissions), ("prohibition", terms.prohibitions)):
        for index, rule in enumerate(rules):
            path = f"{name}[{index}]"
            found += [*view.action(rule, path), *view.constraints(rule, path)]
            found += [view.duty(duty, where) for where, duty in duties_of(rule, path)]
    return [*found, *(view.obligation(one, f"obligation[{index}]") for index, one in enumerate(terms.obligations))]


def worst(terms: list[Term]) -> Badge:
    """Return the badge of the term that is kept least."""
    return max((one.badge for one in terms), key=_ORDER.index, default=Badge.ENFORCED)


class _View:
    def __init__(self, capabilities: Capabilities, evidence: bool) -> None:
        self._can = capabilities
        self._evidence = evidence

    def action(self, rule: Rule, path: str) -> Iterator[Term]:
        if plain(rule.action) != USE:
            why = "what is done with the data no statement says; the agreement's own words have to do"
            yield Term(f"{path}.action", Badge.DECLARED, why)

    def constraints(self, rule: Rule, path: str) -> Iterator[Term]:
        for part, constraints in (("constraint", rule.constraints), ("refinement", rule.refinements)):
            for index, one in enumerate(constraints):
                yield from self._constraint(one, f"{path}.{part}[{index}]")

    def duty(self, duty: Rule, path: str) -> Term:
        action = plain(duty.action)
        if action in TRANSFORMS:
            if action in self._can.transforms:
                return Term(path, Badge.ENFORCED, "the data plane changes what it releases; without the transform nothing is released")
            return Term(path, Badge.DECLARED, "no transform here can do it, so nothing is released")
        if action == LOG and self._can.ledger:
            return Term(path, Badge.ENFORCED, "written to the signed log in the transaction of the admission")
        if action in (COMPENSATE, OBTAIN_CONSENT):
            return Term(path, Badge.ENFORCED, "nothing is released until somebody has told that it is done")
        if action in TAKEN_ON:
            return Term(path, Badge.DECLARED, "the consumer takes it on with its signature; nobody here sees whether it keeps it")
        if self._evidence:
            return Term(path, Badge.ATTESTED, "the consumer's server signs a notice of every use; one that is missing nobody notices here")
        return Term(path, Badge.DECLARED, "the consumer has no EvidenceService that could sign a notice")

    def obligation(self, rule: Rule, path: str) -> Term:
        if plain(rule.action) in TAKEN_ON:
            return Term(path, Badge.DECLARED, "the consumer takes it on with its signature; nobody here sees whether it keeps it")
        dated = any(isinstance(one, Atomic) and plain(one.left) in (DATE_TIME, DELAY_PERIOD) for one in rule.constraints)
        if plain(rule.action) == COMPENSATE:
            if dated:
                return Term(path, Badge.MONITORED, "a payment that nobody has told of by its deadline ends the right")
            return Term(path, Badge.DECLARED, "it has no deadline, so nobody notices when it is not paid")
        if self._evidence:
            end = "without it by the deadline the right ends" if dated else "it has no deadline"
            return Term(path, Badge.ATTESTED, f"the consumer signs a receipt; {end}")
        return Term(path, Badge.DECLARED, "the consumer has no EvidenceService that could take or sign a receipt")

    def _constraint(self, constraint: Constraint, path: str) -> Iterator[Term]:
        if isinstance(constraint, Atomic):
            yield self._atomic(constraint, path)
            return
        for index, one in enumerate(constraint.operands):
            yield from self._constraint(one, f"{path}.{constraint.operator}[{index}]")

    def _atomic(self, atomic: Atomic, path: str) -> Term:
        name = plain(atomic.left)
        operand = self._can.operands.find(atomic.left)
        if operand is None or operand.problem(atomic) is not None:
            return Term(path, Badge.DECLARED, "it is not known here and permits nothing")
        if name in _STATED:
            return self._stated(path, "what the consumer says")
        if name == PARTICIPANT_LOCATION:
            return Term(path, Badge.ENFORCED, "a verified credential says it; without one nothing is released")
        if operand.badge is Badge.ENFORCED or name in MANNER:
            return Term(path, Badge.ENFORCED, "decided here at every request and at every moment at which it can turn")
        if name == RECIPIENT:
            return Term(path, Badge.DECLARED, "no statement says it; the agreement's own words have to do")
        if operand.badge is Badge.ATTESTED:
            return Term(path, Badge.DECLARED, "no statement says it; nothing is released until an operator here tells it")
        return Term(path, operand.badge, "no better evidence of it is known")

    def _stated(self, path: str, what: str) -> Term:
        if self._evidence:
            return Term(path, Badge.ATTESTED, f"{what}: its signed statement is needed, and kept")
        return Term(path, Badge.DECLARED, f"{what}: it has no EvidenceService, so the agreement's own words have to do")
