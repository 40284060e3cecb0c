"""An nginx of the tests' own, in the foreground, with a configuration that the test writes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from tests.services.processes import accepts_connections, free_port, stop, wait_until

_MAIN = Template("""
$user
daemon off;
master_process on;
worker_processes 1;
pid $folder/nginx.pid;
error_log $folder/error.log warn;
events { worker_connections 256; }
http {
    access_log $folder/access.log;
    client_body_temp_path $folder/body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
    default_type application/octet-stream;
    sendfile on;
    $inner
}
""")


@dataclass(frozen=True)
class Nginx:
    """A running server: its port on 127.0.0.1, and its folder (with access.log and error.log)."""

    port: int
    folder: Path
    pid: int


def _program() -> str | None:
    return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def nginx_missing() -> str | None:
    """Return what is missing to start nginx, or None if nothing is."""
    return None if _program() else "nginx not found: install the package nginx-light"


@contextmanager
def nginx(config: str) -> Iterator[Nginx]:
    """Start nginx and yield it once it accepts connections.

    Args:
        config: what stands inside `http { … }`. `$port` stands for the free port that one `server` must listen on, as in
            `server { listen 127.0.0.1:$port; … }`; nginx's own variables are written with two dollar signs (`$$uri`).

    Raises:
        RuntimeError: if it does not start; carries the end of its error log.
    """
    folder = Path(tempfile.mkdtemp(prefix="hanse-nginx-"))
    port = free_port()
    # As root, so that a worker may read the files that a test made in folders of root's own.
    user = "user root;" if os.geteuid() == 0 else ""
    inner = Template(config).substitute(port=port)
    (folder / "nginx.conf").write_text(_MAIN.substitute(user=user, folder=folder, inner=inner))
    process = None
    try:
        with (folder / "start.log").open("wb") as log:
            process = subprocess.Popen(
                [_program() or "nginx", "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: accepts_connections(port), process, folder / "start.log", "nginx")
        yield Nginx(port=port, folder=folder, pid=process.pid)
    finally:
        if process is not None:
            stop(process, signal.SIGTERM)
        shutil.rmtree(folder, ignore_errors=True)
