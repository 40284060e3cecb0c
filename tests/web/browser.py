"""A browser: opens a page of this machine at a given width, and tells what is on it."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import pytest

_SECONDS = 60
_OPTIONS = (
    "--headless",
    "--no-sandbox",  # a container has no namespaces to make one of
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--force-prefers-reduced-motion",
    "--remote-debugging-pipe",
)


class Browser:
    """One running browser with one page."""

    def __init__(self, sending: int, receiving: int) -> None:
        self._out, self._in = os.fdopen(sending, "wb"), os.fdopen(receiving, "rb", buffering=0)
        self._number, self._rest = 0, b""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable", page=True)

    def call(self, method: str, *, page: bool = False, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result; what happens meanwhile is kept in `events`."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if page:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        self._out.flush()
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def open(self, file: Path, *, width: int, height: int = 900, dark: bool = False) -> Self:
        """Open a file at a width in CSS pixels; wait until it is there."""
        self.events.clear()
        mobile = width < 600
        self.call("Emulation.setDeviceMetricsOverride", page=True, width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", page=True, features=features)
        self.call("Page.navigate", page=True, url=file.absolute().as_uri())
        while not any(one.get("method") == "Page.loadEventFired" for one in self.events):
            self.events.append(self._next())
        return self

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page's language."""
        found = self.call("Runtime.evaluate", page=True, expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def heard(self, method: str) -> list[dict[str, Any]]:
        """Return what the browser told of one kind since the page was opened."""
        return [one["params"] for one in self.events if one.get("method") == method]

    def accessible(self) -> list[tuple[str, str]]:
        """Return role and name of everything that is told to those who do not see the page."""
        nodes = self.call("Accessibility.getFullAXTree", page=True)["nodes"]
        shown = [one for one in nodes if not one.get("ignored")]
        return [(one["role"]["value"], one.get("name", {}).get("value", "")) for one in shown]

    def close(self) -> None:
        """End the browser."""
        self._out.write(json.dumps({"id": self._number + 1, "method": "Browser.close"}).encode() + b"\0")
        self._out.close()
        self._in.close()

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], _SECONDS)
            part = os.read(self._in.fileno(), 1 << 16) if ready else b""
            assert part, "the browser has ended, or says nothing any more"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


@contextmanager
def browser(place: Path) -> Iterator[Browser]:
    """Run a browser that keeps what it writes in `place`. Skips the test if there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium (Debian package chromium)")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    argv = [program, *_OPTIONS, f"--user-data-dir={place}"]
    environment = {"HOME": str(place), "PATH": os.environ["PATH"]}
    high = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 10) for one in (theirs_in, theirs_out)]
    process = os.posix_spawn(program, argv, environment, file_actions=_files(*high), setpgroup=0)
    for one in (theirs_in, theirs_out, *high):
        os.close(one)
    try:
        running = Browser(ours_out, ours_in)
        yield running
        running.close()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _files(reads: int, writes: int) -> list[tuple[int, ...] | tuple[int, int, str, int, int]]:
    """Return that the browser reads what we send as file 3, answers in file 4, and says nothing else."""
    null = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (1, 2)]
    return [*null, (os.POSIX_SPAWN_DUP2, reads, 3), (os.POSIX_SPAWN_DUP2, writes, 4)]
