from __future__ import annotations

from pathlib import Path

import pytest

from hanse.anchor.rulebook.yamltree import MAX_BYTES
from hanse.client.preparing.pipeline_file import read_pipeline
from hanse.factory.prepare.pipeline import pipeline_of
from hanse.kernel.errors import HanseError, Invalid, Malformed, NotFound, TooLarge


def test_a_file_says_what_a_list_says(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("# comment\n- language\n- gopher:\n    min_words: 20\n    max_top: {2: 0.5}\n- parquet: {}\n")
    assert read_pipeline(path).digest == pipeline_of(["language", {"gopher": {"min_words": 20, "max_top": {2: 0.5}}}, "parquet"]).digest


@pytest.mark.parametrize(
    ("text", "kind", "said", "where"),
    [
        ("- language\n- langage\n", Invalid, "Line 2: There is no step", "p.yaml: step 2"),
        ("- language\n\n- gopher:\n    min_word: 3\n", Invalid, "Line 3: There is no field", "p.yaml: step 2 (gopher).min_word"),
        ("language: {}\n", Invalid, "a list of steps", "p.yaml: steps"),
        ("", HanseError, "", "p.yaml"),
        ("- [\n", Malformed, "not YAML", "p.yaml"),
        ("- &a language\n- *a\n", Invalid, "", "p.yaml"),
        ("- gopher: {min_words: 3, min_words: 4}\n", Invalid, "", "p.yaml"),
        ("- !!python/object:os.system {}\n", Invalid, "", "p.yaml"),
        ("- " * 40 + "x\n", HanseError, "", "p.yaml"),
    ],
    ids=["step", "field", "mapping", "empty", "no yaml", "alias", "twice", "tag", "deep"],
)
def test_a_mistake_is_named_by_its_line_step_and_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, kind: type[HanseError], said: str, where: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.yaml").write_text(text)
    with pytest.raises(kind) as caught:
        read_pipeline("p.yaml")
    assert said in caught.value.message
    assert (caught.value.where or "").startswith(where)


def test_a_file_is_bounded_and_a_text(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    with pytest.raises(NotFound):
        read_pipeline(path)
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(TooLarge):
        read_pipeline(path)
    path.write_bytes(b"- \xff\n")
    with pytest.raises(Invalid, match="UTF-8"):
        read_pipeline(path)
