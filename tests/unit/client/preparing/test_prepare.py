from __future__ import annotations

from pathlib import Path

import pytest

from hanse.client.preparing.prepare import prepare
from hanse.client.preparing.sources import of_folder
from hanse.kernel.errors import Conflict, Invalid, NotFound
from tests.unit.factory.prepare import tiny

STEPS = (tiny.Lines(), tiny.Short(), tiny.Texts())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of texts, with what is no part of it."""
    found = tmp_path / "My Texts"
    (found / "deep").mkdir(parents=True)
    (found / "b.txt").write_text("second")
    (found / "deep" / "a.txt").write_text("first\nab")
    (found / ".hidden").write_text("hidden")
    (found / "link.txt").symlink_to(found / "b.txt")
    return found


def test_a_folder_is_read_where_it_is_and_becomes_a_folder(folder: Path, tmp_path: Path) -> None:
    made = prepare(STEPS, inputs=[folder], into=tmp_path / "out", workshop=tmp_path / "shop", workers=1)
    assert made.version is None
    assert made.folder == tmp_path / "out"
    assert (made.folder / "texts-0000.txt").read_text() == "second\nfirst\n"
    assert not (tmp_path / "shop").exists()
    assert (folder / "b.txt").read_text() == "second"


def test_links_and_hidden_files_are_left_out(folder: Path) -> None:
    found = of_folder(folder)
    assert (found.version, [one.path for one in found.files]) == ("my-texts@0", ["b.txt", "deep/a.txt"])
    with pytest.raises(NotFound):
        of_folder(folder / "nothing")


@pytest.mark.parametrize(
    ("given", "kind", "where"),
    [
        ({"inputs": []}, Invalid, "inputs"),
        ({"inputs": [Path("a"), "b@1"], "into": "x"}, Invalid, "inputs"),
        ({"inputs": [Path("a")]}, Invalid, "into"),
        ({"inputs": [Path("a")], "into": "/tmp"}, Conflict, "/tmp"),
        ({"inputs": ["a@1"], "into": "x", "name": "x"}, Invalid, "into"),
        ({"inputs": ["a@1"]}, Invalid, "name"),
        ({"inputs": ["a@1"], "name": "../x"}, Invalid, "name"),
        ({"inputs": ["a@1"], "name": "x", "on": "nowhere"}, Invalid, "on"),
        ({"inputs": ["a@1"], "name": "x", "workers": 0}, Invalid, "workers"),
    ],
    ids=["none", "both", "no folder", "there already", "versions into a folder", "no name", "bad name", "place", "workers"],
)
def test_what_makes_no_sense_is_refused_before_anything_is_opened(given: dict[str, object], kind: type[Exception], where: str) -> None:
    with pytest.raises(kind) as caught:
        prepare(STEPS, **given)
    assert caught.value.where == where


def test_an_early_end_says_that_the_workshop_is_still_there(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"No record is left"):
        prepare(
            (tiny.Lines(), tiny.Short(least=99), tiny.Texts()), inputs=[folder], into=tmp_path / "o", workshop=tmp_path / "s", workers=1
        )
    assert not (tmp_path / "s").exists(), "going on could only end in the same"

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        prepare(STEPS, inputs=[folder], into=tmp_path / "o", workshop=tmp_path / "w", workers=1, progress=stop)
    assert "goes on there" in caught.value.__notes__[0]
