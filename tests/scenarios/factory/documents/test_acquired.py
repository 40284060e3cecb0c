"""Documents of data that was really acquired: made at once, valid everywhere, stated in the log, deleted with the data."""

from __future__ import annotations

import io
import json
import warnings

import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from spdx_python_model import v3_0_1 as spdx

from hanse.client.factory.evidence_check import save_archive
from hanse.dcat.croissant.names import FILE
from hanse.factory.acquire.states import ItemState
from hanse.factory.documents.checking import check_document
from hanse.factory.documents.kinds import KINDS
from hanse.kernel.errors import NotFound
from tests.scenarios.factory.acquire.towns import FACTORY, Towns
from tests.scenarios.factory.evidence.conftest import verify


def parquet(rows):
    out = io.BytesIO()
    pq.write_table(pa.table({"day": list(range(rows)), "rain": [one / 2 for one in range(rows)]}), out)
    return out.getvalue()


SORTS = {
    "csv": {"rain.csv": b"day,rain\n" + b"".join(b"%d,%d\n" % (day, day % 13) for day in range(2_000))},
    "parquet": {"part-0.parquet": parquet(500), "part-1.parquet": parquet(700), "README.md": b"# Rain\n"},
    "jsonl": {"rain.jsonl": b"".join(b'{"day": %d, "place": {"city": "K"}}\n' % day for day in range(300))},
    "texts": {"de/a.txt": b"Es regnet.", "fi/ä.txt": b"Sataa."},
    "bombs": {"bad.parquet": b"PAR1" + bytes(200) + b"PAR1", "good.csv": b"a,b\n1,2\n", "x.bin": bytes(1_000)},
}
RECORDS = {"csv": 2_000, "parquet": 1_200, "jsonl": 300}


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    """Yield a provider and a factory."""
    towns = Towns(tmp_path_factory.mktemp("documents").resolve())
    yield towns
    towns.close()


@pytest.fixture(scope="module")
def versions(towns):
    """Acquire one dataset of each sort; return the versions by sort."""
    for sort, files in SORTS.items():
        dataset = towns.offer(towns.folder_of(sort, files), "members")
        towns.order(dataset, id=f"ord_{sort}", names=(sort,))
    return {sort: towns.until(ItemState.DONE, id=f"ord_{sort}", seconds=120) for sort in SORTS}


def documents(towns):
    return towns.factory.server.factory.documents.documents


def show(towns, subject, kind):
    return towns.factory.call(lambda server: server.factory.documents.documents.show(FACTORY, subject, kind))


