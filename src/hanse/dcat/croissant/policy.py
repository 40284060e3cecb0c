"""Offers in `usageInfo`: ODRL as it is, in a CreativeWork (Croissant 1.1, data use conditions; ODRL 2.2 Vocabulary, 4).

Every member of the offer is there with its own value; only the names have the prefix `odrl:`, because the vocabulary of a Croissant
document is schema.org's.
"""

from __future__ import annotations

import re
from typing import Final

from hanse.dcat.croissant.names import ODRL
from hanse.odrl.forms.write import write_offer
from hanse.odrl.model import Offer
from hanse.odrl.names import plain
from hanse.odrl.price import Cost, cost_of

TYPE: Final = ["CreativeWork", "odrl:Offer"]
_TERM = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_ID = re.compile(r"[A-Za-z0-9][^\s<>\"{}|\\^`%]*")
_NAMED = frozenset({"action", "leftOperand", "operator", "profile", "assigner", "assignee", "target"})
_KEPT = frozenset({"name", "description", "url", "identifier", "sc:identifier", "sc:name", "sc:description"})
_MEMBERS = frozenset({
    "permission", "prohibition", "obligation", "duty", "action", "constraint", "leftOperand", "operator", "rightOperand",
    "profile", "assigner", "assignee", "target", "timestamp", "and", "or", "xone", "andSequence", "refinement", "consequence", "remedy",
    "uid", "inheritFrom", "conflict", "unit", "dataType", "status",
})  # fmt: skip
_LISTS = frozenset({"permission", "prohibition", "obligation", "duty", "constraint", "and", "or", "xone", "andSequence"})

Json = dict[str, object]


def write_policies(offers: tuple[Offer, ...]) -> list[Json]:
    """Return `usageInfo`: one entry per offer."""
    seen: set[str] = set()
    return [_policy(offer, seen) for offer in offers]


def _policy(offer: Offer, seen: set[str]) -> Json:
    written = write_offer(offer, in_catalogue=False)
    out: Json = {"@type": list(TYPE), "name": "Terms of use"}
    if _ID.fullmatch(offer.id) and offer.id not in seen:
        out["@id"] = offer.id
        seen.add(offer.id)
    else:
        out["identifier"] = offer.id
    return out | {f"odrl:{key}": _out(key, value) for key, value in written.items() if key not in ("@id", "@type")}


def _out(key: str, value: object) -> object:
    if key == "rightOperand":
        return _operand(value)
    if isinstance(value, list):
        return [_out(key, one) for one in value]
    if isinstance(value, dict):
        return {f"odrl:{inner}": _out(inner, one) for inner, one in value.items()}
    return _name(str(value)) if key in _NAMED else value


def _name(text: str) -> object:
    """A term or an IRI is a reference; anything else a literal, because it could not be one."""
    if _TERM.fullmatch(text):
        return {"@id": f"odrl:{text}"}
    return {"@id": text} if _IRI.fullmatch(text) and not text.startswith("_:") else {"@value": text}


def _operand(value: object) -> object:
    """Literals and references stay as they are; other JSON is a JSON literal, so that no reader takes it for a node."""
    return value if _is_plain(value) else {"@value": value, "@type": "@json"}


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(not isinstance(one, list) and _is_plain(one) for one in value)
    if isinstance(value, dict):
        if value.keys() == {"@id"}:
            return isinstance(value["@id"], str) and _IRI.fullmatch(value["@id"]) is not None
        typed = value.keys() == {"@value", "@type"} and isinstance(value["@type"], str) and _IRI.fullmatch(value["@type"])
        return bool(typed) and isinstance(value["@value"], str)
    return isinstance(value, str)


def compact(value: object) -> object:
    """Return a policy of `usageInfo` in the compact form of the Dataspace Protocol, which `odrl.forms.read` reads.

    What is no member of ODRL and no text for people stays, so that whoever reads it strictly refuses it.
    """
    if not isinstance(value, dict):
        return value
    id = value.get("@id", value.get("identifier", value.get("sc:identifier")))
    return ({"@id": id} if id is not None else {}) | _members(value)


def _members(value: Json) -> Json:
    out: Json = {}
    for key, inner in value.items():
        name = _member(key)
        if name in _LISTS:
            out[name] = [_in(name, one) for one in (inner if isinstance(inner, list) else [inner])]
        elif name is not None:
            out[name] = _in(name, inner)
        elif key not in _KEPT and key not in ("@type", "@id", "@context"):
            out[key] = inner
    return out


def _member(key: str) -> str | None:
    for prefix in ("odrl:", ODRL):
        if key.startswith(prefix):
            return key[len(prefix) :]
    return key if key in _MEMBERS else None


def _in(name: str, value: object) -> object:
    if name == "rightOperand":
        literal = isinstance(value, dict) and value.get("@type") == "@json"
        return value.get("@value") if literal and isinstance(value, dict) else value
    if isinstance(value, list):
        return [_in(name, one) for one in value]
    if isinstance(value, dict):
        return _named(value) if name in _NAMED and not any(_member(key) for key in value) else _members(value)
    return plain(value) if isinstance(value, str) and name in _NAMED else value


def _named(value: Json) -> object:
    found = value.get("@id", value.get("@value", value))
    return plain(found) if isinstance(found, str) and "@id" in value else found


def price_of(offers: tuple[Offer, ...]) -> list[Json]:
    """Return schema.org's `offers`: what the uses cost under each offer, and why where that cannot be told."""
    costs = dict.fromkeys(cost_of(offer.terms, rule.action) for offer in offers for rule in offer.terms.permissions)
    return [_price(cost) for cost in costs if not cost.free]


def _price(cost: Cost) -> Json:
    if cost.price is None:
        return {"@type": "Offer", "description": cost.unknown}
    return {"@type": "Offer", "price": f"{cost.price.amount:f}", "priceCurrency": cost.price.currency}
