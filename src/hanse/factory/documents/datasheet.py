"""The datasheet of a version: the questions of "Datasheets for Datasets" (Gebru et al., 2021), in our own words, as far as known."""

from __future__ import annotations

from typing import Final

from hanse.dcat.model import Dataset
from hanse.factory.documents import known
from hanse.factory.documents.fields import BY_NAME, of_scope
from hanse.factory.documents.markdown import Sheet, plain
from hanse.factory.documents.material import Document, Material

MARKDOWN: Final = "text/markdown; charset=utf-8"
TOLD: Final = "told by a person here"
SECTIONS: Final = ("Motivation", "Composition", "Collection", "Preparation and labels", "Uses", "Distribution", "Maintenance")
_TABLES, _FIELDS, _ROWS = 20, 60, 100


def make_datasheet(material: Material) -> Document:
    """Return the datasheet of a version. Raises `Invalid` for an answer that does not fit its field."""
    dataset = known.dataset_of(material.version, material.answers)
    sheet = Sheet(f"Datasheet: {dataset.title}")
    _head(sheet, material)
    for title, write in zip(SECTIONS, (_motivation, _composition, _collected, _prepared, _uses, _distribution, _maintenance), strict=True):
        sheet.section(title)
        write(sheet, material, dataset)
    return Document(kind="datasheet", name="datasheet.md", media_type=MARKDOWN, data=sheet.data(), asks=open_fields(material, "datasheet"))


def open_fields(material: Material, kind: str) -> tuple[str, ...]:
    """Return the fields of a kind of document that nobody has filled."""
    dataset = known.dataset_of(material.version, material.answers)
    said = {f"rai:{one.term}" for one in dataset.rai}
    said |= {"rai:dataCollectionType"} if material.version.origin.collection else set()
    said |= {
        name
        for name, value in (
            ("description", dataset.description),
            ("creator", dataset.creators),
            ("license", dataset.licence),
            ("datePublished", dataset.issued),
            ("url", dataset.landing_page),
            ("citeAs", dataset.citation),
        )
        if value
    }
    fields = [one for one in of_scope(("dataset", "participant")) if kind in one.kinds]
    return tuple(one.name for one in fields if one.name not in said and not material.answers.get(one.name))


def _head(sheet: Sheet, material: Material) -> None:
    version = material.version
    sheet.say(f"Version {plain(version.id)}, stored {known.moment(version.stored)}. {plain(known.source(version))}")
    sheet.say(f"Made by {plain(material.by)} with Hanse. What nobody has told is marked as not known; nothing is made up.")


def told(sheet: Sheet, material: Material, name: str, otherwise: str | None = None) -> None:
    """Write the question of a field with what a person has told here and what is known otherwise.

    As in the Croissant file, the provider's own word goes first, but for terms of RAI, which are told for the use here.
    """
    answer = material.answers.get(name)
    shown = answer or otherwise if name.startswith("rai:") else otherwise or answer
    sheet.ask(BY_NAME[name].question, shown, told=TOLD if shown and shown == answer else "")


def _motivation(sheet: Sheet, material: Material, dataset: Dataset) -> None:
    told(sheet, material, "motivation")
    told(sheet, material, "creator", "; ".join(one.name or one.id or "" for one in dataset.creators))
    told(sheet, material, "funding")


def _composition(sheet: Sheet, material: Material, dataset: Dataset) -> None:
    version = material.version
    told(sheet, material, "description", dataset.description)
    count = known.records(material)
    said = f"{known.many(version.count, 'file')}, {known.size(version.size)}"
    said += "" if count is None else f", {known.many(count, 'record')} in tables"
    sheet.ask("How much is there?", f"{said}. SHA-256 root over all files: {version.root}.")
    for table in known.tables(material)[:_TABLES]:
        number = "an unknown number of records" if table.records is None else known.many(table.records, "record")
        sheet.say(f"Table {plain(table.name)}: {number} in {known.many(len(table.paths), 'file')}.")
        sheet.table(("Field", "Kind", "Figures"), [(one.name, one.kind, known.figures(one)) for one in table.columns[:_FIELDS]])
    _left_out(sheet, material)
    told(sheet, material, "relations")
    sheet.ask("Is it about people?", known.yes(version.origin.personal) if version.origin.personal is not None else None)
    told(sheet, material, "rai:personalSensitiveInformation", known.rai(dataset, {}, "personalSensitiveInformation"))
    told(sheet, material, "sensitiveData")
    told(sheet, material, "consent")


def _left_out(sheet: Sheet, material: Material) -> None:
    tables, unmeasured = known.tables(material), () if material.measured is None else material.measured.unmeasured
    if len(tables) > _TABLES:
        sheet.say(f"{len(tables) - _TABLES:,} more tables are described in the Croissant file alone.")
    if unmeasured:
        sheet.say("Not measured:")
        sheet.points([f"{one.path}: {one.reason}" for one in unmeasured[:_ROWS]])
        if len(unmeasured) > _ROWS:
            sheet.say(f"... and {len(unmeasured) - _ROWS:,} more files.")


def _collected(sheet: Sheet, material: Material, dataset: Dataset) -> None:
    origin = material.version.origin
    told(sheet, material, "rai:dataCollection", known.rai(dataset, {}, "dataCollection"))
    told(sheet, material, "rai:dataCollectionType", known.collection(material, dataset))
    told(sheet, material, "rai:dataCollectionTimeframe", known.rai(dataset, {}, "dataCollectionTimeframe"))
    sheet.ask("Where was it collected?", ", ".join(origin.places))
    sheet.ask("From which sources does it come?", "\n".join(dataset.sources))


def _prepared(sheet: Sheet, material: Material, dataset: Dataset) -> None:
    for term in ("dataPreprocessingProtocol", "dataAnnotationProtocol"):
        told(sheet, material, f"rai:{term}", known.rai(dataset, {}, term))
    told(sheet, material, "qualityAssurance")
    checked = (
        "the provider's checksums" if material.version.sums == "provider" else "nothing: there were no checksums; they were taken here"
    )
    sheet.ask("Against what were the files checked when they came?", f"{checked[0].upper()}{checked[1:]}.")


def _uses(sheet: Sheet, material: Material, dataset: Dataset) -> None:
    for term in ("dataUseCases", "dataBiases", "dataLimitations", "dataSocialImpact"):
        told(sheet, material, f"rai:{term}", known.rai(dataset, {}, term))
    told(sheet, material, "unsuitableUses")


def _distribution(sheet: Sheet, material: Material, dataset: Dataset) -> None:
    contract = material.contract
    told(sheet, material, "license", known.licence(dataset))
    sheet.ask("On which ground may it be used?", material.version.origin.rights)
    if contract is None:
        sheet.ask("Under which contract is it here?", known.under(material.version) or "None: it is data of one's own.")
        return
    ended = "" if contract.ended is None else f"; it ended {known.moment(contract.ended)}"
    sheet.ask("Under which contract is it here?", f"{contract.id}, since {known.moment(contract.since)}{ended}.")
    sheet.say("Its terms in words:")
    sheet.points(contract.words[:_ROWS])


def _maintenance(sheet: Sheet, material: Material, dataset: Dataset) -> None:
    told(sheet, material, "rai:dataReleaseMaintenancePlan", known.rai(dataset, {}, "dataReleaseMaintenancePlan"))
    sheet.ask("Until when are its bytes kept here at least?", None if material.kept is None else known.moment(material.kept))
    for name in ("contactName", "contactMail", "dataProtectionOfficer"):
        told(sheet, material, name)
