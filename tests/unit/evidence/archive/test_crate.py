"""The RO-Crate in an archive: read by the `rocrate` package, and checked by our own reading of the specification."""

import json
import zipfile

import pytest
from rocrate.rocrate import ROCrate

from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.container import read_container
from hanse.evidence.archive.crate import CONTEXT, PROCESS, crate_problems
from tests.unit.evidence.archive.built import VERSION, ZOO, Case
from tests.unit.evidence.archive.test_verify import model


@pytest.fixture
def files():
    case = Case()
    return read_container(model(case, (k.Input(VERSION, case.root),)).pack()).files


def test_the_package_reads_it(tmp_path):
    case = Case()
    path = tmp_path / "archive.zip"
    path.write_bytes(model(case, (k.Input(VERSION, case.root),)).pack())
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "crate")
    crate = ROCrate(tmp_path / "crate")
    assert crate.name == "Evidence about rain-net"
    assert crate.root_dataset["publisher"].id == ZOO
    assert {one.id for one in crate.data_entities} >= {f.ENTRIES, f.README, "agreements/1.txt"}
    made = [one for one in crate.contextual_entities if "CreateAction" in one.type]
    assert len(made) == 2
    trained = next(one for one in made if "rain-net" in one["name"])
    assert trained["object"][0]["name"] == VERSION
    assert trained["result"][0]["name"] == "rain-net"
    assert trained["instrument"]["name"] == "hanse 0"


def test_it_is_what_the_specification_says(files):
    raw = files[f.CRATE]
    assert crate_problems(raw, files) == []
    document = json.loads(raw)
    assert document["@context"][0] == CONTEXT
    graph = {one["@id"]: one for one in document["@graph"]}
    assert graph["./"]["conformsTo"] == {"@id": PROCESS}
    version = graph["#version-1"]
    assert graph[version["prov:wasGeneratedBy"]["@id"]]["prov:wasAssociatedWith"] == {"@id": ZOO}
    assert version["@type"] == ["Dataset", "prov:Entity"]


def change(raw, edit):
    document = json.loads(raw)
    edit(document, {one["@id"]: one for one in document["@graph"]})
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d, g: d.update({"@context": "https://schema.org"}), "context"),
        (lambda d, g: d["@graph"].append(dict(g["./"])), "one @id"),
        (lambda d, g: g[f.CRATE].pop("about"), "metadata descriptor"),
        (lambda d, g: g[f.CRATE].update({"conformsTo": {"@id": "https://example.org"}}), "metadata descriptor"),
        (lambda d, g: g["./"].pop("datePublished"), "datePublished"),
        (lambda d, g: g["./"].update({"author": {"name": "x"}}), "not flat"),
        (lambda d, g: g["./"].update({"mentions": [{"@id": "#nothing"}]}), "not there"),
        (lambda d, g: g[f.README].pop("@type"), "no @type"),
        (lambda d, g: g[f.README].update({"sha256": "0" * 64}), "another SHA-256"),
        (lambda d, g: g["./"]["hasPart"].append({"@id": "no.txt"}), "is not there"),
        (lambda d, g: d.update({"@graph": "x"}), "flat @graph"),
    ],
)
def test_what_is_none(files, edit, words):
    assert any(words in one for one in crate_problems(change(files[f.CRATE], edit), files))
