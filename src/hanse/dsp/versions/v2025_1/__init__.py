"""DSP 2025-1 on the wire: JSON to messages and back, as the schemas of that version say.

`read` and `write` carry the messages, `answers` what goes back, `discovery` the version document, `paths` where all goes.
"""

from __future__ import annotations

from typing import Final

from hanse.dsp.versions.v2025_1.answers import (
    UNKNOWN_PID,
    decode_catalog_request,
    decode_fault,
    decode_negotiation,
    decode_transfer,
    encode_catalog_error,
    encode_catalog_request,
    encode_negotiation,
    encode_negotiation_error,
    encode_transfer,
    encode_transfer_error,
)
from hanse.dsp.versions.v2025_1.discovery import WELL_KNOWN, Auth, VersionEntry, decode_versions, encode_versions
from hanse.dsp.versions.v2025_1.fields import CONTEXT
from hanse.dsp.versions.v2025_1.paths import (
    CATALOG_DATASET,
    CATALOG_REQUEST,
    ENDPOINTS,
    NEGOTIATION,
    TRANSFER,
    Endpoint,
    join,
    path_of,
    segment,
)
from hanse.dsp.versions.v2025_1.read import decode
from hanse.dsp.versions.v2025_1.write import encode

VERSION: Final = "2025-1"
PATH: Final = "/dsp/2025-1"

__all__ = [
    "CATALOG_DATASET",
    "CATALOG_REQUEST",
    "CONTEXT",
    "ENDPOINTS",
    "NEGOTIATION",
    "PATH",
    "TRANSFER",
    "UNKNOWN_PID",
    "VERSION",
    "WELL_KNOWN",
    "Auth",
    "Endpoint",
    "VersionEntry",
    "decode",
    "decode_catalog_request",
    "decode_fault",
    "decode_negotiation",
    "decode_transfer",
    "decode_versions",
    "encode",
    "encode_catalog_error",
    "encode_catalog_request",
    "encode_negotiation",
    "encode_negotiation_error",
    "encode_transfer",
    "encode_transfer_error",
    "encode_versions",
    "join",
    "path_of",
    "segment",
]
