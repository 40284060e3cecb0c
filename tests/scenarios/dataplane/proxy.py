"""A connection between client and server that breaks, or spoils what passes, as a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Change = Callable[[int, int, bytes], bytes | None]
"""Called with (number of the connection, bytes passed before, data); returns what is passed on, or None to break."""


@contextmanager
def proxy(port: int, change: Change) -> Iterator[int]:
    """Listen on a free port and pass everything on to `port`; what comes back goes through `change`."""
    listener = socket.create_server(("127.0.0.1", 0))
    number = iter(range(1_000_000))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=_copy, args=(client, upstream, lambda _, data: data), daemon=True).start()
            which = next(number)
            threading.Thread(
                target=_copy, args=(upstream, client, lambda passed, data, n=which: change(n, passed, data)), daemon=True
            ).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _copy(source: socket.socket, target: socket.socket, change: Callable[[int, bytes], bytes | None]) -> None:
    passed = 0
    with source, target:
        with suppress(OSError):
            while (data := source.recv(65536)) and (out := change(passed, data)) is not None:
                passed += len(data)
                target.sendall(out)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
