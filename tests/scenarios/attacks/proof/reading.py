"""A reader of data that takes its time, and notices when it is cut off."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

from tests.scenarios.attacks.town import Host


class Reading:
    """A response under way: `cut_within` reads on until the connection is reset."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def flows(self) -> bool:
        """Read a little; tell whether there was something."""
        return self._read() > 0

    def cut_within(self, seconds: float) -> bool:
        """Read slowly for at most that long; tell whether it ended meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not self._read():
                return True
            time.sleep(0.01)
        return False

    def _read(self) -> int:
        try:
            return len(self._connection.recv(20_000))
        except ConnectionError:
            return 0


@contextlib.contextmanager
def reading(host: Host, address: dict[str, Any]) -> Iterator[Reading]:
    """Begin to read from a data address of that server."""
    path = address["endpoint"].partition(f":{host.settings.port}")[2]
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", host.settings.port))
        token = address["properties"]["authorization"]
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        assert connection.recv(15).startswith(b"HTTP/1.1 200")
        yield Reading(connection)
