"""Datasets in DCAT-AP 3.0, as JSON-LD (DCAT-AP 3.0.0, Dataset, Distribution, Data Service, Checksum, Agent)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.dcat.ap.names import CONTEXT, MEDIA_TYPES, as_iri, is_iri, language_iri
from hanse.dcat.croissant.policy import write_policies
from hanse.dcat.media import is_media_type
from hanse.dcat.model import Agent, Checksum, Dataset, Period
from hanse.dcat.names import spellings
from hanse.dcat.quality import write_measures
from hanse.dcat.rest import rest_of
from hanse.dcat.write import DataServiceRef
from hanse.odrl.when import write_moment

Json = dict[str, object]


def write_dataset(dataset: Dataset, service: DataServiceRef) -> Json:
    """Return a dataset that can be had at `service`, alone in a document."""
    return {"@context": dict(CONTEXT), **_dataset(dataset, service)}


def write_catalogue(title: str, description: str, publisher: Agent, service: DataServiceRef, datasets: Sequence[Dataset]) -> Json:
    """Return a catalogue: title, description, publisher and service are mandatory or recommended there (DCAT-AP 3.0.0, Catalogue)."""
    return {
        "@context": dict(CONTEXT),
        "@id": as_iri(f"{service.id}#catalogue" if is_iri(service.id) else service.id),
        "@type": "dcat:Catalog",
        "dct:title": title,
        "dct:description": description,
        "dct:publisher": _agent(publisher),
        "dcat:service": _service(service),
        "dcat:dataset": [_dataset(dataset, service) for dataset in datasets],
    }


def _dataset(dataset: Dataset, service: DataServiceRef) -> Json:
    from hanse.dcat.ap.read import read_dataset  # reads back what is written here, to see what it lacks

    out: Json = {
        "@id": as_iri(dataset.id),
        "@type": "dcat:Dataset",
        "dct:identifier": dataset.id,
        "dct:title": dataset.title,
        "dct:description": dataset.description or dataset.title,
        **_filled(_about(dataset)),
        **_filled(_origin(dataset)),
        **{f"rai:{one.term}": list(one.texts) for one in dataset.rai},
        **write_measures(dataset, lambda name: spellings(name)[1]),
        "odrl:hasPolicy": [_policy(one) for one in write_policies(dataset.offers)],
        "dcat:distribution": [_distribution(dataset, service, format) for format in dataset.formats or ("",)],
    }
    rest = rest_of(dataset, read_dataset(out))
    return out | ({"hanse:rest": {"@value": rest, "@type": "@json"}} if rest else {})


def _policy(written: Json) -> Json:
    """An offer as `usageInfo` has it, without what is schema.org's."""
    out = {key: value for key, value in written.items() if key not in ("@id", "@type", "name", "identifier")}
    id = str(written.get("@id", written.get("identifier")))
    return {"@id": as_iri(id), "@type": "odrl:Offer", "dct:identifier": id, **out}


def _about(dataset: Dataset) -> Json:
    return {
        "dcat:keyword": list(dataset.keywords),
        "dcat:theme": dataset.theme and _thing(dataset.theme, "skos:Concept", "skos:prefLabel"),
        "dct:language": [_language(tag) for tag in dataset.language],
        "dcat:version": dataset.version,
        "dct:issued": _moment(dataset.issued),
        "dct:modified": _moment(dataset.modified),
        "dct:created": _moment(dataset.created),
        "dct:creator": [_agent(one) for one in dataset.creators],
        "dct:publisher": dataset.publisher and _agent(dataset.publisher),
        "hanse:files": dataset.files,
    }


def _origin(dataset: Dataset) -> Json:
    return {
        "dcat:landingPage": dataset.landing_page and _thing(dataset.landing_page, "foaf:Document", "rdfs:label"),
        "dct:source": [_thing(one, "dcat:Dataset", "rdfs:label") for one in dataset.sources],
        "dct:spatial": [_thing(one, "dct:Location", "rdfs:label") for one in dataset.spatial],
        "dct:temporal": dataset.temporal and _period(dataset.temporal),
        "dct:conformsTo": [_thing(one, "dct:Standard", "rdfs:label") for one in dataset.conforms_to],
        "dct:type": dataset.type and _thing(dataset.type, "skos:Concept", "skos:prefLabel"),
        "dct:bibliographicCitation": dataset.citation,
    }


def _distribution(dataset: Dataset, service: DataServiceRef, format: str) -> Json:
    """One way to have it. The access address is that of the service: there is no other before an agreement."""
    out: Json = {"@type": "dcat:Distribution", "dcat:accessURL": {"@id": service.endpoint_url}, "dcat:accessService": _service(service)}
    return out | _filled(
        {
            "dct:format": format and _thing(format, "dct:MediaTypeOrExtent", "rdfs:label"),
            "dct:license": dataset.licence and _thing(dataset.licence, "dct:LicenseDocument", "rdfs:label"),
            "dcat:mediaType": dataset.media_type and _media(dataset.media_type),
            "dcat:byteSize": None if dataset.byte_size is None else _typed(str(dataset.byte_size), "xsd:nonNegativeInteger"),
            "spdx:checksum": _checksum(dataset.checksums[0]) if dataset.checksums else None,
        }
    )


def _service(service: DataServiceRef) -> Json:
    return {
        "@id": as_iri(service.id),
        "@type": "dcat:DataService",
        "dct:title": "Dataspace Protocol",
        "dcat:endpointURL": {"@id": service.endpoint_url},
        "dct:conformsTo": {"@id": "https://w3id.org/dspace/2025/1"},
    }


def _thing(text: str, kind: str, label: str) -> Json:
    """An IRI is a reference; a text is the label of a thing of that class, because the property wants a thing."""
    return {"@id": text} if is_iri(text) else {"@type": kind, label: text}


def _language(tag: str) -> Json:
    iri = language_iri(tag)
    return {"@id": iri} if iri else _thing(tag, "dct:LinguisticSystem", "rdfs:label")


def _media(media_type: str) -> Json:
    if is_media_type(media_type):
        return {"@id": MEDIA_TYPES + media_type}
    return {"@type": "dct:MediaType", "rdfs:label": media_type}


def _agent(agent: Agent) -> Json:
    known: Json = {"@id": as_iri(agent.id)} if agent.id else {}
    return known | {"@type": "foaf:Person" if agent.person else "foaf:Agent", "foaf:name": agent.name or agent.id or ""}


def _period(period: Period) -> Json:
    moments: Json = {"dcat:startDate": _moment(period.start), "dcat:endDate": _moment(period.end)}
    return {"@type": "dct:PeriodOfTime", **_filled(moments)}


def _checksum(checksum: Checksum) -> Json:
    """The one checksum that the profile allows for a distribution; further ones are in the rest."""
    return {
        "@type": "spdx:Checksum",
        "spdx:algorithm": {"@id": f"spdx:checksumAlgorithm_{checksum.algorithm}"},
        "spdx:checksumValue": _typed(checksum.value, "xsd:hexBinary"),
    }


def _moment(when: datetime | None) -> Json | None:
    return _typed(write_moment(when), "xsd:dateTime") if when is not None else None


def _typed(text: str, kind: str) -> Json:
    return {"@value": text, "@type": kind}


def _filled(values: dict[str, object]) -> Json:
    return {key: value for key, value in values.items() if value not in (None, "", [])}
