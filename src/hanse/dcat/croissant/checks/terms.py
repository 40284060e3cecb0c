"""Checks of names: the context, RAI's vocabulary, PROV-O's, and properties that nobody has defined."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hanse.dcat.croissant.checks import vocabulary
from hanse.dcat.croissant.checks.finding import Report, nearest, shown
from hanse.dcat.croissant.document import terms_of
from hanse.dcat.croissant.names import CROISSANT, RAI, SCHEMAS
from hanse.dcat.croissant.read import types_of
from hanse.dcat.names import RAI_TERMS
from hanse.dcat.values import items, moment_of, texts_of

Json = dict[str, object]
_WHEN = r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}(?:T[0-9:.]+Z?)?)?)?"
_INTERVAL = re.compile(rf"{_WHEN}(?:/(?:{_WHEN}|\.\.))?")
_PREFIX = re.compile(r"([A-Za-z][\w.-]*):(?!//)(.+)", re.DOTALL)
_OTHER_SPELLINGS = {
    "useCases": "dataUseCases", "dataReleaseMaintenance": "dataReleaseMaintenancePlan", "annotationPlatform": "dataAnnotationPlatform",
    "annotationProtocol": "dataAnnotationProtocol", "dataCollectionTimeFrame": "dataCollectionTimeframe",
    "dataCollectionRaw": "dataCollectionRawData", "annotatorsDemographics": "annotatorDemographics",
    "dataCollectionTimeFrameStart": "dataCollectionTimeframe", "dataCollectionTimeFrameEnd": "dataCollectionTimeframe",
    "dataPreprocessing": "dataPreprocessingProtocol", "dataDataManipulationProtocol": "dataManipulationProtocol",
}  # fmt: skip
_OURS = frozenset({"hanse", "odrl", "prov", "dct", "rai"})
_URNS = frozenset({"http", "https", "urn", "did"})


def check_context(context: object, report: Report) -> None:
    """Report a context that readers cannot use as it stands."""
    if context is None:
        report.error("@context", "required", "The property @context is required.", "Write the one of the specification's appendix.")
        return
    parts = items(context)
    for index, part in enumerate(parts):
        if isinstance(part, str):
            path = "@context" if len(parts) == 1 else f"@context[{index}]"
            report.error(path, "context-remote", f"The context {shown(part)} would have to be fetched.", "Write it into the document.")
    if isinstance(context, list) and not any(isinstance(part, str) for part in parts):
        report.warn("@context", "context-list", "mlcroissant reads no list of contexts.", "Write one object.")
    terms = terms_of(context)
    if terms.get("@vocab") not in SCHEMAS:
        report.error("@context.@vocab", "context-vocab", "The vocabulary is not schema.org's.", f"Write {SCHEMAS[0]}.")
    _rai_in_context(terms, report)


def _rai_in_context(terms: dict[str, str], report: Report) -> None:
    for name, iri in terms.items():
        whole = iri.replace("cr:", CROISSANT, 1) if iri.startswith("cr:") else iri
        local = whole.removeprefix(CROISSANT)
        if whole != local and not whole.startswith(RAI) and local in RAI_TERMS:
            report.error(f"@context.{name}", "rai-namespace", f"{name} is a term of RAI, and not of Croissant.", f"Write rai:{local}.")


def check_rai(value: Json, report: Report) -> None:
    """Report names and values that the RAI vocabulary does not have."""
    for key, one in value.items():
        if key in RAI_TERMS:
            report.error(key, "rai-namespace", f"{key} is a term of RAI, and not of Croissant or schema.org.", f"Write rai:{key}.")
        if not key.startswith("rai:"):
            continue
        term = key.removeprefix("rai:")
        if term not in RAI_TERMS:
            known = _OTHER_SPELLINGS.get(term)
            hint = f"The vocabulary spells it {known}." if known else nearest(term, RAI_TERMS)
            report.error(key, "rai-name", f"RAI has no term {shown(term)}.", hint)
        elif any(isinstance(item, dict) and "@value" not in item for item in items(one)) or not texts_of(one):
            report.error(key, "rai-value", "A term of RAI is text.")
        elif term == "dataCollectionTimeframe" and not all(_INTERVAL.fullmatch(text) for text in texts_of(one)):
            report.warn(key, "rai-timeframe", "It is no time or interval of ISO 8601.", "Write it like 2020/2022.")


def check_provenance(value: Json, report: Report) -> None:
    """Report statements of provenance that PROV-O does not have, or that cannot be."""
    for path, node in _nodes(value, "", 0):
        for key, one in node.items():
            if key.startswith("prov:"):
                _statement(key, one, f"{path}{key}", report)
        start, end = moment_of(node.get("prov:startedAtTime")), moment_of(node.get("prov:endedAtTime"))
        if start and end and end < start:
            report.error(f"{path}prov:endedAtTime", "prov-order", "It ended before it began.")


def _statement(key: str, value: object, path: str, report: Report) -> None:
    name = key.removeprefix("prov:")
    if name not in vocabulary.PROV:
        report.error(path, "prov-name", f"PROV-O has no property {shown(name)}.", nearest(name, vocabulary.PROV))
        return
    for one in items(value) if name in ("wasDerivedFrom", "wasGeneratedBy", "wasAttributedTo", "used") else ():
        if isinstance(one, dict) and not any(key for key in one if key != "@type"):
            report.error(path, "prov-reference", "This names nothing.", "Give it an @id or a label.")
        if isinstance(one, dict) and name == "wasGeneratedBy" and {"Entity", "Agent", "Person"} & set(types_of(one)):
            report.error(path, "prov-type", "What generated it is an Activity.")
        if isinstance(one, dict) and name == "wasDerivedFrom" and {"Activity", "Agent"} & set(types_of(one)):
            report.error(path, "prov-type", "What it was derived from is an Entity.")
        if isinstance(one, dict) and "Dataset" in types_of(one) and "@id" not in one:
            report.warn(path, "prov-dataset", "mlcroissant may take this for the dataset itself.", "Type it prov:Entity.")


def _nodes(value: object, path: str, depth: int) -> Iterator[tuple[str, Json]]:
    if depth > 32:
        return
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _nodes(one, f"{path.removesuffix('.')}[{index}].", depth + 1)
    if isinstance(value, dict):
        yield path, value
        for key, one in value.items():
            if key not in ("@context", "data", "examples") and not key.startswith("hanse:"):
                yield from _nodes(one, f"{path}{key}.", depth + 1)


def check_unknown(node: Json, path: str, known: frozenset[str], report: Report) -> None:
    """Report the properties of a node that no vocabulary has which it is written in."""
    before = f"{path}." if path else ""
    for key in node:
        if report.full:
            return
        if key.startswith("@") or key in known or key in RAI_TERMS:
            continue
        prefixed = _PREFIX.fullmatch(key)
        if prefixed is None and "://" not in key:
            report.warn(f"{before}{key}", "property-unknown", f"There is no property {shown(key)} here.", nearest(key, known))
        elif prefixed is not None and prefixed[1] not in _OURS | _URNS:
            report.warn(f"{before}{key}", "prefix-unknown", f"The prefix {shown(prefixed[1])} is not declared.", "Add it to the context.")
