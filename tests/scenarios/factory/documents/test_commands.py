"""`hanse document`, as a person types it, with data of one's own and a model."""

from __future__ import annotations

import hashlib
import json

import pytest

import hanse
from hanse.dcat.holding import Source
from hanse.dcat.preparation import Account, StepAccount
from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.odrl.names import TRAIN

ROWS = "".join(f'{{"day": {number}, "rain": {number * 2}}}\n' for number in range(500))
KINDS = {"croissant", "datasheet", "card", "dmp", "spdx", "cyclonedx"}


@pytest.fixture(scope="module")
def rain(space):
    """Return the id of a version that was imported."""
    folder = space.data / "rain"
    folder.mkdir()
    (folder / "rain.jsonl").write_text(ROWS)
    return space.json("facility", "import", str(folder), "--name", "rain", "--place", "DE", "--rights", "CC-BY-4.0", "--not-personal")["id"]


def test_what_is_imported_is_documented(space, rain):
    listed = space.json("document", "list", rain)
    assert {one["kind"] for one in listed} == KINDS
    assert all(one["errors"] == 0 for one in listed)
    shown = space.run("document", "list", "rain").stdout
    assert "croissant" in shown
    assert "NOT KNOWN" in shown
    assert "## Composition" in space.run("document", "show", "datasheet", rain).stdout


def test_all_of_them_into_a_folder_where_each_is_sound(space, rain, tmp_path):
    told = ("description=What is in it.", "creator=Ada", "license=CC-BY-4.0", "datePublished=2026-01-31")
    space.run("document", "answer", "rain", *told)
    space.run("document", "make", "all", rain, "-o", str(tmp_path / "out"))
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == len(KINDS)
    kinds = set()
    for file in files:
        found = space.json("document", "check", str(file))
        assert found["sound"], found
        kinds.add(found["document"])
    assert kinds == KINDS
    croissant = tmp_path / "out" / "croissant.json"
    assert "croissant, sound" in space.run("document", "check", str(croissant)).stdout
    again = tmp_path / "again.json"
    space.run("document", "make", "croissant", "rain", "-o", str(again))
    assert again.read_bytes() == croissant.read_bytes()


def test_ask_and_answer(space, rain, tmp_path):
    asked = {one["field"] for one in space.json("document", "ask", "rain")}
    assert {"motivation", "contactName", "rai:dataBiases"} <= asked
    shown = space.run("document", "ask", "rain").stdout
    assert "Which biases are known?" in shown
    assert "for croissant, datasheet" in shown
    text = tmp_path / "biases.txt"
    text.write_text("One station only.\nIn a valley.")
    left = {one["field"] for one in space.json("document", "answer", "rain", f"rai:dataBiases=@{text}", "contactName=Ada")}
    assert not left & {"rai:dataBiases", "contactName"}
    assert "rai:dataBiases" not in {one["field"] for one in space.json("document", "ask", "rain")}
    everything = {one["field"]: one for one in space.json("document", "ask", "rain", "--all")}
    assert everything["rai:dataBiases"]["answer"] == "One station only.\nIn a valley."
    assert "In a valley" in space.run("document", "show", "datasheet", "rain").stdout
    space.run("document", "answer", "rain", "rai:dataBiases=")
    assert "rai:dataBiases" in {one["field"] for one in space.json("document", "ask", "rain")}


def test_a_model_s_bills(space, rain, tmp_path):
    space.json("model", "record", "rain-net", "--digest", "ab" * 32, "--from", rain)
    assert {one["field"] for one in space.json("document", "ask", "rain-net")} >= {"modelType", "modelUses"}
    assert {one["kind"] for one in space.json("document", "make", "all", "rain-net")} == {"spdx", "cyclonedx"}
    for kind in ("spdx", "cyclonedx"):
        out = tmp_path / kind
        space.run("document", "make", kind, "rain-net", "-o", str(out))
        assert space.json("document", "check", str(out))["sound"]
        assert rain in out.read_text()
    assert "There are: spdx, cyclonedx" in space.run("document", "make", "dmp", "rain-net", code=1).output


def test_documents_of_the_ai_act(space, rain, tmp_path):
    space.json("model", "record", "rain-net", "--digest", "ab" * 32, "--from", rain)
    space.run("document", "answer", "rain", "assumptions=One station tells of the valley.", "sourceCategory=other")
    space.run("document", "answer", "rain-net", "illegalContent=None can be in figures.", "codeOfPractice=no")
    for kind in ("article10", "annex-iv", "training-summary", "training-summary-json"):
        out = tmp_path / kind
        [made] = space.json("document", "make", kind, "rain-net", "-o", str(out))
        assert made["asks"]
        checked = space.json("document", "check", str(out))
        assert (checked["document"], checked["sound"]) == (kind, True)
    article = (tmp_path / "article10").read_text()
    assert "is assumed for that? rain: One station tells of the valley." in article
    assert "rain@1 was collected in DE." in article
    assert "not known: ask designChoices" in article
    summary = json.loads((tmp_path / "training-summary-json").read_text())
    items = [item for section in summary["sections"] for point in section["points"] for item in point["items"]]
    [trained] = [one for one in items if one["text"].startswith(f"rain-net (SHA-256 {'ab' * 32}), train")]
    id = trained["source"].rpartition(" ")[2]
    assert "rain-net" in space.run("explain", id).stdout, "what a statement is taken from can be looked up"
    assert "article10" in space.json("document", "make", "article10", rain)[0]["kind"]
    assert "is no model" in space.run("document", "make", "training-summary", rain, code=1).output
    assert {one["field"] for one in space.json("document", "ask", "rain-net")} >= {"marketDate", "providerName"}


