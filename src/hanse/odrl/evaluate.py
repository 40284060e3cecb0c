"""Decide whether terms permit an action (ODRL 2.2 IM, 2.6), in three values: yes, no, unknown. Unknown never permits.

A use is permitted when one permission holds, no prohibition holds or might hold, and nothing is owed that this engine
cannot see to. No duty can be seen to yet, so each one makes its permission, and each obligation the whole, unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from msgspec import Struct

from hanse.odrl.model import Atomic, Constraint, Rule, Terms
from hanse.odrl.names import CREDENTIAL, KNOWN_PROFILES, ROLE, USE, plain
from hanse.odrl.operands import GIVEN, OPERANDS, Facts, Operand, Proofs, named
from hanse.odrl.words import quote, term

Truth = bool | None

__all__ = ["Decision", "Facts", "Proofs", "decide", "proofs_named", "unsupported"]


class Decision(Struct, frozen=True, kw_only=True):
    """The answer and why. `reasons` has one sentence per rule, `unknown` what could not be decided.

    From `valid_until` on the answer may be another one, with time alone; `None`: time alone changes nothing.
    """

    permitted: bool
    reasons: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    valid_until: datetime | None = None


class _Notes(Struct):
    """What was met on the way through one rule."""

    failed: list[str] = []
    unknown: list[str] = []


def decide(terms: Terms, facts: Facts) -> Decision:
    """Return whether `terms` permit the action of `facts`, with every rule's part in it."""
    permitted, reasons, unknown = False, [], []
    for path, rule in _rules("permission", terms.permissions):
        truth, notes = _judge(path, rule, facts)
        permitted = permitted or truth is True
        reasons.append(_reason(path, "permits", truth, notes))
        unknown += notes.unknown if truth is None else []
    if not terms.permissions:
        reasons.append("no permission is given")
    for path, rule in _rules("prohibition", terms.prohibitions):
        truth, notes = _judge(path, rule, facts)
        permitted = permitted and truth is False
        reasons.append(_reason(path, "forbids", truth, notes))
        unknown += notes.unknown if truth is None else []
    beyond = _beyond(terms)
    return Decision(
        permitted=permitted and not beyond,
        reasons=(*reasons, *beyond),
        unknown=(*unknown, *beyond),
        valid_until=_next_boundary(terms, facts.now),
    )


