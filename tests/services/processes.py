"""Starting, awaiting and stopping the server processes of the tests."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

START_SECONDS = 30.0


def require(missing: str | None) -> None:
    """Skip the test if something it drives is missing, saying what; with CI=true that is a failure.

    Args:
        missing: what is missing and what would help, or None if all is there.
    """
    if missing is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{missing} (with CI=true nothing may be missing)", pytrace=False)
    pytest.skip(missing)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, what: str) -> None:
    """Wait until `ready` says so.

    Raises:
        RuntimeError: if the process ended or the time is over; carries the end of its log.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with {process.returncode} as it started:\n{_tail(log)}")
        if ready():
            return
        time.sleep(0.05)
    stop(process, signal.SIGKILL)
    raise RuntimeError(f"{what} was not ready after {START_SECONDS:.0f} s:\n{_tail(log)}")


def accepts_connections(port: int) -> bool:
    """Tell whether somebody listens on that port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """Stop this process, and wait until it is gone; one that does not listen within 10 s is killed."""
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def unprivileged_user(name: str) -> str | None:
    """Return the user that a server must run as when the tests run as root (`name`, or nobody), else None."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        return "nobody"


def as_user(user: str | None) -> dict[str, Any]:
    """Return the arguments with which `subprocess` starts a program as that user; none for None."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def hand_over(folder: Path, user: str | None) -> None:
    """Give the folder to the user that the server runs as."""
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else "(no log)"
