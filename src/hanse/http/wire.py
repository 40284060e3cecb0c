"""The wire form that the connector sends in: DSP 2025-1 behind the connector's `Wire` port."""

from __future__ import annotations

from hanse.dsp import messages as m
from hanse.dsp.versions import v2025_1
from hanse.kernel.errors import CallerError


class Wire20251:
    """DSP 2025-1 for the outbox: what is sent, and what the answers say."""

    def encode(self, message: m.Message) -> bytes:
        """Return the message as JSON."""
        return v2025_1.encode(message)

    def path_of(self, message: m.Message, peer_pid: str | None) -> str:
        """Return the path below the peer's address that the message goes to."""
        return v2025_1.path_of(message, peer_pid)

    def encode_catalog_request(self, request: m.CatalogRequest) -> bytes:
        """Return the request for a catalogue as JSON."""
        return v2025_1.encode_catalog_request(request)

    def decode_status(self, body: bytes) -> m.ProcessStatus | None:
        """Return the process in an answer; nothing if there is none, for a 2xx is an acknowledgement all the same."""
        for decode in (v2025_1.decode_negotiation, v2025_1.decode_transfer):
            try:
                return decode(body)
            except CallerError:
                continue
        return None

    def decode_fault(self, body: bytes) -> m.Fault:
        """Return what an error body says, whatever it looks like."""
        return v2025_1.decode_fault(body)
