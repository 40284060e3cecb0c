"""Models, an authority's questions, custody and drills, with the commands that a person types; data of one's own."""

from __future__ import annotations

import hashlib
import json

import pytest

import hanse

ROWS = [f'{{"day": {number}, "rain": {number * 2}}}' for number in range(2_000)]
MODEL = b"weights" * 1_000


@pytest.fixture(scope="module")
def rain(space):
    """Return the id of a version with a table and a text, which was opened to train."""
    folder = space.data / "rain"
    (folder / "sub").mkdir(parents=True)
    (folder / "rain.jsonl").write_text("\n".join(ROWS) + "\n", "utf-8")
    (folder / "sub" / "maria-mueller.txt").write_text("Dear Maria,\r\nit rains.", "utf-8")
    id = space.json("facility", "import", str(folder), "--name", "rain", "--place", "DE", "--rights", "CC-BY-4.0", "--not-personal")["id"]
    with hanse.Client(home=space.home, participant="alice") as client, hanse.open(id, client=client, action="train") as data:
        assert len(data.files) == 2
    return id


@pytest.fixture(scope="module")
def model(space, rain):
    """Return what was answered when a model was recorded."""
    path = space.folder / "rain-net.bin"
    path.write_bytes(MODEL)
    words = ("--from", rain, "--code", "git:4f2a9c1", "--parameter", "epochs=3")
    return space.json("model", "record", "rain-net", "--file", str(path), *words)


def test_a_model_is_recorded_once_and_its_data_kept(space, rain, model):
    training = model["training"]
    assert training["digest"] == hashlib.sha256(MODEL).hexdigest()
    assert [one["version"] for one in training["inputs"]] == [rain]
    assert model["warnings"] == []
    assert model["kept"] == [rain]
    assert int(model["until"][:4]) >= 2036
    words = ("--digest", training["digest"], "--from", rain, "--code", "git:4f2a9c1", "--parameter", "epochs=3")
    again = space.json("model", "record", "rain-net", *words)
    assert (again["again"], again["training"]["entry"]) == (True, training["entry"])
    [listed] = space.json("model", "list")
    assert [one["entry"] for one in listed["trainings"]] == [training["entry"]]
    shown = space.run("model", "show", "rain-net").stdout
    assert f"entry {training['entry']} of the log" in shown
    assert "epochs" in shown
    assert space.json("ledger", "show", str(training["entry"]))["kind"] == "trained"


def test_what_was_not_opened_for_it_is_said(space, rain, model):
    digest = "cd" * 32
    done = space.json("model", "record", "rain-tuned", "--digest", digest, "--from", rain, "--action", "fineTune")
    assert done["warnings"] == [f"No opening of {rain} to fineTune is in the log (it was opened to train)."]
    assert "no version" in space.run("model", "record", "x", "--digest", digest, "--from", "nothing@1", code=1).output
    refused = space.run("model", "record", "x", "--digest", digest, "--from", rain, "--code", "/home/maria/train.py", code=1).output
    assert "home folder" in refused


def test_the_questions_of_an_authority(space, rain, model):
    entry = model["training"]["entry"]
    datasets = space.json("evidence", "datasets-of", "rain-net")
    assert datasets["lines"][0]["entry"] == entry
    assert datasets["lines"][1]["facts"]["version"] == rain
    assert datasets["lines"][1]["facts"]["available"] is True
    by_digest = space.json("evidence", "datasets-of", model["training"]["digest"])
    assert by_digest["lines"] == datasets["lines"]
    for about in (rain, "rain"):
        assert entry in [one["entry"] for one in space.json("evidence", "models-of", about)["lines"]]
    where = space.json("evidence", "where", rain)
    assert where["lines"][0]["facts"]["tier"] == "hot"
    assert any("keeps it until" in one["text"] for one in where["lines"])
    readers = space.json("evidence", "readers-of", rain)
    assert "Opened to train" in readers["lines"][0]["text"]
    assert "data of one's own" in space.json("evidence", "contracts-of", rain)["notes"][0]
    assert "[entry" in space.run("evidence", "readers-of", rain).stdout
    for question, about in (("datasets-of", "no-net"), ("models-of", "nothing"), ("where", "nothing@1"), ("readers-of", "rain@99")):
        space.run("evidence", question, about, code=1)


def test_a_record_by_its_hash(space, rain, model, tmp_path):
    row = hashlib.sha256(ROWS[1_234].encode()).hexdigest()
    without = space.json("evidence", "models-with-record", row)
    assert without["lines"] == []
    assert "Lines of files were not looked at" in without["notes"][-1]
    found = space.json("evidence", "models-with-record", row, "--lines")
    assert found["lines"][0]["facts"] == {"version": rain, "as": "line", "line": 1_235}
    assert found["lines"][1]["facts"]["model"] in ("rain-net", "rain-tuned")
    letter = tmp_path / "letter.txt"
    letter.write_bytes(b"Dear Maria,\r\nit rains.")
    found = space.json("evidence", "models-with-record", "--file", str(letter))
    assert found["lines"][0]["facts"]["as"] == "file"
    letter.write_bytes(b"Dear Maria,\n")
    found = space.json("evidence", "models-with-record", "--file", str(letter), "--lines")
    assert found["lines"][0]["facts"]["as"] == "line"
    # That the server read it is in the log, too.
    assert any("search" in one["text"] for one in space.json("evidence", "readers-of", rain)["lines"])
    assert space.json("evidence", "models-with-record", "ef" * 32, "--lines")["lines"] == []


