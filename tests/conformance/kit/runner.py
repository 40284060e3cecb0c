"""Finds the kit by its Maven coordinates, runs it, and reads its results from what it prints: its exit code is always 0."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.services.processes import free_port, require, stop

POM = Path(__file__).with_name("pom.xml")
CACHE = Path(__file__).resolve().parents[3] / ".cache" / "kits"
COORDINATES = "org.eclipse.dataspacetck.dsp:dsp-tck:1.0.1"
CONTROL = "junit:junit:4.13.2"
"""An artifact that every registry has: where it is not found either, the registry is at fault, not the kit."""
MAIN_CLASS = "org.eclipse.dataspacetck.dsp.suite.DspTckSuite"
OWN_CLASS_PATH = "DSP_KIT_CLASSPATH"
"""Environment variable: the class path of a copy of the kit, for a machine whose Maven repositories do not have it."""

_RESULT = re.compile(r"\b(SUCCESSFUL|FAILED): (\S+)\s*$")
_SUMMARY = re.compile(r"\b(Passed|Failed) tests: (\d+)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class KitMissing(Exception):
    """The kit cannot run here; the message says what is missing and what would help."""


class KitNotInRegistry(KitMissing):
    """The registry answers, and says that it has no such kit: nobody on this machine can mend that."""


class KitFailed(Exception):
    """The kit ran, but what it printed is no complete report."""


@dataclass(frozen=True)
class KitResult:
    """What the kit found: names such as `CN:01-01`, sorted, and all that it printed."""

    passed: list[str]
    failed: list[str]
    output: str


def require_kit(announce: Callable[[str], None] = print, find: Callable[[], str] | None = None) -> None:
    """Skip the test where the kit cannot run, saying why; with CI=true that is a failure.

    One thing is a skip with CI=true as well, and announced: a registry that works and does not hold the kit. The decision is
    in `docs/decisions/0010-dsp-kit-missing-from-the-registry.md`.

    Args:
        announce: takes lines that must be seen.
        find: finds the class path, and raises as `class_path` does, which is the default.
    """
    missing = _missing_now(find or class_path)
    if isinstance(missing, KitNotInRegistry):
        line = f"DSP kit: NOT RUN, the registry does not hold {COORDINATES}"
        announce(line)
        pytest.skip(f"{line} ({missing})")
    require(None if missing is None else str(missing))
    if os.environ.get(OWN_CLASS_PATH):
        announce(f"DSP kit: the copy that {OWN_CLASS_PATH} names, not the registry's")


def _missing_now(find: Callable[[], str]) -> KitMissing | None:
    try:
        find()
    except KitMissing as missing:
        return missing
    return None


def class_path() -> str:
    """Return the class path of the kit, found once by Maven and then kept under `.cache/kits`.

    Raises:
        KitMissing: if Java, Maven or the kit is not to be had here.
    """
    if shutil.which("java") is None:
        raise KitMissing("the compatibility kit needs Java 17 or newer: install the package default-jre-headless")
    own = os.environ.get(OWN_CLASS_PATH)
    if own:
        return own
    kept = CACHE / f"dsp-{sha256(POM.read_bytes()).hexdigest()[:12]}.classpath"
    if kept.exists():
        found = kept.read_text().strip()
        if all(Path(jar).exists() for jar in found.split(os.pathsep)):
            return found
    return _ask_maven(kept)


def run_kit(properties: Mapping[str, str], *, timeout_seconds: float = 900) -> KitResult:
    """Run the whole kit and return its results; each result line is printed as it comes.

    Args:
        properties: see `kit_properties.connector_properties`; where the kit listens is added unless given.
        timeout_seconds: after which the kit is killed.

    Raises:
        KitMissing: if the kit cannot run here.
        KitFailed: if it did not run to its end, or its own count contradicts its lines.
    """
    port = free_port()
    defaults = {
        "dataspacetck.ansi": "false",
        "dataspacetck.host": "127.0.0.1",
        "dataspacetck.port": str(port),
        "dataspacetck.callback.address": f"http://localhost:{port}",
    }
    lines = list(_echoed(_run(defaults | dict(properties), timeout_seconds)))
    return read_results("\n".join(lines))


def read_results(output: str) -> KitResult:
    """Read the results from what the kit printed.

    Raises:
        KitFailed: if the report is cut short, or the kit's own count contradicts its lines.
    """
    results = [match.groups() for line in output.splitlines() if (match := _RESULT.search(line))]
    passed = sorted(name for verdict, name in results if verdict == "SUCCESSFUL")
    failed = sorted(name for verdict, name in results if verdict == "FAILED")
    counted = {verdict: int(number) for verdict, number in _SUMMARY.findall(output)}
    if counted != {"Passed": len(passed), "Failed": len(failed)} or "Test run complete" not in output:
        tail = "\n".join(output.splitlines()[-30:])
        raise KitFailed(f"{len(passed)} passed, {len(failed)} failed, but the kit's own count is {counted or 'missing'}:\n{tail}")
    return KitResult(passed, failed, output)


def _ask_maven(kept: Path) -> str:
    kept.parent.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(".new")
    found, said = _maven("-U", "-f", str(POM), "dependency:build-classpath", "-DincludeScope=runtime", f"-Dmdep.outputFile={unfinished}")
    if not found or not unfinished.exists():
        raise why_missing(said, control_is_found)
    unfinished.replace(kept)
    return kept.read_text().strip()


def why_missing(said: str, control_found: Callable[[], bool]) -> KitMissing:
    """Return why Maven, which said that, did not find the kit: not in the registry, or anything else.

    "Could not find artifact" is the registry's definite no; a registry that cannot be reached "could not transfer". A
    registry that does not have the control artifact either is no witness.
    """
    errors = [line for line in said.splitlines() if "ERROR" in line]
    first = errors[0] if errors else "it said nothing"
    group, artifact, version = COORDINATES.split(":")
    refused = re.search(rf"Could not find artifact {re.escape(group)}:{re.escape(artifact)}:(?:\w+:)?{re.escape(version)}\b", said)
    if refused and control_found():
        return KitNotInRegistry(f"Maven finds {CONTROL} there, but says of the kit: {refused[0]}")
    return KitMissing(f"Maven did not find the compatibility kit: {first}")


def control_is_found() -> bool:
    """Tell whether the registry gives out the control artifact now, whatever this machine has kept of it.

    Maven is given a repository that lacks the control's group alone, so that it must ask, and need not fetch its own plugins.
    """
    with tempfile.TemporaryDirectory(prefix="hanse-kit-") as folder:
        group = CONTROL.partition(":")[0]
        for kept in (Path.home() / ".m2" / "repository").glob("*"):
            if kept.name != group:
                (Path(folder) / kept.name).symlink_to(kept)
        return _maven(f"-Dmaven.repo.local={folder}", "dependency:get", f"-Dartifact={CONTROL}:pom", "-Dtransitive=false")[0]


def _maven(*arguments: str) -> tuple[bool, str]:
    """Run Maven; return whether it succeeded, and what it said."""
    program = shutil.which("mvn")
    if program is None:
        raise KitMissing("the compatibility kit is found by Maven: install the package maven")
    command = [program, "-q", "-B", *arguments]
    try:
        asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=900)
    except subprocess.TimeoutExpired:
        raise KitMissing("Maven had no answer for 15 minutes") from None
    return asked.returncode == 0, _COLOUR.sub("", asked.stdout + asked.stderr)


def _run(properties: Mapping[str, str], timeout_seconds: float) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="hanse-kit-") as folder:
        config = Path(folder) / "kit.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        process = subprocess.Popen(
            ["java", "-cp", class_path(), MAIN_CLASS, "-config", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        alarm = threading.Timer(timeout_seconds, process.kill)
        alarm.start()
        try:
            assert process.stdout is not None
            yield from (line.rstrip("\n") for line in process.stdout)
        finally:
            alarm.cancel()
            stop(process)


def _echoed(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        plain = _COLOUR.sub("", line)
        if match := _RESULT.search(plain):
            print(f"{match[1]}: {match[2]}", flush=True)
        yield plain
