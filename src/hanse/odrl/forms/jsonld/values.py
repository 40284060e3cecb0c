"""Right operands in JSON-LD to the form that the Dataspace Protocol takes: text, typed value objects, arrays of them."""

from __future__ import annotations

from decimal import Decimal

from hanse.kernel.errors import Invalid
from hanse.odrl.forms.bounds import as_text, check_keys
from hanse.odrl.forms.jsonld.context import ODRL
from hanse.odrl.forms.jsonld.document import Document, each, single
from hanse.odrl.model import RightOperand

MANY = frozenset({"isAllOf", "isAnyOf", "isNoneOf"})
"""Operators whose right operand is a set (ODRL 2.2 vocabulary)."""

_VALUE = frozenset({"@value", "@type", "@language"})
_STRING = "xsd:string"


def read_right(document: Document, value: object, operator: str, where: str) -> RightOperand:
    """Return a right operand. Bare numbers and booleans become typed value objects (JSON-LD 1.1, 5.2), exactly.

    In JSON-LD an array of one and its item are the same; with a set operator it is returned as an array, else as the item.
    Raises `Invalid` for anything that is neither a value nor an IRI.
    """
    found = [_one(document, item, place) for item, place in each(value, where)]
    if not found:
        raise Invalid("The right operand is an empty array.", where=where, rule="policy-right-operand")
    return found[0] if len(found) == 1 and operator not in MANY else list[object](found)


def _one(document: Document, value: object, where: str) -> str | dict[str, object]:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _reference(document, value, where) if "@id" in value else _literal(document, value, where)
    return _bare(value, where)


def _reference(document: Document, value: dict[str, object], where: str) -> dict[str, object]:
    check_keys(value, {"@id", "@type"}, where)
    if document.types(value, where) not in ([], ["RightOperand"]):
        raise Invalid("The type does not belong here.", where=f"{where}.@type", rule="policy-type", hint="It is RightOperand.")
    iri = as_text(value["@id"], f"{where}.@id")
    return {"@id": f"odrl:{iri[len(ODRL) :]}" if iri.startswith(ODRL) else iri}


def _literal(document: Document, value: dict[str, object], where: str) -> str | dict[str, object]:
    check_keys(value, _VALUE, where)
    inner = value.get("@value")
    if not isinstance(inner, str):
        made = _bare(inner, f"{where}.@value")
        return made | _typed(document, value, where) if "@language" not in value else _no_language(where)
    typed = _typed(document, value, where)
    if "@language" in value:
        if typed:
            _no_language(where)
        return {"@value": inner, "@language": as_text(value["@language"], f"{where}.@language")}
    return {"@value": inner} | typed if typed and typed["@type"] != _STRING else inner


def _typed(document: Document, value: dict[str, object], where: str) -> dict[str, object]:
    return {"@type": document.term(value["@type"], f"{where}.@type")} if "@type" in value else {}


def _no_language(where: str) -> dict[str, object]:
    raise Invalid("Only text without a type has a language.", where=f"{where}.@language", rule="policy-right-operand")


def _bare(value: object, where: str) -> dict[str, object]:
    if isinstance(value, bool):
        return {"@value": "true" if value else "false", "@type": "xsd:boolean"}
    if isinstance(value, int):
        return {"@value": str(value), "@type": "xsd:integer"}
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and value.is_finite():
        text = str(value)
        return {"@value": text, "@type": "xsd:double" if "E" in text.upper() else "xsd:decimal"}
    raise Invalid("A right operand is text, a number, an IRI, a typed value or an array of them.", where=where, rule="policy-right-operand")


def read_iri(document: Document, value: object, where: str) -> str:
    """Return one IRI of a unit, whole."""
    return document.identifier(single(value, where), where)
