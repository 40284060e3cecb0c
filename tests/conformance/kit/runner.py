"""Runs a kit as a program of its own and reads its results from what it prints: its exit code is always 0."""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.kit.kits import Kit
from tests.conformance.kit.registry import COLOUR, class_path
from tests.services.processes import free_port, stop

_STARTED = re.compile(r"(?:^|\] )Started: ")
_RESULT = re.compile(r"(?:^|\] )(SUCCESSFUL|FAILED): (.+?)\s*$")
_SUMMARY = re.compile(r"\b(Passed|Failed) tests: (\d+)")


class KitFailed(Exception):
    """The kit ran, but what it printed is no complete report."""


@dataclass(frozen=True)
class KitResult:
    """What the kit found: its names for the cases (in the DCP kits several may share one), sorted, and all that it printed."""

    passed: list[str]
    failed: list[str]
    output: str

    @property
    def line(self) -> str:
        """How many passed of those that ran, such as `20/20`."""
        return f"{len(self.passed)}/{len(self.passed) + len(self.failed)}"


def run_kit(kit: Kit, properties: Mapping[str, str], *, port: int | None = None, timeout_seconds: float = 900) -> KitResult:
    """Run the kit and return its results; each result line is printed as it comes.

    Args:
        kit: which kit.
        properties: what the kit is told; where it listens is added unless given.
        port: where the kit listens, if that had to be known beforehand.
        timeout_seconds: after which the kit is killed.

    Raises:
        KitMissing: if the kit cannot run here.
        KitFailed: if it did not run to its end, or its lines contradict each other.
    """
    port = port or free_port()
    defaults = {
        "dataspacetck.ansi": "false",
        "dataspacetck.host": "127.0.0.1",
        "dataspacetck.port": str(port),
        "dataspacetck.callback.address": f"http://localhost:{port}",
    }
    lines = list(_echoed(_run(kit, defaults | dict(properties), timeout_seconds)))
    return read_results("\n".join(lines))


def read_results(output: str) -> KitResult:
    """Read the results from what a kit printed.

    Raises:
        KitFailed: if the report is empty or cut short, or the kit's own count, if it gives one, contradicts its lines.
    """
    lines = output.splitlines()
    results = [match.groups() for line in lines if (match := _RESULT.search(line))]
    passed = sorted(name for verdict, name in results if verdict == "SUCCESSFUL")
    failed = sorted(name for verdict, name in results if verdict == "FAILED")
    started = sum(1 for line in lines if _STARTED.search(line))
    counted = {verdict: int(number) for verdict, number in _SUMMARY.findall(output)}
    agrees = not counted or counted == {"Passed": len(passed), "Failed": len(failed)}
    if not results or started != len(results) or not agrees or "Test run complete" not in output:
        tail = "\n".join(lines[-30:])
        said = f"{started} started, {len(passed)} passed, {len(failed)} failed, and the kit's own count is {counted or 'none'}"
        raise KitFailed(f"{said}:\n{tail}")
    return KitResult(passed, failed, output)


def _run(kit: Kit, properties: Mapping[str, str], timeout_seconds: float) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="hanse-kit-") as folder:
        config = Path(folder) / "kit.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        process = subprocess.Popen(
            ["java", "-cp", class_path(kit), kit.main_class, "-config", str(config)],
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
        plain = COLOUR.sub("", line)
        if match := _RESULT.search(plain):
            print(f"{match[1]}: {match[2]}", flush=True)
        yield plain
