"""Runs a page: its blocks in their order, in one folder of its own, by a real shell, with real servers on free ports."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.docs.match import Ids
from tests.docs.pages import Block, Command, blocks, commands
from tests.services import free_port

PORTS = ("8400", "8401", "8402")
"""The ports that documents name; a run uses free ones."""
FOLDER = "/home/you"
"""What documents call the folder in which a page runs."""
READY_SECONDS = 20.0
ASKS = "echo $?"
"""A command before this one may fail, because the document shows its exit code."""
_SERVER = re.compile(r"^(?:[A-Z_]+=\S+ )*hanse (?:up\b|serve\b|join\b.* --port\b)")  # joining with a port runs a new server


class Page:
    """One page under way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ids = Ids()
        self._ports = dict(zip(PORTS, map(str, (free_port() for _ in PORTS)), strict=True))
        self._state = folder / ".shell-state"
        self._state.write_text(f"cd {shlex.quote(str(folder))}\n")
        self._servers: list[tuple[subprocess.Popen[bytes], Path, Command]] = []
        self._code = 0
        (folder / ".venv").symlink_to(sys.prefix)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HANSE_", "COV_", "PYTEST_"))}
        own = {"HOME": str(folder), "LOGNAME": "you", "TZ": "UTC", "COLUMNS": "120", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
        self._environment = kept | own | {"PATH": f"{sys.prefix}/bin:{os.environ['PATH']}"}

    def run(self, page: Path) -> int:
        """Run all blocks of a page; return how many were run."""
        count = 0
        try:
            for block in blocks(page):
                if block.language in ("console", "bash", "python") and block.reason is None and not block.included:
                    self._run(block)
                    count += 1
        finally:
            ends = [self._stop(server) for server, _, _ in self._servers]
        assert not any(ends), f"A server of {page.name} ended with {ends}."
        return count

    def _run(self, block: Block) -> None:
        if block.language == "console":
            for command in commands(block):
                self._command(command)
            return
        program = "python -" if block.language == "python" else "bash -e"
        output = self._shell(program, self._real(block.text))
        assert self._code == 0, f"{block} failed:\n{output}"
        self._compare(Command(block, program, block.shown or ()), output)

    def _command(self, command: Command) -> None:
        text = self._real(command.text)
        if text.startswith("make "):
            if text != "make demo":
                return  # test_examples.py looks whether there is such a target
            text = "hanse demo"
        may_fail = _following(command) == ASKS
        if _SERVER.match(text) and not may_fail:
            self._serve(command, text)
            return
        output = f"{self._code}\n" if text == ASKS else self._shell(text)
        self._compare(command, output)
        assert text == ASKS or may_fail or self._code == 0, f"{command.block}: $ {text}\nended with {self._code}:\n{output}"

    def _shell(self, text: str, given: str = "") -> str:
        keep = f'{{ export -p | grep " HANSE_"; echo "cd $(printf %q "$PWD")"; }} >{self._state}'
        script = f"source {self._state}\n{text}\ncode=$?\n{keep}\nexit $code\n"
        done = subprocess.run(
            ["bash", "-c", script],
            input=given.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            timeout=60,
        )
        self._code = done.returncode
        return done.stdout.decode()

    def _serve(self, command: Command, text: str) -> None:
        if "hanse up" in text and "--port" not in text:
            text += f" --port {self._ports[PORTS[0]]}"
        log = self._folder / f".server-{len(self._servers)}.log"
        errors = log.with_suffix(".errors")  # on a terminal its log goes to a file, and nobody sees it
        with log.open("wb") as told, errors.open("wb") as untold:
            run = ["bash", "-c", f"source {self._state}\nexec env {text}"]
            process = subprocess.Popen(run, stdin=subprocess.DEVNULL, stdout=told, stderr=untold, env=self._environment)
        self._servers.append((process, log, command))
        end = time.monotonic() + READY_SECONDS
        while not self._is_ready(command, log):
            output = log.read_text() + errors.read_text()
            assert process.poll() is None, f"{command.block}: $ {text}\nended with {process.returncode}:\n{output}"
            assert time.monotonic() < end, f"{command.block}: $ {text}\nis not ready:\n{output}"
            time.sleep(0.05)

    def _is_ready(self, command: Command, log: Path) -> bool:
        told = log.read_text()
        return self._fits(command, told) if command.shown else "Ctrl-C" in told

    def _stop(self, server: subprocess.Popen[bytes]) -> int:
        server.send_signal(signal.SIGINT)
        try:
            return server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
            return -9

    def _compare(self, command: Command, output: str) -> None:
        fits = not command.shown or self._fits(command, output)
        expected = "\n".join(command.shown)
        assert fits, f"{command.block}: $ {command.text}\n--- shows\n{expected}\n--- came\n{self._told(output)}"

    def _fits(self, command: Command, output: str) -> bool:
        return self._ids.learn(command.shown, self._told(output))

    def _real(self, text: str) -> str:
        """Return a document's text with this run's ids, ports and folder."""
        for shown, port in self._ports.items():
            text = re.sub(rf"(?<![0-9a-z]){shown}(?![0-9a-z])", port, text)
        return self._ids.real(text.replace(FOLDER, str(self._folder)))

    def _told(self, text: str) -> str:
        """Return an output with the ports and the folder that documents name."""
        for shown, port in self._ports.items():
            text = re.sub(rf"(?<=[:A ]){port}(?![0-9a-z])", shown, text)
        return text.replace(str(self._folder), FOLDER)


def _following(command: Command) -> str:
    later = list(commands(command.block))
    return next((two.text for one, two in itertools.pairwise(later) if one == command), "")
