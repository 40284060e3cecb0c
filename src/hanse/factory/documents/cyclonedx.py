"""Bills of material in CycloneDX 1.6 (ECMA-424): a dataset, or a model with its card and the datasets it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import msgspec

from hanse.dcat.holding import DatasetVersion
from hanse.dcat.licences import is_known
from hanse.evidence.kinds.factory import Input
from hanse.factory.documents import known
from hanse.factory.documents.datasheet import open_fields
from hanse.factory.documents.fields import open_of_model
from hanse.factory.documents.material import Document, Material, Trainings

SPEC: Final = "1.6"
MEDIA_TYPE: Final = "application/vnd.cyclonedx+json; version=1.6"
Json = dict[str, object]


def make_cyclonedx(material: Material) -> Document:
    """Return the bill of one version. Raises `Invalid` for an answer that does not fit its field."""
    version = material.version
    component = _dataset(version, material.answers, material.by)
    data = _written(version.root, known.moment(version.stored), material.by, component, [], {})
    return Document(kind="cyclonedx", name=NAME, media_type=MEDIA_TYPE, data=data, asks=open_fields(material, "cyclonedx"))


NAME: Final = "bill.cdx.json"


def make_model_cyclonedx(model: Trainings) -> Document:
    """Return the bill of a model, which names all versions that went into any of its trainings."""
    inputs: dict[str, Input] = {}
    for _, says in model.trainings:
        for one in says.inputs:
            inputs.setdefault(one.version, one)
    there = {one.id: one for one in model.inputs}
    direct = list(inputs)
    for id in direct:
        sources = known.sources_of(id, there)
        inputs |= {one.version: Input(one.version, one.root) for one in sources if one.version not in inputs}
    components = [
        _dataset(there[id], model.answers_of.get(id.partition("@")[0], {}), model.by) if id in there else _gone(one)
        for id, one in inputs.items()
    ]
    component = _model(model, direct)
    made_of = {_ref(id): [_ref(each.version) for each in there[id].made_of] for id in inputs if id in there}
    needs = {str(component["bom-ref"]): [_ref(id) for id in direct], **{_ref(id): made_of.get(_ref(id), []) for id in inputs}}
    data = _written(model.newest.digest, known.moment(model.at), model.by, component, components, needs)
    return Document(kind="cyclonedx", name=NAME, media_type=MEDIA_TYPE, data=data, asks=open_of_model(model.answers, "cyclonedx"))


def _written(seed: str, at: str, by: str, component: Json, components: list[Json], needs: Mapping[str, list[str]]) -> bytes:
    bill: Json = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:hanse:cyclonedx:{seed}')}",
        "version": 1,
        "metadata": {
            "timestamp": at,
            "tools": {"components": [{"type": "application", "name": "Hanse"}]},
            "manufacturer": {"name": by},
            "component": component,
        },
    }
    if components:
        bill["components"] = components
        bill["dependencies"] = [{"ref": ref, "dependsOn": needed} if needed else {"ref": ref} for ref, needed in needs.items()]
    return msgspec.json.format(msgspec.json.encode(bill), indent=1)


def _ref(version: str) -> str:
    return f"dataset:{version}"


def _hashes(value: str) -> list[Json]:
    return [{"alg": "SHA-256", "content": value}]


def _licence(text: str | None) -> list[Json]:
    if not text:
        return []
    return [{"license": {"id" if is_known(text) and text in _LISTED else "name": text}}]


_LISTED: Final = frozenset({
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC0-1.0", "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0",
    "EUPL-1.2", "MIT", "ODbL-1.0", "ODC-By-1.0", "PDDL-1.0",
})  # fmt: skip
"""What the schema surely lists as an id; any other licence is given by its name."""


def _properties(**values: str | None) -> list[Json]:
    return [{"name": f"hanse:{name}", "value": value} for name, value in values.items() if value]


def _dataset(version: DatasetVersion, answers: Mapping[str, str], by: str) -> Json:
    dataset = known.dataset_of(version, answers)
    sensitive = [text for text in (known.rai(dataset, answers, "personalSensitiveInformation"),) if text]
    data: Json = {
        "type": "dataset",
        "name": dataset.title,
        "contents": {"properties": _properties(root=version.root, size=str(version.size), files=str(version.count), sums=version.sums)},
        "governance": {
            "custodians": [{"organization": {"name": by}}],
            "owners": [{"organization": {"name": version.provider or by}}],
        },
    }
    if dataset.description:
        data["description"] = dataset.description
    if sensitive:
        data["sensitiveData"] = sensitive
    found: Json = {
        "type": "data",
        "bom-ref": _ref(version.id),
        "name": version.name,
        "version": str(version.number),
        "description": known.source(version),
        "hashes": _hashes(version.root),
        "data": [data],
        "properties": _properties(
            agreement=known.under(version),
            dataset=version.dataset,
            places=", ".join(version.origin.places),
            personal=known.yes(version.origin.personal),
            biases=known.rai(dataset, answers, "dataBiases"),
            title=dataset.title,
        ),
    }
    licences = _licence(known.licence(dataset))
    return found | ({"licenses": licences} if licences else {})


def _gone(one: Input) -> Json:
    return {
        "type": "data",
        "bom-ref": _ref(one.version),
        "name": one.version.partition("@")[0],
        "version": one.version.partition("@")[2],
        "description": "Of this version nothing is left here but its name and root in the signed log.",
        "hashes": _hashes(one.root),
        "data": [{"type": "dataset", "name": one.version}],
        "properties": _properties(agreement=one.agreement),
    }


def _model(model: Trainings, inputs: list[str]) -> Json:
    says, answers = model.newest, model.answers
    found: Json = {
        "type": "machine-learning-model",
        "bom-ref": f"model:{model.name}",
        "name": model.name,
        "version": says.digest[:16],
        "hashes": _hashes(says.digest),
        "modelCard": _card(model, inputs),
        "properties": _properties(action=says.action, code=says.code)
        + [{"name": f"hanse:parameter:{key}", "value": says.parameters[key]} for key in sorted(says.parameters)],
    }
    if answers.get("modelDescription"):
        found["description"] = answers["modelDescription"]
    licences = _licence(answers.get("modelLicense"))
    return found | ({"licenses": licences} if licences else {})


def _card(model: Trainings, inputs: list[str]) -> Json:
    answers = model.answers
    parameters: Json = {"datasets": [{"ref": _ref(one)} for one in inputs]}
    if answers.get("modelType"):
        parameters["modelArchitecture"] = answers["modelType"]
    card: Json = {"modelParameters": parameters}
    if answers.get("modelPerformance"):
        card["quantitativeAnalysis"] = {"performanceMetrics": [{"type": "as told", "value": answers["modelPerformance"]}]}
    considerations: Json = {}
    if answers.get("modelUses"):
        considerations["useCases"] = [answers["modelUses"]]
    if answers.get("modelLimitations"):
        considerations["technicalLimitations"] = [answers["modelLimitations"]]
    if answers.get("modelEthics"):
        considerations["ethicalConsiderations"] = [{"name": answers["modelEthics"]}]
    return card | ({"considerations": considerations} if considerations else {})
