"""A document with the names of the specification, whatever its context calls them (JSON-LD 1.1, as far as Croissant uses it).

Nothing is fetched: a context that is only named counts as the specification's own. Size and depth are bounded before anything else.
"""

from __future__ import annotations

from typing import Final

from hanse.dcat.croissant.names import CONTEXT, CROISSANT, ODRL, RAI, SCHEMAS
from hanse.dcat.values import items
from hanse.kernel.errors import Invalid, Malformed, TooLarge

MAX_DEPTH: Final = 64
MAX_VALUES: Final = 2_000_000

_SHORT: Final = {
    CROISSANT: "",
    **dict.fromkeys(SCHEMAS, ""),
    RAI: "rai:",
    ODRL: "odrl:",
    "http://purl.org/dc/terms/conformsTo": "conformsTo",
    "http://purl.org/dc/terms/": "dct:",
    "http://www.w3.org/ns/prov#": "prov:",
    "urn:hanse:dcat:": "hanse:",
}
_ORDER: Final = sorted(_SHORT, key=len, reverse=True)
_VERBATIM: Final = frozenset({"data", "examples", "hanse:rest"})

Json = dict[str, object]


def measure(document: object) -> None:
    """Raise `Malformed` for what is nested deeper than `MAX_DEPTH`, `TooLarge` for more than `MAX_VALUES` values."""
    level, seen = [document], 0
    for _ in range(MAX_DEPTH):
        seen += len(level)
        if seen > MAX_VALUES:
            raise TooLarge(f"A description has at most {MAX_VALUES} values.", where="document", rule="croissant-size")
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise Malformed(f"A description is nested at most {MAX_DEPTH} deep.", where="document", rule="croissant-depth")


def _inside(value: object) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def normal(document: object) -> Json:
    """Return the dataset of a document under the names of the specification. Raises as `measure` does, `Invalid` for no dataset."""
    if not isinstance(document, dict):
        raise Malformed("A description is a JSON object.", where="document", rule="croissant")
    measure(document)
    terms = terms_of(document.get("@context"))
    root = _root(document)
    return {**_object(root, terms), "@context": document.get("@context")}


def _root(document: Json) -> Json:
    if "@graph" not in document:
        return document
    found = [one for one in items(document["@graph"]) if isinstance(one, dict) and "Dataset" in str(one.get("@type"))]
    if not found:
        raise Invalid("No dataset is described here.", where="@graph", rule="croissant-dataset")
    return found[0]


def terms_of(context: object) -> dict[str, str]:
    """Return what the terms and prefixes of a context stand for, and `@vocab`; the specification's own where it says nothing."""
    found = {key: iri for key, value in CONTEXT.items() if (iri := _iri(value)) is not None}
    for part in items(context):
        if isinstance(part, dict):
            found |= {key: iri for key, value in part.items() if (iri := _iri(value)) is not None}
    return found


def _iri(value: object) -> str | None:
    found = value.get("@id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else None


def expanded(name: str, terms: dict[str, str], hops: int = 4) -> str:
    """Return the IRI that a term, or a name with a prefix, stands for; a name that stands for nothing as it is."""
    if name in terms and hops and terms[name] != name:
        return expanded(terms[name], terms, hops - 1)
    prefix, colon, local = name.partition(":")
    if colon and not local.startswith("//") and prefix in terms:
        return terms[prefix] + local
    return name


def short(name: str, terms: dict[str, str]) -> str:
    """Return the name that the specification uses for a term of the document."""
    if name.startswith("@"):
        return name
    iri = expanded(name, terms)
    start = next((start for start in _ORDER if iri.startswith(start)), None)
    return iri if start is None else _SHORT[start] + iri[len(start) :]


def _object(value: Json, terms: dict[str, str]) -> Json:
    out: Json = {}
    for key, inner in value.items():
        if key == "@context":
            continue
        name = short(key, terms)
        out.setdefault(name, inner if name in _VERBATIM else _value(inner, terms))
    return out


def _value(value: object, terms: dict[str, str]) -> object:
    if isinstance(value, list):
        return [_value(one, terms) for one in value]
    return _object(value, terms) if isinstance(value, dict) and value.get("@type") != "@json" else value
