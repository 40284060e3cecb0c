"""The properties that each kind of node may have: Croissant 1.1, and schema.org's of the classes that it builds on."""

from __future__ import annotations

from typing import Final

_THING: Final = (
    "additionalType alternateName description disambiguatingDescription identifier image mainEntityOfPage name owner potentialAction "
    "sameAs subjectOf url"
)
_WORK: Final = (
    "about abstract accessMode accessModeSufficient accessibilityAPI accessibilityControl accessibilityFeature accessibilityHazard "
    "accessibilitySummary accountablePerson acquireLicensePage aggregateRating alternativeHeadline archivedAt assesses "
    "associatedMedia audience audio author award awards character citation comment commentCount conditionsOfAccess contentLocation "
    "contentRating contentReferenceTime contributor copyrightHolder copyrightNotice copyrightYear correction countryOfOrigin "
    "creativeWorkStatus creator creditText dateCreated dateModified datePublished digitalSourceType discussionUrl displayLocation "
    "editEIDR editor educationalAlignment educationalLevel educationalUse encoding encodingFormat encodings exampleOfWork expires "
    "fileFormat funder funding genre hasPart headline inLanguage interactionStatistic interactivityType interpretedAsClaim "
    "isAccessibleForFree isBasedOn isBasedOnUrl isFamilyFriendly isPartOf keywords learningResourceType license locationCreated "
    "mainEntity maintainer material materialExtent mentions offers pattern position producer provider publication publisher "
    "publisherImprint publishingPrinciples recordedAt releasedEvent review reviews schemaVersion sdDatePublished sdLicense "
    "sdPublisher size sourceOrganization spatial spatialCoverage sponsor teaches temporal temporalCoverage text thumbnail "
    "thumbnailUrl timeRequired translationOfWork translator typicalAgeRange usageInfo version video wordCount workExample "
    "workTranslation"
)
_DATASET: Final = (
    "distribution includedInDataCatalog issn measurementMethod measurementTechnique variableMeasured variablesMeasured "
    "includedDataCatalog datasetTimeInterval catalog"
)
_MEDIA: Final = (
    "associatedArticle bitrate contentSize contentUrl duration embedUrl encodesCreativeWork endTime height ineligibleRegion "
    "interpretedAsClaim playerType productionCompany regionsAllowed requiresSubscription sha256 startTime uploadDate width"
)


def _names(*texts: str) -> frozenset[str]:
    return frozenset(name for text in texts for name in text.split())


DATASET: Final = _names(_THING, _WORK, _DATASET, "conformsTo isLiveDataset citeAs sdVersion recordSet annotation")
FILE_OBJECT: Final = _names(_THING, _WORK, _MEDIA, "containedIn md5 source")
FILE_SET: Final = _names(_THING, _WORK, _MEDIA, "containedIn includes excludes")
RECORD_SET: Final = _names(_THING, "field key data examples annotation dataType isEnumeration")
FIELD: Final = _names(
    _THING,
    "source dataType value isArray arrayShape equivalentProperty references subField parentField annotation repeated format inLanguage",
    "isEnumeration minValue maxValue",
)
SOURCE: Final = _names("fileObject fileSet recordSet field distribution extract transform format samplingRate")
EXTRACT: Final = _names("column fileProperty jsonPath")
TRANSFORM: Final = _names("separator readLines unArchive regex jsonPath format replace delimiter samplingRate")
FILE_PROPERTIES: Final = _names("fullpath filepath filename content lines lineNumbers")

REQUIRED: Final = {
    "name": "Give the dataset a name.",
    "description": "Say in a sentence what it is.",
    "license": "Give the address of its licence, e.g. one of the SPDX licence list.",
    "url": "Give the address of a page about it.",
    "creator": "Name the persons or organisations that made it.",
    "datePublished": "Give the day on which it was published, e.g. 2026-01-31.",
    "distribution": "Describe its files.",
}
RECOMMENDED: Final = ("keywords", "publisher", "version", "inLanguage")

PROV: Final = _names(
    "wasDerivedFrom wasGeneratedBy wasAttributedTo used wasInformedBy wasAssociatedWith actedOnBehalfOf startedAtTime endedAtTime "
    "generatedAtTime invalidatedAtTime wasRevisionOf wasQuotedFrom hadPrimarySource hadMember specializationOf alternateOf value "
    "wasInfluencedBy wasStartedBy wasEndedBy wasInvalidatedBy invalidated generated influenced atLocation atTime agent entity activity "
    "hadRole hadPlan hadActivity hadGeneration hadUsage qualifiedAssociation qualifiedAttribution qualifiedCommunication "
    "qualifiedDelegation qualifiedDerivation qualifiedEnd qualifiedGeneration qualifiedInfluence qualifiedInvalidation "
    "qualifiedPrimarySource qualifiedQuotation qualifiedRevision qualifiedStart qualifiedUsage influencer label"
)
"""The properties of PROV-O, and `label`, which the examples of the specification use."""

ATOMIC: Final = frozenset({
    "Boolean", "Date", "Time", "DateTime", "Float", "Integer", "Text", "Number", "URL",
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)), "Float16", "Float32", "Float64",
})  # fmt: skip
CONTENT: Final = frozenset({"ImageObject", "AudioObject", "VideoObject", "BoundingBox", "SegmentationMask", "Split", "Label"})
