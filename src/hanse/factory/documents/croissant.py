"""Makes the materialised Croissant file of a version: measured, described, and checked against the bytes before it is handed out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import structs

from hanse.dcat.croissant.checks.description import check
from hanse.dcat.croissant.materialised import Making, write_materialised
from hanse.dcat.croissant.names import FILE, MEDIA_TYPE
from hanse.dcat.model import Agent, Dataset, Stated
from hanse.dcat.names import RAI_TERMS
from hanse.dcat.values import moment_of
from hanse.factory.documents.apart import measure_apart
from hanse.factory.documents.material import Document, Material
from hanse.kernel.errors import Invalid

_TEXTS: Final = {"description": "description", "license": "licence", "url": "landing_page", "citeAs": "citation", "version": "version"}
RAI_ASKED: Final = tuple(
    f"rai:{term}" for term in ("dataCollection", "dataCollectionType", "dataBiases", "dataLimitations", "dataUseCases")
)
"""Terms of RAI that are asked for where nothing is known; the others are for whoever wants to tell them."""


def make_croissant(material: Material) -> Document:
    """Return the Croissant file of a version. Raises `Invalid` for an answer that does not fit its field."""
    version = material.version
    offered = version.offered or Dataset(id=version.dataset or version.id, title=version.name)
    told = tuple(Stated(name.removeprefix("rai:"), (text,)) for name, text in material.answers.items() if name.startswith("rai:"))
    _check_terms(told)
    version = structs.replace(version, offered=answered(offered, material.answers))
    measured = material.measured or measure_apart(material.folder, material.files, version.origin.personal)
    making = Making(at=material.at, by=material.by, answers=told)
    document = write_materialised(version, material.files, measured, making)
    findings = check(document, material.at, files={file.path: file for file in material.files})
    return Document(
        kind="croissant",
        name=FILE,
        media_type=MEDIA_TYPE,
        data=msgspec.json.format(msgspec.json.encode(document), indent=1),
        findings=tuple(findings),
        asks=asks(document),
    )


def _check_terms(told: tuple[Stated, ...]) -> None:
    unknown = next((one.term for one in told if one.term not in RAI_TERMS), None)
    if unknown is not None:
        raise Invalid("RAI has no such term.", where=f"rai:{unknown[:80]}", rule="answer", hint=f"It has: {', '.join(sorted(RAI_TERMS))}.")


def answered(dataset: Dataset, answers: Mapping[str, str]) -> Dataset:
    """Return a dataset with what a person has told; what the provider says itself stays. Raises `Invalid`."""
    changes: dict[str, Any] = {field: answers[name] for name, field in _TEXTS.items() if answers.get(name) and not getattr(dataset, field)}
    if answers.get("creator") and not dataset.creators:
        changes["creators"] = tuple(Agent(name.strip()) for name in answers["creator"].split(";") if name.strip())
    if answers.get("datePublished") and dataset.issued is None:
        changes["issued"] = moment_of(answers["datePublished"])
        if changes["issued"] is None:
            raise Invalid("It is no date.", where="datePublished", rule="answer", hint="Write it like 2026-01-31.")
    return structs.replace(dataset, **changes)


def asks(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the fields of a description that only a person can fill and that nobody has."""
    stand_ins = {"url": str(document.get("url", "")).startswith("urn:hanse:"), "description": document["description"] == document["name"]}
    wanted = ("description", "creator", "license", "datePublished", "url", *RAI_ASKED)
    return tuple(name for name in wanted if name not in document or stand_ins.get(name, False))
