"""Datasets and catalogues in the JSON form of DSP 2025-1 (6.3; dataset and catalogue schemas).

A dataset is encoded once, when its asset is written, and stored; a page of a catalogue only joins such parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from hanse.dcat import names
from hanse.dcat.model import Agent, Checksum, Dataset, Period
from hanse.dcat.quality import write_measures
from hanse.kernel.errors import Invalid
from hanse.odrl.forms.write import write_offer
from hanse.odrl.when import write_moment

Json = dict[str, object]


class DataServiceRef(Struct, frozen=True):
    """Where the datasets of a catalogue are negotiated: the DataService's id and the DSP base address of one version."""

    id: str
    endpoint_url: str


def write_dataset(dataset: Dataset, service: DataServiceRef, root: bool) -> Json:
    """Return a dataset; `root`: as the answer to a dataset request, with its context and its service inside.

    Raises `Invalid` when it has no offer or no format, because nobody could get it (dataset schema, Dataset).
    """
    _check(dataset)
    out: Json = {"@context": [names.CONTEXT]} if root else {}
    out |= {"@id": dataset.id, "@type": "Dataset", **_about(dataset), **write_measures(dataset)}
    out["hasPolicy"] = [write_offer(offer, in_catalogue=True) for offer in dataset.offers]
    access: object = write_service(service) if root else service.id
    bytes_ = _bytes(dataset)
    out["distribution"] = [{"@type": "Distribution", "format": format, "accessService": access, **bytes_} for format in dataset.formats]
    return out


def write_service(service: DataServiceRef) -> Json:
    """Return the DataService (dataset schema, DataService)."""
    return {"@id": service.id, "@type": "DataService", "endpointURL": service.endpoint_url}


def write_catalogue(id: str, participant_id: str, service: DataServiceRef, datasets: Sequence[object]) -> Json:
    """Return a catalogue. `datasets` are those of `write_dataset`, or `msgspec.Raw` of already encoded ones."""
    out: Json = {
        "@context": [names.CONTEXT],
        "@id": id,
        "@type": "Catalog",
        "participantId": participant_id,
        "service": [write_service(service)],
    }
    if datasets:  # the schema knows no empty array
        out["dataset"] = list(datasets)
    return out


def encode_dataset(dataset: Dataset, service: DataServiceRef) -> bytes:
    """Return a dataset as a catalogue carries it, encoded; raises as `write_dataset` does."""
    return msgspec.json.encode(write_dataset(dataset, service, root=False))


def encode_root_dataset(dataset: Dataset, service: DataServiceRef) -> bytes:
    """Return a dataset as the answer to a dataset request, encoded; raises as `write_dataset` does."""
    return msgspec.json.encode(write_dataset(dataset, service, root=True))


def catalogue_bytes(participant_id: str, service: DataServiceRef, datasets: Sequence[bytes], id: str | None = None) -> bytes:
    """Return a catalogue of already encoded datasets, encoded. Without `id` it is named after its participant."""
    name = id if id is not None else f"{participant_id}#catalogue"
    return msgspec.json.encode(write_catalogue(name, participant_id, service, [msgspec.Raw(one) for one in datasets]))


def _check(dataset: Dataset) -> None:
    for field, values in (("offers", dataset.offers), ("formats", dataset.formats)):
        if not values:
            raise Invalid(
                f"A dataset without {field} cannot be offered.",
                where=field,
                rule="dataset-incomplete",
                hint="Give it at least one.",
            )


def _about(dataset: Dataset) -> Json:
    """What belongs to the dataset itself (DCAT 3, 6.6)."""
    values: Json = {
        names.TITLE: dataset.title,
        names.DESCRIPTION: dataset.description,
        names.KEYWORD: list(dataset.keywords),
        names.THEME: _reference(dataset.theme),
        names.LICENCE: _reference(dataset.licence),
        names.LANGUAGE: list(dataset.language),
        names.VERSION: dataset.version,
        names.ISSUED: dataset.issued and _moment(write_moment(dataset.issued)),
        names.MODIFIED: dataset.modified and _moment(write_moment(dataset.modified)),
        names.FILES: dataset.files,
        names.CREATED: dataset.created and _moment(write_moment(dataset.created)),
        names.CREATOR: [_agent(one) for one in dataset.creators],
        names.PUBLISHER: dataset.publisher and _agent(dataset.publisher),
    }
    return _filled(values) | _context(dataset)


def _context(dataset: Dataset) -> Json:
    """What a dataset is about, where it comes from, and what is stated of its making (DCAT 3, 6.4; Croissant RAI 1.0)."""
    values: Json = {
        names.LANDING_PAGE: _reference(dataset.landing_page),
        names.SOURCE: [_reference(one) for one in dataset.sources],
        names.SPATIAL: [_reference(one) for one in dataset.spatial],
        names.TEMPORAL: dataset.temporal and _period(dataset.temporal),
        names.CONFORMS_TO: [_reference(one) for one in dataset.conforms_to],
        names.TYPE: _reference(dataset.type),
        names.CITATION: dataset.citation,
    }
    return _filled(values | {names.RAI + one.term: list(one.texts) for one in dataset.rai})


def _bytes(dataset: Dataset) -> Json:
    """What belongs to the bytes, and so to each distribution (DCAT 3, 6.8)."""
    values: Json = {
        names.MEDIA_TYPE: dataset.media_type,
        names.BYTE_SIZE: dataset.byte_size,
        names.CHECKSUM: [_checksum(one) for one in dataset.checksums],
    }
    return _filled(values)


def _filled(values: Json) -> Json:
    return {key: value for key, value in values.items() if value not in (None, "", [])}


def _reference(text: str | None) -> object:
    """An IRI is a reference in JSON-LD, any other text a literal."""
    return {"@id": text} if text and ("://" in text or text.startswith("urn:")) else text


def _moment(text: str) -> Json:
    return {"@value": text, "@type": "xsd:dateTime"}


def _checksum(checksum: Checksum) -> Json:
    return {
        names.CHECKSUM_ALGORITHM: {"@id": names.ALGORITHM_PREFIX + checksum.algorithm},
        names.CHECKSUM_VALUE: checksum.value,
    }


def _agent(agent: Agent) -> Json:
    out: Json = {"@type": names.PERSON if agent.person else names.AGENT}
    return out | _filled({"@id": agent.id, names.NAME: agent.name})


def _period(period: Period) -> Json:
    moments = {names.START: period.start, names.END: period.end}
    return {"@type": "dct:PeriodOfTime"} | {key: _moment(write_moment(when)) for key, when in moments.items() if when}
