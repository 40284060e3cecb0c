"""`hanse.assess` on folders and files of this machine: no server is asked."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

import hanse
from hanse.client.quality.stated_file import read_stated
from hanse.evidence.kinds.base import Object
from hanse.evidence.statement import digest_of, root_of_files
from hanse.factory.quality.report import digest_of_report, read_report
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Invalid, NotFound, TooLarge

CLOCK = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
TEXTS = ["Rain falls on the town and on the fields around it, as it has done all week long.", "Write to ada@example.org."]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a table of texts, of which two are the same but for a word."""
    folder = tmp_path / "news"
    folder.mkdir()
    near = TEXTS[0].replace("week", "month")
    (folder / "texts.csv").write_text("text\n" + "".join(f'"{text}"\n' for text in (*TEXTS, near)))
    (folder / ".hidden.csv").write_text("x\n1\n")
    return folder


def test_a_folder_becomes_a_report_in_four_forms(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    steps: list[tuple[int, int]] = []
    found = hanse.assess(folder, into=tmp_path / "out", by="me", clock=CLOCK, progress=lambda done, of, step: steps.append((done, of)))
    data = (folder / "texts.csv").read_bytes()
    assert found.report.assessed.root == root_of_files([Object("texts.csv", digest_of(data), len(data))])
    assert (found.report.assessed.version, found.report.by, found.report.at) == ("news", "me", CLOCK.now())
    assert found.report.value("personal-data") == 0.333333333
    assert found.report.value("near-duplicates") is not None
    assert found.folder == tmp_path / "out"
    written = {one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()}
    assert sorted(written) == ["report.html", "report.json", "report.jsonld", "report.pdf"]
    assert digest_of_report(read_report(written["report.json"])) == found.digest
    assert found.digest.encode() in written["report.jsonld"]
    assert found.digest.encode() in written["report.html"]
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1]
    assert not any((tmp_path / "temporary").iterdir()), "nothing is left of the workshop"
    hanse.assess(folder / "texts.csv", into=tmp_path / "out", clock=CLOCK)
    assert read_report((tmp_path / "out" / "report.json").read_bytes()).assessed.version == "texts.csv", "replaced"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound):
        hanse.assess(tmp_path / "gone.csv")
    with pytest.raises(NotFound):
        hanse.assess("gone.csv")
    with pytest.raises(Invalid):
        hanse.assess(tmp_path / "empty")


def test_mistakes_in_what_is_stated_are_named_by_line(tmp_path: Path) -> None:
    use = tmp_path / "use.yaml"
    use.write_text("use: x\ncolumns:\n  a: {type: number}\n  b: {type: colour}\n")
    with pytest.raises(Invalid) as caught:
        read_stated(use)
    assert caught.value.message.startswith("Line 4: ")
    assert caught.value.where == f"{use}: columns.b.type"
    use.write_text("#" * (257 << 10))
    with pytest.raises(TooLarge):
        read_stated(use)
    with pytest.raises(NotFound):
        read_stated(tmp_path / "no.yaml")


def test_a_population_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "shares.yaml").write_text("sex:\n  f: 0.5\n  m: 0.5\n")
    stated = read_stated({"use": "x", "population": {"town": {"a": 1.0}}}, tmp_path / "shares.yaml")
    assert stated.population == {"sex": {"f": 0.5, "m": 0.5}}
    assert stated.use == "x"
    (tmp_path / "shares.yaml").write_text("sex:\n  f: 0.5\n  m: 0.4\n")
    with pytest.raises(Invalid) as caught:
        read_stated(None, tmp_path / "shares.yaml")
    assert "population.sex" in str(caught.value.where)


def test_no_figure_of_a_column_of_personal_numbers_is_anybodys(tmp_path: Path) -> None:
    numbers = "\n".join(["4111111111111111", "5555555555554444", "4000000000000002"] * 2)
    (tmp_path / "a.csv").write_text(f"card\n{numbers}\n")
    (profile,) = hanse.assess(tmp_path).report.profiles
    assert profile.kind == "number"
    assert (profile.least, profile.most, profile.quantiles, profile.bars) == (None, None, (), ())
    assert "not shown" in profile.note
