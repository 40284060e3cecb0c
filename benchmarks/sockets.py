"""How many bytes a server has put on the wire, as its kernel counts them: all connections, headers and all."""

from __future__ import annotations

import os
import socket
import struct
from typing import Any

from hanse.http.transport import DataProtocol

_ACKED = 120
"""Where `tcpi_bytes_acked` is in the kernel's `tcp_info`, a number of 8 bytes."""


class Sent:
    """Counts for as long as the process lives. Each connection is counted by a second descriptor, which outlives the first a little."""

    def __init__(self) -> None:
        self._closed = 0
        self._open: dict[int, socket.socket] = {}
        made, lost = DataProtocol.connection_made, DataProtocol.connection_lost

        def connection_made(protocol: Any, transport: Any) -> None:
            descriptor = os.dup(transport.get_extra_info("socket").fileno())
            self._open[id(protocol)] = socket.socket(fileno=descriptor)
            made(protocol, transport)

        def connection_lost(protocol: Any, error: Exception | None) -> None:
            lost(protocol, error)
            one = self._open.pop(id(protocol))
            self._closed += _acked(one)
            one.close()

        DataProtocol.connection_made = connection_made  # type: ignore[method-assign]
        DataProtocol.connection_lost = connection_lost  # type: ignore[method-assign]

    @property
    def bytes(self) -> int:
        """Return how many bytes the other sides have acknowledged so far."""
        return self._closed + sum(_acked(one) for one in self._open.values())


def _acked(one: socket.socket) -> int:
    known = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    count: int = struct.unpack_from("=Q", known, _ACKED)[0]
    return count
