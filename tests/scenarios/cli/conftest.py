"""A space as `hanse up` makes it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hanse.cli.root import hanse
from tests.services.processes import accepts_connections, free_port, stop, wait_until

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("HANSE_")}


class Space:
    """The home folder of a running space, and commands in it."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.home = folder / ".hanse"
        self.data = folder / "data"
        self.port = port
        self.process = process

    def run(self, *words: str, who: str = "alice", code: int | None = 0, **environment: str) -> Result:
        """Run a command as a participant, and expect an exit code."""
        named = [] if environment else ["--participant", who]
        empty = {name: None for name in os.environ if name.startswith("HANSE_")}
        done = CliRunner().invoke(hanse, [*words, "--home", str(self.home), *named], env=empty | environment)
        if code is not None:
            assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        assert _tokens(self.home).isdisjoint(done.output.split('"'))
        return done

    def json(self, *words: str, who: str = "alice", code: int = 0) -> Any:
        """Run a command with --json; its output must be one JSON document and nothing else."""
        return json.loads(self.run(*words, "--json", who=who, code=code).stdout)

    def offer(self, name: str, *more: str, body: str = "a,b\n1,2\n", who: str = "alice") -> str:
        """Offer a file; return its id."""
        path = self.data / name
        path.write_text(body)
        return str(self.json("offer", str(path), *more, who=who)["id"])


def _tokens(home: Path) -> set[str]:
    from hanse.client.profiles import read

    return {one.token for one in read(home)[0].values()}


def start(folder: Path, *words: str, port: int) -> subprocess.Popen[bytes]:
    """Start `hanse` with these words in a folder, and wait until the port answers."""
    log = (folder / "up.log").open("ab")
    process = subprocess.Popen([sys.executable, "-m", "hanse.cli", *words], cwd=folder, env=CLEAN, stdout=log, stderr=log)
    log.close()
    wait_until(lambda: accepts_connections(port), process, folder / "up.log", "hanse")
    return process


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    """Yield a space with the participants alice (who made it) and bob."""
    folder = tmp_path_factory.mktemp("space")
    (folder / "data").mkdir()
    port = free_port()
    process = start(folder, "up", "--name", "alice", "--port", str(port), port=port)
    found = Space(folder, port, process)
    try:
        found.run("participant", "add", "bob", "--root", str(found.data), "--join", who="host")
        yield found
    finally:
        stop(process)
