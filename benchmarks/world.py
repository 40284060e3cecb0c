"""Two server processes on loopback: a provider that anchors the space, and a consumer that has joined it."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Process:
    """A node, told by lines of JSON."""

    def __init__(self, home: Path, port: int, allow: list[str], *, proof: bool = True) -> None:
        said = json.dumps({"home": str(home), "port": port, "allow": allow, "proof": proof})
        began = time.perf_counter()
        self._log = (home.parent / f"{home.name}.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.node", said], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self._answer()
        self.start_seconds = time.perf_counter() - began

    def do(self, what: str, **said: Any) -> dict[str, Any]:
        """Tell it to do something; return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **said}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()  # the end of its orders
        self._process.wait(20)
        self._log.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a node has ended; its log: {Path(self._log.name).read_text()[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass(frozen=True)
class World:
    """The two processes, the provider's DID, and a folder that the provider may offer from."""

    provider: Process
    consumer: Process
    did: str
    folder: Path


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def world(where: Path | None = None) -> Iterator[World]:
    """Start both, and stop them."""
    with tempfile.TemporaryDirectory(prefix="hanse-bench-", dir=where) as name:
        folder = Path(name)
        (folder / "data").mkdir()
        ports = free_port(), free_port()
        allow = [f"{host}:{port}" for port in ports for host in ("localhost", "127.0.0.1")]
        with contextlib.ExitStack() as stack:
            provider = Process(folder / "provider", ports[0], allow)
            stack.callback(provider.stop)
            consumer = Process(folder / "consumer", ports[1], allow)
            stack.callback(consumer.stop)
            guest = f"did:web:localhost%3A{ports[1]}:participants:consumer"
            space = provider.do("found", guests=[guest], roots=[str(folder / "data")])
            consumer.do("join", name="consumer", url=space["url"], anchor=space["anchor"])
            yield World(provider, consumer, space["did"], folder / "data")
