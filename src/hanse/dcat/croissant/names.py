"""The names of Croissant 1.1 (its appendix 1 and section on namespaces), RAI 1.0, and the vocabularies that it is used with."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from hanse.dcat.rest import REST

CROISSANT: Final = "http://mlcommons.org/croissant/"
CONFORMS_TO: Final = "http://mlcommons.org/croissant/1.1"
RAI_CONFORMS_TO: Final = "http://mlcommons.org/croissant/RAI/1.0"
RAI: Final = "http://mlcommons.org/croissant/RAI/"
SCHEMA: Final = "https://schema.org/"
SCHEMAS: Final = ("https://schema.org/", "http://schema.org/")
"""Both are written: the specification uses the second, its own library the first."""
ODRL: Final = "http://www.w3.org/ns/odrl/2/"
DDI: Final = "http://rdf-vocabulary.ddialliance.org/cv/SummaryStatisticType/2.1.2/"
HANSE: Final = "urn:hanse:dcat:"
MEDIA_TYPE: Final = f'application/ld+json; profile="{CONFORMS_TO}"'
FILE: Final = "croissant.json"
"""The name of the description beside the files that it describes."""

PLAIN: Final = (
    "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract", "field",
    "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5", "parentField",
    "readLines", "recordSet", "references", "regex", "replace", "repeated", "samplingRate", "sdVersion", "separator", "source",
    "subField", "transform", "unArchive", "value",
)  # fmt: skip
"""Terms of Croissant whose values need no coercion."""

CONTEXT: Final[dict[str, object]] = {
    "@language": "en",
    "@vocab": SCHEMA,
    "sc": SCHEMA,
    "cr": CROISSANT,
    "rai": RAI,
    "dct": "http://purl.org/dc/terms/",
    "odrl": ODRL,
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "wd": "http://www.wikidata.org/entity/",
    "ddi-stats": DDI,
    "hanse": HANSE,
    **{term: f"cr:{term}" for term in sorted(PLAIN)},
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "path": "cr:path",
    REST.replace(HANSE, "hanse:"): {"@id": REST, "@type": "@json"},
}
"""Written into every document: a reader that never fetches anything can read it."""

STATISTICS: Final[dict[str, tuple[str, ...]]] = {
    "count": ("ddi-stats:c646dd8",),
    "missing": ("ddi-stats:6459c62",),
    "distinct": ("hanse:distinct",),
    "min": ("sc:minValue", "ddi-stats:a1d0ec6"),
    "max": ("sc:maxValue", "ddi-stats:8321e79"),
    "mean": ("ddi-stats:7975ed0",),
    "sd": ("ddi-stats:690ab50",),
    "quantile10": ("sc:percentile10",),
    "quantile25": ("sc:percentile25",),
    "median": ("sc:median", "ddi-stats:66851a3"),
    "quantile75": ("sc:percentile75",),
    "quantile90": ("sc:percentile90",),
    "shortest": ("hanse:shortest",),
    "longest": ("hanse:longest",),
    "frequent": ("hanse:frequent",),
}
"""What a statistic is the same as: terms of schema.org and of DDI's summary statistics; where neither has one, our own."""

RECORDS: Final = "wd:Q4049983"
"""Cardinality: the data type of the number of records, as the specification has it."""


def resolver(provider: str, dataset: str) -> str:
    """Return the URN under which a dataset can be had from a provider by negotiation: there is no address before an agreement."""
    return f"urn:hanse:dsp:{quote(provider, safe='')}:{quote(dataset, safe='')}"
