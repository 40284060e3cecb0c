"""`hanse quality assess` on a stored version: opened, counted and logged, and reported as what it is."""

from __future__ import annotations

import hanse
from hanse.factory.quality.report import digest_of_report, read_report

USE = """\
use: Predict the rain of tomorrow
at: 2026-03-01T00:00:00Z
columns:
  rain: {type: number, min: 0}
time: {column: day, max_age: 100}
"""


def test_a_stored_version(space):
    folder = space.data / "rain"
    folder.mkdir()
    (folder / "rain.csv").write_text("day,rain,seen\n2026-01-01,3.5,by ada@example.org\n2026-01-02,-1,\n2026-01-02,-1,\n")
    version = space.json("facility", "import", str(folder), "--name", "rain", "--rights", "CC0-1.0")
    use = space.folder / "use.yaml"
    use.write_text(USE)
    told = space.json("quality", "assess", version["id"], "--use", str(use), "--into", str(space.folder / "quality"), "--action", "train")
    into = space.folder / "quality"
    assert sorted(one.name for one in into.iterdir()) == ["report.html", "report.json", "report.jsonld", "report.pdf"]
    report = read_report((into / "report.json").read_bytes())
    assert told["digest"] == digest_of_report(report)
    assert (report.assessed.version, report.assessed.root, report.assessed.files) == (version["id"], version["root"], 1)
    assert report.by.endswith(":alice")
    assert (report.value("records"), report.value("syntactic-accuracy"), report.value("duplicates")) == (3, 0.333333333, 0.333333333)
    assert report.value("personal-data") == 0.333333333
    assert report.value("provenance-completeness") is not None
    assert any("opened" in str(one).lower() and version["id"] in str(one) for one in space.json("ledger", "list")), "it is in the log"
    with hanse.Client(home=space.home, participant="alice") as client:
        again = hanse.assess(version["id"], use=use, client=client)
    assert again.report.measurements == report.measurements
