"""`usageInfo` of Croissant 1.1: terms of the Data Use Ontology (DUO), or an ODRL Offer.

The specification's own example has a constraint without a left operand: it is taken for a purpose, and noted.
"""

from __future__ import annotations

import re

import msgspec

from hanse.odrl.model import Atomic, Constraint
from hanse.odrl.names import PURPOSE
from hanse.odrl.reservations.model import AI_USES, FREE, MOST_BYTES, RESERVED, Reservation, Stand, Statement, combine

_SOURCE = "Croissant usageInfo"
_DUO = re.compile(r"DUO[_:]([0-9]{7})")
_RESEARCH = "dpv:ResearchAndDevelopment"
# Permissions of DUO that are understood, as purposes. Below them are diseases, which need a code beside the term.
_PURPOSES: dict[str, tuple[str, ...]] = {
    "0000004": (),  # no restriction
    "0000042": (_RESEARCH,),  # general research use
    "0000006": ("obo:DUO_0000006",),  # health, medical or biomedical research
    "0000018": ("dpv:NonCommercialPurpose",),  # not for profit, non commercial use only
    "0000046": ("dpv:NonCommercialPurpose",),  # non-commercial use only
}
_MOST_TERMS = 64


def read(body: bytes) -> Reservation:
    """Return what the `usageInfo` of a Croissant description says; one without it says nothing."""
    if len(body) > 16 * MOST_BYTES:
        return _reserved("it is too large")
    try:
        described = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return _reserved("it cannot be read")
    if not isinstance(described, dict):
        return _reserved("it is no description")
    info = next((described[key] for key in ("usageInfo", "sc:usageInfo", "https://schema.org/usageInfo") if key in described), None)
    if info is None:
        return Reservation(source=_SOURCE)
    items = info if isinstance(info, list) else [info]
    if len(items) > _MOST_TERMS:
        return _reserved("it has too many terms")
    read_each = [_item(item) for item in items]
    return Reservation(source=_SOURCE, uses=combine(read_each), notes=tuple(dict.fromkeys(note for one in read_each for note in one.notes)))


def _item(item: object) -> Reservation:
    if isinstance(item, dict) and str(item.get("@type", "")).removeprefix("odrl:") in ("Offer", "Set", "Policy"):
        return _offer(item)
    text = (
        item
        if isinstance(item, str)
        else " ".join(str(item.get(key, "")) for key in ("@id", "url", "termCode"))
        if isinstance(item, dict)
        else ""
    )
    codes = set(_DUO.findall(text))
    if len(codes) != 1:
        return _reserved("a term of it is not known")
    code = codes.pop()
    if code not in _PURPOSES:
        return _reserved(f"the term DUO:{code} cannot be decided here")
    return _under(tuple(Atomic(PURPOSE, "isA", purpose) for purpose in _PURPOSES[code]))


def _offer(offer: dict[str, object]) -> Reservation:
    """Read the one shape that descriptions use: permissions to use under purposes. Anything else reserves."""
    permissions = _list(offer.get("odrl:permission", offer.get("permission")))
    refused = _list(offer.get("odrl:prohibition", offer.get("prohibition")))
    if len(permissions) != 1 or not isinstance(permissions[0], dict) or refused or "obligation" in offer:
        return _reserved("its offer is not one permission under purposes")
    rule = permissions[0]
    action = _name(rule.get("odrl:action", rule.get("action")))
    if action not in ("use", "odrl:use", "http://www.w3.org/ns/odrl/2/use") or "duty" in rule or "odrl:duty" in rule:
        return _reserved("its offer permits something that is not known")
    constraints: list[Constraint] = []
    notes: list[str] = []
    for constraint in _list(rule.get("odrl:constraint", rule.get("constraint"))):
        found = _purpose(constraint, notes)
        if found is None:
            return _reserved("a constraint of its offer is not known")
        constraints.append(found)
    said = _under(tuple(constraints))
    return Reservation(source=_SOURCE, uses=said.uses, notes=tuple(notes))


def _purpose(constraint: object, notes: list[str]) -> Atomic | None:
    if not isinstance(constraint, dict):
        return None
    left = constraint.get("odrl:leftOperand", constraint.get("leftOperand"))
    right = _name(constraint.get("odrl:rightOperand", constraint.get("rightOperand")))
    operator = _name(constraint.get("odrl:operator", constraint.get("operator")))
    if left is None:
        notes.append(f"{_SOURCE}: a constraint has no left operand; it is taken for a purpose.")
    elif str(_name(left)).removeprefix("odrl:") != PURPOSE:
        return None
    if not isinstance(right, str) or str(operator).removeprefix("odrl:") not in ("eq", "isA", "isPartOf"):
        return None
    code = _DUO.search(right)
    if code is None:
        return Atomic(PURPOSE, "isA", right[:500])
    known = _PURPOSES.get(code[1])
    return Atomic(PURPOSE, "isA", known[0]) if known else None


def _under(constraints: tuple[Constraint, ...]) -> Reservation:
    said = Statement(Stand.CONDITIONAL, constraints) if constraints else FREE
    return Reservation(source=_SOURCE, uses=dict.fromkeys(AI_USES, said))


def _name(value: object) -> object:
    return value.get("@id") if isinstance(value, dict) else value


def _list(value: object) -> list[object]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _reserved(why: str) -> Reservation:
    return Reservation(source=_SOURCE, uses=dict.fromkeys(AI_USES, RESERVED), notes=(f"{_SOURCE}: {why}; so everything is reserved.",))
