"""Checks a document by anybody: Croissant deeply, the others by their schemas, bills of material also for what they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from hanse.dcat.croissant.checks.description import check as check_croissant
from hanse.dcat.croissant.checks.finding import Finding, Report, shown
from hanse.dcat.croissant.document import MAX_DEPTH, MAX_VALUES, measure
from hanse.factory.documents import annex4, article10, card, datasheet, training_summary, tree
from hanse.factory.documents.fields import NOT_KNOWN
from hanse.factory.documents.spdx_check import check_spdx
from hanse.kernel.errors import CallerError, Invalid, Malformed, TooLarge

MAX_SIZE: Final = 64 << 20
_SCHEMAS: Final = Path(__file__).parent / "schemas"
_MOST: Final = 200
_HINTS: Final = {
    "required": "Add it.",
    "additionalProperties": "Leave it out, or see how it is spelled.",
    "enum": "Take one of those that the standard lists.",
    "type": "Write it in the type that the standard asks for.",
    "oneOf": "It fits none, or several, of the forms that the standard allows.",
    "pattern": "See how the standard writes it.",
}

Json = dict[str, Any]


class Checked(Struct, frozen=True):
    """What a document is, and what was found wrong with it, errors first."""

    kind: str
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Tell whether nothing has to be put right."""
        return all(one.severity != "error" for one in self.findings)


def check_document(data: bytes, now: datetime) -> Checked:
    """Check a document, whatever it is. Raises `TooLarge`, `Malformed` for what is unreadable, `Invalid` for what is unknown."""
    if len(data) > MAX_SIZE:
        raise TooLarge(f"A document has at most {MAX_SIZE >> 20} MiB.", where="file")
    if data.lstrip()[:1] != b"{":
        return _markdown(data)
    document = _json(data)
    if str(document.get("format")).startswith("hanse-ai-act/"):
        return _act(data)
    if "bomFormat" in document:
        return Checked("cyclonedx", tuple(_cyclonedx(document)))
    if "dmp" in document:
        return Checked("dmp", tuple(_by_schema(document, "madmp-1.2.json")))
    if "spdx.org/rdf/" in str(document.get("@context"))[:2_000] and "@graph" in document:
        return Checked("spdx", tuple(check_spdx(document)))
    if "@context" in document or "@type" in document:
        return Checked("croissant", tuple(check_croissant(document, now)))
    raise Invalid("This is no document that is known here.", where="file", rule="document", hint=_KNOWN)


_KNOWN: Final = "Known are Croissant, datasheets, data cards and documents of the AI Act made here, maDMP 1.2, SPDX 3 and CycloneDX 1.6."


def _act(data: bytes) -> Checked:
    """Check a document of the AI Act: its form, and what in it is not known."""
    try:
        act = msgspec.json.decode(data, type=tree.Act)
    except msgspec.ValidationError as error:
        return Checked("ai-act", (Finding("document", "form", f"{str(error)[:300]}.", "Make it anew."),))
    report = Report()
    for one in act.items:
        if not one.source:
            report.warn(
                one.text[:_SAID], "not-known", "Nobody has told this, and nothing shows it.", f"Tell it as {one.ask}." if one.ask else ""
            )
    return Checked(f"{act.law}-json", tuple(report.found))


def _json(data: bytes) -> Json:
    try:
        document = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed(f"It is no JSON: {str(error)[:200]}.", where="file") from None
    try:
        measure(document)
    except CallerError:
        raise TooLarge(f"It has more than {MAX_VALUES:,} values, or is nested deeper than {MAX_DEPTH}.", where="file") from None
    assert isinstance(document, dict)
    return document


def _by_schema(document: Json, name: str) -> Iterator[Finding]:
    for number, error in enumerate(_validator(name).iter_errors(document)):
        if number >= _MOST:
            return
        path = error.json_path.removeprefix("$").removeprefix(".") or "document"
        rule = str(error.validator)
        yield Finding(path[:200], rule, _sentence(error), _HINTS.get(rule, ""))


