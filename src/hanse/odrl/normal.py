"""The normal form of terms: what says the same has the same form, whatever its order and spelling (ODRL 2.2 IM, 2).

Two sets of terms with one normal form are the same to this engine. Terms that mean the same in other words (`lt` a moment, and
`lteq` the moment before) keep forms of their own: whether one covers the other is for `match` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from hashlib import sha256

import msgspec

from hanse.odrl import names
from hanse.odrl.constraints.places import place
from hanse.odrl.constraints.purposes import purpose
from hanse.odrl.model import Atomic, Constraint, Logical, Rule, Scope, Terms
from hanse.odrl.names import did_key, plain
from hanse.odrl.values import Number, Quantity, read_money, read_name, read_number, read_period, read_size, typed
from hanse.odrl.vocabulary import action_name
from hanse.odrl.when import read_when

HASH = "sha-256:"

_SETS = frozenset({"isAnyOf", "isNoneOf", "isAllOf"})
_COMPARE = frozenset({"eq", "neq", "lt", "lteq", "gt", "gteq"})
_FLAT = frozenset({"and", "or"})
_MICROSECOND = timedelta(microseconds=1)


def normal_form(terms: Terms) -> bytes:
    """Return the normal form of terms, as JSON in UTF-8.

    Terms have their plain names. Rules, constraints and the operands of and, or and xone have no order; those of andSequence have.
    An `and` within an `and`, or within a rule, and an `or` within an `or` are dissolved, and what is joined twice counts once, but
    in xone. Right operands are compared as values where the left operand's kind is known, else as they are written.
    """
    rules = [_rules(each) for each in (terms.permissions, terms.prohibitions, terms.obligations)]
    return _join("terms", *rules, _json(sorted(set(terms.profile))), _json(terms.conflict), _json(sorted(set(terms.inherits))))


def terms_hash(terms: Terms) -> str:
    """Return `sha-256:` and the hash of the normal form, in hexadecimal digits."""
    return HASH + sha256(normal_form(terms)).hexdigest()


def same_terms(a: Terms, b: Terms) -> bool:
    """Tell whether `a` and `b` have one normal form. It never takes different terms for the same."""
    # Not a == b first: to Python 1 equals True, to JSON it does not.
    return normal_form(a) == normal_form(b)


def _rules(rules: tuple[Rule, ...]) -> bytes:
    # The same duty twice may be owed twice, so rules are counted.
    return _join("rules", *sorted(map(_rule, rules)))


def _rule(rule: Rule) -> bytes:
    return _join(
        "rule",
        _json(rule.uid),
        _json(action_name(rule.action)),
        _conjunction(rule.refinements),
        _conjunction(rule.constraints),
        *map(_scope, (rule.target, rule.assigner, rule.assignee)),
        *map(_rules, (rule.duties, rule.consequences, rule.remedies)),
    )


def _scope(scope: Scope | None) -> bytes:
    return _json(None) if scope is None else _join("scope", _json(scope.id), _json(scope.collection), _conjunction(scope.refinements))


def _conjunction(constraints: Iterable[Constraint]) -> bytes:
    return _join("all", *sorted({part for one in constraints for part in _parts(one, "and")}))


def _constraint(constraint: Constraint) -> bytes:
    if isinstance(constraint, Atomic):
        return _atomic(constraint)
    parts = [part for one in constraint.operands for part in _parts(one, constraint.operator)]
    if constraint.operator in _FLAT:
        parts = sorted(set(parts))
    elif constraint.operator == "xone":
        parts = sorted(parts)
    return parts[0] if len(parts) == 1 else _join(constraint.operator, *parts)


def _parts(constraint: Constraint, within: str) -> list[bytes]:
    """Return the normal forms that a constraint adds to those that `within` joins."""
    if isinstance(constraint, Logical) and constraint.operands:
        if len(constraint.operands) == 1:
            return _parts(constraint.operands[0], within)
        if constraint.operator == within and within in _FLAT:
            return [part for one in constraint.operands for part in _parts(one, within)]
    return [_constraint(constraint)]


def _atomic(atomic: Atomic) -> bytes:
    items = _right(atomic)
    if atomic.operator in _SETS:
        items = sorted(set(items))
    return _join("atomic", _json(plain(atomic.left)), _json(atomic.operator), _join("right", *items))


def _right(atomic: Atomic) -> list[bytes]:
    """Return the right operands one by one, as values where they are read, else as they are written."""
    written = [_json(atomic.unit), _json(atomic.data_type)]
    if isinstance(atomic.right, list) and (atomic.operator in _COMPARE or not atomic.right):
        # These compare with one value; a list after them can never be decided, and is not the same as its item.
        return [_join("list", _json(atomic.right), *written)]
    items = atomic.right if isinstance(atomic.right, list) else [atomic.right]
    left = plain(atomic.left)
    read = _number if left.startswith(names.QUALITY) else _KINDS.get(left)
    values = [read(item) for item in typed(atomic) or ()] if read is not None else []
    if len(values) != len(items):
        values = [None] * len(items)
    return [
        _join("value", _json(value)) if value is not None else _join("text", _json(item), *written)
        for item, value in zip(items, values, strict=True)
    ]


def _number(value: object) -> object:
    return _quantity(read_number(value))


def _money(value: object) -> object:
    return _quantity(read_money(value))


def _quantity(quantity: Quantity | None) -> object:
    return None if quantity is None else [_digits(quantity.amount), quantity.unit]


def _size(value: object) -> object:
    size = read_size(value)
    return None if size is None else _digits(size)


def _digits(number: Number) -> str:
    return str(number)


def _period(value: object) -> object:
    period = read_period(value)
    return None if period is None else [period.months, period.rest // _MICROSECOND]


def _moment(value: object) -> object:
    when = read_when(value)
    return None if when is None else [when.start, when.end]


def _name(canonical: Callable[[str], str]) -> Callable[[object], object]:
    def read(value: object) -> object:
        name = read_name(value)
        return None if name is None else canonical(name)

    return read


_KINDS: Mapping[str, Callable[[object], object]] = {
    names.DATE_TIME: _moment,
    **dict.fromkeys((names.PARTICIPANT, names.RECIPIENT), _name(did_key)),
    names.PURPOSE: _name(purpose),
    **dict.fromkeys((names.SPATIAL, names.PARTICIPANT_LOCATION, names.ORIGIN), _name(place)),
    **dict.fromkeys((names.COUNT, names.DIGITS, names.GROUP_SIZE), _number),
    names.VOLUME: _size,
    names.PAY_AMOUNT: _money,
    **dict.fromkeys((names.ELAPSED_TIME, names.METERED_TIME, names.DELAY_PERIOD, names.TIME_INTERVAL), _period),
    **dict.fromkeys(
        (
            names.EVENT,
            names.MEMBERSHIP,
            names.ROLE,
            names.CREDENTIAL,
            names.CONNECTOR,
            names.APPLICATION,
            names.SECURITY_LEVEL,
            names.ENVIRONMENT,
            names.ARTIFACT_STATE,
            names.CLASSIFICATION,
            names.RISK,
            names.CONSENT,
            names.PAID,
            names.COLUMN,
            names.POLICY,
        ),
        read_name,
    ),
}
"""How the right operands of the left operands of a known kind are read; a value that is not read is compared as it is written."""


def _json(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def _join(tag: str, *parts: bytes) -> bytes:
    # Every part is JSON, so the joined text is JSON too: no two different trees can share it.
    return b"[" + b",".join((b'"' + tag.encode() + b'"', *parts)) + b"]"
