"""uvicorn's protocol with the bounds that it lacks: how long a request's head may take, and how many bytes may say nothing.

Without them a stranger holds a connection for ever by sending nothing, or one header byte a minute, and fills the memory
with one endless header, which the parser collects until its end.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_SECONDS = 10.0
"""From the connection, or from a request's first byte, to the end of its head."""
REST_SECONDS = 5.0
"""From an answer to the end of a body that was not wanted; then the connection is closed."""
SILENT_BYTES = 64 * 1024
"""How many bytes may come that are no body: heads, chunk extensions, trailers. One read more is noticed too late."""

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\nconnection: close\r\n"
    b'content-length: 104\r\n\r\n{"type":"urn:hanse:problem:too-large","title":"Too large","status":431,"detail":"The head is too large"}'
)


class BoundedProtocol(HttpToolsProtocol):
    """One connection, with its patience."""

    _patience: asyncio.TimerHandle | None = None
    _reading = False
    _in_head = False
    _silent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what brings neither a head to its end nor any body."""
        self._silent += len(data)
        super().data_received(data)
        if self._silent > SILENT_BYTES and not self.transport.is_closing():
            before: RequestResponseCycle | None = self.cycle
            if self._in_head and (before is None or before.response_complete):
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of the head."""
        self._reading = self._in_head = True
        self._wait(HEAD_SECONDS)
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head. Fields after the body (RFC 9112, 7.1.2) are dropped: nobody looks at them in time."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there: from here the application bounds what it reads."""
        self._relax()
        self._in_head, self._silent = False, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._silent = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._reading, self._silent = False, 0
        self._relax()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer has gone out before its request was whole: take the rest for a while, then close."""
        super().on_response_complete()
        if self._reading and not self._in_head and not self.transport.is_closing():
            self._wait(REST_SECONDS)

    def _wait(self, seconds: float) -> None:
        self._relax()
        self._patience = self.loop.call_later(seconds, self._lose)

    def _relax(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