def test_custody_and_a_hold(space, rain, model):
    assert "in custody until" in space.run("facility", "delete", rain, "--yes", code=1).output
    [one] = [each for each in space.json("custody", "list") if each["version"] == rain]
    assert "rain-net was trained on it" in one["keepings"][0]["reason"] or "rain-tuned" in one["keepings"][0]["reason"]
    [held] = space.json("custody", "hold", rain, "--reason", "The case of Maria Müller.")
    assert held["stands"] is True
    space.run("custody", "release", rain, "--why", "Maria Müller asked us to.")
    assert held["id"] in space.run("facility", "delete", rain, "--yes", code=1).output
    lifted = space.json("custody", "lift", held["id"])
    assert lifted["stands"] is False
    space.run("custody", "lift", held["id"], code=1)
    kept = space.json("custody", "keep", rain, "--until", "2040-01-01")
    assert kept["keepings"][0]["until"].startswith("2040-01-01")
    assert "over" in space.run("custody", "keep", rain, "--until", "2020-01-01", code=1).output
    elsewhere = space.json("custody", "keep", rain, "--keeper", "National Archive")
    assert len(elsewhere["keepings"]) == 2


def test_a_drill_from_both_tiers_and_its_report(space, rain, model, tmp_path):
    out = tmp_path / "drill.json"
    report = space.json("custody", "drill", rain, "-o", str(out))
    assert (report["sound"], report["drills"][0]["tier"]) == (True, "hot")
    assert json.loads(out.read_text("utf-8"))["drills"] == report["drills"]
    space.run("facility", "tier", rain, "cold")
    said = space.run("custody", "drill", "--sample", "3").stdout
    assert "from the cold tier" in said
    assert "all sound" in said
    assert "Nothing is overdue" in space.run("custody", "drill").stdout
    space.run("custody", "drill", "nothing@1", code=1)
    [pack] = (space.home / "facility-cold").glob("alice/*/packs/*")
    plain = pack.read_bytes()
    pack.write_bytes(plain[:100] + bytes([plain[100] ^ 1]) + plain[101:])
    report = space.json("custody", "drill", rain, code=1)
    assert report["sound"] is False
    assert report["drills"][0]["problems"]
    pack.write_bytes(plain)
    assert space.json("custody", "drill", rain)["sound"] is True
    where = space.json("evidence", "where", rain)
    assert any("fetched back" in one["text"] for one in where["lines"])


def test_the_story_of_a_version_a_model_and_a_hold(space, rain, model):
    story = space.json("explain", rain)
    assert (story["kind"], story["state"]) == ("stored version", "KEPT")
    assert any("Opened to train" in one["detail"] for one in story["history"])
    assert "rain-net" in story["related"]["trained"]
    story = space.json("explain", "rain-net")
    assert (story["kind"], rain in story["related"]) == ("model", True)
    [held] = space.json("custody", "hold", rain, "--reason", "Case 12.", "--until", "2040-01-01")
    story = space.json("explain", held["id"])
    assert (story["state"], story["until"][:4]) == ("STANDS", "2040")
    space.run("custody", "lift", held["id"])
    assert space.json("explain", held["id"])["state"] == "OVER"
    space.run("explain", "nothing@1", code=1)
    space.run("explain", "no-net", code=1)
    assert space.json("status")["custody"] == []


def test_risk(space, rain, model):
    [risk] = space.json("model", "risk", "rain-net")
    assert {one["mark"]: one["share"] for one in risk["shares"]} == dict.fromkeys(
        ("outside the EU", "origin unknown", "rights unclear", "personal data", "persons unknown"), 0.0
    )
    other = space.data / "other"
    other.mkdir()
    (other / "a.txt").write_text("x" * 1_000)
    id = space.json("facility", "import", str(other), "--name", "other", "--place", "US", "--personal")["id"]
    both = space.json("evidence", "risk", rain, id)
    assert both["marks"][id] == ["outside the EU", "rights unclear", "personal data"]
    share = next(one for one in both["shares"] if one["mark"] == "outside the EU")
    assert share["size"] == 1_000
    assert "What to do:" in space.run("evidence", "risk", id).stdout


def test_nothing_personal_is_in_the_log(space, rain, model):
    with hanse.Client(home=space.home, participant="alice") as client:
        entries = [client.ledger.get(str(one.index)) for one in client.ledger.list()]
    text = str([(one.sentence, one.says) for one in entries])
    assert len(entries) > 5
    for word in ("Maria", "maria", "Müller", "letter.txt"):
        assert word not in text