def unsupported(terms: Terms, known: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return (path, why) for everything in `terms` that this engine cannot decide; empty: it decides all of it.

    `known` names further left operands whose text will be handed in as `Facts.values`. A policy with anything
    unsupported would permit nothing, so it is refused when it is written.
    """
    found = [("profile", f"the profile {quote(one)} is not known") for one in _unknown_profiles(terms)]
    for name, rules in (("permission", terms.permissions), ("prohibition", terms.prohibitions)):
        for path, rule in _rules(name, rules):
            found += _unsupported_in_rule(path, rule, known)
    found += [(path, "no obligation can be seen to") for path, _ in _rules("obligation", terms.obligations)]
    return found


def proofs_named(terms: Terms) -> Proofs:
    """Return the roles and credentials that `terms` ask about anywhere: what the other side has to prove before a decision."""
    rules = (*terms.permissions, *terms.prohibitions, *terms.obligations)
    atomics = [atomic for rule in rules for _, atomic in _atomics("", rule.constraints)]

    def of(left: str) -> frozenset[str]:
        return frozenset(name for atomic in atomics if plain(atomic.left) == left for name in named(atomic))

    return Proofs(of(ROLE), of(CREDENTIAL))


def _unsupported_in_rule(path: str, rule: Rule, known: Collection[str]) -> Iterator[tuple[str, str]]:
    if plain(rule.action) != USE:
        yield f"{path}.action", f"the action {quote(rule.action)} is not known"
    for where, atomic in _atomics(f"{path}.constraint", rule.constraints):
        operand = OPERANDS.get(plain(atomic.left)) or (GIVEN if atomic.left in known else None)
        problem = operand.problem(atomic) if operand else f"the left operand {quote(atomic.left)} is not known"
        if problem:
            yield where, problem
    yield from ((where, "no duty can be seen to") for where, _ in _rules(f"{path}.duty", rule.duties))


def _rules(name: str, rules: tuple[Rule, ...]) -> Iterator[tuple[str, Rule]]:
    return ((f"{name}[{index}]", rule) for index, rule in enumerate(rules))


def _unknown_profiles(terms: Terms) -> list[str]:
    return [one for one in terms.profile if one not in KNOWN_PROFILES]


def _beyond(terms: Terms) -> tuple[str, ...]:
    """What keeps everything from being permitted, whatever the rules say (ODRL 2.2 IM, 2.6.3 and 4)."""
    owed = [f"{path} cannot be seen to: {quote(rule.action)}" for path, rule in _rules("obligation", terms.obligations)]
    return (*(f"the profile {quote(one)} is not known" for one in _unknown_profiles(terms)), *owed)


def _judge(path: str, rule: Rule, facts: Facts) -> tuple[Truth, _Notes]:
    notes = _Notes()
    truths = [_covers(path, rule, facts, notes)]
    truths += [_holds(f"{path}.constraint[{index}]", constraint, facts, notes) for index, constraint in enumerate(rule.constraints)]
    for where, duty in _rules(f"{path}.duty", rule.duties):
        notes.unknown.append(f"{where} cannot be seen to: {quote(duty.action)}")
        truths.append(None)
    return _all(truths), notes


def _covers(path: str, rule: Rule, facts: Facts, notes: _Notes) -> Truth:
    if plain(rule.action) == plain(facts.action):
        return True
    # One action may include another (ODRL 2.2 IM, 2.4.1); without a vocabulary of them that is unknown, not false.
    notes.unknown.append(f"{path}.action: whether {quote(rule.action)} includes {quote(facts.action)} is not known")
    return None


def _holds(path: str, constraint: Constraint, facts: Facts, notes: _Notes) -> Truth:
    if isinstance(constraint, Atomic):
        return _atomic(path, constraint, facts, notes)
    truths = [_holds(f"{path}.{constraint.operator}[{index}]", one, facts, notes) for index, one in enumerate(constraint.operands)]
    if constraint.operator == "or":
        return _any(truths)
    return _exactly_one(truths) if constraint.operator == "xone" else _all(truths)


def _atomic(path: str, atomic: Atomic, facts: Facts, notes: _Notes) -> Truth:
    operand = _operand(atomic, facts)
    problem = operand.problem(atomic) if operand else "the left operand is not known"
    truth = operand.holds(atomic, facts) if operand and not problem else None
    if truth is None:
        notes.unknown.append(f"{path} {term(atomic)}: {problem or 'the fact is missing'}")
    elif not truth:
        notes.failed.append(f"{path} {term(atomic)} does not hold{_proved(atomic, facts)}")
    return truth


def _proved(atomic: Atomic, facts: Facts) -> str:
    """Return, where something had to be proved, what was proved of its kind: it tells the party that asks what it lacks."""
    word, proved = {
        ROLE: ("roles", facts.proofs.roles if facts.proofs else ()),
        CREDENTIAL: ("credentials", facts.proofs.credentials if facts.proofs else ()),
    }.get(plain(atomic.left), ("", ()))
    return f" (proved {word}: {', '.join(sorted(proved)) or 'none'})" if word else ""


def _operand(atomic: Atomic, facts: Facts) -> Operand | None:
    return OPERANDS.get(plain(atomic.left)) or (GIVEN if atomic.left in facts.values else None)


def _all(truths: list[Truth]) -> Truth:
    if False in truths:
        return False
    return None if None in truths else True


def _any(truths: list[Truth]) -> Truth:
    if True in truths:
        return True
    return None if None in truths else False


def _exactly_one(truths: list[Truth]) -> Truth:
    if truths.count(True) > 1:
        return False
    return None if None in truths else truths.count(True) == 1


def _reason(path: str, verb: str, truth: Truth, notes: _Notes) -> str:
    if truth is True:
        return f"{path} {verb} it"
    if truth is None:
        certain = "does not permit it" if verb == "permits" else "forbids it"
        return f"{path} {certain}, because something is unknown: {'; '.join(notes.unknown)}"
    return f"{path} does not apply: {'; '.join(notes.failed) or 'its constraints do not hold'}"


def _atomics(path: str, constraints: tuple[Constraint, ...]) -> Iterator[tuple[str, Atomic]]:
    for index, constraint in enumerate(constraints):
        where = f"{path}[{index}]"
        if isinstance(constraint, Atomic):
            yield where, constraint
        else:
            yield from _atomics(f"{where}.{constraint.operator}", constraint.operands)


def _next_boundary(terms: Terms, now: datetime) -> datetime | None:
    coming = [
        moment
        for rule in (*terms.permissions, *terms.prohibitions)
        for _, atomic in _atomics("", rule.constraints)
        for moment in _boundaries(atomic)
        if moment > now
    ]
    return min(coming, default=None)


def _boundaries(atomic: Atomic) -> tuple[datetime, ...]:
    operand = OPERANDS.get(plain(atomic.left))
    return operand.boundaries(atomic) if operand and not operand.problem(atomic) else ()
