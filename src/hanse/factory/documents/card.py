"""The data card of a version: one page for whoever decides whether to use it."""

from __future__ import annotations

from typing import Final

from hanse.factory.documents import known
from hanse.factory.documents.datasheet import MARKDOWN, open_fields, told
from hanse.factory.documents.fields import NOT_KNOWN
from hanse.factory.documents.markdown import Sheet
from hanse.factory.documents.material import Document, Material

SECTIONS: Final = ("At a glance", "What is in it", "Use it", "Do not use it", "Ask")
_TABLES, _TERMS = 12, 40


def make_card(material: Material) -> Document:
    """Return the data card of a version. Raises `Invalid` for an answer that does not fit its field."""
    version, answers = material.version, material.answers
    dataset = known.dataset_of(version, answers)
    sheet = Sheet(dataset.title)
    sheet.section(SECTIONS[0])
    sheet.table(("", ""), [(name, value or NOT_KNOWN) for name, value in _facts(material)])
    sheet.section(SECTIONS[1])
    told(sheet, material, "description", dataset.description)
    rows = [
        (one.name, f"{one.records:,}" if one.records is not None else NOT_KNOWN, ", ".join(each.name for each in one.columns))
        for one in known.tables(material)[:_TABLES]
    ]
    if rows:
        sheet.table(("Table", "Records", "Fields"), rows)
    told(sheet, material, "rai:personalSensitiveInformation", known.rai(dataset, {}, "personalSensitiveInformation"))
    sheet.section(SECTIONS[2])
    told(sheet, material, "rai:dataUseCases", known.rai(dataset, {}, "dataUseCases"))
    if material.contract is not None:
        sheet.say("The contract, in words:")
        sheet.points(material.contract.words[:_TERMS])
    sheet.section(SECTIONS[3])
    told(sheet, material, "unsuitableUses")
    for term in ("dataBiases", "dataLimitations"):
        told(sheet, material, f"rai:{term}", known.rai(dataset, {}, term))
    sheet.section(SECTIONS[4])
    told(sheet, material, "contactName")
    told(sheet, material, "contactMail")
    return Document(kind="card", name="card.md", media_type=MARKDOWN, data=sheet.data(), asks=open_fields(material, "card"))


def _facts(material: Material) -> list[tuple[str, str | None]]:
    version = material.version
    dataset, count = known.dataset_of(version, material.answers), known.records(material)
    personal = known.yes(version.origin.personal)
    return [
        ("Version", version.id),
        ("Published", None if dataset.issued is None else known.moment(dataset.issued)),
        ("Stored", known.moment(version.stored)),
        ("From", version.provider or ", ".join(one.version for one in version.made_of) or "own data"),
        ("Made by", "; ".join(one.name or one.id or "" for one in dataset.creators)),
        ("Licence", known.licence(dataset)),
        ("Contract", known.under(version) or "none (own data)"),
        ("Languages", ", ".join(dataset.language)),
        ("Collected in", ", ".join(version.origin.places)),
        ("Collected how", known.collection(material, dataset)),
        ("About people", None if personal == "unknown" else personal),
        ("Sensitive data", material.answers.get("sensitiveData")),
        ("Files", f"{version.count:,}"),
        ("Size", known.size(version.size)),
        ("Records", None if count is None else f"{count:,}"),
        ("Checksums", "the provider's" if version.sums == "provider" else "taken here; the provider gave none"),
        ("Root", version.root),
        ("Cite as", dataset.citation or None),
        ("Page", dataset.landing_page),
        ("Kept until", None if material.kept is None else known.moment(material.kept)),
    ]
