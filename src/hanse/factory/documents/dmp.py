"""The data management plan of a version, machine-actionable (RDA DMP Common Standard 1.2)."""

from __future__ import annotations

from typing import Final

import msgspec

from hanse.dcat.languages import three_letters
from hanse.dcat.media import media_type_of
from hanse.dcat.model import Dataset
from hanse.factory.documents import known
from hanse.factory.documents.datasheet import open_fields
from hanse.factory.documents.fields import NOT_KNOWN
from hanse.factory.documents.material import Document, Material

JSON: Final = "application/json"
NO_MAIL: Final = "not-known@invalid"
"""The standard asks for a mail address: this one can never be anybody's (RFC 2606)."""
_TYPES: Final = 50
Json = dict[str, object]


def make_dmp(material: Material) -> Document:
    """Return the plan. Raises `Invalid` for an answer that does not fit its field."""
    version, answers = material.version, material.answers
    dataset = known.dataset_of(version, answers)
    asks = open_fields(material, "dmp")
    plan: Json = {
        "title": f"Data management plan for {dataset.title}",
        "dmp_id": {"identifier": f"urn:hanse:dmp:{material.by}:{version.id}", "type": "other"},
        "description": _description(material, asks),
        "created": known.moment(version.stored),
        "modified": known.moment(max(version.stored, material.answered or version.stored)),
        "language": "eng",
        "contact": _contact(material),
        "ethical_issues_exist": answers.get("ethicalIssues", "unknown"),
        "dataset": [_dataset(material, dataset)],
    }
    if answers.get("ethicalIssuesDescription"):
        plan["ethical_issues_description"] = answers["ethicalIssuesDescription"]
    if answers.get("project"):
        plan["project"] = [{"title": answers["project"]}]
    if answers.get("dataProtectionOfficer"):
        officer = {"identifier": "data-protection-officer", "type": "other"}
        plan["contributor"] = [{"contributor_id": officer, "name": answers["dataProtectionOfficer"], "role": ["data protection officer"]}]
    data = msgspec.json.format(msgspec.json.encode({"dmp": plan}), indent=1)
    return Document(kind="dmp", name="dmp.json", media_type=JSON, data=data, asks=asks)


def _description(material: Material, asks: tuple[str, ...]) -> str:
    said = known.source(material.version)
    return f"{said} Not known, and to be told by a person: {', '.join(asks)}." if asks else said


def _contact(material: Material) -> Json:
    answers = material.answers
    told = answers.get("contactId")
    kind = "orcid" if told is not None and "orcid.org/" in told else "other"
    return {
        "name": answers.get("contactName", NOT_KNOWN),
        "mbox": answers.get("contactMail", NO_MAIL),
        "contact_id": {"identifier": told or material.by, "type": kind},
    }


def _dataset(material: Material, dataset: Dataset) -> Json:
    version, answers = material.version, material.answers
    languages = [code for one in dataset.language if (code := three_letters(one)) is not None]
    maintenance = known.rai(dataset, answers, "dataReleaseMaintenancePlan")
    return _filled(
        {
            "title": dataset.title,
            "dataset_id": {"identifier": f"urn:hanse:version:{version.root}", "type": "other"},
            "alternate_identifier": [{"identifier": version.dataset, "type": "other"}] if version.dataset else None,
            "description": dataset.description or None,
            "creator": [
                {"name": one.name or one.id or NOT_KNOWN, "creator_id": {"identifier": one.id or NOT_KNOWN, "type": "other"}}
                for one in dataset.creators
            ],
            "keyword": list(dataset.keywords),
            "language": languages[0] if languages else None,
            "issued": None if dataset.issued is None else f"{dataset.issued:%Y-%m-%d}",
            "is_reused": version.provider is not None,
            "personal_data": known.yes(version.origin.personal),
            "sensitive_data": answers.get("sensitiveData", "unknown"),
            "rights": version.origin.rights,
            "data_quality_assurance": _quality(material),
            "preservation_statement": answers.get("preservation") or maintenance,
            "metadata": [
                {
                    "language": "eng",
                    "description": "Croissant, made when the version was stored",
                    "metadata_standard_id": {"identifier": "http://mlcommons.org/croissant/1.1", "type": "url"},
                }
            ],
            "security_and_privacy": _security(material),
            "distribution": [_distribution(material, dataset)],
        }
    )


def _quality(material: Material) -> list[str]:
    first = "Every file is named by its SHA-256, all of them by a Merkle root."
    provider = "All files were verified against the provider's checksums." if material.version.sums == "provider" else ""
    return [one for one in (first, provider, material.answers.get("qualityAssurance", "")) if one]


def _security(material: Material) -> list[Json]:
    key = "that of its agreement, and its destruction is the deletion" if material.version.agreements else "the participant's own"
    found: list[Json] = [
        {"title": "Encryption", "description": f"Encrypted at rest with AES-256-GCM; the key is {key}."},
        {"title": "Access", "description": "Each reading is decided against the agreement, counted, and stated in a signed log."},
    ]
    if material.contract is not None:
        found.append({"title": f"Terms of {material.contract.id}", "description": " ".join(material.contract.words)})
    if material.answers.get("consent"):
        found.append({"title": "People", "description": material.answers["consent"]})
    return found


def _distribution(material: Material, dataset: Dataset) -> Json:
    version = material.version
    spdx = known.spdx_id(dataset)
    issued = dataset.issued or version.stored
    licence = [{"license_ref": f"https://spdx.org/licenses/{spdx}", "start_date": f"{issued:%Y-%m-%d}"}] if spdx else None
    host: Json = {"title": f"Facility of {material.by}", "url": material.by, "support_versioning": "yes"}
    place = material.answers.get("hostPlace", "").upper()
    kinds = sorted({media_type_of(one.path, one.media_type) for one in material.files})
    return _filled(
        {
            "title": version.id,
            "description": f"Held under agreement {known.under(version)}." if version.agreements else None,
            "data_access": "shared" if version.agreements else "closed",
            "byte_size": version.size,
            "format": kinds[:_TYPES],
            "issued": f"{version.stored:%Y-%m-%d}",
            "available_until": None if material.kept is None else f"{material.kept:%Y-%m-%d}",
            "license": licence,
            "host": host | ({"geo_location": place} if len(place) == 2 else {}),
        }
    )


def _filled(values: Json) -> Json:
    return {name: value for name, value in values.items() if value not in (None, [], "")}
