"""The TDM Reservation Protocol: `tdmrep.json`, HTTP headers, HTML metadata, and its policies (W3C CG final report, 2024-05-10)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hanse.odrl.model import Atomic, Constraint, Rule
from hanse.odrl.names import COMPENSATE, OBTAIN_CONSENT, PURPOSE
from hanse.odrl.reservations.model import FREE, MINING, MOST_BYTES, MOST_STATEMENTS, RESERVED, Reservation, Stand, Statement
from hanse.odrl.reservations.patterns import matches

_RESEARCH = Atomic(PURPOSE, "isA", "dpv:ResearchAndDevelopment")
_DUTIES = {"obtainConsent": Rule(OBTAIN_CONSENT), "compensate": Rule(COMPENSATE)}


def read_file(body: bytes, path: str | None) -> Reservation:
    """Return what `/.well-known/tdmrep.json` says of the resource at `path`, or of many resources (`None`).

    Every rule whose location matches counts, and the most restrictive wins: which of them should, processors disagree.
    """
    source = "tdmrep.json"
    rules = _decode(body)
    if not isinstance(rules, list) or len(rules) > MOST_STATEMENTS:
        return _reserved(source, "it is no list of rules that can be read")
    for rule in rules:
        if not isinstance(rule, dict) or not isinstance(rule.get("location"), str):
            return _reserved(source, "a rule of it has no location")
    return _of([rule for rule in rules if matches(rule["location"], path)], source)


def read_fields(fields: Mapping[str, str], source: str) -> Reservation:
    """Return what HTTP headers or HTML metadata say; `fields` has their names in lower case."""
    if "tdm-reservation" not in fields and "tdm-policy" not in fields:
        return Reservation(source=source)
    return _of([dict(fields)], source)


def read_policy(body: bytes) -> Reservation:
    """Return what a TDM policy (an ODRL Offer whose action is `tdm:mine`) says: free for mining under its duties and purposes."""
    source = "TDM policy"
    policy = _decode(body)
    permissions = policy.get("permission") if isinstance(policy, dict) else None
    one = permissions if isinstance(permissions, list) else [permissions]
    if len(one) != 1 or not isinstance(one[0], dict) or one[0].get("action") not in ("tdm:mine", "http://www.w3.org/ns/tdmrep/mine"):
        return _reserved(source, "it is not one permission to mine")
    duties, constraints, unknown = _duties(one[0]), _constraints(one[0]), []
    if duties is None:
        unknown.append("a duty of it is not known")
    if constraints is None:
        unknown.append("a constraint of it is not known")
    if duties is None or constraints is None:
        return _reserved(source, "; ".join(unknown))
    said = Statement(Stand.CONDITIONAL, constraints, duties) if duties or constraints else FREE
    return Reservation(source=source, uses=dict.fromkeys(sorted(MINING), said))


def _of(rules: list[dict[str, object]], source: str) -> Reservation:
    if not rules:
        return Reservation(source=source)
    notes = [f"Its policy is at {str(rule['tdm-policy'])[:500]}." for rule in rules if rule.get("tdm-policy")]
    free = all(str(rule.get("tdm-reservation", "")).strip() == "0" for rule in rules)
    return Reservation(source=source, uses=dict.fromkeys(sorted(MINING), FREE if free else RESERVED), notes=tuple(dict.fromkeys(notes)))


def _duties(permission: dict[str, object]) -> tuple[Rule, ...] | None:
    named = [duty.get("action") if isinstance(duty, dict) else None for duty in _list(permission.get("duty"))]
    found = [_DUTIES.get(str(name).removeprefix("odrl:")) for name in named]
    return tuple(duty for duty in found if duty is not None) if None not in found else None


def _constraints(permission: dict[str, object]) -> tuple[Constraint, ...] | None:
    found: list[Constraint] = []
    for constraint in _list(permission.get("constraint")):
        if not isinstance(constraint, dict) or str(constraint.get("leftOperand")).removeprefix("odrl:") != PURPOSE:
            return None
        if constraint.get("operator") not in ("eq", "odrl:eq") or _name(constraint.get("rightOperand")) != "tdm:research":
            return None
        found.append(_RESEARCH)
    return tuple(found)


def _name(value: object) -> object:
    return value.get("@id") if isinstance(value, dict) else value


def _list(value: object) -> list[object]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _decode(body: bytes) -> object:
    if len(body) > MOST_BYTES:
        return None
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None


def _reserved(source: str, why: str) -> Reservation:
    return Reservation(source=source, uses=dict.fromkeys(sorted(MINING), RESERVED), notes=(f"{source}: {why}; so everything is reserved.",))