@pytest.mark.parametrize("sort", SORTS)
def test_every_acquisition_is_documented(towns, versions, sort, tmp_path):
    item = versions[sort]
    assert not [note for note in item.notes if "not documented" in note]
    listed = towns.factory.call(lambda server: server.factory.documents.documents.listed(FACTORY, item.version))
    assert {one.kind for one in listed} == set(KINDS)
    stated = {(one.document, one.sha256) for one in towns.ledger("documented") if one.subject == item.version}
    assert stated == {(one.kind, one.sha256) for one in listed}
    for kind in KINDS:
        made = show(towns, item.version, kind)
        found = check_document(made.data, made.made.made)
        assert not [one for one in found.findings if one.severity == "error" and one.path not in made.made.asks], found.findings
    for path, content in SORTS[sort].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / FILE).write_bytes(show(towns, item.version, "croissant").data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = mlcroissant.Dataset(jsonld=tmp_path / FILE)
        assert not dataset.metadata.ctx.issues.errors
        counts = {one.id: sum(1 for _ in dataset.records(one.id)) for one in dataset.metadata.record_sets}
    assert sort not in RECORDS or sum(counts.values()) == RECORDS[sort]


def test_nothing_is_left_in_plain_text(towns, versions):
    folder = towns.factory.server.settings.home_path / "measuring"
    assert not folder.exists() or not list(folder.iterdir())
    rows = towns.factory.call(
        lambda server: server.ground.database.read(lambda tx: tx.rows.all("SELECT data, doc FROM documents_made", ()))
    )
    assert len(rows) >= len(SORTS) * (len(KINDS) + 1)
    for data, doc in rows:
        assert b"rain.csv" not in bytes(data)
        assert b"rain.csv" not in bytes(doc)


def test_made_anew_the_bytes_are_the_same_and_nothing_is_stated(towns, versions):
    before = towns.ledger("documented")
    first = {kind: show(towns, "csv@1", kind).data for kind in KINDS}
    again = towns.factory.call(lambda server: server.factory.documents.documents.make(FACTORY, "csv"))
    assert {one.made.kind: one.data for one in again} == first
    assert towns.ledger("documented") == before


def test_answers_are_asked_for_once_and_used_for_all_versions(towns, versions):
    questions = {one["field"]: one for one in towns.ann("GET", "/documents/questions?name=csv")}
    assert questions["rai:dataBiases"]["open"]
    assert questions["contactMail"]["scope"] == "participant"
    told = {"rai:dataBiases": "One station.", "contactMail": "data@factory.example", "license": "CC-BY-4.0"}
    left = {one["field"]: one for one in towns.ann("POST", "/documents/answers", {"name": "csv@1", "answers": told})}
    assert not left["rai:dataBiases"]["open"]
    assert left["rai:dataBiases"]["answer"] == "One station."
    assert left["rai:dataBiases"]["by"] == "administrator"
    assert not {one["field"]: one for one in towns.ann("GET", "/documents/questions?name=texts")}["contactMail"]["open"]
    document = json.loads(show(towns, "csv@1", "croissant").data)
    assert (document["rai:dataBiases"], document["license"]) == ("One station.", "https://spdx.org/licenses/CC-BY-4.0")
    assert json.loads(show(towns, "csv", "dmp").data)["dmp"]["contact"]["mbox"] == "data@factory.example"
    sums = [one.sha256 for one in towns.ledger("documented") if (one.subject, one.document) == ("csv@1", "croissant")]
    assert len(sums) == 2


def test_what_the_catalogue_said(towns, versions):
    found = show(towns, "parquet@1", "croissant-offered")
    document = json.loads(found.data)
    assert document["provider"]["identifier"] == towns.made.provider_did
    assert document["usageInfo"]
    assert check_document(found.data, found.made.made).kind == "croissant"


def test_a_model_names_its_datasets(towns, versions, tmp_path):
    new = {"model": "rain-net", "digest": "cd" * 32, "inputs": ["csv@1", "texts@1"], "action": "https://w3id.org/hanse/train"}
    towns.ann("POST", "/models/trainings", new)
    towns.ann("POST", "/documents/answers", {"name": "rain-net", "answers": {"modelType": "transformer"}})
    for kind in ("spdx", "cyclonedx"):
        made = show(towns, "rain-net", kind)
        assert not [one for one in check_document(made.data, made.made.made).findings if one.severity == "error"]
        assert all(one in made.data.decode() for one in ("csv@1", "texts@1", "transformer"))
    found = spdx.SHACLObjectSet()
    spdx.JSONLDDeserializer().read(io.BytesIO(show(towns, "rain-net", "spdx").data), found)
    assert len(list(found.foreach_type(spdx.dataset_DatasetPackage))) == 2
    made = towns.factory.call(lambda server: server.factory.archives.exporting.export(FACTORY, "rain-net"))
    save_archive(tmp_path / "archive.zip", made.archive)
    code, answer = verify(tmp_path / "archive.zip")
    proved = " ".join(one["text"] for one in answer["findings"] if one["sort"] == "proved")
    assert code == 0, answer
    for kind, subject in (
        ("spdx", "rain-net"),
        ("cyclonedx", "rain-net"),
        ("croissant", "csv@1"),
        ("datasheet", "texts@1"),
        ("dmp", "csv@1"),
    ):
        assert f"is the {kind} of {subject} that" in proved
    [risk] = towns.ann("GET", "/risk?model=rain-net")
    assert {one["of_records"] for one in risk["shares"]} != {None} or risk["size"]


def test_the_documents_are_deleted_with_the_data(towns, versions):
    show(towns, "jsonl@1", "croissant")
    towns.factory.call(lambda server: server.factory.facility.removal.delete(FACTORY, "jsonl@1", "test"))
    left = [("?",)]
    for _ in range(200):
        left = towns.factory.call(lambda server: server.ground.database.read(lambda tx: tx.documents.made(FACTORY, "jsonl@1")))
        if not left:
            break
    assert not left
    with pytest.raises(NotFound):
        show(towns, "jsonl@1", "croissant")


@pytest.mark.parametrize(
    ("name", "answers", "rule"),
    [
        ("csv", {"contactMail": "nobody"}, "answer"),
        ("csv", {"modelType": "x"}, "scope"),
        ("csv", {"no-such": "x"}, "field"),
        ("csv", {"motivation": "x" * 5_000}, "too-large"),
        ("nothing", {"motivation": "x"}, "not-found"),
    ],
)
def test_answers_that_are_refused(towns, versions, name, answers, rule):
    refused = towns.ann.ask("POST", "/documents/answers", {"name": name, "answers": {"funding": "Never kept.", **answers}})
    problem = refused.json()
    assert 400 <= refused.status_code < 500
    assert "Never kept." not in json.dumps(towns.ann("GET", "/documents/questions?name=csv"))
    assert rule in json.dumps(problem), problem
