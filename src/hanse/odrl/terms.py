"""Whether two sets of terms are the same (ODRL 2.2 IM, 2: rules and constraints are sets; only andSequence has an order)."""

from __future__ import annotations

import msgspec

from hanse.odrl.model import Atomic, Constraint, Rule, Terms
from hanse.odrl.names import DATE_TIME, plain
from hanse.odrl.when import read_when

_SETS = frozenset({"isAnyOf", "isNoneOf", "isAllOf"})


def same_terms(a: Terms, b: Terms) -> bool:
    """Tell whether `a` and `b` say the same, up to order where it has no meaning and to how a moment is written.

    It never takes different terms for the same; terms that mean the same in other words it may take for different.
    """
    # Not a == b first: to Python 1 equals True, to JSON it does not.
    return _terms(a) == _terms(b)


def _terms(terms: Terms) -> bytes:
    rules = [_rules(each) for each in (terms.permissions, terms.prohibitions, terms.obligations)]
    return _join("terms", *rules, _text(sorted(set(terms.profile))))


def _rules(rules: tuple[Rule, ...]) -> bytes:
    return _join("rules", *sorted(map(_rule, rules)))


def _rule(rule: Rule) -> bytes:
    constraints = _join("constraints", *sorted(map(_constraint, rule.constraints)))
    return _join("rule", _text(plain(rule.action)), constraints, _rules(rule.duties))


def _constraint(constraint: Constraint) -> bytes:
    if isinstance(constraint, Atomic):
        return _join("atomic", _text(plain(constraint.left)), _text(constraint.operator), _right(constraint))
    operands = [_constraint(one) for one in constraint.operands]
    return _join(constraint.operator, *(operands if constraint.operator == "andSequence" else sorted(operands)))


def _right(atomic: Atomic) -> bytes:
    moment = read_when(atomic.right) if plain(atomic.left) == DATE_TIME else None
    if moment is not None:
        return _join("when", _text([moment.start, moment.end]))
    if atomic.operator in _SETS:
        members = atomic.right if isinstance(atomic.right, list) else [atomic.right]
        return _join("set", *sorted({_text(one) for one in members}))
    return _join("value", _text(atomic.right))


def _text(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def _join(tag: str, *parts: bytes) -> bytes:
    # Every part is JSON, so the joined text is JSON too: no two different trees can share it.
    return b'["' + tag.encode() + b'",' + b",".join(parts) + b"]"
