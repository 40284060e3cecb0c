"""Packages from npm that the tests drive: installed once, with exact versions, into a folder of their own under `.cache`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.services.processes import require

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "npm"
NPM_SECONDS = 300
NODE_SECONDS = 60


def run_script(script: Path, question: object, *packages: str) -> Any:
    """Run a module of ours with these packages (`NAME@VERSION`); it gets the question as JSON and answers as JSON.

    Skips the test, saying why, where there is no node or npm does not find the packages; with CI=true that is a failure.
    """
    node = shutil.which("node")
    require(None if node else "this test needs node 18 or newer: install the packages nodejs and npm")
    folder = _installed(packages)
    require(folder if isinstance(folder, str) else None)
    # A module from the command line finds packages in the folder that it is run in.
    done = subprocess.run(
        [str(node), "--input-type=module", "--eval", script.read_text()],
        cwd=folder,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=NODE_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@cache
def _installed(packages: tuple[str, ...]) -> Path | str:
    """Return the folder with the packages, or why there is none. A "no" is kept for one run of the tests."""
    folder = CACHE / sha256(" ".join(packages).encode()).hexdigest()[:12]
    if folder.is_dir():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        return "this test needs npm: install the package npm"
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="new-", ignore_cleanup_errors=True) as fresh:
        Path(fresh, "package.json").write_text('{"private": true}')
        try:
            done = _npm(npm, Path(fresh), packages)
        except subprocess.TimeoutExpired:
            return f"npm had no answer for {NPM_SECONDS} s"
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if "error" in line.lower()] or ["it said nothing"]
            return f"npm did not install {' '.join(packages)}: {errors[0][:200]}"
        with suppress(OSError):  # another run of the tests was faster
            Path(fresh).replace(folder)
    return folder


def _npm(npm: str, folder: Path, packages: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    quiet = ("--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--no-update-notifier")
    command = [npm, "install", "--save-exact", *quiet, *packages]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=NPM_SECONDS
    )