def _sentence(error: Any) -> str:
    if error.validator in ("oneOf", "anyOf", "allOf", "not"):
        return f"{shown(error.instance)} is in no form that is allowed here."
    return str(error.message)[:300]


@cache
def _validator(name: str) -> Any:
    import jsonschema
    from referencing import Registry, Resource

    def resource(file: str) -> Any:
        return Resource.from_contents(msgspec.json.decode((_SCHEMAS / file).read_bytes()))

    main = msgspec.json.decode((_SCHEMAS / name).read_bytes())
    beside = {"cyclonedx-spdx.json": "spdx.SNAPSHOT.schema.json", "cyclonedx-jsf.json": "jsf-0.82.SNAPSHOT.schema.json"}
    registry: Any = Registry()
    for file, called in beside.items():
        base = str(main.get("$id", "")).rpartition("/")[0]
        registry = registry.with_resource(f"{base}/{called}", resource(file)).with_resource(called, resource(file))
    return jsonschema.validators.validator_for(main)(main, registry=registry)


def _cyclonedx(bill: Json) -> Iterator[Finding]:
    if bill.get("specVersion") != "1.6":
        yield Finding("specVersion", "version", f"{shown(bill.get('specVersion'))} is not checked here; 1.6 is.", severity="warning")
        return
    found = list(_by_schema(bill, "cyclonedx-1.6.json"))
    yield from found
    if not found:
        report = Report()
        _references(bill, report)
        yield from report.found


def _references(bill: Json, report: Report) -> None:
    components = [bill.get("metadata", {}).get("component", {}), *bill.get("components", [])]
    names = [one["bom-ref"] for one in components if "bom-ref" in one]
    for name in sorted({one for one in names if names.count(one) > 1} if len(names) < 10_000 else set()):
        report.error("components", "unique", f"Two components have the name {shown(name)}.")
    known = set(names)
    for index, one in enumerate(bill.get("dependencies", [])):
        for ref in (one["ref"], *one.get("dependsOn", [])):
            if ref not in known:
                report.error(f"dependencies[{index}]", "reference", f"There is no component {shown(ref)}.", "Describe it in `components`.")
    for index, one in enumerate(components):
        for place, data in enumerate(one.get("modelCard", {}).get("modelParameters", {}).get("datasets", [])):
            if "ref" in data and data["ref"] not in known:
                report.error(
                    f"components[{index}].modelCard.modelParameters.datasets[{place}]", "reference", f"There is no {shown(data['ref'])}."
                )


def _markdown(data: bytes) -> Checked:
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError:
        raise Malformed("It is neither JSON nor text.", where="file", hint=_KNOWN) from None
    sections = [line[3:] for line in lines if line.startswith("## ")]
    kind = next((name for name, known in _SHEETS.items() if known[0] in sections), None)
    if kind is None:
        raise Invalid("This is no document that is known here.", where="file", rule="document", hint=_KNOWN)
    report = Report()
    for missing in (one for one in _SHEETS[kind] if one not in sections):
        report.error(missing, "section", f"The section {missing} is missing.")
    question = ""
    for line in lines:
        question = line.strip("*") if line.startswith("**") else question
        if line == f"*{NOT_KNOWN}*":
            report.warn(question, "not-known", "Nobody has told this.", "hanse document ask NAME")
        elif (open_ := _OPEN.fullmatch(line)) is not None:  # an item of a document of the AI Act: it says what is asked, and of what
            told = open_[2].replace("\\", "")[:_SAID]
            report.warn(question, "not-known", told, f"Tell it as {open_[1]}." if open_[1] else "")
    return Checked(kind, tuple(report.found))


_OPEN: Final = re.compile(rf"- \*\*{re.escape(NOT_KNOWN)}(?:: ask ([^\s*]{{1,100}}))?\*\* (.+)")
_SAID: Final = 300
_SHEETS: Final = {
    "datasheet": datasheet.SECTIONS,
    "card": card.SECTIONS,
    "article10": article10.SECTIONS,
    "annex-iv": annex4.SECTIONS,
    "training-summary": training_summary.SECTIONS,
}
