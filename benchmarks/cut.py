"""How fast a stream ends after its transfer was terminated: for a reader at 5 MB/s, and for one that has stopped reading."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.report import Figure, median
from benchmarks.world import World, world

ROUNDS = 5
SIZE = 256 << 20
RATE = 5_000_000


def cut() -> list[Figure]:
    """Measure both."""
    with world() as w:
        source = w.folder / "stream.bin"
        source.write_bytes(os.urandom(1 << 20) * (SIZE >> 20))
        offered = w.provider.do("offer", path=str(source))
        slow = [_slow(w, offered) for _ in range(ROUNDS)]
        stalled = [_stalled(w, offered) for _ in range(ROUNDS)]
    return [
        median("cut seen by a reader at 5 MB/s", slow, "ms", 100),
        median("cut towards a reader that does not read", stalled, "ms", 1000, note="until the server's socket is gone"),
    ]


def _open(w: World, offered: dict[str, object]) -> tuple[socket.socket, str]:
    address = w.consumer.do("address", peer=w.did, **offered)
    url = urlsplit(str(address["endpoint"]))
    reader = socket.create_connection((url.hostname or "", url.port or 80))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    token = address["properties"]["authorization"]
    reader.sendall(f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    return reader, str(address["transfer"])


def _slow(w: World, offered: dict[str, object]) -> float:
    """Read at 5 MB/s for a while, end the transfer, and go on until the connection breaks; return ms."""
    reader, transfer = _open(w, offered)
    with reader:
        _read_for(reader, 0.5)
        told = float(w.provider.do("terminate", transfer=transfer)["moment"])
        try:
            while _read_for(reader, 0.01):
                pass
        except OSError:
            pass
        return (time.time() - told) * 1000


def _read_for(reader: socket.socket, seconds: float) -> bool:
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        if not reader.recv(25_000):
            return False
        time.sleep(min(25_000 / RATE, left))
    return True


def _stalled(w: World, offered: dict[str, object]) -> float:
    """Read nothing, end the transfer, and wait until the server's side of the connection is gone; return ms."""
    reader, transfer = _open(w, offered)
    with reader:
        time.sleep(0.5)
        local, remote = reader.getsockname()[1], reader.getpeername()[1]
        told = float(w.provider.do("terminate", transfer=transfer)["moment"])
        while _established(remote, local):
            time.sleep(0.001)
        return (time.time() - told) * 1000


def _established(server: int, client: int) -> bool:
    """Tell whether the server's socket to that client port is still there."""
    wanted = (f":{server:04X}", f":{client:04X}")
    lines = [line.split() for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text("ascii").splitlines()[1:]]
    return any(local.endswith(wanted[0]) and remote.endswith(wanted[1]) and state == "01" for _, local, remote, state, *_ in lines)
