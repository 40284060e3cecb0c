"""`hanse evidence verify`: what people read, and what programs get. No server, no home folder."""

import json

import pytest
from click.testing import CliRunner

from hanse.cli.root import hanse
from tests.unit.evidence.archive.built import FILES, ZOO, Case


@pytest.fixture(scope="module")
def raw():
    return Case().pack()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HANSE_HOME", raising=False)

    def call(*words):
        return CliRunner().invoke(hanse, ["evidence", *map(str, words)])

    return call


def test_a_sound_archive_in_words(run, raw, tmp_path):
    (tmp_path / "rain.zip").write_bytes(raw)
    for name, content in FILES.items():
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_bytes(content)
    done = run("verify", "rain.zip", "--data", "data", "--timeline")
    assert done.exit_code == 0, done.output
    for words in (
        f"Evidence about the dataset rain@1, exported by {ZOO}.",
        "It is sound: nothing in it was changed since it was signed.",
        "unless you compare them with keys that you trust (--trust)",
        "Proved:",
        "By the exporter's word alone:",
        "Not there, or not known:",
        "The 3 files of rain@1 (108 bytes) are unchanged, every one of them.",
        "What was stated, in the order of the log:",
    ):
        assert words in done.output
    assert "What is wrong" not in done.output
    assert sorted(one.name for one in tmp_path.iterdir()) == ["data", "rain.zip"]


def test_the_verb_may_be_left_out(run, raw, tmp_path):
    (tmp_path / "rain.zip").write_bytes(raw)
    assert run("rain.zip").exit_code == 0


def test_a_tampered_archive_in_words(run, raw, tmp_path):
    place = raw.find(b'"size":4')
    (tmp_path / "rain.zip").write_bytes(raw[: place + 7] + b"5" + raw[place + 8 :])
    done = run("verify", "rain.zip")
    assert done.exit_code == 1
    assert "REFUSED: 4 faults. Do not rely on anything in it." in done.output
    assert "do not add up to its root, their number and their size: the list was changed. [versions/1.files.jsonl]" in done.output
    assert "The archive is whole" not in done.output


def test_for_programs(run, raw, tmp_path):
    (tmp_path / "rain.zip").write_bytes(raw)
    done = run("verify", "rain.zip", "--json")
    told = json.loads(done.output)
    assert (told["sound"], told["faults"], told["about"], told["by"]) == (True, 0, {"kind": "dataset", "name": "rain@1"}, ZOO)
    assert {one["sort"] for one in told["findings"]} == {"proved", "told", "missing"}
    (tmp_path / "rain.zip").write_bytes(raw + b"x")
    done = run("verify", "rain.zip", "--json")
    assert (done.exit_code, json.loads(done.output)["sound"]) == (1, False)


def test_what_is_no_archive(run, tmp_path):
    done = run("verify", "nothing.zip")
    assert done.exit_code == 1
    assert "cannot be read" in done.output
    (tmp_path / "text.zip").write_text("hello")
    done = run("verify", "text.zip")
    assert done.exit_code == 1
    assert "this is no evidence archive" in done.output
    assert run("verify").exit_code == 2


def test_a_key_that_is_trusted(run, raw, tmp_path):
    (tmp_path / "rain.zip").write_bytes(raw)
    done = run("verify", "rain.zip", "--trust", f"{ZOO}={'A' * 43}")
    assert done.exit_code == 1
    assert "a key that you did not name as trusted" in done.output
    done = run("verify", "rain.zip", "--trust", "nonsense=1")
    assert done.exit_code == 1
    assert "where: --trust" in done.output
