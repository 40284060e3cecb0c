"""Preparing is killed at fifty random points, and files of it are damaged: it always ends in the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ACCOUNT = ["_account/dropped.parquet", "_account/report.json"]


def test_fifty_lives_end_in_the_same_product(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.scenarios.factory.prepare.killing", str(tmp_path / "lives"), "50"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["wrong"] == [], done.stderr
    assert told["killed"] >= 40
    assert told["steps"] > 100
    assert told["files"] == [
        *ACCOUNT,
        "index.txt",
        "texts-0000.txt",
        "texts-0002.txt",
        "texts.txt",
    ]
    assert told["modes"] == [0o700]