def test_a_model_of_prepared_and_assessed_data(space, rain, tmp_path):
    """From the account of a preparation, a signed assessment and a training to the three documents, over real servers."""
    product = tmp_path / "product"
    product.mkdir()
    (product / "rain.csv").write_text("sex,hired\n" + "f,true\nm,false\nf,false\nm,true\n" * 10)
    use = tmp_path / "use.yaml"
    use.write_text("use: Hire\nbias: {attributes: [sex], outcome: hired, favourable: [true]}\n")
    with hanse.Client(home=space.home, participant="alice") as client:
        with hanse.open(rain, action="train", client=client):
            pass
        clean = client.preparations.store(product, "clean", account_of(client.facility.get(rain), product)).id
        assessed = hanse.assess(clean, use=use, into=tmp_path / "quality", client=client)
        signed = client.assessments.sign(tmp_path / "quality", of=clean, stage="factory")
    space.json("model", "record", "hire-net", "--digest", "ef" * 32, "--from", clean)
    texts = {}
    for kind in ("article10", "annex-iv", "training-summary"):
        out = tmp_path / kind
        space.run("document", "make", kind, "hire-net", "-o", str(out))
        texts[kind] = out.read_text().replace("\\", "")
        assert space.json("document", "check", str(out))["document"] == kind
    article = texts["article10"]
    assert "Step 2 of clean@1, opt-out 1: 7 records in, 5 out; left out: opt-out 2; counted: tokens 1,234" in article
    assert f"report sha256 {assessed.digest}" in article
    assert "completeness of clean@1, measured at the stage factory by completeness/1: 1;" in article
    assert "selection-rate of clean@1, column sex, group f, measured" in article, "out of the report that was signed"
    assert signed.about == clean
    assert "clean@1 has 1,234 tokens." in texts["annex-iv"]
    assert "Text: less than 1 billion tokens." in texts["training-summary"]
    assert "left out: opt-out 2" in texts["training-summary"]


def account_of(version, product):
    """Return an account of two steps that made the files of a folder of a version."""
    raw = (product / "rain.csv").read_bytes()
    root = root_of_files([Object("rain.csv", hashlib.sha256(raw).hexdigest(), len(raw))])
    reading = StepAccount(step="decode", inputs=(version.root,), output="5" * 64, records_out=7, added=7)
    kept = {"records_in": 7, "records_out": 5, "dropped": {"opt-out": 2}, "counts": {"tokens": 1234}}
    writing = StepAccount(step="opt-out", inputs=("5" * 64,), output=root, **kept)
    return Account(inputs=(Source(version.id, version.root),), action=TRAIN, pipeline="c" * 64, steps=(reading, writing))


def test_offered_of_an_own_offer(space):
    id = space.offer("table.csv", "--title", "A table")
    made = json.loads(space.run("document", "show", "croissant-offered", id).stdout)
    assert made["name"] == "A table"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("answer", "rain", "contactMial=x"), 1, "Perhaps contactMail is meant."),
        (("answer", "rain", "contactMail=x"), 1, "It is no mail address."),
        (("answer", "rain", "nothing"), 2, "is not FIELD=TEXT"),
        (("answer", "nothing", "motivation=x"), 1, "There is no dataset and no model"),
        (("list", "nothing@7"), 1, "no version"),
        (("make", "croissant", "nothing"), 1, "no"),
        (("make", "poem", "rain"), 2, "poem"),
        (("check", "no-such-file"), 1, "cannot be read"),
        (("show", "croissant-offered", "rain"), 1, "Offer it first."),
    ],
)
def test_what_is_refused_says_why(space, rain, words, code, says):
    assert says in space.run("document", *words, code=code).output


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "data"}]}', 1, "components[0]"),
        (b'{"dmp": {"title": "x"}}', 1, "'contact' is a required property"),
        (b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [{"type": "Tool"}]}', 1, "SpdxDocument"),
        (b'{"@type": "sc:Dataset"}', 1, "[required]"),
        (b"{", 1, "It is no JSON"),
        (b'{"a": ' * 5_000, 1, "no JSON"),
        (b"\xff\xfe", 1, "neither JSON nor text"),
        (b"# A poem\n", 1, "no document that is known"),
        (b"## Motivation\n", 1, "The section Composition is missing."),
    ],
)
def test_foreign_documents_are_checked_with_path_rule_and_hint(space, tmp_path, content, code, says):
    (tmp_path / "file").write_bytes(content)
    assert says in space.run("document", "check", str(tmp_path / "file"), code=code).output
