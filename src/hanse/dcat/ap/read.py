"""Datasets in DCAT-AP, by anybody: brought into the form of the Dataspace Protocol, and read as that is (`dcat.read`)."""

from __future__ import annotations

from msgspec import structs

from hanse.dcat import read
from hanse.dcat.ap.names import MEDIA_TYPES, from_iri, language_tag
from hanse.dcat.croissant.policy import compact
from hanse.dcat.model import Agent, Dataset
from hanse.dcat.read import Unreadable
from hanse.dcat.rest import with_rest
from hanse.dcat.values import items, text_of_value
from hanse.kernel.errors import Malformed

_NAMESPACES = {
    "http://www.w3.org/ns/dcat#": "dcat",
    "http://purl.org/dc/terms/": "dct",
    "http://www.w3.org/ns/odrl/2/": "odrl",
    "http://xmlns.com/foaf/0.1/": "foaf",
    "http://spdx.org/rdf/terms#": "spdx",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://www.w3.org/2004/02/skos/core#": "skos",
    "http://mlcommons.org/croissant/RAI/": "rai",
    "http://www.w3.org/ns/dqv#": "dqv",
    "http://www.w3.org/ns/prov#": "prov",
    "urn:hanse:dcat:": "hanse",
}
_LABELS = ("rdfs:label", "skos:prefLabel", "dct:title")
_NAMED = ("dcat:theme", "dct:license", "dcat:landingPage", "dct:source", "dct:spatial", "dct:conformsTo", "dct:type", "dct:format")
_DEEPEST = 32

Json = dict[str, object]


def read_dataset(value: object, where: str = "dataset", unreadable: list[Unreadable] | None = None) -> Dataset:
    """Return the dataset that JSON-LD of DCAT-AP (decoded, a node with its properties inside) describes.

    What cannot be read of its offers is added to `unreadable`. Raises `Malformed` when it is no object or nested too deep.
    """
    if not isinstance(value, dict):
        raise Malformed("A dataset is a JSON object.", where=where, rule="dataset")
    context = value.get("@context")
    prefixes = _prefixes(context)
    node = _prefixed(value, prefixes, where, 0)
    assert isinstance(node, dict)
    found = read.read_dataset(_as_protocol(node), where, unreadable)
    found = structs.replace(
        found,
        language=tuple(dict.fromkeys(language_tag(one) for one in found.language)),
        description="" if found.description == found.title else found.description,  # stands in for none
        media_type=found.media_type.removeprefix(MEDIA_TYPES) if found.media_type else None,
        creators=tuple(_plain(one) for one in found.creators),
        publisher=_plain(found.publisher) if found.publisher else None,
    )
    return with_rest(found, node.get("hanse:rest"))


def _prefixes(context: object) -> dict[str, str]:
    found = {}
    for part in items(context):
        for name, iri in part.items() if isinstance(part, dict) else ():
            if isinstance(iri, str) and iri in _NAMESPACES:
                found[name] = _NAMESPACES[iri]
    return found


def _prefixed(value: object, prefixes: dict[str, str], where: str, depth: int) -> object:
    if depth > _DEEPEST:
        raise Malformed(f"A dataset is nested at most {_DEEPEST} deep.", where=where[:80], rule="dataset-depth")
    if isinstance(value, list):
        return [_prefixed(one, prefixes, where, depth + 1) for one in value]
    if not isinstance(value, dict) or value.get("@type") == "@json":
        return value
    return {_name(key, prefixes): _prefixed(one, prefixes, where, depth + 1) for key, one in value.items() if key != "@context"}


def _name(key: str, prefixes: dict[str, str]) -> str:
    iri = next((iri for iri in _NAMESPACES if key.startswith(iri)), None)
    if iri is not None:
        return f"{_NAMESPACES[iri]}:{key[len(iri) :]}"
    prefix, colon, local = key.partition(":")
    return f"{prefixes.get(prefix, prefix)}:{local}" if colon else key


def _as_protocol(node: Json) -> Json:
    out = _labelled(node)
    out["distribution"] = [_distribution(one) for one in items(node.get("dcat:distribution")) if isinstance(one, dict)]
    out["hasPolicy"] = [_policy(one) for one in items(node.get("odrl:hasPolicy"))]
    out["@id"] = text_of_value(node.get("dct:identifier")) or from_iri(text_of_value(node.get("@id")) or "")
    out["dct:language"] = [_label(one) for one in items(node.get("dct:language"))]
    if "hanse:files" in node:
        out["urn:hanse:dcat:files"] = node["hanse:files"]
    return {key: value for key, value in out.items() if key not in ("dcat:distribution", "odrl:hasPolicy")}


def _labelled(node: Json) -> Json:
    return {key: [_label(one) for one in items(value)] if key in _NAMED else value for key, value in node.items()}


def _label(value: object) -> object:
    """Return the IRI of a thing, or what it is called; a literal as it is."""
    if not isinstance(value, dict) or "@value" in value:
        return value
    id = value.get("@id")
    if isinstance(id, str) and not id.startswith("_:"):
        return id
    return next((text for name in _LABELS if (text := text_of_value(value.get(name)))), None)


def _distribution(node: Json) -> Json:
    out = _labelled(node)
    out["format"] = next(iter(items(out.get("dct:format"))), None)
    out["dcat:mediaType"] = _label(node.get("dcat:mediaType"))
    return {key: value for key, value in out.items() if key != "dcat:accessService"}


def _policy(value: object) -> object:
    if not isinstance(value, dict):
        return value
    id = text_of_value(value.get("dct:identifier")) or text_of_value(value.get("@id"))
    found = compact({key: one for key, one in value.items() if not key.startswith("dct:") and key != "@id"})
    return {"@id": id, **found} if isinstance(found, dict) else found


def _plain(agent: Agent) -> Agent:
    """A name that only repeats the id was written because the profile wants one."""
    id = from_iri(agent.id) if agent.id else None
    return Agent("" if agent.name == id else agent.name, id, agent.person)
