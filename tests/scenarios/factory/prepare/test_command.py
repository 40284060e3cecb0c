"""`hanse prepare`: two versions become one that trains, and the log tells how."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import hanse
from tests.services.processes import wait_until

PIPELINE = """\
# Texts that are too short, or there already, are left out.
- gopher: {min_words: 6, max_top: {}, max_repeated: {}}
- exact-duplicates
- parquet
"""
LONG = "The quick brown fox jumps over the lazy dog, and number {} of the hounds that saw it has not been so quick.\n"


@pytest.fixture(scope="module")
def versions(space):
    """Import two folders; return the ids of the versions."""
    found = []
    for name, numbers in (("tales", range(20)), ("more", range(15, 30))):
        folder = space.data / name
        folder.mkdir()
        for number in numbers:
            (folder / f"{number}.txt").write_text(LONG.format(number))
        (folder / "short.txt").write_text("Too short.\n")
        found.append(space.json("facility", "import", str(folder), "--name", name, "--rights", "CC0-1.0")["id"])
    return found


@pytest.fixture(scope="module")
def pipeline(space):
    """Return a pipeline's file."""
    path = space.folder / "pipeline.yaml"
    path.write_text(PIPELINE)
    return path


@pytest.fixture(scope="module")
def made(space, versions, pipeline):
    """Prepare both versions; return what the command tells."""
    named = [word for one in versions for word in ("--from", one)]
    workshop = space.folder / "shop"
    told = space.json(
        "prepare", str(pipeline), *named, "--into", "ready", "--action", "train", "--workers", "1", "--workshop", str(workshop)
    )
    assert not workshop.exists()
    return told


def test_each_record_is_accounted_for(made):
    steps = [(one["name"], one["records_in"], one["records_out"], one.get("reasons", {})) for one in made["report"]["steps"]]
    assert steps == [
        ("decode", 37, 37, {}),
        ("gopher", 37, 35, {"gopher-too-short": 2}),
        ("exact-duplicates", 35, 30, {"exact-duplicate": 5}),
        ("parquet", 30, 30, {}),
    ]
    assert [one["version"] for one in made["report"]["inputs"]] == ["tales@1", "more@1"]


def test_the_product_is_a_version_made_of_both(space, made, versions):
    assert made["version"]["id"] == "ready@1"
    assert [one["version"] for one in made["version"]["made_of"]] == versions
    with client(space) as alice, hanse.open("ready@1", action="train", client=alice) as data:
        assert sorted(file.path for file in data.files) == ["_account/dropped.parquet", "_account/report.json", "train-00000.parquet"]
        assert data.table()["source"].to_pylist() == ["tales@1"] * 20 + ["more@1"] * 10
        assert json.loads(data.read("_account/report.json")) == made["report"]
        dropped = data.table(["_account/dropped.parquet"])
    assert dropped.num_rows == 7
    assert "more@1/15.txt#1" in dropped["id"].to_pylist()


def test_each_step_is_signed_into_the_log(space, made):
    said = "".join(space.run("ledger").output.split())
    for word in ("decode", "gopher", "exact-duplicates", "ready@1"):
        assert word in said


def test_a_person_sees_a_table_and_gets_the_same_version(space, made, pipeline, versions):
    named = [word for one in versions for word in ("--from", one)]
    words = ["prepare", str(pipeline), *named, "--into", "ready", "--action", "train", "--workers", "1"]
    shown = space.run(*words, "--workshop", str(space.folder / "again")).output
    assert "gopher-too-short 2" in shown
    assert "ready@1: 3 files" in shown


def test_from_python_it_is_one_line(space, made, versions):
    steps = [{"gopher": {"min_words": 6, "max_top": {}, "max_repeated": {}}}, "exact-duplicates", "parquet"]
    with client(space) as alice:
        prepared = hanse.prepare(
            steps, inputs=versions, name="ready", action="train", client=alice, workers=1, workshop=space.folder / "py"
        )
    assert prepared.version is not None
    assert prepared.version.id == "ready@1"
    assert prepared.report.pipeline == made["report"]["pipeline"]


def test_what_cannot_be_prepared_is_said_before_anything_is_written(space, pipeline, versions, tmp_path):
    workshop = ["--workshop", str(tmp_path / "shop"), "--workers", "1"]
    bad = tmp_path / "bad.yaml"
    bad.write_text("- language\n- gopher:\n    min_word: 3\n")
    said = space.run("prepare", str(bad), "--from", versions[0], "--into", "x", *workshop, code=1).output
    assert "Line 2" in said
    assert "step 2 (gopher).min_word" in said
    assert "`min_words` is meant" in said
    assert (
        "there is no version" in space.run("prepare", str(pipeline), "--from", "nothing@1", "--into", "x", *workshop, code=1).output.lower()
    )
    assert "--from or --folder" in space.run("prepare", str(pipeline), "--into", "x", code=2).output
    assert (
        "derived version needs a name"
        in space.run("prepare", str(pipeline), "--from", versions[0], "--into", "X y", *workshop, code=1).output
    )
    assert list(tmp_path.iterdir()) == [bad]


def test_all_steps_are_listed_with_their_parameters(space):
    listed = space.json("prepare", "--steps")
    assert {one["name"]: one["kind"] for one in listed}.items() >= {("decode", "reader"), ("gopher", "step"), ("pack", "writer")}
    assert "min_words: 50" in space.run("prepare", "--steps").output


def test_ctrl_c_leaves_a_workshop_in_which_the_same_command_goes_on(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    chance = random.Random(6)
    for number in range(100):
        words = ["".join(chance.choices("abcdefghij", k=5)) for _ in range(1_500)] + ["the", "of"]
        (tmp_path / "in" / f"{number}.txt").write_text(" ".join(words))
    (tmp_path / "p.yaml").write_text("- gopher\n- gopher\n- gopher\n- gopher\n- gopher\n- parquet\n")
    command = [
        sys.executable,
        "-m",
        "hanse.cli",
        "prepare",
        "p.yaml",
        "--folder",
        "in",
        "--into",
        "out",
        "--workers",
        "2",
        "--workshop",
        "shop",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: any((tmp_path / "shop" / "tasks" / "0").glob("*.json")), process, tmp_path / "p.yaml", "hanse prepare")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "goes on where it stopped" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "train-00000.parquet" in {one.name for one in (tmp_path / "out").iterdir()}
    assert not (tmp_path / "shop").exists()


def client(space):
    from hanse.client.profiles import choose

    profile = choose(space.home, "alice")
    return hanse.Client(profile.url, profile.token)
