"""Checks a bill of material in SPDX 3.0.1 (JSON-LD) for what the profiles Core, Software, Dataset and AI ask of those that are made here.

Every element has a name and a creation, what it refers to is there, and what its class and profile ask for is said.
"""

from __future__ import annotations

import re
from typing import Any, Final

from hanse.dcat.croissant.checks.finding import Finding, Report, nearest, shown
from hanse.dcat.values import items

_PACKAGE: Final = ("software_downloadLocation", "software_primaryPurpose", "releaseTime")
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "SpdxDocument": ("rootElement",),
    "Relationship": ("from", "to", "relationshipType"),
    "Organization": (),
    "Person": (),
    "Tool": (),
    "simplelicensing_LicenseExpression": ("simplelicensing_licenseExpression",),
    "dataset_DatasetPackage": (*_PACKAGE, "dataset_datasetType", "originatedBy"),
    "ai_AIPackage": (*_PACKAGE, "suppliedBy", "software_packageVersion"),
    "software_Package": (),
    "software_File": (),
}
_REFERENCES: Final = ("from", "to", "rootElement", "element", "originatedBy", "suppliedBy", "createdBy", "createdUsing", "creationInfo")
_TIMES: Final = ("created", "builtTime", "releaseTime", "validUntilTime", "startTime", "endTime")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_TYPES: Final = frozenset(
    {"audio", "categorical", "graph", "image", "noAssertion", "numeric", "other", "sensor", "structured", "syntactic", "text"}
    | {"timeseries", "timestamp", "video"}
)
_HASH: Final = re.compile("[0-9a-f]{64}")

Json = dict[str, Any]


def check_spdx(document: Json) -> list[Finding]:
    """Return what is wrong with a bill, errors first."""
    report = Report()
    graph = document.get("@graph")
    if not isinstance(graph, list) or not all(isinstance(one, dict) for one in graph):
        report.error("@graph", "type", "The graph is no list of objects.")
        return report.found
    names = [str(one.get("spdxId") or one.get("@id")) for one in graph if one.get("spdxId") or one.get("@id")]
    known = set(names)
    if len(known) < len(names):
        report.error("@graph", "unique", "Two elements have one name.")
    documents = [one for one in graph if one.get("type") == "SpdxDocument"]
    if len(documents) != 1:
        report.error("@graph", "document", f"There are {len(documents)} elements of the class SpdxDocument; there is one.")
    for index, one in enumerate(graph):
        if report.full:
            break
        _element(one, f"@graph[{index}]", known, report)
    return sorted(report.found, key=lambda one: one.severity != "error")


def _element(one: Json, path: str, known: set[str], report: Report) -> None:
    type_ = str(one.get("type"))
    if type_ == "CreationInfo":
        _required(one, ("specVersion", "created", "createdBy"), path, report)
    elif type_ not in REQUIRED:
        report.warn(f"{path}.type", "class", f"The class {shown(type_)} is not checked here.", nearest(type_, REQUIRED))
    else:
        _required(one, ("spdxId", "creationInfo", *REQUIRED[type_]), path, report)
    for name in _REFERENCES:
        for ref in items(one.get(name)):
            if isinstance(ref, str) and ref not in known:
                report.error(f"{path}.{name}", "reference", f"There is no element {shown(ref)}.", "Describe it in the graph.")
    _values(one, path, report)


def _required(one: Json, names: tuple[str, ...], path: str, report: Report) -> None:
    for name in names:
        if one.get(name) in (None, "", []):
            report.error(f"{path}.{name}", "required", f"The property {name} is required.", "Add it.")


def _values(one: Json, path: str, report: Report) -> None:
    for name in _TIMES:
        if name in one and not _TIME.fullmatch(str(one[name])):
            report.error(f"{path}.{name}", "time", f"{shown(one[name])} is no moment.", "Write it like 2026-01-31T08:30:00Z.")
    for kind in items(one.get("dataset_datasetType")):
        if kind not in _TYPES:
            report.error(f"{path}.dataset_datasetType", "enum", f"{shown(kind)} is no type of dataset.", nearest(str(kind), _TYPES))
    for place, each in enumerate(items(one.get("verifiedUsing"))):
        if isinstance(each, dict) and each.get("algorithm") == "sha256" and not _HASH.fullmatch(str(each.get("hashValue"))):
            report.error(f"{path}.verifiedUsing[{place}]", "hash", "It is no SHA-256 in hexadecimal.")
