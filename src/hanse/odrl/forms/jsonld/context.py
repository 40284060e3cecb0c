"""What the names in a document stand for (JSON-LD 1.1, 4.1 and 4.4), with the known contexts built in.

A context that would have to be fetched could change under our eyes or call somewhere, and one that redefines a term could let a
prohibition read as a permission. So contexts are known by name, and an inline one may only declare prefixes.
"""

from __future__ import annotations

import re

from hanse.kernel.errors import Invalid
from hanse.odrl.forms.bounds import as_list, as_text

KNOWN_CONTEXTS = frozenset(
    {
        "http://www.w3.org/ns/odrl.jsonld",
        "https://www.w3.org/ns/odrl.jsonld",
        "https://w3id.org/dspace/2025/1/context.jsonld",
        "https://w3id.org/dspace/2025/1/odrl-profile.jsonld",
    }
)

ODRL = "http://www.w3.org/ns/odrl/2/"
_PREFIXES = {
    "odrl": ODRL,
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dct": "http://purl.org/dc/terms/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "schema": "http://schema.org/",
    "cc": "https://creativecommons.org/ns#",
}
"""The prefixes of the ODRL context; they also are how IRIs in these namespaces are written here."""

_KEYWORDS = frozenset({"@id", "@type", "@value", "@language", "@list", "@set", "@context", "@graph"})
_ALIASES = {"uid": "@id", "type": "@type", "datatype": "dataType"}
"""`uid` and `type` as in the ODRL context, which also misspells dataType."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_SCHEMES = frozenset({"http", "https", "urn", "did", "mailto", "ftp", "data", "file"})
_GEN_DELIMS = frozenset(":/?#[]@")
_MAX_PREFIXES = 256


class Context:
    """The prefixes of one document. A value; without declarations those of the ODRL context."""

    def __init__(self, prefixes: dict[str, str] | None = None) -> None:
        self._prefixes = _PREFIXES | (prefixes or {})

    def iri(self, text: str) -> str:
        """Return an IRI whole, e.g. `ex:a` with the prefix `ex`; any other text as it is."""
        prefix, colon, rest = text.partition(":")
        space = self._prefixes.get(prefix) if colon and not rest.startswith("//") else None
        return text if space is None else space + rest

    def term(self, text: str) -> str:
        """Return an ODRL term by its plain name, an IRI of the known namespaces with its prefix, any other one whole."""
        iri = self.iri(text)
        for prefix, space in _PREFIXES.items():
            name = iri[len(space) :] if iri.startswith(space) else ""
            if _NAME.fullmatch(name):
                return name if prefix == "odrl" else f"{prefix}:{name}"
        return iri

    def key(self, text: str, where: str) -> str:
        """Return the name of a member in the one form; raises `Invalid` for a keyword that is not for policies."""
        if text.startswith("@") and text not in _KEYWORDS:
            raise Invalid("This keyword of JSON-LD is not taken in a policy.", where=f"{where}.{text[:80]}", rule="policy-json-ld")
        term = self.term(text)
        return _ALIASES.get(term, term)


def read_context(value: object, where: str) -> Context:
    """Return what an `@context` declares. Raises `Invalid` for one that is not known by name, or that defines terms."""
    prefixes: dict[str, str] = {}
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        place = f"{where}[{index}]" if isinstance(value, list) else where
        if isinstance(item, dict):
            prefixes |= {as_text(name, place): _space(name, meant, f"{place}.{name[:80]}") for name, meant in item.items()}
        else:
            check_known(item, place)
    if len(prefixes) > _MAX_PREFIXES:
        raise Invalid(f"A context declares at most {_MAX_PREFIXES} prefixes.", where=where, rule="policy-size")
    return Context(prefixes)


def check_known(value: object, where: str) -> None:
    """Raise `Invalid` unless `value` is the name of a context that is built in."""
    if as_text(value, where) not in KNOWN_CONTEXTS:
        raise Invalid(
            "This context is not known, and none is ever fetched: it could change, and it could say that a word means another one.",
            where=where,
            rule="policy-context",
            hint=f"Known: {', '.join(sorted(KNOWN_CONTEXTS))}; or write IRIs in full.",
        )


def _space(name: str, meant: object, where: str) -> str:
    """Return the namespace of a declared prefix."""
    if name == "@vocab" and meant == ODRL:
        return ODRL
    usual = _PREFIXES.get(name)
    good = isinstance(meant, str) and bool(_PREFIX.fullmatch(name)) and meant[-1:] in _GEN_DELIMS and meant.partition(":")[0] in _SCHEMES
    if not isinstance(meant, str) or not good or name in _SCHEMES or (usual is not None and meant != usual):
        raise Invalid(
            "A policy's own context may declare prefixes; it may not define or redefine terms.",
            where=where,
            rule="policy-context",
            hint='Declare it like "ex": "https://example.org/terms#".',
        )
    return as_text(meant, where)


def context_of(nodes: list[dict[str, object]], where: str) -> Context:
    """Return the one context of a document whose top-level objects are `nodes`. Raises `Invalid` when they differ."""
    given = [node["@context"] for node in nodes if "@context" in node]
    if any(one != given[0] for one in given):
        raise Invalid("The parts of the document have different contexts.", where=where, rule="policy-context")
    return read_context(given[0], f"{where}.@context") if given else Context()


def as_texts(value: object, where: str) -> list[str]:
    """Return one text or an array of texts as a list; errors as in `as_text`."""
    items = as_list(value, where) if isinstance(value, list) else [value]
    return [as_text(item, f"{where}[{index}]" if isinstance(value, list) else where) for index, item in enumerate(items)]
