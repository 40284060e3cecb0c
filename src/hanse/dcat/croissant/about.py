"""What a dataset is, in the properties of schema.org and Croissant that every description has (Croissant 1.1, 4)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hanse.dcat.croissant.names import CONFORMS_TO, CONTEXT, HANSE, RAI_CONFORMS_TO
from hanse.dcat.croissant.policy import price_of, write_policies
from hanse.dcat.licences import is_known, normal
from hanse.dcat.model import Agent, Dataset, Measured, Period
from hanse.dcat.names import STATEMENT_PREFIX
from hanse.dcat.quality import name_of
from hanse.odrl.when import write_moment

SPDX: Final = "https://spdx.org/licenses/"

Json = dict[str, object]


def write_about(dataset: Dataset, url: str) -> Json:
    """Return what `dataset` says of itself; `url` is its address where it names none. What is not known is left out."""
    return {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": _conforms(dataset),
        "name": dataset.title,
        "description": dataset.description or dataset.title,
        "url": dataset.landing_page or url,
        "identifier": dataset.id,
        **filled(_recommended(dataset)),
        **filled(_origin(dataset)),
        **filled({"usageInfo": write_policies(dataset.offers), "offers": price_of(dataset.offers)}),
        **{f"rai:{one.term}": alone(one.texts) for one in dataset.rai},
        **filled({"annotation": [_measure(number, one) for number, one in enumerate(dataset.measures, 1)]}),
    }


def _measure(number: int, one: Measured) -> Json:
    """A declared measure as an annotation of the dataset: the same as the metric that it is of (Croissant 1.1, annotations)."""
    out: Json = {
        "@type": "cr:Field",
        "@id": f"{HANSE}measure:{number}",
        "name": name_of(one.metric) or one.metric,
        "dataType": "sc:Float",
        "equivalentProperty": one.metric,
        "value": one.value,
    }
    return out | ({"prov:wasDerivedFrom": {"@id": STATEMENT_PREFIX + one.claim}} if one.claim else {})


def _conforms(dataset: Dataset) -> object:
    more = [one for one in dataset.conforms_to if one not in (CONFORMS_TO, RAI_CONFORMS_TO)]
    return alone([CONFORMS_TO, *([RAI_CONFORMS_TO] if dataset.rai else []), *more])


def _recommended(dataset: Dataset) -> Json:
    return {
        "license": dataset.licence and address_of(dataset.licence),
        "creator": [write_agent(one) for one in dataset.creators],
        "publisher": dataset.publisher and write_agent(dataset.publisher),
        "datePublished": _moment(dataset.issued),
        "dateModified": _moment(dataset.modified),
        "dateCreated": _moment(dataset.created),
        "version": dataset.version,
        "keywords": list(dataset.keywords),
        "about": dataset.theme and _theme(dataset.theme),
        "inLanguage": alone(dataset.language),
    }


def _origin(dataset: Dataset) -> Json:
    return {
        "citeAs": dataset.citation,
        "additionalType": dataset.type,
        "spatialCoverage": alone(dataset.spatial),
        "temporalCoverage": dataset.temporal and _interval(dataset.temporal),
        "prov:wasDerivedFrom": [derived(one) for one in dataset.sources],
    }


def address_of(licence: str) -> str:
    """Return the address on the SPDX licence list of a licence that is known by its name; any other text as it is."""
    name = normal(licence)
    listed = "://" not in licence and is_known(name) and any(one.isdigit() for one in name)
    return SPDX + name if listed else licence


def _theme(theme: str) -> Json:
    """A theme of a vocabulary; not among the keywords, where the specification allows it and mlcroissant refuses it."""
    return {"@type": "DefinedTerm", "termCode": theme, **({"url": theme} if "://" in theme else {})}


def derived(source: str) -> object:
    """Return a source as PROV-O has it: an entity by its IRI, or by what it is called."""
    if ":" in source and not any(one.isspace() or one in '<>"{}|\\^`' for one in source):
        return {"@id": source}
    return {"@type": "prov:Entity", "prov:label": source}


def write_agent(agent: Agent) -> Json:
    """Return a person or an organisation; a DID or another IRI is its identifier, an address on the web its `url` too."""
    web = agent.id if agent.id and "://" in agent.id else None
    kind: Json = {"@type": "Person" if agent.person else "Organization"}
    return kind | filled({"name": agent.name, "identifier": agent.id, "url": web})


def _moment(when: datetime | None) -> str | None:
    return write_moment(when) if when is not None else None


def _interval(period: Period) -> str:
    return f"{_moment(period.start) or '..'}/{_moment(period.end) or '..'}"


def alone(values: tuple[str, ...] | list[str]) -> object:
    """Return the one value by itself, several as an array, none as nothing."""
    return values[0] if len(values) == 1 else list(values) or None


def filled(values: Json) -> Json:
    """Return the properties that have a value."""
    return {key: value for key, value in values.items() if value not in (None, "", [])}
