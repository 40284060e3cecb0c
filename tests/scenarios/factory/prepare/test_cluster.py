"""The same pipeline here and on a Ray cluster of two nodes gives the same bytes; under Slurm, by the script that people are shown.

Where Slurm cannot run, the same two nodes are started without it: starting Ray is what costs time, so it is done once.
"""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hanse.client.preparing.prepare import prepare
from tests.scenarios.factory.prepare.slurm import Slurm, missing
from tests.services.processes import free_port, require, stop, wait_until

SCRIPTS = Path("examples/slurm").absolute()
PIPELINE = """\
- tokenise: {vocabulary: 400, sample: 100000}
- pack: {context: 64, shard_size: 65536}
"""
ROWS = 70_000
"""Two parts: a part has at most 65,536 records."""
SECONDS = 150


@pytest.fixture(scope="module")
def place():
    """Yield a folder with a short path (sockets are in it), a table and a pipeline."""
    folder = Path(tempfile.mkdtemp(prefix="hr-", dir="/tmp"))
    chance = random.Random(5)
    (folder / "in").mkdir()
    with (folder / "in" / "rows.csv").open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["text"])
        rows.writerows([f"row {chance.randrange(ROWS)} of this table"] for _ in range(ROWS))
    (folder / "p.yaml").write_text(PIPELINE)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def settings(place):
    """Return the environment of both nodes: loopback, no figures for anybody, a folder of their own."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    own = {
        "PATH": programs,
        "NODE_ADDRESS": "127.0.0.1",
        "RAY_TMPDIR": str(place / "ray"),
        "HANSE_SLURM": str(SCRIPTS),
        "HEAD_PORT": str(free_port()),
    }
    return os.environ | own | {"PYTHONPATH": ""}


@pytest.fixture(scope="module")
def here(place):
    """Return what preparing gives on this machine."""
    made = prepare(place / "p.yaml", inputs=[place / "in"], into=place / "here", workshop=place / "shop-here", workers=1)
    assert made.report.steps[0].records_out == ROWS
    assert sum(one.name.startswith("train") for one in (place / "here").iterdir()) > 1
    return contents(place / "here")


def contents(folder: Path) -> dict[str, bytes]:
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


def words(place: Path) -> list[str]:
    return [str(place / "p.yaml"), "--folder", str(place / "in"), "--into", str(place / "out"), "--workshop", str(place / "shop")]


def under_slurm(place: Path, settings: dict[str, str]) -> str:
    """Submit the script to a Slurm of two nodes; return what the job said."""
    require(missing())
    (place / "slurm").mkdir(mode=0o755)
    slurm = Slurm(place / "slurm")
    try:
        log = place / "job.log"
        options = ["--parsable", "--nodes=2", "--cpus-per-task=1", f"--output={log}", f"--chdir={place}"]
        command = ["sbatch", *options, str(SCRIPTS / "prepare.sbatch"), *words(place)]
        done = subprocess.run(command, env=settings | slurm.settings, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        ended = slurm.ended(done.stdout.strip(), SECONDS)
        said = log.read_text() if log.exists() else ""
        assert "ExitCode=0:0" in ended, f"{ended}\n{said}"
        return said
    finally:
        slurm.stop()


def without_slurm(place: Path, settings: dict[str, str]) -> str:
    """Start two nodes as the script does, and prepare on them; return what the command said."""
    address = f"127.0.0.1:{free_port()}"
    log = place / "nodes.log"
    nodes = []
    try:
        for number in ("0", "1"):
            with log.open("ab") as out:
                command = ["bash", str(SCRIPTS / "ray-node.sh"), address]
                nodes.append(subprocess.Popen(command, env=settings | {"SLURM_PROCID": number}, stdout=out, stderr=out))
        asking = settings | {"RAY_ADDRESS": address}
        wait_until(lambda: _nodes(asking) == 2, nodes[0], log, "ray")
        command = ["hanse", "prepare", *words(place), "--on", "ray"]
        done = subprocess.run(command, env=asking, capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 0, done.stderr
        return done.stdout
    finally:
        for node in nodes:
            stop(node)


def _nodes(settings: dict[str, str]) -> int:
    done = subprocess.run(["ray", "status"], env=settings, capture_output=True, text=True, timeout=60)
    return done.stdout.count(" node_")


@pytest.mark.slow
def test_two_nodes_give_the_same_bytes_as_one_process(place, settings, here) -> None:
    run = without_slurm if os.geteuid() != 0 or (missing() and os.environ.get("CI") != "true") else under_slurm
    said = run(place, settings)
    assert "tokenise" in said
    assert contents(place / "out") == here
    assert not (place / "shop").exists()
