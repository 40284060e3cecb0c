"""A PostgreSQL server of the tests' own: made with initdb in a temporary folder, durable (fsync on), gone afterwards."""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.services.processes import as_user, free_port, hand_over, stop, unprivileged_user, wait_until

SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "100", "log_min_messages": "warning"}


def _program(name: str) -> str | None:
    found = shutil.which(name)
    if found is not None:
        return found
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return str(debian[-1]) if debian else None


def postgres_missing() -> str | None:
    """Return what is missing to start PostgreSQL, or None if nothing is."""
    missing = [name for name in ("initdb", "postgres") if _program(name) is None]
    return f"PostgreSQL's {' and '.join(missing)} not found: install the package postgresql" if missing else None


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server and yield its address, for an empty database named `hanse` owned by the user `hanse`.

    The server listens on a free port of 127.0.0.1 and trusts whoever reaches it. Its Unix socket lies in its own folder.

    Raises:
        RuntimeError: if it does not start; carries the end of its log.
    """
    folder = Path(tempfile.mkdtemp(prefix="hanse-postgres-"))
    user = unprivileged_user("postgres")
    hand_over(folder, user)
    process = None
    try:
        _make_cluster(folder, user)
        port = free_port()
        process = _start(folder, port, user)
        url = f"postgresql://hanse@127.0.0.1:{port}"
        wait_until(lambda: _answers(f"{url}/postgres"), process, folder / "log", "PostgreSQL")
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE hanse")
        yield f"{url}/hanse"
    finally:
        if process is not None:
            stop(process, signal.SIGINT)  # "fast": connections are cut, data is written
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """Make an empty database on the server of `url`, yield its address, and drop it with whoever is still connected."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _make_cluster(folder: Path, user: str | None) -> None:
    made = subprocess.run(
        [_program("initdb"), "--pgdata", folder / "data", "--username", "hanse", "--auth", "trust", "--encoding", "UTF8", "--locale", "C"],
        **as_user(user),
        cwd=folder,
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        raise RuntimeError(f"initdb failed: {made.stderr.decode(errors='replace')}")


def _start(folder: Path, port: int, user: str | None) -> subprocess.Popen[bytes]:
    settings = SETTINGS | {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(folder)}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [_program("postgres"), "-D", folder / "data", *(f"--{name}={value}" for name, value in settings.items())],
            **as_user(user),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
