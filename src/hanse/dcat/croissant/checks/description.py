"""Checks a description against Croissant 1.1 and RAI 1.0, more deeply than mlcroissant does, and against the files if they are given.

Nothing is fetched. What comes from others is bounded first (`document.measure`); the findings are, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from hanse.dcat import licences
from hanse.dcat.croissant.about import SPDX
from hanse.dcat.croissant.checks import vocabulary
from hanse.dcat.croissant.checks.files import check_distribution, check_root
from hanse.dcat.croissant.checks.finding import Finding, Report, shown
from hanse.dcat.croissant.checks.ids import Ids
from hanse.dcat.croissant.checks.policies import check_policies
from hanse.dcat.croissant.checks.records import check_annotations, check_record_sets
from hanse.dcat.croissant.checks.terms import check_context, check_provenance, check_rai, check_unknown
from hanse.dcat.croissant.document import normal
from hanse.dcat.croissant.names import RAI_CONFORMS_TO
from hanse.dcat.croissant.read import types_of
from hanse.dcat.holding import HeldFile
from hanse.dcat.values import items, moment_of, text_of_value, texts_of
from hanse.kernel.errors import CallerError
from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.built_in import BUILT_IN

_SEMVER = re.compile(
    r"(?:0|[1-9][0-9]{0,17})(?:\.(?:0|[1-9][0-9]{0,17})){2}(?:-[0-9A-Za-z-]{1,60}(?:\.[0-9A-Za-z-]{1,60}){0,9})?"
    r"(?:\+[0-9A-Za-z-]{1,60}(?:\.[0-9A-Za-z-]{1,60}){0,9})?"
)
_VERSIONS = re.compile(r"https?://mlcommons\.org/croissant/1\.[01]/?")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}")

Json = dict[str, object]


def check(document: object, now: datetime, *, files: Mapping[str, HeldFile] | None = None, operands: Operands = BUILT_IN) -> list[Finding]:
    """Return what is wrong with a description (decoded JSON), errors first; empty: nothing was found.

    `files` are those beside it, by path, with sizes and hashes taken from their bytes: what is said of them is then compared.
    """
    report = Report()
    try:
        value = normal(document)
    except CallerError as error:
        report.error(error.where or "document", error.rule, error.message)
        return report.found
    check_context(value.get("@context"), report)
    _dataset(value, report)
    ids = Ids(value, report)
    check_distribution(value, ids, files, report)
    check_record_sets(value, ids, report)
    check_annotations(value, "", report)
    check_policies(value, operands, now, report)
    check_rai(value, report)
    check_provenance(value, report)
    check_unknown(value, "", vocabulary.DATASET, report)
    check_root(value, files, report)
    return sorted(report.found, key=lambda one: one.severity != "error")


def _dataset(value: Json, report: Report) -> None:
    if "Dataset" not in types_of(value):
        report.error("@type", "type", "It is not said to be a dataset.", 'Write "@type": "sc:Dataset".')
    for name, hint in vocabulary.REQUIRED.items():
        if not items(value.get(name)) or value.get(name) in ("", {}, [""]):
            report.error(name, "required", f"The property {name} is required.", hint)
    for name in vocabulary.RECOMMENDED:
        if not items(value.get(name)):
            report.warn(name, "recommended", f"The property {name} is recommended.")
    _conforms(value, report)
    _addresses(value, report)
    _licences(value, report)
    _agents(value, report)
    _dates(value, report)
    _version(value, report)
    for index, tag in enumerate(texts_of(value.get("inLanguage"))):
        if not _LANGUAGE.fullmatch(tag) and not _IRI.fullmatch(tag):
            report.warn(f"inLanguage[{index}]", "language", f"{shown(tag)} is no language tag.", "Write it like de or pt-BR (BCP 47).")


def _conforms(value: Json, report: Report) -> None:
    named = texts_of(value.get("conformsTo"))
    if not any(_VERSIONS.fullmatch(one) for one in named):
        report.error(
            "conformsTo",
            "conforms-to",
            "It does not say which version of Croissant it keeps.",
            'Write "conformsTo": "http://mlcommons.org/croissant/1.1".',
        )
    if any(key.startswith("rai:") for key in value) and not any(one.startswith(RAI_CONFORMS_TO.removesuffix("1.0")) for one in named):
        report.warn("conformsTo", "conforms-to-rai", "It has RAI terms and does not say so.", f"Add {RAI_CONFORMS_TO}.")


def _addresses(value: Json, report: Report) -> None:
    found = texts_of(value.get("url"))
    if len(found) > 1:
        report.error("url", "cardinality", "It has several addresses; there is one.")
    for one in found:
        if not _IRI.fullmatch(one):
            report.error("url", "url", f"{shown(one)} is no address.")


def _licences(value: Json, report: Report) -> None:
    for index, one in enumerate(items(value.get("license"))):
        path = f"license[{index}]"
        text = text_of_value(one) or (text_of_value(one.get("url")) if isinstance(one, dict) else None)
        if text is None:
            if not (isinstance(one, dict) and one.get("name")):
                report.error(path, "licence", "This names no licence.", "Give its address.")
        elif "spdx.org/licenses/" in text:
            _spdx(text, path, report)
        elif not _IRI.fullmatch(text):
            known = licences.normal(text)
            hint = f"Write {SPDX}{known}." if licences.is_known(text) else "Give the address of the licence."
            report.warn(path, "licence-address", f"{shown(text)} is no address.", hint)


def _spdx(address: str, path: str, report: Report) -> None:
    name = address.rpartition("/licenses/")[2].removesuffix("/").removesuffix(".html").removesuffix(".json")
    normal_name = licences.normal(address)
    if not licences.is_known(normal_name):
        report.warn(path, "licence-spdx", f"{shown(name)} is not known as an SPDX licence.", "See whether the list has it.")
    elif name != normal_name:
        report.error(path, "licence-spdx", f"The SPDX list has no licence {shown(name)}.", f"Write {SPDX}{normal_name}.")


def _agents(value: Json, report: Report) -> None:
    for name in ("creator", "publisher"):
        for index, one in enumerate(items(value.get(name))):
            path = f"{name}[{index}]"
            if not isinstance(one, dict):
                report.error(path, "agent", "A person or an organisation is an object.", '{"@type": "Organization", "name": ...}')
            elif not {"Person", "Organization"} & set(types_of(one)) and one.keys() != {"@id"}:
                report.error(path, "agent-type", "It is said to be neither a Person nor an Organization.")
            elif not any(one.get(key) for key in ("name", "identifier", "url", "@id", "email")):
                report.error(path, "agent-name", "It has neither a name nor an identifier.")


def _dates(value: Json, report: Report) -> None:
    for name in ("datePublished", "dateModified", "dateCreated", "sdDatePublished"):
        one = value.get(name)
        if one not in (None, "") and moment_of(one) is None:
            report.error(name, "date", f"{shown(text_of_value(one) or one)} is no date.", "Write it like 2026-01-31.")
    published, modified = moment_of(value.get("datePublished")), moment_of(value.get("dateModified"))
    created = moment_of(value.get("dateCreated"))
    if published and modified and modified < published:
        report.warn("dateModified", "date-order", "It was changed last before it was published.")
    if created and published and published.date() < created.date():
        report.warn("datePublished", "date-order", "It was published before it was made.")


def _version(value: Json, report: Report) -> None:
    version = value.get("version")
    if version is None:
        return
    text = str(version) if isinstance(version, int | float) else text_of_value(version) or ""
    if not _SEMVER.fullmatch(text):
        digits = re.findall("[0-9]+", text)[:3]
        hint = f"Perhaps {'.'.join([*digits, '0', '0'][:3])}." if digits else ""
        report.warn("version", "version", f"{shown(text)} is no MAJOR.MINOR.PATCH (Semantic Versioning 2.0.0).", hint)
