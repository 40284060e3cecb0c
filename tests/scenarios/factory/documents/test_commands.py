"""`hanse document`, as a person types it, with data of one's own and a model."""

from __future__ import annotations

import json

import pytest

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
