"""Policies as plain English sentences. Every constraint is said; what is not understood is shown literally."""

from __future__ import annotations

from collections.abc import Mapping

from hanse.odrl.model import Agreement, Atomic, Constraint, Rule, Terms
from hanse.odrl.names import CREDENTIAL, DATE_TIME, KNOWN_PROFILES, MEMBERSHIP, PARTICIPANT, ROLE, USE, plain
from hanse.odrl.operands import OPERANDS, named
from hanse.odrl.when import read_when
from hanse.odrl.words import quote, say_moment, say_when, term, value

_TIMES = {
    "lt": "it is before {}",
    "lteq": "it is not later than {}",
    "gt": "it is after {}",
    "gteq": "it is not before {}",
    "eq": "it is {}",
    "neq": "it is not {}",
}
_WHO = {
    "eq": "the recipient is {}",
    "isAnyOf": "the recipient is one of {}",
    "neq": "the recipient is not {}",
    "isNoneOf": "the recipient is none of {}",
}
_ROLES = {"eq": "the recipient has the role {} in the space", "isAnyOf": "the recipient has one of the roles {} in the space"}
_CREDENTIALS = {
    "eq": "the recipient has a credential {} by an issuer that the space trusts for it",
    "isAnyOf": "the recipient has one of the credentials {} by an issuer that the space trusts for it",
}
_JOINED = {
    "and": "all of these hold",
    "andSequence": "all of these hold, in this order",
    "or": "at least one of these holds",
    "xone": "exactly one of these holds",
}


def say_terms(terms: Terms) -> list[str]:
    """Return one sentence per rule, and one per profile that is not known."""
    said = [_rule("Permitted", "if", rule) for rule in terms.permissions]
    if not terms.permissions:
        said.append("Nothing is permitted.")
    said += [_rule("Forbidden", "whenever", rule) for rule in terms.prohibitions]
    said += [_rule("Owed", "when", rule) for rule in terms.obligations]
    said += [
        f"The terms follow the profile {quote(one)}, which is not known here, so nothing is permitted until it is."
        for one in terms.profile
        if one not in KNOWN_PROFILES
    ]
    return said


def say_agreement(agreement: Agreement, names: Mapping[str, str]) -> list[str]:
    """Return who agreed with whom on what, then the terms. `names` are the names of DIDs, where they are known."""
    when = read_when(agreement.timestamp)
    moment = say_moment(when.start) if when else value(agreement.timestamp or "an unknown moment")
    return [
        f"Agreement {quote(agreement.id)}, made on {moment}." if agreement.timestamp else f"Agreement {quote(agreement.id)}.",
        f"{_party(agreement.assigner, names)} gives {quote(agreement.target)} to {_party(agreement.assignee, names)}.",
        *say_terms(agreement.terms),
    ]


def _party(did: str, names: Mapping[str, str]) -> str:
    return f"{quote(names[did])} ({quote(did)})" if did in names else quote(did)


def _rule(word: str, link: str, rule: Rule) -> str:
    sentence = f"{word}: {_action(rule.action)}"
    if rule.constraints:
        sentence += f", {link} {_list([_constraint(one) for one in rule.constraints])}"
    if rule.duties:
        owed = _list([_duty(duty) for duty in rule.duties])
        sentence += f"; in return it is owed: {owed} (which cannot be seen to here, so it does not permit by itself)"
    return sentence + "."


def _duty(duty: Rule) -> str:
    when = f" when {_list([_constraint(one) for one in duty.constraints])}" if duty.constraints else ""
    return _action(duty.action) + when


def _action(action: str) -> str:
    return "to use the data" if plain(action) == USE else f"the action {quote(action)} (not known here)"


def _constraint(constraint: Constraint) -> str:
    if isinstance(constraint, Atomic):
        return _atomic(constraint)
    inner = "; ".join(_constraint(one) for one in constraint.operands)
    return f"{_JOINED[constraint.operator]}: [{inner}]"


def _atomic(atomic: Atomic) -> str:
    operand = OPERANDS.get(plain(atomic.left))
    if operand is None or operand.problem(atomic):
        return f"the term {term(atomic)} holds (which cannot be decided here)"
    return _SAY[plain(atomic.left)](atomic)


def _say_time(atomic: Atomic) -> str:
    when = read_when(atomic.right)
    return _TIMES[atomic.operator].format(say_when(when) if when else value(atomic.right))


def _say_member(atomic: Atomic) -> str:  # noqa: ARG001 - one form only
    return "the recipient is an active member of the space"


def _say_participant(atomic: Atomic) -> str:
    right = atomic.right if isinstance(atomic.right, list) else [atomic.right]
    # The sentences are formatted, so what was written is put in and never formatted itself.
    return _WHO[atomic.operator].format(", ".join(map(value, right)))


def _say_role(atomic: Atomic) -> str:
    return _ROLES[atomic.operator].format(", ".join(map(quote, named(atomic))))


def _say_credential(atomic: Atomic) -> str:
    return _CREDENTIALS[atomic.operator].format(", ".join(map(quote, named(atomic))))


_SAY = {DATE_TIME: _say_time, MEMBERSHIP: _say_member, PARTICIPANT: _say_participant, ROLE: _say_role, CREDENTIAL: _say_credential}


def _list(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
