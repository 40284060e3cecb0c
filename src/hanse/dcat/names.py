"""The names of the metadata on the wire: prefixes of the DSP context where it has one, whole IRIs where not."""

from __future__ import annotations

CONTEXT = "https://w3id.org/dspace/2025/1/context.jsonld"

TITLE = "dct:title"
DESCRIPTION = "dct:description"
LICENCE = "dct:license"
LANGUAGE = "dct:language"
ISSUED = "dct:issued"
MODIFIED = "dct:modified"
KEYWORD = "dcat:keyword"
THEME = "dcat:theme"
VERSION = "dcat:version"
MEDIA_TYPE = "dcat:mediaType"
BYTE_SIZE = "dcat:byteSize"
FILES = "urn:hanse:dcat:files"
CREATED = "dct:created"
CREATOR = "dct:creator"
PUBLISHER = "dct:publisher"
LANDING_PAGE = "dcat:landingPage"
SOURCE = "dct:source"
SPATIAL = "dct:spatial"
TEMPORAL = "dct:temporal"
START = "dcat:startDate"
END = "dcat:endDate"
CONFORMS_TO = "dct:conformsTo"
TYPE = "dct:type"
CITATION = "dct:bibliographicCitation"
NAME = "http://xmlns.com/foaf/0.1/name"
AGENT = "http://xmlns.com/foaf/0.1/Agent"
PERSON = "http://xmlns.com/foaf/0.1/Person"
RAI = "http://mlcommons.org/croissant/RAI/"
MEASUREMENT = "http://www.w3.org/ns/dqv#hasQualityMeasurement"
MEASUREMENT_TYPE = "http://www.w3.org/ns/dqv#QualityMeasurement"
MEASUREMENT_OF = "http://www.w3.org/ns/dqv#isMeasurementOf"
MEASUREMENT_VALUE = "http://www.w3.org/ns/dqv#value"
QUALITY_METADATA = "http://www.w3.org/ns/dqv#hasQualityMetadata"
QUALITY_METADATA_TYPE = "http://www.w3.org/ns/dqv#QualityMetadata"
DERIVED_FROM = "http://www.w3.org/ns/prov#wasDerivedFrom"
ENVELOPE = "urn:hanse:dcat:envelope"
STATEMENT_PREFIX = "urn:hanse:statement:sha256:"
CHECKSUM = "http://spdx.org/rdf/terms#checksum"
CHECKSUM_ALGORITHM = "http://spdx.org/rdf/terms#algorithm"
CHECKSUM_VALUE = "http://spdx.org/rdf/terms#checksumValue"
ALGORITHM_PREFIX = "http://spdx.org/rdf/terms#checksumAlgorithm_"

_NAMESPACES = {
    "dct": ("http://purl.org/dc/terms/", "dcterms"),
    "dcat": ("http://www.w3.org/ns/dcat#", "dcat"),
}

_SHORT = (
    ("http://xmlns.com/foaf/0.1/", "foaf"),
    (RAI, "rai"),
    ("http://www.w3.org/ns/dqv#", "dqv"),
    ("http://www.w3.org/ns/prov#", "prov"),
    ("urn:hanse:dcat:", "hanse"),
)


def spellings(name: str) -> tuple[str, ...]:
    """Return how others write `name`: with the prefix, with another one, as a whole IRI, and bare where that is not ambiguous."""
    prefix, colon, local = name.partition(":")
    if colon and prefix in _NAMESPACES:
        iri, other = _NAMESPACES[prefix]
        return (name, f"{other}:{local}", f"{iri}{local}", local)
    if name.startswith("http://spdx.org/"):
        local = name.rpartition("#")[2]
        return (name, f"spdx:{local}", local)
    for whole, short in _SHORT:
        if name.startswith(whole):
            return (name, f"{short}:{name[len(whole) :]}")
    return (name,)


RAI_TERMS = frozenset({
    "dataCollection", "dataCollectionType", "dataCollectionMissingData", "dataCollectionRawData", "dataCollectionTimeframe",
    "dataPreprocessingProtocol", "dataImputationProtocol", "dataManipulationProtocol", "dataReleaseMaintenancePlan",
    "personalSensitiveInformation", "dataAnnotationProtocol", "dataAnnotationPlatform", "dataAnnotationAnalysis",
    "annotationsPerItem", "annotatorDemographics", "machineAnnotationTools", "dataSocialImpact", "dataBiases", "dataLimitations",
    "dataUseCases",
})  # fmt: skip
"""The twenty properties of the RAI vocabulary, as its published Turtle file spells them; tables elsewhere spell some differently."""
