"""A package of one's own that finds more: names, which no pattern knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from hanse.factory.prepare.steps.personal import scan as scanning
from hanse.factory.prepare.steps.personal.step import Personal
from hanse.kernel.errors import Misconfigured

CODE = """
from hanse.factory.prepare.steps.personal.findings import Found


class Names:
    kinds = ("name",)

    def find(self, chunk):
        at = chunk.data.find(b"Anna Berg")
        while at >= 0:
            yield Found(at, at + 9, "name")
            at = chunk.data.find(b"Anna Berg", at + 1)


names = Names()
nothing = object()
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "our_names.py").write_text(CODE)
    info = tmp_path / "our_names-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: our-names\nVersion: 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    scanning.detectors.cache_clear()
    yield info / "entry_points.txt"
    scanning.detectors.cache_clear()


def test_its_kinds_are_found(installed: Path) -> None:
    installed.write_text("[hanse.detectors]\nnames = our_names:names\n")
    step = Personal(find=("name", "email"))
    step.check()
    rows = {"id": ["1", "2"], "source": ["s", "s"], "text": pa.array(["Anna Berg <a@example.org>", "of Anna Berg"], pa.large_string())}
    applied = step.apply(pa.table(rows), None)
    assert applied.records.column("text").to_pylist() == ["[NAME] <[EMAIL]>", "of [NAME]"]
    assert applied.counts == {"personal-email": 1, "personal-name": 2}


def test_what_is_no_detector_is_refused(installed: Path) -> None:
    installed.write_text("[hanse.detectors]\nnames = our_names:nothing\n")
    with pytest.raises(Misconfigured):
        scanning.kinds()
