"""Bills of material in SPDX 3.0.1 (JSON-LD; profiles Dataset and AI): a dataset, or a model that names the datasets it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from hanse.dcat.croissant.shape import Table
from hanse.dcat.holding import DatasetVersion
from hanse.dcat.licences import is_known
from hanse.evidence.kinds import Input
from hanse.factory.documents import known
from hanse.factory.documents.datasheet import open_fields
from hanse.factory.documents.fields import NOT_KNOWN, open_of_model
from hanse.factory.documents.material import Document, Material, Trainings

CONTEXT: Final = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
"""By this name alone a reader knows the context; it is not fetched."""
SPEC: Final = "3.0.1"
MEDIA_TYPE: Final = "application/spdx+json"
_CREATION: Final = "_:creation"
_PRESENCE: Final = {"yes": "yes", "no": "no"}
_KINDS: Final = {"image": "image", "audio": "audio", "video": "video", "text": "text"}
_TABULAR: Final = ("text/csv", "text/tab-separated-values", "application/x-parquet", "application/jsonlines")
Json = dict[str, object]


def make_spdx(material: Material) -> Document:
    """Return the bill of one version. Raises `Invalid` for an answer that does not fit its field."""
    bill = _Bill(material.by, known.moment(material.version.stored), f"urn:hanse:spdx:{material.version.root}")
    root = bill.dataset(material.version, material.answers, tuple(known.tables(material)))
    data = bill.written(f"Bill of {material.version.id}", root, ["core", "software", "dataset", "simpleLicensing"])
    return Document(kind="spdx", name="bill.spdx.json", media_type=MEDIA_TYPE, data=data, asks=open_fields(material, "spdx"))


def make_model_spdx(model: Trainings) -> Document:
    """Return the bill of a model, which names all versions that went into any of its trainings."""
    bill = _Bill(model.by, known.moment(model.at), f"urn:hanse:spdx:{model.newest.digest}")
    root = bill.model(model)
    data = bill.written(f"Bill of {model.name}", root, ["core", "software", "ai", "dataset", "simpleLicensing"])
    return Document(kind="spdx", name="bill.spdx.json", media_type=MEDIA_TYPE, data=data, asks=open_of_model(model.answers, "spdx"))


class _Bill:
    """A document in the making. Elements are named below `base`, in the order in which they come."""

    def __init__(self, by: str, at: str, base: str) -> None:
        self._by, self._at, self._base = by, at, base
        self._graph: list[Json] = []
        self._agents: dict[str, str] = {}
        self._licences: dict[str, str] = {}
        self._count = 0
        creator = self.agent(by)
        tool = self._add("Tool", name="Hanse")
        creation: Json = {"type": "CreationInfo", "@id": _CREATION, "specVersion": SPEC, "created": at}
        self._graph.insert(0, creation | {"createdBy": [creator], "createdUsing": [tool]})

    def _add(self, type_: str, **properties: object) -> str:
        self._count += 1
        id = f"{self._base}#{self._count}-{type_.rpartition('_')[2]}"
        found = {name: value for name, value in properties.items() if value not in (None, "", [], ())}
        self._graph.append({"type": type_, "spdxId": id, "creationInfo": _CREATION, **found})
        return id

    def agent(self, name: str, person: bool = False) -> str:
        """Return the element of a person or an organisation, by name or DID; one that is there already if there is one."""
        if name not in self._agents:
            self._agents[name] = self._add("Person" if person else "Organization", name=name)
        return self._agents[name]

    def _related(self, from_: str, how: str, to: Sequence[str]) -> None:
        if to:
            self._add("Relationship", **{"from": from_, "relationshipType": how, "to": list(to), "completeness": "noAssertion"})

    def _licensed(self, element: str, licence: str | None) -> None:
        if licence is None:
            return
        if licence not in self._licences:
            self._licences[licence] = self._add("simplelicensing_LicenseExpression", simplelicensing_licenseExpression=licence)
        self._related(element, "hasDeclaredLicense", [self._licences[licence]])

    def dataset(self, version: DatasetVersion, answers: Mapping[str, str], tables: Sequence[Table] = ()) -> str:
        """Add a version; return its element."""
        dataset = known.dataset_of(version, answers)
        makers = [self.agent(one.name or one.id or NOT_KNOWN, one.person) for one in dataset.creators]
        supplier = self.agent(version.provider or self._by)
        personal = "noAssertion" if version.origin.personal is None else known.yes(version.origin.personal)
        sensitive = _PRESENCE.get(answers.get("sensitiveData", ""), personal)
        element = self._add(
            "dataset_DatasetPackage",
            name=dataset.title,
            description=dataset.description,
            comment=known.source(version),
            software_packageVersion=version.id,
            software_primaryPurpose="data",
            software_downloadLocation=f"urn:hanse:version:{version.root}",
            software_homePage=dataset.landing_page,
            verifiedUsing=[_hash(version.root, "Merkle root over the path, SHA-256 and size of all files")],
            originatedBy=makers or [supplier],
            suppliedBy=supplier,
            builtTime=known.moment(version.stored),
            releaseTime=known.moment(dataset.issued or version.stored),
            dataset_datasetType=_types(version, tables),
            dataset_datasetSize=version.size,
            dataset_dataCollectionProcess=known.rai(dataset, answers, "dataCollection") or version.origin.collection,
            dataset_dataPreprocessing=_listed(known.rai(dataset, answers, "dataPreprocessingProtocol")),
            dataset_intendedUse=known.rai(dataset, answers, "dataUseCases"),
            dataset_knownBias=_listed(known.rai(dataset, answers, "dataBiases")),
            dataset_datasetUpdateMechanism=known.rai(dataset, answers, "dataReleaseMaintenancePlan"),
            dataset_hasSensitivePersonalInformation=sensitive,
            externalIdentifier=_identifiers(version),
        )
        self._licensed(element, known.spdx_id(dataset))
        return element

    def model(self, model: Trainings) -> str:
        """Add a model with what it was made of; return its element."""
        says, answers = model.newest, model.answers
        element = self._add(
            "ai_AIPackage",
            name=model.name,
            description=answers.get("modelDescription"),
            software_packageVersion=says.digest[:16],
            software_primaryPurpose="model",
            software_downloadLocation=f"urn:hanse:model:{says.digest}",
            software_sourceInfo=says.code,
            verifiedUsing=[_hash(says.digest, "")],
            suppliedBy=self.agent(model.by),
            originatedBy=[self.agent(model.by)],
            releaseTime=self._at,
            ai_informationAboutTraining=_trained(model),
            ai_informationAboutApplication=answers.get("modelUses"),
            ai_hyperparameter=[{"type": "DictionaryEntry", "key": key, "value": says.parameters[key]} for key in sorted(says.parameters)],
            ai_metric=_performance(answers.get("modelPerformance")),
            ai_limitation=answers.get("modelLimitations"),
            ai_typeOfModel=_listed(answers.get("modelType")),
            ai_domain=_listed(answers.get("modelDomain")),
            ai_useSensitivePersonalInformation=_personal(model.inputs),
        )
        licence = answers.get("modelLicense")
        self._licensed(element, licence if licence is not None and is_known(licence) else None)
        self._inputs(element, model)
        return element

    def _inputs(self, element: str, model: Trainings) -> None:
        versions = {one.id: one for one in model.inputs}
        made: dict[str, str] = {}
        for _, says in model.trainings:
            for one in says.inputs:
                if one.version not in made:
                    there = versions.get(one.version)
                    answers = model.answers_of.get(one.version.partition("@")[0], {})
                    made[one.version] = self._gone(one.version, one.root) if there is None else self.dataset(there, answers)
        direct = list(made.values())
        how = "testedOn" if all(says.action.endswith("evaluate") for _, says in model.trainings) else "trainedOn"
        self._related(element, how, direct)
        self._sources(model, versions, made)

    def _sources(self, model: Trainings, versions: Mapping[str, DatasetVersion], made: dict[str, str]) -> None:
        """Add what the inputs were made of, and what that was made of."""
        for id in list(made):
            for one in known.sources_of(id, versions):
                if one.version not in made:
                    there = versions.get(one.version)
                    answers = model.answers_of.get(one.version.partition("@")[0], {})
                    made[one.version] = self._gone(one.version, one.root) if there is None else self.dataset(there, answers)
        for id, element in made.items():
            if id in versions:
                self._related(element, "descendantOf", [made[one.version] for one in versions[id].made_of])

    def _gone(self, version: str, root: str) -> str:
        """Add a version of which nothing is left but its name and root in the log."""
        return self._add(
            "dataset_DatasetPackage",
            name=version,
            comment="Of this version nothing is left here but its name and root in the signed log.",
            software_packageVersion=version,
            software_primaryPurpose="data",
            software_downloadLocation=f"urn:hanse:version:{root}",
            verifiedUsing=[_hash(root, "Merkle root over the path, SHA-256 and size of all files")],
            originatedBy=[self.agent(NOT_KNOWN)],
            releaseTime=self._at,
            dataset_datasetType=["noAssertion"],
        )

    def written(self, name: str, root: str, profiles: Sequence[str]) -> bytes:
        """Return the document."""
        elements = [str(one["spdxId"]) for one in self._graph if "spdxId" in one]
        self._add("SpdxDocument", name=name, profileConformance=list(profiles), rootElement=[root], element=elements)
        return msgspec.json.format(msgspec.json.encode({"@context": CONTEXT, "@graph": self._graph}), indent=1)


def _hash(value: str, comment: str) -> Json:
    found: Json = {"type": "Hash", "algorithm": "sha256", "hashValue": value}
    return found | ({"comment": comment} if comment else {})


def _listed(text: str | None) -> list[str]:
    return [] if not text else [text]


def _performance(text: str | None) -> list[Json]:
    return [] if not text else [{"type": "DictionaryEntry", "key": "as told", "value": text}]


def _types(version: DatasetVersion, tables: Sequence[Table]) -> list[str]:
    said = "" if version.offered is None else version.offered.media_type or ""
    found = {_KINDS[said.partition("/")[0]]} if said.partition("/")[0] in _KINDS and said not in _TABULAR else set()
    if said in _TABULAR or any(not column.file for table in tables for column in table.columns):
        found.add("structured")
    if any(column.file for table in tables for column in table.columns):
        found.add("text")
    return sorted(found) or ["noAssertion"]


def _identifiers(version: DatasetVersion) -> list[Json]:
    named = (("agreement", known.under(version)), ("dataset", version.dataset))
    return [
        {"type": "ExternalIdentifier", "externalIdentifierType": "other", "identifier": value, "comment": what}
        for what, value in named
        if value
    ]


def _trained(model: Trainings) -> str:
    """Say of each training what was done when, and in which agreement's name."""
    return "\n".join(
        f"{known.moment(at)}: {says.action}; " + ", ".join(_used(one) for one in says.inputs) for at, says in model.trainings[:100]
    )


def _used(one: Input) -> str:
    under = [one.agreement] if one.agreement else one.under
    return f"{one.version} under {', '.join(under)}" if under else f"{one.version} (own data)"


def _personal(versions: Sequence[DatasetVersion]) -> str:
    said = {one.origin.personal for one in versions}
    return "yes" if True in said else "no" if said == {False} else "noAssertion"
